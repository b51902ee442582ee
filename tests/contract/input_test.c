/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/input.h"
#include "vmm/core/le.h"

#include <errno.h>

/* Section 15, second part: events to the guest. */

#define PATTERN 0x5c

/* Posts one chain of @segs to a driver without buffers, to which an event goes: its used element.
 */
static struct gd_used one_buffer(struct gd_input_fn *fn, const struct gd_seg *segs, uint32_t n)
{
	struct gd_used used = {UINT32_MAX, UINT32_MAX};
	int head = gd_add(&fn->eventq, segs, n);

	gd_kick(&fn->eventq);
	ck_assert(gd_wait_used(&fn->eventq, &used));
	ck_assert_uint_eq(used.id, (uint32_t)head);
	return used;
}

/* A keyboard whose driver has posted no buffers yet. */
static void start_bare(struct gd_input *in)
{
	struct gd_input_fn *fn = &in->fn[KBD];

	gd_input_open(in, NULL);
	ck_assert_ptr_null(gd_input_probe(fn, &gd_win7_input));
	ck_assert(gd_queue_setup(&fn->eventq, &fn->dev, 0, 4));
	ck_assert(gd_queue_setup(&fn->statusq, &fn->dev, 1, 4));
	gd_driver_ok(&fn->dev);
}

static void check_bytes(struct gd_machine *m, gpa_t at, uint16_t type, uint16_t code, int32_t value)
{
	ck_assert_uint_eq(gd_ld16(m, at), type);
	ck_assert_uint_eq(gd_ld16(m, at + 2), code);
	ck_assert_uint_eq(gd_ld32(m, at + 4), (uint32_t)value);
}

START_TEST(one_event_a_buffer_of_8_bytes)
{
	static const struct virtio_input_event batch[] = {
		{GD_EV_REL, 0, 10}, {GD_EV_REL, 1, 5}, {GD_EV_REL, 8, 1}, {GD_EV_REL, 6, -2}};
	struct virtio_input_event got[8];
	struct gd_input in;

	CLAUSE("INP-16");
	CLAUSE("INP-17");
	start_input(&in);
	ck_assert_int_eq(virtio_input_inject(in.fn[MOUSE].vd, batch, COUNT_OF(batch), NULL), 0);
	gd_settle(in.m);
	ck_assert_uint_eq(gd_used_ready(&in.fn[MOUSE].eventq), 5);
	ck_assert_uint_eq(gd_input_take(&in.fn[MOUSE], got, COUNT_OF(got)), 5);
	ck_assert_uint_eq(in.fn[MOUSE].dropped, 0);
	ck_assert_mem_eq(got, batch, sizeof(batch));
	ck_assert_uint_eq(got[4].type, GD_EV_SYN);
	ck_assert_uint_eq(got[4].code, 0);
	ck_assert_int_eq(got[4].value, 0);
	gd_input_close(&in);
}
END_TEST

START_TEST(each_batch_ends_with_a_report)
{
	struct virtio_input_event got[64];
	struct gd_input in;
	size_t n;

	CLAUSE("INP-17");
	start_input(&in);
	for (unsigned int i = 0; i < 20; i++) {
		ck_assert_int_eq(inject(&in.fn[KBD], GD_EV_KEY, KEY_CODE_A, 1), 0);
		ck_assert_int_eq(inject(&in.fn[KBD], GD_EV_KEY, KEY_CODE_A, 0), 0);
	}
	n = gd_input_take(&in.fn[KBD], got, COUNT_OF(got));
	ck_assert_uint_eq(n, 64);
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(got[i].type, i % 2 ? GD_EV_SYN : GD_EV_KEY);
	gd_input_close(&in);
}
END_TEST

START_TEST(keys_are_pressed_and_released_never_repeated)
{
	struct gd_input in;

	CLAUSE("INP-18");
	start_input(&in);
	ck_assert_int_eq(inject(&in.fn[KBD], GD_EV_KEY, KEY_CODE_A, 1), 0);
	expect_event(&in.fn[KBD], GD_EV_KEY, KEY_CODE_A, 1);
	/* It is held; nothing more comes by itself, and nobody can send a repeat. */
	gd_settle(in.m);
	ck_assert_uint_eq(gd_used_ready(&in.fn[KBD].eventq), 0);
	ck_assert_int_eq(inject(&in.fn[KBD], GD_EV_KEY, KEY_CODE_A, 2), -EINVAL);
	ck_assert_int_eq(inject(&in.fn[KBD], GD_EV_KEY, KEY_CODE_A, -1), -EINVAL);
	ck_assert_int_eq(inject(&in.fn[KBD], GD_EV_KEY, KEY_CODE_A, 0), 0);
	expect_event(&in.fn[KBD], GD_EV_KEY, KEY_CODE_A, 0);
	gd_input_close(&in);
}
END_TEST

