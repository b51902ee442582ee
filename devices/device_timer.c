/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/device_timer.h"

#include "vmm/core/clock.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct device_timer {
	int fd;
	struct loop_fd *source;
	atomic_ullong when_ns; /* what fd is armed for; 0 when it is not, or has expired */
	loop_fn fn;
	void *arg;
};

static void on_expiry(void *arg, unsigned int events)
{
	struct device_timer *timer = arg;
	uint64_t count;

	(void)events;
	/* Set again since it expired: the count is gone, and a new expiry will come. */
	if (read(timer->fd, &count, sizeof(count)) < 0)
		return;
	atomic_store(&timer->when_ns, 0);
	timer->fn(timer->arg);
}

struct device_timer *device_timer_create(struct loop *loop, loop_fn fn, void *arg, struct err *err)
{
	struct device_timer *timer = calloc(1, sizeof(*timer));

	if (!timer) {
		err_set(err, -ENOMEM, "timer: out of memory");
		return NULL;
	}
	timer->fn = fn;
	timer->arg = arg;
	timer->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (timer->fd < 0) {
		err_set_errno(err, errno, "timer: timerfd_create");
		free(timer);
		return NULL;
	}
	timer->source = loop_add_fd(loop, timer->fd, LOOP_READ, on_expiry, timer, err);
	if (!timer->source) {
		close(timer->fd);
		free(timer);
		return NULL;
	}
	return timer;
}

void device_timer_destroy(struct device_timer *timer)
{
	if (!timer)
		return;
	loop_del_fd(timer->source);
	close(timer->fd);
	free(timer);
}

void device_timer_set(struct device_timer *timer, uint64_t when_ns)
{
	struct itimerspec spec = {0};

	if (atomic_exchange(&timer->when_ns, when_ns) == when_ns)
		return;
	spec.it_value.tv_sec = (time_t)(when_ns / NS_PER_SEC);
	spec.it_value.tv_nsec = (long)(when_ns % NS_PER_SEC);
	timerfd_settime(timer->fd, TFD_TIMER_ABSTIME, &spec, NULL);
}
