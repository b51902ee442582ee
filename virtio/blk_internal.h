/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_VIRTIO_BLK_INTERNAL_H
#define VISE_VIRTIO_BLK_INTERNAL_H

#include "virtio/blk.h"
#include "virtio/blk_chain.h"

#include <sys/uio.h>

/* Between blk.c and blk_now.c. All under the device's lock. */

#define BLK_NOW_BYTES  (1U << 20) /* what one serve() reads at once before others have a turn */
#define BLK_NOW_IOVECS 256U

/* One request in flight. Slots are taken from a free list, so a guest cannot make more of them. */
struct blk_request {
	struct block_request io; /* first: the backend's done gets its address */
	struct virtio_blk *blk;
	struct blk_request *next; /* in free_slots, held or stopped */
	bool busy;
	int result;   /* while held */
	bool no_data; /* a read that has nothing to give (more): ignored error, or read at once */
	uint64_t sequence; /* requests are started in this order */
	uint32_t type;
	uint16_t head;
	uint32_t generation;
	gpa_t status_addr;
	uint32_t n_data;
	struct virtq_seg data[BLK_SEG_MAX];
	size_t buffer_size;
};

/*
 * Reads that the host's page cache can answer go straight into guest memory, a batch in one system
 * call. The rule that the backend never holds guest memory stands: block_read_now() returns with
 * nothing in flight, and the lock is held from the check of the addresses until it has, so neither
 * a reset nor the end of bus mastering comes between. What cannot be answered takes the way by the
 * private buffer.
 */
struct blk_now {
	bool possible; /* the backend can, as far as is known */
	unsigned int n, n_iov;
	size_t bytes; /* read in this serve(), or about to be */
	struct blk_request *requests[LOOP_NOW_MAX];
	struct loop_now reads[LOOP_NOW_MAX];
	struct iovec iov[BLK_NOW_IOVECS];
};

struct virtio_blk {
	struct virtio_device vd;
	struct block *backend;
	uint64_t size; /* bytes, as the guest sees it */
	bool has_serial;
	char serial[VIRTIO_BLK_ID_BYTES];
	uint32_t block_size;
	struct virtq_chain chain; /* scratch for pop */
	struct blk_request *slots;
	struct blk_request *free_slots;
	struct blk_request *held; /* done, but memory may not be touched: serve() returns them */
	/* Failed by the host, in the order of their start: virtio_blk_retry() starts them again.
	 * While there are any, nothing new is started. */
	struct blk_request *stopped;
	uint64_t sequence;
	enum virtio_blk_on_error on_read_error, on_write_error;
	virtio_blk_error_fn error;
	void *error_arg;
	uint64_t bytes_in_flight;
	bool starved; /* serve() stopped for want of slots or bytes, or for stale or stopped ones */
	uint32_t writes_in_flight;
	uint32_t stale_writes; /* those of them that were started before the last reset */
	uint32_t generation;   /* of the queue, when serve() last ran */
	struct loop *loop;
	struct blk_now now;
	struct loop_deferred publish; /* one used.idx update and interrupt a batch of completions */
	/* Counters. */
	uint64_t read_requests, read_now_requests, write_requests, flush_requests, other_requests;
	uint64_t read_bytes, write_bytes, failed_requests, retried_requests;
};

/* Adds the read @r, whose slot is filled, to the batch. False when it has to take the other way. */
bool blk_now_add(struct virtio_blk *blk, struct blk_request *r);

/* Makes the reads of the batch: finishes those that gave all, and submits the others. */
void blk_now_run(struct virtio_blk *blk);

/* Hands @r, whose slot is filled, to the backend by way of its buffer; a lack of memory fails it.
 */
void blk_submit_request(struct virtio_blk *blk, struct blk_request *r);

/* Returns a finished request to the guest, unless the queue was reset since, and frees its slot. */
void blk_return_request(struct virtio_blk *blk, struct blk_request *r, int result);

#endif
