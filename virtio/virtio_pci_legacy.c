/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/virtio_pci_internal.h"

#include "vmm/core/trace.h"

/*
 * The legacy interface of a transitional function: ports of BAR 0 (virtio 1.2, section 4.1.4.10).
 *
 * It drives the same queues, status and vectors as the windows do. A driver shows by its first
 * write after a reset that it is a legacy one (2.2.3): `legacy` is set then, and until the next
 * reset the two interfaces do not mix. Features have no handshake here: what the driver writes
 * counts, cut to what is offered, until DRIVER_OK.
 */

/* True when the function is, with this write, in the hands of a legacy driver. */
static bool claim(struct virtio_pci *vp)
{
	if (vp->vd->legacy)
		return true;
	if (vp->status)
		return false;
	vp->vd->legacy = true;
	vp_update_doorbells(vp);
	return true;
}

/* How a message is cut into descriptors means nothing to our devices: also a legacy driver may rely
 * on that (2.7.4.2). */
static uint64_t get_device_features(const struct virtio_pci *vp)
{
	return (uint32_t)(vp->vd->offered | VIRTIO_F_ANY_LAYOUT);
}

static uint64_t get_driver_features(const struct virtio_pci *vp)
{
	return vp->driver_feature[0];
}

static void set_driver_features(struct virtio_pci *vp, uint64_t value)
{
	if (!claim(vp) || (vp->status & VIRTIO_STATUS_DRIVER_OK))
		return;
	vp->driver_feature[0] = (uint32_t)(value & get_device_features(vp));
	vp_negotiate(vp, vp->driver_feature[0] & (uint32_t)vp->vd->offered);
}

static uint64_t get_queue_pfn(const struct virtio_pci *vp)
{
	const struct vp_queue *q = vp_selected(vp);

	return q && vp->vd->legacy ? q->desc >> VIRTIO_LEGACY_PFN_BITS : 0;
}

/* One number places the whole ring (2.7.2) and enables the queue; 0 disables it, and it alone. */
static void set_queue_pfn(struct virtio_pci *vp, uint64_t value)
{
	struct vp_queue *q = vp_selected(vp);
	struct virtq *vq;
	gpa_t end;

	if (!q || !claim(vp))
		return;
	vq = &vp->vd->queues[q->index];
	if (!value) {
		q->desc = q->avail = q->used = 0;
		virtq_disable(vq);
		return;
	}
	q->desc = (value & UINT32_MAX) << VIRTIO_LEGACY_PFN_BITS;
	q->avail = q->desc + (gpa_t)VIRTQ_DESC_SIZE * vq->size;
	end = q->avail + VIRTQ_AVAIL_BYTES(vq->size) + VIRTQ_EVENT_BYTES;
	q->used = (end + VIRTIO_LEGACY_ALIGN - 1) & ~(gpa_t)(VIRTIO_LEGACY_ALIGN - 1);
	vp_enable_queue(q);
}

static uint64_t get_queue_notify(const struct virtio_pci *vp)
{
	(void)vp;
	return 0;
}

static void set_queue_notify(struct virtio_pci *vp, uint64_t value)
{
	if (value < vp->vd->n_queues)
		vp_kick(&vp->queues[value]);
}

static void set_status(struct virtio_pci *vp, uint64_t value)
{
	TRACE2(virtio_status, vp->vd->dev.id, (uint8_t)value);
	if (value == 0)
		vp_virtio_reset(vp);
	else if (claim(vp))
		vp_store_status(vp, (uint8_t)value);
}

/* clang-format off */
static const struct vp_field legacy_fields[] = {
	{VIRTIO_LEGACY_DEVICE_FEATURES, 4, get_device_features, NULL},
	{VIRTIO_LEGACY_DRIVER_FEATURES, 4, get_driver_features, set_driver_features},
	{VIRTIO_LEGACY_QUEUE_PFN,       4, get_queue_pfn,       set_queue_pfn},
	{VIRTIO_LEGACY_QUEUE_SIZE,      2, vp_get_queue_size,   NULL},
	{VIRTIO_LEGACY_QUEUE_SELECT,    2, vp_get_queue_select, vp_set_queue_select},
	{VIRTIO_LEGACY_QUEUE_NOTIFY,    2, get_queue_notify,    set_queue_notify},
	{VIRTIO_LEGACY_STATUS,          1, vp_get_status,       set_status},
	/* Behind all others, and there only while MSI-X is on. */
	{VIRTIO_LEGACY_CONFIG_VECTOR,   2, vp_get_msix_config,  vp_set_msix_config},
	{VIRTIO_LEGACY_QUEUE_VECTOR,    2, vp_get_queue_vector, vp_set_queue_vector},
};
/* clang-format on */

#define N_FIELDS      (sizeof(legacy_fields) / sizeof(legacy_fields[0]))
#define N_MSIX_FIELDS 2U

static size_t n_fields(const struct virtio_pci *vp)
{
	return msix_enabled(&vp->msix) ? N_FIELDS : N_FIELDS - N_MSIX_FIELDS;
}

static uint32_t config_start(const struct virtio_pci *vp)
{
	return msix_enabled(&vp->msix) ? VIRTIO_LEGACY_CONFIG_MSIX : VIRTIO_LEGACY_CONFIG;
}

static uint64_t legacy_read(void *owner, uint64_t offset, unsigned int size)
{
	struct virtio_pci *vp = owner;
	uint32_t at = (uint32_t)offset;
	uint64_t value;

	device_lock(&vp->vd->dev);
	if (at >= config_start(vp)) {
		value = vp_device_config_read(vp, at - config_start(vp), size);
	} else {
		value = vp_fields_read(vp, legacy_fields, n_fields(vp), at, size);
		/* Reading the ISR byte acknowledges, so it is no field; a wider read has it too. */
		if (at <= VIRTIO_LEGACY_ISR && VIRTIO_LEGACY_ISR - at < size)
			value |= vp_isr_read(vp) << (8 * (VIRTIO_LEGACY_ISR - at));
	}
	device_unlock(&vp->vd->dev);
	return value;
}

static void legacy_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct virtio_pci *vp = owner;
	uint32_t at = (uint32_t)offset;

	device_lock(&vp->vd->dev);
	if (at >= config_start(vp))
		vp_device_config_write(vp, at - config_start(vp), size, value);
	else
		vp_fields_write(vp, legacy_fields, n_fields(vp), at, size, value);
	device_unlock(&vp->vd->dev);
}

const struct region_ops vp_legacy_ops = {
	.name = "virtio-pci-legacy",
	.sizes = BUS_SIZE_1 | BUS_SIZE_2 | BUS_SIZE_4,
	.unaligned = true,
	.read = legacy_read,
	.write = legacy_write,
};
