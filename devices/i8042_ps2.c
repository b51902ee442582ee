/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/i8042_internal.h"

#include <string.h>

enum {
	PS2_ACK = 0xfa,
	PS2_RESEND = 0xfe,
	PS2_SELF_TEST_OK = 0xaa,

	/* Commands that both devices take. */
	PS2_IDENTIFY = 0xf2,
	PS2_SET_RATE = 0xf3,
	PS2_ENABLE = 0xf4,
	PS2_DISABLE = 0xf5,
	PS2_DEFAULTS = 0xf6,
	PS2_RESEND_LAST = 0xfe,
	PS2_RESET = 0xff,

	KBD_LEDS = 0xed,
	KBD_ECHO = 0xee,
	KBD_SCANCODE_SET = 0xf0,
	KBD_KEY_TYPES = 0xf7, /* to FAh: of all keys, used by set 3 only */
	KBD_KEY_TYPES_END = 0xfa,

	MOUSE_SCALE_1 = 0xe6,
	MOUSE_SCALE_2 = 0xe7,
	MOUSE_RESOLUTION = 0xe8,
	MOUSE_STATUS = 0xe9,
	MOUSE_STREAM = 0xea,
	MOUSE_READ = 0xeb,
	MOUSE_REMOTE = 0xf0,
};

/* Set 2 to set 1, as the ROM of the original controller has it; from 80h up bytes pass unchanged
 * but for these two. */
static const uint8_t set1_of_set2[0x80] = {
	0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29,
	0x59, 0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11,
	0x03, 0x5b, 0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14,
	0x13, 0x06, 0x5d, 0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24,
	0x16, 0x08, 0x09, 0x5f, 0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35,
	0x26, 0x27, 0x19, 0x0c, 0x61, 0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36,
	0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76, 0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c,
	0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f, 0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45,
	0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54,
};

uint8_t ps2_translate(uint8_t set2)
{
	if (set2 == 0x83)
		return 0x41;
	if (set2 == 0x84)
		return 0x54;
	return set2 < 0x80 ? set1_of_set2[set2] : set2;
}

void ps2_queue_put(struct ps2_queue *q, uint8_t byte)
{
	if (q->count == PS2_QUEUE)
		return;
	q->data[(q->head + q->count) % PS2_QUEUE] = byte;
	q->count++;
}

uint8_t ps2_queue_get(struct ps2_queue *q)
{
	uint8_t byte = q->data[q->head];

	q->head = (q->head + 1) % PS2_QUEUE;
	q->count--;
	return byte;
}

static void queue_flush(struct ps2_queue *q)
{
	memset(q, 0, sizeof(*q));
}

static void keyboard_defaults(struct ps2_keyboard *kbd, bool scanning)
{
	queue_flush(&kbd->out);
	kbd->scanning = scanning;
	kbd->scancode_set = 2;
}

void ps2_keyboard_init(struct ps2_keyboard *kbd)
{
	memset(kbd, 0, sizeof(*kbd));
	keyboard_defaults(kbd, true);
}

static void keyboard_send(struct ps2_keyboard *kbd, uint8_t byte)
{
	kbd->last = byte;
	ps2_queue_put(&kbd->out, byte);
}

static void keyboard_parameter(struct ps2_keyboard *kbd, uint8_t command, uint8_t byte)
{
	keyboard_send(kbd, PS2_ACK);
	if (command == KBD_LEDS)
		kbd->leds = byte & 7;
	else if (command == KBD_SCANCODE_SET && byte == 0)
		keyboard_send(kbd, kbd->scancode_set);
	else if (command == KBD_SCANCODE_SET && byte <= 3)
		kbd->scancode_set = byte;
}

void ps2_keyboard_write(struct ps2_keyboard *kbd, uint8_t byte)
{
	uint8_t pending = kbd->pending;

	kbd->pending = 0;
	/* A command where a parameter should be ends the old command. */
	if (pending && byte < KBD_LEDS) {
		keyboard_parameter(kbd, pending, byte);
		return;
	}
	switch (byte) {
	case KBD_LEDS:
	case KBD_SCANCODE_SET:
	case PS2_SET_RATE:
		kbd->pending = byte;
		break;
	case KBD_ECHO:
		keyboard_send(kbd, KBD_ECHO);
		return;
	case PS2_IDENTIFY:
		keyboard_send(kbd, PS2_ACK);
		keyboard_send(kbd, 0xab);
		keyboard_send(kbd, 0x83);
		return;
	case PS2_ENABLE:
		queue_flush(&kbd->out);
		kbd->scanning = true;
		break;
	case PS2_DISABLE:
	case PS2_DEFAULTS:
		keyboard_defaults(kbd, byte == PS2_DEFAULTS);
		break;
	case PS2_RESET:
		ps2_keyboard_init(kbd);
		keyboard_send(kbd, PS2_ACK);
		keyboard_send(kbd, PS2_SELF_TEST_OK);
		return;
	case PS2_RESEND_LAST:
		keyboard_send(kbd, kbd->last);
		return;
	default:
		if (byte < KBD_KEY_TYPES || byte > KBD_KEY_TYPES_END) {
			keyboard_send(kbd, PS2_RESEND);
			return;
		}
	}
	keyboard_send(kbd, PS2_ACK);
}

