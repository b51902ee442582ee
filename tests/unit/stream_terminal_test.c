/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/stream_fixture.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>

/* A terminal as stdin and stdout; the master. */
static int terminal_stdio(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	const struct winsize size = {.ws_row = 30, .ws_col = 100};
	int slave;

	ck_assert_int_eq(grantpt(master), 0);
	ck_assert_int_eq(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(slave, 0);
	ck_assert_int_eq(ioctl(master, TIOCSWINSZ, &size), 0);
	fcntl(master, F_SETFL, O_NONBLOCK);
	become_stdio(slave, slave);
	return master;
}

static void expect_same_modes(const struct termios *a, const struct termios *b)
{
	ck_assert_uint_eq(a->c_iflag, b->c_iflag);
	ck_assert_uint_eq(a->c_oflag, b->c_oflag);
	ck_assert_uint_eq(a->c_cflag, b->c_cflag);
	ck_assert_uint_eq(a->c_lflag, b->c_lflag);
	ck_assert_mem_eq(a->c_cc, b->c_cc, VEOL2 + 1);
}

START_TEST(terminal_is_raw_from_start_to_destroy)
{
	int master = terminal_stdio();
	struct termios before;
	struct termios during;
	struct termios after;
	struct stream *s;

	ck_assert_int_eq(tcgetattr(0, &before), 0);
	s = open_spec("stdio");
	ck_assert_int_eq(tcgetattr(0, &during), 0);
	expect_same_modes(&before, &during);
	stream_destroy(s);
	s = start("stdio");
	ck_assert_int_eq(tcgetattr(0, &during), 0);
	ck_assert_uint_eq(during.c_lflag & (ISIG | ICANON | ECHO), 0);
	send_text(master, "\x03\x1a\r");
	expect_got("\x03\x1a\r");
	stream_write(s, "a\nb", 3);
	expect_read(master, "a\nb");
	stream_destroy(s);
	user->stream = NULL;
	ck_assert_int_eq(tcgetattr(0, &after), 0);
	expect_same_modes(&before, &after);
	ck_assert_int_eq(fcntl(0, F_GETFL) & O_NONBLOCK, 0);
	close(master);
}
END_TEST

START_TEST(escape_key_quits_helps_and_sends_itself)
{
	int master = terminal_stdio();
	char help[512] = "";

	start("stdio");
	send_text(master, "x\x01"
			  "ay\x01\x01z");
	expect_got("x\x01y\x01z");
	send_text(master, "1\x01");
	send_text(master, "a2\x01q3");
	expect_got("1\x01"
		   "23");
	ck_assert_uint_eq(user->quits, 0);
	send_text(master, "\x01h");
	ck_assert_int_gt(read(master, help, sizeof(help) - 1), 0);
	ck_assert_ptr_nonnull(strstr(help, "Ctrl-A x  quit"));
	send_text(master, "\x01x");
	ck_assert_uint_eq(user->quits, 1);
	ck_assert_uint_eq(user->len, 0);
	close(master);
}
END_TEST

START_TEST(escape_key_works_while_the_device_takes_nothing)
{
	int master = terminal_stdio();

	user->closed = true;
	start("stdio");
	send_text(master, "hung?");
	send_text(master, "\x01x");
	ck_assert_uint_eq(user->quits, 1);
	close(master);
}
END_TEST

START_TEST(escape_key_can_be_off)
{
	const struct stream_user u = connected();
	const struct stream_config config = {.kind = STREAM_STDIO};
	int master = terminal_stdio();

	user->stream = stream_create(&config, loop, &err);
	ck_assert_int_eq(stream_start(user->stream, &u, &err), 0);
	send_text(master, "\x01x");
	expect_got("\x01x");
	ck_assert_uint_eq(user->quits, 0);
	close(master);
}
END_TEST

START_TEST(size_is_reported_at_start_and_on_change)
{
	int master = terminal_stdio();
	const struct winsize size = {.ws_row = 50, .ws_col = 132};

	start("stdio");
	ck_assert(user->resizes == 1 && user->rows == 30 && user->cols == 100);
	ck_assert_int_eq(ioctl(master, TIOCSWINSZ, &size), 0);
	ck_assert_int_eq(kill(getpid(), SIGWINCH), 0);
	settle();
	ck_assert(user->resizes == 2 && user->rows == 50 && user->cols == 132);
	close(master);
}
END_TEST

START_TEST(terminal_that_cannot_be_reopened_does_not_block)
{
	int master = terminal_stdio();
	int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	size_t sent = 0;
	size_t got = 0;
	struct termios raw;
	struct stream *s;
	bool exact = true;

	fcntl(master, F_SETFL, 0);
	become_stdio(open("/dev/null", O_RDONLY | O_CLOEXEC), master);
	s = start("stdio"); /* a master: opening it again would be another terminal */
	tcgetattr(slave, &raw);
	cfmakeraw(&raw);
	tcsetattr(slave, TCSANOW, &raw);
	while (got < 300000) {
		uint8_t buf[4096];
		ssize_t n;

		for (size_t i = 0; i < sizeof(buf); i++)
			buf[i] = pattern(sent + i);
		if (sent < 300000)
			sent += stream_write(s, buf, sizeof(buf));
		loop_run_once(loop, 5, NULL);
		n = read(slave, buf, sizeof(buf));
		for (ssize_t i = 0; i < n; i++)
			exact &= buf[i] == pattern(got + (size_t)i);
		got += n > 0 ? (size_t)n : 0;
	}
	ck_assert(exact);
	close(slave);
}
END_TEST

int main(void)
{
	TCase *tc = stream_tcase();

	tcase_add_test(tc, terminal_is_raw_from_start_to_destroy);
	tcase_add_test(tc, escape_key_quits_helps_and_sends_itself);
	tcase_add_test(tc, escape_key_works_while_the_device_takes_nothing);
	tcase_add_test(tc, escape_key_can_be_off);
	tcase_add_test(tc, size_is_reported_at_start_and_on_change);
	tcase_add_test(tc, terminal_that_cannot_be_reopened_does_not_block);
	return run_tcase("stream_terminal", tc);
}
