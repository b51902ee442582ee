/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/virtio_pci_internal.h"

#include "vmm/core/le.h"
#include "vmm/core/log.h"
#include "vmm/core/trace.h"

/* The common configuration structure (virtio 1.2, section 4.1.4.3) as a table of fields. */

struct vp_queue *vp_selected(const struct virtio_pci *vp)
{
	return vp->queue_select < vp->vd->n_queues ? &vp->queues[vp->queue_select] : NULL;
}

static uint64_t get_device_feature_select(const struct virtio_pci *vp)
{
	return vp->device_feature_select;
}

static void set_device_feature_select(struct virtio_pci *vp, uint64_t value)
{
	vp->device_feature_select = (uint32_t)value;
}

static uint64_t get_device_feature(const struct virtio_pci *vp)
{
	return vp->device_feature_select < 2
		       ? (uint32_t)(vp->vd->offered >> (32 * vp->device_feature_select))
		       : 0;
}

static uint64_t get_driver_feature_select(const struct virtio_pci *vp)
{
	return vp->driver_feature_select;
}

static void set_driver_feature_select(struct virtio_pci *vp, uint64_t value)
{
	vp->driver_feature_select = (uint32_t)value;
}

static uint64_t get_driver_feature(const struct virtio_pci *vp)
{
	return vp->driver_feature_select < 2 ? vp->driver_feature[vp->driver_feature_select] : 0;
}

static void set_driver_feature(struct virtio_pci *vp, uint64_t value)
{
	/* What was negotiated stays: a stray write after FEATURES_OK is dropped (T-FEAT-8). */
	if (vp->driver_feature_select < 2 && !(vp->status & VIRTIO_STATUS_FEATURES_OK) &&
	    !vp->vd->legacy)
		vp->driver_feature[vp->driver_feature_select] = (uint32_t)value;
}

/* A vector as it will read back: NO_VECTOR unless it can be used (T-CFG-9). */
static uint16_t usable_vector(const struct virtio_pci *vp, uint64_t value)
{
	return msix_enabled(&vp->msix) && value < vp->msix.n ? (uint16_t)value
							     : VIRTIO_MSI_NO_VECTOR;
}

uint64_t vp_get_msix_config(const struct virtio_pci *vp)
{
	return vp->msix_config;
}

void vp_set_msix_config(struct virtio_pci *vp, uint64_t value)
{
	vp->msix_config = usable_vector(vp, value);
}

static uint64_t get_num_queues(const struct virtio_pci *vp)
{
	return vp->vd->n_queues;
}

uint64_t vp_get_status(const struct virtio_pci *vp)
{
	return vp->status;
}

void vp_negotiate(struct virtio_pci *vp, uint64_t features)
{
	struct virtio_device *vd = vp->vd;

	vd->negotiated = features;
	for (uint16_t q = 0; q < vd->n_queues; q++)
		virtq_negotiated(&vd->queues[q], features);
}

void vp_store_status(struct virtio_pci *vp, uint8_t status)
{
	bool was_ok = vp->vd->driver_ok;

	vp->status = status;
	vp->vd->driver_ok = status & VIRTIO_STATUS_DRIVER_OK;
	if (vp->vd->driver_ok && !was_ok)
		vp_kick_waiting(vp);
}

static void set_status(struct virtio_pci *vp, uint64_t value)
{
	uint64_t features = vp->driver_feature[0] | (uint64_t)vp->driver_feature[1] << 32;
	uint8_t status = (uint8_t)value;

	TRACE2(virtio_status, vp->vd->dev.id, status);
	if (status == 0) {
		vp_virtio_reset(vp);
		return;
	}
	if (vp->vd->legacy)
		return;
	if ((status & VIRTIO_STATUS_FEATURES_OK) && !(vp->status & VIRTIO_STATUS_FEATURES_OK)) {
		if ((features & ~vp->vd->offered) || !(features & VIRTIO_F_VERSION_1)) {
			log_guest("%s: refused features 0x%llx", vp->vd->dev.id,
				  (unsigned long long)features);
			status &= (uint8_t)~VIRTIO_STATUS_FEATURES_OK;
		} else {
			vp_negotiate(vp, features);
		}
	}
	vp_store_status(vp, status);
}

static uint64_t get_config_generation(const struct virtio_pci *vp)
{
	return vp->vd->config_generation;
}

uint64_t vp_get_queue_select(const struct virtio_pci *vp)
{
	return vp->queue_select;
}

void vp_set_queue_select(struct virtio_pci *vp, uint64_t value)
{
	vp->queue_select = (uint16_t)value;
}

uint64_t vp_get_queue_size(const struct virtio_pci *vp)
{
	const struct vp_queue *q = vp_selected(vp);

	return q ? vp->vd->queues[q->index].size : 0;
}

uint64_t vp_get_queue_vector(const struct virtio_pci *vp)
{
	const struct vp_queue *q = vp_selected(vp);

	return q ? q->vector : VIRTIO_MSI_NO_VECTOR;
}

void vp_set_queue_vector(struct virtio_pci *vp, uint64_t value)
{
	struct vp_queue *q = vp_selected(vp);

	if (q)
		q->vector = usable_vector(vp, value);
}

