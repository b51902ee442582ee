/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_VIRTIO_INPUT_INTERNAL_H
#define VISE_VIRTIO_INPUT_INTERNAL_H

#include "virtio/input/input.h"
#include "virtio/input/input_regs.h"

/* Shared by the files of this folder and their unit test. All under the device's lock. */

/* Bytes of the longest bitmap: BTN_TOUCH is bit 2 of byte 41. */
#define INPUT_BITMAP_BYTES 42U

/* Values of an absolute axis (contract section 15.2). */
#define INPUT_ABS_MIN 0
#define INPUT_ABS_MAX 32767

/* ---- input_config.c: who the device says it is, and what it can say ---- */

/* Event types that have codes: EV_KEY, EV_REL, EV_ABS, EV_LED. */
#define INPUT_TYPES 4U

struct input_bitmap {
	uint8_t bytes[INPUT_BITMAP_BYTES];
	uint8_t n; /* up to the last that is not 0 */
};

struct input_config {
	enum virtio_input_kind kind;
	bool qemu_names;
	uint8_t select, subsel;
	struct input_bitmap types;
	struct input_bitmap codes[INPUT_TYPES];
};

/* Fills in the bitmaps of @kind; selectors 0. @qemu_names: says that it is QEMU's. */
void input_config_init(struct input_config *c, enum virtio_input_kind kind, bool qemu_names);

/* The bitmap of @type; an empty one when the device has no such type. */
const struct input_bitmap *input_config_codes(const struct input_config *c, uint16_t type);

/* True when bit @code is set in @map. */
bool input_bitmap_has(const struct input_bitmap *map, uint16_t code);

/* The name of @kind in messages: "keyboard" and so on. */
const char *input_kind_name(enum virtio_input_kind kind);

/* The configuration structure under the selectors as they are: [@offset, @offset + @len). */
void input_config_get(const struct input_config *c, uint32_t offset, void *buf, uint32_t len);

/* A guest's write: select, subsel or both in their own widths; all else is ignored (T-MMIO-8). */
void input_config_set(struct input_config *c, uint32_t offset, const uint8_t *buf, uint32_t len);

/* ---- input_queue.c: what waits for the guest ---- */

/*
 * Events in order, and the keys that are down once all of them were delivered. Each such key has
 * two places reserved, for its release and the SYN_REPORT after it:
 *
 *   n + INPUT_RELEASE_EVENTS * keys_down <= VIRTIO_INPUT_QUEUE_MAX     at all times
 *
 * A batch of k >= 1 releases takes k + 1 places and gives 2 k back, so it always fits.
 */
#define INPUT_RELEASE_EVENTS 2U

struct input_queue {
	uint32_t head, n;
	uint32_t keys_down;
	uint8_t down[INPUT_BITMAP_BYTES];
	struct virtio_input_event events[VIRTIO_INPUT_QUEUE_MAX];
};

/* Drops all events and forgets the keys: the guest starts anew. */
void input_queue_clear(struct input_queue *q);

/* True when @events and their SYN_REPORT may be put. Key codes are below 8 * INPUT_BITMAP_BYTES. */
bool input_queue_fits(const struct input_queue *q, const struct virtio_input_event *events,
		      size_t n);

/* Puts them; only after input_queue_fits(). */
void input_queue_put(struct input_queue *q, const struct virtio_input_event *events, size_t n);

/* The oldest event, or NULL; input_queue_pop() drops it. */
const struct virtio_input_event *input_queue_first(const struct input_queue *q);
void input_queue_pop(struct input_queue *q);

#endif
