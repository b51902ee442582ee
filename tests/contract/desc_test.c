/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/contract.h"

/* Section 12, second part: descriptor chains. */

#define NEXT	 VIRTQ_DESC_F_NEXT
#define WRITE	 VIRTQ_DESC_F_WRITE
#define INDIRECT VIRTQ_DESC_F_INDIRECT

START_TEST(direct_chain_may_use_the_whole_ring)
{
	static const uint32_t lengths[] = {64, 128};

	CLAUSE("Q-DESC-1");
	for (size_t k = 0; k < COUNT_OF(lengths); k++) {
		struct gd_seg segs[128];
		uint32_t n = lengths[k];
		struct gd_blk_req r;
		uint32_t used_len;
		struct gd_blk b;

		start_blk(&b);
		r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, (n - 2) * 512);
		for (uint32_t i = 0; i < n - 2; i++)
			b.disk->bytes[i * 512] = (uint8_t)(i + 1);
		segs[0] = (struct gd_seg){r.header, 16, false};
		for (uint32_t i = 0; i < n - 2; i++)
			segs[1 + i] = (struct gd_seg){r.data + 512 * i, 512, true};
		segs[n - 1] = (struct gd_seg){r.status, 1, true};
		ck_assert_int_eq(gd_blk_do_segs(&b, segs, n, r.status, &used_len), VIRTIO_BLK_S_OK);
		for (uint32_t i = 0; i < n - 2; i++)
			ck_assert_uint_eq(gd_ld8(b.m, r.data + 512 * i), (uint8_t)(i + 1));
		gd_blk_close(&b);
	}
}
END_TEST

START_TEST(header_of_single_bytes_works)
{
	struct gd_seg segs[18];
	struct gd_blk_req r;
	struct gd_blk b;

	CLAUSE("Q-DESC-2");
	CLAUSE("BLK-22");
	start_blk(&b);
	b.disk->bytes[5 * 512] = 0x77;
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 5, 512);
	for (uint32_t i = 0; i < 16; i++)
		segs[i] = (struct gd_seg){r.header + i, 1, false};
	segs[16] = (struct gd_seg){r.data, 512, true};
	segs[17] = (struct gd_seg){r.status, 1, true};
	ck_assert_int_eq(gd_blk_do_segs(&b, segs, 18, r.status, NULL), VIRTIO_BLK_S_OK);
	ck_assert_uint_eq(gd_ld8(b.m, r.data), 0x77);
	gd_blk_close(&b);
}
END_TEST

START_TEST(empty_descriptors_are_skipped)
{
	struct gd_blk_req r;
	struct gd_blk b;

	CLAUSE("Q-DESC-3");
	start_blk(&b);
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	/* Also with an address that is no RAM at all. */
	struct gd_seg segs[] = {
		{UINT64_MAX, 0, false}, {r.header, 16, false}, {0, 0, true},
		{r.data, 100, true},	{UINT64_MAX, 0, true}, {r.data + 100, 412, true},
		{GD_HIGH, 0, false},	{r.status, 1, true},
	};

	ck_assert_int_eq(gd_blk_do_segs(&b, segs, COUNT_OF(segs), r.status, NULL), VIRTIO_BLK_S_OK);
	gd_blk_close(&b);
}
END_TEST

START_TEST(writable_header_is_not_read)
{
	struct gd_blk_req r;
	uint32_t used_len;
	struct gd_blk b;

	CLAUSE("Q-DESC-4");
	start_blk(&b);
	r = gd_blk_req(&b, VIRTIO_BLK_T_OUT, 3, 512);
	gd_fill(b.m, r.data, 0x44, 512);
	struct gd_seg segs[] = {{r.header, 16, true}, {r.data, 512, false}, {r.status, 1, true}};

	ck_assert_int_eq(gd_blk_do_segs(&b, segs, 3, r.status, &used_len), VIRTIO_BLK_S_IOERR);
	ck_assert_uint_eq(used_len, 0);
	ck_assert_uint_eq(b.disk->writes, 0);
	gd_blk_close(&b);
}
END_TEST

START_TEST(readable_descriptors_are_never_written)
{
	struct gd_blk_req r;
	struct gd_blk b;

	CLAUSE("Q-DESC-4");
	start_blk(&b);
	/* The second half readable, and a readable one behind a writable one. */
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 1024);
	gd_fill(b.m, r.data, 0x44, 1024);
	struct gd_seg segs[] = {{r.header, 16, false},
				{r.data, 512, true},
				{r.data + 512, 512, false},
				{r.status, 1, true}};

	ck_assert_int_eq(gd_blk_do_segs(&b, segs, 4, r.status, NULL), VIRTIO_BLK_S_IOERR);
	ck_assert(gd_all(b.m, r.data, 0x44, 1024));
	gd_blk_close(&b);
}
END_TEST