static void mouse_defaults(struct ps2_mouse *mouse)
{
	queue_flush(&mouse->out);
	mouse->reporting = false;
	mouse->remote = false;
	mouse->scale2 = false;
	mouse->resolution = 2; /* 4 counts a millimetre */
	mouse->rate = 100;
}

void ps2_mouse_init(struct ps2_mouse *mouse)
{
	memset(mouse, 0, sizeof(*mouse));
	mouse_defaults(mouse);
}

static void mouse_send(struct ps2_mouse *mouse, uint8_t byte)
{
	mouse->last = byte;
	ps2_queue_put(&mouse->out, byte);
}

/* A wheel mouse shows itself only to a driver that sets these three rates in a row. */
static void mouse_set_rate(struct ps2_mouse *mouse, uint8_t rate)
{
	static const uint8_t knock[] = {200, 100, 80};

	if (rate == knock[mouse->knock])
		mouse->knock++;
	else
		mouse->knock = rate == knock[0];
	if (mouse->knock == sizeof(knock)) {
		mouse->knock = 0;
		mouse->wheel = true;
	}
	mouse->rate = rate;
}

static void mouse_send_status(struct ps2_mouse *mouse)
{
	mouse_send(mouse,
		   (uint8_t)(mouse->remote << 6 | mouse->reporting << 5 | mouse->scale2 << 4));
	mouse_send(mouse, mouse->resolution);
	mouse_send(mouse, mouse->rate);
}

static void mouse_send_packet(struct ps2_mouse *mouse)
{
	mouse_send(mouse, 1U << 3); /* always set; no button, no sign */
	mouse_send(mouse, 0);
	mouse_send(mouse, 0);
	if (mouse->wheel)
		mouse_send(mouse, 0);
}

/* True when @byte is a command of the mouse. Its state changes before the answer is queued. */
static bool mouse_command(struct ps2_mouse *mouse, uint8_t byte)
{
	switch (byte) {
	case MOUSE_SCALE_1:
	case MOUSE_SCALE_2:
		mouse->scale2 = byte == MOUSE_SCALE_2;
		return true;
	case MOUSE_STREAM:
	case MOUSE_REMOTE:
		mouse->remote = byte == MOUSE_REMOTE;
		return true;
	case PS2_ENABLE:
	case PS2_DISABLE:
		mouse->reporting = byte == PS2_ENABLE;
		return true;
	case PS2_DEFAULTS:
		mouse_defaults(mouse);
		return true;
	case PS2_RESET:
		ps2_mouse_init(mouse);
		return true;
	case MOUSE_RESOLUTION:
	case PS2_SET_RATE:
		mouse->pending = byte;
		return true;
	default:
		return byte == MOUSE_STATUS || byte == MOUSE_READ || byte == PS2_IDENTIFY;
	}
}

void ps2_mouse_write(struct ps2_mouse *mouse, uint8_t byte)
{
	uint8_t pending = mouse->pending;

	mouse->pending = 0;
	if (byte == PS2_RESEND_LAST) {
		mouse_send(mouse, mouse->last);
		return;
	}
	if (pending && byte < MOUSE_SCALE_1) {
		if (pending == MOUSE_RESOLUTION)
			mouse->resolution = byte & 3;
		else
			mouse_set_rate(mouse, byte);
		mouse_send(mouse, PS2_ACK);
		return;
	}
	if (!mouse_command(mouse, byte)) {
		mouse_send(mouse, PS2_RESEND);
		return;
	}
	mouse_send(mouse, PS2_ACK);
	if (byte == PS2_RESET) {
		mouse_send(mouse, PS2_SELF_TEST_OK);
		mouse_send(mouse, 0);
	} else if (byte == PS2_IDENTIFY) {
		mouse_send(mouse, mouse->wheel ? 3 : 0);
	} else if (byte == MOUSE_STATUS) {
		mouse_send_status(mouse);
	} else if (byte == MOUSE_READ) {
		mouse_send_packet(mouse);
	}
}
