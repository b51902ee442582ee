/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/stream_fixture.h"

/* Parsing */

START_TEST(parses_each_kind)
{
	struct stream_config c;

	ck_assert_int_eq(stream_parse("stdio", &c, &err), 0);
	ck_assert(c.kind == STREAM_STDIO && c.escape);
	ck_assert_int_eq(stream_parse("null", &c, &err), 0);
	ck_assert(c.kind == STREAM_NULL && !c.escape);
	ck_assert_int_eq(stream_parse("file:/a:b", &c, &err), 0);
	ck_assert_int_eq(c.kind, STREAM_FILE);
	ck_assert_str_eq(c.path, "/a:b");
	ck_assert_int_eq(stream_parse("unix:s", &c, &err), 0);
	ck_assert_int_eq(c.kind, STREAM_UNIX);
	ck_assert_str_eq(c.path, "s");
	ck_assert_int_eq(stream_parse("ring", &c, &err), 0);
	ck_assert(c.kind == STREAM_RING && c.size == 65536);
	ck_assert_int_eq(stream_parse("ring:1", &c, &err), 0);
	ck_assert_uint_eq(c.size, 1);
	ck_assert_int_eq(stream_parse("ring:64M", &c, &err), 0);
	ck_assert_uint_eq(c.size, 64 * MIB);
}
END_TEST

#define BAD_RING(spec)                                                                             \
	"stream \"" spec "\": expected a power of two of bytes, at most 64M; use ring or ring:64K"

static const struct {
	const char *spec;
	const char *text;
} bad_specs[] = {
	{"", "unknown stream \"\"; use stdio, null, ring, file:PATH, append:PATH or unix:PATH"},
	{"tcp:1",
	 "unknown stream \"tcp:1\"; use stdio, null, ring, file:PATH, append:PATH or unix:PATH"},
	{"stdiox",
	 "unknown stream \"stdiox\"; use stdio, null, ring, file:PATH, append:PATH or unix:PATH"},
	{"file", "stream \"file\" lacks a path; use file:PATH"},
	{"unix:", "stream \"unix:\" lacks a path; use unix:PATH"},
	{"ring:", BAD_RING("ring:")},
	{"ring:0", BAD_RING("ring:0")},
	{"ring:3K", BAD_RING("ring:3K")},
	{"ring:128M", BAD_RING("ring:128M")},
	{"ring:64KB", BAD_RING("ring:64KB")},
	{"ring:18446744073709551617", BAD_RING("ring:18446744073709551617")},
	{"ring:99999999M", BAD_RING("ring:99999999M")},
	{"null:x", "stream \"null:x\": nothing follows \"null\"; use null"},
};

START_TEST(rejects_bad_spec_with_a_remedy)
{
	struct stream_config c;

	ck_assert_int_eq(stream_parse(bad_specs[_i].spec, &c, &err), -EINVAL);
	ck_assert_str_eq(err.text, bad_specs[_i].text);
}
END_TEST

START_TEST(null_takes_everything)
{
	struct stream *s = start("null");

	ck_assert_uint_eq(stream_write(s, user->got, MIB), MIB);
	stream_drain(s, 10);
	settle();
	ck_assert_uint_eq(user->writable, 0);
}
END_TEST

/* Standard input and output */

