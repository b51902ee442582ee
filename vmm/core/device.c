/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/device.h"

#include <stdio.h>

void device_init(struct device *dev, const struct device_ops *ops, const char *id)
{
	dev->ops = ops;
	snprintf(dev->id, sizeof(dev->id), "%s", id);
	pthread_mutex_init(&dev->lock, NULL);
}

void device_fini(struct device *dev)
{
	pthread_mutex_destroy(&dev->lock);
}

void device_reset(struct device *dev)
{
	device_lock(dev);
	dev->ops->reset(dev);
	device_unlock(dev);
}

void device_destroy(struct device *dev)
{
	if (dev)
		dev->ops->destroy(dev);
}
