/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUESTDRV_BLOCK_H
#define VISE_GUESTDRV_BLOCK_H

#include "vmm/core/loop.h"
#include "vmm/host/block/block.h"

/*
 * A block backend in memory, which a test can slow down, stop and make fail. It counts what reaches
 * it, so that "nothing was transferred" can be shown. On the loop's thread, as every backend.
 */

enum gd_block_mode {
	GD_BLOCK_INLINE, /* reads at once (block_read_now()), the rest inside block_kick() */
	GD_BLOCK_POSTED, /* done by the loop, later */
	GD_BLOCK_HELD,	 /* done when the test says so */
};

struct gd_block {
	struct block blk; /* first */
	struct loop *loop;
	enum gd_block_mode mode;
	uint8_t *bytes;
	int fail; /* negative errno for each request that finishes from now on */
	struct block_request *queued;	       /* submitted, not kicked */
	struct block_request *held;	       /* kicked, not done; in order */
	unsigned int reads, writes, flushes;   /* submitted */
	unsigned int done;		       /* finished, with any result */
	unsigned int writes_done_before_flush; /* at the last flush's submission */
	unsigned int writes_done;
	unsigned int bad_requests; /* that broke the rules of struct block: a device's bug */
};

/* @size bytes (a multiple of 512), zero. Never NULL. */
struct gd_block *gd_block_create(struct loop *loop, uint64_t size, enum gd_block_mode mode);

/* Requests that wait for gd_block_release(). */
unsigned int gd_block_held(const struct gd_block *disk);

/* Finishes the held request number @i (0 is the oldest) on the loop; the caller lets it run. */
void gd_block_release(struct gd_block *disk, unsigned int i);

/* Finishes all held requests, oldest first. */
void gd_block_release_all(struct gd_block *disk);

#endif
