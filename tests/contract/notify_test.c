/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/contract.h"

/* Section 8: notify. */

START_TEST(notify_offset_is_the_index)
{
	struct echo e;

	CLAUSE("T-NTF-1");
	open_echo(&e);
	for (uint16_t q = 0; q < 4; q++)
		ck_assert_uint_eq(gd_queue_rd(&e.dev, q, GD_QUEUE_NOTIFY_OFF), q);
	close_echo(&e);
}
END_TEST

/* A write of @size and @value at queue @q's doorbell serves that queue and no other. */
static void doorbell_serves(uint16_t q, unsigned int size, uint64_t value)
{
	struct echo e;

	start_echo(&e);
	for (uint16_t i = 0; i < 4; i++) {
		echo_add(&e.q[i], 16, 1);
		gd_publish(&e.q[i]);
	}
	gd_bar_wr(&e.dev, VIRTIO_PCI_NOTIFY + 4U * q, size, value);
	gd_settle(e.m);
	for (uint16_t i = 0; i < 4; i++)
		ck_assert_uint_eq(gd_used_ready(&e.q[i]), i == q);
	close_echo(&e);
}

START_TEST(write_of_16_bits_serves_the_queue)
{
	CLAUSE("T-NTF-1");
	CLAUSE("T-NTF-2");
	for (uint16_t q = 0; q < 4; q++)
		doorbell_serves(q, 2, q);
}
END_TEST

START_TEST(write_of_32_bits_serves_the_queue)
{
	CLAUSE("T-NTF-3");
	for (uint16_t q = 0; q < 4; q++)
		doorbell_serves(q, 4, q);
}
END_TEST

START_TEST(address_not_data_selects_the_queue)
{
	CLAUSE("T-NTF-4");
	doorbell_serves(1, 2, 0xffff);
	doorbell_serves(1, 2, 3);
	doorbell_serves(3, 4, 0xffffffff);
}
END_TEST

START_TEST(other_places_of_the_window_do_nothing)
{
	struct echo e;

	CLAUSE("T-NTF-5");
	start_echo(&e);
	for (uint16_t q = 0; q < 4; q++) {
		echo_add(&e.q[q], 16, 1);
		gd_publish(&e.q[q]);
	}
	for (uint32_t at = 0; at < 0x100; at++)
		if (at % 4 != 0 || at >= 16)
			for (unsigned int size = 1; size <= 8; size *= 2)
				gd_bar_wr(&e.dev, VIRTIO_PCI_NOTIFY + at, size, 0);
	gd_settle(e.m);
	for (uint16_t q = 0; q < 4; q++) {
		ck_assert_uint_eq(gd_used_ready(&e.q[q]), 0);
		ck_assert_uint_eq(gd_echo_served(e.vd, q), 0);
	}
	close_echo(&e);
}
END_TEST

START_TEST(window_reads_0)
{
	struct echo e;

	CLAUSE("T-NTF-6");
	start_echo(&e);
	for (unsigned int size = 1; size <= 8; size *= 2)
		for (uint32_t at = 0; at < 0x100; at += size)
			ck_assert_uint_eq(gd_bar_rd(&e.dev, VIRTIO_PCI_NOTIFY + at, size), 0);
	gd_settle(e.m);
	ck_assert_uint_eq(gd_echo_passes(e.vd), 0);
	close_echo(&e);
}
END_TEST

START_TEST(doorbell_of_a_disabled_queue_is_harmless)
{
	struct gd_blk b;

	CLAUSE("T-NTF-7");
	open_blk(&b);
	gd_bar_wr(&b.dev, VIRTIO_PCI_NOTIFY, 2, 0);
	gd_settle(b.m);
	ck_assert_uint_eq(gd_rd(&b.dev, GD_STATUS), 0);
	ck_assert_ptr_null(gd_blk_start(&b, &gd_win7_blk));
	ck_assert(gd_blk_works(&b));
	gd_reset(&b.dev);
	gd_kick(&b.q);
	gd_settle(b.m);
	ck_assert(!gd_line(&b.dev));
	gd_blk_close(&b);
}
END_TEST

START_TEST(redundant_doorbells_complete_once)
{
	struct gd_blk_req r;
	struct gd_blk b;

	CLAUSE("T-NTF-8");
	start_blk(&b);
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	ck_assert_int_ge(gd_blk_add(&b, &r), 0);
	gd_kick(&b.q);
	gd_kick(&b.q);
	gd_settle(b.m);
	gd_kick(&b.q);
	gd_settle(b.m);
	ck_assert_uint_eq(gd_used_ready(&b.q), 1);
	ck_assert_uint_eq(b.disk->reads, 1);
	ck_assert_uint_eq(gd_ld16(b.m, b.q.used), 0);
	gd_blk_close(&b);
}
END_TEST