START_TEST(values_are_signed_32_bit)
{
	static const int32_t values[] = {-1, 1, -2, 127, -128, INT32_MAX, INT32_MIN};
	struct gd_input in;

	CLAUSE("INP-19");
	start_input(&in);
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		ck_assert_int_eq(inject(&in.fn[MOUSE], GD_EV_REL, 8, values[i]), 0);
		expect_event(&in.fn[MOUSE], GD_EV_REL, 8, values[i]);
	}
	gd_input_close(&in);
}
END_TEST

START_TEST(minus_1_is_all_ones_on_the_wire)
{
	struct gd_input in;
	gpa_t first;

	CLAUSE("INP-19");
	start_input(&in);
	first = in.fn[MOUSE].buffers;
	ck_assert_int_eq(inject(&in.fn[MOUSE], GD_EV_REL, 0, -1), 0);
	gd_settle(in.m);
	ck_assert(gd_all(in.m, first + 4, 0xff, 4));
	gd_input_close(&in);
}
END_TEST

START_TEST(only_what_is_advertised_is_sent)
{
	struct gd_input_answer a;
	struct gd_input in;

	CLAUSE("INP-20");
	start_input(&in);
	for (unsigned int k = 0; k < GD_INPUT_KINDS; k++) {
		struct gd_input_fn *fn = &in.fn[k];

		for (unsigned int type = 0; type < 0x20; type++) {
			bool sent = type >= GD_EV_KEY && type <= GD_EV_ABS;

			ck_assert(gd_input_ask(fn, GD_INPUT_BITS, (uint8_t)type, &a));
			for (unsigned int code = 0; code < 0x300; code++) {
				bool ok = sent && code / 8 < a.size && gd_input_bit(&a, code);
				struct virtio_input_event e = {(uint16_t)type, (uint16_t)code, 1};
				struct err err = ERR_INIT;

				ck_assert_int_eq(virtio_input_check(fn->vd, &e, 1, &err),
						 ok ? 0 : -EINVAL);
				ck_assert(ok || err.text[0]);
			}
		}
		ck_assert_int_eq(inject(fn, GD_EV_KEY, 0xffff, 1), -EINVAL);
		ck_assert_int_eq(inject(fn, 0x1001, KEY_CODE_A, 1), -EINVAL);
	}
	ck_assert_int_eq(inject(&in.fn[TABLET], GD_EV_ABS, 0, 32768), -EINVAL);
	ck_assert_int_eq(inject(&in.fn[TABLET], GD_EV_ABS, 0, -1), -EINVAL);
	gd_settle(in.m);
	for (unsigned int k = 0; k < GD_INPUT_KINDS; k++)
		ck_assert_uint_eq(gd_used_ready(&in.fn[k].eventq), 0);
	gd_input_close(&in);
}
END_TEST

START_TEST(a_batch_with_one_bad_event_has_no_effect)
{
	static const struct virtio_input_event batch[] = {
		{GD_EV_REL, 0, 1}, {GD_EV_REL, 1, 1}, {GD_EV_REL, 9, 1}};
	struct gd_input in;

	CLAUSE("INP-20");
	start_input(&in);
	ck_assert_int_eq(virtio_input_inject(in.fn[MOUSE].vd, batch, 3, NULL), -EINVAL);
	gd_settle(in.m);
	ck_assert_uint_eq(gd_used_ready(&in.fn[MOUSE].eventq), 0);
	ck_assert_uint_eq(virtio_input_state(in.fn[MOUSE].vd).waiting, 0);
	gd_input_close(&in);
}
END_TEST

