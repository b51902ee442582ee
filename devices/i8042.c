/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/i8042.h"

#include "devices/i8042_internal.h"
#include "devices/region_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * One output buffer of one byte is all the guest sees. Behind it stand three queues: the
 * controller's own answers, which go first, the keyboard's and the mouse's, which wait while their
 * port is switched off. fill() moves the next byte up whenever the buffer is empty; the interrupt
 * lines follow the buffer.
 */

#define DATA_PORT    0x60
#define COMMAND_PORT 0x64
#define N_REGIONS    2

enum { /* status register */
       STATUS_OUTPUT = 1U << 0,
       STATUS_SYSTEM = 1U << 2,
       STATUS_COMMAND = 1U << 3, /* the last write went to 64h */
       STATUS_UNLOCKED = 1U << 4,
       STATUS_MOUSE = 1U << 5,
};

enum { /* command byte */
       MODE_KBD_IRQ = 1U << 0,
       MODE_MOUSE_IRQ = 1U << 1,
       MODE_SYSTEM = 1U << 2,
       MODE_KBD_OFF = 1U << 4,
       MODE_MOUSE_OFF = 1U << 5,
       MODE_TRANSLATE = 1U << 6,
       MODE_MASK = 0x77,
       MODE_INITIAL = MODE_KBD_IRQ | MODE_SYSTEM | MODE_MOUSE_OFF | MODE_TRANSLATE,
};

enum { /* output port */
       OUT_NO_RESET = 1U << 0,
       OUT_A20 = 1U << 1,
       OUT_KBD_FULL = 1U << 4,
       OUT_MOUSE_FULL = 1U << 5,
};

enum {
	CMD_READ_MODE = 0x20,
	CMD_WRITE_MODE = 0x60,
	CMD_MOUSE_OFF = 0xa7,
	CMD_MOUSE_ON = 0xa8,
	CMD_MOUSE_TEST = 0xa9,
	CMD_SELF_TEST = 0xaa,
	CMD_KBD_TEST = 0xab,
	CMD_KBD_OFF = 0xad,
	CMD_KBD_ON = 0xae,
	CMD_READ_INPUT = 0xc0,
	CMD_READ_OUTPUT = 0xd0,
	CMD_WRITE_OUTPUT = 0xd1,
	CMD_FAKE_KBD = 0xd2,
	CMD_FAKE_MOUSE = 0xd3,
	CMD_WRITE_MOUSE = 0xd4,
	CMD_A20_OFF = 0xdd,
	CMD_A20_ON = 0xdf,
	CMD_PULSE = 0xf0, /* to FFh: zero bits pulse the output port's lines */

	SELF_TEST_OK = 0x55,
	PORT_TEST_OK = 0x00,
	PORT_TEST_STUCK = 0x02, /* clock line stuck high: nothing is plugged in */
	NO_ANSWER = 0xfe,
	INPUT_PORT = 0x80, /* keyboard not locked */
};

struct i8042 {
	struct device dev;
	struct i8042_config config;
	struct region regions[N_REGIONS];

	uint8_t mode;
	uint8_t pending; /* the command whose parameter comes next through 60h; 0: none */
	bool last_was_command;
	bool a20;
	bool full;	 /* the output buffer holds a byte */
	bool from_mouse; /* that byte counts as the mouse's */
	uint8_t output;
	bool break_code; /* translation has taken an F0h */
	bool kbd_level, mouse_level;

	struct ps2_queue answers;	/* the controller's own, as the keyboard's port */
	struct ps2_queue mouse_answers; /* the same, as the mouse's port */
	struct ps2_keyboard kbd;
	struct ps2_mouse mouse;

	uint64_t irqs;
	uint64_t unknown_commands;
};

