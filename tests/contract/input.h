/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TESTS_CONTRACT_INPUT_H
#define VISE_TESTS_CONTRACT_INPUT_H

#include "tests/contract/contract.h"
#include "tests/guestdrv/gd_input.h"

/* What the tests of section 15 share. */

#define KBD    VIRTIO_INPUT_KEYBOARD
#define MOUSE  VIRTIO_INPUT_MOUSE
#define TABLET VIRTIO_INPUT_TABLET

#define KEY_CODE_A 30
#define LEFT	   0x110
#define TOUCH	   0x14a

/* All three functions run under the Windows 7 driver. */
static inline void start_input_with(struct gd_input *in, const struct gd_input_config *config)
{
	gd_input_open(in, config);
	for (unsigned int k = 0; k < GD_INPUT_KINDS; k++) {
		const char *why = gd_input_start(&in->fn[k], &gd_win7_input);

		ck_assert_msg(!why, "the driver refuses function %u: %s", k, why);
	}
}

static inline void start_input(struct gd_input *in)
{
	start_input_with(in, NULL);
}

static inline int inject(struct gd_input_fn *fn, uint16_t type, uint16_t code, int32_t value)
{
	struct virtio_input_event event = {type, code, value};

	return virtio_input_inject(fn->vd, &event, 1, NULL);
}

/* The next two events are (@type, @code, @value) and SYN_REPORT, and there are no more. */
static inline void expect_event(struct gd_input_fn *fn, uint16_t type, uint16_t code, int32_t value)
{
	struct virtio_input_event got[3];

	ck_assert_uint_eq(gd_input_take(fn, got, 3), 2);
	ck_assert_uint_eq(got[0].type, type);
	ck_assert_uint_eq(got[0].code, code);
	ck_assert_int_eq(got[0].value, value);
	ck_assert_uint_eq(got[1].type, GD_EV_SYN);
	ck_assert_uint_eq(got[1].code, 0);
	ck_assert_int_eq(got[1].value, 0);
}

static inline bool input_works(struct gd_input_fn *fn)
{
	static const struct virtio_input_event of[] = {
		[KBD] = {GD_EV_KEY, KEY_CODE_A, 1},
		[MOUSE] = {GD_EV_REL, 0, 3},
		[TABLET] = {GD_EV_ABS, 1, 77},
	};
	const struct virtio_input_event *e = &of[virtio_input_kind(fn->vd)];
	struct virtio_input_event got[3];

	return virtio_input_inject(fn->vd, e, 1, NULL) == 0 && gd_input_take(fn, got, 3) == 2 &&
	       got[0].type == e->type && got[0].code == e->code && got[0].value == e->value &&
	       got[1].type == GD_EV_SYN;
}

#endif