START_TEST(pipes_carry_both_ways_and_keep_their_flags)
{
	int to;
	int from;
	struct stream *s;

	pipe_stdio(&to, &from);
	s = start("stdio");
	send_text(to, "hello\x01x");
	expect_got("hello\x01x"); /* no terminal: no escape */
	ck_assert_uint_eq(stream_write(s, "out", 3), 3);
	expect_read(from, "out");
	ck_assert_int_eq(fcntl(0, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_eq(fcntl(1, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_uint_eq(user->quits + user->resizes, 0);
	close(to);
	close(from);
}
END_TEST

START_TEST(end_of_input_ends_input_only)
{
	int to;
	int from;
	struct stream *s;

	pipe_stdio(&to, &from);
	s = start("stdio");
	ck_assert_int_eq(write(to, "last", 4), 4);
	close(to);
	settle();
	expect_got("last");
	ck_assert_uint_eq(user->ends, 1);
	stream_write(s, "still", 5);
	expect_read(from, "still");
	close(from);
}
END_TEST

START_TEST(held_input_survives_the_end_of_the_pipe)
{
	int to;
	int from;
	struct stream *s;

	pipe_stdio(&to, &from);
	user->closed = true;
	s = start("stdio");
	ck_assert_int_eq(write(to, "kept", 4), 4);
	close(to);
	settle();
	ck_assert_uint_eq(user->len, 0);
	ck_assert_uint_eq(user->ends, 0);
	user->closed = false;
	stream_want_input(s);
	settle();
	expect_got("kept");
	ck_assert_uint_eq(user->ends, 1);
	close(from);
}
END_TEST

START_TEST(closed_stdout_discards_and_does_not_kill)
{
	int to;
	int from;
	struct stream *s;

	pipe_stdio(&to, &from);
	s = start("stdio");
	close(from);
	for (int i = 0; i < 20; i++) {
		ck_assert_uint_eq(stream_write(s, user->got, 4096), 4096);
		settle();
	}
	send_text(to, "in");
	expect_got("in");
	close(to);
}
END_TEST

START_TEST(closed_descriptors_are_absent)
{
	struct stream *s;

	close(0);
	close(1);
	s = start("stdio");
	settle();
	ck_assert_uint_eq(stream_write(s, "x", 1), 1);
	settle();
	ck_assert_uint_eq(user->len, 0);
}
END_TEST

START_TEST(own_descriptor_at_number_zero_is_not_stdin)
{
	int fd[2];

	close(0);
	ck_assert_int_eq(pipe2(fd, O_CLOEXEC), 0);
	ck_assert_int_eq(fd[0], 0);
	ck_assert_int_eq(write(fd[1], "secret", 6), 6);
	start("stdio");
	settle();
	ck_assert_uint_eq(user->len, 0);
	close(fd[1]);
}
END_TEST

START_TEST(regular_file_is_read_at_the_pace_of_the_user)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	uint8_t *data = malloc(MIB);
	struct stream *s;

	for (size_t i = 0; i < MIB; i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
	ck_assert_int_eq(write(fd, data, MIB), MIB);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	become_stdio(fd, open("/dev/null", O_WRONLY | O_CLOEXEC));
	user->limit = 777;
	s = start("stdio");
	while (user->len < MIB) {
		size_t before = user->len;

		settle();
		ck_assert(!user->limit || user->len - before <= user->limit);
		ck_assert_uint_gt(user->len, before);
		if (user->len > 20000)
			user->limit = 0;
		stream_want_input(s);
	}
	ck_assert_uint_eq(user->len, MIB);
	ck_assert_mem_eq(user->got, data, MIB);
	free(data);
}
END_TEST

START_TEST(dev_null_as_stdin_is_an_empty_input)
{
	become_stdio(open("/dev/null", O_RDONLY | O_CLOEXEC),
		     open("/dev/full", O_WRONLY | O_CLOEXEC));
	ck_assert_uint_eq(stream_write(start("stdio"), "x", 1), 1);
	settle();
	ck_assert_uint_eq(user->len, 0);
}
END_TEST

START_TEST(reader_that_never_reads_does_not_block_the_loop)
{
	int to;
	int from;
	struct stream *s;
	size_t total = 0;
	size_t n;

	pipe_stdio(&to, &from);
	s = start("stdio");
	do {
		n = stream_write(s, user->got, 10000);
		total += n;
		settle();
	} while (n == 10000);
	ck_assert_uint_ge(total, 64 * 1024);
	ck_assert_uint_le(total, 256 * 1024);
	ck_assert_uint_eq(user->writable, 0);
	stream_drain(s, 50); /* returns */
	ck_assert_uint_eq(user->writable, 0);
	for (size_t left = total; left;) {
		static char buf[65536];
		ssize_t got = read(from, buf, left < sizeof(buf) ? left : sizeof(buf));

		ck_assert_int_gt(got, 0);
		left -= (size_t)got;
		settle();
	}
	ck_assert_uint_eq(user->writable, 1);
	close(to);
	close(from);
}
END_TEST

START_TEST(drain_writes_what_is_left)
{
	int to;
	int from;
	struct stream *s;

	pipe_stdio(&to, &from);
	s = start("stdio");
	stream_write(s, "end", 3);
	stream_drain(s, 1000);
	stream_destroy(s);
	user->stream = NULL;
	close(1);
	expect_read(from, "end");
	close(to);
	close(from);
}
END_TEST

/* Files */

START_TEST(file_is_truncated_and_written)
{
	struct stream *s;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_eq(write(fd, "old contents", 12), 12);
	s = start(file_spec("file"));
	stream_write(s, "new", 3);
	settle();
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	expect_read(fd, "new");
	close(fd);
}
END_TEST

START_TEST(append_goes_on_behind_what_is_there)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_eq(write(fd, "old,", 4), 4);
	ck_assert_uint_eq(stream_write(start(file_spec("append")), (const uint8_t *)"new", 3), 3);
	settle();
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	expect_read(fd, "old,new");
	close(fd);
}
END_TEST

START_TEST(file_that_cannot_be_made_names_itself)
{
	ck_assert_ptr_null(open_spec("file:/nonexistent/x"));
	ck_assert_str_eq(err.text, "file:/nonexistent/x: cannot open for writing: "
				   "No such file or directory");
}
END_TEST

START_TEST(full_disk_warns_once_and_discards)
{
	int messages = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int saved_stderr = fcntl(2, F_DUPFD_CLOEXEC, 10);
	struct stream *s = start("file:/dev/full");
	char text[512] = "";

	dup2(messages, 2);
	for (int i = 0; i < 50; i++) {
		ck_assert_uint_eq(stream_write(s, user->got, 8192), 8192);
		settle();
	}
	dup2(saved_stderr, 2);
	close(saved_stderr);
	ck_assert_int_gt(pread(messages, text, sizeof(text) - 1, 0), 0);
	ck_assert_ptr_nonnull(strstr(text, "file:/dev/full: No space left on device"));
	ck_assert_ptr_eq(strchr(text, '\n'), strrchr(text, '\n'));
	close(messages);
}
END_TEST

int main(void)
{
	TCase *tc = stream_tcase();

	tcase_add_test(tc, parses_each_kind);
	tcase_add_loop_test(tc, rejects_bad_spec_with_a_remedy, 0,
			    sizeof(bad_specs) / sizeof(bad_specs[0]));
	tcase_add_test(tc, null_takes_everything);
	tcase_add_test(tc, pipes_carry_both_ways_and_keep_their_flags);
	tcase_add_test(tc, end_of_input_ends_input_only);
	tcase_add_test(tc, held_input_survives_the_end_of_the_pipe);
	tcase_add_test(tc, closed_stdout_discards_and_does_not_kill);
	tcase_add_test(tc, closed_descriptors_are_absent);
	tcase_add_test(tc, own_descriptor_at_number_zero_is_not_stdin);
	tcase_add_test(tc, regular_file_is_read_at_the_pace_of_the_user);
	tcase_add_test(tc, dev_null_as_stdin_is_an_empty_input);
	tcase_add_test(tc, reader_that_never_reads_does_not_block_the_loop);
	tcase_add_test(tc, drain_writes_what_is_left);
	tcase_add_test(tc, file_is_truncated_and_written);
	tcase_add_test(tc, append_goes_on_behind_what_is_there);
	tcase_add_test(tc, file_that_cannot_be_made_names_itself);
	tcase_add_test(tc, full_disk_warns_once_and_discards);
	return run_tcase("stream", tc);
}
