/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/usernet_tcp.h"

#include <signal.h>

/* TCP through the real vise-net. */

static int accept_one(int listener)
{
	struct pollfd fd = {.fd = listener, .events = POLLIN};

	ck_assert_int_eq(poll(&fd, 1, 5000), 1);
	return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

START_TEST(a_connection_reaches_the_hosts_loopback_and_ends)
{
	struct segment s;
	struct tcp c;
	uint16_t port;
	char got[16];
	int listener = host_socket(SOCK_STREAM, &port);
	int fd;

	ck_assert_int_eq(listen(listener, 1), 0);
	begin(NULL, 0, false);
	introduce();
	c = tcp_open(USERNET_HOST, port, 3000);
	fd = accept_one(listener);
	send_segment(&c, TCP_ACK, "hello", 5);
	ck_assert_int_eq(recv(fd, got, 5, MSG_WAITALL), 5);
	ck_assert_mem_eq(got, "hello", 5);
	ck_assert_int_eq(send(fd, "world", 5, 0), 5);
	tcp_expect(&c, "world");
	send_segment(&c, TCP_FIN | TCP_ACK, "", 0);
	ck_assert_int_eq(recv(fd, got, 1, 0), 0);
	close(fd);
	ck_assert(wait_segment(c.port, TCP_FIN, false, &s));
	close(listener);
}
END_TEST

START_TEST(a_port_where_nobody_listens_is_refused)
{
	struct tcp c = {.peer = USERNET_HOST, .port = 3000, .seq = 1};
	struct segment s;

	begin(NULL, 0, false);
	introduce();
	c.peer_port = free_port(SOCK_STREAM);
	send_segment(&c, TCP_SYN, "", 0);
	ck_assert(wait_segment(3000, TCP_RST, false, &s));
}
END_TEST

START_TEST(the_name_server_takes_no_connections)
{
	struct tcp c = {.peer = USERNET_NAMESERVER, .port = 3000, .peer_port = DNS_PORT, .seq = 8};
	struct segment s;

	begin(NULL, 0, false);
	send_segment(&c, TCP_SYN, "", 0);
	ck_assert(wait_segment(3000, TCP_RST | TCP_ACK, false, &s));
	ck_assert_uint_eq(s.ack, c.seq);
	ck_assert_uint_eq(s.peer_port, DNS_PORT);
}
END_TEST

START_TEST(a_forwarded_port_reaches_the_guest_of_a_restricted_network)
{
	char spec[64];
	const char *specs[] = {spec};
	uint16_t port = free_port(SOCK_STREAM);
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct tcp c = {.peer = USERNET_HOST, .port = 22, .seq = 77};
	struct segment s;
	char got[16];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(spec, sizeof(spec), "tcp:127.0.0.1:%u-:22", port);
	begin(specs, 1, true);
	introduce();
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	ck_assert(wait_segment(22, TCP_SYN, false, &s));
	c.peer_port = s.peer_port;
	c.ack = s.seq + 1;
	send_segment(&c, TCP_SYN | TCP_ACK, "", 0);
	ck_assert(wait_segment(22, TCP_ACK, false, &s));
	ck_assert_int_eq(send(fd, "who", 3, 0), 3);
	tcp_expect(&c, "who");
	send_segment(&c, TCP_ACK, "me", 2);
	ck_assert_int_eq(recv(fd, got, 2, MSG_WAITALL), 2);
	ck_assert_mem_eq(got, "me", 2);
	close(fd);
}
END_TEST

START_TEST(a_restricted_network_lets_no_connection_out)
{
	struct pollfd fd = {.events = POLLIN};
	struct tcp c = {.peer = USERNET_HOST, .port = 3000, .seq = 1};

	fd.fd = host_socket(SOCK_STREAM, &c.peer_port);
	ck_assert_int_eq(listen(fd.fd, 1), 0);
	begin(NULL, 0, true);
	introduce();
	send_segment(&c, TCP_SYN, "", 0);
	introduce(); /* the segment has been looked at */
	ck_assert_int_eq(poll(&fd, 1, 100), 0);
	close(fd.fd);
}
END_TEST

#define DOWNLOAD 400000U

/* Takes what is at hand, in order; returns how much. */
static size_t take_data(struct tcp *c)
{
	size_t sum = 0;

	for (unsigned int i = 0; i < n_kept; i++) {
		struct segment s;

		if (!parse_segment(&kept[i], &s) || s.seq != c->ack)
			continue;
		for (size_t k = 0; k < s.len; k++)
			ck_assert_uint_eq(s.data[k], (uint8_t)(c->ack - c->first + k));
		c->ack += (uint32_t)s.len;
		sum += s.len;
	}
	if (sum)
		send_segment(c, TCP_ACK, "", 0);
	return sum;
}

/* To a device that takes frames only now and then. */
START_TEST(a_slow_device_gets_all_of_a_download)
{
	uint16_t port;
	struct tcp c;
	uint8_t *data = malloc(DOWNLOAD);
	size_t put = 0, got = 0;
	int listener = host_socket(SOCK_STREAM, &port);
	int fd;

	for (size_t i = 0; i < DOWNLOAD; i++)
		data[i] = (uint8_t)i;
	ck_assert_int_eq(listen(listener, 1), 0);
	begin(NULL, 0, false);
	introduce();
	c = tcp_open(USERNET_HOST, port, 3000);
	c.first = c.ack;
	fd = accept_one(listener);
	for (unsigned int turn = 0; got < DOWNLOAD; turn++) {
		ssize_t n = send(fd, data + put, DOWNLOAD - put, MSG_DONTWAIT);

		ck_assert_uint_lt(turn, 100000);
		put += n > 0 ? (size_t)n : 0;
		closed = turn % 3;
		got += take_data(&c);
		forget_frames();
		loop_run_once(loop, 10, &err);
	}
	ck_assert_uint_eq(got, DOWNLOAD);
	ck_assert_uint_gt(refused, 0);
	free(data);
	close(fd);
	close(listener);
}
END_TEST

/* Resident memory of process @pid, in KiB. */
static long resident(pid_t pid)
{
	char path[64];
	char line[200];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	f = fopen(path, "re");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
	fclose(f);
	return strtol(strchr(line, ' '), NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Datagrams for a device that takes none: they stay with the host, which drops what it has no room
 * for, and those that came first arrive, in order. */
START_TEST(a_flood_for_a_device_that_takes_nothing_stays_outside)
{
	struct udp_want want = {.src = USERNET_HOST, .dst_port = 53};
	char spec[64];
	const char *specs[] = {spec};
	uint16_t port = free_port(SOCK_DGRAM), own;
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	uint8_t data[1000] = {0};
	int fd = host_socket(SOCK_DGRAM, &own);
	long before;

	snprintf(spec, sizeof(spec), "udp:127.0.0.1:%u-:53", port);
	begin(specs, 1, false);
	introduce();
	closed = true;
	before = resident(usernet_pid(net));
	for (unsigned int i = 0; i < 20000; i++) {
		st_be32(data, i);
		ck_assert_int_eq(
			sendto(fd, data, sizeof(data), 0, (struct sockaddr *)&to, sizeof(to)),
			sizeof(data));
		if (i % 100 == 0)
			loop_run_once(loop, 1, &err);
	}
	ck_assert_int_lt(resident(usernet_pid(net)) - before, 4096);
	closed = false;
	forget_frames();
	for (unsigned int i = 0; i < 300; i++) {
		const struct kept *f = wait_frame(is_udp, &want, 5000);
		struct udp_way way;
		size_t len;

		ck_assert_ptr_nonnull(f);
		ck_assert_uint_ge(ld_be32(udp_payload(f, &way, &len)), i);
	}
	introduce();
	close(fd);
}
END_TEST

/* A helper that stands still: the device is told to wait, and when to go on; nothing is lost. */
START_TEST(a_device_that_is_too_fast_waits)
{
	struct pollfd fd = {.events = POLLIN};
	struct udp_way way = {.src = USERNET_GUEST, .dst = USERNET_HOST, .src_port = 5000};
	uint8_t frame[FRAME_MAX], data[1000] = {0};
	unsigned int sent = 0, arrived = 0;
	size_t len;

	fd.fd = host_socket(SOCK_DGRAM, &way.dst_port);
	begin(NULL, 0, false);
	introduce();
	memcpy(way.mac, broadcast, ETH_ADDRESS);
	len = frame_make_udp(frame, &way, data, sizeof(data));
	memcpy(frame + ETH_SRC, guest_mac, ETH_ADDRESS);
	kill(usernet_pid(net), SIGSTOP);
	for (sent = 0; net_send(net, NULL, frame, len) == 0; sent++)
		ck_assert_uint_lt(sent, 10000);
	ck_assert_uint_gt(sent, 500);
	ck_assert_int_eq(net_send(net, NULL, frame, len), -EAGAIN);
	ck_assert_int_eq(loop_run_once(loop, 20, &err), 0);
	ck_assert_uint_eq(writable, 0);
	kill(usernet_pid(net), SIGCONT);
	for (int i = 0; i < 500 && !writable; i++)
		loop_run_once(loop, 10, &err);
	ck_assert_uint_eq(writable, 1);
	ck_assert_int_eq(net_send(net, NULL, frame, len), 0);
	net_flush(net);
	introduce(); /* all that was sent before has been looked at */
	while (poll(&fd, 1, 0) == 1 && recv(fd.fd, data, sizeof(data), 0) > 0)
		arrived++;
	ck_assert_uint_gt(arrived, 0); /* the host's socket holds only some */
	ck_assert_uint_eq(net->tx_dropped, 0);
	close(fd.fd);
}
END_TEST

/* The last words of a guest that is turned off at once. */
START_TEST(what_was_sent_before_the_end_arrives)
{
	uint16_t port;
	char got[16];
	struct tcp c;
	int listener = host_socket(SOCK_STREAM, &port);
	int fd;

	ck_assert_int_eq(listen(listener, 1), 0);
	begin(NULL, 0, false);
	introduce();
	c = tcp_open(USERNET_HOST, port, 3000);
	fd = accept_one(listener);
	send_segment(&c, TCP_ACK, "last words", 10);
	net_destroy(net);
	net = NULL;
	ck_assert_int_eq(recv(fd, got, 10, MSG_WAITALL), 10);
	close(fd);
	close(listener);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("usernet_tcp");

	tcase_add_test(tc, a_connection_reaches_the_hosts_loopback_and_ends);
	tcase_add_test(tc, a_port_where_nobody_listens_is_refused);
	tcase_add_test(tc, the_name_server_takes_no_connections);
	tcase_add_test(tc, a_forwarded_port_reaches_the_guest_of_a_restricted_network);
	tcase_add_test(tc, a_restricted_network_lets_no_connection_out);
	tcase_add_test(tc, a_slow_device_gets_all_of_a_download);
	tcase_add_test(tc, a_flood_for_a_device_that_takes_nothing_stays_outside);
	tcase_add_test(tc, a_device_that_is_too_fast_waits);
	tcase_add_test(tc, what_was_sent_before_the_end_arrives);
	return run_tests("usernet_tcp", tc);
}
