/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/contract.h"

#include <sched.h>
#include <string.h>

/* Section 12, first part: the split ring, and suppression. */

#define GUARD 0xc7

START_TEST(nothing_outside_the_parts_is_touched)
{
	struct gd_blk b;
	gpa_t desc, avail, used;

	CLAUSE("Q-RING-1");
	open_blk(&b);
	ck_assert(gd_negotiate(&b.dev, gd_win7_blk.required));
	desc = gd_alloc(b.m, 0x3000, 0x1000);
	avail = desc + 0x1000;
	used = desc + 0x2000;
	gd_fill(b.m, desc, GUARD, 0x3000);
	gd_fill(b.m, desc, 0, gd_desc_bytes(128));
	gd_fill(b.m, avail, 0, gd_avail_bytes(128));
	gd_fill(b.m, used, 0, gd_used_bytes(128));
	ck_assert(gd_queue_setup_at(&b.q, &b.dev, 0, desc, avail, used));
	gd_driver_ok(&b.dev);
	for (unsigned int i = 0; i < 400; i++)
		ck_assert(gd_blk_works(&b));
	ck_assert(gd_all(b.m, desc + gd_desc_bytes(128), GUARD, 0x1000 - gd_desc_bytes(128)));
	ck_assert(gd_all(b.m, avail + gd_avail_bytes(128), GUARD, 0x1000 - gd_avail_bytes(128)));
	ck_assert(gd_all(b.m, used + gd_used_bytes(128), GUARD, 0x1000 - gd_used_bytes(128)));
	gd_blk_close(&b);
}
END_TEST

START_TEST(event_fields_are_neither_read_nor_written)
{
	struct gd_blk b;

	CLAUSE("Q-RING-1");
	start_blk(&b);
	/* used_event far away: with event indices no interrupt would come. */
	gd_st16(b.m, b.q.avail + gd_avail_bytes(128), 0x7fff);
	ck_assert(gd_blk_works(&b));
	ck_assert_uint_eq(gd_isr(&b.dev), VIRTIO_ISR_QUEUE);
	gd_blk_close(&b);
}
END_TEST

/* @n requests through echo queue @q, @batch at a time; each answer is checked. */
static void run_echo(struct echo *e, uint16_t q, unsigned int n, unsigned int batch)
{
	gpa_t in = gd_alloc(e->m, 4, 4);
	gpa_t out = gd_alloc(e->m, 4, 4);
	struct gd_seg segs[] = {{in, 4, false}, {out, 4, true}};

	for (unsigned int i = 0; i < n; i += batch) {
		gd_st32(e->m, in, i);
		for (unsigned int k = 0; k < batch; k++)
			ck_assert_int_ge(gd_add(&e->q[q], segs, 2), 0);
		gd_kick(&e->q[q]);
		for (unsigned int k = 0; k < batch; k++) {
			struct gd_used used;

			ck_assert(gd_wait_used(&e->q[q], &used));
			ck_assert_uint_eq(used.len, 4);
		}
		ck_assert_uint_eq(gd_ld32(e->m, out), i);
		ck_assert_uint_eq(gd_used_ready(&e->q[q]), 0);
	}
}

START_TEST(indices_wrap_at_65536)
{
	struct gd_blk_req r;
	struct gd_blk b;

	CLAUSE("Q-RING-2");
	start_blk(&b);
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	for (unsigned int i = 0; i < 66000; i++)
		ck_assert_int_eq(gd_blk_do(&b, &r, NULL), VIRTIO_BLK_S_OK);
	ck_assert_uint_eq(gd_ld16(b.m, b.q.used + 2), 66000 - 65536);
	gd_blk_close(&b);
}
END_TEST

START_TEST(used_id_is_the_head_from_the_avail_slot)
{
	static const uint16_t heads[] = {127, 3, 64, 0, 126};
	struct gd_blk_req r;
	struct gd_blk b;

	CLAUSE("Q-RING-3");
	start_blk(&b);
	r = gd_blk_req(&b, VIRTIO_BLK_T_FLUSH, 0, 0);
	for (size_t i = 0; i < COUNT_OF(heads); i++) {
		struct gd_used used;

		gd_desc(b.m, b.q.desc, heads[i], r.header, 16, VIRTQ_DESC_F_NEXT, 50);
		gd_desc(b.m, b.q.desc, 50, r.status, 1, VIRTQ_DESC_F_WRITE, 0);
		gd_offer(&b.q, heads[i]);
		gd_kick(&b.q);
		ck_assert(gd_wait_used(&b.q, &used));
		ck_assert_uint_eq(used.id, heads[i]);
	}
	gd_blk_close(&b);
}
END_TEST

