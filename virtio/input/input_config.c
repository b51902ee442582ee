/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/input/input_internal.h"
#include "vmm/core/le.h"

#include <linux/input-event-codes.h>
#include <linux/input.h>
#include <string.h>

/*
 * Identity and abilities as contract v1, section 15, has them, and the two selectors behind which
 * they are read (virtio 1.2, section 5.8.4).
 */

/* Codes @first to @last of @type. */
struct code_run {
	uint16_t type, first, last;
};

#define RUNS_MAX 12U

struct input_identity {
	const char *word; /* in messages */
	const char *name;
	const char *qemu_name;		/* what guests know QEMU's device by */
	uint16_t product;		/* both count them alike */
	struct code_run runs[RUNS_MAX]; /* type 0 ends them */
};

#define INPUT_VENDOR	  0x1af4U
#define INPUT_VENDOR_QEMU 0x0627U
#define INPUT_VERSION	  1U

/* clang-format off */
static const struct input_identity identities[] = {
	[VIRTIO_INPUT_KEYBOARD] = {"keyboard", "Aero Virtio Keyboard", "QEMU Virtio Keyboard", 1, {
		{EV_KEY, KEY_ESC,      KEY_KPDOT},
		{EV_KEY, KEY_102ND,    KEY_RO}, /* with F11 and F12 */
		{EV_KEY, KEY_KPENTER,  KEY_RIGHTALT},
		{EV_KEY, KEY_HOME,     KEY_DELETE},
		{EV_KEY, KEY_MUTE,     KEY_VOLUMEUP},
		{EV_KEY, KEY_KPEQUAL,  KEY_KPEQUAL},
		{EV_KEY, KEY_PAUSE,    KEY_PAUSE},
		{EV_KEY, KEY_KPCOMMA,  KEY_KPCOMMA},
		{EV_KEY, KEY_YEN,      KEY_RIGHTMETA},
		{EV_KEY, KEY_MENU,     KEY_MENU},
		{EV_KEY, KEY_NEXTSONG, KEY_STOPCD},
		{EV_LED, LED_NUML,     LED_KANA},
	}},
	[VIRTIO_INPUT_MOUSE] = {"mouse", "Aero Virtio Mouse", "QEMU Virtio Mouse", 2, {
		{EV_REL, REL_X,        REL_Y},
		{EV_REL, REL_HWHEEL,   REL_HWHEEL},
		{EV_REL, REL_WHEEL,    REL_WHEEL},
		{EV_KEY, BTN_LEFT,     BTN_TASK},
	}},
	[VIRTIO_INPUT_TABLET] = {"tablet", "Aero Virtio Tablet", "QEMU Virtio Tablet", 3, {
		{EV_ABS, ABS_X,        ABS_Y},
		{EV_KEY, BTN_TOUCH,    BTN_TOUCH},
	}},
};
/* clang-format on */

static const uint16_t types_with_codes[INPUT_TYPES] = {EV_KEY, EV_REL, EV_ABS, EV_LED};

static void bitmap_set(struct input_bitmap *map, uint16_t code)
{
	map->bytes[code / 8] |= (uint8_t)(1U << code % 8);
	if (map->n <= code / 8)
		map->n = (uint8_t)(code / 8 + 1);
}

bool input_bitmap_has(const struct input_bitmap *map, uint16_t code)
{
	return code / 8 < map->n && map->bytes[code / 8] >> code % 8 & 1;
}

static unsigned int type_index(uint16_t type)
{
	unsigned int i = 0;

	while (i < INPUT_TYPES && types_with_codes[i] != type)
		i++;
	return i;
}

void input_config_init(struct input_config *c, enum virtio_input_kind kind, bool qemu_names)
{
	const struct code_run *runs = identities[kind].runs;

	*c = (struct input_config){.kind = kind, .qemu_names = qemu_names};
	bitmap_set(&c->types, EV_SYN);
	for (unsigned int r = 0; r < RUNS_MAX && runs[r].type; r++) {
		bitmap_set(&c->types, runs[r].type);
		for (uint16_t code = runs[r].first; code <= runs[r].last; code++)
			bitmap_set(&c->codes[type_index(runs[r].type)], code);
	}
}