/* clang-format off */
static const struct field i8042_fields[] = {
	FIELD(struct i8042, mode), FIELD(struct i8042, pending),
	FIELD(struct i8042, last_was_command), FIELD(struct i8042, a20),
	FIELD(struct i8042, full), FIELD(struct i8042, from_mouse), FIELD(struct i8042, output),
	FIELD(struct i8042, break_code),
	FIELD(struct i8042, kbd_level), FIELD(struct i8042, mouse_level),
	FIELD(struct i8042, answers.head), FIELD(struct i8042, answers.count),
	FIELD_ARRAY(struct i8042, answers.data),
	FIELD(struct i8042, mouse_answers.head), FIELD(struct i8042, mouse_answers.count),
	FIELD_ARRAY(struct i8042, mouse_answers.data),
	FIELD(struct i8042, kbd.out.head), FIELD(struct i8042, kbd.out.count),
	FIELD_ARRAY(struct i8042, kbd.out.data),
	FIELD(struct i8042, kbd.scanning), FIELD(struct i8042, kbd.scancode_set),
	FIELD(struct i8042, kbd.leds), FIELD(struct i8042, kbd.pending),
	FIELD(struct i8042, kbd.last),
	FIELD(struct i8042, mouse.out.head), FIELD(struct i8042, mouse.out.count),
	FIELD_ARRAY(struct i8042, mouse.out.data),
	FIELD(struct i8042, mouse.reporting), FIELD(struct i8042, mouse.remote),
	FIELD(struct i8042, mouse.scale2), FIELD(struct i8042, mouse.wheel),
	FIELD(struct i8042, mouse.resolution), FIELD(struct i8042, mouse.rate),
	FIELD(struct i8042, mouse.knock), FIELD(struct i8042, mouse.pending),
	FIELD(struct i8042, mouse.last),
	FIELD_COUNT(struct i8042, irqs), FIELD_COUNT(struct i8042, unknown_commands),
};
/* clang-format on */

static void set_line(struct i8042 *kbc, const struct irq_line *line, bool *level, bool now)
{
	if (*level == now)
		return;
	*level = now;
	kbc->irqs += now;
	irq_line_set(line, now);
}

static void refresh_lines(struct i8042 *kbc)
{
	set_line(kbc, &kbc->config.kbd_irq, &kbc->kbd_level,
		 kbc->full && !kbc->from_mouse && kbc->mode & MODE_KBD_IRQ);
	set_line(kbc, &kbc->config.mouse_irq, &kbc->mouse_level,
		 kbc->full && kbc->from_mouse && kbc->mode & MODE_MOUSE_IRQ);
}

/* The keyboard's next byte for the guest; false when translation has swallowed all there was. */
static bool take_key(struct i8042 *kbc, uint8_t *byte)
{
	while (kbc->kbd.out.count) {
		*byte = ps2_queue_get(&kbc->kbd.out);
		if (!(kbc->mode & MODE_TRANSLATE))
			return true;
		if (*byte != 0xf0) {
			*byte = (uint8_t)(ps2_translate(*byte) | (kbc->break_code ? 0x80U : 0U));
			kbc->break_code = false;
			return true;
		}
		kbc->break_code = true;
	}
	return false;
}

/* Moves the next byte into an empty output buffer and brings the interrupt lines up to date. */
static void fill(struct i8042 *kbc)
{
	uint8_t byte = 0;

	if (kbc->full) {
		refresh_lines(kbc);
		return;
	}
	if (kbc->answers.count) {
		byte = ps2_queue_get(&kbc->answers);
		kbc->full = true;
		kbc->from_mouse = false;
	} else if (kbc->mouse_answers.count) {
		byte = ps2_queue_get(&kbc->mouse_answers);
		kbc->full = true;
		kbc->from_mouse = true;
	} else if (!(kbc->mode & MODE_KBD_OFF) && take_key(kbc, &byte)) {
		kbc->full = true;
		kbc->from_mouse = false;
	} else if (!(kbc->mode & MODE_MOUSE_OFF) && kbc->mouse.out.count) {
		byte = ps2_queue_get(&kbc->mouse.out);
		kbc->full = true;
		kbc->from_mouse = true;
	}
	if (kbc->full)
		kbc->output = byte;
	refresh_lines(kbc);
}

static uint8_t read_data(struct i8042 *kbc)
{
	uint8_t value = kbc->output;

	kbc->full = false;
	refresh_lines(kbc); /* falls, so that the next byte is an edge of its own */
	fill(kbc);
	return value;
}

static uint8_t read_status(const struct i8042 *kbc)
{
	return (uint8_t)(STATUS_UNLOCKED | (kbc->full ? STATUS_OUTPUT : 0U) |
			 (kbc->full && kbc->from_mouse ? STATUS_MOUSE : 0U) |
			 (kbc->mode & MODE_SYSTEM ? STATUS_SYSTEM : 0U) |
			 (kbc->last_was_command ? STATUS_COMMAND : 0U));
}

