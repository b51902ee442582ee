/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/usernet/merge.h"
#include "vmm/host/usernet/usernet.h"

#include <stdlib.h>
#include <string.h>

/*
 * Segments of the guest that may be joined: each record is a byte of flags (bit 0: put the
 * checksums right), a byte of length, and a frame. What comes out is a packet with right checksums
 * that holds as many bytes as were taken.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
	if (!held)
		abort();
}

/* Where the header allows for it. */
static void put_right(uint8_t *frame, size_t len)
{
	uint8_t *ip = frame + ETH_HEADER;
	struct ip_packet packet;
	size_t header;

	if (len < ETH_HEADER + IPV4_HEADER)
		return;
	header = (ip[0] & 0xfU) * 4U;
	if (header < IPV4_HEADER || len - ETH_HEADER < header)
		return;
	st_be16(ip + IPV4_TOTAL, (uint16_t)(len - ETH_HEADER));
	st_be16(ip + IPV4_CHECKSUM, 0);
	st_be16(ip + IPV4_CHECKSUM, frame_fold(frame_sum(0, ip, header)));
	if (!frame_parse_ip(frame, len, &packet) || packet.len < TCP_HEADER)
		return;
	st_be16(ip + header + TCP_CHECKSUM, 0);
	st_be16(ip + header + TCP_CHECKSUM,
		frame_transport_checksum(&packet, packet.len,
					 frame_sum(0, packet.payload, packet.len)));
}

/* Finishes; @taken bytes of data went in. */
static void finish(struct merge *m, size_t *taken)
{
	struct ip_packet ip;
	size_t len;
	const uint8_t *frame = merge_finish(m, &len);

	require(!frame == !*taken);
	if (frame) {
		require(len <= MERGE_MAX && frame_parse_ip(frame, len, &ip));
		require(ip.len == TCP_HEADER + *taken);
		require(!frame_transport_checksum(&ip, ip.len, frame_sum(0, ip.payload, ip.len)));
	}
	*taken = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct merge *m = calloc(1, sizeof(*m));
	size_t taken = 0;

	while (size > 2) {
		size_t len = data[1] < size - 2 ? data[1] : size - 2;
		uint8_t *frame = calloc(1, len + 1);
		struct ip_packet ip;

		memcpy(frame, data + 2, len);
		if (data[0] & 1)
			put_right(frame, len);
		if (frame_parse_ip(frame, len, &ip)) {
			if (!merge_take(m, frame, &ip)) {
				finish(m, &taken);
				if (merge_take(m, frame, &ip))
					taken = ip.len - TCP_HEADER;
			} else {
				taken += ip.len - TCP_HEADER;
			}
		}
		free(frame);
		data += 2 + len;
		size -= 2 + len;
	}
	finish(m, &taken);
	free(m);
	return 0;
}
