/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/usernet_guest.h"

/* The network that a guest sees, with the real vise-net. */

START_TEST(gives_an_address_by_dhcp)
{
	uint32_t address = 0;
	const uint8_t *options;
	size_t len;

	begin(NULL, 0, false);
	dhcp(DHCP_TYPE_DISCOVER, &address, &len);
	ck_assert_uint_eq(address, USERNET_GUEST);
	options = dhcp(DHCP_TYPE_REQUEST, &address, &len);
	ck_assert_uint_eq(address, USERNET_GUEST);
	ck_assert_uint_eq(dhcp_option(options, len, DHCP_OPTION_DNS), USERNET_NAMESERVER);
	ck_assert_uint_eq(dhcp_option(options, len, DHCP_OPTION_ROUTER), USERNET_HOST);
}
END_TEST

START_TEST(a_restricted_one_names_the_name_server_and_no_router)
{
	uint32_t address = 0;
	const uint8_t *options;
	size_t len;

	begin(NULL, 0, true);
	options = dhcp(DHCP_TYPE_DISCOVER, &address, &len);
	ck_assert_uint_eq(address, USERNET_GUEST);
	ck_assert_uint_eq(dhcp_option(options, len, DHCP_OPTION_DNS), USERNET_NAMESERVER);
	ck_assert_uint_eq(dhcp_option(options, len, DHCP_OPTION_ROUTER), 0);
}
END_TEST

START_TEST(host_and_name_server_have_addresses)
{
	uint32_t nameserver = USERNET_NAMESERVER;
	uint8_t frame[FRAME_MAX];

	begin(NULL, 0, false);
	introduce();
	send_frame(frame, make_arp(frame, nameserver));
	ck_assert_ptr_nonnull(wait_frame(is_arp_reply, &nameserver, 5000));
}
END_TEST

static const uint8_t host_lan[] = "\0\7\1\0\0\1\0\0\0\0\0\0\4HoSt\3lAn\0\0\1\0\1";
static const uint8_t other_name[] = "\0\7\1\0\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\1";

START_TEST(knows_the_host_by_name)
{
	struct udp_want want = {USERNET_NAMESERVER, DNS_PORT, 4000};
	const struct kept *f;
	const uint8_t *msg;
	struct udp_way way;
	size_t len;

	begin(NULL, 0, false);
	send_udp(USERNET_GUEST, USERNET_NAMESERVER, 4000, DNS_PORT, host_lan, sizeof(host_lan) - 1);
	f = wait_frame(is_udp, &want, 5000);
	ck_assert_ptr_nonnull(f);
	msg = udp_payload(f, &way, &len);
	ck_assert_uint_eq(ld_be16(msg + DNS_ID), 7);
	ck_assert_uint_eq(ld_be16(msg + DNS_FLAGS) & DNS_RCODE, DNS_RCODE_OK);
	ck_assert_uint_eq(ld_be16(msg + DNS_ANCOUNT), 1);
	ck_assert_uint_eq(ld_be32(msg + len - 4), USERNET_HOST);
}
END_TEST

START_TEST(a_restricted_one_knows_no_other_name)
{
	struct udp_want want = {USERNET_NAMESERVER, DNS_PORT, 4000};
	const struct kept *f;
	struct udp_way way;
	size_t len;

	begin(NULL, 0, true);
	send_udp(USERNET_GUEST, USERNET_NAMESERVER, 4000, DNS_PORT, other_name,
		 sizeof(other_name) - 1);
	f = wait_frame(is_udp, &want, 5000);
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(ld_be16(udp_payload(f, &way, &len) + DNS_FLAGS) & DNS_RCODE,
			  DNS_RCODE_REFUSED);
}
END_TEST

START_TEST(every_question_is_answered_without_a_network_too)
{
	struct udp_want want = {USERNET_NAMESERVER, DNS_PORT, 4000};

	begin(NULL, 0, false);
	send_udp(USERNET_GUEST, USERNET_NAMESERVER, 4000, DNS_PORT, other_name,
		 sizeof(other_name) - 1);
	/* By whoever the host asks, or with a failure, after 5 s at the latest. */
	ck_assert_ptr_nonnull(wait_frame(is_udp, &want, 8000));
}
END_TEST

