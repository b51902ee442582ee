/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/contract.h"

/* Section 7: queues through registers. */

START_TEST(queue_size_is_fixed)
{
	static const uint64_t values[] = {0, 1, 64, 256, 0xffff};
	struct gd_blk b;

	CLAUSE("T-QUE-1");
	open_blk(&b);
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		gd_queue_wr(&b.dev, 0, GD_QUEUE_SIZE, values[i]);
		ck_assert_uint_eq(gd_rd(&b.dev, GD_QUEUE_SIZE), 128);
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(queue_is_set_up_by_six_halves_and_enable)
{
	struct gd_blk b;

	CLAUSE("T-QUE-2");
	open_blk(&b);
	ck_assert(gd_negotiate(&b.dev, gd_win7_blk.required));
	ck_assert_uint_eq(gd_queue_rd(&b.dev, 0, GD_QUEUE_ENABLE), 0);
	ck_assert(gd_queue_setup(&b.q, &b.dev, 0, 16));
	ck_assert_uint_eq(gd_rd(&b.dev, GD_QUEUE_ENABLE), 1);
	gd_driver_ok(&b.dev);
	ck_assert(gd_blk_works(&b));
	gd_blk_close(&b);
}
END_TEST

START_TEST(enabled_queue_does_not_move)
{
	struct gd_blk b;

	TRAP("late-queue-write");
	CLAUSE("T-QUE-3");
	start_blk(&b);
	ck_assert(gd_blk_works(&b));
	gd_queue_wr(&b.dev, 0, GD_QUEUE_DESC, gd_alloc(b.m, gd_desc_bytes(128), 16));
	gd_wr(&b.dev, GD_QUEUE_AVAIL, UINT64_MAX);
	gd_wr(&b.dev, GD_QUEUE_USED, 0);
	ck_assert(gd_blk_works(&b));
	/* Nor does enabling it a second time restart it. */
	gd_wr(&b.dev, GD_QUEUE_ENABLE, 1);
	ck_assert(gd_blk_works(&b));
	gd_blk_close(&b);
}
END_TEST

START_TEST(addresses_read_back_in_full)
{
	struct gd_blk b;

	CLAUSE("T-QUE-4");
	open_blk(&b);
	gd_queue_wr(&b.dev, 0, GD_QUEUE_DESC, 0x0000001234567890ULL);
	gd_wr(&b.dev, GD_QUEUE_AVAIL, 0xfedcba9876543211ULL);
	gd_wr(&b.dev, GD_QUEUE_USED, UINT64_MAX);
	ck_assert_uint_eq(gd_rd(&b.dev, GD_QUEUE_DESC), 0x0000001234567890ULL);
	ck_assert_uint_eq(gd_rd(&b.dev, GD_QUEUE_AVAIL), 0xfedcba9876543211ULL);
	ck_assert_uint_eq(gd_rd(&b.dev, GD_QUEUE_USED), UINT64_MAX);
	gd_blk_close(&b);
}
END_TEST

START_TEST(least_alignment_suffices)
{
	struct gd_blk b;
	gpa_t page;

	CLAUSE("T-QUE-5");
	open_blk(&b);
	ck_assert(gd_negotiate(&b.dev, gd_win7_blk.required));
	page = gd_alloc(b.m, 0x4000, 0x1000);
	ck_assert(gd_queue_setup_at(&b.q, &b.dev, 0, page + 16, page + 0x1002, page + 0x2004));
	gd_driver_ok(&b.dev);
	for (unsigned int i = 0; i < 300; i++)
		ck_assert(gd_blk_works(&b));
	gd_blk_close(&b);
}
END_TEST

START_TEST(parts_may_lie_anywhere)
{
	struct gd_blk_config config = {.machine = {.ram = GD_RAM_HOLE}};
	struct gd_blk b;

	CLAUSE("T-QUE-6");
	gd_blk_open(&b, &config);
	ck_assert(gd_negotiate(&b.dev, gd_win7_blk.required));
	/* In three regions, the used ring lowest. */
	ck_assert(gd_queue_setup_at(&b.q, &b.dev, 0, GD_HIGH + 0x10000, GD_HOLE_END, 0x8000));
	gd_driver_ok(&b.dev);
	for (unsigned int i = 0; i < 300; i++)
		ck_assert(gd_blk_works(&b));
	gd_blk_close(&b);
}
END_TEST

START_TEST(unusable_addresses_make_no_progress)
{
	static const struct {
		gpa_t desc, avail, used;
	} bad[] = {
		{0xfffffffffffffff0ULL, 0x20000, 0x30000},
		{0x10000, 0xfffffffffffffff0ULL, 0x30000},
		{0x10000, 0x20000, 0xfffffffffffffff0ULL},
		{0x10000, 0xfffffffffffffffeULL, 0x30000},
		{0x10000, 0x20000, 0xfffffffffffffffcULL},
		{0x10008, 0x20000, 0x30000}, /* misaligned */
		{0x10000, 0x20001, 0x30000},
		{0x10000, 0x20000, 0x30002},
		{GD_HOLE_START, 0x20000, 0x30000},	/* not RAM */
		{GD_HOLE_START - 16, 0x20000, 0x30000}, /* half of it RAM */
		{0x10000, GD_HOLE_START - 4, 0x30000},
		{0x10000, 0x20000, GD_HOLE_END - 4},
		{0x10000, 0x20000, GD_BAR_WINDOW}, /* its own BAR */
	};
	struct gd_blk_config config = {.machine = {.ram = GD_RAM_HOLE, .alloc_from = GD_HIGH}};
	struct gd_blk b;

	TRAP("ring-outside-ram");
	TRAP("ring-in-bar");
	CLAUSE("T-QUE-7");
	gd_blk_open(&b, &config);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		ck_assert(gd_negotiate(&b.dev, gd_win7_blk.required));
		gd_fill(b.m, 0x10000, 0xff, 0x30000); /* were it read, there would be chains */
		ck_assert(
			gd_queue_setup_at(&b.q, &b.dev, 0, bad[i].desc, bad[i].avail, bad[i].used));
		gd_driver_ok(&b.dev);
		gd_bar_wr(&b.dev, VIRTIO_PCI_NOTIFY, 2, 0);
		gd_settle(b.m);
		ck_assert(gd_all(b.m, 0x10000, 0xff, 0x30000));
		ck_assert(!gd_line(&b.dev));
		gd_reset(&b.dev);
	}
	ck_assert_ptr_null(gd_blk_start(&b, &gd_win7_blk));
	ck_assert(gd_blk_works(&b));
	gd_blk_close(&b);
}
END_TEST

