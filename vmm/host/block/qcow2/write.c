/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/qcow2/qcow2.h"

#include <errno.h>
#include <stdlib.h>

/*
 * Writes. Clusters that are the disk's alone are written in place. For others a piece of them at a
 * time is locked, gets its L2 table and new clusters of the file, is filled (what the guest does
 * not write comes from where it was), and then changes places: L2 entries and refcounts, in one
 * step.
 */

static void piece_reserve(struct qcow2_op *op);

/* The write of clusters in place may not touch what holds the image together. */
static int check_target(struct qcow2 *q, const struct qcow2_extent *e)
{
	uint64_t first = e->host >> q->cluster_bits;
	uint64_t last = (e->host + e->len - 1) >> q->cluster_bits;

	for (uint64_t i = first; i <= last; i++)
		if (cluster_set_has(&q->metadata, i))
			return qcow2_damaged(q, "data cluster in the place of metadata",
					     i << q->cluster_bits);
	if (last << q->cluster_bits >= q->file_end)
		return qcow2_damaged(q, "data cluster behind the end of the file",
				     last << q->cluster_bits);
	return 0;
}

/* ---- the L2 table of a piece ---- */

static void l2_link(struct qcow2_op *op)
{
	struct qcow2 *q = op->q;
	uint64_t i = op->piece >> q->l2_bits;
	uint64_t old = (qcow2_table_entry(&q->l1, i) & QCOW2_OFFSET_MASK) >> q->cluster_bits;
	int rc = qcow2_op_error(op);

	if (!rc)
		rc = qcow2_room(op, 2);
	if (!rc)
		rc = qcow2_table_anchor(op, &q->l1, i);
	if (!rc)
		rc = qcow2_refcounts_ready(op, op->reserved, 1, false);
	if (!rc && old)
		rc = qcow2_refcounts_ready(op, old, 1, true);
	if (!rc)
		rc = cluster_set_add(&q->metadata, op->reserved);
	if (rc == -EAGAIN)
		return;
	if (rc) {
		qcow2_op_finish(op, rc);
		return;
	}
	qcow2_refcounts_take(op, op->reserved, 1);
	qcow2_table_set(q, &q->l1, i, op->reserved << q->cluster_bits | QCOW2_OFLAG_COPIED);
	if (old) {
		qcow2_refcounts_drop(op, old, 1);
		cluster_set_del(&q->metadata, old);
	}
	op->n_reserved = 0;
	free(op->area_bytes);
	op->area_bytes = NULL;
	qcow2_drop_meta(op);
	qcow2_op_next(op, piece_reserve);
}

static void l2_copied(struct qcow2_op *op)
{
	const struct qcow2 *q = op->q;
	int rc = qcow2_op_error(op);

	if (rc) {
		qcow2_op_finish(op, rc);
		return;
	}
	qcow2_write_file(op, 0, op->reserved << q->cluster_bits, op->area_bytes, q->cluster_size);
	qcow2_op_next(op, l2_link);
}

/* A new table is empty, or the copy of one that a snapshot has too. */
static int l2_fill(struct qcow2_op *op, uint64_t old)
{
	struct qcow2 *q = op->q;

	if (!old) {
		qcow2_write_file(op, 0, op->reserved << q->cluster_bits, q->zeros, q->cluster_size);
		qcow2_op_next(op, l2_link);
		return 0;
	}
	op->area_bytes = malloc(q->cluster_size);
	if (!op->area_bytes)
		return -ENOMEM;
	qcow2_read_file(op, 0, old, op->area_bytes, q->cluster_size);
	qcow2_op_next(op, l2_copied);
	return 0;
}

static void piece_table(struct qcow2_op *op)
{
	struct qcow2 *q = op->q;
	uint64_t entry = qcow2_table_entry(&q->l1, op->piece >> q->l2_bits);
	uint64_t old = entry & QCOW2_OFFSET_MASK;
	int rc = qcow2_op_error(op);

	if (!rc && old && entry & QCOW2_OFLAG_COPIED) {
		/* Another operation made it while this one waited. */
		qcow2_drop_meta(op);
		qcow2_op_next(op, piece_reserve);
		return;
	}
	if (!rc && !qcow2_take_meta(op))
		return;
	if (!rc)
		rc = qcow2_reserve(op, 1, 1);
	if (!rc)
		rc = qcow2_page_forget(op, op->reserved << q->cluster_bits);
	if (!rc)
		rc = l2_fill(op, old);
	if (rc && rc != -EAGAIN)
		qcow2_op_finish(op, rc);
}

