/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_USERNET_FRAME_H
#define VISE_HOST_USERNET_FRAME_H

#include "vmm/host/usernet/frame_regs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Ethernet frames of the guest, which may hold anything, and frames of our own. Numbers in host
 * byte order. Any thread.
 */

/* The longest frame that is made here: an Ethernet of 1500 bytes. */
#define FRAME_MAX	 (ETH_HEADER + 1500U)
#define FRAME_UDP_HEADER (ETH_HEADER + IPV4_HEADER + UDP_HEADER)
#define FRAME_UDP_MAX	 (FRAME_MAX - FRAME_UDP_HEADER) /* payload */

/* An IPv4 packet in a frame; the pointers are into the frame. */
struct ip_packet {
	uint8_t mac[ETH_ADDRESS]; /* who sent the frame */
	uint8_t protocol;
	bool fragment;
	uint32_t src, dst;
	const uint8_t *payload;
	size_t len; /* of the payload, as the header says */
};

/* Who sends a datagram, and to whom. */
struct udp_way {
	uint8_t mac[ETH_ADDRESS]; /* of the guest, to whom the frame goes */
	uint32_t src, dst;
	uint16_t src_port, dst_port;
};

/* False unless @frame holds an IPv4 packet that lies in it whole, with a right header checksum. */
bool frame_parse_ip(const uint8_t *frame, size_t len, struct ip_packet *ip);

/* The payload of a datagram whose length and checksum are right, and its way; NULL otherwise. */
const uint8_t *frame_parse_udp(const struct ip_packet *ip, struct udp_way *way, size_t *len);

/* Writes a frame with a datagram of @len bytes, at most FRAME_UDP_MAX, into @frame of FRAME_MAX
 * bytes; @data may lie in its place already. Returns the frame's length. */
size_t frame_make_udp(uint8_t *frame, const struct udp_way *way, const void *data, size_t len);

/* Writes the reset that refuses the segment in @ip (RFC 9293, 3.5.2) into @frame of FRAME_MAX
 * bytes. Returns the frame's length; 0: what came is not to be answered. */
size_t frame_make_reset(uint8_t *frame, const struct ip_packet *ip);

/* The sum of the Internet checksum (RFC 1071), not folded nor complemented, of @len bytes added to
 * that of what is before, of even length. */
uint32_t frame_sum(uint32_t before, const uint8_t *data, size_t len);

/* Folds and complements such a sum. */
uint16_t frame_fold(uint32_t sum);

/* The checksum of a TCP or UDP packet of @len bytes in all, whose bytes have the sum @sum: adds the
 * pseudo header (RFC 768). Zero when a stored one is among the bytes and right. */
uint16_t frame_transport_checksum(const struct ip_packet *ip, size_t len, uint32_t sum);

/* Puts the UDP and IPv4 checksums right, of a frame that frame_parse_ip() took as unfragmented UDP
 * of UDP_HEADER bytes at least. */
void frame_set_checksums(uint8_t *frame, const struct ip_packet *ip);

#endif
