/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/net.h"

#include <pthread.h>

/* Section 14: virtio-net, frames that come in. */

/* Posts a receive chain of any segments, direct when they are few. Not kicked. */
static void post_segs(struct gd_net *n, const struct gd_seg *segs, uint32_t count)
{
	ck_assert_int_ge(gd_add(&n->rx, segs, count), 0);
}

/* The frame of @seed lies at @at. */
static bool frame_at(struct gd_net *n, gpa_t at, size_t len, uint8_t seed)
{
	uint8_t expected[2048], got[2048];

	gd_net_frame(expected, len, NULL, seed);
	gd_read(n->m, at, got, len);
	return memcmp(expected, got, len) == 0;
}

static uint64_t counter(const struct gd_net *n, const char *name)
{
	const struct device_ops *ops = n->vd->dev.ops;

	for (size_t i = 0; i < ops->n_fields; i++)
		if (strcmp(ops->fields[i].name, name) == 0)
			return field_get(n->vd, &ops->fields[i], 0);
	ck_abort_msg("no counter %s", name);
}

START_TEST(the_header_is_ten_zero_bytes)
{
	struct gd_net_buffer buffer;
	struct gd_used used;
	struct gd_net n;

	CLAUSE("NET-16");
	start_net(&n);
	gd_net_put(&n, 60, 1);
	ck_assert(gd_net_wait(&n, &used, &buffer));
	ck_assert(gd_all(n.m, buffer.header, 0, 10));
	gd_net_close(&n);
}
END_TEST

START_TEST(a_frame_lies_behind_the_header_over_all_descriptors)
{
	struct gd_used used;
	struct gd_net n;
	gpa_t at, two;

	CLAUSE("NET-17");
	start_net_without_buffers(&n);
	at = gd_alloc(n.m, 4096, 16);
	two = gd_alloc(n.m, 4096, 16);
	struct gd_seg one[] = {{at, 2058, true}};
	/* In three pieces behind a header that has some of the frame with it. */
	struct gd_seg cut[] = {
		{two, 11, true}, {two + 11, 1, true}, {two + 12, 0, true}, {two + 12, 2000, true}};

	post_segs(&n, one, 1);
	post_segs(&n, cut, 4);
	gd_kick(&n.rx);
	gd_net_put(&n, 1514, 1);
	gd_net_put(&n, 1000, 2);
	ck_assert(gd_wait_used(&n.rx, &used));
	ck_assert_uint_eq(used.len, 1524);
	ck_assert(gd_all(n.m, at, 0, 10));
	ck_assert(frame_at(&n, at + 10, 1514, 1));
	ck_assert(gd_wait_used(&n.rx, &used));
	ck_assert_uint_eq(used.len, 1010);
	ck_assert(frame_at(&n, two + 10, 1000, 2));
	gd_net_close(&n);
}
END_TEST

START_TEST(used_length_is_header_and_frame)
{
	static const size_t lens[] = {14, 15, 60, 1000, 1514, 1522};
	struct gd_net n;

	CLAUSE("NET-18");
	start_net(&n);
	for (size_t i = 0; i < COUNT_OF(lens); i++) {
		gd_net_put(&n, lens[i], (uint8_t)i);
		expect_frame(&n, lens[i], (uint8_t)i); /* checks it */
	}
	gd_net_close(&n);
}
END_TEST

START_TEST(each_frame_takes_one_chain)
{
	struct gd_net n;

	CLAUSE("NET-19");
	start_net(&n);
	for (unsigned int round = 0; round < 5; round++) {
		for (unsigned int i = 0; i < 200; i++)
			gd_net_put(&n, 60 + i, (uint8_t)i);
		gd_settle(n.m);
		ck_assert_uint_eq(gd_used_ready(&n.rx), 200);
		for (unsigned int i = 0; i < 200; i++)
			expect_frame(&n, 60 + i, (uint8_t)i);
		gd_net_post_many(&n, 200);
	}
	gd_net_close(&n);
}
END_TEST

