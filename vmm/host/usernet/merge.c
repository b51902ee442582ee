/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/usernet/merge.h"

#include "vmm/host/usernet/usernet.h"

#include <string.h>

#define IP(frame)  ((frame) + ETH_HEADER)
#define TCP(frame) ((frame) + ETH_HEADER + IPV4_HEADER)

/* Data, an acknowledgement, no options, nothing special. */
static bool is_plain(const uint8_t *frame, const struct ip_packet *ip)
{
	return ip->protocol == IPV4_TCP && !ip->fragment && ip->len > TCP_HEADER &&
	       ip->payload == TCP(frame) && (ip->payload[TCP_OFFSET] >> 4) * 4U == TCP_HEADER &&
	       (ip->payload[TCP_FLAGS] & ~TCP_PSH) == TCP_ACK;
}

/* Is it the next one of the same connection? All of the headers is equal but lengths, checksums,
 * the packet's number, the sequence number and whether to push. */
static bool follows(const struct merge *m, const uint8_t *frame)
{
	const uint8_t *a = m->frame, *b = frame;

	return ld_be32(TCP(b) + TCP_SEQ) == m->next && memcmp(a, b, ETH_HEADER) == 0 &&
	       memcmp(IP(a), IP(b), IPV4_TOTAL) == 0 &&
	       memcmp(IP(a) + IPV4_FRAGMENT, IP(b) + IPV4_FRAGMENT,
		      IPV4_CHECKSUM - IPV4_FRAGMENT) == 0 &&
	       memcmp(IP(a) + IPV4_SRC, IP(b) + IPV4_SRC, IPV4_HEADER - IPV4_SRC) == 0 &&
	       memcmp(TCP(a), TCP(b), TCP_SEQ) == 0 &&
	       memcmp(TCP(a) + TCP_ACK_NO, TCP(b) + TCP_ACK_NO, sizeof(uint32_t)) == 0 &&
	       memcmp(TCP(a) + TCP_WINDOW, TCP(b) + TCP_WINDOW, sizeof(uint16_t)) == 0;
}

bool merge_take(struct merge *m, const uint8_t *frame, const struct ip_packet *ip)
{
	const uint8_t *data = frame + MERGE_HEADERS;
	size_t len = ip->len - TCP_HEADER;
	uint32_t sum;

	if (!is_plain(frame, ip))
		return false;
	/* An odd length would shift the bytes of those that follow within the checksum's words. */
	if (m->len && (m->len % 2 || sizeof(m->frame) - m->len < len || !follows(m, frame)))
		return false;
	sum = frame_sum(0, data, len);
	if (frame_transport_checksum(ip, ip->len, frame_sum(sum, ip->payload, TCP_HEADER)))
		return false;
	if (!m->len) {
		memcpy(m->frame, frame, MERGE_HEADERS);
		m->len = MERGE_HEADERS;
		m->next = ld_be32(ip->payload + TCP_SEQ);
		m->sum = 0;
		m->ip = *ip;
	}
	TCP(m->frame)[TCP_FLAGS] |= ip->payload[TCP_FLAGS];
	memcpy(m->frame + m->len, data, len);
	m->len += len;
	m->next += (uint32_t)len;
	m->sum += sum;
	return true;
}

const uint8_t *merge_finish(struct merge *m, size_t *len)
{
	uint8_t *ip = IP(m->frame), *tcp = TCP(m->frame);
	size_t total = m->len - ETH_HEADER;

	if (!m->len)
		return NULL;
	st_be16(ip + IPV4_TOTAL, (uint16_t)total);
	st_be16(ip + IPV4_CHECKSUM, 0);
	st_be16(ip + IPV4_CHECKSUM, frame_fold(frame_sum(0, ip, IPV4_HEADER)));
	st_be16(tcp + TCP_CHECKSUM, 0);
	st_be16(tcp + TCP_CHECKSUM, frame_transport_checksum(&m->ip, total - IPV4_HEADER,
							     frame_sum(m->sum, tcp, TCP_HEADER)));
	*len = m->len;
	m->len = 0;
	return m->frame;
}
