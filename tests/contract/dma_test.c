/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/contract.h"

#include <sched.h>

/* Section 12, last part: addresses and lengths. */

#define PATTERN 0x5c

static void open_layout(struct gd_blk *b, enum gd_ram ram, gpa_t alloc_from)
{
	struct gd_blk_config config = {.machine = {.ram = ram, .alloc_from = alloc_from}};

	start_blk_with(b, &config);
}

/* A read of @len bytes at sector 0 into @data, status in fresh RAM: the status byte. */
static int read_to(struct gd_blk *b, gpa_t data, uint32_t len)
{
	struct gd_blk_req r = gd_blk_req(b, VIRTIO_BLK_T_IN, 0, 0);
	struct gd_seg segs[] = {{r.header, 16, false}, {data, len, true}, {r.status, 1, true}};

	return gd_blk_do_segs(b, segs, 3, r.status, NULL);
}

START_TEST(addresses_are_guest_physical)
{
	struct gd_blk b;

	CLAUSE("Q-DMA-1");
	open_layout(&b, GD_RAM_HOLE, 0);
	for (unsigned int i = 0; i < 512; i++)
		b.disk->bytes[i] = (uint8_t)i;
	/* The same bytes wherever RAM lies, whatever lies between. */
	ck_assert_int_eq(read_to(&b, 0x200000, 512), VIRTIO_BLK_S_OK);
	ck_assert_int_eq(read_to(&b, GD_HOLE_END, 512), VIRTIO_BLK_S_OK);
	ck_assert_int_eq(read_to(&b, GD_HIGH + 0x200000, 512), VIRTIO_BLK_S_OK);
	for (unsigned int i = 0; i < 512; i++) {
		ck_assert_uint_eq(gd_ld8(b.m, 0x200000 + i), (uint8_t)i);
		ck_assert_uint_eq(gd_ld8(b.m, GD_HOLE_END + i), (uint8_t)i);
		ck_assert_uint_eq(gd_ld8(b.m, GD_HIGH + 0x200000 + i), (uint8_t)i);
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(data_outside_ram_is_an_error)
{
	static const struct {
		gpa_t data;
		uint32_t len;
	} bad[] = {
		{GD_HOLE_START, 512},	     {GD_HOLE_END - 512, 512}, {GD_BAR_WINDOW, 512},
		{UINT64_MAX, 512},	     {UINT64_MAX - 511, 512},  {0x8000000000000000ULL, 512},
		{0x200000, 0xfffffe00},	     {0x200000, 0xffffffff},   {UINT64_MAX - 255, 512},
		{GD_HIGH + (16 << 20), 512},
	};
	struct gd_blk b;

	TRAP("wrapping-length");
	CLAUSE("Q-DMA-2");
	CLAUSE("BLK-26");
	open_layout(&b, GD_RAM_HOLE, 0);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		ck_assert_int_eq(read_to(&b, bad[i].data, bad[i].len), VIRTIO_BLK_S_IOERR);
		ck_assert_uint_eq(b.disk->reads, i);
		ck_assert(gd_blk_works(&b));
	}
	/* The device's own registers were not written through its data path. */
	ck_assert_uint_eq(gd_rd(&b.dev, GD_STATUS), GD_RUNNING);
	gd_blk_close(&b);
}
END_TEST

START_TEST(header_or_status_outside_ram_is_safe)
{
	static const gpa_t places[] = {GD_HOLE_START, GD_HOLE_END - 1, GD_BAR_WINDOW + GD_STATUS,
				       UINT64_MAX};
	struct gd_blk b;

	CLAUSE("Q-DMA-2");
	CLAUSE("BLK-26");
	open_layout(&b, GD_RAM_HOLE, 0);
	for (size_t i = 0; i < COUNT_OF(places); i++) {
		struct gd_blk_req r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
		struct gd_seg bad_header[] = {
			{places[i], 16, false}, {r.data, 512, true}, {r.status, 1, true}};
		struct gd_seg bad_status[] = {
			{r.header, 16, false}, {r.data, 512, true}, {places[i], 1, true}};
		uint32_t used_len = 1;

		ck_assert_int_eq(gd_blk_do_segs(&b, bad_header, 3, r.status, &used_len),
				 VIRTIO_BLK_S_IOERR);
		ck_assert_uint_eq(used_len, 0);
		gd_fill(b.m, r.data, PATTERN, 512);
		used_len = 1;
		ck_assert_int_eq(gd_blk_do_segs(&b, bad_status, 3, r.status, &used_len),
				 VIRTIO_BLK_S_IOERR); /* still what the first one left */
		ck_assert_uint_eq(used_len, 0);
		ck_assert(gd_all(b.m, r.data, PATTERN, 512));
		ck_assert_uint_eq(gd_rd(&b.dev, GD_STATUS), GD_RUNNING);
		ck_assert(gd_blk_works(&b));
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(buffer_across_touching_regions_is_whole)
{
	struct gd_blk b;

	CLAUSE("Q-DMA-3");
	open_layout(&b, GD_RAM_JOINED, 0x200000);
	for (unsigned int i = 0; i < 1024; i++)
		b.disk->bytes[i] = (uint8_t)(i * 7);
	ck_assert_int_eq(read_to(&b, GD_JOINT - 300, 1024), VIRTIO_BLK_S_OK);
	for (unsigned int i = 0; i < 1024; i++)
		ck_assert_uint_eq(gd_ld8(b.m, GD_JOINT - 300 + i), (uint8_t)(i * 7));
	gd_blk_close(&b);
}
END_TEST

START_TEST(buffer_into_a_hole_is_refused_whole)
{
	struct gd_blk b;

	CLAUSE("Q-DMA-3");
	open_layout(&b, GD_RAM_HOLE, 0);
	gd_fill(b.m, GD_HOLE_START - 1024, PATTERN, 1024);
	gd_fill(b.m, GD_HOLE_END, PATTERN, 1024);
	ck_assert_int_eq(read_to(&b, GD_HOLE_START - 256, 512), VIRTIO_BLK_S_IOERR);
	ck_assert_int_eq(read_to(&b, GD_HOLE_END - 256, 512), VIRTIO_BLK_S_IOERR);
	ck_assert(gd_all(b.m, GD_HOLE_START - 1024, PATTERN, 1024));
	ck_assert(gd_all(b.m, GD_HOLE_END, PATTERN, 1024));
	/* Up to the very edge is fine. */
	ck_assert_int_eq(read_to(&b, GD_HOLE_START - 512, 512), VIRTIO_BLK_S_OK);
	ck_assert_int_eq(read_to(&b, GD_HOLE_END, 512), VIRTIO_BLK_S_OK);
	gd_blk_close(&b);
}
END_TEST

START_TEST(odd_addresses_and_lengths_work)
{
	struct gd_blk_req r;
	struct gd_blk b;

	CLAUSE("Q-DMA-4");
	start_blk(&b);
	for (unsigned int i = 0; i < 512; i++)
		b.disk->bytes[i] = (uint8_t)(i + 3);
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 1024);
	struct gd_seg segs[] = {
		{r.header, 16, false},	   {r.data + 1, 1, true},   {r.data + 3, 255, true},
		{r.data + 301, 255, true}, {r.data + 601, 1, true}, {r.status, 1, true},
	};

	ck_assert_int_eq(gd_blk_do_segs(&b, segs, COUNT_OF(segs), r.status, NULL), VIRTIO_BLK_S_OK);
	ck_assert_uint_eq(gd_ld8(b.m, r.data + 1), 3);
	ck_assert_uint_eq(gd_ld8(b.m, r.data + 3), 4);
	ck_assert_uint_eq(gd_ld8(b.m, r.data + 301), (uint8_t)(256 + 3));
	ck_assert_uint_eq(gd_ld8(b.m, r.data + 601), (uint8_t)(511 + 3));
	ck_assert_uint_eq(gd_ld8(b.m, r.data + 602), 0);
	gd_blk_close(&b);
}
END_TEST

START_TEST(everything_may_lie_above_4_gib)
{
	struct gd_blk_req r;
	struct gd_seg segs[3];
	struct gd_used used;
	struct gd_blk b;

	CLAUSE("Q-DMA-5");
	open_layout(&b, GD_RAM_PC, GD_HIGH + 0x1000);
	ck_assert_uint_gt(b.q.desc, GD_HIGH);
	r = gd_blk_req(&b, VIRTIO_BLK_T_OUT, 9, 512);
	ck_assert_uint_gt(r.data, GD_HIGH);
	gd_fill(b.m, r.data, PATTERN, 512);
	ck_assert_int_ge(gd_add_indirect(&b.q, 0, segs, gd_blk_segs(&r, segs)), 0);
	gd_kick(&b.q);
	ck_assert(gd_wait_used(&b.q, &used));
	ck_assert_uint_eq(gd_ld8(b.m, r.status), VIRTIO_BLK_S_OK);
	ck_assert_uint_eq(b.disk->bytes[9 * 512], PATTERN);
	for (unsigned int i = 0; i < 200; i++)
		ck_assert(gd_blk_works(&b));
	gd_blk_close(&b);
}
END_TEST

/* A guest that rewrites descriptors and header while the device works on them. */
struct meddler {
	struct gd_machine *m;
	gpa_t table;
	const struct gd_blk_req *good, *other;
	atomic_bool stop;
};

static void *meddle(void *arg)
{
	struct meddler *w = arg;
	uint32_t seed = 1;

	while (!atomic_load(&w->stop)) {
		const struct gd_blk_req *r = seed & 0x100 ? w->good : w->other;

		seed = seed * 1664525 + 1013904223;
		switch (seed >> 13 & 7) {
		case 0: /* the address of the data: good, other, none */
			gd_st64(w->m, w->table + 16, r->data);
			break;
		case 1:
			gd_st64(w->m, w->table + 16, GD_HOLE_START - 64);
			break;
		case 2: /* its length */
			gd_st32(w->m, w->table + 24, seed & 0x200 ? 512 : 0xfffffe00);
			break;
		case 3: /* its direction, and where it leads */
			gd_st16(w->m, w->table + 28, (uint16_t)(seed >> 17 & 7));
			break;
		case 4:
			gd_st16(w->m, w->table + 30, seed & 0x400 ? 2 : (uint16_t)(seed >> 18));
			break;
		case 5: /* the request itself */
			gd_st32(w->m, w->good->header, seed >> 20 & 1);
			break;
		case 6:
			gd_st64(w->m, w->good->header + 8, seed & 0x800 ? 0 : UINT64_MAX);
			break;
		default: /* all well again */
			gd_st64(w->m, w->table + 16, w->good->data);
			gd_st32(w->m, w->table + 24, 512);
			gd_st16(w->m, w->table + 28, VIRTQ_DESC_F_WRITE | VIRTQ_DESC_F_NEXT);
			gd_st16(w->m, w->table + 30, 2);
		}
	}
	return NULL;
}

START_TEST(decisions_hold_while_the_guest_rewrites_everything)
{
	struct gd_blk_config config = {.mode = GD_BLOCK_POSTED, .machine = {.ram = GD_RAM_HOLE}};
	struct gd_blk_req good, other;
	struct meddler w = {0};
	pthread_t vcpu;
	struct gd_blk b;
	gpa_t guard;

	TRAP("changing-table");
	CLAUSE("Q-DMA-6");
	start_blk_with(&b, &config);
	good = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	guard = gd_alloc(b.m, 4096, 16);
	other = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	gd_fill(b.m, guard, PATTERN, 4096);
	w = (struct meddler){.m = b.m, .good = &good, .other = &other};
	w.table = gd_alloc(b.m, 48, 16);
	gd_desc(b.m, w.table, 0, good.header, 16, VIRTQ_DESC_F_NEXT, 1);
	gd_desc(b.m, w.table, 1, good.data, 512, VIRTQ_DESC_F_WRITE | VIRTQ_DESC_F_NEXT, 2);
	gd_desc(b.m, w.table, 2, good.status, 1, VIRTQ_DESC_F_WRITE, 0);
	gd_desc(b.m, b.q.desc, 100, w.table, 48, VIRTQ_DESC_F_INDIRECT, 0);
	ck_assert_int_eq(pthread_create(&vcpu, NULL, meddle, &w), 0);
	for (unsigned int i = 0; i < 20000; i++) {
		struct gd_used used;

		gd_offer(&b.q, 100);
		gd_kick(&b.q);
		ck_assert(gd_wait_used(&b.q, &used));
		ck_assert_uint_eq(used.id, 100);
		ck_assert_uint_eq(used.len, 0);
	}
	atomic_store(&w.stop, true);
	pthread_join(vcpu, NULL);
	gd_settle(b.m);
	ck_assert_uint_eq(gd_used_ready(&b.q), 0);
	ck_assert(gd_all(b.m, guard, PATTERN, 4096));
	ck_assert_uint_eq(b.disk->bad_requests, 0);
	ck_assert(gd_blk_works(&b));
	gd_blk_close(&b);
}
END_TEST

START_TEST(lengths_are_summed_in_64_bits)
{
	struct gd_blk_req r;
	struct gd_blk b;

	TRAP("wrapping-length");
	CLAUSE("Q-DMA-7");
	start_blk(&b);
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	gd_fill(b.m, r.data, PATTERN, 512);
	/* In 32 bits the first sums to 512 and the second to 0xfffffffe. */
	struct gd_seg wraps_to_512[] = {{r.header, 16, false},
					{r.data, 0xffffffff, true},
					{r.data, 0x201, true},
					{r.status, 1, true}};
	struct gd_seg huge[] = {{r.header, 16, false},
				{r.data, 0xffffffff, true},
				{r.data, 0xffffffff, true},
				{r.status, 1, true}};

	ck_assert_int_eq(gd_blk_do_segs(&b, wraps_to_512, 4, r.status, NULL), VIRTIO_BLK_S_IOERR);
	ck_assert_int_eq(gd_blk_do_segs(&b, huge, 4, r.status, NULL), VIRTIO_BLK_S_IOERR);
	ck_assert(gd_all(b.m, r.data, PATTERN, 512));
	ck_assert_uint_eq(b.disk->reads, 0);
	gd_blk_close(&b);
}
END_TEST

CONTRACT_MAIN("dma", addresses_are_guest_physical, data_outside_ram_is_an_error,
	      header_or_status_outside_ram_is_safe, buffer_across_touching_regions_is_whole,
	      buffer_into_a_hole_is_refused_whole, odd_addresses_and_lengths_work,
	      everything_may_lie_above_4_gib, decisions_hold_while_the_guest_rewrites_everything,
	      lengths_are_summed_in_64_bits)