START_TEST(one_interrupt_a_batch)
{
	struct gd_net_config config = {.vectors = 3};
	struct gd_net n;

	CLAUSE("NET-19");
	gd_net_open(&n, &config);
	for (uint16_t v = 0; v < 3; v++)
		gd_msix_set(&n.dev, v, 0xfee00000, 0x40U + v);
	gd_msix_enable(&n.dev, true);
	ck_assert_ptr_null(gd_net_start(&n, &gd_win7_net));
	for (unsigned int i = 0; i < 100; i++)
		gd_net_put(&n, 60, (uint8_t)i);
	gd_settle(n.m);
	ck_assert_uint_eq(gd_used_ready(&n.rx), 100);
	ck_assert_uint_eq(n.wire->batches, 1);
	ck_assert_uint_eq(gd_msi_sent(&n.m->msi), 1);
	gd_net_close(&n);
}
END_TEST

START_TEST(frames_out_of_bounds_take_no_chain)
{
	static const size_t lens[] = {0, 1, 13, 1523, 9000, 65550};
	struct gd_net n;

	CLAUSE("NET-20");
	start_net(&n);
	for (size_t i = 0; i < COUNT_OF(lens); i++)
		gd_net_put(&n, lens[i], 1);
	expect_no_frame(&n);
	ck_assert_uint_eq(gd_wire_waiting(n.wire), 0);
	ck_assert_uint_eq(counter(&n, "rx_dropped_length"), COUNT_OF(lens));
	/* The 256 chains are all still there. */
	for (unsigned int i = 0; i < 256; i++)
		gd_net_put(&n, 60, (uint8_t)i);
	for (unsigned int i = 0; i < 256; i++)
		expect_frame(&n, 60, (uint8_t)i);
	gd_net_close(&n);
}
END_TEST

START_TEST(a_chain_too_small_waits_for_a_smaller_frame)
{
	struct gd_net n;

	CLAUSE("NET-21");
	start_net_without_buffers(&n);
	for (unsigned int i = 0; i < 3; i++)
		ck_assert_int_ge(gd_net_post(&n, 54), 0);
	gd_kick(&n.rx);
	gd_net_put(&n, 1000, 1);
	gd_net_put(&n, 55, 2);
	expect_no_frame(&n);
	ck_assert_uint_eq(gd_wire_waiting(n.wire), 0);
	ck_assert_uint_eq(counter(&n, "rx_dropped_room"), 2);
	for (uint8_t i = 0; i < 3; i++)
		gd_net_put(&n, 40 + 7U * i, i);
	for (uint8_t i = 0; i < 3; i++)
		expect_frame(&n, 40 + 7U * i, i);
	gd_net_close(&n);
}
END_TEST

START_TEST(frames_wait_in_order_for_buffers)
{
	struct gd_net n;

	CLAUSE("NET-22");
	start_net_without_buffers(&n);
	for (uint8_t i = 0; i < 20; i++)
		gd_net_put(&n, 60, i);
	expect_no_frame(&n);
	/* The backend is left alone meanwhile: one refusal, no polling, no queue in the device. */
	ck_assert_uint_eq(n.wire->refusals, 1);
	ck_assert_uint_eq(gd_wire_waiting(n.wire), 20);
	gd_net_post_many(&n, 5);
	for (uint8_t i = 0; i < 5; i++)
		expect_frame(&n, 60, i);
	expect_no_frame(&n);
	gd_net_post_many(&n, 100);
	for (uint8_t i = 5; i < 20; i++)
		expect_frame(&n, 60, i);
	gd_net_close(&n);
}
END_TEST

START_TEST(junk_chains_come_back_empty_and_do_not_block)
{
	struct gd_used used;
	struct gd_net n;
	gpa_t at;

	CLAUSE("NET-23");
	start_net_without_buffers(&n);
	at = gd_alloc(n.m, 4096, 16);
	struct gd_seg readable[] = {{at, 10, false}, {at + 10, 2048, true}};
	struct gd_seg behind[] = {{at, 10, true}, {at + 10, 2048, false}};
	struct gd_seg first_short[] = {{at, 9, true}, {at + 9, 2048, true}};
	struct gd_seg empty[] = {{at, 0, true}};
	struct gd_seg outside[] = {{at, 10, true}, {0xd0000000, 2048, true}};
	struct gd_seg wraps[] = {{UINT64_MAX - 1, 10, true}, {at, 2048, true}};

	gd_fill(n.m, at, 0x77, 4096);
	post_segs(&n, readable, 2);
	post_segs(&n, behind, 2);
	post_segs(&n, first_short, 2);
	post_segs(&n, empty, 1);
	post_segs(&n, outside, 2);
	post_segs(&n, wraps, 2);
	gd_net_post_many(&n, 2);
	gd_net_put(&n, 60, 1);
	for (unsigned int i = 0; i < 6; i++) {
		ck_assert(gd_wait_used(&n.rx, &used));
		ck_assert_uint_eq(used.len, 0);
	}
	expect_frame(&n, 60, 1);
	ck_assert(gd_all(n.m, at, 0x77, 4096));
	ck_assert_uint_eq(counter(&n, "rx_bad_chains"), 6);
	gd_net_put(&n, 60, 2);
	expect_frame(&n, 60, 2);
	gd_net_close(&n);
}
END_TEST

