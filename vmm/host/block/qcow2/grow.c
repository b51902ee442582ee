/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/qcow2/qcow2.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Making of refcount blocks, and of a larger refcount table when it is full.
 *
 * Clusters that have no refcount block yet are free, and nobody can have reserved any of them. So a
 * new block goes into the first of those that it is for, and counts itself; so does a new table
 * with the blocks that its own place needs. All of it is written before anything refers to it.
 */

static void done(struct qcow2_op *op)
{
	free(op->area_bytes);
	op->area_bytes = NULL;
	if (!op->had_meta)
		qcow2_drop_meta(op);
	qcow2_op_next(op, op->after);
}

static uint64_t self_refcount(const struct qcow2_op *op)
{
	const struct qcow2 *q = op->q;
	uint64_t i = op->area & ((1ULL << q->refcounts_bits) - 1);

	return (op->area << q->cluster_bits) + qcow2_refcount_at(q, i);
}

static void block_link(struct qcow2_op *op)
{
	struct qcow2 *q = op->q;
	uint64_t offset = self_refcount(op);
	struct qcow2_page *page = NULL;
	int rc = qcow2_op_error(op);

	if (!rc)
		rc = qcow2_room(op, 0);
	if (!rc)
		rc = qcow2_table_anchor(op, &q->reftable, op->block);
	if (!rc)
		page = qcow2_page_for_change(op, offset, &rc);
	if (!rc)
		rc = cluster_set_add(&q->metadata, op->area);
	if (rc == -EAGAIN)
		return;
	if (rc) {
		qcow2_op_finish(op, rc);
		return;
	}
	qcow2_refcount_set(q, page, op->area & ((1ULL << q->refcounts_bits) - 1), 1);
	qcow2_page_changed(q, page, (unsigned int)(offset % q->page_size), 1,
			   QCOW2_STAGE_REFCOUNTS);
	qcow2_table_set(q, &q->reftable, op->block, op->area << q->cluster_bits);
	done(op);
}

/* ---- a larger table ---- */

static void block_begin(struct qcow2_op *op);

/* How many blocks and clusters of table a new area has. */
static void measure_area(struct qcow2_op *op)
{
	const struct qcow2 *q = op->q;
	uint64_t per_block = 1ULL << q->refcounts_bits, per_table = q->cluster_size / 8;
	uint64_t entries = q->reftable.entries;

	op->area = entries << q->refcounts_bits;
	op->area_blocks = 1;
	for (;;) {
		uint64_t wanted = entries + entries / 2 + op->area_blocks;

		op->area_table = (wanted + per_table - 1) / per_table;
		if (op->area_blocks + op->area_table <= op->area_blocks * per_block)
			return;
		op->area_blocks++;
	}
}

/* The refcounts of an area that is all in use, and after them the table. */
static int fill_area(struct qcow2_op *op)
{
	const struct qcow2 *q = op->q;
	uint64_t used = op->area_blocks + op->area_table;
	unsigned int bits = 1U << q->header.refcount_order;
	uint8_t *table;

	assert(used);
	op->area_bytes = calloc(used, q->cluster_size);
	if (!op->area_bytes)
		return -ENOMEM;
	for (uint64_t i = 0; i < used; i++) {
		/* The last bit of a big-endian number, or the first of a part of a byte. */
		if (bits >= 8)
			op->area_bytes[(i + 1) * bits / 8 - 1] = 1;
		else
			op->area_bytes[i * bits / 8] |= (uint8_t)(1U << i * bits % 8);
	}
	table = op->area_bytes + (op->area_blocks << q->cluster_bits);
	memcpy(table, q->reftable.bytes, (size_t)q->reftable.entries * 8);
	for (uint64_t i = 0; i < op->area_blocks; i++)
		st_be64(table + (q->reftable.entries + i) * 8, (op->area + i) << q->cluster_bits);
	return 0;
}

static void install_table(struct qcow2_op *op, uint8_t *bytes, uint8_t *state)
{
	struct qcow2 *q = op->q;
	struct qcow2_table *t = &q->reftable;

	qcow2_table_forget(q, t);
	free(t->bytes);
	free(t->state);
	t->bytes = bytes;
	t->state = state;
	t->sectors = (op->area_table << q->cluster_bits) / BLOCK_SECTOR;
	memset(state, QCOW2_TABLE_ANCHORED, t->sectors);
	t->offset = (op->area + op->area_blocks) << q->cluster_bits;
	t->entries = (uint32_t)((op->area_table << q->cluster_bits) / 8);
	q->header.reftable_clusters = (uint32_t)op->area_table;
	st_be64(q->header_sector + QCOW2_H_REFTABLE_OFFSET, t->offset);
	st_be32(q->header_sector + QCOW2_H_REFTABLE_CLUSTERS, q->header.reftable_clusters);
	q->header_dirty = true;
}

