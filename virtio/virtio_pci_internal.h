/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_VIRTIO_PCI_INTERNAL_H
#define VISE_VIRTIO_PCI_INTERNAL_H

#include "devices/pci/msix.h"
#include "virtio/virtio_pci.h"

/* Shared by the files of the PCI transport. All under the device's lock. */

struct virtio_pci;

struct vp_queue {
	struct virtio_pci *vp;
	uint16_t index;
	uint16_t vector;
	gpa_t desc, avail, used; /* as the registers read; latched when the queue is enabled */
	int kick_fd;
	struct loop_fd *watch;
	uint64_t doorbell_at; /* where kick_fd is attached, or PCI_BAR_UNMAPPED */
	bool kicked;	      /* a doorbell rang while bus mastering was off */
};

struct virtio_pci {
	struct pci_function fn; /* first: the PCI hooks get its address */
	struct virtio_device *vd;
	struct msix msix;
	struct loop *loop;
	struct doorbell doorbell;
	struct vp_queue *queues;
	uint32_t device_feature_select;
	uint32_t driver_feature_select;
	uint32_t driver_feature[2];
	uint16_t msix_config;
	uint16_t queue_select;
	uint8_t status;
	uint8_t isr;
};

/* common_cfg: a read of @size bytes at @offset below 38h, and a write. */
uint64_t vp_common_read(struct virtio_pci *vp, uint32_t offset, unsigned int size);
void vp_common_write(struct virtio_pci *vp, uint32_t offset, unsigned int size, uint64_t value);

/* Makes the ioeventfds agree with the BAR and the enabled queues. */
void vp_update_doorbells(struct virtio_pci *vp);

/* Drives INTx: high while an ISR bit is set and MSI-X is off. */
void vp_update_line(struct virtio_pci *vp);

/* Has every queue served on the loop in which chains wait. */
void vp_kick_waiting(struct virtio_pci *vp);

/* Device reset by status 0 (contract section 6). */
void vp_virtio_reset(struct virtio_pci *vp);

#define VP_COMMON_SIZE 0x38U

#endif
