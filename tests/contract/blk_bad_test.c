/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/contract.h"

/* Section 13: requests that virtio-blk must refuse, and how. */

#define PATTERN 0x5c

static unsigned int submitted(const struct gd_blk *b)
{
	return b->disk->reads + b->disk->writes + b->disk->flushes;
}

/* Runs @segs and expects @status with length 0 and nothing handed to the backend. */
static void expect(struct gd_blk *b, const struct gd_seg *segs, uint32_t n, gpa_t status,
		   int expected)
{
	unsigned int before = submitted(b);
	uint32_t used_len = 1;

	gd_fill(b->m, status, GD_BLK_PRESET, 1);
	ck_assert_int_eq(gd_blk_do_segs(b, segs, n, status, &used_len), expected);
	ck_assert_uint_eq(used_len, 0);
	ck_assert_uint_eq(submitted(b), before);
}

START_TEST(wrong_direction_is_ioerr_and_transfers_nothing)
{
	static const uint32_t types[] = {VIRTIO_BLK_T_IN, VIRTIO_BLK_T_OUT};
	struct gd_blk b;

	CLAUSE("BLK-9");
	start_blk(&b);
	for (size_t t = 0; t < COUNT_OF(types); t++) {
		/* Three data segments of which any, but not all, may have the right direction. */
		for (unsigned int right = 0; right < 7; right++) {
			struct gd_blk_req r = gd_blk_req(&b, types[t], 0, 3 * 512);
			bool in = types[t] == VIRTIO_BLK_T_IN;
			struct gd_seg segs[] = {
				{r.header, 16, false},
				{r.data, 512, (right & 1 ? true : false) == in},
				{r.data + 512, 512, (right & 2 ? true : false) == in},
				{r.data + 1024, 512, (right & 4 ? true : false) == in},
				{r.status, 1, true}};

			gd_fill(b.m, r.data, PATTERN, r.len);
			expect(&b, segs, 5, r.status, VIRTIO_BLK_S_IOERR);
			ck_assert(gd_all(b.m, r.data, PATTERN, r.len));
		}
	}
	ck_assert(gd_blk_works(&b));
	gd_blk_close(&b);
}
END_TEST

