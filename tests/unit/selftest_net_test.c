/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages that the guest's self test exchanges: built and read byte by byte.
 * NOLINTBEGIN(bugprone-not-null-terminated-result): they are bytes, not strings. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "guest-init/selftest/net/dhcp.h"
#include "guest-init/selftest/net/dns.h"
#include "guest-init/selftest/net/http_response.h"
#include "guest-init/selftest/net/offload.h"

static const uint8_t mac[6] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};

/* ---- DHCP ---- */

/* A reply as a server makes it, ended after @options. */
static size_t make_reply(uint8_t *m, const uint8_t *options, size_t len)
{
	memset(m, 0, DHCP_MESSAGE_MAX);
	m[0] = 2;
	m[1] = 1;
	m[2] = 6;
	memcpy(m + 4, "\x11\x22\x33\x44", 4);
	memcpy(m + 16, "\x0a\x00\x02\x0f", 4);
	memcpy(m + 28, mac, 6);
	memcpy(m + 236, "\x63\x82\x53\x63", 4);
	memcpy(m + 240, options, len);
	return 240 + len;
}

static const uint8_t offer[] = {53, 1, 2, 1,  4,  255, 255, 255, 0,   3,  4, 10,  0,   2,   2,
				0,  0, 6, 8,  10, 0,   2,   3,	 8,   8,  8, 8,	  54,  4,   10,
				0,  2, 2, 51, 4,  0,   1,   81,	 128, 12, 3, 'a', 'b', 'c', 255};

START_TEST(asks_for_a_lease)
{
	uint8_t m[DHCP_MESSAGE_MAX];
	struct dhcp_lease want = {.address = 0x0a00020f, .server = 0x0a000202};
	size_t len = dhcp_build(m, DHCP_DISCOVER, 0x11223344, mac, NULL);

	ck_assert_uint_ge(len, 300);
	ck_assert_uint_le(len, DHCP_MESSAGE_MAX);
	ck_assert_mem_eq(m, "\x01\x01\x06\x00\x11\x22\x33\x44\x00\x00\x80\x00", 12);
	ck_assert_mem_eq(m + 28, mac, 6);
	ck_assert_mem_eq(m + 236, "\x63\x82\x53\x63\x35\x01\x01\x37\x04\x01\x03\x06\x33\xff", 14);
	dhcp_build(m, DHCP_REQUEST, 0x11223344, mac, &want);
	ck_assert_mem_eq(m + 240,
			 "\x35\x01\x03\x32\x04\x0a\x00\x02\x0f\x36\x04\x0a\x00\x02\x02\x37", 16);
}
END_TEST

START_TEST(reads_an_offer)
{
	uint8_t m[DHCP_MESSAGE_MAX];
	struct dhcp_lease l;
	size_t len = make_reply(m, offer, sizeof(offer));

	ck_assert_int_eq(dhcp_parse(m, len, 0x11223344, mac, &l), DHCP_OFFER);
	ck_assert_uint_eq(l.address, 0x0a00020f);
	ck_assert_uint_eq(l.mask, 0xffffff00);
	ck_assert_uint_eq(l.router, 0x0a000202);
	ck_assert_uint_eq(l.server, 0x0a000202);
	ck_assert_uint_eq(l.n_dns, 2);
	ck_assert_uint_eq(l.dns[0], 0x0a000203);
	ck_assert_uint_eq(l.dns[1], 0x08080808);
	ck_assert_uint_eq(l.seconds, 86400);
}
END_TEST

START_TEST(refuses_replies_that_are_not_its_own)
{
	uint8_t m[DHCP_MESSAGE_MAX];
	struct dhcp_lease l;
	size_t len = make_reply(m, offer, sizeof(offer));
	static const size_t places[] = {0, 4, 28, 236};

	ck_assert_int_eq(dhcp_parse(m, len, 0x11223345, mac, &l), 0);
	for (size_t i = 0; i < 4; i++) {
		m[places[i]] ^= 1;
		ck_assert_int_eq(dhcp_parse(m, len, 0x11223344, mac, &l), 0);
		m[places[i]] ^= 1;
	}
	/* An offer of nothing, and a type of another direction. */
	memset(m + 16, 0, 4);
	ck_assert_int_eq(dhcp_parse(m, len, 0x11223344, mac, &l), 0);
	make_reply(m, offer, sizeof(offer));
	m[242] = 1;
	ck_assert_int_eq(dhcp_parse(m, len, 0x11223344, mac, &l), 0);
	m[242] = 6;
	ck_assert_int_eq(dhcp_parse(m, len, 0x11223344, mac, &l), DHCP_NAK);
}
END_TEST

