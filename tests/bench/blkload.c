/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/blkload.h"

#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Linux's own asynchronous I/O by bare system calls: one submits, one reaps, nothing to link. */

#define BLOCK	  4096U
#define DEPTH_MAX 128U
#define BUCKETS	  200000U /* of one microsecond */

struct load {
	int fd;
	aio_context_t aio;
	uint64_t blocks;
	uint64_t random;
	uint8_t *buffer;
	struct iocb iocb[DEPTH_MAX];
	double sent[DEPTH_MAX];
	uint32_t *latency;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* xorshift: the same sequence for every VMM. */
static uint64_t next_block(struct load *l)
{
	l->random ^= l->random << 13;
	l->random ^= l->random >> 7;
	l->random ^= l->random << 17;
	return l->random % l->blocks;
}

static int submit(struct load *l, const unsigned int *slot, unsigned int n)
{
	struct iocb *list[DEPTH_MAX];
	double at = now();

	for (unsigned int i = 0; i < n; i++) {
		struct iocb *io = &l->iocb[slot[i]];

		*io = (struct iocb){
			.aio_data = slot[i],
			.aio_lio_opcode = IOCB_CMD_PREAD,
			.aio_fildes = (uint32_t)l->fd,
			.aio_buf = (uint64_t)(uintptr_t)(l->buffer + slot[i] * (size_t)BLOCK),
			.aio_nbytes = BLOCK,
			.aio_offset = (int64_t)(next_block(l) * BLOCK),
		};
		l->sent[slot[i]] = at;
		list[i] = io;
	}
	return syscall(SYS_io_submit, l->aio, (long)n, list) == (long)n ? 0 : -1;
}

static int load_loop(struct load *l, unsigned int depth, double seconds, struct blkload_result *r)
{
	struct io_event events[DEPTH_MAX];
	unsigned int slot[DEPTH_MAX];
	double begin = now(), at = begin;

	for (unsigned int i = 0; i < depth; i++)
		slot[i] = i;
	if (submit(l, slot, depth) < 0)
		return -1;
	while (at - begin < seconds) {
		long n = syscall(SYS_io_getevents, l->aio, 1L, (long)depth, events, NULL);

		at = now();
		for (long i = 0; i < n; i++) {
			unsigned int us;

			slot[i] = (unsigned int)events[i].data;
			us = (unsigned int)((at - l->sent[slot[i]]) * 1e6);
			l->latency[us < BUCKETS ? us : BUCKETS - 1]++;
			if (events[i].res != BLOCK)
				return -1;
		}
		if (n < 1 || submit(l, slot, (unsigned int)n) < 0)
			return -1;
		r->requests += (unsigned long long)n;
	}
	r->seconds = at - begin;
	return 0;
}

static double median(const struct load *l, unsigned long long requests)
{
	unsigned long long seen = 0;
	unsigned int us = 0;

	while (us < BUCKETS - 1 && (seen += l->latency[us]) * 2 < requests)
		us++;
	return us;
}

int blkload_run(const char *device, unsigned int depth, double seconds,
		struct blkload_result *result)
{
	struct load l = {.random = 0x9e3779b97f4a7c15ULL};
	uint64_t size = 0;
	int rc = -1;

	*result = (struct blkload_result){0};
	l.fd = open(device, O_RDONLY | O_DIRECT | O_CLOEXEC);
	l.latency = calloc(BUCKETS, sizeof(*l.latency));
	l.buffer = aligned_alloc(BLOCK, (size_t)DEPTH_MAX * BLOCK);
	if (l.fd >= 0 && l.latency && l.buffer && depth >= 1 && depth <= DEPTH_MAX &&
	    ioctl(l.fd, BLKGETSIZE64, &size) == 0 && size >= BLOCK &&
	    syscall(SYS_io_setup, (unsigned long)depth, &l.aio) == 0) {
		l.blocks = size / BLOCK;
		rc = load_loop(&l, depth, seconds, result);
		syscall(SYS_io_destroy, l.aio);
		result->median_us = median(&l, result->requests);
	}
	if (l.fd >= 0)
		close(l.fd);
	free(l.buffer);
	free(l.latency);
	return rc;
}
