/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_CORE_CLOCK_H
#define VISE_CORE_CLOCK_H

#include <stdint.h>

/*
 * Time, given to devices so that tests can move it. Monotonic nanoseconds for timers and counters,
 * wall-clock nanoseconds since 1970-01-01 UTC for the real-time clock.
 */
struct clock {
	uint64_t (*monotonic_ns)(void *owner);
	uint64_t (*realtime_ns)(void *owner);
	void *owner;
};

/* The host's own clocks. */
struct clock clock_host(void);

static inline uint64_t clock_monotonic_ns(const struct clock *c)
{
	return c->monotonic_ns(c->owner);
}

static inline uint64_t clock_realtime_ns(const struct clock *c)
{
	return c->realtime_ns(c->owner);
}

#define NS_PER_SEC 1000000000ULL
#define NS_PER_MS  1000000ULL

#endif
