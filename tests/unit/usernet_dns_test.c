/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/usernet/dns.h"
#include "vmm/host/usernet/resolver.h"
#include "vmm/host/usernet/usernet.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* DNS messages, and where resolv.conf says that answers come from. */

/* A query as a guest writes it: the header, then what is given. */
struct message {
	uint8_t bytes[600];
	size_t len;
};

static struct message query(uint16_t flags, uint16_t qdcount, const char *rest, size_t len)
{
	struct message m = {.len = DNS_HEADER + len};

	st_be16(m.bytes + DNS_ID, 0xabcd);
	st_be16(m.bytes + DNS_FLAGS, flags);
	st_be16(m.bytes + DNS_QDCOUNT, qdcount);
	memcpy(m.bytes + DNS_HEADER, rest, len);
	return m;
}

#define QUESTION(name, type) name "\0\0" type "\0\1"
#define QUERY(text)	     query(DNS_RD, 1, text, sizeof(text) - 1)

static enum dns_verdict parse(const struct message *m, struct dns_query *q, unsigned int *rcode)
{
	*rcode = 99;
	return dns_parse_query(m->bytes, m->len, q, rcode);
}

/* @m is about a name of ours: the address. */
static uint32_t own(struct message m)
{
	struct dns_query q;
	uint32_t address = 0;
	unsigned int rcode;

	ck_assert_int_eq(parse(&m, &q, &rcode), DNS_VERDICT_QUERY);
	return dns_own_name(&q, &address) ? address : 0;
}

START_TEST(knows_its_own_names_in_either_case)
{
	ck_assert_uint_eq(own(QUERY(QUESTION("\4host\3lan", "\1"))), USERNET_HOST);
	ck_assert_uint_eq(own(QUERY(QUESTION("\4HOST\3Lan", "\1"))), USERNET_HOST);
	ck_assert_uint_eq(own(QUERY(QUESTION("\7gateWAY\3lan", "\1"))), USERNET_HOST);
	ck_assert_uint_eq(own(QUERY(QUESTION("\3dns\3lan", "\34"))), USERNET_NAMESERVER);
	ck_assert_uint_eq(own(QUERY(QUESTION("\4host", "\1"))), 0);
	ck_assert_uint_eq(own(QUERY(QUESTION("\3lan", "\1"))), 0);
	ck_assert_uint_eq(own(QUERY(QUESTION("\1a\4host\3lan", "\1"))), 0);
	ck_assert_uint_eq(own(QUERY(QUESTION("\10host\3lan", "\1"))), 0);
	ck_assert_uint_eq(own(QUERY(QUESTION("", "\1"))), 0);
}
END_TEST

START_TEST(answers_with_the_address_where_one_is_asked_for)
{
	static const struct {
		const char *type;
		uint16_t records;
	} cases[] = {{"\1", 1}, {"\377", 1}, {"\34", 0}, {"\17", 0}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct message m = QUERY(QUESTION("\4hOst\3lan", "\1"));
		uint8_t reply[DNS_REPLY_MAX];
		struct dns_query q;
		unsigned int rcode;
		size_t len;

		m.bytes[m.len - 3] = (uint8_t)cases[i].type[0];
		ck_assert_int_eq(parse(&m, &q, &rcode), DNS_VERDICT_QUERY);
		len = dns_make_answer(reply, &q, USERNET_HOST);
		ck_assert_uint_eq(ld_be16(reply + DNS_ID), 0xabcd);
		ck_assert_uint_eq(ld_be16(reply + DNS_FLAGS), DNS_QR | DNS_AA | DNS_RD | DNS_RA);
		ck_assert_uint_eq(ld_be16(reply + DNS_QDCOUNT), 1);
		ck_assert_uint_eq(ld_be16(reply + DNS_ANCOUNT), cases[i].records);
		/* The question comes back as it was written. */
		ck_assert_mem_eq(reply + DNS_HEADER, m.bytes + DNS_HEADER, m.len - DNS_HEADER);
		ck_assert_uint_eq(len, m.len + (cases[i].records ? 16 : 0));
		if (cases[i].records)
			ck_assert_uint_eq(ld_be32(reply + len - 4), USERNET_HOST);
	}
}
END_TEST

START_TEST(what_is_no_query_gets_no_answer)
{
	struct message m = query(DNS_QR | DNS_RD, 1, "\0\0\1\0\1", 5);
	struct dns_query q;
	unsigned int rcode;

	ck_assert_int_eq(parse(&m, &q, &rcode), DNS_VERDICT_DROP);
	for (m = QUERY(QUESTION("", "\1")), m.len = 0; m.len < DNS_HEADER; m.len++)
		ck_assert_int_eq(parse(&m, &q, &rcode), DNS_VERDICT_DROP);
}
END_TEST

static void expect_error(struct message m, unsigned int want)
{
	uint8_t reply[DNS_REPLY_MAX];
	struct dns_query q;
	unsigned int rcode;
	size_t len;

	ck_assert_int_eq(parse(&m, &q, &rcode), DNS_VERDICT_ERROR);
	ck_assert_uint_eq(rcode, want);
	len = dns_make_reply(reply, &q, rcode, 0);
	ck_assert_uint_eq(len, DNS_HEADER + q.question_len);
	ck_assert_uint_eq(ld_be16(reply + DNS_FLAGS) & DNS_RCODE, want);
	ck_assert_uint_eq(ld_be16(reply + DNS_FLAGS) & DNS_QR, DNS_QR);
}

