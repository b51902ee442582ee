/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_DEVICES_TICKS_H
#define VISE_DEVICES_TICKS_H

#include "vmm/core/clock.h"

#include <stdint.h>

/* Nanoseconds and the ticks of a slow crystal, without drift or overflow for centuries. */

/* Whole ticks of @hz (at most 4 GHz) in @ns. */
static inline uint64_t ticks_from_ns(uint64_t ns, uint32_t hz)
{
	return ns / NS_PER_SEC * hz + ns % NS_PER_SEC * hz / NS_PER_SEC;
}

/* The first nanosecond at which ticks_from_ns() gives @ticks. */
static inline uint64_t ticks_to_ns(uint64_t ticks, uint32_t hz)
{
	return ticks / hz * NS_PER_SEC + (ticks % hz * NS_PER_SEC + hz - 1) / hz;
}

#endif
