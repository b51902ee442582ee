/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_CLOCK_H
#define VISE_GUEST_INIT_SELFTEST_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Time in nanoseconds that only goes forward. */
static inline uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}

static inline uint64_t clock_after_ms(uint64_t ms)
{
	return clock_ns() + ms * 1000000ULL;
}

/* Milliseconds until @deadline, rounded up, for poll(); 0 once it has passed. */
static inline int clock_left_ms(uint64_t deadline)
{
	uint64_t now = clock_ns();
	uint64_t left = deadline > now ? (deadline - now + 999999) / 1000000 : 0;

	return left > 1000000 ? 1000000 : (int)left;
}

static inline void clock_sleep_ms(unsigned ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	while (nanosleep(&t, &t))
		;
}

#endif
