/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/qcow2/qcow2.h"

#include "vmm/core/log.h"

#include <errno.h>
#include <inttypes.h>

/* Refcounts, and the search for free clusters: [Host cluster management]. */

int qcow2_damaged(struct qcow2 *q, const char *what, uint64_t offset)
{
	if (!q->damaged)
		log_error("disk image %s: %s at %#" PRIx64 ": the image is damaged, and nothing is "
			  "allocated in it any more; run qemu-img check -r all",
			  q->path, what, offset);
	q->damaged = true;
	return -EIO;
}

/* ---- one refcount ---- */

uint64_t qcow2_refcount_at(const struct qcow2 *q, uint64_t i)
{
	return (i << q->header.refcount_order) / 8;
}

static uint64_t refcount_get(const struct qcow2 *q, struct qcow2_page *page, uint64_t i)
{
	unsigned int order = q->header.refcount_order;
	const uint8_t *p = page->bytes + qcow2_refcount_at(q, i) % q->page_size;

	switch (order) {
	case 6:
		return ld_be64(p);
	case 5:
		return ld_be32(p);
	case 4:
		return ld_be16(p);
	case 3:
		return *p;
	default:
		return *p >> ((i << order) % 8) & ((1U << (1U << order)) - 1);
	}
}

void qcow2_refcount_set(struct qcow2 *q, struct qcow2_page *page, uint64_t i, uint64_t value)
{
	unsigned int order = q->header.refcount_order;
	uint8_t *p = page->bytes + qcow2_refcount_at(q, i) % q->page_size;
	unsigned int shift, mask;

	switch (order) {
	case 6:
		st_be64(p, value);
		break;
	case 5:
		st_be32(p, (uint32_t)value);
		break;
	case 4:
		st_be16(p, (uint16_t)value);
		break;
	case 3:
		*p = (uint8_t)value;
		break;
	default:
		shift = (unsigned int)(i << order) % 8;
		mask = (1U << (1U << order)) - 1;
		*p = (uint8_t)((*p & ~(mask << shift)) | (unsigned int)value << shift);
	}
}

/* ---- blocks ---- */

static uint64_t index_in_block(const struct qcow2 *q, uint64_t cluster)
{
	return cluster & ((1ULL << q->refcounts_bits) - 1);
}

/* Where the refcount of @cluster lies in the file; 0 when it has no block. */
static uint64_t refcount_offset(const struct qcow2 *q, uint64_t cluster)
{
	uint64_t block = qcow2_table_entry(&q->reftable, cluster >> q->refcounts_bits) &
			 QCOW2_REFTABLE_OFFSET_MASK;

	return block ? block + qcow2_refcount_at(q, index_in_block(q, cluster)) : 0;
}

/* How many refcounts from that of @cluster on lie in its page. */
static uint64_t left_in_page(const struct qcow2 *q, uint64_t cluster)
{
	uint64_t in_page = ((uint64_t)q->page_size * 8) >> q->header.refcount_order;

	return in_page - (index_in_block(q, cluster) & (in_page - 1));
}

uint64_t qcow2_drop_runs(const struct qcow2 *q, uint64_t n)
{
	uint64_t in_page = ((uint64_t)q->page_size * 8) >> q->header.refcount_order;

	return n / in_page + 2;
}

int qcow2_refcounts_ready(struct qcow2_op *op, uint64_t first, uint64_t n, bool drop)
{
	struct qcow2 *q = op->q;
	int rc;

	while (n) {
		uint64_t offset = refcount_offset(q, first), run = left_in_page(q, first);
		struct qcow2_page *page;

		if (run > n)
			run = n;
		if (!offset)
			return qcow2_damaged(q, "cluster in use without a refcount",
					     first << q->cluster_bits);
		page = qcow2_page_for_change(op, offset, &rc);
		if (!page)
			return rc;
		for (uint64_t i = 0; drop && i < run; i++)
			if (!refcount_get(q, page, index_in_block(q, first + i)))
				return qcow2_damaged(q, "cluster in use with a refcount of 0",
						     (first + i) << q->cluster_bits);
		first += run;
		n -= run;
	}
	return 0;
}

void qcow2_refcounts_take(struct qcow2_op *op, uint64_t first, uint64_t n)
{
	struct qcow2 *q = op->q;
	int rc;

	for (; n; first++, n--) {
		uint64_t i = index_in_block(q, first), offset = refcount_offset(q, first);
		/* It is there: qcow2_refcounts_ready() has just seen it. */
		struct qcow2_page *page = qcow2_page_get(op, offset, &rc);

		qcow2_refcount_set(q, page, i, 1);
		qcow2_page_changed(q, page, (unsigned int)(offset % q->page_size), 1,
				   QCOW2_STAGE_REFCOUNTS);
	}
}

