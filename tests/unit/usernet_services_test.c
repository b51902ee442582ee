/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/usernet/services.h"

#include "vmm/host/usernet/usernet.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The name server that the guest sees, before a name server of the test's on the loopback. */

#define EXAMPLE "\7example\3com\0\0\1\0\1"
#define NOW	1000ULL

static struct services services;
static int upstream; /* the host's name server */
static struct sockaddr_storage server;
static uint8_t last[FRAME_MAX]; /* what the guest got */
static size_t last_len;
static unsigned int sent;

static void on_send(void *arg, const uint8_t *frame, size_t len)
{
	(void)arg;
	ck_assert_uint_le(len, sizeof(last));
	memcpy(last, frame, len);
	last_len = len;
	sent++;
}

static void setup(void)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&server;
	socklen_t len = sizeof(*in);

	memset(&server, 0, sizeof(server));
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	upstream = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(upstream, (struct sockaddr *)in, len), 0);
	ck_assert_int_eq(getsockname(upstream, (struct sockaddr *)in, &len), 0);
	services_init(&services, false, &server, len, on_send, NULL);
	sent = 0;
}

static void teardown(void)
{
	services_fini(&services);
	close(upstream);
}

/* A frame of the guest to the name server. */
static size_t make_query(uint8_t *frame, uint16_t id, uint16_t port, const char *question,
			 size_t len)
{
	struct udp_way way = {
		.mac = {1, 2, 3, 4, 5, 6},
		.src = USERNET_GUEST,
		.dst = USERNET_NAMESERVER,
		.src_port = port,
		.dst_port = DNS_PORT,
	};
	uint8_t msg[FRAME_UDP_MAX] = {0};
	size_t n;

	st_be16(msg + DNS_ID, id);
	st_be16(msg + DNS_FLAGS, DNS_RD);
	st_be16(msg + DNS_QDCOUNT, 1);
	memcpy(msg + DNS_HEADER, question, len);
	n = frame_make_udp(frame, &way, msg, DNS_HEADER + len);
	memcpy(frame + ETH_SRC, way.mac, ETH_ADDRESS);
	return n;
}

static void ask(uint16_t id, uint16_t port)
{
	uint8_t frame[FRAME_MAX];
	size_t len = make_query(frame, id, port, EXAMPLE, sizeof(EXAMPLE) - 1);

	ck_assert(services_take(&services, frame, len, NOW));
}

/* What the guest got last: the message, its length, its result. */
static const uint8_t *answer(size_t *len, unsigned int *rcode, uint16_t port)
{
	struct ip_packet ip;
	struct udp_way way;
	const uint8_t *msg;

	ck_assert(frame_parse_ip(last, last_len, &ip));
	msg = frame_parse_udp(&ip, &way, len);
	ck_assert_ptr_nonnull(msg);
	ck_assert_uint_eq(way.src, USERNET_NAMESERVER);
	ck_assert_uint_eq(way.dst, USERNET_GUEST);
	ck_assert_uint_eq(way.src_port, DNS_PORT);
	ck_assert_uint_eq(way.dst_port, port);
	ck_assert_mem_eq(last + ETH_DST, "\1\2\3\4\5\6", 6);
	*rcode = ld_be16(msg + DNS_FLAGS) & DNS_RCODE;
	return msg;
}

/* The name server's side: the question and who asked. */
static ssize_t upstream_recv(uint8_t *msg, size_t size, struct sockaddr_in *from)
{
	struct pollfd fd = {.fd = upstream, .events = POLLIN};
	socklen_t len = sizeof(*from);

	if (poll(&fd, 1, 2000) != 1)
		return -1;
	return recvfrom(upstream, msg, size, 0, (struct sockaddr *)from, &len);
}

static void upstream_send(const void *msg, size_t len, const struct sockaddr_in *to)
{
	ck_assert_int_eq(sendto(upstream, msg, len, 0, (const struct sockaddr *)to, sizeof(*to)),
			 (ssize_t)len);
}

/* Serves what has come over the loopback, which is at once. */
static void serve(uint64_t now)
{
	struct pollfd fds[RESOLVER_QUESTIONS];
	unsigned int n = resolver_poll(&services.resolver, fds);

	poll(fds, n, 100);
	resolver_serve(&services.resolver, now);
}

