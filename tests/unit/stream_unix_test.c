/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/stream_fixture.h"

#include <sys/resource.h>
#include <sys/stat.h>

/* Unix sockets */

START_TEST(socket_is_private_and_removed_at_the_end)
{
	struct stat st;

	start(file_spec("unix"));
	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert(S_ISSOCK(st.st_mode));
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	stream_destroy(user->stream);
	user->stream = NULL;
	ck_assert_int_eq(lstat(path, &st), -1);
}
END_TEST

START_TEST(socket_of_another_is_not_removed)
{
	struct stat st;
	int fd;

	start(file_spec("unix"));
	unlink(path);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	stream_destroy(user->stream);
	user->stream = NULL;
	ck_assert_int_eq(lstat(path, &st), 0);
	close(fd);
}
END_TEST

START_TEST(stale_socket_is_replaced)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd);
	start(file_spec("unix"));
	client = connect_client();
	send_text(client, "hi");
	expect_got("hi");
	close(client);
}
END_TEST

START_TEST(live_socket_is_refused)
{
	start(file_spec("unix"));
	ck_assert_ptr_null(open_spec(file_spec("unix")));
	ck_assert_ptr_nonnull(strstr(err.text, "in use by another program"));
	settle();
	close(connect_client()); /* the first one still works */
}
END_TEST

START_TEST(file_in_the_place_of_a_socket_is_refused)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	ck_assert_ptr_null(open_spec(file_spec("unix")));
	ck_assert_ptr_nonnull(strstr(err.text, "exists and is not a socket"));
	close(fd);
}
END_TEST

START_TEST(long_socket_path_is_refused)
{
	char spec[300] = "unix:/";

	memset(spec + 6, 'x', 200);
	ck_assert_ptr_null(open_spec(spec));
	ck_assert_ptr_nonnull(strstr(err.text, "longer than 107 bytes"));
}
END_TEST

START_TEST(clients_are_served_one_after_another)
{
	struct stream *s = start(file_spec("unix"));
	int first;
	int second;
	char buf[16];

	ck_assert_uint_eq(stream_write(s, "lost", 4), 4);
	settle();
	first = connect_client();
	second = connect_client();
	send_text(second, "2");
	ck_assert_uint_eq(user->len, 0);
	send_text(first, "1");
	expect_got("1");
	stream_write(s, "to first", 8);
	expect_read(first, "to first");
	ck_assert_int_eq(read(second, buf, sizeof(buf)), -1);
	close(first);
	settle();
	expect_got("2");
	stream_write(s, "to second", 9);
	expect_read(second, "to second");
	close(second);
	settle();
	ck_assert_uint_eq(stream_write(s, "lost", 4), 4);
	settle();
}
END_TEST

START_TEST(half_closed_client_still_gets_output)
{
	struct stream *s = start(file_spec("unix"));
	int client = connect_client();

	send_text(client, "cmd");
	shutdown(client, SHUT_WR);
	settle();
	expect_got("cmd");
	stream_write(s, "answer", 6);
	expect_read(client, "answer");
	close(client);
	settle();
	client = connect_client();
	send_text(client, "next");
	expect_got("next");
	close(client);
}
END_TEST

START_TEST(all_input_of_a_gone_client_arrives_before_the_next)
{
	static const char many[4000];
	struct stream *s;
	int client;

	user->closed = true;
	s = start(file_spec("unix"));
	client = connect_client();
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(write(client, many, sizeof(many)), sizeof(many));
	close(client);
	client = connect_client();
	send_text(client, "B");
	user->closed = false;
	stream_want_input(s);
	settle();
	ck_assert_uint_eq(user->len, 20001);
	ck_assert_uint_eq(user->got[20000], 'B');
	close(client);
}
END_TEST

START_TEST(clients_come_and_go_with_a_word)
{
	static const char many[3000];
	int client;

	start(file_spec("unix"));
	settle();
	ck_assert_str_eq(user->opened, "");
	client = connect_client();
	settle();
	ck_assert_str_eq(user->opened, "o");
	send_text(client, "x");
	shutdown(client, SHUT_WR); /* it still listens */
	settle();
	ck_assert_str_eq(user->opened, "o<");
	close(client);
	settle();
	ck_assert_str_eq(user->opened, "o<c");
	/* One that is gone already is still there while its input is not taken. */
	user->closed = true;
	client = connect_client();
	ck_assert_int_eq(write(client, many, sizeof(many)), sizeof(many));
	close(client);
	settle();
	ck_assert_str_eq(user->opened, "o<co");
	user->closed = false;
	stream_want_input(user->stream);
	settle();
	ck_assert_str_eq(user->opened, "o<co<c");
}
END_TEST

