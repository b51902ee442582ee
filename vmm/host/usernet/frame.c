/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/usernet/frame.h"

#include "vmm/host/usernet/usernet.h"

#include <arpa/inet.h>
#include <string.h>

#define TTL 64U

uint32_t frame_sum(uint32_t before, const uint8_t *data, size_t len)
{
	uint64_t sum = 0;
	uint64_t word = 0;

	/* Words of any size and order may be added, as RFC 1071, section 2 shows: the halves of
	 * eight bytes at a time, and the bytes of the result are exchanged at the end. */
	for (; len >= sizeof(word); data += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		sum += (word & UINT32_MAX) + (word >> 32);
	}
	word = 0;
	memcpy(&word, data, len);
	sum += (word & UINT32_MAX) + (word >> 32);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return before + ntohs((uint16_t)sum);
}

uint16_t frame_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint16_t frame_transport_checksum(const struct ip_packet *ip, size_t len, uint32_t sum)
{
	return frame_fold(sum + (ip->src >> 16) + (ip->src & 0xffff) + (ip->dst >> 16) +
			  (ip->dst & 0xffff) + ip->protocol + (uint32_t)len);
}

static uint16_t checksum_of(const struct ip_packet *ip, const uint8_t *data, size_t len)
{
	return frame_transport_checksum(ip, len, frame_sum(0, data, len));
}

bool frame_parse_ip(const uint8_t *frame, size_t len, struct ip_packet *ip)
{
	const uint8_t *h = frame + ETH_HEADER;
	size_t header, total;

	if (len < ETH_HEADER + IPV4_HEADER || ld_be16(frame + ETH_TYPE) != ETH_TYPE_IPV4)
		return false;
	header = (h[IPV4_VERSION_IHL] & 0xfU) * 4U;
	total = ld_be16(h + IPV4_TOTAL);
	if (h[IPV4_VERSION_IHL] >> 4 != 4 || header < IPV4_HEADER || total < header ||
	    len - ETH_HEADER < total || frame_fold(frame_sum(0, h, header)))
		return false;
	*ip = (struct ip_packet){
		.protocol = h[IPV4_PROTOCOL],
		.fragment = ld_be16(h + IPV4_FRAGMENT) & IPV4_FRAGMENTED,
		.src = ld_be32(h + IPV4_SRC),
		.dst = ld_be32(h + IPV4_DST),
		.payload = h + header,
		.len = total - header,
	};
	memcpy(ip->mac, frame + ETH_SRC, ETH_ADDRESS);
	return true;
}

const uint8_t *frame_parse_udp(const struct ip_packet *ip, struct udp_way *way, size_t *len)
{
	const uint8_t *h = ip->payload;
	size_t total;

	if (ip->protocol != IPV4_UDP || ip->fragment || ip->len < UDP_HEADER)
		return NULL;
	total = ld_be16(h + UDP_LENGTH);
	if (total < UDP_HEADER || total > ip->len)
		return NULL;
	if (ld_be16(h + UDP_CHECKSUM) && checksum_of(ip, h, total))
		return NULL;
	*way = (struct udp_way){
		.src = ip->src,
		.dst = ip->dst,
		.src_port = ld_be16(h + UDP_SRC),
		.dst_port = ld_be16(h + UDP_DST),
	};
	memcpy(way->mac, ip->mac, ETH_ADDRESS);
	*len = total - UDP_HEADER;
	return h + UDP_HEADER;
}

/* Ethernet and IPv4 headers for @len bytes of @protocol, which follow. */
static void make_headers(uint8_t *frame, const uint8_t *mac, uint32_t src, uint32_t dst,
			 uint8_t protocol, size_t len)
{
	uint8_t *h = frame + ETH_HEADER;

	memcpy(frame + ETH_DST, mac, ETH_ADDRESS);
	frame[ETH_SRC] = USERNET_MAC_0;
	frame[ETH_SRC + 1] = USERNET_MAC_1;
	st_be32(frame + ETH_SRC + 2, src);
	st_be16(frame + ETH_TYPE, ETH_TYPE_IPV4);
	memset(h, 0, IPV4_HEADER);
	h[IPV4_VERSION_IHL] = 4U << 4 | IPV4_HEADER / 4U;
	st_be16(h + IPV4_TOTAL, (uint16_t)(IPV4_HEADER + len));
	h[IPV4_TTL] = TTL;
	h[IPV4_PROTOCOL] = protocol;
	st_be32(h + IPV4_SRC, src);
	st_be32(h + IPV4_DST, dst);
	st_be16(h + IPV4_CHECKSUM, frame_fold(frame_sum(0, h, IPV4_HEADER)));
}

