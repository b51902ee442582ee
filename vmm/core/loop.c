/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/loop_internal.h"

#include "vmm/core/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

/*
 * epoll over the descriptors, one timerfd for the earliest timer, one eventfd for posted calls.
 * Where the host has io_uring, the loop waits in a ring instead (loop_ring.c), which watches the
 * busiest descriptors itself and epoll's for the rest.
 *
 * A source deleted inside a callback may still have an event in the batch that epoll_wait()
 * returned: it is only marked then, and freed when the batch is done.
 */

static void wake(struct loop *loop)
{
	uint64_t one = 1;

	/* Fails only when the counter is full, and then the loop is awake already. */
	if (write(loop->wake_fd, &one, sizeof(one)) < 0)
		return;
}

static void drain_counter(int fd)
{
	uint64_t value;

	if (read(fd, &value, sizeof(value)) < 0)
		return;
}

static struct loop_call *take_posted(struct loop *loop)
{
	struct loop_call *list;

	pthread_mutex_lock(&loop->posted_lock);
	list = loop->posted_head;
	loop->posted_head = NULL;
	loop->posted_tail = &loop->posted_head;
	pthread_mutex_unlock(&loop->posted_lock);
	return list;
}

static void on_wake(void *arg, unsigned int events)
{
	struct loop *loop = arg;
	struct loop_call *call;

	(void)events;
	drain_counter(loop->wake_fd);
	call = take_posted(loop);
	while (call) {
		struct loop_call *next = call->next;

		call->fn(call->arg);
		free(call);
		call = next;
	}
}

static void arm_timer_fd(struct loop *loop)
{
	struct itimerspec spec = {0};
	uint64_t first = 0;

	for (const struct loop_timer *t = loop->timers; t; t = t->next)
		if (t->when_ns && (!first || t->when_ns < first))
			first = t->when_ns;
	if (first == loop->timer_fd_when)
		return;
	loop->timer_fd_when = first;
	spec.it_value.tv_sec = (time_t)(first / NS_PER_SEC);
	spec.it_value.tv_nsec = (long)(first % NS_PER_SEC);
	timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

/* The timer that has been due for longest at @now, or NULL. */
static struct loop_timer *first_due(const struct loop *loop, uint64_t now)
{
	struct loop_timer *first = NULL;

	for (struct loop_timer *t = loop->timers; t; t = t->next)
		if (!t->deleted && t->when_ns && t->when_ns <= now &&
		    (!first || t->when_ns < first->when_ns))
			first = t;
	return first;
}

static void on_timer(void *arg, unsigned int events)
{
	struct loop *loop = arg;
	struct clock host = clock_host();
	uint64_t now = clock_monotonic_ns(&host);
	struct loop_timer *t;

	(void)events;
	drain_counter(loop->timer_fd);
	loop->timer_fd_when = 0;
	/* Bounded, so that a timer that keeps setting itself into the past lets others have a turn.
	 */
	for (int i = 0; i < LOOP_BATCH && (t = first_due(loop, now)); i++) {
		t->when_ns = 0;
		t->fn(t->arg);
	}
	arm_timer_fd(loop);
}

struct loop *loop_create(struct err *err)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop) {
		err_set(err, -ENOMEM, "event loop: out of memory");
		return NULL;
	}
	pthread_mutex_init(&loop->posted_lock, NULL);
	loop->posted_tail = &loop->posted_head;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (loop->epoll_fd < 0 || loop->wake_fd < 0 || loop->timer_fd < 0) {
		err_set_errno(err, errno, "event loop");
		goto fail;
	}
	loop_ring_init(loop);
	if (!loop_add_fd(loop, loop->wake_fd, LOOP_READ, on_wake, loop, err) ||
	    !loop_add_fd(loop, loop->timer_fd, LOOP_READ, on_timer, loop, err))
		goto fail;
	return loop;
fail:
	loop_destroy(loop);
	return NULL;
}

