/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_DEVICES_I8042_INTERNAL_H
#define VISE_DEVICES_I8042_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The two PS/2 devices behind the controller, as state machines over bytes: the controller feeds
 * them the guest's bytes and takes what they queued. Under the controller's lock.
 */

#define PS2_QUEUE  32U
#define PS2_EVENTS 16U /* places that events may fill; the rest is for answers */

/* Bytes on their way to the guest; what does not fit is dropped, as a real device's is. */
struct ps2_queue {
	uint8_t data[PS2_QUEUE];
	uint8_t head;
	uint8_t count;
};

struct ps2_keyboard {
	struct ps2_queue out;
	bool scanning;
	uint8_t scancode_set;
	uint8_t leds;
	uint8_t pending; /* the command whose parameter comes next; 0: none */
	uint8_t last;	 /* last byte sent, for the resend command */
};

struct ps2_mouse {
	struct ps2_queue out;
	bool reporting;
	bool remote;
	bool scale2; /* 2:1 scaling */
	bool wheel;  /* four-byte packets: the driver knocked with rates 200, 100, 80 */
	uint8_t resolution;
	uint8_t rate;
	uint8_t knock; /* steps of that knock seen */
	uint8_t pending;
	uint8_t last;
};

void ps2_queue_put(struct ps2_queue *q, uint8_t byte);
/* Takes the oldest byte of a queue that is not empty. */
uint8_t ps2_queue_get(struct ps2_queue *q);

/* Power-on state, with nothing queued. */
void ps2_keyboard_init(struct ps2_keyboard *kbd);
void ps2_mouse_init(struct ps2_mouse *mouse);

/* One byte from the guest. */
void ps2_keyboard_write(struct ps2_keyboard *kbd, uint8_t byte);
void ps2_mouse_write(struct ps2_mouse *mouse, uint8_t byte);

/* What the controller's translation makes of a set 2 byte other than F0h. */
uint8_t ps2_translate(uint8_t set2);

#endif
