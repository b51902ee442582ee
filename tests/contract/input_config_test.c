/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/input.h"
#include "vmm/core/le.h"

/* Section 15, first part: the functions, what they say they are, and the selectors. */

#define CONFIG(at) (VIRTIO_PCI_DEVICE + (at))

START_TEST(three_functions_of_one_device)
{
	struct gd_input in;

	CLAUSE("INP-1");
	CLAUSE("T-ID-5");
	CLAUSE("T-ID-8");
	gd_input_open(&in, NULL);
	for (uint8_t f = 0; f < 3; f++) {
		uint8_t devfn = PCI_DEVFN(GD_INPUT_SLOT, f);

		ck_assert_uint_eq(gd_cfg_read(in.m, devfn, PCI_VENDOR_ID, 4), 0x10521af4);
		ck_assert_uint_eq(gd_cfg_read(in.m, devfn, PCI_SUBSYSTEM_VENDOR_ID, 2), 0x1af4);
		ck_assert_uint_eq(gd_cfg_read(in.m, devfn, PCI_SUBSYSTEM_ID, 2), 0x10 + f);
		ck_assert_uint_eq(gd_cfg_read(in.m, devfn, PCI_REVISION_ID, 4), 0x09800001);
		ck_assert_uint_eq(gd_cfg_read(in.m, devfn, PCI_HEADER_TYPE, 1), f ? 0 : 0x80);
		ck_assert_uint_eq(gd_cfg_read(in.m, devfn, PCI_INTERRUPT_PIN, 1), 1);
	}
	gd_input_close(&in);
}
END_TEST

START_TEST(functions_are_reset_one_by_one)
{
	struct gd_input_answer answer;
	struct gd_input in;

	CLAUSE("INP-2");
	start_input(&in);
	ck_assert(gd_input_ask(&in.fn[MOUSE], GD_INPUT_NAME, 0, &answer));
	gd_reset(&in.fn[KBD].dev);
	ck_assert_uint_eq(gd_rd(&in.fn[MOUSE].dev, GD_STATUS), GD_RUNNING);
	ck_assert_uint_eq(gd_bar_rd(&in.fn[MOUSE].dev, CONFIG(0), 1), GD_INPUT_NAME);
	ck_assert(input_works(&in.fn[MOUSE]));
	ck_assert(input_works(&in.fn[TABLET]));
	ck_assert_ptr_null(gd_input_start(&in.fn[KBD], &gd_win7_input));
	ck_assert(input_works(&in.fn[KBD]));
	gd_input_close(&in);
}
END_TEST

START_TEST(features_and_queues_are_the_contracts)
{
	struct gd_input in;

	CLAUSE("INP-3");
	CLAUSE("T-FEAT-4");
	gd_input_open(&in, NULL);
	for (unsigned int k = 0; k < GD_INPUT_KINDS; k++) {
		ck_assert_uint_eq(gd_offered(&in.fn[k].dev), 1ULL << 28 | 1ULL << 32);
		ck_assert_uint_eq(gd_rd(&in.fn[k].dev, GD_NUM_QUEUES), 2);
		ck_assert_uint_eq(gd_queue_rd(&in.fn[k].dev, 0, GD_QUEUE_SIZE), 64);
		ck_assert_uint_eq(gd_queue_rd(&in.fn[k].dev, 1, GD_QUEUE_SIZE), 64);
		ck_assert_uint_eq(gd_queue_rd(&in.fn[k].dev, 2, GD_QUEUE_SIZE), 0);
	}
	gd_input_close(&in);
}
END_TEST

START_TEST(names_are_exact_and_unterminated)
{
	static const char *const names[] = {"Aero Virtio Keyboard", "Aero Virtio Mouse",
					    "Aero Virtio Tablet"};
	static const uint8_t sizes[] = {20, 17, 18};
	struct gd_input_answer a;
	struct gd_input in;

	CLAUSE("INP-4");
	gd_input_open(&in, NULL);
	for (unsigned int k = 0; k < GD_INPUT_KINDS; k++) {
		ck_assert(gd_input_ask(&in.fn[k], GD_INPUT_NAME, 0, &a));
		ck_assert_uint_eq(a.size, sizes[k]);
		ck_assert_str_eq((const char *)a.payload, names[k]);
	}
	gd_input_close(&in);
}
END_TEST