START_TEST(events_wait_in_order_for_buffers)
{
	struct virtio_input_event got[200];
	struct gd_input in;
	size_t n = 0;

	CLAUSE("INP-21");
	start_bare(&in);
	for (unsigned int i = 0; i < 100; i++)
		ck_assert_int_eq(inject(&in.fn[KBD], GD_EV_KEY, (uint16_t)(1 + i / 2), i % 2 == 0),
				 0);
	gd_settle(in.m);
	ck_assert_uint_eq(virtio_input_state(in.fn[KBD].vd).waiting, 200);
	ck_assert_uint_eq(gd_used_ready(&in.fn[KBD].eventq), 0);
	gd_input_post(&in.fn[KBD]);
	while (n < COUNT_OF(got)) {
		size_t more = gd_input_take(&in.fn[KBD], got + n, COUNT_OF(got) - n);

		ck_assert_uint_gt(more, 0);
		n += more;
	}
	for (unsigned int i = 0; i < 100; i++) {
		ck_assert_uint_eq(got[2 * i].code, 1 + i / 2);
		ck_assert_int_eq(got[2 * i].value, i % 2 == 0);
		ck_assert_uint_eq(got[2 * i + 1].type, GD_EV_SYN);
	}
	gd_input_close(&in);
}
END_TEST

START_TEST(what_does_not_fit_is_refused_whole_and_said)
{
	struct virtio_input_state state;
	struct err err = ERR_INIT;
	struct virtio_input_event press = {GD_EV_KEY, 2, 1};
	unsigned int batches = 0;
	struct gd_input in;

	CLAUSE("INP-21");
	CLAUSE("INP-22");
	start_bare(&in);
	/* Held from before the flood. */
	ck_assert_int_eq(inject(&in.fn[KBD], GD_EV_KEY, KEY_CODE_A, 1), 0);
	while (inject(&in.fn[KBD], GD_EV_KEY, 3, 0) == 0)
		ck_assert_uint_lt(++batches, VIRTIO_INPUT_QUEUE_MAX);
	state = virtio_input_state(in.fn[KBD].vd);
	ck_assert_uint_le(state.waiting, VIRTIO_INPUT_QUEUE_MAX);
	ck_assert_uint_ge(state.waiting, VIRTIO_INPUT_QUEUE_MAX - 4);
	ck_assert_uint_eq(state.dropped, 2);
	ck_assert_int_eq(virtio_input_inject(in.fn[KBD].vd, &press, 1, &err), -ENOSPC);
	ck_assert(err.text[0]);
	ck_assert_uint_eq(virtio_input_state(in.fn[KBD].vd).waiting, state.waiting);
	ck_assert_uint_eq(virtio_input_state(in.fn[KBD].vd).dropped, 4);
	/* The release of the key that is down has its place. */
	ck_assert_int_eq(inject(&in.fn[KBD], GD_EV_KEY, KEY_CODE_A, 0), 0);
	ck_assert_uint_eq(virtio_input_state(in.fn[KBD].vd).keys_down, 0);
	gd_input_close(&in);
}
END_TEST

START_TEST(every_key_that_was_pressed_is_released)
{
	uint8_t down[256] = {0};
	struct virtio_input_event got[64];
	unsigned int refused = 0;
	struct gd_input in;
	size_t n;

	CLAUSE("INP-22");
	start_bare(&in);
	for (unsigned int round = 0; round < 60; round++) {
		for (uint16_t key = 1; key < 72; key++)
			refused += inject(&in.fn[KBD], GD_EV_KEY, key, 1) != 0;
		/* A release is refused only when the key is not down. */
		for (uint16_t key = 1; key < 72; key++) {
			uint32_t before = virtio_input_state(in.fn[KBD].vd).keys_down;

			if (inject(&in.fn[KBD], GD_EV_KEY, key, 0) == 0)
				continue;
			ck_assert_uint_eq(before, 0);
		}
		ck_assert_uint_eq(virtio_input_state(in.fn[KBD].vd).keys_down, 0);
	}
	ck_assert_uint_gt(refused, 0);
	gd_input_post(&in.fn[KBD]);
	while ((n = gd_input_take(&in.fn[KBD], got, COUNT_OF(got))) > 0)
		for (size_t i = 0; i < n; i++)
			if (got[i].type == GD_EV_KEY)
				down[got[i].code] = (uint8_t)got[i].value;
	for (unsigned int key = 0; key < COUNT_OF(down); key++)
		ck_assert_uint_eq(down[key], 0);
	ck_assert_uint_eq(virtio_input_state(in.fn[KBD].vd).waiting, 0);
	gd_input_close(&in);
}
END_TEST

