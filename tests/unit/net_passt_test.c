/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/net_backend.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The passt backend against a peer that is this test: a real unix socket. */

static char dir[64], path[96];
static int listener, peer;

static void listen_at_path(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(listen(listener, 4), 0);
}

static void set_up(void)
{
	const char *tmp = getenv("TMPDIR");

	backend_set_up();
	snprintf(dir, sizeof(dir), "%.40s/net-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/sock", dir);
	peer = -1;
	listen_at_path();
}

static void tear_down(void)
{
	backend_tear_down();
	if (peer >= 0)
		close(peer);
	if (listener >= 0)
		close(listener);
	unlink(path);
	rmdir(dir);
}

static void connect_peer(void)
{
	struct net_config config = {.kind = NET_PASST, .path = path, .fd = -1};

	backend_open(&config);
	peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_ge(peer, 0);
}

static void peer_write(const void *buf, size_t len)
{
	ck_assert_int_eq(send(peer, buf, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* The peer sends the frame of @seed, the loop running meanwhile when the socket is full. */
static void peer_send(size_t len, uint8_t seed)
{
	static uint8_t buf[4 + NET_FRAME_MAX];
	uint32_t prefix = htonl((uint32_t)len);
	size_t at = 0;

	memcpy(buf, &prefix, 4);
	backend_frame(buf + 4, len, seed);
	while (at < 4 + len) {
		ssize_t n = send(peer, buf + at, 4 + len - at, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0)
			ck_assert_int_ge(loop_run_once(loop, 10, &err), 0);
		else
			at += (size_t)n;
	}
}

/* Reads exactly @len bytes as they came from the backend. */
static void peer_read(void *buf, size_t len)
{
	uint8_t *to = buf;
	uint64_t end = backend_now_ms() + 10000;

	while (len) {
		ssize_t n = recv(peer, to, len, MSG_DONTWAIT);

		ck_assert_msg(backend_now_ms() < end, "%zu bytes are missing", len);
		ck_assert_int_ne(n, 0);
		if (n > 0) {
			to += n;
			len -= (size_t)n;
		} else {
			loop_run_once(loop, 10, &err);
		}
	}
}

static void peer_expect(size_t len, uint8_t seed)
{
	static uint8_t got[NET_FRAME_MAX], expected[NET_FRAME_MAX];
	uint32_t prefix;

	peer_read(&prefix, 4);
	ck_assert_uint_eq(ntohl(prefix), len);
	peer_read(got, len);
	backend_frame(expected, len, seed);
	ck_assert_mem_eq(got, expected, len);
}

START_TEST(frames_go_both_ways_behind_their_length)
{
	connect_peer();
	for (uint8_t i = 0; i < 10; i++)
		ck_assert_int_eq(backend_send(14 + 150U * i, i), 0);
	net_flush(net);
	for (uint8_t i = 0; i < 10; i++) {
		peer_expect(14 + 150U * i, i);
		peer_send(20 + 100U * i, i);
	}
	backend_wait(&n_heard, 10);
	for (uint8_t i = 0; i < 10; i++)
		backend_expect(i, 20 + 100U * i, i);
	ck_assert_uint_lt(n_batches, 10);
}
END_TEST

START_TEST(frames_wait_for_the_flush)
{
	uint8_t byte;

	connect_peer();
	ck_assert_int_eq(backend_send(60, 1), 0);
	ck_assert_int_eq(recv(peer, &byte, 1, MSG_DONTWAIT | MSG_PEEK), -1);
	net_flush(net);
	ck_assert_int_eq(recv(peer, &byte, 1, MSG_DONTWAIT | MSG_PEEK), 1);
	peer_expect(60, 1);
}
END_TEST

START_TEST(longest_frame_goes_both_ways)
{
	connect_peer();
	ck_assert_int_eq(backend_send(NET_FRAME_MAX, 1), 0);
	net_flush(net);
	peer_expect(NET_FRAME_MAX, 1);
	for (uint8_t i = 0; i < 9; i++)
		peer_send(NET_FRAME_MAX, i);
	backend_wait(&n_heard, 9);
	for (uint8_t i = 0; i < 9; i++)
		backend_expect(i, NET_FRAME_MAX, i);
}
END_TEST

START_TEST(frames_may_come_byte_by_byte)
{
	uint8_t buf[4 + 60] = {0, 0, 0, 60};

	connect_peer();
	backend_frame(buf + 4, 60, 7);
	for (unsigned int round = 0; round < 3; round++)
		for (size_t i = 0; i < sizeof(buf); i++) {
			ck_assert_uint_eq(n_heard, round);
			peer_write(buf + i, 1);
			ck_assert_int_ge(loop_run_once(loop, 10, &err), 0);
		}
	backend_wait(&n_heard, 3);
	backend_expect(2, 60, 7);
}
END_TEST

START_TEST(a_refused_frame_is_kept_and_nothing_more_is_read)
{
	char junk[65536];
	size_t held = 0;

	connect_peer();
	room = 2;
	for (uint8_t i = 0; i < 6; i++)
		peer_send(60, i);
	backend_settle();
	ck_assert_uint_eq(n_heard, 2);
	ck_assert_uint_eq(n_refused, 1);
	/* The rest fills the socket, and then the peer has to wait. */
	memset(junk, 0, sizeof(junk));
	while (held < (64U << 20)) {
		ssize_t n = send(peer, junk, sizeof(junk), MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0)
			break;
		held += (size_t)n;
		loop_run_once(loop, 0, &err);
	}
	ck_assert_uint_lt(held, 64U << 20);
	ck_assert_uint_eq(n_refused, 1);
	backend_want_input(3);
	backend_want_input(3);	       /* once is enough, twice does no harm */
	ck_assert_uint_eq(n_heard, 2); /* not from inside the call */
	backend_wait(&n_heard, 5);
	for (uint8_t i = 0; i < 5; i++)
		backend_expect(i, 60, i);
	ck_assert_uint_eq(n_refused, 2);
}
END_TEST

START_TEST(a_slow_peer_makes_senders_wait_and_loses_nothing)
{
	unsigned int sent = 0, seen;

	connect_peer();
	for (;;) {
		int rc = backend_send(1000, (uint8_t)sent);

		if (rc == -EAGAIN)
			break;
		ck_assert_int_eq(rc, 0);
		sent++;
		if (sent % 16 == 0)
			net_flush(net);
		ck_assert_uint_lt(sent, 100000);
	}
	ck_assert_uint_gt(sent, 100);
	backend_settle();
	ck_assert_uint_eq(n_writable, 0);
	for (seen = 0; seen < sent; seen++)
		peer_expect(1000, (uint8_t)seen);
	backend_wait(&n_writable, 1);
	ck_assert_int_eq(backend_send(1000, 99), 0);
	net_flush(net);
	peer_expect(1000, 99);
	ck_assert_uint_eq(net->tx_dropped, 0);
}
END_TEST

/* Waits for the backend to connect again. */
static void accept_again(void)
{
	uint64_t end = backend_now_ms() + 10000;

	ck_assert_int_eq(fcntl(listener, F_SETFL, O_NONBLOCK), 0);
	for (;;) {
		peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (peer >= 0)
			return;
		ck_assert_msg(backend_now_ms() < end, "no new connection");
		loop_run_once(loop, 10, &err);
	}
}

START_TEST(connection_is_made_again)
{
	connect_peer();
	ck_assert_int_eq(backend_send(60, 1), 0);
	net_flush(net);
	close(peer);
	close(listener);
	unlink(path);
	backend_settle();
	for (uint8_t i = 0; i < 5; i++) {
		ck_assert_int_eq(backend_send(60, i), 0);
		net_flush(net);
	}
	ck_assert_uint_eq(net->tx_dropped, 5);
	listen_at_path();
	accept_again();
	peer_send(60, 9);
	backend_wait(&n_heard, 1);
	backend_expect(0, 60, 9);
	ck_assert_int_eq(backend_send(60, 8), 0);
	net_flush(net);
	peer_expect(60, 8);
}
END_TEST

START_TEST(a_waiting_sender_is_told_when_the_peer_goes)
{
	connect_peer();
	while (backend_send(1000, 1) == 0)
		net_flush(net);
	close(peer);
	peer = -1;
	backend_wait(&n_writable, 1);
	ck_assert_int_eq(backend_send(1000, 1), 0);
	ck_assert_uint_gt(net->tx_dropped, 0);
}
END_TEST

START_TEST(a_waiting_sender_is_told_when_a_flush_finds_the_peer_gone)
{
	connect_peer();
	while (backend_send(1000, 1) == 0)
		net_flush(net);
	close(peer);
	peer = -1;
	net_flush(net);
	ck_assert_uint_eq(n_writable, 0); /* not from inside the call */
	ck_assert_int_eq(loop_post(loop, backend_nothing, NULL), 0);
	backend_wait(&n_writable, 1);
}
END_TEST

START_TEST(half_a_frame_of_a_lost_peer_is_forgotten)
{
	connect_peer();
	peer_write("\0\0\0\x3c"
		   "abc",
		   7);
	backend_settle();
	close(peer);
	accept_again();
	peer_send(60, 3);
	backend_wait(&n_heard, 1);
	backend_expect(0, 60, 3);
}
END_TEST

START_TEST(a_frame_longer_than_any_ends_the_connection)
{
	uint8_t byte;

	connect_peer();
	peer_send(60, 1);
	peer_write("\0\1\0\x0f", 4); /* 65551 */
	backend_wait(&n_heard, 1);
	backend_settle();
	ck_assert_int_eq(recv(peer, &byte, 1, 0), 0);
}
END_TEST

START_TEST(errors_name_path_and_remedy)
{
	struct net_config config = {.kind = NET_PASST, .path = "/nonexistent/passt.sock"};
	char longer[200];

	ck_assert_ptr_null(net_open(&config, loop, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "passt /nonexistent/passt.sock: cannot connect"));
	ck_assert_ptr_nonnull(strstr(err.text, "start it first"));
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	config.path = longer;
	ck_assert_ptr_null(net_open(&config, loop, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "1 to 107 bytes"));
	config.path = NULL;
	ck_assert_ptr_null(net_open(&config, loop, &err));
}
END_TEST

START_TEST(no_network_takes_everything)
{
	struct net_config config = {.kind = NET_NONE};

	backend_open(&config);
	ck_assert_int_eq(backend_send(60, 1), 0);
	net_flush(net);
	net_want_input(net);
	net_set_offloads(net, 0);
	ck_assert_uint_eq(net->tx_dropped, 1);
	backend_settle();
	ck_assert_uint_eq(n_heard, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("net_passt");
	TCase *tc = tcase_create("passt");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, frames_go_both_ways_behind_their_length);
	tcase_add_test(tc, frames_wait_for_the_flush);
	tcase_add_test(tc, longest_frame_goes_both_ways);
	tcase_add_test(tc, frames_may_come_byte_by_byte);
	tcase_add_test(tc, a_refused_frame_is_kept_and_nothing_more_is_read);
	tcase_add_test(tc, a_slow_peer_makes_senders_wait_and_loses_nothing);
	tcase_add_test(tc, connection_is_made_again);
	tcase_add_test(tc, a_waiting_sender_is_told_when_the_peer_goes);
	tcase_add_test(tc, a_waiting_sender_is_told_when_a_flush_finds_the_peer_gone);
	tcase_add_test(tc, half_a_frame_of_a_lost_peer_is_forgotten);
	tcase_add_test(tc, a_frame_longer_than_any_ends_the_connection);
	tcase_add_test(tc, errors_name_path_and_remedy);
	tcase_add_test(tc, no_network_takes_everything);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
