/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/qcow2/qcow2.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/*
 * Growth of the disk. New clusters are not allocated and so read as zeros; what the last cluster
 * had behind the old end is zeroed first. The L1 table moves when it is too short, with the header,
 * in one commit. Shrinking would have to free clusters in bulk; qemu-img does that.
 */

static int refuse(const struct qcow2 *q, uint64_t size, struct err *err)
{
	unsigned int table_bits = q->cluster_bits + q->l2_bits;

	if (q->blk.read_only)
		return err_set(err, -EROFS,
			       "disk image %s: opened for reading only; its size stays", q->path);
	if (size < q->blk.size)
		return err_set(err, -ENOTSUP,
			       "disk image %s: a qcow2 image of %" PRIu64 " bytes only grows; stop "
			       "the machine and use qemu-img resize --shrink",
			       q->path, q->blk.size);
	if (size > QCOW2_OFFSET_MASK || ((size - 1) >> table_bits) >= QCOW2_L1_BYTES_MAX / 8)
		return err_set(
			err, -EFBIG,
			"disk image %s: with clusters of %" PRIu64 " bytes it can have at most "
			"%" PRIu64 " bytes",
			q->path, q->cluster_size, (uint64_t)(QCOW2_L1_BYTES_MAX / 8) << table_bits);
	if (q->backing && q->backing->size > q->blk.size)
		return err_set(
			err, -ENOTSUP,
			"disk image %s: its backing file is larger and would show in the new "
			"space; use qemu-img rebase first",
			q->path);
	return 0;
}

/* ---- the rest of the last cluster ---- */

static void tail_step(struct qcow2_op *op)
{
	struct qcow2_extent e;
	int rc = qcow2_op_error(op);

	if (!rc)
		rc = qcow2_map(op, op->at, op->end - op->at, &e);
	if (rc == -EAGAIN)
		return;
	if (rc || e.kind == QCOW2_ZERO || e.kind == QCOW2_UNALLOCATED)
		qcow2_op_finish(op, rc);
	else
		qcow2_op_next(op, qcow2_write_step);
}

/* ---- the L1 table and the header ---- */

static uint64_t l1_entries_for(const struct qcow2 *q, uint64_t size)
{
	return ((size - 1) >> (q->cluster_bits + q->l2_bits)) + 1;
}

static uint64_t l1_clusters(const struct qcow2 *q, uint64_t entries)
{
	return (entries * 8 + q->cluster_size - 1) >> q->cluster_bits;
}

static void set_size(struct qcow2 *q, uint64_t size)
{
	st_be64(q->header_sector + QCOW2_H_SIZE, size);
	q->header_dirty = true;
	q->header.size = size;
	q->blk.size = size;
	qcow2_commit_later(q);
}

static void install_l1(struct qcow2_op *op, uint64_t entries, uint8_t *state)
{
	struct qcow2 *q = op->q;
	struct qcow2_table *t = &q->l1;

	qcow2_table_forget(q, t);
	free(t->bytes);
	free(t->state);
	t->bytes = op->area_bytes;
	op->area_bytes = NULL;
	t->state = state;
	t->offset = op->reserved << q->cluster_bits;
	t->entries = (uint32_t)entries;
	t->sectors = (size_t)(op->n_reserved << q->cluster_bits) / BLOCK_SECTOR;
	memset(state, QCOW2_TABLE_ANCHORED, t->sectors);
	q->header.l1_entries = t->entries;
	st_be64(q->header_sector + QCOW2_H_L1_TABLE_OFFSET, t->offset);
	st_be32(q->header_sector + QCOW2_H_L1_SIZE, t->entries);
}