/* Every length, in memory of just that length: what reads beyond it is seen by the sanitizer. */
START_TEST(survives_replies_that_break_off)
{
	uint8_t m[DHCP_MESSAGE_MAX];
	size_t whole = make_reply(m, offer, sizeof(offer));
	struct dhcp_lease l;

	for (size_t len = 0; len < whole; len++) {
		uint8_t *cut = malloc(len + 1);
		int type;

		memcpy(cut, m, len);
		type = dhcp_parse(cut, len, 0x11223344, mac, &l);
		ck_assert(type == 0 || (type == DHCP_OFFER && len >= 243));
		free(cut);
	}
}
END_TEST

START_TEST(takes_no_more_servers_than_it_has_room_for)
{
	uint8_t options[3 + 2 + 255 + 1] = {53, 1, 5, 6, 252};
	uint8_t m[DHCP_MESSAGE_MAX];
	struct dhcp_lease l;

	memset(options + 5, 9, 252);
	options[257] = 255;
	ck_assert_int_eq(dhcp_parse(m, make_reply(m, options, 258), 0x11223344, mac, &l), DHCP_ACK);
	ck_assert_uint_eq(l.n_dns, DHCP_DNS_MAX);
	/* Lengths that fit no address. */
	options[4] = 3;
	options[8] = 255;
	ck_assert_int_eq(dhcp_parse(m, make_reply(m, options, 9), 0x11223344, mac, &l), DHCP_ACK);
	ck_assert_uint_eq(l.n_dns, 0);
}
END_TEST

/* ---- DNS ---- */

static const uint8_t reply[] = {
	0x12, 0x34, 0x81, 0x80, 0,   1, 0,   2,	  0,   0,  0, 0,		    /* head */
	4,    'h',  'o',  's',	't', 3, 'l', 'a', 'n', 0,  0, 1,  0, 1,		    /* question */
	0xc0, 12,   0,	  5,	0,   1, 0,   0,	  0,   60, 0, 4,  1, 'x', 0xc0, 17, /* CNAME */
	1,    'x',  0xc0, 17,	0,   1, 0,   1,	  0,   0,  0, 60, 0, 4,	  10,	0,  2, 2, /* A */
};

START_TEST(asks_for_a_name)
{
	uint8_t m[DNS_MESSAGE_MAX];
	char longest[260];

	ck_assert_uint_eq(dns_build(m, 0x1234, "host.lan"), 26);
	ck_assert_mem_eq(m,
			 "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04host\x03lan\x00"
			 "\x00\x01\x00\x01",
			 26);
	ck_assert_uint_eq(dns_build(m, 1, "host.lan."), 26);
	ck_assert_uint_eq(dns_build(m, 1, ""), 0);
	ck_assert_uint_eq(dns_build(m, 1, "."), 0);
	ck_assert_uint_eq(dns_build(m, 1, "a..b"), 0);
	ck_assert_uint_eq(dns_build(m, 1, ".a"), 0);
	memset(longest, 'a', sizeof(longest));
	longest[63] = '\0';
	ck_assert_uint_eq(dns_build(m, 1, longest), 12 + 65 + 4);
	longest[63] = 'a';
	longest[64] = '\0';
	ck_assert_uint_eq(dns_build(m, 1, longest), 0);
	for (size_t i = 0; i < 253; i++)
		longest[i] = i % 50 == 49 ? '.' : 'a';
	longest[253] = '\0';
	ck_assert_uint_eq(dns_build(m, 1, longest), 12 + 255 + 4);
	longest[253] = 'a';
	longest[254] = '\0';
	ck_assert_uint_eq(dns_build(m, 1, longest), 0);
}
END_TEST

START_TEST(finds_the_address_behind_an_alias)
{
	struct dns_answer a;

	ck_assert(dns_parse(reply, sizeof(reply), 0x1234, &a));
	ck_assert(a.found);
	ck_assert_uint_eq(a.address, 0x0a000202);
	ck_assert_uint_eq(a.rcode, 0);
	ck_assert(!dns_parse(reply, sizeof(reply), 0x1235, &a));
}
END_TEST

