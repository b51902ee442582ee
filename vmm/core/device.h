/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_CORE_DEVICE_H
#define VISE_CORE_DEVICE_H

#include "vmm/core/err.h"
#include "vmm/core/field.h"

#include <pthread.h>
#include <stddef.h>

/*
 * What every device has: operations, an id, one lock, and a table of its state.
 *
 * A device struct begins with `struct device dev`, so that the table's offsets count from the
 * struct's own start. All entries (an exit, a kick, a completion, a control command) hold the lock
 * while they touch state; holding every device's lock is what "the devices are quiet" means. No
 * device calls a blocking function under its lock.
 *
 * Life cycle: create (the device's own function, taking what it needs) -> reset and use, any
 * number of times -> destroy, after all vCPU threads and the loop have ended.
 */

struct device;

struct device_ops {
	const char *name; /* type name: "serial", "virtio-blk" */
	/* Restores exactly the freshly created state. Called with the lock held, vCPUs parked. */
	void (*reset)(struct device *dev);
	/* Frees the device and all it owns. Not under the lock. */
	void (*destroy)(struct device *dev);
	const struct field *fields;
	size_t n_fields;
};

struct device {
	const struct device_ops *ops;
	char id[32]; /* unique in a machine: "serial0", "aero_virtio_blk0" */
	pthread_mutex_t lock;
};

/* Prepares the common part; @id is copied and cut at 31 bytes. */
void device_init(struct device *dev, const struct device_ops *ops, const char *id);

/* Undoes device_init(); for a device's own destroy function. */
void device_fini(struct device *dev);

/* Resets under the lock. */
void device_reset(struct device *dev);

/* Destroys @dev by its operation. NULL is allowed. */
void device_destroy(struct device *dev);

static inline void device_lock(struct device *dev)
{
	pthread_mutex_lock(&dev->lock);
}

static inline void device_unlock(struct device *dev)
{
	pthread_mutex_unlock(&dev->lock);
}

#endif