/* Zeros to the end of the shortest frame. */
static size_t pad(uint8_t *frame, size_t len)
{
	if (len >= ETH_FRAME_MIN)
		return len;
	memset(frame + len, 0, ETH_FRAME_MIN - len);
	return ETH_FRAME_MIN;
}

/* A UDP checksum of zero would say that there is none (RFC 768). */
static uint16_t udp_checksum(uint32_t src, uint32_t dst, const uint8_t *h, size_t len)
{
	struct ip_packet ip = {.protocol = IPV4_UDP, .src = src, .dst = dst};
	uint16_t checksum = checksum_of(&ip, h, len);

	return checksum ? checksum : UINT16_MAX;
}

size_t frame_make_udp(uint8_t *frame, const struct udp_way *way, const void *data, size_t len)
{
	uint8_t *h = frame + ETH_HEADER + IPV4_HEADER;
	size_t total = UDP_HEADER + len;

	memmove(h + UDP_HEADER, data, len);
	make_headers(frame, way->mac, way->src, way->dst, IPV4_UDP, total);
	st_be16(h + UDP_SRC, way->src_port);
	st_be16(h + UDP_DST, way->dst_port);
	st_be16(h + UDP_LENGTH, (uint16_t)total);
	st_be16(h + UDP_CHECKSUM, 0);
	st_be16(h + UDP_CHECKSUM, udp_checksum(way->src, way->dst, h, total));
	return pad(frame, ETH_HEADER + IPV4_HEADER + total);
}

size_t frame_make_reset(uint8_t *frame, const struct ip_packet *ip)
{
	const uint8_t *in = ip->payload;
	uint8_t *h = frame + ETH_HEADER + IPV4_HEADER;
	size_t header;

	if (ip->protocol != IPV4_TCP || ip->fragment || ip->len < TCP_HEADER ||
	    (in[TCP_FLAGS] & TCP_RST) || checksum_of(ip, in, ip->len))
		return 0;
	header = (in[TCP_OFFSET] >> 4) * 4U;
	if (header < TCP_HEADER || header > ip->len)
		return 0;
	memset(h, 0, TCP_HEADER);
	memcpy(h + TCP_SRC, in + TCP_DST, 2);
	memcpy(h + TCP_DST, in + TCP_SRC, 2);
	if (in[TCP_FLAGS] & TCP_ACK) {
		memcpy(h + TCP_SEQ, in + TCP_ACK_NO, 4);
		h[TCP_FLAGS] = TCP_RST;
	} else {
		st_be32(h + TCP_ACK_NO, ld_be32(in + TCP_SEQ) + (uint32_t)(ip->len - header) +
						!!(in[TCP_FLAGS] & TCP_SYN) +
						!!(in[TCP_FLAGS] & TCP_FIN));
		h[TCP_FLAGS] = TCP_RST | TCP_ACK;
	}
	h[TCP_OFFSET] = TCP_HEADER / 4U << 4;
	/* The pseudo header is the same both ways. */
	st_be16(h + TCP_CHECKSUM, checksum_of(ip, h, TCP_HEADER));
	make_headers(frame, ip->mac, ip->dst, ip->src, IPV4_TCP, TCP_HEADER);
	return pad(frame, ETH_HEADER + IPV4_HEADER + TCP_HEADER);
}

void frame_set_checksums(uint8_t *frame, const struct ip_packet *ip)
{
	uint8_t *ip_header = frame + ETH_HEADER;
	uint8_t *h = frame + (ip->payload - frame);
	size_t header = (size_t)(h - ip_header);

	st_be16(ip_header + IPV4_CHECKSUM, 0);
	st_be16(ip_header + IPV4_CHECKSUM, frame_fold(frame_sum(0, ip_header, header)));
	st_be16(h + UDP_CHECKSUM, 0);
	st_be16(h + UDP_CHECKSUM, udp_checksum(ip->src, ip->dst, h, ld_be16(h + UDP_LENGTH)));
}