static void l1_link(struct qcow2_op *op)
{
	struct qcow2 *q = op->q;
	uint64_t old = q->l1.offset >> q->cluster_bits, n_old = l1_clusters(q, q->l1.entries);
	uint8_t *state = NULL;
	int rc = qcow2_op_error(op);

	if (!rc)
		rc = qcow2_room(op, qcow2_drop_runs(q, n_old));
	if (!rc)
		rc = qcow2_refcounts_ready(op, op->reserved, op->n_reserved, false);
	if (!rc)
		rc = qcow2_refcounts_ready(op, old, n_old, true);
	if (!rc)
		rc = cluster_set_reserve(&q->metadata, op->n_reserved);
	if (rc == -EAGAIN)
		return;
	if (!rc) {
		state = malloc((size_t)(op->n_reserved << q->cluster_bits) / BLOCK_SECTOR);
		rc = state ? 0 : -ENOMEM;
	}
	/* The search has seen that none of them is in the set. */
	for (uint64_t i = 0; !rc && i < op->n_reserved; i++)
		rc = cluster_set_add(&q->metadata, op->reserved + i);
	if (rc) {
		free(state);
		qcow2_op_finish(op, rc);
		return;
	}
	qcow2_refcounts_take(op, op->reserved, op->n_reserved);
	qcow2_refcounts_drop(op, old, n_old);
	for (uint64_t i = 0; i < n_old; i++)
		cluster_set_del(&q->metadata, old + i);
	install_l1(op, l1_entries_for(q, op->new_size), state);
	op->n_reserved = 0;
	set_size(q, op->new_size);
	qcow2_op_finish(op, 0);
}

static void size_step(struct qcow2_op *op)
{
	struct qcow2 *q = op->q;
	uint64_t entries = l1_entries_for(q, op->new_size), n = l1_clusters(q, entries);
	int rc = qcow2_op_error(op);

	if (!rc && entries <= q->l1.entries) {
		set_size(q, op->new_size);
		qcow2_op_finish(op, 0);
		return;
	}
	if (!rc && !qcow2_take_meta(op))
		return;
	/* A refcount block counts itself, so no longer run than this is ever free. */
	if (!rc && n >= 1ULL << q->refcounts_bits)
		rc = -EFBIG;
	if (!rc)
		rc = qcow2_reserve(op, n, n);
	if (!rc) {
		op->area_bytes = calloc(n, q->cluster_size);
		rc = op->area_bytes ? 0 : -ENOMEM;
	}
	if (rc == -EAGAIN)
		return;
	if (rc) {
		qcow2_op_finish(op, rc);
		return;
	}
	memcpy(op->area_bytes, q->l1.bytes, (size_t)q->l1.entries * 8);
	qcow2_write_file(op, 0, op->reserved << q->cluster_bits, op->area_bytes,
			 n << q->cluster_bits);
	qcow2_op_next(op, l1_link);
}

/* ---- both, one after the other ---- */

/* Where the result of an operation of our own goes. */
struct outcome {
	struct block_request req; /* first */
	int result;
};

static void outcome_finished(struct qcow2_op *op, int result)
{
	((struct outcome *)op->request)->result = result;
}

static int perform(struct qcow2 *q, void (*step)(struct qcow2_op *op), uint64_t at, uint64_t end)
{
	struct outcome outcome = {.result = -EBUSY};
	struct qcow2_op *op;

	qcow2_run_down(q);
	op = qcow2_op_take(q);
	if (!op)
		return -EBUSY;
	op->request = &outcome.req;
	op->finished = outcome_finished;
	op->at = at;
	op->end = op->new_size = end;
	op->buf = q->zeros;
	qcow2_op_next(op, step);
	qcow2_run_down(q);
	return outcome.result;
}

int qcow2_resize(struct block *blk, uint64_t size, struct err *err)
{
	struct qcow2 *q = (struct qcow2 *)blk;
	uint64_t old = blk->size, cluster_end = (old | (q->cluster_size - 1)) + 1;
	int rc;

	if (size == old)
		return 0;
	rc = refuse(q, size, err);
	if (rc)
		return rc;
	rc = old % q->cluster_size ? perform(q, tail_step, old, cluster_end) : 0;
	if (!rc)
		rc = perform(q, size_step, 0, size);
	if (!rc)
		rc = qcow2_commit_now(q);
	return rc ? err_set_errno(err, -rc, "disk image %s: resize to %" PRIu64 " bytes", q->path,
				  size)
		  : 0;
}
