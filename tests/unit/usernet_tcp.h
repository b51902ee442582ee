/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TESTS_USERNET_TCP_H
#define VISE_TESTS_USERNET_TCP_H

/* One TCP connection of the tiny guest: segments by hand, in order, none lost. */

#include "tests/unit/usernet_guest.h"

struct tcp {
	uint32_t peer;
	uint16_t port, peer_port;
	uint32_t seq, ack;
	uint32_t first; /* for the test's own count */
};

/* The payload of the segment that was waited for. */
struct segment {
	uint8_t flags;
	uint32_t seq, ack;
	uint16_t port, peer_port;
	const uint8_t *data;
	size_t len;
};

static inline bool parse_segment(const struct kept *f, struct segment *s)
{
	struct ip_packet ip;
	size_t header;

	if (!frame_parse_ip(f->bytes, f->len, &ip) || ip.protocol != IPV4_TCP)
		return false;
	header = (ip.payload[TCP_OFFSET] >> 4) * 4U;
	*s = (struct segment){
		.flags = ip.payload[TCP_FLAGS],
		.seq = ld_be32(ip.payload + TCP_SEQ),
		.ack = ld_be32(ip.payload + TCP_ACK_NO),
		.peer_port = ld_be16(ip.payload + TCP_SRC),
		.port = ld_be16(ip.payload + TCP_DST),
		.data = ip.payload + header,
		.len = ip.len - header,
	};
	return true;
}

static inline uint16_t tcp_checksum(uint32_t src, uint32_t dst, const uint8_t *p, size_t len)
{
	uint32_t sum = (src >> 16) + (src & 0xffff) + (dst >> 16) + (dst & 0xffff) + IPV4_TCP +
		       (uint32_t)len;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Makes a segment; without flags of the handshake it acknowledges what has come. */
static inline size_t make_segment(uint8_t *frame, const struct tcp *c, uint8_t flags,
				  const void *data, size_t len)
{
	struct udp_way way = {.src = USERNET_GUEST, .dst = c->peer};
	uint8_t body[TCP_HEADER - UDP_HEADER + 1460] = {0};
	uint8_t *h = frame + ETH_HEADER + IPV4_HEADER;
	size_t n;

	/* IPv4 as for a datagram of the same length, then the header of TCP in its place. */
	memcpy(way.mac, broadcast, ETH_ADDRESS);
	memcpy(body + TCP_HEADER - UDP_HEADER, data, len);
	n = frame_make_udp(frame, &way, body, TCP_HEADER - UDP_HEADER + len);
	memcpy(frame + ETH_SRC, guest_mac, ETH_ADDRESS);
	frame[ETH_HEADER + IPV4_PROTOCOL] = IPV4_TCP;
	st_be16(frame + ETH_HEADER + IPV4_CHECKSUM,
		(uint16_t)(ld_be16(frame + ETH_HEADER + IPV4_CHECKSUM) + (IPV4_UDP - IPV4_TCP)));
	memset(h, 0, TCP_HEADER);
	st_be16(h + TCP_SRC, c->port);
	st_be16(h + TCP_DST, c->peer_port);
	st_be32(h + TCP_SEQ, c->seq);
	if (flags & TCP_ACK)
		st_be32(h + TCP_ACK_NO, c->ack);
	h[TCP_OFFSET] = TCP_HEADER / 4U << 4;
	h[TCP_FLAGS] = flags;
	st_be16(h + 14, 65535); /* window */
	st_be16(h + TCP_CHECKSUM, tcp_checksum(USERNET_GUEST, c->peer, h, TCP_HEADER + len));
	return n;
}

static inline void send_segment(struct tcp *c, uint8_t flags, const void *data, size_t len)
{
	uint8_t frame[FRAME_MAX];

	send_frame(frame, make_segment(frame, c, flags, data, len));
	c->seq += (uint32_t)len + !!(flags & TCP_SYN) + !!(flags & TCP_FIN);
}

/* What is waited for: a segment with all of these flags to this port. */
struct segment_want {
	uint8_t flags;
	uint16_t port;
	bool data; /* and bytes in it */
};

static inline const struct kept *is_segment(const struct kept *f, const void *what)
{
	const struct segment_want *want = what;
	struct segment s;

	return parse_segment(f, &s) && (s.flags & want->flags) == want->flags &&
			       s.port == want->port && (!want->data || s.len)
		       ? f
		       : NULL;
}

static inline bool wait_segment(uint16_t port, uint8_t flags, bool data, struct segment *s)
{
	struct segment_want want = {flags, port, data};
	const struct kept *f = wait_frame(is_segment, &want, 5000);

	return f && parse_segment(f, s);
}

/* Opens a connection of the guest. */
static inline struct tcp tcp_open(uint32_t peer, uint16_t peer_port, uint16_t port)
{
	struct tcp c = {.peer = peer, .port = port, .peer_port = peer_port, .seq = 0xfffffff0};
	struct segment s;

	send_segment(&c, TCP_SYN, "", 0);
	ck_assert(wait_segment(port, TCP_SYN | TCP_ACK, false, &s));
	ck_assert_uint_eq(s.ack, c.seq);
	c.ack = s.seq + 1;
	send_segment(&c, TCP_ACK, "", 0);
	return c;
}

/* Takes data that comes, and acknowledges it. */
static inline void tcp_expect(struct tcp *c, const char *text)
{
	struct segment s;

	ck_assert(wait_segment(c->port, TCP_ACK, true, &s));
	ck_assert_uint_eq(s.seq, c->ack);
	ck_assert_uint_eq(s.len, strlen(text));
	ck_assert_mem_eq(s.data, text, s.len);
	c->ack += (uint32_t)s.len;
	send_segment(c, TCP_ACK, "", 0);
}

#endif