const struct input_bitmap *input_config_codes(const struct input_config *c, uint16_t type)
{
	static const struct input_bitmap none;
	unsigned int i = type_index(type);

	return i < INPUT_TYPES ? &c->codes[i] : &none;
}

const char *input_kind_name(enum virtio_input_kind kind)
{
	return identities[kind].word;
}

/* The answers: each writes its payload, which is all 0, and returns its size. */

static uint8_t answer_name(const struct input_config *c, uint8_t *payload)
{
	const struct input_identity *identity = &identities[c->kind];
	const char *name = c->qemu_names ? identity->qemu_name : identity->name;
	size_t len = strnlen(name, VIRTIO_INPUT_CFG_BYTES - VIRTIO_INPUT_CFG_PAYLOAD);

	if (c->subsel != 0)
		return 0;
	memcpy(payload, name, len);
	return (uint8_t)len;
}

static uint8_t answer_devids(const struct input_config *c, uint8_t *payload)
{
	if (c->subsel != 0)
		return 0;
	st_le16(payload, BUS_VIRTUAL);
	st_le16(payload + 2, c->qemu_names ? INPUT_VENDOR_QEMU : INPUT_VENDOR);
	st_le16(payload + 4, identities[c->kind].product);
	st_le16(payload + 6, INPUT_VERSION);
	return VIRTIO_INPUT_DEVIDS_BYTES;
}

static uint8_t answer_ev_bits(const struct input_config *c, uint8_t *payload)
{
	const struct input_bitmap *map =
		c->subsel == EV_SYN ? &c->types : input_config_codes(c, c->subsel);

	memcpy(payload, map->bytes, map->n);
	return map->n;
}

static uint8_t answer_abs_info(const struct input_config *c, uint8_t *payload)
{
	if (!input_bitmap_has(input_config_codes(c, EV_ABS), c->subsel))
		return 0;
	st_le32(payload, INPUT_ABS_MIN);
	st_le32(payload + 4, INPUT_ABS_MAX);
	return VIRTIO_INPUT_ABS_INFO_BYTES;
}

/* Every other selector has size 0, serial number and property bits too (contract 15.2). */
static const struct {
	uint8_t select;
	uint8_t (*answer)(const struct input_config *c, uint8_t *payload);
} answers[] = {
	{VIRTIO_INPUT_CFG_ID_NAME, answer_name},
	{VIRTIO_INPUT_CFG_ID_DEVIDS, answer_devids},
	{VIRTIO_INPUT_CFG_EV_BITS, answer_ev_bits},
	{VIRTIO_INPUT_CFG_ABS_INFO, answer_abs_info},
};

void input_config_get(const struct input_config *c, uint32_t offset, void *buf, uint32_t len)
{
	uint8_t config[VIRTIO_INPUT_CFG_BYTES] = {0};

	config[VIRTIO_INPUT_CFG_SELECT] = c->select;
	config[VIRTIO_INPUT_CFG_SUBSEL] = c->subsel;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (answers[i].select == c->select)
			config[VIRTIO_INPUT_CFG_SIZE] =
				answers[i].answer(c, config + VIRTIO_INPUT_CFG_PAYLOAD);
	virtio_config_copy(config, sizeof(config), offset, buf, len);
}

void input_config_set(struct input_config *c, uint32_t offset, const uint8_t *buf, uint32_t len)
{
	if (offset == VIRTIO_INPUT_CFG_SELECT && (len == 1 || len == 2)) {
		c->select = buf[0];
		if (len == 2)
			c->subsel = buf[1];
	} else if (offset == VIRTIO_INPUT_CFG_SUBSEL && len == 1) {
		c->subsel = buf[0];
	}
}
