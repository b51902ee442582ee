/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/blk_chain.h"

#include "virtio/virtio_regs.h"
#include "vmm/core/le.h"
#include "vmm/host/block/block.h"

#include <errno.h>

#define BLK_HEADER_SIZE 16U
#define BLK_MAX_SEGS	1024U /* descriptors in a chain (contract BLK-23) */

/* Adds a data segment; empty ones are skipped. Too many are an error only for types that use them.
 */
static void parsed_add(struct blk_parsed *p, struct virtq_seg seg)
{
	if (seg.len == 0)
		return;
	if (p->n_data < BLK_SEG_MAX)
		p->data[p->n_data++] = seg;
	else
		p->too_many = true;
	p->bytes += seg.len;
	if (seg.writable)
		p->writable_data = true;
	else
		p->readable_data = true;
}

int blk_chain_parse(const struct guest_mem *mem, const struct virtq_chain *chain,
		    struct blk_parsed *p)
{
	uint8_t header[BLK_HEADER_SIZE];
	uint32_t have = 0;

	if (chain->n > BLK_MAX_SEGS)
		return -EINVAL;
	for (uint32_t i = 0; i + 1 < chain->n; i++) {
		struct virtq_seg seg = chain->segs[i];

		if (have < BLK_HEADER_SIZE && seg.len > 0) {
			uint32_t part = BLK_HEADER_SIZE - have;

			if (seg.writable)
				return -EINVAL;
			if (part > seg.len)
				part = seg.len;
			if (guest_mem_read(mem, seg.addr, header + have, part) < 0)
				return -EINVAL;
			have += part;
			seg.addr += part;
			seg.len -= part;
		}
		parsed_add(p, seg);
	}
	if (have < BLK_HEADER_SIZE)
		return -EINVAL;
	p->type = ld_le32(header);
	p->sector = ld_le64(header + 8);
	return 0;
}

bool blk_chain_allowed(const struct blk_parsed *p, const struct guest_mem *mem, uint64_t size,
		       bool read_only)
{
	uint64_t capacity = size / BLOCK_SECTOR;
	uint64_t sectors = p->bytes / BLOCK_SECTOR;

	if (p->type == VIRTIO_BLK_T_IN ? p->readable_data : p->writable_data)
		return false;
	if (p->type == VIRTIO_BLK_T_OUT && read_only)
		return false;
	if (p->n_data == 0 || p->too_many || p->bytes % BLOCK_SECTOR != 0 ||
	    p->bytes > BLK_MAX_BYTES)
		return false;
	if (p->sector > capacity || sectors > capacity - p->sector)
		return false;
	for (uint32_t i = 0; i < p->n_data; i++)
		if (!guest_mem_contains(mem, p->data[i].addr, p->data[i].len))
			return false;
	return true;
}