/* A datagram of the guest to @dst comes back from an echo on the loopback. */
static void expect_echo(uint32_t dst, size_t size)
{
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	uint8_t data[1472], got[2000];
	struct udp_want want = {.src = dst, .dst_port = 5000};
	const struct kept *f;
	const uint8_t *back;
	struct udp_way way;
	uint16_t port;
	size_t len;
	int fd = host_socket(SOCK_DGRAM, &port);
	ssize_t n;

	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)i;
	send_udp(USERNET_GUEST, dst, 5000, port, data, size);
	n = recvfrom(fd, got, sizeof(got), 0, (struct sockaddr *)&from, &from_len);
	ck_assert_int_eq(n, (ssize_t)size);
	ck_assert_mem_eq(got, data, size);
	ck_assert_int_eq(sendto(fd, got, size, 0, (struct sockaddr *)&from, from_len), n);
	f = wait_frame(is_udp, &want, 5000);
	ck_assert_ptr_nonnull(f);
	back = udp_payload(f, &way, &len);
	ck_assert_uint_eq(way.src_port, port);
	ck_assert_uint_eq(len, size);
	ck_assert_mem_eq(back, data, size);
	close(fd);
}

START_TEST(datagrams_reach_the_hosts_loopback_and_back)
{
	begin(NULL, 0, false);
	introduce();
	expect_echo(USERNET_HOST, 32);
	expect_echo(USERNET_HOST, 1400);
	expect_echo(USERNET_HOST, 1472);
}
END_TEST

START_TEST(a_restricted_one_lets_no_datagram_out)
{
	struct pollfd fd = {.events = POLLIN};
	uint16_t port;

	fd.fd = host_socket(SOCK_DGRAM, &port);
	begin(NULL, 0, true);
	introduce();
	send_udp(USERNET_GUEST, USERNET_HOST, 5000, port, "x", 1);
	introduce(); /* the datagram has been looked at */
	ck_assert_int_eq(poll(&fd, 1, 100), 0);
	close(fd.fd);
}
END_TEST

START_TEST(a_forwarded_udp_port_reaches_the_guest)
{
	char spec[64];
	const char *specs[] = {spec};
	uint16_t port = free_port(SOCK_DGRAM);
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct udp_want want = {.src = USERNET_HOST, .dst_port = 53};
	const struct kept *f;
	struct udp_way way;
	char got[16];
	uint16_t own;
	size_t len;
	int fd = host_socket(SOCK_DGRAM, &own);

	snprintf(spec, sizeof(spec), "udp:127.0.0.1:%u-:53", port);
	begin(specs, 1, false);
	introduce();
	ck_assert_int_eq(sendto(fd, "ping", 4, 0, (struct sockaddr *)&to, sizeof(to)), 4);
	f = wait_frame(is_udp, &want, 5000);
	ck_assert_ptr_nonnull(f);
	ck_assert_mem_eq(udp_payload(f, &way, &len), "ping", 4);
	send_udp(USERNET_GUEST, way.src, 53, way.src_port, "pong", 4);
	ck_assert_int_eq(recv(fd, got, sizeof(got), 0), 4);
	ck_assert_mem_eq(got, "pong", 4);
	close(fd);
}
END_TEST

START_TEST(a_port_that_is_taken_is_named)
{
	char spec[64];
	const char *specs[] = {spec};
	uint16_t port;
	int fd = host_socket(SOCK_STREAM, &port);

	ck_assert_int_eq(listen(fd, 1), 0);
	snprintf(spec, sizeof(spec), "tcp:127.0.0.1:%u-:22", port);
	net = open_link(specs, 1, false);
	ck_assert_ptr_nonnull(net);
	ck_assert_int_lt(start_link(), 0);
	ck_assert_msg(strstr(err.text, spec) && strstr(err.text, "cannot listen at 127.0.0.1") &&
			      strstr(err.text, "Address already in use"),
		      "%s", err.text);
	close(fd);
}
END_TEST