static void area_link(struct qcow2_op *op)
{
	struct qcow2 *q = op->q;
	uint64_t old = q->reftable.offset >> q->cluster_bits;
	uint64_t n_old = q->header.reftable_clusters, n = op->area_blocks + op->area_table;
	size_t table_bytes = op->area_table << q->cluster_bits;
	uint8_t *bytes = NULL, *state = NULL;
	int rc = qcow2_op_error(op);

	if (!rc)
		rc = qcow2_room(op, qcow2_drop_runs(q, n_old));
	if (!rc)
		rc = qcow2_refcounts_ready(op, old, n_old, true);
	if (!rc)
		rc = cluster_set_reserve(&q->metadata, n);
	if (rc == -EAGAIN)
		return;
	if (!rc) {
		bytes = malloc(table_bytes);
		state = malloc(table_bytes / BLOCK_SECTOR);
		rc = bytes && state ? 0 : -ENOMEM;
	}
	for (uint64_t i = 0; !rc && i < n; i++)
		rc = cluster_set_add(&q->metadata, op->area + i);
	if (rc) {
		free(bytes);
		free(state);
		qcow2_op_finish(op, rc);
		return;
	}
	qcow2_refcounts_drop(op, old, n_old);
	for (uint64_t i = 0; i < n_old; i++)
		cluster_set_del(&q->metadata, old + i);
	memcpy(bytes, op->area_bytes + (op->area_blocks << q->cluster_bits), table_bytes);
	install_table(op, bytes, state);
	free(op->area_bytes);
	op->area_bytes = NULL;
	qcow2_commit_later(q);
	/* The block that was asked for may be one of those just made, or not. */
	qcow2_op_next(op, block_begin);
}

static int area_begin(struct qcow2_op *op)
{
	struct qcow2 *q = op->q;
	uint64_t clusters, end;
	int rc;

	measure_area(op);
	clusters = op->area_blocks + op->area_table;
	end = (op->area + clusters) << q->cluster_bits;
	if (op->area_table << q->cluster_bits > QCOW2_REFTABLE_BYTES_MAX ||
	    end > QCOW2_OFFSET_MASK || (q->device && end > q->file_end))
		return -ENOSPC;
	for (uint64_t i = 0; i < clusters; i++)
		if (cluster_set_has(&q->metadata, op->area + i))
			return qcow2_damaged(q, "metadata without a refcount",
					     (op->area + i) << q->cluster_bits);
	rc = fill_area(op);
	if (rc)
		return rc;
	if (end > q->high)
		q->high = end;
	qcow2_write_file(op, 0, op->area << q->cluster_bits, op->area_bytes,
			 clusters << q->cluster_bits);
	qcow2_op_next(op, area_link);
	return 0;
}

/* ---- a block ---- */

static int block_write(struct qcow2_op *op)
{
	struct qcow2 *q = op->q;
	uint64_t end;

	op->area = op->block << q->refcounts_bits;
	end = (op->area + 1) << q->cluster_bits;
	if (cluster_set_has(&q->metadata, op->area))
		return qcow2_damaged(q, "metadata without a refcount", op->area << q->cluster_bits);
	if (end > QCOW2_OFFSET_MASK || (q->device && end > q->file_end))
		return -ENOSPC;
	if (end > q->high)
		q->high = end;
	qcow2_write_file(op, 0, op->area << q->cluster_bits, q->zeros, q->cluster_size);
	qcow2_op_next(op, block_link);
	return 0;
}

static void block_begin(struct qcow2_op *op)
{
	struct qcow2 *q = op->q;
	int rc = qcow2_op_error(op);

	if (!rc && !qcow2_take_meta(op))
		return;
	if (!rc && qcow2_table_entry(&q->reftable, op->block) & QCOW2_REFTABLE_OFFSET_MASK) {
		done(op);
		return;
	}
	if (!rc)
		rc = op->block < q->reftable.entries ? block_write(op) : area_begin(op);
	if (rc)
		qcow2_op_finish(op, rc);
}

void qcow2_make_refblock(struct qcow2_op *op, uint64_t block)
{
	op->after = op->step;
	op->had_meta = op->q->meta_owner == op;
	op->block = block;
	qcow2_op_next(op, block_begin);
}
