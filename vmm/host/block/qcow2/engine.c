/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/qcow2/qcow2.h"

#include "vmm/core/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Operations: their lists, locks and I/O, and the pump that runs them. */

void qcow2_list_push(struct qcow2_op_list *list, struct qcow2_op *op)
{
	op->next = NULL;
	if (list->tail)
		list->tail->next = op;
	else
		list->head = op;
	list->tail = op;
}

struct qcow2_op *qcow2_list_pop(struct qcow2_op_list *list)
{
	struct qcow2_op *op = list->head;

	if (!op)
		return NULL;
	list->head = op->next;
	if (!list->head)
		list->tail = NULL;
	return op;
}

void qcow2_wake(struct qcow2 *q, struct qcow2_op_list *list, int error)
{
	struct qcow2_op *op;

	while ((op = qcow2_list_pop(list))) {
		op->error = error;
		qcow2_list_push(&q->ready, op);
	}
}

void qcow2_op_next(struct qcow2_op *op, void (*step)(struct qcow2_op *op))
{
	op->step = step;
	if (!op->io_pending)
		qcow2_list_push(&op->q->ready, op);
}

int qcow2_op_error(struct qcow2_op *op)
{
	int error = op->error;

	op->error = 0;
	return error;
}

/* ---- locks ---- */

static bool overlap(const struct qcow2_op *a, uint64_t first, uint64_t end)
{
	return a->lock_first < end && first < a->lock_end;
}

/* Those who wait count as well, or readers could keep a writer waiting for ever. */
static bool must_wait(const struct qcow2 *q, uint64_t first, uint64_t end, bool exclusive)
{
	for (unsigned int i = 0; i < QCOW2_OPS; i++) {
		const struct qcow2_op *other = &q->ops[i];

		if (other->locked && (exclusive || other->exclusive) && overlap(other, first, end))
			return true;
	}
	for (const struct qcow2_op *other = q->blocked.head; other; other = other->next)
		if ((exclusive || other->exclusive) && overlap(other, first, end))
			return true;
	return false;
}

bool qcow2_lock(struct qcow2_op *op, uint64_t first, uint64_t end, bool exclusive)
{
	struct qcow2 *q = op->q;

	/* A child works under its parent's lock. */
	if (op->locked || op->parent)
		return true;
	op->locked = !must_wait(q, first, end, exclusive);
	op->exclusive = exclusive;
	op->lock_first = first;
	op->lock_end = end;
	if (!op->locked)
		qcow2_list_push(&q->blocked, op);
	return op->locked;
}

void qcow2_unlock(struct qcow2_op *op)
{
	if (!op->locked)
		return;
	op->locked = false;
	qcow2_wake(op->q, &op->q->blocked, 0);
}

bool qcow2_take_meta(struct qcow2_op *op)
{
	struct qcow2 *q = op->q;

	if (q->meta_owner && q->meta_owner != op) {
		qcow2_list_push(&q->meta_waiters, op);
		return false;
	}
	q->meta_owner = op;
	return true;
}

void qcow2_drop_meta(struct qcow2_op *op)
{
	struct qcow2 *q = op->q;

	if (q->meta_owner != op)
		return;
	q->meta_owner = NULL;
	qcow2_wake(q, &q->meta_waiters, 0);
}

/* ---- I/O ---- */

static void io_done(struct block_request *req, int result)
{
	struct qcow2_op *op = ((struct qcow2_io *)req)->op;
	struct qcow2 *q = op->q;

	if (result)
		op->error = result;
	else if (req->op == BLOCK_WRITE && req->offset + req->len > q->file_end)
		q->file_end = req->offset + req->len;
	if (--op->io_pending)
		return;
	if (op->anchored && !op->error)
		*op->anchored |= QCOW2_TABLE_ANCHORED;
	op->anchored = NULL;
	qcow2_list_push(&q->ready, op);
	qcow2_pump(q);
}

static void submit(struct qcow2_op *op, unsigned int slot, struct block *where,
		   struct block_request req)
{
	struct qcow2_io *io = &op->io[slot];

	io->req = req;
	io->req.done = io_done;
	io->op = op;
	op->io_pending++;
	block_submit(where, &io->req);
}

size_t qcow2_clip_read(const struct qcow2 *q, uint64_t offset, uint8_t *buf, size_t len)
{
	size_t there = 0;

	if (offset < q->file_end)
		there = len < q->file_end - offset ? len : (size_t)(q->file_end - offset);
	memset(buf + there, 0, len - there);
	return there;
}

