/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/loop_internal.h"

#include "vmm/core/log.h"

#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

/*
 * The loop's ring (io_uring(7)). What callbacks want done, reads and writes of files as well as
 * interrupts to signal, is only queued; the one system call in which the loop waits hands it all
 * over. So a request that the page cache answers costs two system calls: one that brings its kick,
 * and one that starts it, sees it done, and waits for the next.
 *
 * An entry's user_data says whose it is: a struct's address, with its kind in the low bits.
 *
 * IORING_SETUP_SINGLE_ISSUER and DEFER_TASKRUN are not used: they tie the ring to one thread for
 * life, but the machine may be taken down by another one after the loop's has ended.
 */

#define RING_ENTRIES	 256U
#define RING_COMPLETIONS 2048U
#define RING_MAX_LEN	 (1U << 30)
#define NAP_NS		 1000000 /* the kernel was short of memory */

enum tag { TAG_IO, TAG_SOURCE, TAG_EPOLL, TAG_NOTHING, TAG_MASK = 3 };

/* Written to eventfds, by the kernel too. */
static const uint64_t one = 1;

static void signal_now(int eventfd)
{
	/* Fails only when the counter is full, and then the other side is awake. */
	if (write(eventfd, &one, sizeof(one)) < 0)
		return;
}

static bool has_operations(struct io_uring *ring)
{
	static const int needed[] = {IORING_OP_READ, IORING_OP_WRITE, IORING_OP_FSYNC,
				     IORING_OP_POLL_ADD};
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
	bool all = probe != NULL;

	for (size_t i = 0; all && i < sizeof(needed) / sizeof(needed[0]); i++)
		all = io_uring_opcode_supported(probe, needed[i]);
	io_uring_free_probe(probe);
	return all;
}

void loop_ring_init(struct loop *loop)
{
	/* COOP_TASKRUN: no interrupt when a completion comes while this thread runs; it always ends
	 * up in a system call, and TASKRUN_FLAG tells when it should. Kernels before 5.19 refuse
	 * it, and lack what else is used here: a wait with a time-out, completions left out where
	 * nobody cares, polls that stay. */
	struct io_uring_params params = {
		.flags = IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG |
			 IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE,
		.cq_entries = RING_COMPLETIONS,
	};

	loop->ready_tail = &loop->ready;
	if (io_uring_queue_init_params(RING_ENTRIES, &loop->ring, &params) < 0)
		return;
	loop->has_ring = (params.features & IORING_FEAT_CQE_SKIP) &&
			 (params.features & IORING_FEAT_EXT_ARG) && has_operations(&loop->ring);
	loop_spin_init(loop);
	if (!loop->has_ring)
		io_uring_queue_exit(&loop->ring);
}

void loop_ring_fini(struct loop *loop)
{
	if (loop->has_ring || loop->broken)
		io_uring_queue_exit(&loop->ring);
	loop->has_ring = false;
	loop->broken = 0;
}

bool loop_has_ring(const struct loop *loop)
{
	return loop->has_ring;
}

static void nap(void)
{
	const struct timespec pause = {.tv_nsec = NAP_NS};

	nanosleep(&pause, NULL);
}

static void give_up(struct loop *loop, int result);

/* Whether the kernel may take entries later that it did not take now. */
static bool passes(int result)
{
	return result == -EAGAIN || result == -EBUSY || result == -ENOMEM;
}

/* Hands over all that is queued. */
static void submit(struct loop *loop)
{
	while (loop->has_ring && io_uring_sq_ready(&loop->ring) > 0) {
		int n = io_uring_submit(&loop->ring);

		if (passes(n))
			nap();
		else if (n < 0 && n != -EINTR)
			give_up(loop, n);
	}
}

/* A free entry; NULL when there is no ring any more. */
static struct io_uring_sqe *next_entry(struct loop *loop)
{
	struct io_uring_sqe *sqe = NULL;

	while (loop->has_ring && !(sqe = io_uring_get_sqe(&loop->ring)))
		submit(loop);
	return sqe;
}

/* Says whose a prepared entry is. */
static void own(struct io_uring_sqe *sqe, const void *owner, enum tag tag)
{
	sqe->user_data = (uint64_t)(uintptr_t)owner | (uint64_t)tag;
}

static unsigned int poll_mask(unsigned int events)
{
	return (events & LOOP_READ ? POLLIN : 0U) | (events & LOOP_WRITE ? POLLOUT : 0U);
}

/* By epoll, for there is no ring any more. */
static void watch_instead(struct loop_fd *source)
{
	if (loop_epoll_watch(source) < 0)
		log_warn("event loop: descriptor %d is not watched any more", source->fd);
}

void loop_ring_watch(struct loop_fd *source)
{
	struct io_uring_sqe *sqe = next_entry(source->loop);

	if (!sqe) {
		watch_instead(source);
		return;
	}
	io_uring_prep_poll_multishot(sqe, source->fd, poll_mask(source->events));
	own(sqe, source, TAG_SOURCE);
	source->in_ring = true;
	source->armed = true;
}

