/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's clients against the servers that they are made for, over loopback; and the disk test
 * on a file. The servers run on a thread of their own.
 * NOLINTBEGIN(bugprone-suspicious-include): the servers are in no library.
 */
#include "tools/servers/http_connection.c"
#include "tools/servers/http_reply.c"
#include "tools/servers/http_request.c"
#include "tools/servers/http_server.c"
#include "tools/servers/listen.c"
#include "tools/servers/sha256.c"
#include "tools/servers/udp_echo.c"
/* NOLINTEND(bugprone-suspicious-include) */

#include <check.h>
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>

#include "guest-init/selftest/blk/blk_io.h"
#include "guest-init/selftest/net/http.h"
#include "guest-init/selftest/net/udp.h"

#define LOOPBACK 0x7f000001

static struct loop *loop;
static struct http_server *server;
static struct udp_echo *echo;
static pthread_t thread;
static bool running;

static void *run_loop(void *arg)
{
	struct err err = ERR_INIT;

	(void)arg;
	ck_assert_int_eq(loop_run(loop, &err), 0);
	return NULL;
}

static void setup(void)
{
	struct err err = ERR_INIT;

	loop = loop_create(&err);
	server = http_server_create(&(struct http_server_config){.loop = loop, .path = "/p"}, &err);
	ck_assert_msg(server != NULL, "%s", err.text);
	echo = udp_echo_create(loop, 0, &err);
	ck_assert_msg(echo != NULL, "%s", err.text);
	ck_assert_int_eq(pthread_create(&thread, NULL, run_loop, NULL), 0);
	running = true;
}

/* After this the servers belong to the test's own thread. */
static void stop_servers(void)
{
	if (!running)
		return;
	loop_stop(loop);
	pthread_join(thread, NULL);
	running = false;
}

static void teardown(void)
{
	stop_servers();
	udp_echo_destroy(echo);
	http_server_destroy(server);
	loop_destroy(loop);
}

static struct url address_of(const char *path)
{
	char text[128];
	struct url url;

	snprintf(text, sizeof(text), "http://127.0.0.1:%u%s", http_server_port(server), path);
	ck_assert(url_parse(&url, text));
	return url;
}

START_TEST(gets_and_posts_as_the_server_wants)
{
	struct url base = address_of("/p");
	struct url large = address_of("/p-large");
	struct http_result r;

	ck_assert_msg(http_get(LOOPBACK, &base, &r), "%s", r.reason);
	ck_assert_uint_eq(r.bytes, 3);
	ck_assert_msg(http_get(LOOPBACK, &large, &r), "%s", r.reason);
	ck_assert_uint_eq(r.bytes, HTTP_LARGE_BYTES);
	ck_assert_uint_eq(r.hash, HTTP_LARGE_FNV1A);
	ck_assert_str_eq(r.head.etag, HTTP_SERVER_LARGE_ETAG);
	ck_assert_msg(http_post_large(LOOPBACK, &large, &r), "%s", r.reason);
	ck_assert_uint_eq(r.bytes, HTTP_LARGE_BYTES);
	ck_assert_str_eq(r.head.digest, HTTP_LARGE_SHA256);
}
END_TEST

START_TEST(tells_a_refusal_from_success)
{
	struct url other = address_of("/other");
	struct http_result r;

	ck_assert(!http_get(LOOPBACK, &other, &r));
	ck_assert_str_eq(r.reason, "bad_status");
	ck_assert_int_eq(r.head.status, 404);
	ck_assert(!http_post_large(LOOPBACK, &other, &r));
	ck_assert_int_eq(r.head.status, 404);
}
END_TEST

/* A server that answers one connection with @text, whatever is asked. */
struct liar {
	int fd;
	uint16_t port;
	const char *text;
	pthread_t thread;
};

static void *lie(void *arg)
{
	const struct liar *l = arg;
	char request[1024];
	int fd = -1;

	while (fd < 0)
		fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_gt(recv(fd, request, sizeof(request), 0), 0);
	send(fd, l->text, strlen(l->text), MSG_NOSIGNAL);
	close(fd);
	return NULL;
}