START_TEST(wrong_forwards_start_nothing)
{
	const char *bad[] = {"tcp::1-:2", "tcp::x-:2"};
	const char *twice[] = {"tcp::9-:1", "udp::9-:1", "tcp:127.0.0.1:9-:2"};

	ck_assert_ptr_null(open_link(bad, 2, false));
	ck_assert_ptr_nonnull(strstr(err.text, "hostfwd='tcp::x-:2': the host's port"));
	ck_assert_ptr_null(open_link(twice, 3, false));
	ck_assert_ptr_nonnull(strstr(err.text, "takes the port that hostfwd='tcp::9-:1' has"));
	ck_assert_ptr_null(open_link(&twice[1], 1, true));
	ck_assert_ptr_nonnull(strstr(err.text, "hostfwd='udp::9-:1': the guest's datagrams"));
}
END_TEST

START_TEST(a_missing_helper_is_named_with_the_remedy)
{
	struct net_config config = {.kind = NET_USER, .helper = "/nonexistent/vise-net"};

	ck_assert_ptr_null(net_usernet_open(&config, loop, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "/nonexistent/vise-net cannot be started"));
	/* This program has none in its own folder. */
	config.helper = NULL;
	ck_assert_ptr_null(net_usernet_open(&config, loop, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "user networking needs vise-net"));
	ck_assert_ptr_nonnull(strstr(err.text, "WITHOUT_SLIRP"));
}
END_TEST

START_TEST(a_helper_that_only_ends_is_no_network)
{
	struct net_config config = {.kind = NET_USER, .helper = "/bin/true"};

	net = net_usernet_open(&config, loop, &err);
	ck_assert_ptr_nonnull(net);
	ck_assert_int_lt(start_link(), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "before it was ready"));
}
END_TEST

START_TEST(frames_wait_while_the_device_takes_none)
{
	struct udp_want want = {USERNET_NAMESERVER, DNS_PORT, 0};

	begin(NULL, 0, false);
	closed = true;
	for (uint16_t i = 0; i < 40; i++)
		send_udp(USERNET_GUEST, USERNET_NAMESERVER, (uint16_t)(4000 + i), DNS_PORT,
			 host_lan, sizeof(host_lan) - 1);
	for (int i = 0; i < 20; i++)
		loop_run_once(loop, 10, &err);
	ck_assert_uint_eq(refused, 1); /* offered once, then not until asked for */
	ck_assert_uint_eq(n_kept, 0);
	closed = false;
	forget_frames();
	for (uint16_t i = 0; i < 40; i++) {
		const struct kept *f = wait_frame(is_udp, &want, 5000);
		struct udp_way way;
		size_t len;

		ck_assert_ptr_nonnull(f);
		udp_payload(f, &way, &len);
		ck_assert_uint_eq(way.dst_port, 4000 + i);
	}
	ck_assert_uint_lt(batches, 40);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("usernet_process");

	tcase_add_test(tc, gives_an_address_by_dhcp);
	tcase_add_test(tc, a_restricted_one_names_the_name_server_and_no_router);
	tcase_add_test(tc, host_and_name_server_have_addresses);
	tcase_add_test(tc, knows_the_host_by_name);
	tcase_add_test(tc, a_restricted_one_knows_no_other_name);
	tcase_add_test(tc, every_question_is_answered_without_a_network_too);
	tcase_add_test(tc, datagrams_reach_the_hosts_loopback_and_back);
	tcase_add_test(tc, a_restricted_one_lets_no_datagram_out);
	tcase_add_test(tc, a_forwarded_udp_port_reaches_the_guest);
	tcase_add_test(tc, a_port_that_is_taken_is_named);
	tcase_add_test(tc, wrong_forwards_start_nothing);
	tcase_add_test(tc, a_missing_helper_is_named_with_the_remedy);
	tcase_add_test(tc, a_helper_that_only_ends_is_no_network);
	tcase_add_test(tc, frames_wait_while_the_device_takes_none);
	return run_tests("usernet_process", tc);
}