static uint8_t read_output_port(const struct i8042 *kbc)
{
	return (uint8_t)(OUT_NO_RESET | (kbc->a20 ? OUT_A20 : 0U) |
			 (kbc->full && !kbc->from_mouse ? OUT_KBD_FULL : 0U) |
			 (kbc->full && kbc->from_mouse ? OUT_MOUSE_FULL : 0U));
}

static void answer(struct i8042 *kbc, uint8_t byte)
{
	ps2_queue_put(&kbc->answers, byte);
}

/* A line of the output port goes low: bit 0 is the processor's reset. */
static void output_port_low(struct i8042 *kbc, uint8_t lines)
{
	if (lines & OUT_NO_RESET)
		power_request(&kbc->config.power, POWER_RESET, 0, "i8042");
}

/* Commands that only answer; false when @command is none of them. */
static bool query(struct i8042 *kbc, uint8_t command)
{
	switch (command) {
	case CMD_READ_MODE:
		answer(kbc, kbc->mode);
		return true;
	case CMD_MOUSE_TEST:
		answer(kbc, kbc->config.mouse ? PORT_TEST_OK : PORT_TEST_STUCK);
		return true;
	case CMD_SELF_TEST:
		kbc->mode |= MODE_SYSTEM;
		answer(kbc, SELF_TEST_OK);
		return true;
	case CMD_KBD_TEST:
		answer(kbc, PORT_TEST_OK);
		return true;
	case CMD_READ_INPUT:
		answer(kbc, INPUT_PORT);
		return true;
	case CMD_READ_OUTPUT:
		answer(kbc, read_output_port(kbc));
		return true;
	default:
		return false;
	}
}

static void write_command(struct i8042 *kbc, uint8_t command)
{
	kbc->pending = 0;
	if (query(kbc, command))
		return;
	switch (command) {
	case CMD_WRITE_MODE:
	case CMD_WRITE_OUTPUT:
	case CMD_FAKE_KBD:
	case CMD_FAKE_MOUSE:
	case CMD_WRITE_MOUSE:
		kbc->pending = command;
		break;
	case CMD_MOUSE_OFF:
		kbc->mode |= MODE_MOUSE_OFF;
		break;
	case CMD_MOUSE_ON:
		kbc->mode &= (uint8_t)~MODE_MOUSE_OFF;
		break;
	case CMD_KBD_OFF:
		kbc->mode |= MODE_KBD_OFF;
		break;
	case CMD_KBD_ON:
		kbc->mode &= (uint8_t)~MODE_KBD_OFF;
		break;
	case CMD_A20_OFF:
	case CMD_A20_ON:
		kbc->a20 = command == CMD_A20_ON;
		break;
	default:
		if (command >= CMD_PULSE)
			output_port_low(kbc, (uint8_t)~command);
		else
			kbc->unknown_commands++;
	}
}

/* A byte for the mouse's port. Where nothing is plugged in the controller gives up at once. */
static void write_mouse(struct i8042 *kbc, uint8_t value)
{
	kbc->mode &= (uint8_t)~MODE_MOUSE_OFF;
	if (kbc->config.mouse)
		ps2_mouse_write(&kbc->mouse, value);
	else
		ps2_queue_put(&kbc->mouse_answers, NO_ANSWER);
}

static void write_data(struct i8042 *kbc, uint8_t value)
{
	uint8_t command = kbc->pending;

	kbc->pending = 0;
	switch (command) {
	case CMD_WRITE_MODE:
		kbc->mode = value & MODE_MASK;
		break;
	case CMD_WRITE_OUTPUT:
		kbc->a20 = value & OUT_A20;
		output_port_low(kbc, (uint8_t)~value);
		break;
	case CMD_FAKE_KBD:
		answer(kbc, value);
		break;
	case CMD_FAKE_MOUSE:
		ps2_queue_put(&kbc->mouse_answers, kbc->config.mouse ? value : (uint8_t)~value);
		break;
	case CMD_WRITE_MOUSE:
		write_mouse(kbc, value);
		break;
	default: /* to the keyboard, which also switches its port on */
		kbc->mode &= (uint8_t)~MODE_KBD_OFF;
		ps2_keyboard_write(&kbc->kbd, value);
	}
}

