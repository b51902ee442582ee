/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/virtio_pci_internal.h"

#include "vmm/core/le.h"

#include <errno.h>

/* What configuration space says of a virtio function: identity, BARs, capabilities. */

/* Contract section 1: what PCI says of each device type. */
struct vp_identity {
	uint16_t id, subsystem;
	uint16_t transitional; /* PCI device ID; 0: none. Its subsystem is the type (4.1.2.1) */
	uint8_t class_base, class_sub;
};

/* clang-format off */
static const struct vp_identity identities[] = {
	{VIRTIO_ID_NET,     0x0001, 0x1000, 0x02, 0x00},
	{VIRTIO_ID_BLOCK,   0x0002, 0x1001, 0x01, 0x00},
	{VIRTIO_ID_CONSOLE, 0x0003, 0x1003, 0x07, 0x80},
	{VIRTIO_ID_INPUT,   0x0010, 0,      0x09, 0x80},
	{VIRTIO_ID_SOUND,   0x0019, 0,      0x04, 0x01},
};

struct vp_window {
	uint8_t cap, cap_size, type;
	uint32_t offset, length;
};

/* The chain that every Windows 7 driver is known to accept. */
static const struct vp_window windows[] = {
	{0x40, 16, VIRTIO_PCI_CAP_COMMON_CFG, VIRTIO_PCI_COMMON, 0x100},
	{0x50, 20, VIRTIO_PCI_CAP_NOTIFY_CFG, VIRTIO_PCI_NOTIFY, 0x100},
	{0x64, 16, VIRTIO_PCI_CAP_ISR_CFG,    VIRTIO_PCI_ISR,    0x020},
	{0x74, 16, VIRTIO_PCI_CAP_DEVICE_CFG, VIRTIO_PCI_DEVICE, 0x100},
};
/* clang-format on */

static void add_capabilities(struct virtio_pci *vp)
{
	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		const struct vp_window *w = &windows[i];
		uint8_t *c = vp->fn.config + w->cap;

		pci_function_add_cap(&vp->fn, PCI_CAP_ID_VENDOR, w->cap, w->cap_size);
		c[2] = w->cap_size;
		c[3] = w->type;
		c[4] = (uint8_t)vp->bar;
		st_le32(c + 8, w->offset);
		st_le32(c + 12, w->length);
		if (w->type == VIRTIO_PCI_CAP_NOTIFY_CFG)
			st_le32(c + 16, VP_NOTIFY_MULTIPLIER);
	}
}

static const struct vp_identity *find_identity(uint16_t id)
{
	for (size_t i = 0; i < sizeof(identities) / sizeof(identities[0]); i++)
		if (identities[i].id == id)
			return &identities[i];
	return NULL;
}

static void init_modern(struct virtio_pci *vp, const struct pci_function_ops *ops,
			struct pci_identity *id)
{
	id->device = (uint16_t)(VIRTIO_PCI_DEVICE_BASE + vp->vd->ops->id);
	id->revision = 1;
	vp->bar = 0;
	pci_function_init(&vp->fn, &vp->vd->dev, ops, id);
}

static void init_transitional(struct virtio_pci *vp, const struct pci_function_ops *ops,
			      struct pci_identity *id, const struct vp_identity *known)
{
	id->device = known->transitional;
	id->revision = 0;
	id->subsystem = known->id;
	vp->bar = 4;
	pci_function_init(&vp->fn, &vp->vd->dev, ops, id);
	pci_function_add_bar(&vp->fn, 0, PCI_BAR_IO, VIRTIO_PCI_PORTS, &vp_legacy_ops, vp);
}

int vp_init_function(struct virtio_pci *vp, const struct pci_function_ops *ops,
		     const struct virtio_pci_config *config, struct err *err)
{
	const struct vp_identity *known = find_identity(vp->vd->ops->id);
	struct pci_identity id = {
		.vendor = VIRTIO_PCI_VENDOR,
		.subsystem_vendor = VIRTIO_PCI_VENDOR,
		.subsystem = config->subsystem,
		.class_base = known ? known->class_base : 0xff,
		.class_sub = known ? known->class_sub : 0,
		.interrupt_pin = 1,
	};

	if (known && !id.subsystem)
		id.subsystem = known->subsystem;
	if (config->mode == VIRTIO_PCI_MODERN)
		init_modern(vp, ops, &id);
	else if (known && known->transitional)
		init_transitional(vp, ops, &id, known);
	else
		return err_set(
			err, -EINVAL,
			"%s: this device has no transitional form; net, block and console do",
			vp->vd->dev.id);
	pci_function_add_bar(&vp->fn, vp->bar, PCI_BAR_MEM64, VIRTIO_PCI_BAR_SIZE, &vp_windows_ops,
			     vp);
	add_capabilities(vp);
	return 0;
}