void qcow2_read_file(struct qcow2_op *op, unsigned int slot, uint64_t offset, uint8_t *buf,
		     size_t len)
{
	len = qcow2_clip_read(op->q, offset, buf, len);
	if (len)
		submit(op, slot, op->q->file,
		       (struct block_request){
			       .op = BLOCK_READ, .offset = offset, .buf = buf, .len = len});
}

void qcow2_write_file(struct qcow2_op *op, unsigned int slot, uint64_t offset, uint8_t *buf,
		      size_t len)
{
	submit(op, slot, op->q->file,
	       (struct block_request){.op = BLOCK_WRITE, .offset = offset, .buf = buf, .len = len});
}

void qcow2_read_backing(struct qcow2_op *op, uint64_t offset, uint8_t *buf, size_t len)
{
	submit(op, 0, op->q->backing,
	       (struct block_request){.op = BLOCK_READ, .offset = offset, .buf = buf, .len = len});
}

/* ---- from request to operation and back ---- */

struct qcow2_op *qcow2_op_take(struct qcow2 *q)
{
	struct qcow2_op *op = q->free_ops;

	if (!op)
		return NULL;
	q->free_ops = op->next;
	op->next = NULL;
	q->active++;
	return op;
}

void qcow2_op_finish(struct qcow2_op *op, int result)
{
	struct qcow2 *q = op->q;
	void (*finished)(struct qcow2_op * op, int result) = op->finished;

	qcow2_unreserve(op);
	qcow2_unlock(op);
	qcow2_drop_meta(op);
	free(op->copy_buf);
	op->copy_buf = NULL;
	free(op->area_bytes);
	op->area_bytes = NULL;
	op->scanning = false;
	op->error = 0;
	if (!op->parent) {
		op->next = q->free_ops;
		q->free_ops = op;
		q->active--;
	}
	finished(op, result);
}

static void give_back(struct qcow2 *q, struct block_request *req, int result)
{
	req->progress = (size_t)-result;
	request_list_push(&q->finished, req);
}

static void request_done(struct qcow2_op *op, int result)
{
	give_back(op->q, op->request, result);
}

static void start(struct qcow2 *q)
{
	struct block_request *req;

	while (q->kicked.head) {
		struct qcow2_op *op = NULL;

		if (q->kicked.head->op != BLOCK_FLUSH) {
			op = qcow2_op_take(q);
			if (!op)
				return;
		}
		req = request_list_pop(&q->kicked);
		if (!op) {
			/* Of what was done before: what is in flight need not be waited for. */
			if (q->blk.read_only)
				give_back(q, req, 0);
			else
				request_list_push(&q->commit.flushes, req);
			continue;
		}
		op->request = req;
		op->finished = request_done;
		op->at = req->offset;
		op->end = req->offset + req->len;
		op->buf = req->buf;
		qcow2_op_next(op, req->op == BLOCK_READ ? qcow2_read_step : qcow2_write_step);
	}
}

/* One turn: true when there is more to do at once. */
static bool turn(struct qcow2 *q)
{
	struct request_list finished;
	struct block_request *req;
	struct qcow2_op *op;

	start(q);
	while ((op = qcow2_list_pop(&q->ready)))
		op->step(op);
	qcow2_commit_poll(q);
	block_kick(q->file);
	if (q->backing)
		block_kick(q->backing);
	finished = request_list_take(&q->finished);
	while ((req = request_list_pop(&finished)))
		request_finish(req, -(int)req->progress);
	return q->ready.head || q->finished.count || (q->kicked.count && q->free_ops) ||
	       qcow2_commit_waits(q);
}

void qcow2_pump(struct qcow2 *q)
{
	bool more = true;

	if (q->pumping)
		return;
	q->pumping = true;
	for (int round = 0; more && round < QCOW2_ROUNDS; round++)
		more = turn(q);
	q->pumping = false;
	if (more)
		loop_set_timer(q->again, 1);
}

void qcow2_run_down(struct qcow2 *q)
{
	while (q->active || q->kicked.count || q->finished.count || q->commit.running ||
	       q->commit.flushes.count) {
		qcow2_pump(q);
		block_drain(q->file);
		if (q->backing)
			block_drain(q->backing);
	}
}
