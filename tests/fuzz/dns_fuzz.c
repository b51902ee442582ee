/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/usernet/dhcp.h"
#include "vmm/host/usernet/dhcp_regs.h"
#include "vmm/host/usernet/services.h"
#include "vmm/host/usernet/usernet.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/*
 * What stands before the stack of user networking. The first byte says what the rest is: a frame of
 * the guest, a question in a frame with right checksums, a question and what a name server says to
 * it, an answer of the stack's DHCP server, a resolv.conf.
 *
 * What the guest gets parses, and is an answer to its question; an answer that is taken is one to
 * the question; a frame that is amended stays valid.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
	if (!held)
		abort();
}

/* Copies, so that a read beyond the end is seen. */
static uint8_t *exact(const uint8_t *data, size_t size)
{
	uint8_t *copy = calloc(1, size ? size : 1);

	memcpy(copy, data, size);
	return copy;
}

struct guest {
	const uint8_t *question; /* NULL: anything may come */
	size_t question_len;
	unsigned int answers;
};

static void on_send(void *arg, const uint8_t *frame, size_t len)
{
	struct guest *guest = arg;
	struct ip_packet ip;
	struct udp_way way;
	const uint8_t *msg;
	size_t msg_len;

	guest->answers++;
	require(len >= ETH_FRAME_MIN && len <= FRAME_MAX && frame_parse_ip(frame, len, &ip));
	require(ip.src == USERNET_NAMESERVER);
	if (!guest->question) {
		require(ip.protocol == IPV4_TCP || ip.protocol == IPV4_UDP);
		return;
	}
	msg = frame_parse_udp(&ip, &way, &msg_len);
	require(msg && msg_len >= DNS_HEADER && msg_len <= DNS_REPLY_MAX);
	require(guest->question_len >= DNS_HEADER && memcmp(msg, guest->question, 2) == 0);
	require(ld_be16(msg + DNS_FLAGS) & DNS_QR);
}

static void try_frame(struct services *s, const uint8_t *data, size_t size)
{
	uint8_t *frame = exact(data, size);

	services_take(s, frame, size, 0);
	services_amend(s, frame, size);
	free(frame);
}

static void try_question(struct services *s, struct guest *guest, const uint8_t *data, size_t size)
{
	struct udp_way way = {
		.src = USERNET_GUEST,
		.dst = USERNET_NAMESERVER,
		.src_port = 4000,
		.dst_port = DNS_PORT,
	};
	uint8_t frame[FRAME_MAX];
	uint8_t *copy;
	size_t len;

	if (size > FRAME_UDP_MAX)
		return;
	len = frame_make_udp(frame, &way, data, size);
	copy = exact(frame, len);
	guest->question = data;
	guest->question_len = size;
	require(services_take(s, copy, len, 0));
	require(guest->answers <= 1);
	if (size >= DNS_HEADER)
		require(guest->answers == !(ld_be16(data + DNS_FLAGS) & DNS_QR));
	free(copy);
}

/* One byte of length, the question, what is said to it. */
static void try_answer(const uint8_t *data, size_t size)
{
	struct dns_query query;
	unsigned int rcode = 0;
	uint8_t *question, *answer;
	size_t len;

	if (!size || data[0] > size - 1)
		return;
	question = exact(data + 1, data[0]);
	len = size - 1 - data[0];
	answer = exact(data + 1 + data[0], len);
	if (dns_parse_query(question, data[0], &query, &rcode) == DNS_VERDICT_QUERY) {
		uint16_t id = len >= 2 ? ld_be16(answer) : 0;

		require(query.question_len + DNS_HEADER <= data[0]);
		if (dns_is_answer(answer, len, &query, id))
			require(len >= DNS_HEADER + query.question_len &&
				(ld_be16(answer + DNS_FLAGS) & DNS_QR));
		require(!dns_is_answer(answer, len, &query, (uint16_t)(id + 1)));
		if (dns_is_bare_error(answer, len, id))
			require(!dns_is_answer(answer, len, &query, id));
	}
	free(question);
	free(answer);
}

static void try_dhcp(const uint8_t *data, size_t size)
{
	struct udp_way way = {
		.src = USERNET_HOST,
		.dst = UINT32_MAX,
		.src_port = DHCP_SERVER_PORT,
		.dst_port = DHCP_CLIENT_PORT,
	};
	uint8_t frame[FRAME_MAX];
	struct ip_packet ip;
	uint8_t *copy;
	size_t len, msg_len = 0;

	if (size > FRAME_UDP_MAX)
		return;
	len = frame_make_udp(frame, &way, data, size);
	copy = exact(frame, len);
	dhcp_add_nameserver(copy, len);
	require(frame_parse_ip(copy, len, &ip) && frame_parse_udp(&ip, &way, &msg_len));
	require(msg_len == size);
	/* A second time there is one already. */
	memcpy(frame, copy, len);
	dhcp_add_nameserver(copy, len);
	require(memcmp(frame, copy, len) == 0);
	free(copy);
}

static void try_resolv_conf(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct sockaddr_storage server;
	socklen_t len = 0;

	memcpy(text, data, size);
	text[size] = '\0';
	if (resolver_find_server(text, &server, &len))
		require((server.ss_family == AF_INET && len == sizeof(struct sockaddr_in)) ||
			(server.ss_family == AF_INET6 && len == sizeof(struct sockaddr_in6)));
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guest guest = {0};
	struct services s;

	if (!size)
		return 0;
	services_init(&s, data[0] & 0x80, NULL, 0, on_send, &guest);
	switch (data[0] & 0x7f) {
	case 'f':
		try_frame(&s, data + 1, size - 1);
		break;
	case 'q':
		try_question(&s, &guest, data + 1, size - 1);
		break;
	case 'a':
		try_answer(data + 1, size - 1);
		break;
	case 'd':
		try_dhcp(data + 1, size - 1);
		break;
	default:
		try_resolv_conf(data + 1, size - 1);
	}
	services_fini(&s);
	return 0;
}
