/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/guestdrv/gd_wire.h"
#include "tests/unit/net_backend.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Captures, on a wire in memory; the file is read back by this test's own reading of the format. */

static char path[96];
static struct gd_wire *wire;
static unsigned int wires_closed;
static uint8_t file[1U << 20];
static size_t file_len;

static void set_up(void)
{
	const char *tmp = getenv("TMPDIR");
	int fd;

	backend_set_up();
	wires_closed = 0;
	snprintf(path, sizeof(path), "%.40s/pcap-XXXXXX", tmp ? tmp : "/tmp");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	/* What was in the file before is gone afterwards. */
	ck_assert_int_eq(write(fd, path, sizeof(path)), sizeof(path));
	close(fd);
}

static void tear_down(void)
{
	backend_tear_down();
	unlink(path);
}

static struct net *open_capture(const char *to)
{
	wire = gd_wire_create(loop, NET_OFFLOAD_CSUM, NET_OFFLOAD_CSUM | NET_OFFLOAD_TSO4);
	wire->destroyed = &wires_closed;
	return net_pcap_open(&wire->net, to, loop, &err);
}

static void start(void)
{
	net = open_capture(path);
	ck_assert_msg(net, "%s", err.text);
	ck_assert_int_eq(net_start(net, &user, &err), 0);
}

static void read_file(void)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, file, sizeof(file));

	ck_assert_int_ge(n, 0);
	file_len = (size_t)n;
	close(fd);
}

static uint32_t word(size_t at)
{
	uint32_t v;

	ck_assert_uint_le(at + 4, file_len);
	memcpy(&v, file + at, 4);
	return v;
}

/* The record at @at holds the frame of @seed; where the next one is. */
static size_t expect_record(size_t at, size_t len, uint8_t seed)
{
	static uint8_t frame[NET_FRAME_MAX];

	backend_frame(frame, len, seed);
	ck_assert_uint_lt(word(at + 4), 1000000000);
	ck_assert_uint_eq(word(at + 8), len);
	ck_assert_uint_eq(word(at + 12), len);
	ck_assert_uint_le(at + 16 + len, file_len);
	ck_assert_mem_eq(file + at + 16, frame, len);
	return at + 16 + len;
}

static void put(size_t len, uint8_t seed)
{
	static uint8_t frame[NET_FRAME_MAX];

	backend_frame(frame, len, seed);
	gd_wire_put(wire, NULL, frame, len);
}

