/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUESTDRV_VIRTIO_H
#define VISE_GUESTDRV_VIRTIO_H

#include "tests/guestdrv/gd_machine.h"
#include "virtio/virtio_pci.h"
#include "virtio/virtio_regs.h"

/*
 * A driver's view of one virtio PCI function: registers at the address that BAR 0 was given (BAR 4
 * where BAR 0 has ports), the start sequence, and the habits of the drivers that the contract was
 * written for.
 */

/* common_cfg offsets (virtio 1.2, section 4.1.4.3). */
enum gd_common {
	GD_DEVICE_FEATURE_SELECT = 0x00,
	GD_DEVICE_FEATURE = 0x04,
	GD_DRIVER_FEATURE_SELECT = 0x08,
	GD_DRIVER_FEATURE = 0x0c,
	GD_MSIX_CONFIG = 0x10,
	GD_NUM_QUEUES = 0x12,
	GD_STATUS = 0x14,
	GD_GENERATION = 0x15,
	GD_QUEUE_SELECT = 0x16,
	GD_QUEUE_SIZE = 0x18,
	GD_QUEUE_VECTOR = 0x1a,
	GD_QUEUE_ENABLE = 0x1c,
	GD_QUEUE_NOTIFY_OFF = 0x1e,
	GD_QUEUE_DESC = 0x20,
	GD_QUEUE_AVAIL = 0x28,
	GD_QUEUE_USED = 0x30,
};

#define GD_ACK_DRIVER 0x03U
#define GD_NEGOTIATED 0x0bU
#define GD_RUNNING    0x0fU
#define GD_MSIX_CAP   0x84U /* where the known-good chain has the MSI-X capability */

struct gd_dev {
	struct gd_machine *m;
	uint8_t devfn;
	uint64_t bar;	   /* programmed base of the BAR with the windows */
	uint64_t features; /* accepted by gd_init_device() or gd_negotiate() */
	unsigned int gsi;  /* from the interrupt line register */
};

/* Reads where the function is, and turns on decoding and bus mastering. */
void gd_dev_open(struct gd_dev *dev, struct gd_machine *m, uint8_t devfn);

/* Moves BAR 0 to @base, decoding off meanwhile, as the operating systems do. */
void gd_bar_move(struct gd_dev *dev, uint64_t base);

/* The windows at @offset, @size bytes. */
uint64_t gd_bar_rd(const struct gd_dev *dev, uint32_t offset, unsigned int size);
void gd_bar_wr(const struct gd_dev *dev, uint32_t offset, unsigned int size, uint64_t value);

/* A field of common_cfg, in its own width. */
uint64_t gd_rd(const struct gd_dev *dev, enum gd_common field);
void gd_wr(const struct gd_dev *dev, enum gd_common field, uint64_t value);

/* A queue_* field of queue @q. */
uint64_t gd_queue_rd(const struct gd_dev *dev, uint16_t q, enum gd_common field);
void gd_queue_wr(const struct gd_dev *dev, uint16_t q, enum gd_common field, uint64_t value);

/* All 64 offered bits; all 64 accepted bits. */
uint64_t gd_offered(const struct gd_dev *dev);
uint64_t gd_accepted(const struct gd_dev *dev);

/* Writes the accepted words, low then high. */
void gd_accept(const struct gd_dev *dev, uint64_t features);

/* Status 0. */
void gd_reset(const struct gd_dev *dev);

/* reset, 0x03, @features, 0x0b; true when FEATURES_OK stuck. */
bool gd_negotiate(struct gd_dev *dev, uint64_t features);

/* The ISR byte: acknowledges. */
uint8_t gd_isr(const struct gd_dev *dev);

/* Level of the wire that the function's INTx is routed to; how often it rose. */
bool gd_line(const struct gd_dev *dev);
unsigned int gd_line_rises(const struct gd_dev *dev);

/* MSI-X: vectors of the table (0 without capability), enabling, the entries. */
unsigned int gd_msix_vectors(const struct gd_dev *dev);
void gd_msix_enable(const struct gd_dev *dev, bool on);
void gd_msix_function_mask(const struct gd_dev *dev, bool on);
void gd_msix_set(const struct gd_dev *dev, uint16_t vector, uint64_t address, uint32_t data);
void gd_msix_mask(const struct gd_dev *dev, uint16_t vector, bool on);
bool gd_msix_pending(const struct gd_dev *dev, uint16_t vector);

/* How a driver goes about it; contract section 19. */
struct gd_persona {
	const char *name;
	uint64_t required;	 /* refused without these */
	uint64_t wanted;	 /* accepted besides, when offered */
	bool status_in_steps;	 /* 0x01, then 0x03; else 0x03 at once */
	bool selectors_checked;	 /* selectors are read back and compared */
	bool probes_at_status_0; /* features, queue sizes and config before the first status write
				  */
	uint8_t used_align;	 /* of the used ring: 16 or 4 */
	bool all_on_vector_0; /* MSI-X: one vector for everything, else config 0, queue q on q + 1
			       */
};

extern const struct gd_persona gd_win7_blk, gd_win7_net, gd_win7_input, gd_win7_snd, gd_linux;

/*
 * The common start sequence up to FEATURES_OK: reset, status, features; then, where the function
 * has MSI-X enabled, vectors (written, read back, compared), else 0xffff everywhere. NULL, or what
 * made the driver refuse: then it has written FAILED.
 */
const char *gd_init_device(struct gd_dev *dev, const struct gd_persona *persona);

/* DRIVER_OK. */
void gd_driver_ok(const struct gd_dev *dev);

#endif
