/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/loop_internal.h"

#include <errno.h>
#include <sched.h>
#include <sys/uio.h>

/*
 * Reads that are over when the call returns. They have a ring of their own, so that its completions
 * are all theirs. RWF_NOWAIT keeps the kernel from handing them to a worker: it answers each while
 * it takes it. Should a file system nevertheless answer later, the call waits for it: that no read
 * is left is what the callers build upon, not that it is quick.
 */

static void read_by_call(int fd, struct loop_now *r)
{
	ssize_t n;

	do
		n = preadv2(fd, r->iov, (int)r->n_iov, (off_t)r->offset, RWF_NOWAIT);
	while (n < 0 && errno == EINTR);
	r->result = n < 0 ? -errno : (int)n;
}

static void choose(struct loop *loop)
{
	if (loop->now != LOOP_NOW_UNTRIED)
		return;
	loop->now = LOOP_NOW_CALLS;
	if (loop->has_ring && io_uring_queue_init(LOOP_NOW_MAX, &loop->now_ring, 0) == 0)
		loop->now = LOOP_NOW_RING;
}

void loop_now_fini(struct loop *loop)
{
	if (loop->now == LOOP_NOW_RING)
		io_uring_queue_exit(&loop->now_ring);
	loop->now = LOOP_NOW_UNTRIED;
}

/* Takes the completions that are there: how many. */
static unsigned int reap(struct loop *loop)
{
	struct io_uring_cqe *cqe;
	unsigned int n = 0;

	while (io_uring_peek_cqe(&loop->now_ring, &cqe) == 0) {
		((struct loop_now *)(uintptr_t)cqe->user_data)->result = cqe->res;
		io_uring_cqe_seen(&loop->now_ring, cqe);
		n++;
	}
	return n;
}

/* The kernel takes no entries any more. Those that it took are waited for; the others keep their
 * -EAGAIN. */
static void give_up(struct loop *loop, unsigned int open)
{
	open -= io_uring_sq_ready(&loop->now_ring);
	while (open > 0) {
		open -= reap(loop);
		sched_yield();
	}
	loop_now_fini(loop);
	loop->now = LOOP_NOW_CALLS;
}

static void read_by_ring(struct loop *loop, int fd, struct loop_now *reads, unsigned int n)
{
	unsigned int open = n;

	for (unsigned int i = 0; i < n; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&loop->now_ring);

		reads[i].result = -EAGAIN;
		io_uring_prep_readv2(sqe, fd, reads[i].iov, reads[i].n_iov, reads[i].offset,
				     RWF_NOWAIT);
		sqe->user_data = (uint64_t)(uintptr_t)&reads[i];
	}
	while (open > 0) {
		int rc = io_uring_submit_and_wait(&loop->now_ring, open);

		open -= reap(loop);
		if (rc < 0 && rc != -EINTR && rc != -EAGAIN && rc != -EBUSY && open > 0) {
			give_up(loop, open);
			return;
		}
	}
}

void loop_read_now(struct loop *loop, int fd, struct loop_now *reads, unsigned int n)
{
	choose(loop);
	/* One alone is cheaper by the plain call. */
	if (n > 1 && loop->now == LOOP_NOW_RING) {
		read_by_ring(loop, fd, reads, n);
		return;
	}
	for (unsigned int i = 0; i < n; i++)
		read_by_call(fd, &reads[i]);
}
