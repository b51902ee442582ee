/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUESTDRV_INPUT_H
#define VISE_GUESTDRV_INPUT_H

#include "tests/guestdrv/gd_queue.h"
#include "virtio/input/input.h"

/*
 * A machine with the multi-function input device: keyboard, mouse and tablet as functions 0 to 2 of
 * one slot, and a driver for each that goes about it as the Windows 7 driver does (contract section
 * 19.4).
 */

#define GD_INPUT_SLOT	 5U
#define GD_INPUT_KINDS	 3U
#define GD_INPUT_BUFFERS 64U
#define GD_INPUT_EVENT	 8U /* bytes of an event, and of a buffer */

/* Selectors of the config structure. */
#define GD_INPUT_NAME	0x01U
#define GD_INPUT_DEVIDS 0x03U
#define GD_INPUT_BITS	0x11U
#define GD_INPUT_ABS	0x12U

/* Event types. */
#define GD_EV_SYN 0x00U
#define GD_EV_KEY 0x01U
#define GD_EV_REL 0x02U
#define GD_EV_ABS 0x03U
#define GD_EV_LED 0x11U

struct gd_input_config {
	struct gd_machine_config machine;
	uint16_t vectors; /* of each function */
};

/* One function and its driver. */
struct gd_input_fn {
	struct virtio_device *vd;
	struct gd_dev dev;
	struct gd_queue eventq, statusq;
	gpa_t buffers; /* GD_INPUT_BUFFERS events; descriptor d of the event queue names the d-th */
	unsigned int dropped; /* used elements whose length was not 8 */
};

struct gd_input {
	struct gd_machine *m;
	struct gd_input_fn fn[GD_INPUT_KINDS]; /* by enum virtio_input_kind */
};

/* The config structure as read once: 136 bytes. */
struct gd_input_answer {
	uint8_t select, subsel, size;
	uint8_t reserved[5];
	uint8_t payload[128];
};

/* Builds it, BARs placed and decoding on; the functions are as after power-on. NULL @config:
 * defaults. */
void gd_input_open(struct gd_input *in, const struct gd_input_config *config);
void gd_input_close(struct gd_input *in);

/* Selects by one 16-bit write and reads the whole structure by 32-bit reads, the generation before
 * and after; false when five tries did not give equal generations. */
bool gd_input_ask(struct gd_input_fn *fn, uint8_t select, uint8_t subsel,
		  struct gd_input_answer *answer);

/* All that the driver does before the queues: identity, features, discovery. NULL, or what makes it
 * refuse the function. */
const char *gd_input_probe(struct gd_input_fn *fn, const struct gd_persona *persona);

/* gd_input_probe(), both queues, 64 buffers and their doorbell, vectors, DRIVER_OK. NULL, or what
 * makes it refuse. */
const char *gd_input_start(struct gd_input_fn *fn, const struct gd_persona *persona);

/* The queues, buffers posted and kicked, no DRIVER_OK yet; NULL or why not. */
const char *gd_input_queues(struct gd_input_fn *fn, const struct gd_persona *persona);

/* Fills the event queue, whose descriptors are all free, with fresh buffers, and kicks. */
void gd_input_post(struct gd_input_fn *fn);

/* Runs the loop until nothing happens, takes at most @max events, posts their buffers again; how
 * many. Elements of another length than 8 are counted in @fn->dropped. */
size_t gd_input_take(struct gd_input_fn *fn, struct virtio_input_event *events, size_t max);

/* Sends the first @n lamps as the driver does: one buffer with an EV_LED each and a SYN_REPORT;
 * waits for it. False when it does not come back, or not with length 0. */
bool gd_input_leds(struct gd_input_fn *fn, uint32_t lit, unsigned int n);

/* True when bit @code is set in the payload. */
bool gd_input_bit(const struct gd_input_answer *answer, unsigned int code);

/* The 72 keys without which the driver does not start a keyboard (contract section 15.3). */
extern const uint8_t gd_input_required_keys[72];

#endif
