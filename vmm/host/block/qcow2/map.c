/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/qcow2/qcow2.h"

#include <errno.h>

/* From a byte of the disk to where it is: [Cluster mapping]. */

uint64_t qcow2_l2_at(const struct qcow2 *q, uint64_t cluster)
{
	uint64_t table = qcow2_table_entry(&q->l1, cluster >> q->l2_bits) & QCOW2_OFFSET_MASK;
	uint64_t index = cluster & ((1ULL << q->l2_bits) - 1);

	return table ? table + index * 8 : 0;
}

/* A compressed cluster: where its bytes begin, and how many there may be, up to whole sectors. */
static uint64_t compressed_bytes(const struct qcow2 *q, uint64_t entry, uint64_t *offset)
{
	unsigned int offset_bits = 62 - (q->cluster_bits - 8);
	uint64_t sectors = (entry & ~(QCOW2_OFLAG_COPIED | QCOW2_OFLAG_COMPRESSED)) >> offset_bits;

	*offset = entry & ((1ULL << offset_bits) - 1);
	return (sectors + 1) * BLOCK_SECTOR - *offset % BLOCK_SECTOR;
}

uint64_t qcow2_entry_clusters(const struct qcow2 *q, uint64_t entry, uint64_t *first)
{
	uint64_t offset, bytes;

	if (entry & QCOW2_OFLAG_COMPRESSED) {
		bytes = compressed_bytes(q, entry, &offset);
		*first = offset >> q->cluster_bits;
		return ((offset + bytes - 1) >> q->cluster_bits) - *first + 1;
	}
	*first = (entry & QCOW2_OFFSET_MASK) >> q->cluster_bits;
	return *first ? 1 : 0;
}

static int damaged_entry(struct qcow2 *q, uint64_t at, uint64_t entry)
{
	return qcow2_damaged(q,
			     entry & QCOW2_OFLAG_ZERO ? "L2 entry with a flag of version 3"
						      : "L2 entry between clusters",
			     at);
}

/* What @entry is: 0, or -EIO when it is nothing. */
static int classify(struct qcow2 *q, uint64_t entry, uint64_t at, struct qcow2_extent *e)
{
	uint64_t offset = entry & QCOW2_OFFSET_MASK;

	e->entry = entry;
	e->copied = false;
	if (entry & QCOW2_OFLAG_COMPRESSED) {
		e->kind = QCOW2_COMPRESSED;
		e->holds = true;
		return 0;
	}
	if (entry & QCOW2_OFLAG_ZERO && q->header.version < 3)
		return damaged_entry(q, at, entry);
	if (offset % q->cluster_size)
		return damaged_entry(q, at, 0);
	e->holds = offset;
	e->host = offset;
	if (entry & QCOW2_OFLAG_ZERO) {
		e->kind = QCOW2_ZERO;
	} else if (offset) {
		e->kind = QCOW2_DATA;
		e->copied = entry & QCOW2_OFLAG_COPIED;
	} else {
		e->kind = QCOW2_UNALLOCATED;
	}
	return 0;
}

/* Whether the cluster that @next describes goes on where @e, @n clusters so far, ends. */
static bool continues(const struct qcow2 *q, const struct qcow2_extent *e, uint64_t n,
		      const struct qcow2_extent *next)
{
	if (next->kind != e->kind || next->holds != e->holds || e->kind == QCOW2_COMPRESSED)
		return false;
	return e->kind != QCOW2_DATA ||
	       (next->copied == e->copied && next->host == e->host + n * q->cluster_size);
}

int qcow2_map(struct qcow2_op *op, uint64_t at, uint64_t len, struct qcow2_extent *e)
{
	struct qcow2 *q = op->q;
	uint64_t cluster = at >> q->cluster_bits, inside = at & (q->cluster_size - 1);
	uint64_t wanted = (inside + len + q->cluster_size - 1) >> q->cluster_bits, n = 1;
	uint64_t l2_at = qcow2_l2_at(q, cluster);
	uint64_t left = (1ULL << q->l2_bits) - (cluster & ((1ULL << q->l2_bits) - 1));
	struct qcow2_page *page;
	int rc;

	*e = (struct qcow2_extent){.kind = QCOW2_UNALLOCATED};
	if (wanted > left)
		wanted = left;
	if (l2_at % 8 ||
	    (l2_at && (l2_at - (cluster & ((1ULL << q->l2_bits) - 1)) * 8) % q->cluster_size))
		return qcow2_damaged(q, "L2 table between clusters", l2_at);
	if (l2_at) {
		page = qcow2_page_get(op, l2_at, &rc);
		if (!page)
			return rc;
		left = (q->page_size - l2_at % q->page_size) / 8;
		if (wanted > left)
			wanted = left;
		rc = classify(q, ld_be64(qcow2_page_at(q, page, l2_at)), l2_at, e);
		for (; !rc && n < wanted; n++) {
			struct qcow2_extent next = {.kind = QCOW2_UNALLOCATED};
			uint64_t next_at = l2_at + n * 8;

			/* A bad entry is met when its turn comes. */
			if (classify(q, ld_be64(qcow2_page_at(q, page, next_at)), next_at, &next) ||
			    !continues(q, e, n, &next))
				break;
		}
		if (rc)
			return rc;
	} else {
		n = wanted;
	}
	e->host += inside;
	e->len = (n << q->cluster_bits) - inside;
	if (e->len > len)
		e->len = len;
	return 0;
}