START_TEST(parts_on_top_of_each_other_are_safe)
{
	struct gd_blk b;
	gpa_t at;

	TRAP("ring-overlap");
	CLAUSE("T-QUE-7");
	open_blk(&b);
	ck_assert(gd_negotiate(&b.dev, gd_win7_blk.required));
	at = gd_alloc(b.m, 0x2000, 0x1000);
	ck_assert(gd_queue_setup_at(&b.q, &b.dev, 0, at, at, at));
	gd_driver_ok(&b.dev);
	for (unsigned int i = 0; i < 64; i++) {
		gd_fill(b.m, at, (uint8_t)(i * 37), 0x1000);
		gd_bar_wr(&b.dev, VIRTIO_PCI_NOTIFY, 2, 0);
		for (unsigned int n = 0; n < 8; n++)
			loop_run_once(b.m->loop, 0, NULL);
		ck_assert_uint_eq(gd_rd(&b.dev, GD_NUM_QUEUES), 1);
	}
	ck_assert(gd_all(b.m, at + 0x1000, 0, 0x1000));
	gd_reset(&b.dev);
	ck_assert_ptr_null(gd_blk_start(&b, &gd_win7_blk));
	ck_assert(gd_blk_works(&b));
	gd_blk_close(&b);
}
END_TEST

