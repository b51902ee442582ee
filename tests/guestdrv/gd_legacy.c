/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/guestdrv/gd_legacy.h"

bool gd_legacy_open(struct gd_legacy *l, struct gd_machine *m, uint8_t devfn)
{
	uint32_t bar = gd_cfg_read(m, devfn, PCI_BAR0, 4);

	gd_dev_open(&l->dev, m, devfn);
	gd_cfg_write(m, devfn, PCI_COMMAND, 2,
		     PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	l->ports = (uint16_t)(bar & ~3U);
	return bar & PCI_BAR_SPACE_IO;
}

uint32_t gd_legacy_rd(const struct gd_legacy *l, uint32_t offset, unsigned int size)
{
	return gd_port_read(l->dev.m, (uint16_t)(l->ports + offset), size);
}

void gd_legacy_wr(const struct gd_legacy *l, uint32_t offset, unsigned int size, uint32_t value)
{
	gd_port_write(l->dev.m, (uint16_t)(l->ports + offset), size, value);
}

uint8_t gd_legacy_config(const struct gd_legacy *l, uint32_t offset)
{
	uint32_t control = gd_msix_vectors(&l->dev) ? gd_cfg_read(l->dev.m, l->dev.devfn,
								  GD_MSIX_CAP + PCI_MSIX_CONTROL, 2)
						    : 0;
	uint32_t start =
		control & PCI_MSIX_CONTROL_EN ? VIRTIO_LEGACY_CONFIG_MSIX : VIRTIO_LEGACY_CONFIG;

	return (uint8_t)gd_legacy_rd(l, start + offset, 1);
}

uint32_t gd_legacy_init(struct gd_legacy *l, uint32_t features)
{
	gd_legacy_wr(l, VIRTIO_LEGACY_STATUS, 1, 0);
	gd_legacy_wr(l, VIRTIO_LEGACY_STATUS, 1, VIRTIO_STATUS_ACKNOWLEDGE);
	gd_legacy_wr(l, VIRTIO_LEGACY_STATUS, 1, GD_ACK_DRIVER);
	features &= gd_legacy_rd(l, VIRTIO_LEGACY_DEVICE_FEATURES, 4);
	gd_legacy_wr(l, VIRTIO_LEGACY_DRIVER_FEATURES, 4, features);
	l->dev.features = features;
	return features;
}

bool gd_legacy_queue(struct gd_legacy *l, struct gd_queue *q, uint16_t index)
{
	uint64_t align = VIRTIO_LEGACY_ALIGN;
	uint64_t used_at;
	uint16_t size;
	gpa_t desc;

	gd_legacy_wr(l, VIRTIO_LEGACY_QUEUE_SELECT, 2, index);
	size = (uint16_t)gd_legacy_rd(l, VIRTIO_LEGACY_QUEUE_SIZE, 2);
	if (size == 0 || size > GD_QUEUE_MAX || (size & (size - 1)))
		return false;
	/* The legacy layout has the event field whether it is used or not. */
	used_at = (gd_desc_bytes(size) + gd_avail_bytes(size) + 2 + align - 1) & ~(align - 1);
	desc = gd_alloc(l->dev.m, used_at + gd_used_bytes(size) + 2, align);
	gd_legacy_wr(l, VIRTIO_LEGACY_QUEUE_PFN, 4, (uint32_t)(desc >> 12));
	gd_queue_books(q, &l->dev, index, size, desc, desc + gd_desc_bytes(size), desc + used_at);
	return gd_legacy_rd(l, VIRTIO_LEGACY_QUEUE_PFN, 4) == desc >> 12;
}

void gd_legacy_driver_ok(const struct gd_legacy *l)
{
	gd_legacy_wr(l, VIRTIO_LEGACY_STATUS, 1, GD_ACK_DRIVER | VIRTIO_STATUS_DRIVER_OK);
}

void gd_legacy_kick(const struct gd_legacy *l, struct gd_queue *q)
{
	gd_publish(q);
	gd_legacy_wr(l, VIRTIO_LEGACY_QUEUE_NOTIFY, 2, q->index);
}