static uint64_t data_read(void *owner, uint64_t offset, unsigned int size)
{
	struct i8042 *kbc = owner;
	uint64_t value;

	(void)offset;
	(void)size;
	device_lock(&kbc->dev);
	value = read_data(kbc);
	device_unlock(&kbc->dev);
	return value;
}

static void data_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct i8042 *kbc = owner;

	(void)offset;
	(void)size;
	device_lock(&kbc->dev);
	kbc->last_was_command = false;
	write_data(kbc, (uint8_t)value);
	fill(kbc);
	device_unlock(&kbc->dev);
}

static uint64_t status_read(void *owner, uint64_t offset, unsigned int size)
{
	struct i8042 *kbc = owner;
	uint64_t value;

	(void)offset;
	(void)size;
	device_lock(&kbc->dev);
	value = read_status(kbc);
	device_unlock(&kbc->dev);
	return value;
}

static void command_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct i8042 *kbc = owner;

	(void)offset;
	(void)size;
	device_lock(&kbc->dev);
	kbc->last_was_command = true;
	write_command(kbc, (uint8_t)value);
	fill(kbc);
	device_unlock(&kbc->dev);
}

static const struct region_ops data_ops = {
	.name = "i8042-data", .sizes = BUS_SIZE_1, .read = data_read, .write = data_write};
static const struct region_ops command_ops = {
	.name = "i8042-command", .sizes = BUS_SIZE_1, .read = status_read, .write = command_write};

int i8042_key(struct device *dev, const uint8_t *bytes, size_t n)
{
	struct i8042 *kbc = (struct i8042 *)dev;
	int rc = 0;

	device_lock(dev);
	if (!kbc->kbd.scanning)
		rc = -EAGAIN;
	else if (n > PS2_EVENTS || kbc->kbd.out.count > PS2_EVENTS - n)
		rc = -ENOSPC;
	for (size_t i = 0; rc == 0 && i < n; i++)
		ps2_queue_put(&kbc->kbd.out, bytes[i]);
	fill(kbc);
	device_unlock(dev);
	return rc;
}

static void i8042_reset(struct device *dev)
{
	struct i8042 *kbc = (struct i8042 *)dev;

	kbc->mode = MODE_INITIAL;
	kbc->pending = 0;
	kbc->last_was_command = false;
	kbc->a20 = true;
	kbc->full = false;
	kbc->from_mouse = false;
	kbc->output = 0;
	kbc->break_code = false;
	memset(&kbc->answers, 0, sizeof(kbc->answers));
	memset(&kbc->mouse_answers, 0, sizeof(kbc->mouse_answers));
	ps2_keyboard_init(&kbc->kbd);
	ps2_mouse_init(&kbc->mouse);
	refresh_lines(kbc);
}

static void i8042_destroy(struct device *dev)
{
	struct i8042 *kbc = (struct i8042 *)dev;

	region_list_del(kbc->config.pio, kbc->regions, N_REGIONS);
	device_fini(dev);
	free(kbc);
}

static const struct device_ops i8042_ops = {
	.name = "i8042",
	.reset = i8042_reset,
	.destroy = i8042_destroy,
	.fields = i8042_fields,
	.n_fields = sizeof(i8042_fields) / sizeof(i8042_fields[0]),
};

struct device *i8042_create(const struct i8042_config *config, struct err *err)
{
	struct i8042 *kbc = calloc(1, sizeof(*kbc));

	if (!kbc) {
		err_set(err, -ENOMEM, "i8042: out of memory");
		return NULL;
	}
	kbc->config = *config;
	kbc->regions[0] = (struct region){DATA_PORT, 1, &data_ops, kbc};
	kbc->regions[1] = (struct region){COMMAND_PORT, 1, &command_ops, kbc};
	device_init(&kbc->dev, &i8042_ops, config->id ? config->id : "i8042");
	if (region_list_add(config->pio, kbc->regions, N_REGIONS, err) < 0) {
		device_fini(&kbc->dev);
		free(kbc);
		return NULL;
	}
	device_reset(&kbc->dev);
	return &kbc->dev;
}
