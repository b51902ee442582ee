/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_VIRTIO_INPUT_H
#define VISE_VIRTIO_INPUT_H

#include "virtio/virtio_device.h"

/*
 * virtio-input (virtio 1.2, section 5.8) as contract v1 has it (section 15): a keyboard, a mouse or
 * a tablet, with the contract's names, DEVIDS, bitmaps and ABS_INFO; an event queue and a status
 * queue of 64.
 *
 * Events are injected as batches by virtio_input_inject() and wait in a bounded queue until the
 * guest has buffers. A batch is queued whole or not at all, and every key that a guest was told is
 * down has room reserved for its release, so that none can stick.
 */

enum virtio_input_kind { VIRTIO_INPUT_KEYBOARD, VIRTIO_INPUT_MOUSE, VIRTIO_INPUT_TABLET };

/* PCI subsystem IDs by kind (contract section 1). */
#define VIRTIO_INPUT_SUBSYSTEM 0x0010U

struct virtio_input_config {
	const char *id;		     /* copied */
	const struct guest_mem *mem; /* guest RAM */
	enum virtio_input_kind kind;
	bool qemu_names; /* name and DEVIDS are those of QEMU's devices, not the contract's */
};

/* One event, as Linux's struct input_event without the time: type, code, value
 * (input-event-codes.h). */
struct virtio_input_event {
	uint16_t type;
	uint16_t code;
	int32_t value;
};

/* Largest batch, SYN_REPORT included; most events that wait. */
#define VIRTIO_INPUT_BATCH_MAX 64U
#define VIRTIO_INPUT_QUEUE_MAX 4096U

/* Makes the device; a transport is attached by the caller. NULL and @err on failure. */
struct virtio_device *virtio_input_create(const struct virtio_input_config *config,
					  struct err *err);

/* Judges @n events as virtio_input_inject() would, without queueing them. */
MUST_CHECK int virtio_input_check(struct virtio_device *vd, const struct virtio_input_event *events,
				  size_t n, struct err *err);

/*
 * Queues @n events (1 to VIRTIO_INPUT_BATCH_MAX - 1) and the SYN_REPORT that closes them: all or
 * nothing. -EINVAL: an event that the device does not advertise, a value out of range, a key's
 * value other than 0 or 1; -EAGAIN: the guest is not listening (no DRIVER_OK); -ENOSPC: too much
 * waits already (the batch is counted as dropped). One line in @err. Any thread; takes the device's
 * lock.
 */
MUST_CHECK int virtio_input_inject(struct virtio_device *vd,
				   const struct virtio_input_event *events, size_t n,
				   struct err *err);

/* Codes of kind @type (EV_KEY, EV_REL, EV_ABS, EV_LED) that the device advertises: bit c % 8 of
 * byte c / 8; @n receives the bytes, 0 for a type that it has not. Constant, as long as the device
 * lives. A tablet has BTN_TOUCH and no mouse button: those are the mouse's (contract INP-32). */
const uint8_t *virtio_input_codes(const struct virtio_device *vd, uint16_t type, size_t *n);

/* What can be seen from outside; all under the device's lock. */
struct virtio_input_state {
	uint32_t leds;		/* bit LED_*: lit by the guest */
	uint32_t keys_down;	/* keys and buttons that the guest was, or will be, told are down */
	uint32_t waiting;	/* events in the queue */
	uint64_t sent;		/* events given to the guest */
	uint64_t dropped;	/* events refused for want of room, SYN_REPORTs included */
	uint64_t status_events; /* events taken from the status queue */
};
struct virtio_input_state virtio_input_state(struct virtio_device *vd);

enum virtio_input_kind virtio_input_kind(const struct virtio_device *vd);

/* True when @dev is a virtio-input device. */
bool virtio_input_is(const struct device *dev);

#endif
