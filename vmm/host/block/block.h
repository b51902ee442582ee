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
 * by threads, qcow2 image, copy-on-write overlay) implement struct block_ops and may stand on one
 * another.
 *
 * Threads: all functions are for the loop's thread (or for any one thread while the loop does not
 * run), and every `done` is called there, exactly once a request, success or not; it may be called
 * before block_kick() returns, but not before block_submit() has returned. A `done` may submit and
 * kick, which never recurses deeper than one level a driver; it may not drain, resize or destroy.
 *
 * A write past the file size limit (RLIMIT_FSIZE) ends with -EFBIG only where the program ignores
 * SIGXFSZ; by default that signal ends the program.
 */

#define BLOCK_SECTOR 512U

struct loop;
struct loop_now;

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
	const char *name; /* "raw/io_uring", "raw/threads", "qcow2", "overlay" */
	void (*submit)(struct block *blk, struct block_request *req);
	void (*kick)(struct block *blk); /* hands over what submit() queued */
	/* As loop_read_now(), for at most LOOP_NOW_MAX reads. NULL: the driver has no such way. */
	void (*read_now)(struct block *blk, struct loop_now *reads, unsigned int n);
	void (*drain)(struct block *blk); /* waits until nothing is in flight, calling each done */
	int (*resize)(struct block *blk, uint64_t size, struct err *err); /* @size is checked */
	void (*destroy)(struct block *blk);				  /* nothing is in flight */
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
	const char *format; /* "raw" or "qcow2"; NULL for raw */
	/* With @format NULL: qcow2 where its magic says so, otherwise raw; such a raw image refuses
	 * writes that would make its first sector another format's header, so that no guest can
	 * turn it into one. */
	bool probe;
	bool read_only;	    /* open the image for reading only */
	bool snapshot;	    /* writes go to an unnamed temporary file; the image is never written */
	enum block_aio aio; /* AUTO: io_uring, threads where the host refuses it */
};

/*
 * Opens an image and takes a lock on it (an image in use for writing elsewhere is refused, with one
 * line that says so). A regular file or a block device; its size is rounded down to 512. NULL and
 * @err on failure. @config is read during the call only.
 *
 * A writable qcow2 image brings a child process, its keeper, which finishes what was being written
 * when this process is killed: to be opened before there are threads, and nobody may wait for
 * children that are not his. Its backing files are opened for reading.
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

/* Whether block_read_now() is there. */
static inline bool block_has_read_now(const struct block *blk)
{
	return blk->ops->read_now;
}

/*
 * Reads what needs no waiting (struct loop_now, at most LOOP_NOW_MAX of them) and is done when it
 * returns: nothing of it is in flight then, so the pieces may be guest memory. A read that did not
 * give all that was asked for, for whatever reason, is to be made again by block_submit(). Calls no
 * `done`; may be called under a device's lock.
 */
static inline void block_read_now(struct block *blk, struct loop_now *reads, unsigned int n)
{
	blk->ops->read_now(blk, reads, n);
}

/* Starts everything queued and blocks until it is done, and what its `done` submitted as well. */
static inline void block_drain(struct block *blk)
{
	blk->ops->drain(blk);
}

/*
 * Changes the size in bytes (multiple of 512, more than 0); new space reads as zeros. With an
 * overlay only the view changes, never the image. A block device keeps its size: naming its real
 * one makes a change of it known. A qcow2 image only grows; that waits for what is in flight, and
 * for the disk. 0 or a negative errno with @err. No request may lie beyond the new end.
 */
MUST_CHECK int block_resize(struct block *blk, uint64_t size, struct err *err);

/* Closes the image after all requests in flight are done; before loop_destroy(). NULL is allowed.
 */
static inline void block_destroy(struct block *blk)
{
	if (!blk)
		return;
	blk->ops->drain(blk);
	blk->ops->destroy(blk);
}

/* The name of the topmost driver ("raw/io_uring", "raw/threads", "qcow2", "overlay"). */
static inline const char *block_describe(const struct block *blk)
{
	return blk->ops->name;
}

#endif
