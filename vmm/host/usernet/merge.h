/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_USERNET_MERGE_H
#define VISE_HOST_USERNET_MERGE_H

#include "vmm/host/usernet/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Joins TCP segments of the guest that follow one another into one, as network cards do on receipt.
 * The stack makes a system call of each segment that it takes: so it makes one of many. Only what
 * carries data and nothing special is joined, and only when its checksums are right, for those of
 * the joined one are made from them. For one thread.
 */

#define MERGE_HEADERS (ETH_HEADER + IPV4_HEADER + TCP_HEADER)
#define MERGE_MAX     (ETH_HEADER + 65535U)

struct merge {
	size_t len;	     /* of the frame; 0: empty */
	uint32_t next;	     /* the sequence number that follows */
	uint32_t sum;	     /* of the payload, for the checksum */
	struct ip_packet ip; /* of the first segment; its pointers are not used */
	uint8_t frame[MERGE_MAX];
};

/* Takes a frame whose packet is @ip, if it continues what is there, or there is nothing. False: it
 * was not taken; it must not overtake what is there. */
bool merge_take(struct merge *m, const uint8_t *frame, const struct ip_packet *ip);

/* Finishes what is there: the frame, good until the next merge_take(), and its length; NULL: there
 * is nothing. It is empty then. */
const uint8_t *merge_finish(struct merge *m, size_t *len);

#endif