START_TEST(header_is_pcaps)
{
	struct stat st;

	start();
	read_file();
	ck_assert_uint_eq(file_len, 24);
	ck_assert_uint_eq(word(0), 0xa1b23c4d);
	ck_assert_uint_eq(word(4), 2 | 4U << 16);
	ck_assert_uint_eq(word(8), 0);
	ck_assert_uint_eq(word(12), 0);
	ck_assert_uint_ge(word(16), NET_FRAME_MAX);
	ck_assert_uint_eq(word(20), 1);
	unlink(path);
	net_destroy(net);
	start();
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(both_directions_are_captured_in_order)
{
	time_t before = time(NULL);
	size_t at = 24;

	start();
	for (uint8_t i = 0; i < 20; i++) {
		if (i % 2) {
			put(14 + 70U * i, i);
			backend_wait(&n_heard, (i + 1U) / 2);
		} else {
			ck_assert_int_eq(backend_send(14 + 70U * i, i), 0);
		}
		/* Complete after each frame, without any flush. */
		read_file();
		ck_assert_uint_gt(file_len, at);
	}
	for (uint8_t i = 0; i < 20; i++) {
		ck_assert_int_ge((time_t)word(at), before);
		at = expect_record(at, 14 + 70U * i, i);
	}
	ck_assert_uint_eq(at, file_len);
	ck_assert_uint_eq(wire->n_sent, 10);
	backend_expect(9, 14 + 70U * 19, 19);
}
END_TEST

START_TEST(longest_frame_is_whole)
{
	start();
	ck_assert_int_eq(backend_send(NET_FRAME_MAX, 1), 0);
	read_file();
	ck_assert_uint_eq(expect_record(24, NET_FRAME_MAX, 1), file_len);
}
END_TEST

START_TEST(what_waits_is_captured_once)
{
	size_t at;

	start();
	room = 0;
	put(60, 1);
	backend_settle();
	wire->full = true;
	ck_assert_int_eq(backend_send(60, 2), -EAGAIN);
	read_file();
	ck_assert_uint_eq(file_len, 24);
	backend_want_input(1);
	backend_wait(&n_heard, 1);
	gd_wire_set_full(wire, false);
	backend_wait(&n_writable, 1);
	ck_assert_int_eq(backend_send(60, 2), 0);
	read_file();
	at = expect_record(24, 60, 1);
	ck_assert_uint_eq(expect_record(at, 60, 2), file_len);
}
END_TEST

START_TEST(all_else_passes_through)
{
	struct net_offload o = {.flags = 1, .csum_start = 34, .csum_offset = 6};
	uint8_t frame[60];

	start();
	ck_assert_uint_eq(net->tx_offloads, NET_OFFLOAD_CSUM);
	ck_assert_uint_eq(net->rx_offloads, NET_OFFLOAD_CSUM | NET_OFFLOAD_TSO4);
	net_set_offloads(net, NET_OFFLOAD_CSUM);
	ck_assert_uint_eq(wire->rx_set, NET_OFFLOAD_CSUM);
	net_flush(net);
	ck_assert_uint_eq(wire->flushes, 1);
	backend_frame(frame, sizeof(frame), 1);
	ck_assert_int_eq(net_send(net, &o, frame, sizeof(frame)), 0);
	ck_assert_mem_eq(&gd_wire_sent(wire, 0)->offload, &o, sizeof(o));
	gd_wire_put(wire, &o, frame, sizeof(frame));
	backend_wait(&n_heard, 1);
	ck_assert_mem_eq(&heard[0].offload, &o, sizeof(o));
	wire->net.tx_dropped = 5;
	wire->net.rx_dropped = 6;
	net_flush(net);
	ck_assert_uint_eq(net->tx_dropped, 5);
	ck_assert_uint_eq(net->rx_dropped, 6);
}
END_TEST

START_TEST(a_full_disk_ends_the_capture_at_a_whole_frame)
{
	struct rlimit limit = {24 + 3 * (16 + 100) + 50, RLIM_INFINITY};
	size_t at = 24;
	int rc;

	start();
	signal(SIGXFSZ, SIG_IGN);
	/* No assertion meanwhile: Check writes those to a file too. */
	rc = setrlimit(RLIMIT_FSIZE, &limit);
	for (uint8_t i = 0; i < 10; i++)
		rc |= backend_send(100, i);
	/* There is room for this one, but the capture has ended. */
	rc |= backend_send(14, 1);
	limit.rlim_cur = RLIM_INFINITY;
	rc |= setrlimit(RLIMIT_FSIZE, &limit);
	ck_assert_int_eq(rc, 0);
	read_file();
	for (uint8_t i = 0; i < 3; i++)
		at = expect_record(at, 100, i);
	ck_assert_uint_eq(at, file_len);
	ck_assert_uint_eq(wire->n_sent, 11);
}
END_TEST

START_TEST(errors_name_the_file_and_close_what_is_below)
{
	ck_assert_ptr_null(open_capture("/nonexistent/x.pcap"));
	ck_assert_ptr_nonnull(
		strstr(err.text, "capture /nonexistent/x.pcap: cannot write the file"));
	ck_assert_uint_eq(wires_closed, 1);
	ck_assert_ptr_null(open_capture("/dev/null"));
	ck_assert_ptr_nonnull(strstr(err.text, "not a regular file"));
	ck_assert_uint_eq(wires_closed, 2);
	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_ptr_null(open_capture(path)); /* and does not wait for a reader */
	ck_assert_uint_eq(wires_closed, 3);
}
END_TEST

START_TEST(open_puts_it_on_any_kind)
{
	struct net_config config = {.kind = NET_NONE, .pcap = path};

	backend_open(&config);
	ck_assert_int_eq(backend_send(60, 1), 0);
	ck_assert_uint_eq(net->tx_dropped, 1);
	read_file();
	ck_assert_uint_eq(expect_record(24, 60, 1), file_len);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("net_pcap");
	TCase *tc = tcase_create("pcap");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, header_is_pcaps);
	tcase_add_test(tc, both_directions_are_captured_in_order);
	tcase_add_test(tc, longest_frame_is_whole);
	tcase_add_test(tc, what_waits_is_captured_once);
	tcase_add_test(tc, all_else_passes_through);
	tcase_add_test(tc, a_full_disk_ends_the_capture_at_a_whole_frame);
	tcase_add_test(tc, errors_name_the_file_and_close_what_is_below);
	tcase_add_test(tc, open_puts_it_on_any_kind);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
