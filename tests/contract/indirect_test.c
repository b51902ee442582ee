/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/contract.h"

/* Section 12, third part: indirect tables. */

#define NEXT	 VIRTQ_DESC_F_NEXT
#define WRITE	 VIRTQ_DESC_F_WRITE
#define INDIRECT VIRTQ_DESC_F_INDIRECT

/* Writes @r as a table of three entries at @table. */
static void table_of(struct gd_blk *b, gpa_t table, const struct gd_blk_req *r)
{
	gd_desc(b->m, table, 0, r->header, 16, NEXT, 1);
	gd_desc(b->m, table, 1, r->data, r->len, WRITE | NEXT, 2);
	gd_desc(b->m, table, 2, r->status, 1, WRITE, 0);
}

/* Offers descriptor 100, pointing at @len bytes of table at @table: the used length. */
static uint32_t offer_table(struct gd_blk *b, gpa_t table, uint32_t len, uint16_t flags,
			    uint16_t next)
{
	struct gd_used used = {0};

	gd_desc(b->m, b->q.desc, 100, table, len, flags, next);
	gd_offer(&b->q, 100);
	gd_kick(&b->q);
	ck_assert(gd_wait_used(&b->q, &used));
	ck_assert_uint_eq(used.id, 100);
	return used.len;
}

START_TEST(request_in_a_table_works)
{
	struct gd_blk_req r;
	struct gd_blk b;
	gpa_t table;

	CLAUSE("Q-IND-1");
	start_blk(&b);
	b.disk->bytes[0] = 0x11;
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	table = gd_alloc(b.m, 48, 16);
	table_of(&b, table, &r);
	ck_assert_uint_eq(offer_table(&b, table, 48, INDIRECT, 0), 0);
	ck_assert_uint_eq(gd_ld8(b.m, r.status), VIRTIO_BLK_S_OK);
	ck_assert_uint_eq(gd_ld8(b.m, r.data), 0x11);
	gd_blk_close(&b);
}
END_TEST

START_TEST(table_may_end_a_direct_chain)
{
	struct gd_blk_req r;
	struct gd_used used;
	struct gd_blk b;
	gpa_t table;

	CLAUSE("Q-IND-1");
	start_blk(&b);
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	table = gd_alloc(b.m, 32, 16);
	gd_desc(b.m, table, 0, r.data, 512, WRITE | NEXT, 1);
	gd_desc(b.m, table, 1, r.status, 1, WRITE, 0);
	gd_desc(b.m, b.q.desc, 100, r.header, 16, NEXT, 101);
	gd_desc(b.m, b.q.desc, 101, table, 32, INDIRECT, 0);
	gd_offer(&b.q, 100);
	gd_kick(&b.q);
	ck_assert(gd_wait_used(&b.q, &used));
	ck_assert_uint_eq(gd_ld8(b.m, r.status), VIRTIO_BLK_S_OK);
	gd_blk_close(&b);
}
END_TEST

START_TEST(next_in_a_table_indexes_the_table)
{
	struct gd_blk_req r, decoy;
	struct gd_blk b;
	gpa_t table;

	CLAUSE("Q-IND-2");
	start_blk(&b);
	b.disk->bytes[0] = 0x22;
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	decoy = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	/* The ring's descriptors 1 and 2 lead elsewhere; the table goes 0, 2, 1. */
	gd_desc(b.m, b.q.desc, 1, decoy.data, 512, WRITE | NEXT, 2);
	gd_desc(b.m, b.q.desc, 2, decoy.status, 1, WRITE, 0);
	table = gd_alloc(b.m, 48, 16);
	gd_desc(b.m, table, 0, r.header, 16, NEXT, 2);
	gd_desc(b.m, table, 2, r.data, 512, WRITE | NEXT, 1);
	gd_desc(b.m, table, 1, r.status, 1, WRITE, 0);
	offer_table(&b, table, 48, INDIRECT, 0);
	ck_assert_uint_eq(gd_ld8(b.m, r.status), VIRTIO_BLK_S_OK);
	ck_assert_uint_eq(gd_ld8(b.m, r.data), 0x22);
	ck_assert_uint_eq(gd_ld8(b.m, decoy.status), GD_BLK_PRESET);
	gd_blk_close(&b);
}
END_TEST