START_TEST(one_doorbell_covers_all_that_is_available)
{
	struct gd_blk_config config = {.mode = GD_BLOCK_POSTED};

	CLAUSE("T-NTF-9");
	for (unsigned int mode = 0; mode < 2; mode++) {
		struct gd_blk_req reqs[128];
		struct gd_seg segs[3];
		struct gd_used used;
		struct gd_blk b;

		config.mode = mode ? GD_BLOCK_POSTED : GD_BLOCK_INLINE;
		start_blk_with(&b, &config);
		for (unsigned int i = 0; i < 128; i++) {
			reqs[i] = gd_blk_req(&b, VIRTIO_BLK_T_IN, i, 512);
			ck_assert_int_ge(
				gd_add_indirect(&b.q, 0, segs, gd_blk_segs(&reqs[i], segs)), 0);
		}
		gd_kick(&b.q);
		for (unsigned int i = 0; i < 128; i++)
			ck_assert(gd_wait_used(&b.q, &used));
		for (unsigned int i = 0; i < 128; i++)
			ck_assert_uint_eq(gd_ld8(b.m, reqs[i].status), VIRTIO_BLK_S_OK);
		gd_blk_close(&b);
	}
}
END_TEST

START_TEST(no_buffer_is_left_behind_when_the_backend_is_the_limit)
{
	struct gd_blk_config config = {.mode = GD_BLOCK_POSTED};
	struct gd_used used;
	struct gd_blk_req r;
	struct gd_blk b;

	CLAUSE("T-NTF-9");
	start_blk_with(&b, &config);
	/* 40 MiB asked for at once: far more than the device keeps in flight. */
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 1 << 20);
	for (unsigned int i = 0; i < 40; i++)
		ck_assert_int_ge(gd_blk_add(&b, &r), 0);
	gd_kick(&b.q);
	for (unsigned int i = 0; i < 40; i++)
		ck_assert(gd_wait_used(&b.q, &used));
	gd_blk_close(&b);
}
END_TEST

START_TEST(one_service_pass_is_bounded)
{
	struct gd_machine *m;
	unsigned int passes = 0;
	struct echo e;

	TRAP("index-jump");
	CLAUSE("T-NTF-10");
	CLAUSE("Q-RING-9");
	start_echo(&e);
	m = e.m;
	gd_desc(m, e.q[0].desc, 0, gd_alloc(m, 16, 16), 16, VIRTQ_DESC_F_WRITE, 0);
	gd_st16(m, e.q[0].avail + 2, 65535);
	gd_bar_wr(&e.dev, VIRTIO_PCI_NOTIFY, 2, 0);
	while (gd_echo_served(e.vd, 0) < 65535 && passes < 5000) {
		unsigned int before = gd_echo_served(e.vd, 0);

		ck_assert_int_ge(loop_run_once(m->loop, 100, NULL), 0);
		/* Never more than a queue's size before the loop has its turn again. */
		ck_assert_uint_le(gd_echo_served(e.vd, 0) - before, 64);
		passes++;
	}
	ck_assert_uint_eq(gd_echo_served(e.vd, 0), 65535);
	gd_settle(m);
	ck_assert_uint_eq(gd_echo_served(e.vd, 0), 65535);
	close_echo(&e);
}
END_TEST

START_TEST(doorbells_work_with_and_without_ioeventfd)
{
	static const struct gd_machine_config machines[] = {
		{.doorbells = false}, {.doorbells = true}, {.refuse_doorbells = true}};

	CLAUSE("T-NTF-2");
	CLAUSE("T-NTF-3");
	for (size_t i = 0; i < COUNT_OF(machines); i++) {
		struct echo e;

		open_echo_with(&e, &machines[i], 0);
		start_echo_queues(&e);
		ck_assert_uint_eq(e.m->bells.n, machines[i].doorbells ? 4 : 0);
		for (uint16_t q = 0; q < 4; q++)
			ck_assert(echo_works(&e.q[q]));
		gd_reset(&e.dev);
		ck_assert_uint_eq(e.m->bells.n, 0);
		ck_assert_uint_eq(e.m->bells.bad_detach, 0);
		close_echo(&e);
	}
}
END_TEST

CONTRACT_MAIN("notify", notify_offset_is_the_index, write_of_16_bits_serves_the_queue,
	      write_of_32_bits_serves_the_queue, address_not_data_selects_the_queue,
	      other_places_of_the_window_do_nothing, window_reads_0,
	      doorbell_of_a_disabled_queue_is_harmless, redundant_doorbells_complete_once,
	      one_doorbell_covers_all_that_is_available,
	      no_buffer_is_left_behind_when_the_backend_is_the_limit, one_service_pass_is_bounded,
	      doorbells_work_with_and_without_ioeventfd)
