/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TESTS_STREAM_FIXTURE_H
#define VISE_TESTS_STREAM_FIXTURE_H

/* What the stream tests share: a loop, a user of one stream, private stdin and stdout, a folder. */

#include "vmm/core/loop.h"
#include "vmm/host/stream/stream.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MIB (1024U * 1024U)

/* The device's side of a stream. */
struct user {
	uint8_t got[2 * MIB];
	size_t len;
	size_t limit; /* bytes taken of one offer; 0: all */
	bool closed;  /* takes nothing */
	unsigned int writable;
	unsigned int ends;
	unsigned int quits;
	unsigned int resizes;
	unsigned int rows, cols;
	char opened[32]; /* 'o' or 'c' each time, and '<' for input in between */
	struct stream *stream;
};

static struct loop *loop;
static struct user *user;
static struct err err;
static int saved[2];
static char dir[90];
static char path[100];

/* Repeated input counts once. */
static inline void note_event(struct user *u, char event)
{
	size_t n = strlen(u->opened);

	if (event == '<' && n && u->opened[n - 1] == event)
		return;
	ck_assert_uint_lt(n + 1, sizeof(u->opened));
	u->opened[n] = event;
}

static inline void on_opened(void *arg, bool open)
{
	note_event(arg, open ? 'o' : 'c');
}

static inline size_t on_input(void *arg, const uint8_t *data, size_t len)
{
	struct user *u = arg;

	if (u->closed)
		return 0;
	note_event(u, '<');
	if (u->limit && len > u->limit)
		len = u->limit;
	ck_assert_uint_le(len, sizeof(u->got) - u->len);
	memcpy(u->got + u->len, data, len);
	u->len += len;
	return len;
}

static inline void on_writable(void *arg)
{
	((struct user *)arg)->writable++;
}

static inline void on_quit(void *arg)
{
	((struct user *)arg)->quits++;
}

static inline void on_resize(void *arg, unsigned int rows, unsigned int cols)
{
	struct user *u = arg;

	u->resizes++;
	u->rows = rows;
	u->cols = cols;
}

static inline void setup(void)
{
	const char *tmp = getenv("TMPDIR");

	fflush(stdout);
	saved[0] = fcntl(0, F_DUPFD_CLOEXEC, 10);
	saved[1] = fcntl(1, F_DUPFD_CLOEXEC, 10);
	snprintf(dir, sizeof(dir), "%s/stream_test.XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
	loop = loop_create(&err);
	ck_assert_ptr_nonnull(loop);
	user = calloc(1, sizeof(*user));
}

static inline void teardown(void)
{
	stream_destroy(user->stream);
	loop_destroy(loop);
	free(user);
	dup2(saved[0], 0);
	dup2(saved[1], 1);
	close(saved[0]);
	close(saved[1]);
	unlink(path);
	rmdir(dir);
}

/* Runs the loop until nothing has happened for a while. */
static inline void settle(void)
{
	while (loop_run_once(loop, 20, NULL) > 0)
		;
}

static inline struct stream *open_spec(const char *spec)
{
	struct stream_config config;

	ck_assert_int_eq(stream_parse(spec, &config, &err), 0);
	return stream_create(&config, loop, &err);
}

static inline void on_input_end(void *arg)
{
	struct user *u = arg;

	u->ends++;
}

static inline struct stream_user connected(void)
{
	return (struct stream_user){
		.input = on_input,
		.writable = on_writable,
		.input_end = on_input_end,
		.quit = on_quit,
		.resize = on_resize,
		.opened = on_opened,
		.arg = user,
	};
}

static inline struct stream *start(const char *spec)
{
	const struct stream_user u = connected();

	user->stream = open_spec(spec);
	ck_assert_msg(user->stream != NULL, "%s", err.text);
	ck_assert_int_eq(stream_start(user->stream, &u, &err), 0);
	return user->stream;
}

static inline const char *file_spec(const char *kind)
{
	static char spec[400];

	snprintf(spec, sizeof(spec), "%s:%s", kind, path);
	return spec;
}

/* Gives the process @in and @out as stdin and stdout; closes both. */
static inline void become_stdio(int in, int out)
{
	dup2(in, 0);
	dup2(out, 1);
	if (in > 1)
		close(in);
	if (out > 1 && out != in)
		close(out);
}

/* Pipes as stdin and stdout; the test's ends. */
static inline void pipe_stdio(int *to_stdin, int *from_stdout)
{
	int in[2];
	int out[2];

	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	become_stdio(in[0], out[1]);
	*to_stdin = in[1];
	*from_stdout = out[0];
}

static inline void send_text(int fd, const char *text)
{
	ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
	settle();
}

static inline void expect_got(const char *text)
{
	ck_assert_uint_eq(user->len, strlen(text));
	ck_assert_mem_eq(user->got, text, user->len);
	user->len = 0;
}

static inline void expect_read(int fd, const char *text)
{
	char buf[512] = "";

	settle();
	ck_assert_int_eq(read(fd, buf, sizeof(buf) - 1), (int)strlen(text));
	ck_assert_str_eq(buf, text);
}

static inline int connect_client(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

/* Byte @i of data that tells its place. */
static inline uint8_t pattern(size_t i)
{
	return (uint8_t)(i ^ i >> 8 ^ i >> 16);
}

static inline TCase *stream_tcase(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	return tc;
}

static inline int run_tcase(const char *name, TCase *tc)
{
	Suite *suite = suite_create(name);
	SRunner *sr = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}

#endif
