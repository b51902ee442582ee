/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/driver.h"

#include "vmm/core/clock.h"
#include "vmm/core/loop.h"

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

/*
 * Raw image by io_uring: one system call hands over all that was queued since the last kick.
 *
 * Reads that the page cache answers are complete when that call returns, so the completion queue is
 * looked at right away; what comes later makes the ring's descriptor readable, which the loop
 * watches. The descriptor tells the queue's true state when asked, so what was taken early never
 * wakes the loop in vain, and there is nothing to read from it.
 *
 * Never more requests are in the ring than its submission queue has places: it cannot be found
 * full, and the completion queue, twice as long, cannot overflow.
 *
 * IORING_SETUP_SINGLE_ISSUER and DEFER_TASKRUN are not used: they tie the ring to one thread for
 * life, but the machine may be taken down by another one after the loop's has ended.
 */

#define URING_DEPTH    128U
#define URING_MAX_LEN  (1U << 30)
#define URING_ROUNDS   16
#define URING_RETRY_NS (10 * NS_PER_MS)

struct raw_uring {
	struct block blk;
	struct raw_file file;
	struct io_uring ring;
	struct loop_fd *source;
	struct loop_timer *retry;
	struct request_list queued; /* not in the ring yet */
	unsigned int in_ring;	    /* entered in the ring and not come back */
	bool serving;		    /* serve() runs further down the stack */
	int broken;		    /* negative errno: the kernel takes nothing from us any more */
};

static void enter_in_ring(struct raw_uring *u, struct block_request *req)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);
	size_t left = req->len - req->progress;
	unsigned int len = left < URING_MAX_LEN ? (unsigned int)left : URING_MAX_LEN;

	if (req->op == BLOCK_FLUSH)
		io_uring_prep_fsync(sqe, u->file.fd, IORING_FSYNC_DATASYNC);
	else if (req->op == BLOCK_READ)
		io_uring_prep_read(sqe, u->file.fd, req->buf + req->progress, len,
				   req->offset + req->progress);
	else
		io_uring_prep_write(sqe, u->file.fd, req->buf + req->progress, len,
				    req->offset + req->progress);
	io_uring_sqe_set_data(sqe, req);
	u->in_ring++;
}

static void finish_queued(struct raw_uring *u, int result)
{
	struct request_list all = request_list_take(&u->queued);
	struct block_request *req;

	while ((req = request_list_pop(&all)))
		request_finish(req, result);
}

/* The kernel refuses to take entries for good (a filter on system calls, say): what it has not
 * taken will never come back, so it is queued again, to fail with @result. */
static void give_up(struct raw_uring *u, int result)
{
	struct io_uring_sq *sq = &u->ring.sq;

	u->broken = result;
	for (unsigned int i = *sq->khead; i != sq->sqe_tail; i++) {
		const struct io_uring_sqe *sqe = &sq->sqes[i & sq->ring_mask];

		/* The kernel's 64-bit word is the only place for the pointer. */
		request_list_push(&u->queued, (struct block_request *)(uintptr_t)sqe->user_data);
		u->in_ring--;
	}
}

static void retry_later(struct raw_uring *u, uint64_t delay_ns)
{
	struct clock host = clock_host();

	loop_set_timer(u->retry, clock_monotonic_ns(&host) + delay_ns);
}

static void hand_over(struct raw_uring *u)
{
	while (!u->broken && u->queued.count && u->in_ring < URING_DEPTH)
		enter_in_ring(u, request_list_pop(&u->queued));
	while (!u->broken && io_uring_sq_ready(&u->ring)) {
		int n = io_uring_submit(&u->ring);

		if (n > 0 || n == -EINTR)
			continue;
		if (n && n != -EAGAIN && n != -EBUSY && n != -ENOMEM) {
			give_up(u, n);
			break;
		}
		/* The kernel is short of memory: the entries stay where they are. */
		retry_later(u, URING_RETRY_NS);
		return;
	}
	if (u->broken)
		finish_queued(u, u->broken);
}

/* Serves every completion that is there; the number of them. */
static unsigned int reap(struct raw_uring *u)
{
	struct io_uring_cqe *cqe;
	unsigned int count = 0;

	while (!io_uring_peek_cqe(&u->ring, &cqe)) {
		struct block_request *req = io_uring_cqe_get_data(cqe);
		int result = raw_file_advance(req, cqe->res);

		io_uring_cqe_seen(&u->ring, cqe);
		u->in_ring--;
		count++;
		if (result > 0)
			request_list_push(&u->queued, req);
		else
			request_finish(req, result);
	}
	return count;
}