/* A driver on a CPU of its own; the loop runs in the test's thread. */
struct driver {
	struct echo *e;
	unsigned int wrong;
	atomic_bool done;
};

static void *drive(void *arg)
{
	struct driver *d = arg;
	struct gd_queue *q = &d->e->q[1];
	struct gd_machine *m = d->e->m;
	gpa_t buf = gd_alloc(m, 64 * 16, 16);

	for (uint32_t i = 0; i < 20000; i++) {
		gpa_t at = buf + 16ULL * (i % 16);
		struct gd_seg segs[] = {{at, 8, false}, {at + 8, 8, true}};
		struct gd_used used = {0};
		unsigned int spins = 0;

		gd_st32(m, at, i);
		gd_st32(m, at + 8, ~i);
		gd_add(q, segs, 2);
		gd_kick(q);
		while (!gd_take_used(q, &used) && ++spins < 1000000)
			sched_yield();
		if (used.len != 8 || gd_ld32(m, at + 8) != i)
			d->wrong++;
	}
	atomic_store(&d->done, true);
	return NULL;
}

static bool driver_done(void *arg)
{
	return atomic_load(&((struct driver *)arg)->done);
}

START_TEST(driver_on_another_cpu_sees_every_answer)
{
	struct driver d = {0};
	pthread_t vcpu;
	struct echo e;

	CLAUSE("Q-RING-4");
	CLAUSE("Q-RING-5");
	start_echo(&e);
	d.e = &e;
	ck_assert_int_eq(pthread_create(&vcpu, NULL, drive, &d), 0);
	while (!driver_done(&d))
		gd_wait(e.m, driver_done, &d);
	pthread_join(vcpu, NULL);
	ck_assert_uint_eq(d.wrong, 0);
	close_echo(&e);
}
END_TEST