void loop_ring_unwatch(struct loop_fd *source)
{
	struct loop *loop = source->loop;
	struct io_uring_sqe *sqe;

	if (!source->armed) {
		if (!source->deleted && poll_mask(source->events))
			loop_ring_watch(source);
		return;
	}
	sqe = next_entry(loop);
	if (!sqe)
		return;
	io_uring_prep_poll_remove(sqe, (uint64_t)(uintptr_t)source | TAG_SOURCE);
	own(sqe, NULL, TAG_NOTHING);
	/* The descriptor may be closed as soon as we return. */
	submit(loop);
}

static void watch_epoll(struct loop *loop)
{
	struct io_uring_sqe *sqe = next_entry(loop);

	if (!sqe)
		return;
	io_uring_prep_poll_multishot(sqe, loop->epoll_fd, POLLIN);
	own(sqe, NULL, TAG_EPOLL);
	loop->epoll_armed = true;
}

struct loop_fd *loop_ring_ready(struct loop *loop)
{
	struct loop_fd *source = loop->ready;

	if (!source)
		return NULL;
	loop->ready = source->ready_next;
	if (!loop->ready)
		loop->ready_tail = &loop->ready;
	return source;
}

static void make_ready(struct loop_fd *source, unsigned int events)
{
	struct loop *loop = source->loop;

	if (!events)
		return;
	if (!source->happened) {
		source->ready_next = NULL;
		*loop->ready_tail = source;
		loop->ready_tail = &source->ready_next;
	}
	source->happened |= events;
}

static void source_happened(struct loop_fd *source, const struct io_uring_cqe *cqe)
{
	if (cqe->res > 0 && !source->deleted)
		make_ready(source, (cqe->res & POLLIN ? LOOP_READ : 0U) |
					   (cqe->res & POLLOUT ? LOOP_WRITE : 0U) |
					   (cqe->res & (POLLHUP | POLLERR) ? LOOP_HUP : 0U));
	if (cqe->flags & IORING_CQE_F_MORE)
		return;
	source->armed = false;
	if (source->deleted)
		source->loop->garbage = true;
	else if (poll_mask(source->events))
		loop_ring_watch(source);
}

/* Takes one completion; I/O is finished here and now, the rest is noted. True for I/O. */
static bool take(struct loop *loop, const struct io_uring_cqe *cqe)
{
	uint64_t data = cqe->user_data;
	void *owner = (void *)(uintptr_t)(data & ~(uint64_t)TAG_MASK);
	struct loop_io *io = owner;

	/* Sources of a ring that was given up may be gone; epoll has them now. */
	if (loop->broken && (data & TAG_MASK) != TAG_IO)
		return false;
	switch ((enum tag)(data & TAG_MASK)) {
	case TAG_IO:
		io->done(io, cqe->res);
		return true;
	case TAG_SOURCE:
		source_happened(owner, cqe);
		break;
	case TAG_EPOLL:
		loop->epoll_ready = true;
		loop->epoll_armed = cqe->flags & IORING_CQE_F_MORE;
		break;
	default:
		break;
	}
	return false;
}

int loop_ring_take(struct loop *loop)
{
	struct io_uring_cqe *cqe;
	unsigned int taken = 0;
	int n = 0;

	while (loop->failed) {
		struct loop_io *io = loop->failed;

		loop->failed = io->next;
		io->done(io, loop->broken);
		n++;
	}
	/* Also of a ring that was given up: what the kernel had taken still ends. */
	while ((loop->has_ring || loop->broken) && taken++ < RING_COMPLETIONS &&
	       io_uring_peek_cqe(&loop->ring, &cqe) == 0) {
		struct io_uring_cqe copy = *cqe;

		/* Given back first: what the completion leads to may need the place. */
		io_uring_cqe_seen(&loop->ring, cqe);
		n += take(loop, &copy);
	}
	if (n)
		loop_run_deferred(loop);
	return n;
}

/* What queued entries were to do is told to have failed, or done by other means. */
static void fail_entry(struct loop *loop, const struct io_uring_sqe *sqe)
{
	struct loop_io *io = (struct loop_io *)(uintptr_t)sqe->user_data;

	if ((sqe->user_data & TAG_MASK) == TAG_IO) {
		io->next = loop->failed;
		loop->failed = io;
	} else if (sqe->opcode == IORING_OP_WRITE) {
		signal_now(sqe->fd);
	}
}

/* The kernel refuses to take entries for good (a filter on system calls, say): the loop goes on
 * with epoll, and I/O fails. */
static void give_up(struct loop *loop, int result)
{
	const struct io_uring_sq *sq = &loop->ring.sq;

	loop->broken = result;
	loop->has_ring = false;
	for (unsigned int i = *sq->khead; i != sq->sqe_tail; i++)
		fail_entry(loop, &sq->sqes[i & sq->ring_mask]);
	for (struct loop_fd *s = loop->sources; s; s = s->next) {
		s->armed = false;
		if (s->in_ring && !s->deleted)
			watch_instead(s);
	}
	loop->garbage = true;
}

