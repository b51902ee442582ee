/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/usernet/services.h"

#include "vmm/core/clock.h"
#include "vmm/host/usernet/dhcp.h"
#include "vmm/host/usernet/usernet.h"

#include <string.h>

static void reply(void *arg, const struct udp_way *to, const uint8_t *msg, size_t len)
{
	struct services *s = arg;
	uint8_t frame[FRAME_MAX];
	struct udp_way back = {
		.src = to->dst,
		.dst = to->src,
		.src_port = to->dst_port,
		.dst_port = to->src_port,
	};

	memcpy(back.mac, to->mac, sizeof(back.mac));
	s->send(s->arg, frame, frame_make_udp(frame, &back, msg, len));
}

void services_init(struct services *s, bool restricted, const struct sockaddr_storage *server,
		   socklen_t server_len, void (*send)(void *arg, const uint8_t *frame, size_t len),
		   void *arg)
{
	*s = (struct services){.restricted = restricted, .send = send, .arg = arg};
	resolver_init(&s->resolver, restricted ? NULL : server, server_len, reply, s);
}

void services_fini(struct services *s)
{
	resolver_fini(&s->resolver);
}

static void take_question(struct services *s, const struct udp_way *from, const uint8_t *msg,
			  size_t len, uint64_t now_ns)
{
	struct dns_query query;
	uint8_t answer[DNS_REPLY_MAX];
	uint32_t address;
	unsigned int rcode = DNS_RCODE_OK;
	enum dns_verdict verdict = dns_parse_query(msg, len, &query, &rcode);

	if (verdict == DNS_VERDICT_DROP)
		s->refused++;
	else if (verdict == DNS_VERDICT_ERROR)
		reply(s, from, answer, dns_make_reply(answer, &query, rcode, 0));
	else if (dns_own_name(&query, &address))
		reply(s, from, answer, dns_make_answer(answer, &query, address));
	else if (s->restricted)
		reply(s, from, answer, dns_make_reply(answer, &query, DNS_RCODE_REFUSED, 0));
	else
		resolver_ask(&s->resolver, from, &query, msg, len, now_ns);
}

/* A packet to the name server's address: what is no question is refused, as far as there is a way
 * to say so. Pings are for the stack. */
static bool take_for_server(struct services *s, const struct ip_packet *ip, uint64_t now_ns)
{
	uint8_t frame[FRAME_MAX];
	struct udp_way from;
	size_t len;
	const uint8_t *msg = frame_parse_udp(ip, &from, &len);

	if (ip->protocol == IPV4_ICMP)
		return false;
	if (msg && from.dst_port == DNS_PORT) {
		take_question(s, &from, msg, len, now_ns);
		return true;
	}
	s->refused++;
	len = frame_make_reset(frame, ip);
	if (len)
		s->send(s->arg, frame, len);
	return true;
}

/* The stack reads an ARP packet without a look at the frame's length. */
static bool is_arp(const uint8_t *frame, size_t len)
{
	return len >= ETH_HEADER + ARP_BYTES && ld_be16(frame + ETH_TYPE) == ETH_TYPE_ARP &&
	       frame[ETH_HEADER + ARP_HLN] == ETH_ADDRESS &&
	       frame[ETH_HEADER + ARP_PLN] == sizeof(uint32_t);
}

/* One fragment more in second @now. */
static bool too_many(struct services *s, uint64_t now)
{
	if (s->second != now)
		s->fragments = 0;
	s->second = now;
	return ++s->fragments > SERVICES_FRAGMENTS;
}

bool services_take(struct services *s, const uint8_t *frame, size_t len, uint64_t now_ns)
{
	struct ip_packet ip;

	if (is_arp(frame, len))
		return false;
	if (!frame_parse_ip(frame, len, &ip) || (ip.fragment && too_many(s, now_ns / NS_PER_SEC))) {
		s->refused++;
		return true;
	}
	return ip.dst == USERNET_NAMESERVER && take_for_server(s, &ip, now_ns);
}

void services_amend(const struct services *s, uint8_t *frame, size_t len)
{
	if (s->restricted)
		dhcp_add_nameserver(frame, len);
}
