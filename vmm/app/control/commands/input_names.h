/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_CONTROL_INPUT_NAMES_H
#define VISE_APP_CONTROL_INPUT_NAMES_H

#include "virtio/input/input.h"

#include <jansson.h>

/*
 * What clients call keys, buttons and axes, and their lists of events as batches for the
 * virtio-input devices. The names are QEMU's (QKeyCode, InputButton, InputAxis) and the further
 * axes that test harnesses use. Functions without state; any thread.
 */

enum input_names { INPUT_NAMES_KEY, INPUT_NAMES_BUTTON, INPUT_NAMES_REL, INPUT_NAMES_ABS };

/* A name and the event that it stands for. */
struct input_name {
	const char *name;
	uint16_t type; /* EV_KEY, EV_REL, EV_ABS */
	uint16_t code;
	int8_t step; /* buttons that are steps of a wheel: the value of EV_REL; else 0 */
};

/* All names of one sort, @n of them; several may stand for one code. */
const struct input_name *input_names(enum input_names sort, size_t *n);

/* The entry of @name, or NULL. */
const struct input_name *input_name_find(enum input_names sort, const char *name);

/* Takes a KeyValue, {"type": "qcode", "data": NAME}, for send-key and its like: the key's code. 0,
 * or -EINVAL and one line in @err. */
MUST_CHECK int input_key_parse(const json_t *key, uint16_t *code, struct err *err);

/* Events for one device, as virtio_input_inject() takes them. */
struct input_batch {
	size_t n;
	struct virtio_input_event events[VIRTIO_INPUT_BATCH_MAX - 1];
};

/* One batch a kind of device, by enum virtio_input_kind; n is 0 where nothing is to be sent. */
#define INPUT_KINDS 3U
struct input_batches {
	struct input_batch of[INPUT_KINDS];
};

/* The bit of @kind in a set of kinds. */
#define INPUT_KIND(kind) (1U << (kind))

/*
 * Takes a list of InputEvent as input-send-event has them:
 *
 *   {"type": "key", "data": {"down": BOOL, "key": {"type": "qcode", "data": NAME}}}   keyboard
 *   {"type": "btn", "data": {"down": BOOL, "button": NAME}}                           mouse
 *   {"type": "rel", "data": {"axis": NAME, "value": INTEGER}}                         mouse
 *   {"type": "abs", "data": {"axis": NAME, "value": INTEGER}}                         tablet
 *
 * @kinds is the set of kinds that may be addressed: that of the device that the client named, or of
 * all that there are. "touch" is the tablet's, and so is "left" where no mouse is in the set. A
 * wheel's step is sent when its button goes down.
 *
 * 0, or one line in @err and nothing to be sent: -EINVAL for what is no such list, -ENODEV for an
 * event of a kind that is not in the set. What the devices say to the batches is another matter:
 * check each with virtio_input_check() before the first is injected.
 */
MUST_CHECK int input_events_parse(const json_t *list, unsigned int kinds, struct input_batches *out,
				  struct err *err);

/* Takes a list of events without names, {"type": INTEGER, "code": INTEGER, "value": INTEGER} as
 * Linux numbers them. Ranges are checked, whether a device has the codes is not. 0 or -EINVAL. */
MUST_CHECK int input_raw_parse(const json_t *list, struct input_batch *out, struct err *err);

#endif