START_TEST(a_question_is_passed_on_and_its_answer_back)
{
	struct sockaddr_in from;
	uint8_t msg[600];
	unsigned int rcode;
	const uint8_t *got;
	ssize_t n;
	size_t len;

	ask(0x1234, 4000);
	ck_assert_uint_eq(sent, 0);
	n = upstream_recv(msg, sizeof(msg), &from);
	ck_assert_int_eq(n, DNS_HEADER + sizeof(EXAMPLE) - 1);
	st_be16(msg + DNS_FLAGS, DNS_QR | DNS_RD | DNS_RA | 3); /* no such name */
	upstream_send(msg, (size_t)n, &from);
	serve(NOW);
	ck_assert_uint_eq(sent, 1);
	got = answer(&len, &rcode, 4000);
	ck_assert_uint_eq(len, (size_t)n);
	ck_assert_uint_eq(rcode, 3);
	ck_assert_uint_eq(ld_be16(got + DNS_ID), 0x1234);
	ck_assert_uint_eq(services.resolver.outstanding, 0);
	ck_assert_uint_eq(resolver_deadline(&services.resolver), UINT64_MAX);
}
END_TEST

START_TEST(numbers_are_not_the_guests)
{
	struct sockaddr_in from;
	uint8_t msg[600];
	unsigned int same = 0;

	for (uint16_t i = 0; i < 20; i++) {
		ask(7, (uint16_t)(4000 + i));
		ck_assert_int_gt(upstream_recv(msg, sizeof(msg), &from), 0);
		same += ld_be16(msg + DNS_ID) == 7;
	}
	ck_assert_uint_lt(same, 3);
}
END_TEST

START_TEST(what_is_not_the_answer_is_not_taken)
{
	struct sockaddr_in from;
	uint8_t msg[600] = {0};
	ssize_t n;

	ask(1, 4000);
	n = upstream_recv(msg, sizeof(msg), &from);
	ck_assert_int_gt(n, DNS_HEADER);
	upstream_send(msg, (size_t)n, &from); /* a question */
	serve(NOW);
	msg[DNS_FLAGS] = 0x80;
	upstream_send(msg, (size_t)n - 1, &from);
	serve(NOW);
	msg[DNS_ID]++;
	upstream_send(msg, (size_t)n, &from);
	serve(NOW);
	msg[DNS_ID]--;
	upstream_send("", 0, &from);
	serve(NOW);
	ck_assert_uint_eq(sent, 0);
	upstream_send(msg, (size_t)n, &from);
	serve(NOW);
	ck_assert_uint_eq(sent, 1);
}
END_TEST

START_TEST(no_answer_in_time_is_a_failure)
{
	unsigned int rcode;
	size_t len;

	ask(1, 4000);
	ck_assert_uint_eq(resolver_deadline(&services.resolver), NOW + RESOLVER_WAIT_NS);
	resolver_serve(&services.resolver, NOW + RESOLVER_WAIT_NS - 1);
	ck_assert_uint_eq(sent, 0);
	resolver_serve(&services.resolver, NOW + RESOLVER_WAIT_NS);
	ck_assert_uint_eq(sent, 1);
	answer(&len, &rcode, 4000);
	ck_assert_uint_eq(rcode, DNS_RCODE_SERVFAIL);
	ck_assert_uint_eq(services.resolver.outstanding, 0);
}
END_TEST

START_TEST(a_server_that_is_not_there_is_a_failure_at_once)
{
	unsigned int rcode;
	size_t len;

	close(upstream);
	ask(1, 4000);
	serve(NOW);
	ck_assert_uint_eq(sent, 1);
	answer(&len, &rcode, 4000);
	ck_assert_uint_eq(rcode, DNS_RCODE_SERVFAIL);
	upstream = -1;
}
END_TEST

START_TEST(a_host_without_server_fails_at_once)
{
	unsigned int rcode;
	size_t len;

	services_init(&services, false, NULL, 0, on_send, NULL);
	ask(1, 4000);
	ck_assert_uint_eq(sent, 1);
	answer(&len, &rcode, 4000);
	ck_assert_uint_eq(rcode, DNS_RCODE_SERVFAIL);
}
END_TEST