START_TEST(a_short_buffer_comes_back_empty)
{
	static const uint32_t lengths[] = {0, 1, 4, 7};
	struct gd_input in;
	gpa_t at;

	CLAUSE("INP-23");
	start_bare(&in);
	at = gd_alloc(in.m, 64, 16);
	ck_assert_int_eq(inject(&in.fn[KBD], GD_EV_KEY, KEY_CODE_A, 1), 0);
	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		struct gd_seg seg = {at, lengths[i], true};

		gd_fill(in.m, at, PATTERN, 64);
		ck_assert_uint_eq(one_buffer(&in.fn[KBD], &seg, 1).len, 0);
		ck_assert(gd_all(in.m, at, PATTERN, 64));
	}
	/* Readable bytes are no room. */
	struct gd_seg readable[] = {{at, 64, false}, {at + 32, 7, true}};

	ck_assert_uint_eq(one_buffer(&in.fn[KBD], readable, 2).len, 0);
	ck_assert(gd_all(in.m, at, PATTERN, 64));
	ck_assert_uint_eq(virtio_input_state(in.fn[KBD].vd).waiting, 2);
	gd_input_post(&in.fn[KBD]);
	expect_event(&in.fn[KBD], GD_EV_KEY, KEY_CODE_A, 1);
	gd_input_close(&in);
}
END_TEST

START_TEST(a_buffer_outside_ram_comes_back_empty)
{
	struct gd_input_config config = {.machine = {.ram = GD_RAM_HOLE}};
	struct gd_input in;

	CLAUSE("INP-23");
	start_input_with(&in, &config);
	struct gd_input_fn *fn = &in.fn[KBD];
	gpa_t edge = GD_HOLE_START - 4;
	struct gd_seg over = {edge, 8, true};
	struct gd_seg pieces[] = {{edge, 4, true}, {GD_BAR_WINDOW, 4, true}};

	/* The driver starts again, with no buffers of its own. */
	ck_assert_ptr_null(gd_input_probe(fn, &gd_win7_input));
	ck_assert(gd_queue_again(&fn->eventq));
	gd_driver_ok(&fn->dev);
	gd_fill(in.m, edge, PATTERN, 4);
	ck_assert_int_eq(inject(fn, GD_EV_KEY, KEY_CODE_A, 1), 0);
	ck_assert_uint_eq(one_buffer(fn, &over, 1).len, 0);
	ck_assert_uint_eq(one_buffer(fn, pieces, 2).len, 0);
	ck_assert(gd_all(in.m, edge, PATTERN, 4));
	ck_assert_uint_eq(virtio_input_state(fn->vd).waiting, 2);
	gd_input_close(&in);
}
END_TEST

START_TEST(a_cut_buffer_is_filled_across_its_pieces)
{
	struct gd_input in;
	gpa_t at;

	CLAUSE("INP-24");
	start_bare(&in);
	at = gd_alloc(in.m, 128, 16);
	for (uint32_t cut = 1; cut < 8; cut++) {
		struct gd_seg segs[] = {{at, cut, true},
					{0, 0, true},
					{at + 64, 8 - cut, true},
					{at + 100, 9, true}};
		uint8_t bytes[8];

		gd_fill(in.m, at, PATTERN, 128);
		ck_assert_int_eq(inject(&in.fn[KBD], GD_EV_KEY, KEY_CODE_A, 1), 0);
		ck_assert_uint_eq(one_buffer(&in.fn[KBD], segs, 4).len, 8);
		gd_read(in.m, at, bytes, cut);
		gd_read(in.m, at + 64, bytes + cut, 8 - cut);
		ck_assert_uint_eq(ld_le16(bytes), GD_EV_KEY);
		ck_assert_uint_eq(ld_le16(bytes + 2), KEY_CODE_A);
		ck_assert_uint_eq(ld_le32(bytes + 4), 1);
		ck_assert(gd_all(in.m, at + cut, PATTERN, 64 - cut));
		ck_assert(gd_all(in.m, at + 64 + 8 - cut, PATTERN, 128 - 64 - 8 + cut));
		/* Its report. */
		ck_assert_uint_eq(one_buffer(&in.fn[KBD], segs, 4).len, 8);
	}
	gd_input_close(&in);
}
END_TEST

START_TEST(of_a_large_buffer_8_bytes_are_written)
{
	struct gd_input in;
	gpa_t at;

	CLAUSE("INP-25");
	start_bare(&in);
	at = gd_alloc(in.m, 64, 16);
	gd_fill(in.m, at, PATTERN, 64);
	struct gd_seg seg = {at, 64, true};

	ck_assert_int_eq(inject(&in.fn[KBD], GD_EV_KEY, KEY_CODE_A, 1), 0);
	ck_assert_uint_eq(one_buffer(&in.fn[KBD], &seg, 1).len, 8);
	check_bytes(in.m, at, GD_EV_KEY, KEY_CODE_A, 1);
	ck_assert(gd_all(in.m, at + 8, PATTERN, 56));
	gd_input_close(&in);
}
END_TEST