START_TEST(devids_are_exact)
{
	struct gd_input_answer a;
	struct gd_input in;

	CLAUSE("INP-5");
	gd_input_open(&in, NULL);
	for (uint8_t k = 0; k < GD_INPUT_KINDS; k++) {
		const uint8_t want[] = {0x06, 0x00, 0xf4, 0x1a, (uint8_t)(k + 1), 0x00, 0x01, 0x00};

		ck_assert(gd_input_ask(&in.fn[k], GD_INPUT_DEVIDS, 0, &a));
		ck_assert_uint_eq(a.size, 8);
		ck_assert_mem_eq(a.payload, want, sizeof(want));
	}
	gd_input_close(&in);
}
END_TEST

/* A bitmap as the contract writes it: @skip bytes of 0 first. */
struct bitmap {
	unsigned int kind;
	uint8_t type, skip, n;
	uint8_t bytes[21];
};

static const struct bitmap bitmaps[] = {
	{KBD, GD_EV_SYN, 0, 3, {0x03, 0x00, 0x02}},
	{KBD, GD_EV_KEY, 0, 21, {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xcf,
				 0x03, 0xdf, 0xff, 0xae, 0x72, 0x00, 0x08, 0x00, 0x00, 0x78}},
	{KBD, GD_EV_LED, 0, 1, {0x1f}},
	{MOUSE, GD_EV_SYN, 0, 1, {0x07}},
	{MOUSE, GD_EV_REL, 0, 2, {0x43, 0x01}},
	{MOUSE, GD_EV_KEY, 34, 1, {0xff}},
	{TABLET, GD_EV_SYN, 0, 1, {0x0b}},
	{TABLET, GD_EV_ABS, 0, 1, {0x03}},
	{TABLET, GD_EV_KEY, 41, 1, {0x04}},
};

static const struct bitmap *bitmap_of(unsigned int kind, unsigned int type)
{
	for (size_t i = 0; i < COUNT_OF(bitmaps); i++)
		if (bitmaps[i].kind == kind && bitmaps[i].type == type)
			return &bitmaps[i];
	return NULL;
}

START_TEST(types_are_listed_and_have_codes)
{
	struct gd_input_answer types, a;
	struct gd_input in;

	CLAUSE("INP-6");
	gd_input_open(&in, NULL);
	for (unsigned int k = 0; k < GD_INPUT_KINDS; k++) {
		ck_assert(gd_input_ask(&in.fn[k], GD_INPUT_BITS, 0, &types));
		ck_assert(gd_input_bit(&types, GD_EV_SYN));
		for (unsigned int type = 1; type < 256; type++) {
			ck_assert(gd_input_ask(&in.fn[k], GD_INPUT_BITS, (uint8_t)type, &a));
			ck_assert_int_eq(a.size > 0, gd_input_bit(&types, type));
			ck_assert_int_eq(a.size > 0, bitmap_of(k, type) != NULL);
			ck_assert(a.size == 0 || a.payload[a.size - 1] != 0);
		}
	}
	gd_input_close(&in);
}
END_TEST

START_TEST(bitmaps_are_the_contracts)
{
	struct gd_input_answer a;
	struct gd_input in;

	CLAUSE("INP-7");
	CLAUSE("INP-8");
	CLAUSE("INP-9");
	gd_input_open(&in, NULL);
	for (size_t i = 0; i < COUNT_OF(bitmaps); i++) {
		const struct bitmap *want = &bitmaps[i];

		ck_assert(gd_input_ask(&in.fn[want->kind], GD_INPUT_BITS, want->type, &a));
		ck_assert_uint_eq(a.size, want->skip + want->n);
		for (unsigned int b = 0; b < want->skip; b++)
			ck_assert_uint_eq(a.payload[b], 0);
		ck_assert_mem_eq(a.payload + want->skip, want->bytes, want->n);
		for (unsigned int b = a.size; b < 128; b++)
			ck_assert_uint_eq(a.payload[b], 0);
	}
	gd_input_close(&in);
}
END_TEST