START_TEST(a_bare_error_of_the_server_is_a_failure)
{
	struct sockaddr_in from;
	uint8_t msg[600];
	unsigned int rcode;
	size_t len;

	ask(1, 4000);
	ck_assert_int_gt(upstream_recv(msg, sizeof(msg), &from), 0);
	st_be16(msg + DNS_FLAGS, DNS_QR | DNS_RCODE_FORMERR);
	st_be16(msg + DNS_QDCOUNT, 0);
	upstream_send(msg, DNS_HEADER, &from);
	serve(NOW);
	ck_assert_uint_eq(sent, 1);
	answer(&len, &rcode, 4000);
	ck_assert_uint_eq(rcode, DNS_RCODE_SERVFAIL);
}
END_TEST

START_TEST(an_answer_too_long_for_a_frame_is_marked_as_cut)
{
	struct sockaddr_in from;
	uint8_t msg[4000] = {0};
	unsigned int rcode;
	const uint8_t *got;
	size_t len;

	ask(9, 4000);
	ck_assert_int_gt(upstream_recv(msg, sizeof(msg), &from), 0);
	st_be16(msg + DNS_FLAGS, DNS_QR);
	upstream_send(msg, FRAME_UDP_MAX, &from);
	serve(NOW);
	answer(&len, &rcode, 4000);
	ck_assert_uint_eq(len, FRAME_UDP_MAX);
	ask(9, 4001);
	ck_assert_int_gt(upstream_recv(msg, sizeof(msg), &from), 0);
	st_be16(msg + DNS_FLAGS, DNS_QR);
	upstream_send(msg, sizeof(msg), &from);
	serve(NOW);
	got = answer(&len, &rcode, 4001);
	ck_assert_uint_eq(len, DNS_HEADER + sizeof(EXAMPLE) - 1);
	ck_assert(ld_be16(got + DNS_FLAGS) & DNS_TC);
}
END_TEST

START_TEST(the_table_is_bounded_and_a_repeated_question_takes_no_more_room)
{
	unsigned int rcode;
	size_t len;

	for (uint16_t i = 0; i < RESOLVER_QUESTIONS; i++) {
		ask(5, (uint16_t)(4000 + i));
		ask(5, (uint16_t)(4000 + i));
	}
	ck_assert_uint_eq(services.resolver.outstanding, RESOLVER_QUESTIONS);
	ck_assert_uint_eq(sent, 0);
	ask(5, 6000);
	ck_assert_uint_eq(sent, 1);
	answer(&len, &rcode, 6000);
	ck_assert_uint_eq(rcode, DNS_RCODE_SERVFAIL);
	resolver_serve(&services.resolver, NOW + RESOLVER_WAIT_NS);
	ck_assert_uint_eq(sent, 1 + RESOLVER_QUESTIONS);
	ask(5, 6000);
	ck_assert_uint_eq(services.resolver.outstanding, 1);
}
END_TEST

START_TEST(a_restricted_network_asks_nobody)
{
	struct sockaddr_in from;
	uint8_t frame[FRAME_MAX];
	unsigned int rcode;
	size_t len;

	services_init(&services, true, &server, sizeof(struct sockaddr_in), on_send, NULL);
	ask(1, 4000);
	answer(&len, &rcode, 4000);
	ck_assert_uint_eq(rcode, DNS_RCODE_REFUSED);
	len = make_query(frame, 1, 4001, "\4host\3lan\0\0\1\0\1", 14);
	ck_assert(services_take(&services, frame, len, NOW));
	answer(&len, &rcode, 4001);
	ck_assert_uint_eq(rcode, DNS_RCODE_OK);
	ck_assert_int_lt(recvfrom(upstream, &from, sizeof(from), MSG_DONTWAIT, NULL, NULL), 0);
	ck_assert_int_eq(errno, EAGAIN);
}
END_TEST