/* ---- the change of places ---- */

/* What the old clusters of the piece need to lose a reference; *@runs of them. */
static int old_ready(struct qcow2_op *op, const uint8_t *entries, uint64_t *runs)
{
	struct qcow2 *q = op->q;
	int rc = 0;

	*runs = 0;
	for (uint64_t i = 0; !rc && i < op->piece_n; i++) {
		uint64_t first, n = qcow2_entry_clusters(q, ld_be64(entries + i * 8), &first);

		if (!n)
			continue;
		*runs += qcow2_drop_runs(q, n);
		for (uint64_t k = 0; k < n; k++)
			if (cluster_set_has(&q->metadata, first + k))
				return qcow2_damaged(q, "data cluster in the place of metadata",
						     (first + k) << q->cluster_bits);
		rc = qcow2_refcounts_ready(op, first, n, true);
	}
	return rc;
}

static void change_places(struct qcow2_op *op, struct qcow2_page *page, uint64_t l2_at)
{
	struct qcow2 *q = op->q;

	for (uint64_t i = 0; i < op->piece_n; i++) {
		uint8_t *entry = qcow2_page_at(q, page, l2_at + i * 8);
		uint64_t first, n = qcow2_entry_clusters(q, ld_be64(entry), &first);

		if (n)
			qcow2_refcounts_drop(op, first, n);
		st_be64(entry, (op->reserved + i) << q->cluster_bits | QCOW2_OFLAG_COPIED);
	}
	qcow2_page_changed(q, page, (unsigned int)(l2_at % q->page_size),
			   (unsigned int)op->piece_n * 8, QCOW2_STAGE_MAPPING);
	qcow2_refcounts_take(op, op->reserved, op->piece_n);
}

static void piece_link(struct qcow2_op *op)
{
	struct qcow2 *q = op->q;
	uint64_t l2_at = qcow2_l2_at(q, op->piece), runs = 0;
	struct qcow2_page *page = NULL;
	int rc = qcow2_op_error(op);

	if (!rc)
		page = qcow2_page_for_change(op, l2_at, &rc);
	if (!rc)
		rc = qcow2_refcounts_ready(op, op->reserved, op->piece_n, false);
	if (!rc)
		rc = old_ready(op, qcow2_page_at(q, page, l2_at), &runs);
	if (!rc)
		rc = qcow2_room(op, runs);
	if (rc == -EAGAIN)
		return;
	if (rc) {
		qcow2_op_finish(op, rc);
		return;
	}
	change_places(op, page, l2_at);
	op->n_reserved = 0;
	op->buf += op->piece_end - op->at;
	op->at = op->piece_end;
	qcow2_op_next(op, qcow2_write_step);
}

/* ---- the filling ---- */

static uint64_t host_of(const struct qcow2_op *op, uint64_t at)
{
	const struct qcow2 *q = op->q;

	return (op->reserved << q->cluster_bits) + (at - (op->piece << q->cluster_bits));
}

static uint64_t piece_start(const struct qcow2_op *op)
{
	return op->piece << op->q->cluster_bits;
}

static uint64_t piece_limit(const struct qcow2_op *op)
{
	return (op->piece + op->piece_n) << op->q->cluster_bits;
}

static void write_data(struct qcow2_op *op)
{
	qcow2_write_file(op, 0, host_of(op, op->at), op->buf, op->piece_end - op->at);
	qcow2_op_next(op, piece_link);
}

static void copy_step(struct qcow2_op *op);

static void copy_write(struct qcow2_op *op)
{
	uint64_t len = op->copy_end - op->copy < QCOW2_COPY ? op->copy_end - op->copy : QCOW2_COPY;
	int rc = qcow2_op_error(op);

	if (rc) {
		qcow2_op_finish(op, rc);
		return;
	}
	qcow2_write_file(op, 0, host_of(op, op->copy), op->copy_buf, len);
	op->copy += len;
	qcow2_op_next(op, copy_step);
}