static uint64_t get_queue_enable(const struct virtio_pci *vp)
{
	const struct vp_queue *q = vp_selected(vp);

	return q && vp->vd->queues[q->index].enabled;
}

void vp_enable_queue(const struct vp_queue *q)
{
	const struct virtio_device *vd = q->vp->vd;
	struct virtq *vq = &vd->queues[q->index];

	virtq_enable(vq, q->desc, q->avail, q->used, vd->negotiated & VIRTIO_F_INDIRECT_DESC);
	virtq_negotiated(vq, vd->negotiated);
}

static void set_queue_enable(struct virtio_pci *vp, uint64_t value)
{
	const struct vp_queue *q = vp_selected(vp);
	struct virtq *vq;

	if (!q || value > 1 || vp->vd->legacy)
		return;
	vq = &vp->vd->queues[q->index];
	if (value && !vq->enabled)
		vp_enable_queue(q);
	else if (!value && vq->enabled)
		virtq_disable(vq);
	vp_update_doorbells(vp);
}

static uint64_t get_queue_notify_off(const struct virtio_pci *vp)
{
	const struct vp_queue *q = vp_selected(vp);

	return q ? q->index : 0;
}

static uint64_t get_queue_desc(const struct virtio_pci *vp)
{
	const struct vp_queue *q = vp_selected(vp);

	return q ? q->desc : 0;
}

static void set_queue_desc(struct virtio_pci *vp, uint64_t value)
{
	struct vp_queue *q = vp_selected(vp);

	if (q)
		q->desc = value;
}

static uint64_t get_queue_avail(const struct virtio_pci *vp)
{
	const struct vp_queue *q = vp_selected(vp);

	return q ? q->avail : 0;
}

static void set_queue_avail(struct virtio_pci *vp, uint64_t value)
{
	struct vp_queue *q = vp_selected(vp);

	if (q)
		q->avail = value;
}

static uint64_t get_queue_used(const struct virtio_pci *vp)
{
	const struct vp_queue *q = vp_selected(vp);

	return q ? q->used : 0;
}

static void set_queue_used(struct virtio_pci *vp, uint64_t value)
{
	struct vp_queue *q = vp_selected(vp);

	if (q)
		q->used = value;
}

/* clang-format off */
static const struct vp_field common_fields[] = {
	{0x00, 4, get_device_feature_select, set_device_feature_select},
	{0x04, 4, get_device_feature,        NULL},
	{0x08, 4, get_driver_feature_select, set_driver_feature_select},
	{0x0c, 4, get_driver_feature,        set_driver_feature},
	{0x10, 2, vp_get_msix_config,        vp_set_msix_config},
	{0x12, 2, get_num_queues,            NULL},
	{0x14, 1, vp_get_status,             set_status},
	{0x15, 1, get_config_generation,     NULL},
	{0x16, 2, vp_get_queue_select,       vp_set_queue_select},
	{0x18, 2, vp_get_queue_size,         NULL}, /* fixed by the contract */
	{0x1a, 2, vp_get_queue_vector,       vp_set_queue_vector},
	{0x1c, 2, get_queue_enable,          set_queue_enable},
	{0x1e, 2, get_queue_notify_off,      NULL},
	{0x20, 8, get_queue_desc,            set_queue_desc},
	{0x28, 8, get_queue_avail,           set_queue_avail},
	{0x30, 8, get_queue_used,            set_queue_used},
};
/* clang-format on */

#define N_COMMON_FIELDS (sizeof(common_fields) / sizeof(common_fields[0]))

uint64_t vp_fields_read(const struct virtio_pci *vp, const struct vp_field *fields, size_t n,
			uint32_t offset, unsigned int size)
{
	uint8_t out[8] = {0};

	for (size_t i = 0; i < n; i++) {
		const struct vp_field *f = &fields[i];
		uint8_t value[8];

		if (f->offset >= offset + size || f->offset + f->width <= offset)
			continue;
		st_le64(value, f->get(vp));
		for (uint32_t b = 0; b < f->width; b++)
			if (f->offset + b >= offset && f->offset + b < offset + size)
				out[f->offset + b - offset] = value[b];
	}
	return ld_le64(out);
}

void vp_fields_write(struct virtio_pci *vp, const struct vp_field *fields, size_t n,
		     uint32_t offset, unsigned int size, uint64_t value)
{
	for (size_t i = 0; i < n; i++) {
		const struct vp_field *f = &fields[i];
		uint64_t old;

		if (!f->set)
			continue;
		if (f->offset == offset && f->width == size) {
			f->set(vp, value);
		} else if (f->width == 8 && size == 4 && offset == f->offset) {
			old = f->get(vp);
			f->set(vp, (old & 0xffffffff00000000ULL) | value);
		} else if (f->width == 8 && size == 4 && offset == f->offset + 4U) {
			old = f->get(vp);
			f->set(vp, (old & 0xffffffffULL) | value << 32);
		}
	}
}

uint64_t vp_common_read(struct virtio_pci *vp, uint32_t offset, unsigned int size)
{
	return vp_fields_read(vp, common_fields, N_COMMON_FIELDS, offset, size);
}

void vp_common_write(struct virtio_pci *vp, uint32_t offset, unsigned int size, uint64_t value)
{
	vp_fields_write(vp, common_fields, N_COMMON_FIELDS, offset, size, value);
}
