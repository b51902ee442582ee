/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TESTS_MICRO_BOX_H
#define VISE_TESTS_MICRO_BOX_H

#include "tests/micro/layout.h"

#include <stdint.h>

/* The letter box at MICRO_BOX: what guest code leaves for the test, and the other way round. Plain
 * little-endian words; both sides are x86-64. */
struct micro_box {
	uint64_t value[32];		     /* results, in an order of each test's own */
	uint64_t counter[MICRO_MAX_CPUS][8]; /* [0] is used: a cache line each */
	uint64_t interrupts;
	uint64_t not_mine; /* interrupts whose ISR read 0 */
	uint64_t errors;   /* data that was not as expected */
	uint64_t argument; /* set by the test: rounds to make */
};

/* Word @i of sector @sector of the test disk. */
static inline uint64_t micro_pattern(uint64_t sector, uint64_t i)
{
	return (sector + 1) << 32 | (i * 7 + sector);
}

#endif