START_TEST(required_keys_are_there)
{
	struct gd_input_answer a;
	struct gd_input in;

	CLAUSE("INP-7");
	gd_input_open(&in, NULL);
	ck_assert(gd_input_ask(&in.fn[KBD], GD_INPUT_BITS, GD_EV_KEY, &a));
	for (size_t i = 0; i < COUNT_OF(gd_input_required_keys); i++)
		ck_assert(gd_input_bit(&a, gd_input_required_keys[i]));
	gd_input_close(&in);
}
END_TEST

START_TEST(abs_info_is_of_x_and_y)
{
	struct gd_input_answer a;
	struct gd_input in;

	CLAUSE("INP-9");
	gd_input_open(&in, NULL);
	for (uint8_t axis = 0; axis < 2; axis++) {
		ck_assert(gd_input_ask(&in.fn[TABLET], GD_INPUT_ABS, axis, &a));
		ck_assert_uint_eq(a.size, 20);
		ck_assert_uint_eq(ld_le32(a.payload), 0);
		ck_assert_uint_eq(ld_le32(a.payload + 4), 32767);
		for (unsigned int b = 8; b < 128; b++)
			ck_assert_uint_eq(a.payload[b], 0);
	}
	gd_input_close(&in);
}
END_TEST

/* What (@select, @subsel) must be answered with: 0, or any size. */
static bool answered(unsigned int kind, unsigned int select, unsigned int subsel)
{
	if (select == GD_INPUT_NAME || select == GD_INPUT_DEVIDS)
		return subsel == 0;
	if (select == GD_INPUT_BITS)
		return bitmap_of(kind, subsel) != NULL;
	return select == GD_INPUT_ABS && kind == TABLET && subsel < 2;
}

START_TEST(all_else_is_empty)
{
	struct gd_input_answer a;
	struct gd_input in;

	CLAUSE("INP-10");
	gd_input_open(&in, NULL);
	for (unsigned int k = 0; k < GD_INPUT_KINDS; k++) {
		for (unsigned int i = 0; i < 65536; i++) {
			bool want = answered(k, i & 0xff, i >> 8);

			gd_bar_wr(&in.fn[k].dev, CONFIG(0), 2, i);
			ck_assert_int_eq(gd_bar_rd(&in.fn[k].dev, CONFIG(2), 1) > 0, want);
			if (want || i % 251)
				continue;
			ck_assert(gd_input_ask(&in.fn[k], (uint8_t)i, (uint8_t)(i >> 8), &a));
			for (unsigned int b = 0; b < 128; b++)
				ck_assert_uint_eq(a.payload[b], 0);
		}
	}
	gd_input_close(&in);
}
END_TEST

START_TEST(selectors_are_written_in_any_of_three_ways)
{
	struct gd_input in;

	CLAUSE("INP-11");
	CLAUSE("INP-12");
	gd_input_open(&in, NULL);
	for (unsigned int way = 0; way < 3; way++) {
		const struct gd_dev *dev = &in.fn[KBD].dev;

		gd_bar_wr(dev, CONFIG(0), 2, 0);
		if (way == 0) {
			gd_bar_wr(dev, CONFIG(0), 2, GD_INPUT_BITS | GD_EV_KEY << 8);
		} else {
			if (way == 1)
				gd_bar_wr(dev, CONFIG(0), 1, GD_INPUT_BITS);
			gd_bar_wr(dev, CONFIG(1), 1, GD_EV_KEY);
			if (way == 2)
				gd_bar_wr(dev, CONFIG(0), 1, GD_INPUT_BITS);
		}
		ck_assert_uint_eq(gd_bar_rd(dev, CONFIG(0), 1), GD_INPUT_BITS);
		ck_assert_uint_eq(gd_bar_rd(dev, CONFIG(1), 1), GD_EV_KEY);
		ck_assert_uint_eq(gd_bar_rd(dev, CONFIG(2), 1), 21);
		ck_assert_uint_eq(gd_bar_rd(dev, CONFIG(8), 1), 0xfe);
	}
	gd_input_close(&in);
}
END_TEST

