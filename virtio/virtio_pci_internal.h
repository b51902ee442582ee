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
	struct loop_look look; /* at the ring, while the loop is awake */
	uint64_t doorbell_at;  /* where kick_fd is attached, or PCI_BAR_UNMAPPED */
	bool kicked;	       /* a doorbell rang while bus mastering was off */
};

struct virtio_pci {
	struct pci_function fn; /* first: the PCI hooks get its address */
	struct virtio_device *vd;
	struct msix msix;
	struct loop *loop;
	struct doorbell doorbell;
	unsigned int bar; /* which one has the windows */
	struct vp_queue *queues;
	uint32_t device_feature_select;
	uint32_t driver_feature_select;
	uint32_t driver_feature[2];
	uint16_t msix_config;
	uint16_t queue_select;
	uint8_t status;
	uint8_t isr;
};

/* A register: where it is, how it reads, what a write does. */
struct vp_field {
	uint8_t offset;
	uint8_t width;
	uint64_t (*get)(const struct virtio_pci *vp);
	void (*set)(struct virtio_pci *vp, uint64_t value); /* NULL: read-only */
};

/* Reads of any width are cut from the @n fields, zeros between them; a write must match one field
 * exactly, or one half of a 64-bit field (contract T-MMIO-6 to -8). */
uint64_t vp_fields_read(const struct virtio_pci *vp, const struct vp_field *fields, size_t n,
			uint32_t offset, unsigned int size);
void vp_fields_write(struct virtio_pci *vp, const struct vp_field *fields, size_t n,
		     uint32_t offset, unsigned int size, uint64_t value);

/* common_cfg: a read of @size bytes at @offset below 38h, and a write. */
uint64_t vp_common_read(struct virtio_pci *vp, uint32_t offset, unsigned int size);
void vp_common_write(struct virtio_pci *vp, uint32_t offset, unsigned int size, uint64_t value);

/* What both register layouts do alike. The queue is the selected one; NULL when there is none. */
struct vp_queue *vp_selected(const struct virtio_pci *vp);
uint64_t vp_get_queue_size(const struct virtio_pci *vp);
uint64_t vp_get_queue_select(const struct virtio_pci *vp);
void vp_set_queue_select(struct virtio_pci *vp, uint64_t value);
uint64_t vp_get_msix_config(const struct virtio_pci *vp);
void vp_set_msix_config(struct virtio_pci *vp, uint64_t value);
uint64_t vp_get_queue_vector(const struct virtio_pci *vp);
void vp_set_queue_vector(struct virtio_pci *vp, uint64_t value);
uint64_t vp_get_status(const struct virtio_pci *vp);

/* Stores a status that is not 0; DRIVER_OK comes into force. */
void vp_store_status(struct virtio_pci *vp, uint8_t status);

/* Puts @features, checked, into force. */
void vp_negotiate(struct virtio_pci *vp, uint64_t features);

/* Enables @q at the addresses it has, with the features in force. */
void vp_enable_queue(const struct vp_queue *q);

/* The windows of the memory BAR, and the parts of them that the legacy layout has too. */
extern const struct region_ops vp_windows_ops;
uint64_t vp_isr_read(struct virtio_pci *vp);
uint64_t vp_device_config_read(struct virtio_pci *vp, uint32_t offset, unsigned int size);
void vp_device_config_write(struct virtio_pci *vp, uint32_t offset, unsigned int size,
			    uint64_t value);

/* The port BAR of a transitional function. */
extern const struct region_ops vp_legacy_ops;

/* Fills identity, BARs and capabilities of the function. -EINVAL with @err for a type that has no
 * form in this mode. */
MUST_CHECK int vp_init_function(struct virtio_pci *vp, const struct pci_function_ops *ops,
				const struct virtio_pci_config *config, struct err *err);

/* Signals the queue's eventfd: the loop serves it. */
void vp_kick(const struct vp_queue *q);

/* Makes the ioeventfds agree with the BAR and the enabled queues. */
void vp_update_doorbells(struct virtio_pci *vp);

/* Drives INTx: high while an ISR bit is set and MSI-X is off. */
void vp_update_line(struct virtio_pci *vp);

/* Has every queue served on the loop in which chains wait. */
void vp_kick_waiting(struct virtio_pci *vp);

/* Device reset by status 0 (contract section 6). */
void vp_virtio_reset(struct virtio_pci *vp);

#define VP_COMMON_SIZE	     0x38U
#define VP_MSIX_CAP	     0x84U
#define VP_NOTIFY_MULTIPLIER 4U

#endif