/* One system call: hands over and waits. 0, or a negative errno when the ring was given up. */
static int enter(struct loop *loop, int timeout_ms)
{
	struct __kernel_timespec time = {
		.tv_sec = timeout_ms / 1000,
		.tv_nsec = (long long)(timeout_ms % 1000) * 1000000,
	};
	struct io_uring_cqe *cqe;
	int rc;

	if (timeout_ms == 0)
		rc = io_uring_submit_and_get_events(&loop->ring);
	else if (timeout_ms < 0)
		rc = io_uring_submit_and_wait(&loop->ring, 1);
	else
		rc = io_uring_submit_and_wait_timeout(&loop->ring, &cqe, 1, &time, NULL);
	if (passes(rc)) {
		nap();
		return 0;
	}
	if (rc >= 0 || rc == -EINTR || rc == -ETIME)
		return 0;
	give_up(loop, rc);
	return rc;
}

bool loop_ring_something(const struct loop *loop)
{
	return io_uring_cq_ready(&loop->ring) > 0 || (IO_URING_READ_ONCE(*loop->ring.sq.kflags) &
						      (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW));
}

/* Completions that are there already need no system call, and what was seen elsewhere needs none
 * either unless the kernel has something too; but what is queued does. */
static bool must_enter(const struct loop *loop, int timeout_ms)
{
	if (timeout_ms != 0 || io_uring_sq_ready(&loop->ring) > 0)
		return true;
	if (loop->seen && !loop_ring_something(loop))
		return false;
	return io_uring_cq_ready(&loop->ring) == 0;
}

int loop_ring_wait(struct loop *loop, int timeout_ms)
{
	if (!loop->epoll_armed)
		watch_epoll(loop);
	if (io_uring_cq_ready(&loop->ring) > 0 || loop->epoll_ready || loop->ready)
		timeout_ms = 0;
	if (timeout_ms != 0 && (loop_spin(loop) || loop_look_rest(loop)))
		timeout_ms = 0;
	if (must_enter(loop, timeout_ms))
		(void)enter(loop, timeout_ms);
	if (timeout_ms != 0)
		loop_spin_woken(loop);
	return loop_ring_take(loop);
}

/* An entry for @io; NULL when the ring was given up, and @io will be told so. */
static struct io_uring_sqe *io_entry(struct loop *loop, struct loop_io *io)
{
	struct io_uring_sqe *sqe = next_entry(loop);

	if (sqe)
		return sqe;
	io->next = loop->failed;
	loop->failed = io;
	return NULL;
}

static unsigned int io_length(size_t len)
{
	return len < RING_MAX_LEN ? (unsigned int)len : RING_MAX_LEN;
}

void loop_read(struct loop *loop, struct loop_io *io, int fd, void *buf, size_t len,
	       uint64_t offset)
{
	struct io_uring_sqe *sqe = io_entry(loop, io);

	if (!sqe)
		return;
	io_uring_prep_read(sqe, fd, buf, io_length(len), offset);
	own(sqe, io, TAG_IO);
}

void loop_write(struct loop *loop, struct loop_io *io, int fd, const void *buf, size_t len,
		uint64_t offset)
{
	struct io_uring_sqe *sqe = io_entry(loop, io);

	if (!sqe)
		return;
	io_uring_prep_write(sqe, fd, buf, io_length(len), offset);
	own(sqe, io, TAG_IO);
}

void loop_datasync(struct loop *loop, struct loop_io *io, int fd)
{
	struct io_uring_sqe *sqe = io_entry(loop, io);

	if (!sqe)
		return;
	io_uring_prep_fsync(sqe, fd, IORING_FSYNC_DATASYNC);
	own(sqe, io, TAG_IO);
}

void loop_wait_io(struct loop *loop)
{
	if (loop->has_ring && !loop->failed &&
	    (io_uring_cq_ready(&loop->ring) == 0 || io_uring_sq_ready(&loop->ring) > 0))
		(void)enter(loop, 10); /* bounded: nothing says that the kernel has memory again */
	else if (loop->broken && !loop->failed)
		nap();
	loop_ring_take(loop);
}

void loop_signal(struct loop *loop, int eventfd)
{
	struct io_uring_sqe *sqe;

	if (!loop->has_ring || atomic_load(&loop->server) != pthread_self()) {
		signal_now(eventfd);
		return;
	}
	sqe = next_entry(loop);
	if (!sqe) {
		signal_now(eventfd);
		return;
	}
	io_uring_prep_write(sqe, eventfd, &one, sizeof(one), 0);
	own(sqe, NULL, TAG_NOTHING);
	sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

void loop_flush(struct loop *loop)
{
	if (loop->has_ring)
		submit(loop);
}
