/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUESTDRV_QUEUE_H
#define VISE_GUESTDRV_QUEUE_H

#include "tests/guestdrv/gd_virtio.h"

/*
 * The driver side of a split virtqueue. gd_add() and its kin keep the books as a sane driver does;
 * gd_desc() and gd_offer() write raw bytes, for drivers that are not sane.
 */

#define GD_QUEUE_MAX 1024U

struct gd_seg {
	gpa_t addr;
	uint32_t len;
	bool writable; /* by the device */
};

struct gd_queue {
	struct gd_dev *dev;
	uint16_t index, size;
	gpa_t desc, avail, used;
	uint16_t avail_idx; /* next slot to fill; published by gd_publish() */
	uint16_t published;
	uint16_t used_seen; /* next used slot to look at */
	uint16_t n_free;
	uint16_t free[GD_QUEUE_MAX];
	uint16_t next[GD_QUEUE_MAX]; /* of a chain's descriptor; size ends it */
};

struct gd_used {
	uint32_t id, len;
};

/* Bytes of the parts of a ring of @size entries, event fields not counted. */
uint64_t gd_desc_bytes(uint16_t size);
uint64_t gd_avail_bytes(uint16_t size);
uint64_t gd_used_bytes(uint16_t size);

/* Allocates zeroed rings, with event fields where EVENT_IDX was accepted, contiguous with the used
 * part aligned to @used_align, writes the six address halves, enables. False when the queue's size
 * is none that a driver would take, or queue_enable does not read back as 1. */
bool gd_queue_setup(struct gd_queue *q, struct gd_dev *dev, uint16_t index, uint8_t used_align);

/* The same with parts placed by the caller, who zeroes them. */
bool gd_queue_setup_at(struct gd_queue *q, struct gd_dev *dev, uint16_t index, gpa_t desc,
		       gpa_t avail, gpa_t used);

/* The books alone: rings at these addresses, of which the device has been told already. */
void gd_queue_books(struct gd_queue *q, struct gd_dev *dev, uint16_t index, uint16_t size,
		    gpa_t desc, gpa_t avail, gpa_t used);

/* After a reset: zeroes the rings and enables the queue again at the same addresses. */
bool gd_queue_again(struct gd_queue *q);

/* Makes a direct chain of @n segments available; its head, or -1 when too few descriptors are free.
 * Seen by the device with the next gd_publish(). */
int gd_add(struct gd_queue *q, const struct gd_seg *segs, uint32_t n);

/* The same through an indirect table, written at @table (16 * @n bytes; 0: allocated). */
int gd_add_indirect(struct gd_queue *q, gpa_t table, const struct gd_seg *segs, uint32_t n);

/* Stores avail.idx. */
void gd_publish(struct gd_queue *q);

/* Publishes and rings the doorbell with a 16-bit write. */
void gd_kick(struct gd_queue *q);

/* Entries that the device has put into the used ring and gd_take_used() has not taken. */
uint16_t gd_used_ready(const struct gd_queue *q);

/* Takes the next used entry, if there is one, and frees its descriptors. */
bool gd_take_used(struct gd_queue *q, struct gd_used *used);

/* Runs the loop until there is one, for at most 10 s. */
bool gd_wait_used(struct gd_queue *q, struct gd_used *used);

/* avail.flags: asks for no interrupts, or for them. */
void gd_no_interrupt(const struct gd_queue *q, bool on);

/* Event indices: where the driver wants its next interrupt; where the device wants to be notified;
 * publishes and rings the doorbell only if the device asked for that, and says whether it did. */
void gd_set_used_event(const struct gd_queue *q, uint16_t index);
uint16_t gd_avail_event(const struct gd_queue *q);
bool gd_kick_event(struct gd_queue *q);

/* Raw: one descriptor of the table at @table; one slot of the available ring. */
void gd_desc(struct gd_machine *m, gpa_t table, uint32_t i, uint64_t addr, uint32_t len,
	     uint16_t flags, uint16_t next);
void gd_offer(struct gd_queue *q, uint16_t head);

#endif