START_TEST(data_segments_are_1_to_seg_max)
{
	static const struct {
		uint32_t n;
		int status;
	} counts[] = {{0, 1}, {1, 0}, {2, 0}, {125, 0}, {126, 0}, {127, 1}, {500, 1}};
	struct gd_seg segs[512];
	struct gd_blk_req r;
	struct gd_blk b;

	CLAUSE("BLK-10");
	start_blk(&b);
	for (uint32_t type = 0; type < 2; type++) {
		r = gd_blk_req(&b, type, 0, 512);
		for (size_t k = 0; k < COUNT_OF(counts); k++) {
			uint32_t n = counts[k].n;

			segs[0] = (struct gd_seg){r.header, 16, false};
			for (uint32_t i = 0; i < n; i++)
				segs[1 + i] = (struct gd_seg){r.data, 512, type == VIRTIO_BLK_T_IN};
			segs[n + 1] = (struct gd_seg){r.status, 1, true};
			ck_assert_int_eq(gd_blk_do_segs(&b, segs, n + 2, r.status, NULL),
					 counts[k].status);
		}
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(length_must_be_whole_sectors)
{
	static const struct {
		uint32_t a, b;
		int status;
	} lengths[] = {{511, 0, 1},   {513, 0, 1},   {1, 0, 1},	  {100, 411, 1}, {512, 1, 1},
		       {100, 412, 0}, {511, 513, 0}, {1, 511, 0}, {512, 512, 0}};
	struct gd_blk b;

	CLAUSE("BLK-11");
	start_blk(&b);
	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		struct gd_blk_req r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 2048);
		struct gd_seg segs[] = {{r.header, 16, false},
					{r.data, lengths[i].a, true},
					{r.data + 1024, lengths[i].b, true},
					{r.status, 1, true}};

		gd_fill(b.m, r.data, PATTERN, 2048);
		ck_assert_int_eq(gd_blk_do_segs(&b, segs, 4, r.status, NULL), lengths[i].status);
		ck_assert_int_eq(gd_all(b.m, r.data, PATTERN, 2048), lengths[i].status);
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(range_must_lie_on_the_disk)
{
	static const struct {
		uint64_t sector;
		uint32_t sectors;
		int status;
	} ranges[] = {
		{GD_BLK_SECTORS - 1, 1, 0}, {GD_BLK_SECTORS - 2, 2, 0},
		{GD_BLK_SECTORS - 1, 2, 1}, {GD_BLK_SECTORS, 1, 1},
		{GD_BLK_SECTORS + 1, 1, 1}, {UINT64_MAX, 1, 1},
		{UINT64_MAX, 2, 1},	    {UINT64_MAX - 1, 4, 1},
		{1ULL << 55, 1, 1}, /* times 512 it is 0 in 64 bits */
		{1ULL << 63, 1, 1},
	};
	struct gd_blk b;

	TRAP("wrapping-length");
	CLAUSE("BLK-12");
	start_blk(&b);
	for (uint32_t type = 0; type < 2; type++) {
		for (size_t i = 0; i < COUNT_OF(ranges); i++) {
			struct gd_blk_req r =
				gd_blk_req(&b, type, ranges[i].sector, ranges[i].sectors * 512);
			unsigned int before = submitted(&b);

			gd_fill(b.m, r.data, PATTERN, r.len);
			ck_assert_int_eq(gd_blk_do(&b, &r, NULL), ranges[i].status);
			ck_assert_uint_eq(submitted(&b) - before, ranges[i].status ? 0 : 1);
			if (ranges[i].status)
				ck_assert(gd_all(b.m, r.data, PATTERN, r.len));
		}
	}
	for (unsigned int i = 0; i < 512; i++)
		ck_assert_uint_eq(b.disk->bytes[i], 0);
	gd_blk_close(&b);
}
END_TEST

START_TEST(unknown_types_are_unsupp_with_any_data)
{
	static const uint32_t types[] = {2, 3, 5, 8, 11, 13, 0x80000000, 0xffffffff};
	static const uint32_t counts[] = {0, 1, 126, 127, 200};
	struct gd_seg segs[202];
	struct gd_blk b;

	CLAUSE("BLK-13");
	start_blk(&b);
	for (size_t t = 0; t < COUNT_OF(types); t++) {
		for (size_t k = 0; k < COUNT_OF(counts); k++) {
			struct gd_blk_req r = gd_blk_req(&b, types[t], 0, 600);
			uint32_t n = counts[k];

			gd_fill(b.m, r.data, PATTERN, r.len);
			segs[0] = (struct gd_seg){r.header, 16, false};
			for (uint32_t i = 0; i < n; i++)
				segs[1 + i] = (struct gd_seg){r.data + i, 300, (t + i) % 2};
			segs[n + 1] = (struct gd_seg){r.status, 1, true};
			expect(&b, segs, n + 2, r.status, VIRTIO_BLK_S_UNSUPP);
			ck_assert(gd_all(b.m, r.data, PATTERN, r.len));
		}
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(only_the_first_byte_of_a_long_status_is_written)
{
	struct gd_blk_req r;
	struct gd_blk b;
	gpa_t status;

	CLAUSE("BLK-20");
	start_blk(&b);
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	status = gd_alloc(b.m, 64, 16);
	gd_fill(b.m, status, PATTERN, 64);
	struct gd_seg segs[] = {
		{r.header, 16, false}, {r.data, 512, true}, {status + 16, 32, true}};

	ck_assert_int_eq(gd_blk_do_segs(&b, segs, 3, status + 16, NULL), VIRTIO_BLK_S_OK);
	ck_assert(gd_all(b.m, status, PATTERN, 16));
	ck_assert(gd_all(b.m, status + 17, PATTERN, 47));
	gd_blk_close(&b);
}
END_TEST

START_TEST(unusable_status_descriptor_completes_with_nothing_written)
{
	struct gd_blk b;

	CLAUSE("BLK-21");
	start_blk(&b);
	for (uint32_t type = 0; type < 6; type++) {
		struct gd_blk_req r = gd_blk_req(&b, type, 0, 512);
		bool in = type == VIRTIO_BLK_T_IN;
		struct gd_seg readable[] = {
			{r.header, 16, false}, {r.data, 512, in}, {r.status, 1, false}};
		struct gd_seg empty[] = {
			{r.header, 16, false}, {r.data, 512, in}, {r.status, 0, true}};
		struct gd_seg alone[] = {{r.header, 16, false}};

		gd_fill(b.m, r.data, PATTERN, 512);
		expect(&b, readable, 3, r.status, GD_BLK_PRESET);
		expect(&b, empty, 3, r.status, GD_BLK_PRESET);
		expect(&b, alone, 1, r.status, GD_BLK_PRESET);
		ck_assert(gd_all(b.m, r.data, PATTERN, 512));
		ck_assert_uint_eq(gd_ld32(b.m, r.header), type);
	}
	ck_assert(gd_blk_works(&b));
	gd_blk_close(&b);
}
END_TEST

START_TEST(bad_header_with_good_status_is_ioerr)
{
	struct gd_blk_req r;
	struct gd_blk b;

	CLAUSE("BLK-21");
	start_blk(&b);
	r = gd_blk_req(&b, VIRTIO_BLK_T_FLUSH, 0, 0);
	struct gd_seg none[] = {{r.status, 1, true}};
	struct gd_seg brief[] = {{r.header, 15, false}, {r.status, 1, true}};
	struct gd_seg empty[] = {{r.header, 0, false}, {r.status, 1, true}};
	struct gd_seg writable[] = {{r.header, 16, true}, {r.status, 1, true}};
	struct gd_seg half[] = {{r.header, 8, false}, {r.header + 8, 8, true}, {r.status, 1, true}};
	struct gd_seg no_ram[] = {{GD_HIGH, 16, false}, {r.status, 1, true}};

	expect(&b, none, 1, r.status, VIRTIO_BLK_S_IOERR);
	expect(&b, brief, 2, r.status, VIRTIO_BLK_S_IOERR);
	expect(&b, empty, 2, r.status, VIRTIO_BLK_S_IOERR);
	expect(&b, writable, 2, r.status, VIRTIO_BLK_S_IOERR);
	expect(&b, half, 3, r.status, VIRTIO_BLK_S_IOERR);
	expect(&b, no_ram, 2, r.status, VIRTIO_BLK_S_IOERR);
	ck_assert(gd_blk_works(&b));
	gd_blk_close(&b);
}
END_TEST

/* A read of one sector in a chain of @n descriptors, the spare ones empty. */
static int padded_read(struct gd_blk *b, uint32_t n)
{
	struct gd_blk_req r = gd_blk_req(b, VIRTIO_BLK_T_IN, 0, 512);
	struct gd_seg *segs = calloc(n, sizeof(*segs));
	int status;

	segs[0] = (struct gd_seg){r.header, 16, false};
	segs[n - 2] = (struct gd_seg){r.data, 512, true};
	segs[n - 1] = (struct gd_seg){r.status, 1, true};
	status = gd_blk_do_segs(b, segs, n, r.status, NULL);
	free(segs);
	return status;
}

START_TEST(chains_are_bounded)
{
	struct gd_blk b;

	CLAUSE("BLK-23");
	start_blk(&b);
	ck_assert_int_eq(padded_read(&b, 1024), VIRTIO_BLK_S_OK);
	ck_assert_int_eq(padded_read(&b, 1025), VIRTIO_BLK_S_IOERR);
	ck_assert_int_eq(padded_read(&b, 4096), VIRTIO_BLK_S_IOERR);
	/* A table of 2^20 entries is beyond what the queue takes: back with length 0. */
	struct gd_used used;

	gd_desc(b.m, b.q.desc, 100, 0, 1U << 24, VIRTQ_DESC_F_INDIRECT, 0);
	gd_offer(&b.q, 100);
	gd_kick(&b.q);
	ck_assert(gd_wait_used(&b.q, &used));
	ck_assert_uint_eq(used.id, 100);
	ck_assert_uint_eq(used.len, 0);
	ck_assert(gd_blk_works(&b));
	gd_blk_close(&b);
}
END_TEST

START_TEST(data_is_bounded_at_4_mib)
{
	static const struct {
		uint32_t len, n;
		int status;
	} sizes[] = {{1 << 20, 4, 0}, {(1 << 20) + 512, 4, 1}, {1 << 20, 12, 1}};
	struct gd_seg segs[128];
	struct gd_blk_req r;
	struct gd_blk b;

	CLAUSE("BLK-23");
	start_blk(&b);
	ck_assert_int_eq(virtio_blk_resize(b.vd, 16 << 20, NULL), 0);
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, (1 << 20) + 512);
	for (size_t k = 0; k < COUNT_OF(sizes); k++) {
		uint32_t n = sizes[k].n;

		segs[0] = (struct gd_seg){r.header, 16, false};
		for (uint32_t i = 0; i < n; i++)
			segs[1 + i] = (struct gd_seg){r.data, sizes[k].len, true};
		segs[n + 1] = (struct gd_seg){r.status, 1, true};
		ck_assert_int_eq(gd_blk_do_segs(&b, segs, n + 2, r.status, NULL), sizes[k].status);
	}
	gd_blk_close(&b);
}
END_TEST

CONTRACT_MAIN("blk_bad", wrong_direction_is_ioerr_and_transfers_nothing,
	      data_segments_are_1_to_seg_max, length_must_be_whole_sectors,
	      range_must_lie_on_the_disk, unknown_types_are_unsupp_with_any_data,
	      only_the_first_byte_of_a_long_status_is_written,
	      unusable_status_descriptor_completes_with_nothing_written,
	      bad_header_with_good_status_is_ioerr, chains_are_bounded, data_is_bounded_at_4_mib)