static void copy_read(struct qcow2_op *child, int result)
{
	child->parent->error = result;
	qcow2_op_next(child->parent, copy_write);
}

/* Copies what stands before the data, then what stands behind it, a buffer at a time. */
static void copy_step(struct qcow2_op *op)
{
	struct qcow2_op *child = op->child;
	int rc = qcow2_op_error(op);

	if (rc) {
		qcow2_op_finish(op, rc);
		return;
	}
	if (op->copy == op->at && op->copy_end == op->at) {
		op->copy = op->piece_end;
		op->copy_end = piece_limit(op);
	}
	if (op->copy == op->copy_end) {
		write_data(op);
		return;
	}
	if (!op->copy_buf)
		op->copy_buf =
			malloc(op->q->cluster_size < QCOW2_COPY ? op->q->cluster_size : QCOW2_COPY);
	if (!op->copy_buf) {
		qcow2_op_finish(op, -ENOMEM);
		return;
	}
	child->at = op->copy;
	child->end = op->copy_end - op->copy < QCOW2_COPY ? op->copy_end : op->copy + QCOW2_COPY;
	child->buf = op->copy_buf;
	child->finished = copy_read;
	qcow2_op_next(child, qcow2_read_step);
}

/* Whether what the guest does not write of the piece is all zeros. */
static bool rest_is_zero(const struct qcow2_op *op)
{
	const struct qcow2 *q = op->q;

	if (op->piece_kind == QCOW2_ZERO)
		return true;
	return op->piece_kind == QCOW2_UNALLOCATED &&
	       (!q->backing || piece_start(op) >= q->backing->size);
}

static void piece_reserve(struct qcow2_op *op)
{
	struct qcow2 *q = op->q;
	int rc = qcow2_op_error(op);
	uint64_t head, tail;

	if (!rc)
		rc = qcow2_reserve(op, op->piece_n, 1);
	if (rc == -EAGAIN)
		return;
	if (rc) {
		qcow2_op_finish(op, rc);
		return;
	}
	op->piece_n = op->n_reserved;
	op->piece_end = op->end < piece_limit(op) ? op->end : piece_limit(op);
	if (!rest_is_zero(op)) {
		op->copy = piece_start(op);
		op->copy_end = op->at;
		qcow2_op_next(op, copy_step);
		return;
	}
	head = op->at - piece_start(op);
	tail = piece_limit(op) - op->piece_end;
	if (head && !op->fresh)
		qcow2_write_file(op, 1, host_of(op, piece_start(op)), q->zeros, head);
	if (tail && !op->fresh)
		qcow2_write_file(op, 2, host_of(op, op->piece_end), q->zeros, tail);
	write_data(op);
}

/* ---- pieces ---- */

static void piece_begin(struct qcow2_op *op, const struct qcow2_extent *e)
{
	const struct qcow2 *q = op->q;
	uint64_t first = op->at >> q->cluster_bits;
	uint64_t n = ((op->at + e->len - 1) >> q->cluster_bits) - first + 1;
	uint64_t most = e->holds ? QCOW2_COW_PIECE : QCOW2_PIECE;

	if (q->damaged) {
		qcow2_op_finish(op, -EIO);
		return;
	}
	op->piece = first;
	op->piece_n = n < most ? n : most;
	op->piece_kind = e->kind;
	if (qcow2_lock(op, first, first + op->piece_n, true))
		qcow2_op_next(op, piece_table);
}

void qcow2_write_step(struct qcow2_op *op)
{
	struct qcow2_extent e;
	int rc = qcow2_op_error(op);

	qcow2_unlock(op);
	while (!rc && op->at < op->end) {
		rc = qcow2_map(op, op->at, op->end - op->at, &e);
		if (rc)
			break;
		if (e.kind != QCOW2_DATA || !e.copied) {
			piece_begin(op, &e);
			return;
		}
		rc = check_target(op->q, &e);
		if (rc)
			break;
		qcow2_write_file(op, 0, e.host, op->buf, e.len);
		op->at += e.len;
		op->buf += e.len;
		qcow2_op_next(op, qcow2_write_step);
		return;
	}
	if (rc != -EAGAIN)
		qcow2_op_finish(op, rc);
}
