/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_VIRTIO_PCI_H
#define VISE_VIRTIO_PCI_H

#include "devices/pci/pci.h"
#include "virtio/virtio_device.h"
#include "vmm/core/irq.h"
#include "vmm/core/loop.h"

/*
 * The modern virtio transport over PCI (virtio 1.2, section 4.1) in the fixed layout of
 * AERO-W7-VIRTIO contract v1: one 16 KiB BAR 0 with common configuration at 0, notification at
 * 1000h, ISR at 2000h, device configuration at 3000h and, unless vectors = 0, the MSI-X table at
 * 3100h.
 */

#define VIRTIO_PCI_BAR_SIZE 0x4000U
#define VIRTIO_PCI_COMMON   0x0000U
#define VIRTIO_PCI_NOTIFY   0x1000U
#define VIRTIO_PCI_ISR	    0x2000U
#define VIRTIO_PCI_DEVICE   0x3000U
#define VIRTIO_PCI_MSIX	    0x3100U

#define VIRTIO_PCI_PORTS 0x80U /* of the legacy registers */

/* Who may drive the function. */
enum virtio_pci_mode {
	VIRTIO_PCI_MODERN, /* the contract's: IDs from 1040h, revision 1, BAR 0 as above */
	/* Also the legacy interface (virtio 1.2, section 4.1.4.10): IDs from 1000h, revision 0, BAR
	 * 0 a port region with the legacy registers, the windows above in BAR 4. For net, block and
	 * console. What a driver writes first after a reset says which of the two it speaks; writes
	 * of the other have no effect until the next reset, which either may ask for. */
	VIRTIO_PCI_TRANSITIONAL,
};

struct virtio_pci_config {
	struct pci_bus *bus;
	uint8_t devfn;
	enum virtio_pci_mode mode;
	bool event_idx;	    /* offer VIRTIO_F_EVENT_IDX */
	uint16_t subsystem; /* 0: the contract's, by device type. Transitional: always the type */
	uint16_t vectors;   /* MSI-X vectors, at most MSIX_MAX_VECTORS; 0: INTx only */
	struct msi_sink msi;
	struct doorbell doorbell;
	struct loop *loop; /* kicks are served on its thread */
};

/*
 * Attaches @vd to a PCI function at config->devfn. The transport belongs to @vd from then on and
 * goes with it. 0, or a negative errno with @err (@vd is then still the caller's).
 */
MUST_CHECK int virtio_pci_attach(struct virtio_device *vd, const struct virtio_pci_config *config,
				 struct err *err);

/* The function, for tests and for showing its state. */
const struct pci_function *virtio_pci_function(const struct virtio_device *vd);

#endif