/* Each bit of a query turned: never an answer to what has a wrong checksum. */
START_TEST(damaged_frames_are_dropped)
{
	uint8_t frame[FRAME_MAX];
	size_t len = make_query(frame, 1, 4000, "\4host\3lan\0\0\1\0\1", 14);

	for (size_t bit = ETH_HEADER * 8; bit < len * 8; bit++) {
		frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
		services_take(&services, frame, len, NOW);
		frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ck_assert_uint_eq(sent, 0);
	for (size_t cut = 0; cut < len; cut++)
		ck_assert(services_take(&services, frame, cut, NOW));
	ck_assert_uint_eq(sent, 0);
	ck_assert(services_take(&services, frame, len, NOW));
	ck_assert_uint_eq(sent, 1);
}
END_TEST

START_TEST(the_stack_gets_only_what_it_understands)
{
	uint8_t frame[FRAME_MAX];
	size_t len = make_query(frame, 1, 4000, EXAMPLE, sizeof(EXAMPLE) - 1);
	uint8_t arp[ETH_HEADER + ARP_BYTES] = {0};

	st_be16(arp + ETH_TYPE, ETH_TYPE_ARP);
	arp[ETH_HEADER + ARP_HLN] = ETH_ADDRESS;
	arp[ETH_HEADER + ARP_PLN] = 4;
	ck_assert(!services_take(&services, arp, sizeof(arp), NOW));
	ck_assert(services_take(&services, arp, sizeof(arp) - 1, NOW));
	arp[ETH_HEADER + ARP_PLN] = 16;
	ck_assert(services_take(&services, arp, sizeof(arp), NOW));
	st_be16(frame + ETH_TYPE, 0x86dd); /* IPv6 */
	ck_assert(services_take(&services, frame, len, NOW));
	st_be16(frame + ETH_TYPE, ETH_TYPE_IPV4);
	frame[ETH_HEADER + IPV4_DST + 3] = 2; /* for the host: with its checksum */
	ck_assert(services_take(&services, frame, len, NOW));
	frame[ETH_HEADER + IPV4_CHECKSUM + 1]++;
	ck_assert(!services_take(&services, frame, len, NOW));
	ck_assert_uint_eq(sent, 0);
	ck_assert_uint_eq(services.refused, 4);
}
END_TEST

START_TEST(fragments_are_limited_each_second)
{
	uint64_t second = 1000ULL * 1000 * 1000;
	uint8_t frame[FRAME_MAX];
	size_t len = make_query(frame, 1, 4000, EXAMPLE, sizeof(EXAMPLE) - 1);
	uint8_t *ip = frame + ETH_HEADER;

	st_be32(ip + IPV4_DST, USERNET_HOST);
	st_be16(ip + IPV4_FRAGMENT, 0x2000);
	st_be16(ip + IPV4_CHECKSUM, 0);
	st_be16(ip + IPV4_CHECKSUM, frame_fold(frame_sum(0, ip, IPV4_HEADER)));
	for (uint64_t round = 5; round < 7; round++) {
		for (unsigned int i = 0; i < SERVICES_FRAGMENTS; i++)
			ck_assert(!services_take(&services, frame, len, round * second + i));
		ck_assert(services_take(&services, frame, len, (round + 1) * second - 1));
	}
	ck_assert_uint_eq(services.refused, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("usernet_services");
	TCase *tc = tcase_create("services");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_question_is_passed_on_and_its_answer_back);
	tcase_add_test(tc, numbers_are_not_the_guests);
	tcase_add_test(tc, what_is_not_the_answer_is_not_taken);
	tcase_add_test(tc, no_answer_in_time_is_a_failure);
	tcase_add_test(tc, a_server_that_is_not_there_is_a_failure_at_once);
	tcase_add_test(tc, a_host_without_server_fails_at_once);
	tcase_add_test(tc, a_bare_error_of_the_server_is_a_failure);
	tcase_add_test(tc, an_answer_too_long_for_a_frame_is_marked_as_cut);
	tcase_add_test(tc, the_table_is_bounded_and_a_repeated_question_takes_no_more_room);
	tcase_add_test(tc, a_restricted_network_asks_nobody);
	tcase_add_test(tc, damaged_frames_are_dropped);
	tcase_add_test(tc, the_stack_gets_only_what_it_understands);
	tcase_add_test(tc, fragments_are_limited_each_second);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
