/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_VIRTIO_BLK_H
#define VISE_VIRTIO_BLK_H

#include "virtio/virtio_device.h"
#include "vmm/core/loop.h"
#include "vmm/host/block/block.h"

/*
 * virtio-blk (virtio 1.2, section 5.2) as contract v1 has it (section 13): one queue of 128, FLUSH,
 * SEG_MAX and BLK_SIZE, used.len always 0. RO and GET_ID only when asked for.
 *
 * A request copies its data out of guest memory when it is submitted and into guest memory when it
 * completes, both under the device's lock; in between the backend works on a private buffer, so a
 * reset need not wait for it: the completion finds that the queue is of another generation and is
 * dropped. A read that the host's page cache answers at once skips the buffer (blk_internal.h).
 */

/* What becomes of a request that the backend failed. */
enum virtio_blk_on_error {
	VIRTIO_BLK_REPORT, /* IOERR to the guest */
	VIRTIO_BLK_IGNORE, /* OK to the guest */
	VIRTIO_BLK_STOP,   /* held; the machine stops; virtio_blk_retry() starts it again */
	VIRTIO_BLK_ENOSPC, /* STOP when the host's disk is full, otherwise REPORT */
};

/* Told of each failed request before it is dealt with: on the loop's thread, no lock held. Not told
 * of requests that a reset has made pointless, nor while the device is destroyed. @write: a flush
 * too. @action: what is done, so never ENOSPC. @stopped: the machine is to stop. */
typedef void (*virtio_blk_error_fn)(void *arg, struct virtio_device *vd, bool write, int result,
				    enum virtio_blk_on_error action, bool stopped);

struct virtio_blk_config {
	const char *id;		     /* copied */
	const struct guest_mem *mem; /* guest RAM */
	struct block *backend;	     /* owned from creation on, also when creation fails */
	const char *serial;  /* for GET_ID, copied, cut at 20 bytes; NULL: GET_ID is UNSUPP */
	struct loop *loop;   /* the backend's */
	uint32_t block_size; /* 512 or 4096; 0: 512 */
	enum virtio_blk_on_error on_read_error, on_write_error;
	virtio_blk_error_fn error; /* NULL: nobody */
	void *error_arg;
};

/* Makes the device; a transport is attached by the caller. NULL and @err on failure. */
struct virtio_device *virtio_blk_create(const struct virtio_blk_config *config, struct err *err);

/*
 * Resizes the backend to @size bytes (rounded down to 512) and tells the guest: capacity,
 * generation, config interrupt in this order (contract BLK-28). -EBUSY while requests are in flight
 * beyond the new end. On the loop's thread; takes the device's lock.
 */
MUST_CHECK int virtio_blk_resize(struct virtio_device *vd, uint64_t size, struct err *err);

/* Starts again what was held by VIRTIO_BLK_STOP and VIRTIO_BLK_ENOSPC, in its old order: the
 * machine goes on. Until then nothing new is started; a reset drops what is held. Loop's thread,
 * with no lock held; takes the device's lock. */
void virtio_blk_retry(struct virtio_device *vd);

/* Bytes of the medium. */
uint64_t virtio_blk_size(struct virtio_device *vd);

/* True when @dev is a virtio-blk device. */
bool virtio_blk_is(const struct device *dev);

#endif
