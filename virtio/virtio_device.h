/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_VIRTIO_DEVICE_H
#define VISE_VIRTIO_DEVICE_H

#include "virtio/virtio_regs.h"
#include "virtio/virtq.h"
#include "vmm/core/device.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A virtio device without its transport: a type with its queues, features and config structure, and
 * the few things that it asks of the transport. A transport drives it through `struct
 * virtio_device_ops`; it knows no device by name, and no device knows of PCI.
 *
 * Before DRIVER_OK queues are served already (contract T-QUE-10); when DRIVER_OK is set, each queue
 * in which chains wait is served again, for a device that held something back until then.
 *
 * Lock: the transport takes the device's lock before each operation below. A device's own entries
 * (a backend's completion, a control command) take it themselves.
 */

struct virtio_device;

struct virtio_device_ops {
	struct device_ops device; /* reset and destroy: virtio_device_reset(), the device's own */
	uint16_t id;		  /* virtio device id, section 5 */
	const uint16_t *queue_sizes;
	uint16_t n_queues; /* at most; see virtio_device.n_queues */
	/* What it offers besides VERSION_1 and INDIRECT_DESC, which every device offers. */
	uint64_t (*features)(const struct virtio_device *vd);
	/* Copies [@offset, @offset + @len) of the config structure; zeros beyond its end. */
	void (*config_read)(const struct virtio_device *vd, uint32_t offset, void *buf,
			    uint32_t len);
	/* NULL: config is read-only. */
	void (*config_write)(struct virtio_device *vd, uint32_t offset, const void *buf,
			     uint32_t len);
	/* Serves queue @q: pops at most a queue's size of slots, publishes and interrupts through
	 * virtio_queue_done(), which it calls in any case. Called on the loop's thread only. True
	 * when slots are left that it could serve now: the transport then comes back through the
	 * loop. */
	bool (*serve)(struct virtio_device *vd, uint16_t q);
	/* virtio reset: drop what is pending; the queues are disabled already. Must not wait. */
	void (*reset)(struct virtio_device *vd);
};

struct virtio_transport_ops {
	void (*queue_interrupt)(void *transport, uint16_t q);
	void (*config_interrupt)(void *transport);
	/* Makes the loop call serve() for @q again; once may_dma() when it is not. */
	void (*rearm)(void *transport, uint16_t q);
	/* False while the guest keeps the device from touching its memory (PCI bus mastering off).
	 * serve() is not called then; what finishes meanwhile waits for it. */
	bool (*may_dma)(void *transport);
	/* Platform reset of the transport, virtio reset included. */
	void (*reset)(void *transport);
	void (*destroy)(void *transport);
};

struct virtio_device {
	struct device dev;
	const struct virtio_device_ops *ops;
	const struct guest_mem *mem;
	struct virtq *queues;
	uint16_t n_queues; /* ops->n_queues, unless a device took less of them when it was made */
	uint64_t offered;
	uint64_t negotiated; /* 0 until FEATURES_OK was accepted */
	uint8_t config_generation;
	bool driver_ok;
	bool legacy; /* driven by the legacy interface, so without VERSION_1, until the next reset
		      */
	const struct virtio_transport_ops *transport; /* NULL until one is attached */
	void *transport_owner;
};

/* Prepares the common part and its queues. 0 or -ENOMEM. */
MUST_CHECK int virtio_device_init(struct virtio_device *vd, const struct virtio_device_ops *ops,
				  const char *id, const struct guest_mem *mem);

/* Destroys the transport, if any, and frees the common part; for a device's own destroy. */
void virtio_device_fini(struct virtio_device *vd);

/* The device_ops.reset of every virtio device: platform reset through the transport. */
void virtio_device_reset(struct device *dev);

/* Publishes completions of @q and interrupts when the driver wants it, or has serve() called for it
 * when memory may be touched again. Under the lock. */
void virtio_queue_done(struct virtio_device *vd, uint16_t q);

/* The config structure changed: increments config_generation and, once the driver is up, interrupts
 * (contract section 11). Under the lock. */
void virtio_config_changed(struct virtio_device *vd);

/* Copies from a config structure of @size bytes, zeros beyond: for config_read operations. */
void virtio_config_copy(const void *config, uint32_t size, uint32_t offset, void *buf,
			uint32_t len);

#endif