START_TEST(malformed_queries_are_told_so)
{
	static const uint8_t end[] = {0, 0, 1, 0, 1};
	char name[300];
	struct message m;

	expect_error(query(0x2800, 1, "\0\0\1\0\1", 5), DNS_RCODE_NOTIMP); /* an update */
	expect_error(query(0, 0, "\0\0\1\0\1", 5), DNS_RCODE_FORMERR);
	expect_error(query(0, 2, "\0\0\1\0\1", 5), DNS_RCODE_FORMERR);
	expect_error(query(0, 1, "", 0), DNS_RCODE_FORMERR);
	expect_error(query(0, 1, "\4host", 5), DNS_RCODE_FORMERR);
	expect_error(query(0, 1, "\4host\0\0\1\0", 9), DNS_RCODE_FORMERR);
	expect_error(query(0, 1, "\300\14\0\1\0\1", 6),
		     DNS_RCODE_FORMERR); /* a pointer to itself */
	expect_error(query(0, 1, "\100aaaa\0\0\1\0\1", 10), DNS_RCODE_FORMERR);
	m = QUERY(QUESTION("\4host\3lan", "\1"));
	st_be16(m.bytes + DNS_ANCOUNT, 1);
	expect_error(m, DNS_RCODE_FORMERR);
	/* Labels of one letter without end, and the longest name that there is. */
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = (char)(i % 2 ? 'a' : 1);
	expect_error(query(0, 1, name, sizeof(name)), DNS_RCODE_FORMERR);
	memcpy(name + 254, end, sizeof(end));
	m = query(0, 1, name, 259);
	ck_assert_uint_eq(own(m), 0);
	name[254] = 1;
	name[255] = 'a';
	memcpy(name + 256, end, sizeof(end));
	expect_error(query(0, 1, name, 261), DNS_RCODE_FORMERR);
}
END_TEST

START_TEST(takes_only_the_answer_to_its_question)
{
	struct message m = QUERY(QUESTION("\7example\3com", "\1"));
	struct dns_query q;
	struct message a;
	unsigned int rcode;

	ck_assert_int_eq(parse(&m, &q, &rcode), DNS_VERDICT_QUERY);
	ck_assert(!dns_is_answer(m.bytes, m.len, &q, 0xabcd)); /* itself */
	a = query(DNS_QR, 1, QUESTION("\7eXample\3com", "\1"), 17);
	ck_assert(dns_is_answer(a.bytes, a.len, &q, 0xabcd));
	ck_assert(!dns_is_answer(a.bytes, a.len, &q, 0xabce));
	for (size_t len = 0; len < a.len; len++)
		ck_assert(!dns_is_answer(a.bytes, len, &q, 0xabcd));
	a = query(DNS_QR, 1, QUESTION("\7exampla\3com", "\1"), 17);
	ck_assert(!dns_is_answer(a.bytes, a.len, &q, 0xabcd));
	a = query(DNS_QR, 1, QUESTION("\7example\3com", "\34"), 17);
	ck_assert(!dns_is_answer(a.bytes, a.len, &q, 0xabcd));
	a = query(DNS_QR, 0, QUESTION("\7example\3com", "\1"), 17);
	ck_assert(!dns_is_answer(a.bytes, a.len, &q, 0xabcd));
}
END_TEST

START_TEST(finds_the_first_name_server)
{
	static const struct {
		const char *text, *address; /* NULL: none */
	} cases[] = {
		{"", NULL},
		{"search lan\n", NULL},
		{"nameserver", NULL},
		{"nameserver \n", NULL},
		{"nameserver2 1.2.3.4\n", NULL},
		{"# nameserver 1.2.3.4\nnameserver 127.0.0.53\n", "127.0.0.53"},
		{"nameserver\t9.9.9.9 # quad\nnameserver 1.1.1.1", "9.9.9.9"},
		{"nameserver nonsense\nnameserver 1.1.1.1", "1.1.1.1"},
		{"options edns0\nnameserver ::1\n", "::1"},
		{"nameserver fe80::1%lo\n", "fe80::1"},
		{"nameserver 1.1.1.1.1111111111111111111111111111111111111111111111111111111111"
		 "11111111111\n",
		 NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sockaddr_storage server;
		const struct sockaddr_in *in = (struct sockaddr_in *)&server;
		const struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&server;
		char text[INET6_ADDRSTRLEN];
		socklen_t len;
		bool found = resolver_find_server(cases[i].text, &server, &len);

		ck_assert_msg(found == (cases[i].address != NULL), "%s", cases[i].text);
		if (!found)
			continue;
		inet_ntop(server.ss_family,
			  server.ss_family == AF_INET ? (const void *)&in->sin_addr
						      : (const void *)&in6->sin6_addr,
			  text, sizeof(text));
		ck_assert_str_eq(text, cases[i].address);
		/* The port has one place in both. */
		ck_assert_uint_eq(ntohs(in->sin_port), DNS_PORT);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("usernet_dns");
	TCase *tc = tcase_create("dns");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, knows_its_own_names_in_either_case);
	tcase_add_test(tc, answers_with_the_address_where_one_is_asked_for);
	tcase_add_test(tc, what_is_no_query_gets_no_answer);
	tcase_add_test(tc, malformed_queries_are_told_so);
	tcase_add_test(tc, takes_only_the_answer_to_its_question);
	tcase_add_test(tc, finds_the_first_name_server);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