/* Offers the chain at descriptor 100 and expects it back with length 0, everything untouched. */
static void expect_malformed(struct gd_blk *b, const struct gd_blk_req *r)
{
	unsigned int before = b->disk->reads + b->disk->writes + b->disk->flushes;
	struct gd_used used;

	gd_offer(&b->q, 100);
	gd_kick(&b->q);
	ck_assert(gd_wait_used(&b->q, &used));
	ck_assert_uint_eq(used.id, 100);
	ck_assert_uint_eq(used.len, 0);
	ck_assert_uint_eq(b->disk->reads + b->disk->writes + b->disk->flushes, before);
	ck_assert_uint_eq(gd_ld8(b->m, r->status), GD_BLK_PRESET);
	ck_assert(gd_all(b->m, r->data, 0, r->len));
	ck_assert(gd_blk_works(b));
}

START_TEST(malformed_chains_come_back_with_length_0)
{
	static const struct {
		uint16_t flags_of_data, next_of_data, flags_of_status, next_of_status;
	} bad[] = {
		{WRITE | NEXT, 128, WRITE, 0}, /* next is just outside the table */
		{WRITE | NEXT, 0xffff, WRITE, 0},
		{WRITE | NEXT, 102, WRITE | NEXT, 100}, /* loops through the head */
		{WRITE | NEXT, 101, WRITE, 0},		/* names itself */
		{WRITE | NEXT, 102, WRITE | NEXT, 102}, /* loops behind the status */
		{WRITE | NEXT, 102, WRITE | INDIRECT | NEXT, 101},
		{WRITE | NEXT, 102, WRITE | INDIRECT, 0}, /* a table of one byte */
	};
	struct gd_blk_req r;
	struct gd_blk b;

	TRAP("descriptor-loop");
	CLAUSE("Q-DESC-5");
	start_blk(&b);
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		gd_desc(b.m, b.q.desc, 100, r.header, 16, NEXT, 101);
		gd_desc(b.m, b.q.desc, 101, r.data, 512, bad[i].flags_of_data, bad[i].next_of_data);
		gd_desc(b.m, b.q.desc, 102, r.status, 1, bad[i].flags_of_status,
			bad[i].next_of_status);
		expect_malformed(&b, &r);
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(head_outside_the_ring_is_skipped)
{
	static const uint16_t heads[] = {128, 129, 0x8000, 0xffff};
	struct gd_blk b;

	TRAP("bad-head");
	CLAUSE("Q-DESC-5");
	start_blk(&b);
	for (size_t i = 0; i < COUNT_OF(heads); i++) {
		uint16_t before = gd_ld16(b.m, b.q.used + 2);

		gd_offer(&b.q, heads[i]);
		gd_kick(&b.q);
		gd_settle(b.m);
		ck_assert_uint_eq(gd_ld16(b.m, b.q.used + 2), before);
		ck_assert(gd_blk_works(&b));
	}
	/* Among good ones. */
	struct gd_blk_req r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	struct gd_used used;

	ck_assert_int_ge(gd_blk_add(&b, &r), 0);
	gd_offer(&b.q, 0xffff);
	ck_assert_int_ge(gd_blk_add(&b, &r), 0);
	gd_kick(&b.q);
	ck_assert(gd_wait_used(&b.q, &used));
	ck_assert(gd_wait_used(&b.q, &used));
	gd_settle(b.m);
	ck_assert_uint_eq(gd_used_ready(&b.q), 0);
	gd_blk_close(&b);
}
END_TEST

START_TEST(unknown_flag_bits_are_ignored)
{
	struct gd_blk_req r;
	struct gd_used used;
	struct gd_blk b;

	CLAUSE("Q-DESC-6");
	start_blk(&b);
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	gd_desc(b.m, b.q.desc, 100, r.header, 16, 0xfff8 | NEXT, 101);
	gd_desc(b.m, b.q.desc, 101, r.data, 512, 0xfff8 | WRITE | NEXT, 102);
	gd_desc(b.m, b.q.desc, 102, r.status, 1, 0xfff8 | WRITE, 0xffff);
	gd_offer(&b.q, 100);
	gd_kick(&b.q);
	ck_assert(gd_wait_used(&b.q, &used));
	ck_assert_uint_eq(gd_ld8(b.m, r.status), VIRTIO_BLK_S_OK);
	gd_blk_close(&b);
}
END_TEST

CONTRACT_MAIN("desc", direct_chain_may_use_the_whole_ring, header_of_single_bytes_works,
	      empty_descriptors_are_skipped, writable_header_is_not_read,
	      readable_descriptors_are_never_written, malformed_chains_come_back_with_length_0,
	      head_outside_the_ring_is_skipped, unknown_flag_bits_are_ignored)