START_TEST(a_ring_full_of_junk_is_worked_off)
{
	struct gd_used used;
	struct gd_net n;
	gpa_t at;

	CLAUSE("NET-23");
	start_net_without_buffers(&n);
	at = gd_alloc(n.m, 16, 16);
	struct gd_seg readable[] = {{at, 10, false}};

	for (unsigned int i = 0; i < 256; i++)
		post_segs(&n, readable, 1);
	gd_kick(&n.rx);
	gd_net_put(&n, 60, 1);
	for (unsigned int i = 0; i < 256; i++) {
		ck_assert(gd_wait_used(&n.rx, &used));
		ck_assert_uint_eq(used.len, 0);
	}
	gd_net_post_many(&n, 1);
	expect_frame(&n, 60, 1);
	gd_net_close(&n);
}
END_TEST

START_TEST(an_index_that_jumps_is_worked_off_in_turns)
{
	struct gd_used used;
	struct gd_net n;
	gpa_t at;

	CLAUSE("NET-23");
	start_net_without_buffers(&n);
	at = gd_alloc(n.m, 16, 16);
	/* More slots than the ring has, all of the same junk; one doorbell. */
	gd_desc(n.m, n.rx.desc, 0, at, 10, 0, 0);
	for (unsigned int i = 0; i < 600; i++)
		gd_offer(&n.rx, 0);
	gd_kick(&n.rx);
	gd_net_put(&n, 60, 1);
	gd_settle(n.m);
	ck_assert_uint_eq(counter(&n, "rx_bad_chains"), 600);
	ck_assert_uint_eq(gd_used_ready(&n.rx), 600);
	while (gd_take_used(&n.rx, &used))
		ck_assert_uint_eq(used.len, 0);
	gd_net_close(&n);
}
END_TEST

START_TEST(nothing_is_written_behind_the_frame)
{
	struct gd_net n;

	CLAUSE("NET-24");
	start_net(&n);
	for (uint8_t i = 0; i < 50; i++) {
		gd_net_put(&n, 14U + 30U * i, i);
		expect_frame(&n, 14U + 30U * i, i); /* looks at the guard bytes */
	}
	gd_net_close(&n);
}
END_TEST

START_TEST(buffers_kicked_before_driver_ok_are_used)
{
	struct gd_net n;

	CLAUSE("NET-25");
	CLAUSE("T-QUE-10");
	start_net(&n); /* posts, kicks, then says DRIVER_OK, and kicks no more */
	gd_net_put(&n, 60, 1);
	expect_frame(&n, 60, 1);
	gd_net_close(&n);
}
END_TEST

START_TEST(no_interrupt_before_driver_ok)
{
	struct gd_net n;

	CLAUSE("NET-26");
	gd_net_open(&n, NULL);
	gd_net_put(&n, 60, 7); /* without a driver: nobody's */
	gd_settle(n.m);
	ck_assert_ptr_null(gd_net_prepare(&n, &gd_win7_net));
	ck_assert_uint_eq(counter(&n, "rx_dropped_no_driver"), 1);
	for (uint8_t i = 0; i < 4; i++)
		gd_net_put(&n, 60, i);
	gd_settle(n.m);
	gd_net_post_many(&n, 256);
	expect_no_frame(&n);
	for (uint8_t i = 4; i < 8; i++)
		gd_net_put(&n, 60, i);
	expect_no_frame(&n);
	ck_assert_uint_eq(gd_line_rises(&n.dev), 0);
	ck_assert_uint_eq(gd_isr(&n.dev), 0);
	gd_driver_ok(&n.dev);
	for (uint8_t i = 0; i < 8; i++)
		expect_frame(&n, 60, i);
	ck_assert(gd_line(&n.dev));
	gd_net_close(&n);
}
END_TEST

