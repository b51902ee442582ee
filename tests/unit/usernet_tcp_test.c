/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/usernet_tcp.h"

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
	tcase_add_test(tc, what_was_sent_before_the_end_arrives);
	return run_tests("usernet_tcp", tc);
}
