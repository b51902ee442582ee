/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/virtio_pci_internal.h"

#include "vmm/core/le.h"

/* The memory BAR: which window an access meets, and the windows that have no file of their own. */

uint64_t vp_isr_read(struct virtio_pci *vp)
{
	uint8_t cause = vp->isr;

	vp->isr = 0;
	vp_update_line(vp);
	return cause;
}

uint64_t vp_device_config_read(struct virtio_pci *vp, uint32_t offset, unsigned int size)
{
	uint8_t out[8] = {0};
	uint32_t len = offset + size <= 0x100 ? size : 0x100 - offset;

	vp->vd->ops->config_read(vp->vd, offset, out, len);
	return ld_le64(out);
}

static uint64_t windows_read(void *owner, uint64_t offset, unsigned int size)
{
	struct virtio_pci *vp = owner;
	uint64_t value = 0;

	device_lock(&vp->vd->dev);
	if (offset < VP_COMMON_SIZE)
		value = vp_common_read(vp, (uint32_t)offset, size);
	else if (offset == VIRTIO_PCI_ISR)
		value = vp_isr_read(vp);
	else if (offset >= VIRTIO_PCI_DEVICE && offset < VIRTIO_PCI_DEVICE + 0x100)
		value = vp_device_config_read(vp, (uint32_t)offset - VIRTIO_PCI_DEVICE, size);
	else if (msix_claims(&vp->msix, offset))
		value = msix_read(&vp->msix, offset, size);
	device_unlock(&vp->vd->dev);
	return value;
}

static void notify_write(struct virtio_pci *vp, uint32_t offset, unsigned int size)
{
	uint32_t q = offset / VP_NOTIFY_MULTIPLIER;

	if (offset % VP_NOTIFY_MULTIPLIER == 0 && q < vp->vd->n_queues && (size == 2 || size == 4))
		vp_kick(&vp->queues[q]);
}

void vp_device_config_write(struct virtio_pci *vp, uint32_t offset, unsigned int size,
			    uint64_t value)
{
	uint8_t bytes[8];

	st_le64(bytes, value);
	if (vp->vd->ops->config_write && offset + size <= 0x100)
		vp->vd->ops->config_write(vp->vd, offset, bytes, size);
}

static void windows_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct virtio_pci *vp = owner;

	device_lock(&vp->vd->dev);
	if (offset < VP_COMMON_SIZE)
		vp_common_write(vp, (uint32_t)offset, size, value);
	else if (offset >= VIRTIO_PCI_NOTIFY && offset < VIRTIO_PCI_NOTIFY + 0x100)
		notify_write(vp, (uint32_t)offset - VIRTIO_PCI_NOTIFY, size);
	else if (offset >= VIRTIO_PCI_DEVICE && offset < VIRTIO_PCI_DEVICE + 0x100)
		vp_device_config_write(vp, (uint32_t)offset - VIRTIO_PCI_DEVICE, size, value);
	else if (msix_claims(&vp->msix, offset))
		msix_write(&vp->msix, offset, size, value);
	device_unlock(&vp->vd->dev);
}

const struct region_ops vp_windows_ops = {
	.name = "virtio-pci",
	.sizes = BUS_SIZE_ANY,
	.unaligned = true,
	.read = windows_read,
	.write = windows_write,
};