START_TEST(says_what_is_wrong_with_an_answer)
{
	static const char *const lies[][2] = {
		{"", "connection_closed"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n", "connection_closed"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123", "body_length_mismatch"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n123", "body_length_mismatch"},
		{"SSH-2.0-x\r\n\r\n", "bad_response"},
		{"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "bad_status"},
	};
	struct url url;

	ck_assert(url_parse(&url, "http://127.0.0.1/"));
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct err err = ERR_INIT;
		struct liar l = {.text = lies[i][0]};
		struct http_result r;

		l.fd = listen_local(SOCK_STREAM, &l.port, "test", &err);
		ck_assert_int_ge(l.fd, 0);
		url.port = l.port;
		ck_assert_int_eq(pthread_create(&l.thread, NULL, lie, &l), 0);
		ck_assert(!http_get(LOOPBACK, &url, &r));
		ck_assert_str_eq(r.reason, lies[i][1]);
		pthread_join(l.thread, NULL);
		close(l.fd);
	}
}
END_TEST

START_TEST(says_that_nobody_listens)
{
	struct url url = address_of("/p");
	struct udp_result u;
	struct http_result r;
	struct err err = ERR_INIT;
	uint16_t port = 0;
	/* Bound and never read: nobody else takes the port, and nothing comes back. */
	int fd = listen_local(SOCK_DGRAM, &port, "test", &err);

	url.port = port; /* UDP's, which no TCP listens on */
	ck_assert(!http_get(LOOPBACK, &url, &r));
	ck_assert_str_eq(r.reason, "connect_failed");
	ck_assert_int_eq(r.error, ECONNREFUSED);
	ck_assert(!udp_echo(LOOPBACK, port, &u));
	ck_assert_str_eq(u.reason, "timeout");
	close(fd);
	ck_assert(!udp_echo(LOOPBACK, port, &u));
	ck_assert_str_eq(u.reason, "recv_failed");
	ck_assert_int_eq(u.error, ECONNREFUSED);
}
END_TEST

START_TEST(gets_its_datagrams_back)
{
	struct udp_result r;

	ck_assert_msg(udp_echo(LOOPBACK, udp_echo_port(echo), &r), "%s", r.reason);
	ck_assert_uint_eq(r.small_bytes, UDP_SMALL_BYTES);
	ck_assert_uint_eq(r.mtu_bytes, UDP_MTU_BYTES);
	stop_servers();
	ck_assert_uint_eq(udp_echo_count(echo), 2);
}
END_TEST

/* ---- the disk test, on a file ---- */

static size_t entries_of(const char *dir)
{
	DIR *d = opendir(dir);
	size_t n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

START_TEST(writes_reads_and_removes_its_file)
{
	const char *tmp = getenv("TMPDIR");
	struct blk_disk disk = {.name = "none"};
	struct blk_io io;

	snprintf(disk.root, sizeof(disk.root), "%s/vise-selftest-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(disk.root));
	ck_assert_msg(blk_io_run(&disk, 3U << 20, 1U << 18, &io), "%s", io.reason);
	ck_assert(io.write_ok && io.flush_ok && io.read_ok);
	ck_assert_uint_eq(io.write_bytes, 3U << 20);
	ck_assert_uint_eq(io.read_bytes, 3U << 20);
	ck_assert_uint_eq(entries_of(disk.root), 2);
	rmdir(disk.root);
	ck_assert(!blk_io_run(&disk, 3U << 20, 1U << 18, &io));
	ck_assert_str_eq(io.reason, "create_file_failed");
	ck_assert_int_eq(io.error, ENOENT);
	ck_assert(!io.write_ok && !io.read_ok);
	disk.root[0] = '\0';
	ck_assert(!blk_io_run(&disk, 3U << 20, 1U << 18, &io));
	ck_assert_str_eq(io.reason, "open_disk_failed");
}
END_TEST

static Suite *clients_suite(void)
{
	Suite *s = suite_create("selftest_clients");
	TCase *tc = tcase_create("loopback");
	TCase *files = tcase_create("file");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, gets_and_posts_as_the_server_wants);
	tcase_add_test(tc, tells_a_refusal_from_success);
	tcase_add_test(tc, says_what_is_wrong_with_an_answer);
	tcase_add_test(tc, says_that_nobody_listens);
	tcase_add_test(tc, gets_its_datagrams_back);
	suite_add_tcase(s, tc);
	tcase_set_timeout(files, 60);
	tcase_add_test(files, writes_reads_and_removes_its_file);
	suite_add_tcase(s, files);
	return s;
}

int main(void)
{
	SRunner *sr = srunner_create(clients_suite());

	srunner_run_all(sr, CK_ENV);
	return srunner_ntests_failed(sr) != 0;
}
