/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUESTDRV_LEGACY_H
#define VISE_GUESTDRV_LEGACY_H

#include "tests/guestdrv/gd_queue.h"

/*
 * A legacy driver's view of a transitional function: the ports of BAR 0 (virtio 1.2, section
 * 4.1.4.10) and rings placed by page number. Its queues are those of gd_queue, but for
 * gd_legacy_kick().
 */

struct gd_legacy {
	struct gd_dev dev; /* of the same function: for INTx, MSI-X and the windows */
	uint16_t ports;	   /* programmed base of BAR 0 */
};

/* Reads where the function is, and turns on decoding and bus mastering. False when BAR 0 has no
 * ports. */
bool gd_legacy_open(struct gd_legacy *l, struct gd_machine *m, uint8_t devfn);

/* A port of it, VIRTIO_LEGACY_*, in @size bytes. */
uint32_t gd_legacy_rd(const struct gd_legacy *l, uint32_t offset, unsigned int size);
void gd_legacy_wr(const struct gd_legacy *l, uint32_t offset, unsigned int size, uint32_t value);

/* Byte @offset of the device's config structure, wherever that begins now. */
uint8_t gd_legacy_config(const struct gd_legacy *l, uint32_t offset);

/* reset, ACKNOWLEDGE, DRIVER, then those of @features that are offered: which. */
uint32_t gd_legacy_init(struct gd_legacy *l, uint32_t features);

/* Allocates zeroed rings of the size that the device has for queue @index, and tells it the page.
 * False when the size is none that a driver would take, or the page does not read back. */
bool gd_legacy_queue(struct gd_legacy *l, struct gd_queue *q, uint16_t index);

void gd_legacy_driver_ok(const struct gd_legacy *l);

/* Publishes and notifies. */
void gd_legacy_kick(const struct gd_legacy *l, struct gd_queue *q);

#endif
