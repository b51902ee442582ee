/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/net/net_internal.h"

#include <string.h>

/*
 * The Internet checksum (RFC 1071) for backends that want whole frames. The sum does not care about
 * byte order as long as loads and the final store agree, so words are taken as they lie.
 */

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint16_t sum_bytes(const uint8_t *p, size_t len)
{
	uint64_t sum = 0;
	uint16_t last = 0;

	/* 64 KiB hold 2^14 words of 32 bits: the sum stays far below 2^64. */
	for (; len >= 4; p += 4, len -= 4) {
		uint32_t word;

		memcpy(&word, p, sizeof(word));
		sum += word;
	}
	if (len >= 2) {
		memcpy(&last, p, sizeof(last));
		sum += last;
		p += 2;
		len -= 2;
	}
	if (len) {
		last = 0;
		memcpy(&last, p, 1); /* padded with a zero byte behind it */
		sum += last;
	}
	return fold(sum);
}

bool net_csum_complete(uint8_t *frame, size_t len, const struct net_offload *offload)
{
	size_t start = offload->csum_start;
	size_t offset = offload->csum_offset;
	uint16_t sum;

	if (start > len || offset > len - start || len - start - offset < sizeof(sum))
		return false;
	/* The field holds the sum of the pseudo header and is part of what is summed up. */
	sum = (uint16_t)~sum_bytes(frame + start, len - start);
	/* In UDP 0 means that there is no checksum; 0xffff is the same number. */
	if (sum == 0)
		sum = 0xffff;
	memcpy(frame + start + offset, &sum, sizeof(sum));
	return true;
}