START_TEST(table_may_be_longer_than_the_queue)
{
	static const uint32_t entries[] = {1, 16, 64, 130, 1000, 4096};
	struct gd_seg segs[4096];
	struct echo e;

	CLAUSE("Q-IND-3");
	start_echo(&e);
	for (size_t k = 0; k < COUNT_OF(entries); k++) {
		uint32_t n = entries[k];
		gpa_t in = gd_alloc(e.m, n, 16);
		gpa_t out = gd_alloc(e.m, n, 16);
		struct gd_used used;

		gd_fill(e.m, in, 0x66, n);
		for (uint32_t i = 0; i < n; i++)
			segs[i] = i < n / 2 ? (struct gd_seg){in + i, 1, false}
					    : (struct gd_seg){out + i, 1, true};
		ck_assert_int_ge(gd_add_indirect(&e.q[0], 0, segs, n), 0);
		gd_kick(&e.q[0]);
		ck_assert(gd_wait_used(&e.q[0], &used));
		ck_assert_uint_eq(used.len, n / 2);
		ck_assert(gd_all(e.m, out + n / 2, n > 1 ? 0x66 : 0, n / 2));
	}
	close_echo(&e);
}
END_TEST

START_TEST(blk_request_may_use_128_entries)
{
	struct gd_seg segs[128];
	struct gd_blk_req r;
	struct gd_blk b;

	CLAUSE("Q-IND-3");
	CLAUSE("BLK-24");
	start_blk(&b);
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 126 * 512);
	segs[0] = (struct gd_seg){r.header, 16, false};
	for (uint32_t i = 0; i < 126; i++)
		segs[1 + i] = (struct gd_seg){r.data + 512 * i, 512, true};
	segs[127] = (struct gd_seg){r.status, 1, true};
	ck_assert_int_ge(gd_add_indirect(&b.q, 0, segs, 128), 0);
	gd_kick(&b.q);
	struct gd_used used;

	ck_assert(gd_wait_used(&b.q, &used));
	ck_assert_uint_eq(gd_ld8(b.m, r.status), VIRTIO_BLK_S_OK);
	gd_blk_close(&b);
}
END_TEST

