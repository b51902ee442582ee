/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/input.h"

/* Section 15, third part: the status queue, and the lamps behind it. */

#define PATTERN 0x5c

/* Sends @segs by the status queue of @fn; the used length. */
static uint32_t status(struct gd_input_fn *fn, const struct gd_seg *segs, uint32_t n)
{
	struct gd_used used = {0};
	int head = n <= fn->statusq.n_free ? gd_add(&fn->statusq, segs, n)
					   : gd_add_indirect(&fn->statusq, 0, segs, n);

	ck_assert_int_ge(head, 0);
	gd_kick(&fn->statusq);
	ck_assert(gd_wait_used(&fn->statusq, &used));
	ck_assert_uint_eq(used.id, (uint32_t)head);
	return used.len;
}

START_TEST(every_status_chain_comes_back)
{
	static struct gd_seg many[200];
	struct gd_input in;
	gpa_t at;

	CLAUSE("INP-26");
	start_input(&in);
	at = gd_alloc(in.m, 0x20000, 16);
	gd_fill(in.m, at, 0xa7, 0x20000);
	for (size_t i = 0; i < COUNT_OF(many); i++)
		many[i] = (struct gd_seg){at + 11 * i, 11, false};
	const struct gd_seg odd[] = {
		{at, 8, false},
		{at, 0, false},
		{at, 7, false},
		{at, 0x20000, false},
		{at, UINT32_MAX, false},
		{UINT64_MAX - 3, 8, false},
		{GD_BAR_WINDOW, 8, false},
		{at, 8, true},
	};

	for (unsigned int k = 0; k < GD_INPUT_KINDS; k++) {
		struct gd_input_fn *fn = &in.fn[k];

		for (size_t i = 0; i < COUNT_OF(odd); i++)
			ck_assert_uint_eq(status(fn, &odd[i], 1), 0);
		ck_assert_uint_eq(status(fn, many, COUNT_OF(many)), 0);
		/* A queue full of them, by one doorbell. */
		for (unsigned int i = 0; i < 64; i++)
			ck_assert_int_ge(gd_add(&fn->statusq, odd, 1), 0);
		gd_kick(&fn->statusq);
		gd_settle(in.m);
		ck_assert_uint_eq(gd_used_ready(&fn->statusq), 64);
		ck_assert_uint_eq(virtio_input_state(fn->vd).leds, 0);
		ck_assert(input_works(fn));
	}
	gd_input_close(&in);
}
END_TEST

START_TEST(lamps_come_several_in_one_descriptor)
{
	struct gd_input in;

	CLAUSE("INP-27");
	CLAUSE("INP-28");
	start_input(&in);
	ck_assert(gd_input_leds(&in.fn[KBD], 0x5, 3));
	ck_assert_uint_eq(virtio_input_state(in.fn[KBD].vd).leds, 0x5);
	ck_assert_uint_eq(virtio_input_state(in.fn[KBD].vd).status_events, 4);
	ck_assert(gd_input_leds(&in.fn[KBD], 0x1a, 5));
	ck_assert_uint_eq(virtio_input_state(in.fn[KBD].vd).leds, 0x1a);
	ck_assert_uint_eq(virtio_input_state(in.fn[KBD].vd).status_events, 10);
	/* The upper two are left alone by the driver that knows three. */
	ck_assert(gd_input_leds(&in.fn[KBD], 0x0, 3));
	ck_assert_uint_eq(virtio_input_state(in.fn[KBD].vd).leds, 0x18);
	gd_input_close(&in);
}
END_TEST

static void put_event(struct gd_machine *m, gpa_t at, uint16_t type, uint16_t code, uint32_t value)
{
	gd_st16(m, at, type);
	gd_st16(m, at + 2, code);
	gd_st32(m, at + 4, value);
}

START_TEST(lamps_that_are_none_are_ignored)
{
	static const struct {
		uint16_t type, code;
		uint32_t value;
	} none[] = {{GD_EV_LED, 5, 1},	    {GD_EV_LED, 31, 1}, {GD_EV_LED, 32, 1},
		    {GD_EV_LED, 0xffff, 1}, {GD_EV_LED, 2, 2},	{GD_EV_LED, 2, UINT32_MAX},
		    {GD_EV_KEY, 1, 1},	    {GD_EV_SYN, 0, 0},	{0xffff, 2, 1}};
	struct gd_input in;
	gpa_t at;

	CLAUSE("INP-28");
	start_input(&in);
	at = gd_alloc(in.m, 128, 16);
	for (size_t i = 0; i < COUNT_OF(none); i++) {
		struct gd_seg seg = {at, 16, false};

		put_event(in.m, at, none[i].type, none[i].code, none[i].value);
		put_event(in.m, at + 8, GD_EV_LED, 1, 1);
		status(&in.fn[KBD], &seg, 1);
		ck_assert_uint_eq(virtio_input_state(in.fn[KBD].vd).leds, 0x2);
	}
	/* A part of an event at the end; an event over three descriptors. */
	put_event(in.m, at, GD_EV_LED, 0, 1);
	put_event(in.m, at + 8, GD_EV_LED, 1, 0);
	struct gd_seg cut[] = {{at, 3, false}, {at + 3, 1, false}, {at + 4, 11, false}};

	status(&in.fn[KBD], cut, 3);
	ck_assert_uint_eq(virtio_input_state(in.fn[KBD].vd).leds, 0x3);
	/* A mouse has no lamps. */
	ck_assert(gd_input_leds(&in.fn[MOUSE], 0x7, 3));
	ck_assert_uint_eq(virtio_input_state(in.fn[MOUSE].vd).leds, 0);
	/* And a reset turns them off. */
	gd_reset(&in.fn[KBD].dev);
	ck_assert_uint_eq(virtio_input_state(in.fn[KBD].vd).leds, 0);
	gd_input_close(&in);
}
END_TEST

START_TEST(status_buffers_are_never_written)
{
	struct gd_input in;
	gpa_t at;

	CLAUSE("INP-29");
	start_input(&in);
	at = gd_alloc(in.m, 256, 16);
	gd_fill(in.m, at, PATTERN, 256);
	put_event(in.m, at, GD_EV_LED, 1, 1);
	struct gd_seg segs[] = {{at, 8, false}, {at + 64, 64, true}, {at + 128, 64, true}};

	ck_assert_uint_eq(status(&in.fn[KBD], segs, 3), 0);
	ck_assert_uint_eq(status(&in.fn[KBD], segs + 1, 2), 0);
	ck_assert(gd_all(in.m, at + 8, PATTERN, 248));
	ck_assert_uint_eq(virtio_input_state(in.fn[KBD].vd).leds, 0x2);
	gd_input_close(&in);
}
END_TEST

CONTRACT_MAIN("input_status", every_status_chain_comes_back, lamps_come_several_in_one_descriptor,
	      lamps_that_are_none_are_ignored, status_buffers_are_never_written)
