/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_CORE_LOOP_INTERNAL_H
#define VISE_CORE_LOOP_INTERNAL_H

#include "vmm/core/loop.h"

#include <liburing.h>
#include <pthread.h>
#include <stdatomic.h>

/* Between loop.c and loop_ring.c. */

#define LOOP_BATCH 32

struct loop_fd {
	struct loop *loop;
	int fd;
	loop_fd_fn fn;
	void *arg;
	bool deleted;
	struct loop_fd *next;
	/* In the ring. */
	bool in_ring;	       /* watched by the ring, not by epoll */
	bool armed;	       /* the kernel has the watch, and will say when it no longer does */
	unsigned int events;   /* what to watch */
	unsigned int happened; /* not yet told; then in the list of ready sources */
	struct loop_fd *ready_next;
};

struct loop_timer {
	struct loop *loop;
	uint64_t when_ns; /* 0: not armed */
	loop_fn fn;
	void *arg;
	bool deleted;
	struct loop_timer *next;
};

struct loop_call {
	loop_fn fn;
	void *arg;
	struct loop_call *next;
};

/* Whether to look for a moment before sleeping: loop_spin.c. */
struct loop_spin {
	bool allowed;		   /* who is waited for has a CPU of his own */
	unsigned int short_sleeps; /* in a row */
	unsigned int penalty;	   /* short sleeps that the next look costs */
	uint64_t slept_at;	   /* of the sleep at hand; 0: none */
};

struct loop {
	int epoll_fd;
	int wake_fd;
	int timer_fd;
	struct loop_fd *sources;
	struct loop_timer *timers;
	uint64_t timer_fd_when; /* what timer_fd is armed for */
	struct loop_deferred *deferred;
	struct loop_look *looks; /* what is looked at */
	struct loop_look *seen;	 /* those that saw something, to be served */
	bool garbage;		 /* a deleted source or timer waits to be freed */
	atomic_bool stop;

	bool has_ring;
	struct io_uring ring;
	struct loop_spin spin;
	int broken;		/* negative errno: the kernel takes nothing from us any more */
	struct loop_io *failed; /* to be told so */
	bool epoll_armed;	/* the ring watches epoll_fd */
	bool epoll_ready;	/* and saw something, which has not been asked for yet */
	struct loop_fd *ready;	/* sources of which the ring has seen something, in that order */
	struct loop_fd **ready_tail;
	_Atomic(pthread_t) server; /* the thread that serves events; 0: none does */

	struct io_uring now_ring; /* of loop_read_now(), made when it is first called for */
	enum loop_now_state { LOOP_NOW_UNTRIED, LOOP_NOW_RING, LOOP_NOW_CALLS } now;

	pthread_mutex_t posted_lock;
	struct loop_call *posted_head;
	struct loop_call **posted_tail;
};

/* Makes the ring, if the host has one. */
void loop_ring_init(struct loop *loop);
void loop_ring_fini(struct loop *loop);

/* Takes the next ready source off the list; NULL when there is none. */
struct loop_fd *loop_ring_ready(struct loop *loop);

/* Watches @source, whose events are edge-triggered, and takes the watch away. */
void loop_ring_watch(struct loop_fd *source);
void loop_ring_unwatch(struct loop_fd *source);

/* Hands over what is queued, waits at most @timeout_ms (-1: for ever) for something to happen
 * unless something has already, and finishes the I/O that is done: how much of it there was.
 */
int loop_ring_wait(struct loop *loop, int timeout_ms);

/* Finishes the I/O that is done, without waiting; as above. */
int loop_ring_take(struct loop *loop);

void loop_now_fini(struct loop *loop);

/* Looks once: true when there is something to be served by loop_look_serve(). */
bool loop_look(struct loop *loop);

/* Before a sleep: ends all looks. True when there is something to be served after all. */
bool loop_look_rest(struct loop *loop);

/* Serves what was seen; how many. */
int loop_look_serve(struct loop *loop);

/* True when the ring has a completion, or the kernel's word that it has one to be fetched. */
bool loop_ring_something(const struct loop *loop);

/* Before a wait that may sleep: true when something has come already, so that it need not. */
void loop_spin_init(struct loop *loop);
bool loop_spin(struct loop *loop);

/* After such a wait. */
void loop_spin_woken(struct loop *loop);

/* Watches @source by epoll. 0 or a negative errno. */
MUST_CHECK int loop_epoll_watch(struct loop_fd *source);

/* Makes the calls after a callback. */
void loop_run_deferred(struct loop *loop);

#endif