START_TEST(bad_tables_come_back_with_length_0)
{
	static const struct {
		uint32_t len;
		uint16_t flags, head_next;
	} bad[] = {
		{0, INDIRECT, 0},	    {8, INDIRECT, 0},	       {47, INDIRECT, 0},
		{49, INDIRECT, 0},	    {0xffffffff, INDIRECT, 0}, {0xfffffff0, INDIRECT, 0},
		{4097 * 16, INDIRECT, 0}, /* more entries than any table may have */
		{32, INDIRECT, 0},	  /* the chain leaves the table */
		{48, INDIRECT | NEXT, 101},
	};
	struct gd_blk_req r;
	struct gd_blk b;
	gpa_t table;

	CLAUSE("Q-IND-4");
	start_blk(&b);
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	table = gd_alloc(b.m, 4097 * 16, 16);
	table_of(&b, table, &r);
	gd_desc(b.m, b.q.desc, 101, r.status, 1, WRITE, 0);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		ck_assert_uint_eq(
			offer_table(&b, table, bad[i].len, bad[i].flags, bad[i].head_next), 0);
		ck_assert_uint_eq(gd_ld8(b.m, r.status), GD_BLK_PRESET);
		ck_assert_uint_eq(b.disk->reads, i);
		ck_assert(gd_blk_works(&b));
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(loops_and_tables_in_tables_are_refused)
{
	static const struct {
		uint16_t flags, next;
	} last[] = {
		{WRITE | NEXT, 0},	{WRITE | NEXT, 2}, {WRITE | NEXT, 3},
		{WRITE | NEXT, 0xffff}, {INDIRECT, 0},	   {INDIRECT | WRITE, 0},
	};
	struct gd_blk_req r;
	struct gd_blk b;
	gpa_t table;

	TRAP("descriptor-loop");
	CLAUSE("Q-IND-4");
	start_blk(&b);
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	table = gd_alloc(b.m, 48, 16);
	for (size_t i = 0; i < COUNT_OF(last); i++) {
		bool nested = last[i].flags & INDIRECT;

		table_of(&b, table, &r);
		gd_desc(b.m, table, 2, nested ? table : r.status, nested ? 48 : 1, last[i].flags,
			last[i].next);
		ck_assert_uint_eq(offer_table(&b, table, 48, INDIRECT, 0), 0);
		ck_assert_uint_eq(gd_ld8(b.m, r.status), GD_BLK_PRESET);
		ck_assert(gd_blk_works(&b));
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(table_outside_ram_is_refused)
{
	static const gpa_t places[] = {GD_HOLE_START, GD_HOLE_START - 32, UINT64_MAX - 15,
				       UINT64_MAX - 47, GD_BAR_WINDOW};
	struct gd_blk_config config = {.machine = {.ram = GD_RAM_HOLE}};
	struct gd_blk b;

	CLAUSE("Q-IND-4");
	CLAUSE("Q-DMA-2");
	start_blk_with(&b, &config);
	for (size_t i = 0; i < COUNT_OF(places); i++) {
		ck_assert_uint_eq(offer_table(&b, places[i], 48, INDIRECT, 0), 0);
		ck_assert(gd_blk_works(&b));
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(table_without_negotiation_is_malformed)
{
	struct gd_blk_req r;
	struct gd_blk b;
	gpa_t table;

	CLAUSE("Q-IND-5");
	open_blk(&b);
	ck_assert(gd_negotiate(&b.dev, gd_win7_blk.required & ~VIRTIO_F_INDIRECT_DESC));
	ck_assert(gd_queue_setup(&b.q, &b.dev, 0, 16));
	gd_driver_ok(&b.dev);
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	table = gd_alloc(b.m, 48, 16);
	table_of(&b, table, &r);
	ck_assert_uint_eq(offer_table(&b, table, 48, INDIRECT, 0), 0);
	ck_assert_uint_eq(gd_ld8(b.m, r.status), GD_BLK_PRESET);
	ck_assert_uint_eq(b.disk->reads, 0);
	ck_assert(gd_blk_works(&b));
	gd_blk_close(&b);
}
END_TEST

START_TEST(table_may_lie_at_any_address)
{
	static const unsigned int offsets[] = {8, 1, 15, 0xff1};
	struct gd_blk_config config = {.machine = {.ram = GD_RAM_PC, .alloc_from = GD_HIGH}};
	struct gd_blk b;

	CLAUSE("Q-IND-6");
	start_blk_with(&b, &config);
	for (size_t i = 0; i < COUNT_OF(offsets); i++) {
		struct gd_blk_req r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
		gpa_t table = gd_alloc(b.m, 0x2000, 0x1000) + offsets[i];

		ck_assert_uint_gt(table, GD_HIGH);
		table_of(&b, table, &r);
		offer_table(&b, table, 48, INDIRECT, 0);
		ck_assert_uint_eq(gd_ld8(b.m, r.status), VIRTIO_BLK_S_OK);
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(write_flag_of_the_table_descriptor_is_ignored)
{
	struct gd_blk_req r;
	struct gd_blk b;
	gpa_t table;

	CLAUSE("Q-IND-7");
	start_blk(&b);
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	table = gd_alloc(b.m, 48, 16);
	table_of(&b, table, &r);
	offer_table(&b, table, 48, INDIRECT | WRITE, 0);
	ck_assert_uint_eq(gd_ld8(b.m, r.status), VIRTIO_BLK_S_OK);
	gd_blk_close(&b);
}
END_TEST

CONTRACT_MAIN("indirect", request_in_a_table_works, table_may_end_a_direct_chain,
	      next_in_a_table_indexes_the_table, table_may_be_longer_than_the_queue,
	      blk_request_may_use_128_entries, bad_tables_come_back_with_length_0,
	      loops_and_tables_in_tables_are_refused, table_outside_ram_is_refused,
	      table_without_negotiation_is_malformed, table_may_lie_at_any_address,
	      write_flag_of_the_table_descriptor_is_ignored)
