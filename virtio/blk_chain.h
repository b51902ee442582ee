/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_VIRTIO_BLK_CHAIN_H
#define VISE_VIRTIO_BLK_CHAIN_H

#include "virtio/virtq.h"

#include <stdbool.h>
#include <stdint.h>

/* The chain of a virtio-blk request (virtio 1.2, section 5.2.6), taken apart and judged. No state,
 * no lock; any thread. */

#define BLK_SEG_MAX   126U	 /* data segments of a request that transfers */
#define BLK_MAX_BYTES (4U << 20) /* data in a request */

/* A chain taken apart: header fields and the data segments between header and status. */
struct blk_parsed {
	uint32_t type;
	uint64_t sector;
	gpa_t status_addr;
	uint32_t n_data;
	struct virtq_seg data[BLK_SEG_MAX];
	bool too_many;			   /* more data segments than data[] holds */
	bool readable_data, writable_data; /* some data segment has this direction */
	uint64_t bytes;
};

/*
 * Splits @chain, whose last segment is known to be the status. The header is the first 16 readable
 * bytes, cut anywhere; what follows it in its last descriptor is data. @p->status_addr is left
 * alone. 0 or -EINVAL.
 */
MUST_CHECK int blk_chain_parse(const struct guest_mem *mem, const struct virtq_chain *chain,
			       struct blk_parsed *p);

/* The contract's rules for IN and OUT on a medium of @size bytes: direction, whole sectors, inside
 * the medium, inside RAM. */
bool blk_chain_allowed(const struct blk_parsed *p, const struct guest_mem *mem, uint64_t size,
		       bool read_only);

#endif