START_TEST(next_client_is_another_even_if_the_input_of_the_last_one_waits)
{
	int client;

	user->closed = true;
	start(file_spec("unix"));
	client = connect_client();
	send_text(client, "first ");
	close(client);
	settle();
	client = connect_client();
	send_text(client, "second");
	ck_assert_str_eq(user->opened, "oco");
	user->closed = false;
	stream_want_input(user->stream);
	settle();
	expect_got("first second");
	ck_assert_str_eq(user->opened, "oco<");
	close(client);
}
END_TEST

START_TEST(client_that_does_not_read_is_waited_for)
{
	struct stream *s = start(file_spec("unix"));
	int client = connect_client();
	static uint8_t buf[65536];
	size_t total = 0;
	size_t got = 0;
	size_t n;

	settle();
	do {
		for (size_t i = 0; i < 10000; i++)
			buf[i] = pattern(total + i);
		n = stream_write(s, buf, 10000);
		total += n;
		settle();
	} while (n == 10000);
	ck_assert_uint_lt(total, 2 * MIB);
	ck_assert_uint_eq(user->writable, 0);
	ck_assert_uint_eq(stream_write(s, "x", 1), 0);
	while (got < total) {
		ssize_t part = read(client, buf, sizeof(buf));

		ck_assert_int_gt(part, 0);
		for (ssize_t i = 0; i < part; i++)
			ck_assert_uint_eq(buf[i], pattern(got + (size_t)i));
		got += (size_t)part;
		settle();
	}
	ck_assert_uint_eq(user->writable, 1);
	/* And one that goes in the middle holds nothing up. */
	while (stream_write(s, buf, sizeof(buf)) == sizeof(buf))
		settle();
	close(client);
	settle();
	ck_assert_uint_eq(user->writable, 2);
	ck_assert_uint_eq(stream_write(s, "x", 1), 1);
}
END_TEST

START_TEST(survives_a_lack_of_descriptors)
{
	struct rlimit old;
	struct rlimit low;
	int client;

	start(file_spec("unix"));
	client = connect_client();
	getrlimit(RLIMIT_NOFILE, &old);
	low = old;
	low.rlim_cur = (rlim_t)client + 1;
	while (dup(0) >= 0 && low.rlim_cur < 4096)
		setrlimit(RLIMIT_NOFILE, &low);
	for (int i = 0; i < 5; i++)
		ck_assert_int_le(loop_run_once(loop, 10, NULL), 2);
	setrlimit(RLIMIT_NOFILE, &old);
	send_text(client, "patient");
	for (int i = 0; i < 100 && !user->len; i++)
		loop_run_once(loop, 50, NULL);
	expect_got("patient");
	close(client);
}
END_TEST

int main(void)
{
	TCase *tc = stream_tcase();

	tcase_add_test(tc, socket_is_private_and_removed_at_the_end);
	tcase_add_test(tc, socket_of_another_is_not_removed);
	tcase_add_test(tc, stale_socket_is_replaced);
	tcase_add_test(tc, live_socket_is_refused);
	tcase_add_test(tc, file_in_the_place_of_a_socket_is_refused);
	tcase_add_test(tc, long_socket_path_is_refused);
	tcase_add_test(tc, clients_are_served_one_after_another);
	tcase_add_test(tc, half_closed_client_still_gets_output);
	tcase_add_test(tc, all_input_of_a_gone_client_arrives_before_the_next);
	tcase_add_test(tc, clients_come_and_go_with_a_word);
	tcase_add_test(tc, next_client_is_another_even_if_the_input_of_the_last_one_waits);
	tcase_add_test(tc, client_that_does_not_read_is_waited_for);
	tcase_add_test(tc, survives_a_lack_of_descriptors);
	return run_tcase("stream_unix", tc);
}