START_TEST(early_buffers_are_kept_and_used)
{
	struct gd_input in;

	CLAUSE("INP-30");
	CLAUSE("T-QUE-10");
	gd_input_open(&in, NULL);
	for (unsigned int k = 0; k < GD_INPUT_KINDS; k++) {
		struct gd_input_fn *fn = &in.fn[k];

		ck_assert_ptr_null(gd_input_probe(fn, &gd_win7_input));
		ck_assert_ptr_null(gd_input_queues(fn, &gd_win7_input));
		gd_settle(in.m);
		ck_assert_uint_eq(gd_used_ready(&fn->eventq), 0);
		gd_driver_ok(&fn->dev);
		gd_settle(in.m);
		ck_assert_uint_eq(gd_used_ready(&fn->eventq), 0);
		/* No other doorbell since. */
		ck_assert(input_works(fn));
	}
	gd_input_close(&in);
}
END_TEST

START_TEST(nothing_is_sent_to_a_driver_that_is_not_there)
{
	struct err err = ERR_INIT;
	struct virtio_input_event press = {GD_EV_KEY, KEY_CODE_A, 1};
	struct gd_input in;

	CLAUSE("INP-31");
	gd_input_open(&in, NULL);
	struct gd_input_fn *fn = &in.fn[KBD];

	ck_assert_int_eq(virtio_input_inject(fn->vd, &press, 1, &err), -EAGAIN);
	ck_assert(err.text[0]);
	ck_assert_ptr_null(gd_input_probe(fn, &gd_win7_input));
	ck_assert_ptr_null(gd_input_queues(fn, &gd_win7_input));
	ck_assert_int_eq(inject(fn, GD_EV_KEY, KEY_CODE_A, 1), -EAGAIN);
	gd_driver_ok(&fn->dev);
	gd_settle(in.m);
	ck_assert_uint_eq(gd_used_ready(&fn->eventq), 0);
	/* Injected, and a reset before the loop came to it: gone, and the key with it. */
	ck_assert_int_eq(inject(fn, GD_EV_KEY, KEY_CODE_A, 1), 0);
	gd_reset(&fn->dev);
	gd_settle(in.m);
	ck_assert_uint_eq(gd_used_ready(&fn->eventq), 0);
	ck_assert(gd_all(in.m, fn->buffers, 0, 64 * 8));
	ck_assert_uint_eq(virtio_input_state(fn->vd).waiting, 0);
	ck_assert_uint_eq(virtio_input_state(fn->vd).keys_down, 0);
	ck_assert_int_eq(inject(fn, GD_EV_KEY, KEY_CODE_A, 1), -EAGAIN);
	ck_assert_ptr_null(gd_input_start(fn, &gd_win7_input));
	gd_settle(in.m);
	ck_assert_uint_eq(gd_used_ready(&fn->eventq), 0);
	gd_input_close(&in);
}
END_TEST

START_TEST(an_event_reaches_one_function_only)
{
	static const struct {
		unsigned int to;
		struct virtio_input_event event;
	} routes[] = {{KBD, {GD_EV_KEY, KEY_CODE_A, 1}},
		      {MOUSE, {GD_EV_REL, 0, 1}},
		      {MOUSE, {GD_EV_KEY, LEFT, 1}},
		      {TABLET, {GD_EV_ABS, 0, 1}},
		      {TABLET, {GD_EV_KEY, TOUCH, 1}}};
	struct gd_input in;

	CLAUSE("INP-32");
	start_input(&in);
	for (size_t i = 0; i < COUNT_OF(routes); i++) {
		const struct virtio_input_event *e = &routes[i].event;

		for (unsigned int k = 0; k < GD_INPUT_KINDS; k++)
			ck_assert_int_eq(virtio_input_inject(in.fn[k].vd, e, 1, NULL),
					 k == routes[i].to ? 0 : -EINVAL);
		expect_event(&in.fn[routes[i].to], e->type, e->code, e->value);
		for (unsigned int k = 0; k < GD_INPUT_KINDS; k++)
			ck_assert_uint_eq(gd_used_ready(&in.fn[k].eventq), 0);
	}
	gd_input_close(&in);
}
END_TEST

