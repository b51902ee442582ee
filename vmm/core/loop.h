/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_CORE_LOOP_H
#define VISE_CORE_LOOP_H

#include "vmm/core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/*
 * The event loop: descriptors, timers, and calls posted from other threads. A loop belongs to the
 * thread that runs it. Only loop_post() and loop_stop() may be called from any thread; all else is
 * for the loop's own thread, or before loop_run().
 *
 * Callbacks run with no lock held and may add and delete sources, their own included. A loop does
 * not survive fork(): the child may use neither it nor what stands on it.
 */

struct loop;
struct loop_fd;
struct loop_timer;

#define LOOP_READ  1U
#define LOOP_WRITE 2U
#define LOOP_HUP   4U  /* reported only; the peer is gone or the descriptor failed */
#define LOOP_EDGE  8U  /* report each new event once; an eventfd then need not be read */
#define LOOP_BUSY  16U /* with LOOP_EDGE: a descriptor on whose events speed depends */

typedef void (*loop_fd_fn)(void *arg, unsigned int events);
typedef void (*loop_fn)(void *arg);

/* NULL and @err on failure. */
struct loop *loop_create(struct err *err);

/* Frees the loop, its sources and calls not yet made. Not while it runs. NULL is allowed. */
void loop_destroy(struct loop *loop);

/* Watches @fd (not owned) for @events (LOOP_READ, LOOP_WRITE, LOOP_EDGE). NULL and @err on failure.
 */
struct loop_fd *loop_add_fd(struct loop *loop, int fd, unsigned int events, loop_fd_fn fn,
			    void *arg, struct err *err);

/* Changes what is watched; 0 watches nothing but LOOP_HUP. */
void loop_set_fd(struct loop_fd *source, unsigned int events);

/* Ends the watch; its callback is not called again. NULL is allowed. */
void loop_del_fd(struct loop_fd *source);

/*
 * Reads and writes of files that do not wait, and signals: by the loop's own ring, where the host
 * has io_uring. They are handed to the kernel with the call in which the loop waits next, so they
 * cost no system call of their own. For the loop's thread, or any one thread while the loop does
 * not run.
 */
struct loop_io {
	/* Called once, on the loop's thread: @result is what read(2), write(2) or fdatasync(2)
	 * would have returned, or a negative errno. -ECANCELED: the thread that asked has ended. */
	void (*done)(struct loop_io *io, int result);
	struct loop_io *next; /* the loop's */
};

/* False: the functions of struct loop_io may not be called. */
bool loop_has_ring(const struct loop *loop);

/* At most 1 GiB of @len. @io and @buf stay the caller's, and in place, until `done`. */
void loop_read(struct loop *loop, struct loop_io *io, int fd, void *buf, size_t len,
	       uint64_t offset);
void loop_write(struct loop *loop, struct loop_io *io, int fd, const void *buf, size_t len,
		uint64_t offset);
void loop_datasync(struct loop *loop, struct loop_io *io, int fd);

/* Hands over what is queued, waits a moment for I/O and calls `done` of what has finished; no other
 * callback is made. For one who has to wait for all of it. */
void loop_wait_io(struct loop *loop);

/*
 * Reads of files that the page cache can answer, done when the call returns: nothing is on its way
 * afterwards, so the pieces may lie in memory that another one owns. `result` is what preadv2(2)
 * with RWF_NOWAIT would have returned, or a negative errno: -EAGAIN where the cache has not got it,
 * -EOPNOTSUPP where the file system cannot say. With io_uring one system call does for all of them.
 */
struct loop_now {
	const struct iovec *iov;
	uint64_t offset;
	unsigned int n_iov; /* at most IOV_MAX */
	int result;
};

#define LOOP_NOW_MAX 64U /* reads a call */

/* For the loop's thread, or any one thread while the loop does not run. No callback is made. */
void loop_read_now(struct loop *loop, int fd, struct loop_now *reads, unsigned int n);

/* Adds 1 to @eventfd: from a callback of the loop, with its next wait; otherwise at once. Any
 * thread. The descriptor may be closed after loop_flush(). */
void loop_signal(struct loop *loop, int eventfd);

/* Hands over what is queued, without waiting. */
void loop_flush(struct loop *loop);

/* Makes an unarmed timer. NULL when out of memory. */
struct loop_timer *loop_add_timer(struct loop *loop, loop_fn fn, void *arg);

/* Arms for the absolute CLOCK_MONOTONIC time @when_ns, once; 0 disarms. */
void loop_set_timer(struct loop_timer *timer, uint64_t when_ns);
void loop_del_timer(struct loop_timer *timer);

/* Calls @fn(@arg) once on the loop's thread, in order of posting; any thread. 0 or -ENOMEM. */
MUST_CHECK int loop_post(struct loop *loop, loop_fn fn, void *arg);

/*
 * A call that is made once the callback at hand has returned, however often it is asked for: for
 * work that is done once a batch. Embedded by its owner; zero-initialise, then set fn and arg.
 */
struct loop_deferred {
	loop_fn fn;
	void *arg;
	bool queued;
	struct loop_deferred *next;
};

/* Queues @d unless it is queued. From a callback; elsewhere it waits for the next one to return. */
void loop_defer(struct loop *loop, struct loop_deferred *d);

/* Takes @d off the queue, if it is there. */
void loop_undefer(struct loop *loop, struct loop_deferred *d);

/*
 * Something that changes without an event while the loop is awake, such as a ring in memory whose
 * other side stays silent until it is asked to speak. Embedded by its owner; zero-initialise, then
 * set the four members.
 */
struct loop_look {
	bool (*look)(void *arg); /* whether there is something to serve; cheap, it is asked often */
	/* The loop may sleep now: what changes from here on has to make an event. True: something
	 * is there after all. It is not looked at any more in either case. */
	bool (*rest)(void *arg);
	void (*serve)(void *arg);
	void *arg;
	bool queued;
	struct loop_look *next;
};

/* Looks until something is seen, which is then served once, or until the loop sleeps. */
void loop_look_for(struct loop *loop, struct loop_look *look);

/* Looks no longer; neither `rest` nor `serve` is called any more. */
void loop_look_away(struct loop *loop, struct loop_look *look);

/* Runs until loop_stop(). 0, or a negative errno when waiting failed. */
int loop_run(struct loop *loop, struct err *err);

/* Waits at most @timeout_ms (-1: for ever) for one batch of events and serves it: for tests, and
 * for a caller that waits for a thing of its own. The number of events served, or a negative errno.
 */
int loop_run_once(struct loop *loop, int timeout_ms, struct err *err);

/* Makes loop_run() return after the callback at hand; any thread, also before loop_run(). */
void loop_stop(struct loop *loop);

#endif