START_TEST(completions_may_come_out_of_order_each_once)
{
	static const unsigned int order[] = {3, 0, 4, 1,
					     1, 2, 0, 0}; /* indices into what is left */
	struct gd_blk_config config = {.mode = GD_BLOCK_HELD};
	struct gd_blk_req reqs[COUNT_OF(order)];
	int heads[COUNT_OF(order)];
	unsigned int left[COUNT_OF(order)];
	unsigned int n = COUNT_OF(order);
	struct gd_blk b;

	CLAUSE("Q-RING-6");
	start_blk_with(&b, &config);
	for (unsigned int i = 0; i < COUNT_OF(order); i++) {
		reqs[i] = gd_blk_req(&b, VIRTIO_BLK_T_IN, i, 512);
		b.disk->bytes[i * 512] = (uint8_t)(i + 1);
		heads[i] = gd_blk_add(&b, &reqs[i]);
		left[i] = i;
	}
	gd_kick(&b.q);
	gd_settle(b.m);
	for (unsigned int i = 0; i < COUNT_OF(order); i++) {
		unsigned int which = left[order[i]];
		struct gd_used used;

		memmove(&left[order[i]], &left[order[i] + 1], (--n - order[i]) * sizeof(left[0]));
		gd_block_release(b.disk, order[i]);
		ck_assert(gd_wait_used(&b.q, &used));
		ck_assert_uint_eq(used.id, heads[which]);
		ck_assert_uint_eq(gd_ld8(b.m, reqs[which].data), which + 1);
		gd_settle(b.m);
		ck_assert_uint_eq(gd_used_ready(&b.q), 0);
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(used_ring_never_runs_ahead_of_a_sane_driver)
{
	struct gd_blk_config config = {.mode = GD_BLOCK_POSTED};
	struct gd_blk_req r;
	struct gd_blk b;
	gpa_t table;

	CLAUSE("Q-RING-7");
	start_blk_with(&b, &config);
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	table = gd_alloc(b.m, 3 * 16, 16); /* all requests are alike and share it */
	for (unsigned int i = 0; i < 2000; i++) {
		struct gd_used used;
		struct gd_seg segs[3];

		while (gd_add_indirect(&b.q, table, segs, gd_blk_segs(&r, segs)) >= 0 &&
		       b.q.n_free % 13)
			;
		gd_kick(&b.q);
		loop_run_once(b.m->loop, 0, NULL);
		ck_assert_uint_le(gd_used_ready(&b.q), 128 - b.q.n_free);
		while (gd_take_used(&b.q, &used))
			ck_assert_uint_lt(used.id, 128);
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(avail_and_descriptors_are_never_written)
{
	static uint8_t desc[2048], avail[260], again[2048];
	struct gd_blk_config config = {.mode = GD_BLOCK_POSTED};
	struct gd_blk_req r;
	struct gd_used used;
	struct gd_blk b;

	CLAUSE("Q-RING-8");
	start_blk_with(&b, &config);
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	for (unsigned int i = 0; i < 40; i++)
		ck_assert_int_ge(gd_blk_add(&b, &r), 0);
	gd_publish(&b.q);
	gd_read(b.m, b.q.desc, desc, sizeof(desc));
	gd_read(b.m, b.q.avail, avail, sizeof(avail));
	gd_kick(&b.q);
	for (unsigned int i = 0; i < 40; i++)
		ck_assert(gd_wait_used(&b.q, &used));
	gd_read(b.m, b.q.desc, again, sizeof(desc));
	ck_assert_mem_eq(desc, again, sizeof(desc));
	gd_read(b.m, b.q.avail, again, sizeof(avail));
	ck_assert_mem_eq(avail, again, sizeof(avail));
	gd_blk_close(&b);
}
END_TEST

START_TEST(jumping_avail_index_is_bounded)
{
	static const uint16_t jumps[] = {129, 200, 0x8000, 0xffff};

	TRAP("index-jump");
	CLAUSE("Q-RING-9");
	for (size_t i = 0; i < COUNT_OF(jumps); i++) {
		struct gd_blk b;

		start_blk(&b);
		gd_st16(b.m, b.q.avail + 2, jumps[i]);
		gd_bar_wr(&b.dev, VIRTIO_PCI_NOTIFY, 2, 0);
		gd_settle(b.m);
		/* Every slot named descriptor 0, which is empty: malformed for blk, nothing more.
		 */
		ck_assert_uint_eq(gd_ld16(b.m, b.q.used + 2), jumps[i]);
		ck_assert_uint_eq(b.disk->reads + b.disk->writes + b.disk->flushes, 0);
		gd_reset(&b.dev);
		ck_assert_ptr_null(gd_blk_start(&b, &gd_win7_blk));
		ck_assert(gd_blk_works(&b));
		gd_blk_close(&b);
	}
}
END_TEST

START_TEST(each_queue_wraps_at_its_own_size)
{
	struct echo e;

	CLAUSE("Q-RING-10");
	CLAUSE("Q-RING-2");
	start_echo(&e);
	for (uint16_t q = 0; q < 4; q++) {
		run_echo(&e, q, 1000, 7);
		run_echo(&e, q, 320, 32);
	}
	run_echo(&e, 2, 67000, 100);
	close_echo(&e);
}
END_TEST

START_TEST(suppression_is_sampled_at_each_publication)
{
	struct gd_blk b;

	CLAUSE("Q-SUP-1");
	CLAUSE("T-INT-6");
	start_blk(&b);
	for (unsigned int i = 0; i < 20; i++) {
		gd_no_interrupt(&b.q, i % 2);
		ck_assert(gd_blk_works(&b));
		ck_assert_int_eq(gd_line(&b.dev), i % 2 == 0);
		ck_assert_uint_eq(gd_isr(&b.dev), i % 2 == 0);
	}
	/* Other bits of avail.flags mean nothing. */
	gd_st16(b.m, b.q.avail, 0xfffe);
	ck_assert(gd_blk_works(&b));
	ck_assert_uint_eq(gd_isr(&b.dev), VIRTIO_ISR_QUEUE);
	gd_blk_close(&b);
}
END_TEST

START_TEST(used_flags_stay_0)
{
	struct gd_blk b;

	CLAUSE("Q-SUP-2");
	start_blk(&b);
	for (unsigned int i = 0; i < 300; i++)
		ck_assert(gd_blk_works(&b));
	ck_assert_uint_eq(gd_ld16(b.m, b.q.used), 0);
	gd_blk_close(&b);
}
END_TEST

CONTRACT_MAIN("ring", nothing_outside_the_parts_is_touched,
	      event_fields_are_neither_read_nor_written, indices_wrap_at_65536,
	      used_id_is_the_head_from_the_avail_slot, driver_on_another_cpu_sees_every_answer,
	      completions_may_come_out_of_order_each_once,
	      used_ring_never_runs_ahead_of_a_sane_driver, avail_and_descriptors_are_never_written,
	      jumping_avail_index_is_bounded, each_queue_wraps_at_its_own_size,
	      suppression_is_sampled_at_each_publication, used_flags_stay_0)