START_TEST(functions_share_a_wire)
{
	struct gd_input in;

	CLAUSE("T-INT-10");
	start_input(&in);
	ck_assert_uint_eq(in.fn[KBD].dev.gsi, in.fn[MOUSE].dev.gsi);
	ck_assert_int_eq(inject(&in.fn[KBD], GD_EV_KEY, KEY_CODE_A, 1), 0);
	ck_assert_int_eq(inject(&in.fn[MOUSE], GD_EV_REL, 0, 1), 0);
	ck_assert_int_eq(inject(&in.fn[TABLET], GD_EV_ABS, 0, 1), 0);
	gd_settle(in.m);
	ck_assert_uint_eq(gd_line_rises(&in.fn[KBD].dev), 1);
	ck_assert_uint_eq(gd_isr(&in.fn[MOUSE].dev), 0x01);
	ck_assert(gd_line(&in.fn[KBD].dev));
	ck_assert_uint_eq(gd_isr(&in.fn[KBD].dev), 0x01);
	ck_assert(gd_line(&in.fn[KBD].dev));
	ck_assert_uint_eq(gd_isr(&in.fn[TABLET].dev), 0x01);
	ck_assert(!gd_line(&in.fn[KBD].dev));
	gd_input_close(&in);
}
END_TEST

/* Three messages: one for config, one a queue. One message: everything on it. */
START_TEST(messages_go_to_the_vectors_that_the_driver_chose)
{
	CLAUSE("T-MSX-6");
	CLAUSE("T-MSX-7");
	for (uint16_t vectors = 1; vectors <= 3; vectors += 2) {
		struct gd_input_config config = {.vectors = vectors};
		struct gd_persona persona = gd_win7_input;
		struct gd_input in;

		persona.all_on_vector_0 = vectors == 1;
		gd_input_open(&in, &config);
		struct gd_input_fn *fn = &in.fn[KBD];

		gd_msix_enable(&fn->dev, true);
		for (uint16_t v = 0; v < vectors; v++)
			gd_msix_set(&fn->dev, v, 0xfee00000, 0x40U + v);
		ck_assert_ptr_null(gd_input_start(fn, &persona));
		ck_assert(input_works(fn));
		ck_assert_uint_eq(gd_msi_sent_with(&in.m->msi, vectors == 1 ? 0x40 : 0x41), 1);
		ck_assert(gd_input_leds(fn, 1, 3));
		ck_assert_uint_eq(gd_msi_sent(&in.m->msi), 2);
		ck_assert_uint_eq(gd_msi_sent_with(&in.m->msi, vectors == 1 ? 0x40 : 0x42),
				  vectors == 1 ? 2 : 1);
		ck_assert(!gd_line(&fn->dev));
		gd_input_close(&in);
	}
}
END_TEST

START_TEST(events_wait_for_bus_mastering)
{
	struct gd_input in;

	CLAUSE("T-BAR-7");
	start_input(&in);
	struct gd_input_fn *fn = &in.fn[KBD];

	gd_cfg_write(in.m, fn->dev.devfn, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	ck_assert_int_eq(inject(fn, GD_EV_KEY, KEY_CODE_A, 1), 0);
	gd_settle(in.m);
	ck_assert_uint_eq(gd_used_ready(&fn->eventq), 0);
	ck_assert(gd_all(in.m, fn->buffers, 0, 64 * 8));
	gd_cfg_write(in.m, fn->dev.devfn, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	expect_event(fn, GD_EV_KEY, KEY_CODE_A, 1);
	gd_input_close(&in);
}
END_TEST

CONTRACT_MAIN("input", one_event_a_buffer_of_8_bytes, each_batch_ends_with_a_report,
	      keys_are_pressed_and_released_never_repeated, values_are_signed_32_bit,
	      minus_1_is_all_ones_on_the_wire, only_what_is_advertised_is_sent,
	      a_batch_with_one_bad_event_has_no_effect, events_wait_in_order_for_buffers,
	      what_does_not_fit_is_refused_whole_and_said, every_key_that_was_pressed_is_released,
	      a_short_buffer_comes_back_empty, a_buffer_outside_ram_comes_back_empty,
	      a_cut_buffer_is_filled_across_its_pieces, of_a_large_buffer_8_bytes_are_written,

	      early_buffers_are_kept_and_used, nothing_is_sent_to_a_driver_that_is_not_there,
	      an_event_reaches_one_function_only, functions_share_a_wire,
	      messages_go_to_the_vectors_that_the_driver_chose, events_wait_for_bus_mastering)
