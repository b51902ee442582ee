/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_BLOCK_H
#define VISE_HOST_BLOCK_H

#include "vmm/core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A block backend: an array of bytes, read and written asynchronously in multiples of 512. It knows
 * nothing of virtio or of guest memory; buffers are the caller's. Drivers (raw file by io_uring or
 * by threads, copy-on-write overlay) implement struct block_ops and may stand on one another.
 *
 * Threads: all functions are for the loop's thread, and every `done` is called there, exactly once
 * a request, success or not; it may be called before block_kick() returns, but not before
 * block_submit() has returned.
 */

#define BLOCK_SECTOR 512U

struct loop;

enum block_op {
	BLOCK_READ,
	BLOCK_WRITE,
	BLOCK_FLUSH, /* done when every write completed before its submission is durable */
};

struct block_request {
	enum block_op op;
	uint64_t offset; /* bytes, multiple of 512; within the size (the caller checks) */
	uint8_t *buf;	 /* @len bytes, the caller's until done; unused by a flush */
	size_t len;	 /* bytes, multiple of 512, more than 0 */
	void (*done)(struct block_request *req, int result); /* 0, or a negative errno */
	/* For the driver that holds the request. */
	struct block_request *next;
	size_t progress;
};

struct block;

struct block_ops {
	const char *name; /* "raw/io_uring", "raw/threads", "overlay" */
	void (*submit)(struct block *blk, struct block_request *req);
	void (*kick)(struct block *blk); /* hands over what submit() queued */
	int (*resize)(struct block *blk, uint64_t size, struct err *err);
	void (*destroy)(struct block *blk); /* waits for requests in flight, calls their done */
};

/* The common head of each driver's struct. */
struct block {
	const struct block_ops *ops;
	uint64_t size;	/* bytes, multiple of 512 */
	bool read_only; /* writes are refused by the caller */
};

enum block_aio { BLOCK_AIO_AUTO, BLOCK_AIO_URING, BLOCK_AIO_THREADS };

struct block_config {
	const char *path;
	const char *format; /* "raw", or NULL for raw */
	bool read_only;	    /* open the image for reading only */
	bool snapshot;	    /* writes go to an unnamed temporary file; the image is never written */
	enum block_aio aio; /* AUTO: io_uring, threads where the host refuses it */
};

/*
 * Opens an image and takes a lock on it (an image in use for writing elsewhere is refused, with one
 * line that says so). A regular file or a block device; its size is rounded down to 512. NULL and
 * @err on failure. @config is read during the call only.
 */
struct block *block_open(const struct block_config *config, struct loop *loop, struct err *err);

/* Queues a request; it may start only with block_kick(). */
static inline void block_submit(struct block *blk, struct block_request *req)
{
	blk->ops->submit(blk, req);
}

/* Starts everything queued: one call for a batch. */
static inline void block_kick(struct block *blk)
{
	blk->ops->kick(blk);
}

/* Changes the size in bytes (multiple of 512); with an overlay only the view changes, never the
 * image. 0 or a negative errno with @err. No request may lie beyond the new end. */
MUST_CHECK static inline int block_resize(struct block *blk, uint64_t size, struct err *err)
{
	return blk->ops->resize(blk, size, err);
}

/* Closes the image after all requests in flight are done. NULL is allowed. */
static inline void block_destroy(struct block *blk)
{
	if (blk)
		blk->ops->destroy(blk);
}

#endif