START_TEST(disabled_queue_stops_and_restarts_at_0)
{
	struct gd_blk_config config = {.mode = GD_BLOCK_HELD};
	struct gd_blk_req r;
	struct gd_used used;
	struct gd_blk b;

	CLAUSE("T-QUE-8");
	start_blk_with(&b, &config);
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	for (unsigned int i = 0; i < 5; i++)
		ck_assert_int_ge(gd_blk_add(&b, &r), 0);
	gd_kick(&b.q);
	gd_settle(b.m);
	gd_queue_wr(&b.dev, 0, GD_QUEUE_ENABLE, 0);
	ck_assert_uint_eq(gd_rd(&b.dev, GD_QUEUE_ENABLE), 0);
	gd_kick(&b.q);
	gd_settle(b.m);
	ck_assert_uint_eq(gd_block_held(b.disk), 5);
	ck_assert(gd_queue_again(&b.q));
	gd_block_release_all(b.disk);
	gd_settle(b.m);
	ck_assert_uint_eq(gd_used_ready(&b.q), 0);
	b.disk->mode = GD_BLOCK_INLINE;
	ck_assert_int_eq(gd_blk_add(&b, &r), 0);
	gd_kick(&b.q);
	ck_assert(gd_wait_used(&b.q, &used));
	ck_assert_uint_eq(used.id, 0);
	ck_assert_uint_eq(gd_ld16(b.m, b.q.used + 2), 1);
	gd_blk_close(&b);
}
END_TEST

START_TEST(queue_registers_are_right_at_status_0)
{
	static const uint16_t sizes[] = {64, 64, 256, 64};
	struct echo e;

	CLAUSE("T-QUE-9");
	open_echo(&e);
	ck_assert_uint_eq(gd_rd(&e.dev, GD_NUM_QUEUES), 4);
	for (uint16_t q = 0; q < 4; q++) {
		ck_assert_uint_eq(gd_queue_rd(&e.dev, q, GD_QUEUE_SIZE), sizes[q]);
		ck_assert_uint_eq(gd_rd(&e.dev, GD_QUEUE_NOTIFY_OFF), q);
	}
	start_echo_queues(&e);
	ck_assert_uint_eq(gd_rd(&e.dev, GD_NUM_QUEUES), 4);
	for (uint16_t q = 0; q < 4; q++) {
		ck_assert_uint_eq(gd_queue_rd(&e.dev, q, GD_QUEUE_SIZE), sizes[q]);
		ck_assert_uint_eq(gd_rd(&e.dev, GD_QUEUE_NOTIFY_OFF), q);
	}
	close_echo(&e);
}
END_TEST

START_TEST(kick_before_driver_ok_is_not_lost)
{
	struct gd_blk_config config = {.machine = {.doorbells = false}};

	TRAP("early-kick");
	CLAUSE("T-QUE-10");
	for (unsigned int bells = 0; bells < 2; bells++) {
		struct gd_blk_req r;
		struct gd_used used;
		struct gd_blk b;

		config.machine.doorbells = bells;
		gd_blk_open(&b, &config);
		ck_assert_ptr_null(gd_init_device(&b.dev, &gd_win7_blk));
		ck_assert(gd_queue_setup(&b.q, &b.dev, 0, 16));
		r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
		ck_assert_int_ge(gd_blk_add(&b, &r), 0);
		gd_kick(&b.q);
		gd_settle(b.m);
		gd_driver_ok(&b.dev);
		ck_assert(gd_wait_used(&b.q, &used));
		ck_assert_uint_eq(gd_ld8(b.m, r.status), VIRTIO_BLK_S_OK);
		gd_blk_close(&b);
	}
}
END_TEST

START_TEST(queues_may_be_left_unconfigured)
{
	struct echo e;

	CLAUSE("T-QUE-11");
	for (uint16_t only = 0; only < 4; only++) {
		open_echo(&e);
		ck_assert_ptr_null(gd_init_device(&e.dev, &gd_win7_snd));
		ck_assert(gd_queue_setup(&e.q[only], &e.dev, only, 4));
		gd_driver_ok(&e.dev);
		for (uint16_t q = 0; q < 4; q++)
			gd_bar_wr(&e.dev, VIRTIO_PCI_NOTIFY + 4U * q, 2, q);
		gd_settle(e.m);
		ck_assert(echo_works(&e.q[only]));
		close_echo(&e);
	}
}
END_TEST

CONTRACT_MAIN("queues", queue_size_is_fixed, queue_is_set_up_by_six_halves_and_enable,
	      enabled_queue_does_not_move, addresses_read_back_in_full, least_alignment_suffices,
	      parts_may_lie_anywhere, unusable_addresses_make_no_progress,
	      parts_on_top_of_each_other_are_safe, disabled_queue_stops_and_restarts_at_0,
	      queue_registers_are_right_at_status_0, kick_before_driver_ok_is_not_lost,
	      queues_may_be_left_unconfigured)