static void free_deleted(struct loop *loop, bool all)
{
	struct loop_fd **s = &loop->sources;
	struct loop_timer **t = &loop->timers;

	while (*s) {
		struct loop_fd *dead = *s;

		if (!all && (!dead->deleted || dead->armed || dead->happened)) {
			s = &dead->next;
			continue;
		}
		*s = dead->next;
		free(dead);
	}
	while (*t) {
		struct loop_timer *dead = *t;

		if (!all && !dead->deleted) {
			t = &dead->next;
			continue;
		}
		*t = dead->next;
		free(dead);
	}
	loop->garbage = false;
}

void loop_destroy(struct loop *loop)
{
	struct loop_call *call;

	if (!loop)
		return;
	call = take_posted(loop);
	while (call) {
		struct loop_call *next = call->next;

		free(call);
		call = next;
	}
	loop_ring_fini(loop);
	loop_now_fini(loop);
	free_deleted(loop, true);
	if (loop->timer_fd >= 0)
		close(loop->timer_fd);
	if (loop->wake_fd >= 0)
		close(loop->wake_fd);
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	pthread_mutex_destroy(&loop->posted_lock);
	free(loop);
}

static uint32_t to_epoll(unsigned int events)
{
	return (events & LOOP_READ ? (uint32_t)EPOLLIN : 0U) |
	       (events & LOOP_WRITE ? (uint32_t)EPOLLOUT : 0U) |
	       (events & LOOP_EDGE ? (uint32_t)EPOLLET : 0U);
}

static unsigned int from_epoll(uint32_t events)
{
	return (events & EPOLLIN ? LOOP_READ : 0U) | (events & EPOLLOUT ? LOOP_WRITE : 0U) |
	       (events & (EPOLLHUP | EPOLLERR) ? LOOP_HUP : 0U);
}

int loop_epoll_watch(struct loop_fd *source)
{
	struct epoll_event ev = {.events = to_epoll(source->events), .data.ptr = source};

	source->in_ring = false;
	return epoll_ctl(source->loop->epoll_fd, EPOLL_CTL_ADD, source->fd, &ev) < 0 ? -errno : 0;
}

struct loop_fd *loop_add_fd(struct loop *loop, int fd, unsigned int events, loop_fd_fn fn,
			    void *arg, struct err *err)
{
	struct loop_fd *source = calloc(1, sizeof(*source));
	int rc = 0;

	if (!source) {
		err_set(err, -ENOMEM, "event loop: out of memory");
		return NULL;
	}
	source->loop = loop;
	source->fd = fd;
	source->fn = fn;
	source->arg = arg;
	source->events = events;
	if (loop->has_ring && (events & LOOP_BUSY))
		loop_ring_watch(source);
	else
		rc = loop_epoll_watch(source);
	if (rc < 0) {
		err_set_errno(err, -rc, "event loop: cannot watch descriptor %d", fd);
		free(source);
		return NULL;
	}
	source->next = loop->sources;
	loop->sources = source;
	return source;
}

void loop_set_fd(struct loop_fd *source, unsigned int events)
{
	struct epoll_event ev = {.events = to_epoll(events), .data.ptr = source};

	source->events = events;
	if (source->in_ring) {
		loop_ring_unwatch(source);
		return;
	}
	epoll_ctl(source->loop->epoll_fd, EPOLL_CTL_MOD, source->fd, &ev);
}