void qcow2_refcounts_drop(struct qcow2_op *op, uint64_t first, uint64_t n)
{
	struct qcow2 *q = op->q;
	int rc;

	while (n) {
		struct qcow2_drop *drop = &q->drops[q->n_drops++];
		uint64_t run = left_in_page(q, first);

		drop->cluster = first;
		drop->n = run < n ? run : n;
		drop->page = qcow2_page_get(op, refcount_offset(q, first), &rc);
		drop->page->pins++;
		first += drop->n;
		n -= drop->n;
	}
	qcow2_commit_later(q);
}

uint8_t qcow2_refcounts_lower(struct qcow2 *q, const struct qcow2_drop *drop)
{
	uint8_t changed = 0;

	for (uint64_t k = 0; k < drop->n; k++) {
		uint64_t i = index_in_block(q, drop->cluster + k);
		uint64_t value = refcount_get(q, drop->page, i);

		/* Several references that were dropped together were more than there are. */
		if (!value) {
			qcow2_damaged(q, "cluster in use with a refcount of 0",
				      (drop->cluster + k) << q->cluster_bits);
			continue;
		}
		qcow2_refcount_set(q, drop->page, i, value - 1);
		changed |= (uint8_t)(1U << qcow2_refcount_at(q, i) % q->page_size / BLOCK_SECTOR);
	}
	return changed;
}

/* ---- the search ---- */

/* Where the run of clusters that holds @cluster back ends, and @cluster itself when nothing does:
 * another operation has reserved it, or a commit that is not finished frees it. */
static uint64_t held_until(const struct qcow2 *q, uint64_t cluster)
{
	for (unsigned int i = 0; i < QCOW2_OPS; i++) {
		const struct qcow2_op *op = &q->ops[i];

		if (op->n_reserved && cluster >= op->reserved &&
		    cluster - op->reserved < op->n_reserved)
			return op->reserved + op->n_reserved;
	}
	for (unsigned int i = 0; i < q->commit.n_freed; i++) {
		const struct qcow2_drop *drop = &q->commit.freed[i];

		if (cluster >= drop->cluster && cluster - drop->cluster < drop->n)
			return drop->cluster + drop->n;
	}
	return cluster;
}

/* Whether there is room in the file for @cluster: 0 or the error. */
static int check_place(struct qcow2 *q, uint64_t cluster)
{
	uint64_t end = (cluster + 1) << q->cluster_bits;

	if (cluster >= QCOW2_OFFSET_MASK >> q->cluster_bits || (q->device && end > q->file_end))
		return -ENOSPC;
	return 0;
}

/* Goes on from op->scan until @run holds enough: 0, -EAGAIN, or the error. */
static int scan(struct qcow2_op *op, uint64_t n, uint64_t min, uint64_t *run)
{
	struct qcow2 *q = op->q;
	uint64_t at = op->scan;
	struct qcow2_page *page = NULL;
	uint64_t page_left = 0;
	int rc;

	for (*run = 0; *run < n; at++, page_left--) {
		rc = check_place(q, at);
		if (rc)
			return *run >= min ? 0 : rc;
		if (!page_left) {
			uint64_t offset = refcount_offset(q, at);

			if (!offset) {
				if (*run >= min)
					return 0;
				op->scan = at;
				qcow2_make_refblock(op, at >> q->refcounts_bits);
				return -EAGAIN;
			}
			page = qcow2_page_get(op, offset, &rc);
			if (!page)
				return rc;
			page_left = left_in_page(q, at);
		}
		if (!refcount_get(q, page, index_in_block(q, at)) && held_until(q, at) == at) {
			if (cluster_set_has(&q->metadata, at))
				return qcow2_damaged(q, "metadata with a refcount of 0",
						     at << q->cluster_bits);
			++*run;
			continue;
		}
		if (*run >= min)
			return 0;
		*run = 0;
		op->scan = at + 1;
	}
	return 0;
}

int qcow2_reserve(struct qcow2_op *op, uint64_t n, uint64_t min)
{
	struct qcow2 *q = op->q;
	uint64_t run, end;
	int rc;

	if (op->n_reserved)
		return 0;
	if (q->damaged)
		return -EIO;
	if (!op->scanning) {
		op->scanning = true;
		op->scan = q->cursor;
	}
	rc = scan(op, n, min, &run);
	if (rc)
		return rc;
	op->scanning = false;
	op->reserved = op->scan;
	op->n_reserved = run;
	op->fresh = !q->device && op->reserved << q->cluster_bits >= q->high;
	end = (op->reserved + run) << q->cluster_bits;
	if (end > q->high)
		q->high = end;
	if (min == 1)
		q->cursor = op->reserved + run;
	return 0;
}

void qcow2_unreserve(struct qcow2_op *op)
{
	if (op->n_reserved && op->reserved < op->q->cursor)
		op->q->cursor = op->reserved;
	op->n_reserved = 0;
}
