/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_BENCH_BLKLOAD_H
#define TESTS_BENCH_BLKLOAD_H

struct blkload_result {
	unsigned long long requests;
	double seconds;
	double median_us; /* from submission to completion */
};

/* Random reads of 4 KiB, O_DIRECT, with @depth of them in flight, for @seconds. Negative: the
 * device cannot be opened or read. */
int blkload_run(const char *device, unsigned int depth, double seconds,
		struct blkload_result *result);

#endif
