/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/loop_internal.h"

#include "vmm/core/clock.h"

#include <sched.h>

/*
 * A moment's look before the loop sleeps. To wake a sleeping thread costs tens of microseconds,
 * many times what a request does; a guest that has one request in flight pays it with each. So
 * after a sleep that was short the loop looks for a while before it sleeps again.
 *
 * What that may cost is bounded: nothing after long sleeps, so nothing while the guest is idle; at
 * most LOOK_NS a sleep; and each look in vain, as when the guest has to share this CPU, doubles the
 * number of short sleeps before the next.
 */

#define LOOK_NS	    50000U
#define MAX_PENALTY 256U
#define PAUSES	    20 /* between looks at the clock */

static uint64_t now_ns(void)
{
	struct clock host = clock_host();

	return clock_monotonic_ns(&host);
}

void loop_spin_init(struct loop *loop)
{
	cpu_set_t cpus;

	/* Alone on one CPU it would keep off the one that it waits for. */
	loop->spin.allowed = sched_getaffinity(0, sizeof(cpus), &cpus) == 0 && CPU_COUNT(&cpus) > 1;
	loop->spin.penalty = 1;
}

static bool look(struct loop *loop)
{
	uint64_t until = now_ns() + LOOK_NS;

	do {
		for (int i = 0; i < PAUSES; i++) {
			if (loop_ring_something(loop) || loop_look(loop))
				return true;
			__builtin_ia32_pause();
		}
	} while (now_ns() < until);
	return false;
}

bool loop_spin(struct loop *loop)
{
	struct loop_spin *s = &loop->spin;

	s->slept_at = 0;
	if (!s->allowed)
		return false;
	if (s->short_sleeps >= s->penalty) {
		/* What fails here fails once more in the wait, which knows what to do. */
		if (io_uring_sq_ready(&loop->ring) > 0 && io_uring_submit(&loop->ring) < 0)
			return false;
		if (look(loop)) {
			s->penalty = 1;
			return true;
		}
		s->short_sleeps = 0;
		s->penalty = s->penalty < MAX_PENALTY ? s->penalty * 2 : MAX_PENALTY;
	}
	s->slept_at = now_ns();
	return false;
}

void loop_spin_woken(struct loop *loop)
{
	struct loop_spin *s = &loop->spin;

	if (!s->slept_at)
		return;
	if (now_ns() - s->slept_at >= LOOK_NS)
		s->short_sleeps = 0;
	else if (s->short_sleeps < MAX_PENALTY)
		s->short_sleeps++;
}