void loop_del_fd(struct loop_fd *source)
{
	if (!source)
		return;
	source->deleted = true;
	if (source->in_ring)
		loop_ring_unwatch(source);
	else
		epoll_ctl(source->loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
	source->loop->garbage = true;
}

struct loop_timer *loop_add_timer(struct loop *loop, loop_fn fn, void *arg)
{
	struct loop_timer *timer = calloc(1, sizeof(*timer));

	if (!timer)
		return NULL;
	timer->loop = loop;
	timer->fn = fn;
	timer->arg = arg;
	timer->next = loop->timers;
	loop->timers = timer;
	return timer;
}

void loop_set_timer(struct loop_timer *timer, uint64_t when_ns)
{
	timer->when_ns = when_ns;
	arm_timer_fd(timer->loop);
}

void loop_del_timer(struct loop_timer *timer)
{
	if (!timer)
		return;
	timer->when_ns = 0;
	timer->deleted = true;
	timer->loop->garbage = true;
}

int loop_post(struct loop *loop, loop_fn fn, void *arg)
{
	struct loop_call *call = malloc(sizeof(*call));
	bool first;

	if (!call)
		return -ENOMEM;
	*call = (struct loop_call){.fn = fn, .arg = arg};
	pthread_mutex_lock(&loop->posted_lock);
	first = !loop->posted_head;
	*loop->posted_tail = call;
	loop->posted_tail = &call->next;
	pthread_mutex_unlock(&loop->posted_lock);
	if (first)
		wake(loop);
	return 0;
}

void loop_defer(struct loop *loop, struct loop_deferred *d)
{
	if (d->queued)
		return;
	d->queued = true;
	d->next = loop->deferred;
	loop->deferred = d;
}

void loop_undefer(struct loop *loop, struct loop_deferred *d)
{
	struct loop_deferred **at = &loop->deferred;

	while (*at && *at != d)
		at = &(*at)->next;
	if (*at)
		*at = d->next;
	d->queued = false;
}

void loop_run_deferred(struct loop *loop)
{
	while (loop->deferred) {
		struct loop_deferred *d = loop->deferred;

		loop->deferred = d->next;
		d->queued = false;
		d->fn(d->arg);
	}
}

static void call_source(struct loop *loop, struct loop_fd *source, unsigned int events)
{
	if (!source->deleted)
		source->fn(source->arg, events);
	loop_run_deferred(loop);
}

/* Sources that epoll has something of. The number of them, or a negative errno. */
static int serve_epoll(struct loop *loop, int timeout_ms)
{
	struct epoll_event batch[LOOP_BATCH];
	int n = epoll_wait(loop->epoll_fd, batch, LOOP_BATCH, timeout_ms);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n && !atomic_load(&loop->stop); i++)
		call_source(loop, batch[i].data.ptr, from_epoll(batch[i].events));
	/* What is still there does not announce itself to the ring anew: look until nothing is. */
	loop->epoll_ready = n > 0;
	return n;
}

/* Sources of which the ring has seen something; the number of them. */
static int serve_ring(struct loop *loop)
{
	struct loop_fd *source;
	int n = 0;

	while (!atomic_load(&loop->stop) && (source = loop_ring_ready(loop))) {
		unsigned int events = source->happened;

		source->happened = 0;
		call_source(loop, source, events);
		loop->garbage |= source->deleted;
		n++;
	}
	return n;
}

static int wait_and_serve(struct loop *loop, int timeout_ms)
{
	bool ring = loop->has_ring;
	int n, more;

	/* Who waits for nothing wants to know of everything. */
	if (loop_look(loop) || ((timeout_ms == 0 || !ring) && loop_look_rest(loop)))
		timeout_ms = 0;
	n = ring ? loop_ring_wait(loop, timeout_ms) : loop_ring_take(loop);
	n += loop_look_serve(loop);
	n += serve_ring(loop);
	if (ring && !loop->epoll_ready)
		return n;
	more = serve_epoll(loop, ring || n ? 0 : timeout_ms);
	return more < 0 ? more : n + more;
}

int loop_run_once(struct loop *loop, int timeout_ms, struct err *err)
{
	int n;

	atomic_store(&loop->server, pthread_self());
	n = wait_and_serve(loop, timeout_ms);
	atomic_store(&loop->server, 0);
	if (loop->garbage)
		free_deleted(loop, false);
	return n < 0 ? err_set_errno(err, -n, "event loop: waiting") : n;
}

int loop_run(struct loop *loop, struct err *err)
{
	int rc = 0;

	while (rc >= 0 && !atomic_load(&loop->stop))
		rc = loop_run_once(loop, -1, err);
	atomic_store(&loop->stop, false);
	return rc < 0 ? rc : 0;
}

void loop_stop(struct loop *loop)
{
	atomic_store(&loop->stop, true);
	wake(loop);
}
