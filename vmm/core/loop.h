/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_CORE_LOOP_H
#define VISE_CORE_LOOP_H

#include "vmm/core/err.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The event loop: descriptors, timers, and calls posted from other threads. A loop belongs to the
 * thread that runs it. Only loop_post() and loop_stop() may be called from any thread; all else is
 * for the loop's own thread, or before loop_run().
 *
 * Callbacks run with no lock held and may add and delete sources, their own included.
 */

struct loop;
struct loop_fd;
struct loop_timer;

#define LOOP_READ  1U
#define LOOP_WRITE 2U
#define LOOP_HUP   4U /* reported only; the peer is gone or the descriptor failed */
#define LOOP_EDGE  8U /* report each new event once; an eventfd then need not be read */

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

/* Runs until loop_stop(). 0, or a negative errno when waiting failed. */
int loop_run(struct loop *loop, struct err *err);

/* Waits at most @timeout_ms (-1: for ever) for one batch of events and serves it: for tests, and
 * for a caller that waits for a thing of its own. The number of events served, or a negative errno.
 */
int loop_run_once(struct loop *loop, int timeout_ms, struct err *err);

/* Makes loop_run() return after the callback at hand; any thread, also before loop_run(). */
void loop_stop(struct loop *loop);

#endif