/*
 * A `done` that submits and kicks finds `serving` set, and its requests go with the next round.
 * After some rounds the loop's other sources have their turn: completions not yet taken make the
 * ring's descriptor readable, and the timer stands in when there are none.
 */
static void serve(struct raw_uring *u)
{
	if (u->serving)
		return;
	u->serving = true;
	for (int round = 0; round < URING_ROUNDS; round++) {
		hand_over(u);
		if (!reap(u) || !u->queued.count)
			break;
	}
	if (u->queued.count)
		hand_over(u);
	if (u->queued.count && !u->in_ring)
		retry_later(u, 0);
	u->serving = false;
}

static void on_ring(void *arg, unsigned int events)
{
	(void)events;
	serve(arg);
}

static void on_retry(void *arg)
{
	serve(arg);
}

static void uring_submit(struct block *blk, struct block_request *req)
{
	struct raw_uring *u = (struct raw_uring *)blk;

	req->progress = 0;
	request_list_push(&u->queued, req);
}

static void uring_kick(struct block *blk)
{
	serve((struct raw_uring *)blk);
}

static void uring_drain(struct block *blk)
{
	struct raw_uring *u = (struct raw_uring *)blk;
	struct pollfd ring = {.fd = u->ring.ring_fd, .events = POLLIN};

	/* Bounded waits, because nothing announces that the kernel has memory again. */
	for (serve(u); u->in_ring || u->queued.count; serve(u))
		poll(&ring, 1, (int)(URING_RETRY_NS / NS_PER_MS));
}

static int uring_resize(struct block *blk, uint64_t size, struct err *err)
{
	struct raw_uring *u = (struct raw_uring *)blk;
	int rc = raw_file_resize(&u->file, size, err);

	if (!rc)
		blk->size = size;
	return rc;
}

static void uring_destroy(struct block *blk)
{
	struct raw_uring *u = (struct raw_uring *)blk;

	loop_del_fd(u->source);
	loop_del_timer(u->retry);
	io_uring_queue_exit(&u->ring);
	raw_file_close(&u->file);
	free(u);
}

static const struct block_ops uring_ops = {
	.name = "raw/io_uring",
	.submit = uring_submit,
	.kick = uring_kick,
	.drain = uring_drain,
	.resize = uring_resize,
	.destroy = uring_destroy,
};

/* Kernels before 5.6 have rings, but not these operations. */
static bool has_operations(struct io_uring *ring)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
	bool all = probe && io_uring_opcode_supported(probe, IORING_OP_READ) &&
		   io_uring_opcode_supported(probe, IORING_OP_WRITE) &&
		   io_uring_opcode_supported(probe, IORING_OP_FSYNC);

	io_uring_free_probe(probe);
	return all;
}

static int open_ring(struct io_uring *ring, struct err *err)
{
	/* COOP_TASKRUN: no interrupt when a completion comes while this thread runs; it always ends
	 * up in a system call. Kernels before 5.19 refuse flags that they do not know. */
	int rc = io_uring_queue_init(URING_DEPTH, ring,
				     IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL);

	if (rc == -EINVAL)
		rc = io_uring_queue_init(URING_DEPTH, ring, 0);
	if (rc < 0)
		return err_set_errno(err, -rc, "io_uring is refused by this host");
	if (has_operations(ring))
		return 0;
	io_uring_queue_exit(ring);
	return err_set(err, -ENOSYS, "this kernel's io_uring is too old (before 5.6)");
}

struct block *raw_uring_create(const struct raw_file *file, struct loop *loop, struct err *err)
{
	struct raw_uring *u = calloc(1, sizeof(*u));

	if (!u) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	if (open_ring(&u->ring, err))
		goto fail_ring;
	u->retry = loop_add_timer(loop, on_retry, u);
	if (!u->retry) {
		err_set(err, -ENOMEM, "out of memory");
		goto fail;
	}
	u->source = loop_add_fd(loop, u->ring.ring_fd, LOOP_READ | LOOP_EDGE, on_ring, u, err);
	if (!u->source)
		goto fail;
	u->file = *file;
	u->blk = (struct block){&uring_ops, file->size, file->read_only};
	return &u->blk;
fail:
	loop_del_timer(u->retry);
	io_uring_queue_exit(&u->ring);
fail_ring:
	free(u);
	return NULL;
}
