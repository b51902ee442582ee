/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/virtio_device.h"

#include "vmm/core/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int virtio_device_init(struct virtio_device *vd, const struct virtio_device_ops *ops,
		       const char *id, const struct guest_mem *mem)
{
	vd->queues = calloc(ops->n_queues, sizeof(*vd->queues));
	if (!vd->queues)
		return -ENOMEM;
	device_init(&vd->dev, &ops->device, id);
	vd->ops = ops;
	vd->mem = mem;
	vd->n_queues = ops->n_queues;
	for (uint16_t q = 0; q < ops->n_queues; q++) {
		vd->queues[q].mem = mem;
		vd->queues[q].size = ops->queue_sizes[q];
	}
	return 0;
}

void virtio_device_fini(struct virtio_device *vd)
{
	if (vd->transport)
		vd->transport->destroy(vd->transport_owner);
	free(vd->queues);
	device_fini(&vd->dev);
}

void virtio_device_reset(struct device *dev)
{
	struct virtio_device *vd = (struct virtio_device *)dev;

	if (vd->transport)
		vd->transport->reset(vd->transport_owner);
}

void virtio_queue_done(struct virtio_device *vd, uint16_t q)
{
	if (!vd->transport->may_dma(vd->transport_owner)) {
		vd->transport->rearm(vd->transport_owner, q);
		return;
	}
	if (!virtq_publish(&vd->queues[q]))
		return;
	TRACE2(virtio_interrupt, vd->dev.id, q);
	vd->transport->queue_interrupt(vd->transport_owner, q);
}

void virtio_config_changed(struct virtio_device *vd)
{
	vd->config_generation++;
	if (vd->driver_ok)
		vd->transport->config_interrupt(vd->transport_owner);
}

void virtio_config_copy(const void *config, uint32_t size, uint32_t offset, void *buf, uint32_t len)
{
	uint32_t have = offset < size ? size - offset : 0;

	if (have > len)
		have = len;
	memset(buf, 0, len);
	if (have)
		memcpy(buf, (const uint8_t *)config + offset, have);
}