START_TEST(no_interrupt_before_driver_ok_with_buffers_there_first)
{
	struct gd_net n;

	CLAUSE("NET-26");
	gd_net_open(&n, NULL);
	ck_assert_ptr_null(gd_net_prepare(&n, &gd_win7_net));
	gd_net_post_many(&n, 256);
	gd_settle(n.m);
	for (uint8_t i = 0; i < 4; i++)
		gd_net_put(&n, 60, i);
	expect_no_frame(&n);
	ck_assert_uint_eq(gd_line_rises(&n.dev), 0);
	gd_driver_ok(&n.dev);
	for (uint8_t i = 0; i < 4; i++)
		expect_frame(&n, 60, i);
	gd_net_close(&n);
}
END_TEST

START_TEST(every_address_is_delivered)
{
	static const uint8_t to[][6] = {
		{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		{0x01, 0x00, 0x5e, 0x00, 0x00, 0x01}, {0x33, 0x33, 0x00, 0x00, 0x00, 0x01},
		{0x02, 0x00, 0x00, 0x00, 0x00, 0x07}, {0x00, 0x00, 0x00, 0x00, 0x00, 0x00},
	};
	struct gd_net n;

	CLAUSE("NET-27");
	start_net(&n);
	for (size_t i = 0; i < COUNT_OF(to); i++) {
		struct gd_net_buffer buffer;
		struct gd_used used;
		uint8_t frame[80], got[80];

		gd_net_frame(frame, sizeof(frame), to[i], (uint8_t)i);
		gd_wire_put(n.wire, NULL, frame, sizeof(frame));
		ck_assert(gd_net_wait(&n, &used, &buffer));
		ck_assert_uint_eq(used.len, 90);
		gd_read(n.m, buffer.payload, got, sizeof(got));
		ck_assert_mem_eq(got, frame, sizeof(got));
	}
	gd_net_close(&n);
}
END_TEST

START_TEST(a_link_that_is_down_drops_what_comes)
{
	struct gd_net n;

	CLAUSE("NET-22");
	start_net_without_buffers(&n);
	gd_net_put(&n, 60, 1);
	gd_settle(n.m);
	ck_assert_uint_eq(gd_wire_waiting(n.wire), 1);
	virtio_net_set_link(n.vd, false);
	gd_settle(n.m);
	gd_net_put(&n, 60, 2);
	gd_settle(n.m);
	ck_assert_uint_eq(gd_wire_waiting(n.wire), 0);
	ck_assert_uint_eq(counter(&n, "rx_dropped_link"), 2);
	virtio_net_set_link(n.vd, true);
	gd_net_post_many(&n, 2);
	gd_net_put(&n, 60, 3);
	expect_frame(&n, 60, 3);
	gd_net_close(&n);
}
END_TEST

START_TEST(a_reset_drops_frames_and_forgets_buffers)
{
	struct gd_net n;

	CLAUSE("NET-29");
	CLAUSE("T-RST-9");
	CLAUSE("T-RST-6");
	start_net_without_buffers(&n);
	gd_net_put(&n, 60, 1);
	gd_settle(n.m);
	/* The frame waits in the backend; the reset's doing is that it never comes, even though
	 * buffers are there before the loop runs again. */
	gd_reset(&n.dev);
	ck_assert_ptr_null(gd_net_start(&n, &gd_win7_net));
	expect_no_frame(&n);
	ck_assert_uint_eq(gd_wire_waiting(n.wire), 0);
	ck_assert_uint_eq(counter(&n, "rx_dropped_reset"), 1);
	/* Buffers of before are not written any more, nor is the ring. */
	gd_reset(&n.dev);
	gd_fill(n.m, n.rx.used, 0x77, gd_used_bytes(256));
	gd_net_put(&n, 60, 2);
	gd_settle(n.m);
	ck_assert(gd_all(n.m, n.rx.used, 0x77, gd_used_bytes(256)));
	for (unsigned int i = 0; i < GD_NET_SIZE; i++)
		ck_assert(gd_all(n.m, n.posted[i].header, GD_NET_GUARD, 10));
	ck_assert_ptr_null(gd_net_start(&n, &gd_win7_net));
	gd_net_put(&n, 60, 3);
	expect_frame(&n, 60, 3);
	gd_net_close(&n);
}
END_TEST

START_TEST(a_frame_waits_for_bus_mastering)
{
	struct gd_net n;

	CLAUSE("NET-22");
	start_net(&n);
	gd_cfg_write(n.m, GD_NET_DEVFN, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	gd_net_put(&n, 60, 1);
	gd_net_put(&n, 60, 2);
	expect_no_frame(&n);
	for (unsigned int i = 0; i < GD_NET_SIZE; i++)
		ck_assert(gd_all(n.m, n.posted[i].header, GD_NET_GUARD, 10));
	gd_cfg_write(n.m, GD_NET_DEVFN, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	expect_frame(&n, 60, 1);
	expect_frame(&n, 60, 2);
	gd_net_close(&n);
}
END_TEST

START_TEST(chains_are_tables_of_header_and_2048_bytes)
{
	struct gd_net n;

	CLAUSE("NET-30");
	start_net(&n); /* posts 256 of them */
	ck_assert_uint_eq(n.rx.n_free, 0);
	for (unsigned int i = 0; i < 600; i++) {
		gd_net_put(&n, 1514, (uint8_t)i);
		expect_frame(&n, 1514, (uint8_t)i);
		gd_net_post_many(&n, 1);
	}
	gd_net_close(&n);
}
END_TEST

#define ROUNDS 200U

/* A driver on another CPU that starts the device, sends a little and resets it, again and again. */
static void *restart(void *arg)
{
	struct gd_net *n = arg;
	uint8_t frame[60];

	gd_net_frame(frame, sizeof(frame), NULL, 1);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		gd_reset(&n->dev);
		if (gd_net_prepare(n, &gd_win7_net))
			return "the driver refuses";
		gd_net_post_many(n, 8);
		gd_driver_ok(&n->dev);
		gd_net_send(n, frame, sizeof(frame), 1);
	}
	gd_reset(&n->dev);
	return NULL;
}

START_TEST(resets_on_another_cpu_do_not_disturb)
{
	struct gd_net n;
	pthread_t cpu;
	void *why;
	unsigned int puts = 0;

	CLAUSE("NET-29");
	CLAUSE("T-RST-6");
	gd_net_open(&n, NULL);
	ck_assert_int_eq(pthread_create(&cpu, NULL, restart, &n), 0);
	while (pthread_tryjoin_np(cpu, &why) != 0) {
		if (gd_wire_waiting(n.wire) < 20)
			gd_net_put(&n, 60, (uint8_t)puts++);
		ck_assert_int_ge(loop_run_once(n.m->loop, 1, NULL), 0);
	}
	ck_assert_ptr_null(why);
	gd_settle(n.m);
	ck_assert_uint_eq(gd_wire_waiting(n.wire), 0);
	ck_assert_uint_eq(n.wire->bad, 0);
	ck_assert_ptr_null(gd_net_start(&n, &gd_win7_net));
	ck_assert(gd_net_works(&n));
	gd_net_close(&n);
}
END_TEST

CONTRACT_MAIN("net-rx", the_header_is_ten_zero_bytes,
	      a_frame_lies_behind_the_header_over_all_descriptors, used_length_is_header_and_frame,
	      each_frame_takes_one_chain, one_interrupt_a_batch, frames_out_of_bounds_take_no_chain,
	      a_chain_too_small_waits_for_a_smaller_frame, frames_wait_in_order_for_buffers,
	      junk_chains_come_back_empty_and_do_not_block, a_ring_full_of_junk_is_worked_off,
	      an_index_that_jumps_is_worked_off_in_turns, nothing_is_written_behind_the_frame,
	      buffers_kicked_before_driver_ok_are_used, no_interrupt_before_driver_ok,
	      no_interrupt_before_driver_ok_with_buffers_there_first, every_address_is_delivered,
	      a_link_that_is_down_drops_what_comes, a_reset_drops_frames_and_forgets_buffers,
	      resets_on_another_cpu_do_not_disturb, a_frame_waits_for_bus_mastering,
	      chains_are_tables_of_header_and_2048_bytes)