START_TEST(takes_refusals_for_replies)
{
	uint8_t m[sizeof(reply)];
	struct dns_answer a;

	memcpy(m, reply, sizeof(m));
	m[3] = 0x83;
	ck_assert(dns_parse(m, 12, 0x1234, &a));
	ck_assert_uint_eq(a.rcode, 3);
	ck_assert(!a.found);
	/* A query is no reply. */
	m[2] = 1;
	ck_assert(!dns_parse(m, sizeof(m), 0x1234, &a));
}
END_TEST

START_TEST(survives_answers_that_break_off)
{
	struct dns_answer a;

	for (size_t len = 0; len < sizeof(reply); len++) {
		uint8_t *cut = malloc(len + 1);

		memcpy(cut, reply, len);
		ck_assert(dns_parse(cut, len, 0x1234, &a) == (len >= 12));
		ck_assert(!a.found);
		free(cut);
	}
}
END_TEST

/* ---- HTTP ---- */

static bool parse(const char *text, struct http_head *h)
{
	return http_head_parse(text, strlen(text), h);
}

START_TEST(reads_a_response)
{
	static const char text[] =
		"HTTP/1.1 200 OK\r\nServer: x\r\ncontent-length:  1048576 \r\n"
		"ETag: \"8505ae4435522325\"\r\nX-Aero-Upload-SHA256: abc\r\n\r\nbody";
	struct http_head h;

	ck_assert_uint_eq(http_head_length(text, sizeof(text) - 1), sizeof(text) - 5);
	ck_assert_uint_eq(http_head_length(text, sizeof(text) - 6), 0);
	ck_assert(http_head_parse(text, sizeof(text) - 5, &h));
	ck_assert_int_eq(h.status, 200);
	ck_assert(h.has_length);
	ck_assert_uint_eq(h.length, 1048576);
	ck_assert_str_eq(h.etag, "\"8505ae4435522325\"");
	ck_assert_str_eq(h.digest, "abc");
	ck_assert(parse("HTTP/1.0 404\r\n\r\n", &h));
	ck_assert_int_eq(h.status, 404);
	ck_assert(!h.has_length);
}
END_TEST

START_TEST(refuses_responses_that_are_none)
{
	static const char *const wrong[] = {
		"",
		"HTTP/1.1 20 OK\r\n\r\n",
		"HTTP/2.0 200 OK\r\n\r\n",
		"HTTP/1.1 2000 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
		"HTTP/1.1 200 OK\r\n: x\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
	};
	struct http_head h;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(!parse(wrong[i], &h), "%s", wrong[i]);
}
END_TEST

START_TEST(reads_the_kernels_counters)
{
	struct offload_counts c = {.tcp = 0};
	static const char text[] = "Ip: Forwarding OutRequests\nIp: 1 9\n"
				   "Tcp: RtoAlgorithm MaxConn OutSegs InErrs\nTcp: 1 -1 123 0\n"
				   "Udp: InDatagrams OutDatagrams\nUdp: 7 45\n"
				   "UdpLite: OutDatagrams\nUdpLite: 3\n";

	ck_assert(offload_parse(text, &c));
	ck_assert_uint_eq(c.tcp, 123);
	ck_assert_uint_eq(c.udp, 45);
	ck_assert(!offload_parse("", &c));
	ck_assert(!offload_parse("Tcp: OutSegs\n", &c));
	ck_assert(!offload_parse("Tcp: OutSegs\nTcp:\nUdp: OutDatagrams\nUdp: 1\n", &c));
}
END_TEST

static Suite *net_suite(void)
{
	Suite *s = suite_create("selftest_net");
	TCase *tc = tcase_create("pure");

	tcase_add_test(tc, asks_for_a_lease);
	tcase_add_test(tc, reads_an_offer);
	tcase_add_test(tc, refuses_replies_that_are_not_its_own);
	tcase_add_test(tc, survives_replies_that_break_off);
	tcase_add_test(tc, takes_no_more_servers_than_it_has_room_for);
	tcase_add_test(tc, asks_for_a_name);
	tcase_add_test(tc, finds_the_address_behind_an_alias);
	tcase_add_test(tc, takes_refusals_for_replies);
	tcase_add_test(tc, survives_answers_that_break_off);
	tcase_add_test(tc, reads_a_response);
	tcase_add_test(tc, refuses_responses_that_are_none);
	tcase_add_test(tc, reads_the_kernels_counters);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	SRunner *sr = srunner_create(net_suite());

	srunner_run_all(sr, CK_ENV);
	return srunner_ntests_failed(sr) != 0;
}
/* NOLINTEND(bugprone-not-null-terminated-result) */