START_TEST(the_rest_of_config_ignores_writes)
{
	struct gd_input_answer before, after;
	struct gd_input in;

	CLAUSE("INP-12");
	gd_input_open(&in, NULL);
	ck_assert(gd_input_ask(&in.fn[KBD], GD_INPUT_NAME, 0, &before));
	for (unsigned int size = 1; size <= 8; size *= 2)
		for (uint32_t at = 2; at + size <= 0x100; at++)
			gd_bar_wr(&in.fn[KBD].dev, CONFIG(at), size, UINT64_MAX);
	/* Selectors and more in one write are none of the three ways. */
	gd_bar_wr(&in.fn[KBD].dev, CONFIG(0), 4, UINT32_MAX);
	gd_bar_wr(&in.fn[KBD].dev, CONFIG(0), 8, UINT64_MAX);
	gd_bar_wr(&in.fn[KBD].dev, CONFIG(1), 2, 0xffff);
	for (uint32_t at = 0; at < sizeof(after); at++)
		((uint8_t *)&after)[at] = (uint8_t)gd_bar_rd(&in.fn[KBD].dev, CONFIG(at), 1);
	ck_assert_mem_eq(&after, &before, sizeof(after));
	gd_input_close(&in);
}
END_TEST

START_TEST(nothing_of_an_earlier_answer_remains)
{
	struct gd_input_answer a;
	struct gd_input in;

	CLAUSE("INP-13");
	gd_input_open(&in, NULL);
	ck_assert(gd_input_ask(&in.fn[KBD], GD_INPUT_BITS, GD_EV_KEY, &a));
	ck_assert(gd_input_ask(&in.fn[KBD], GD_INPUT_NAME, 0, &a));
	for (unsigned int b = a.size; b < 128; b++)
		ck_assert_uint_eq(a.payload[b], 0);
	ck_assert(gd_input_ask(&in.fn[KBD], GD_INPUT_DEVIDS, 0, &a));
	for (unsigned int b = a.size; b < 128; b++)
		ck_assert_uint_eq(a.payload[b], 0);
	ck_assert(gd_input_ask(&in.fn[KBD], 0, 0, &a));
	ck_assert_uint_eq(a.size, 0);
	for (unsigned int b = 0; b < 128; b++)
		ck_assert_uint_eq(a.payload[b], 0);
	gd_input_close(&in);
}
END_TEST

START_TEST(selecting_is_no_config_change)
{
	struct gd_input_answer a;
	struct gd_input in;

	CLAUSE("INP-14");
	CLAUSE("T-GEN-4");
	start_input(&in);
	for (unsigned int i = 0; i < 1000; i++) {
		ck_assert(gd_input_ask(&in.fn[MOUSE], (uint8_t)i, (uint8_t)(i >> 2), &a));
		ck_assert_uint_eq(gd_rd(&in.fn[MOUSE].dev, GD_GENERATION), 0);
	}
	gd_settle(in.m);
	ck_assert(!gd_line(&in.fn[MOUSE].dev));
	ck_assert_uint_eq(gd_isr(&in.fn[MOUSE].dev), 0);
	gd_input_close(&in);
}
END_TEST

START_TEST(reset_sets_the_selectors_to_0)
{
	struct gd_input_answer a;
	struct gd_input in;

	CLAUSE("INP-15");
	CLAUSE("T-RST-9");
	start_input(&in);
	ck_assert(gd_input_ask(&in.fn[TABLET], GD_INPUT_ABS, 1, &a));
	gd_reset(&in.fn[TABLET].dev);
	ck_assert_uint_eq(gd_bar_rd(&in.fn[TABLET].dev, CONFIG(0), 4), 0);
	ck_assert_uint_eq(gd_bar_rd(&in.fn[TABLET].dev, CONFIG(8), 8), 0);
	gd_input_close(&in);
}
END_TEST

CONTRACT_MAIN("input_config", three_functions_of_one_device, functions_are_reset_one_by_one,
	      features_and_queues_are_the_contracts, names_are_exact_and_unterminated,
	      devids_are_exact, types_are_listed_and_have_codes, bitmaps_are_the_contracts,
	      required_keys_are_there, abs_info_is_of_x_and_y, all_else_is_empty,
	      selectors_are_written_in_any_of_three_ways, the_rest_of_config_ignores_writes,
	      nothing_of_an_earlier_answer_remains, selecting_is_no_config_change,
	      reset_sets_the_selectors_to_0)
