/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/qcow2/qcow2.h"

#include <errno.h>
#include <string.h>

/*
 * Reads: run by run, each as long as the bytes are in one place. A run in the file or in the
 * backing file is read straight into the caller's buffer.
 */

static void advance(struct qcow2_op *op, uint64_t len)
{
	op->at += len;
	op->buf += len;
}

/* Reads from the backing file what it has of @len bytes; it may be shorter than the disk, and what
 * the disk does not have either is not asked for. */
static void read_unallocated(struct qcow2_op *op, uint64_t len)
{
	const struct qcow2 *q = op->q;
	uint64_t end = q->backing ? q->backing->size : 0;
	uint64_t there = 0;

	if (end > q->blk.size)
		end = q->blk.size;
	if (op->at < end)
		there = len < end - op->at ? len : end - op->at;
	memset(op->buf + there, 0, len - there);
	if (there)
		qcow2_read_backing(op, op->at, op->buf, there);
}

/* Clusters that a write may replace, and free, must stay as long as they are read. */
static bool locked(struct qcow2_op *op, uint64_t len)
{
	const struct qcow2 *q = op->q;

	return qcow2_lock(op, op->at >> q->cluster_bits,
			  ((op->at + len - 1) >> q->cluster_bits) + 1, false);
}

void qcow2_read_step(struct qcow2_op *op)
{
	struct qcow2_extent e;
	int rc = qcow2_op_error(op);

	qcow2_unlock(op);
	while (!rc && op->at < op->end && !op->io_pending) {
		rc = qcow2_map(op, op->at, op->end - op->at, &e);
		if (rc)
			break;
		if (e.kind == QCOW2_COMPRESSED) {
			if (locked(op, e.len))
				qcow2_inflate(op, &e);
			return;
		}
		if (e.kind == QCOW2_DATA) {
			if (!e.copied && !locked(op, e.len))
				return;
			qcow2_read_file(op, 0, e.host, op->buf, e.len);
		} else if (e.kind == QCOW2_UNALLOCATED) {
			read_unallocated(op, e.len);
		} else {
			memset(op->buf, 0, e.len);
		}
		advance(op, e.len);
		if (!op->io_pending)
			qcow2_unlock(op);
	}
	if (rc == -EAGAIN)
		return;
	if (rc || !op->io_pending)
		qcow2_op_finish(op, rc);
}
