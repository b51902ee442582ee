/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/clock.h"

#include <time.h>

static uint64_t host_now(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

static uint64_t host_monotonic_ns(void *owner)
{
	(void)owner;
	return host_now(CLOCK_MONOTONIC);
}

static uint64_t host_realtime_ns(void *owner)
{
	(void)owner;
	return host_now(CLOCK_REALTIME);
}

struct clock clock_host(void)
{
	return (struct clock){.monotonic_ns = host_monotonic_ns, .realtime_ns = host_realtime_ns};
}
