/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/guest_mem.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * Two adjacent regions, a hole, a third one up to the top of what a region may be:
 *	0x1000-0x2fff, 0x3000-0x3fff, hole, 0x10000-0x10fff
 */

#define PAGE  0x1000ULL
#define END_A 0x4000ULL
#define HIGH  0x10000ULL

static const struct guest_mem_range odd[] = {{0x1000, 0x2000}, {0x3000, PAGE}, {HIGH, PAGE}};

static struct guest_mem *mem;
static struct err err;

static void setup(void)
{
	mem = guest_mem_create_ranges(odd, 3, &err);
	ck_assert_ptr_nonnull(mem);
}

static void teardown(void)
{
	guest_mem_destroy(mem);
}

START_TEST(what_is_written_is_read_across_regions)
{
	uint8_t out[0x3000], in[0x3000];

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 31 + 1);
	ck_assert_int_eq(guest_mem_write(mem, 0x1000, out, sizeof(out)), 0);
	ck_assert_int_eq(guest_mem_read(mem, 0x1000, in, sizeof(in)), 0);
	ck_assert_mem_eq(in, out, sizeof(in));
	ck_assert_int_eq(guest_mem_read(mem, 0x2ffe, in, 4), 0);
	ck_assert_mem_eq(in, out + 0x1ffe, 4);
	ck_assert_uint_eq(guest_mem_size(mem), 0x4000);
}
END_TEST

/* Ranges that are not RAM as a whole. */
static const struct {
	gpa_t gpa;
	uint64_t len;
} outside[] = {
	{0, 1},
	{0xfff, 2},
	{0xfff, 1},
	{END_A - 1, 2},
	{END_A, 1},
	{0x1000, HIGH},
	{HIGH - 1, 2},
	{HIGH + PAGE - 1, 2},
	{HIGH + PAGE, 1},
	{UINT64_MAX, 1},
	{UINT64_MAX, 2},
	{UINT64_MAX - 3, 8},
	{0x1000, SIZE_MAX},
	{HIGH, SIZE_MAX - HIGH + 1},
	{HIGH + PAGE - 1, SIZE_MAX},
};

START_TEST(ranges_outside_ram_are_refused_and_touch_nothing)
{
	static uint8_t marker[HIGH * 2], buf[HIGH * 2];
	gpa_t gpa = outside[_i].gpa;
	size_t len = outside[_i].len;
	int fd = memfd_create("file", MFD_CLOEXEC);

	memset(marker, 0x5a, sizeof(marker));
	ck_assert_int_eq(guest_mem_write(mem, 0x1000, marker, 0x3000), 0);
	ck_assert_int_eq(guest_mem_write(mem, HIGH, marker, PAGE), 0);
	ck_assert(!guest_mem_contains(mem, gpa, len));
	memset(buf, 0x33, sizeof(buf));
	ck_assert_int_eq(guest_mem_read(mem, gpa, buf, len), -EFAULT);
	ck_assert_uint_eq(buf[0], 0x33);
	ck_assert_int_eq(guest_mem_write(mem, gpa, buf, len), -EFAULT);
	ck_assert_int_eq(guest_mem_zero(mem, gpa, len), -EFAULT);
	ck_assert_int_eq(guest_mem_read_file(mem, gpa, fd, 0, len), -EFAULT);
	ck_assert_int_eq(guest_mem_read(mem, 0x1000, buf, 0x3000), 0);
	ck_assert_mem_eq(buf, marker, 0x3000);
	ck_assert_int_eq(guest_mem_read(mem, HIGH, buf, PAGE), 0);
	ck_assert_mem_eq(buf, marker, PAGE);
	close(fd);
}
END_TEST

START_TEST(ranges_inside_ram_are_taken_to_the_last_byte)
{
	ck_assert(guest_mem_contains(mem, 0x1000, 0x3000));
	ck_assert(guest_mem_contains(mem, END_A - 1, 1));
	ck_assert(guest_mem_contains(mem, HIGH, PAGE));
	ck_assert(guest_mem_contains(mem, HIGH + PAGE - 1, 1));
}
END_TEST

START_TEST(nothing_succeeds_anywhere)
{
	char byte = 1;

	ck_assert(guest_mem_contains(mem, UINT64_MAX, 0));
	ck_assert_int_eq(guest_mem_read(mem, END_A, &byte, 0), 0);
	ck_assert_int_eq(guest_mem_write(mem, UINT64_MAX, &byte, 0), 0);
	ck_assert_int_eq(guest_mem_zero(mem, 0, 0), 0);
	ck_assert_int_eq(guest_mem_read_file(mem, 0, -1, 0, 0), 0);
	ck_assert_int_eq(byte, 1);
}
END_TEST

START_TEST(pieces_follow_the_regions_and_end_at_holes)
{
	static const struct guest_mem_range ranges[] = {
		{0, 0x2000}, {0x2000, 0x1000}, {0x8000, 0x1000}};
	struct guest_mem *three = guest_mem_create_ranges(ranges, 3, &err);
	const struct guest_mem_region *r;
	struct iovec iov[3];
	size_t n;

	ck_assert_ptr_nonnull(three);
	r = guest_mem_regions(three, &n);
	ck_assert_int_eq(guest_mem_pieces(three, 0x1800, 0x1000, iov, 3), 2);
	ck_assert_ptr_eq(iov[0].iov_base, r[0].host + 0x1800);
	ck_assert_uint_eq(iov[0].iov_len, 0x800);
	ck_assert_ptr_eq(iov[1].iov_base, r[1].host);
	ck_assert_uint_eq(iov[1].iov_len, 0x800);
	ck_assert_int_eq(guest_mem_pieces(three, 0x1800, 0x1000, iov, 1), -ENOSPC);
	ck_assert_int_eq(guest_mem_pieces(three, 0x8000, 0x1000, iov, 1), 1);
	ck_assert_int_eq(guest_mem_pieces(three, 0x2800, 0x801, iov, 3), -EFAULT);
	ck_assert_int_eq(guest_mem_pieces(three, 0x8fff, 2, iov, 3), -EFAULT);
	ck_assert_int_eq(guest_mem_pieces(three, UINT64_MAX, 2, iov, 3), -EFAULT);
	ck_assert_int_eq(guest_mem_pieces(three, 0x7fff, 2, iov, 3), -EFAULT);
	ck_assert_int_eq(guest_mem_pieces(three, UINT64_MAX, 0, iov, 0), 0);
	guest_mem_destroy(three);
}
END_TEST

START_TEST(zero_clears_exactly_its_range)
{
	uint8_t ones[0x3000], in[0x3000];

	memset(ones, 0xff, sizeof(ones));
	ck_assert_int_eq(guest_mem_write(mem, 0x1000, ones, sizeof(ones)), 0);
	ck_assert_int_eq(guest_mem_zero(mem, 0x2f00, 0x200), 0);
	ck_assert_int_eq(guest_mem_read(mem, 0x1000, in, sizeof(in)), 0);
	for (size_t i = 0; i < sizeof(in); i++)
		ck_assert_uint_eq(in[i], i >= 0x1f00 && i < 0x2100 ? 0 : 0xff);
}
END_TEST

START_TEST(ring_words_are_little_endian_aligned_and_in_ram)
{
	uint16_t value = 0;
	uint8_t bytes[2];

	ck_assert_int_eq(guest_mem_store_le16(mem, END_A - 2, 0x1234), 0);
	ck_assert_int_eq(guest_mem_read(mem, END_A - 2, bytes, 2), 0);
	ck_assert_uint_eq(bytes[0], 0x34);
	ck_assert_uint_eq(bytes[1], 0x12);
	ck_assert_int_eq(guest_mem_load_le16(mem, END_A - 2, &value), 0);
	ck_assert_uint_eq(value, 0x1234);
	ck_assert_int_eq(guest_mem_load_le16(mem, 0x1001, &value), -EFAULT);
	ck_assert_int_eq(guest_mem_load_le16(mem, END_A, &value), -EFAULT);
	ck_assert_int_eq(guest_mem_load_le16(mem, UINT64_MAX - 1, &value), -EFAULT);
	ck_assert_int_eq(guest_mem_store_le16(mem, END_A - 1, 0), -EFAULT);
	ck_assert_int_eq(guest_mem_store_le16(mem, 0, 0), -EFAULT);
	ck_assert_uint_eq(value, 0x1234);
}
END_TEST

START_TEST(file_is_read_into_ram_and_a_short_one_is_said)
{
	int fd = memfd_create("file", MFD_CLOEXEC);
	uint8_t data[0x2800], in[0x2000];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	ck_assert_int_eq(write(fd, data, sizeof(data)), sizeof(data));
	ck_assert_int_eq(guest_mem_read_file(mem, 0x1800, fd, 0x123, sizeof(in)), 0);
	ck_assert_int_eq(guest_mem_read(mem, 0x1800, in, sizeof(in)), 0);
	ck_assert_mem_eq(in, data + 0x123, sizeof(in));
	ck_assert_int_eq(guest_mem_read_file(mem, 0x1000, fd, 0x2000, 0x801), -ENODATA);
	ck_assert_int_eq(guest_mem_read_file(mem, 0x1000, fd, 0x2000, 0x800), 0);
	ck_assert_int_eq(guest_mem_read_file(mem, 0x1000, -1, 0, 1), -EBADF);
	close(fd);
}
END_TEST

START_TEST(discarded_ram_reads_as_zero_and_works_on)
{
	const struct guest_mem_region *regions;
	uint8_t in[0x3000], zero[0x3000] = {0};
	size_t n;

	memset(in, 0x77, sizeof(in));
	ck_assert_int_eq(guest_mem_write(mem, 0x1000, in, sizeof(in)), 0);
	ck_assert_int_eq(guest_mem_write(mem, HIGH, in, PAGE), 0);
	guest_mem_discard(mem);
	ck_assert_int_eq(guest_mem_read(mem, 0x1000, in, sizeof(in)), 0);
	ck_assert_mem_eq(in, zero, sizeof(in));
	ck_assert_int_eq(guest_mem_read(mem, HIGH, in, PAGE), 0);
	ck_assert_mem_eq(in, zero, PAGE);
	ck_assert_int_eq(guest_mem_write(mem, 0x1000, "x", 1), 0);
	regions = guest_mem_regions(mem, &n);
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(regions[0].host[0], 'x');
}
END_TEST

START_TEST(odd_layouts_are_checked)
{
	const struct guest_mem_range overlap[] = {{0, 0x2000}, {0x1000, PAGE}};
	const struct guest_mem_range uneven[] = {{0, 0x1800}};
	const struct guest_mem_range base[] = {{0x800, PAGE}};
	const struct guest_mem_range empty[] = {{0, 0}};
	const struct guest_mem_range wraps[] = {{UINT64_MAX - 0xfff, 0x2000}};
	const struct guest_mem_range order[] = {{0x2000, PAGE}, {0, PAGE}};

	ck_assert_ptr_null(guest_mem_create_ranges(overlap, 2, &err));
	ck_assert_ptr_null(guest_mem_create_ranges(uneven, 1, &err));
	ck_assert_ptr_null(guest_mem_create_ranges(base, 1, &err));
	ck_assert_ptr_null(guest_mem_create_ranges(empty, 1, &err));
	ck_assert_ptr_null(guest_mem_create_ranges(wraps, 1, &err));
	ck_assert_ptr_null(guest_mem_create_ranges(order, 2, &err));
	ck_assert_ptr_null(guest_mem_create_ranges(order, 0, &err));
	ck_assert_ptr_null(guest_mem_create_ranges(order, GUEST_MEM_REGIONS + 1, &err));
	ck_assert_int_eq(err.code, -EINVAL);
}
END_TEST

START_TEST(pc_layout_puts_the_rest_at_4_gib)
{
	struct guest_mem *pc = guest_mem_create(GUEST_MEM_LOW_END + 0x200000, false, &err);
	const struct guest_mem_region *r;
	uint32_t word = 0x11223344, in = 0;
	size_t n;

	ck_assert_ptr_nonnull(pc);
	r = guest_mem_regions(pc, &n);
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(r[0].size, GUEST_MEM_LOW_END);
	ck_assert_uint_eq(r[1].base, GUEST_MEM_HIGH_BASE);
	ck_assert_uint_eq(r[1].fd_offset, GUEST_MEM_LOW_END);
	ck_assert(!guest_mem_contains(pc, GUEST_MEM_LOW_END - 2, 4));
	ck_assert_int_eq(guest_mem_write(pc, GUEST_MEM_HIGH_BASE + 0x1ffffc, &word, 4), 0);
	ck_assert_int_eq(guest_mem_read(pc, GUEST_MEM_HIGH_BASE + 0x1ffffc, &in, 4), 0);
	ck_assert_uint_eq(in, word);
	guest_mem_destroy(pc);
	pc = guest_mem_create(GUEST_MEM_LOW_END, false, &err);
	guest_mem_regions(pc, &n);
	ck_assert_uint_eq(n, 1);
	guest_mem_destroy(pc);
	ck_assert_ptr_null(guest_mem_create(0, false, &err));
	ck_assert_ptr_null(guest_mem_create(0x1001, false, &err));
	guest_mem_destroy(NULL);
}
END_TEST

/* Random ranges against a map of bytes that says what is RAM. */
START_TEST(random_ranges_agree_with_a_map)
{
	static uint8_t model[0x12000];
	uint8_t buf[0x800];

	for (unsigned int step = 0; step < 20000; step++) {
		size_t len = (size_t)rand() % sizeof(buf);
		gpa_t gpa = (gpa_t)rand() % (sizeof(model) - sizeof(buf));
		bool inside = true;

		for (gpa_t a = gpa; a < gpa + len; a++)
			inside = inside &&
				 ((a >= 0x1000 && a < END_A) || (a >= HIGH && a < HIGH + PAGE));
		ck_assert_int_eq(guest_mem_contains(mem, gpa, len), inside);
		if (step % 2) {
			memset(buf, (int)step, len);
			ck_assert_int_eq(guest_mem_write(mem, gpa, buf, len), inside ? 0 : -EFAULT);
			if (inside)
				memcpy(model + gpa, buf, len);
		} else {
			ck_assert_int_eq(guest_mem_read(mem, gpa, buf, len), inside ? 0 : -EFAULT);
			if (inside)
				ck_assert_int_eq(memcmp(buf, model + gpa, len), 0);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("guest_mem");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, what_is_written_is_read_across_regions);
	tcase_add_loop_test(tc, ranges_outside_ram_are_refused_and_touch_nothing, 0,
			    sizeof(outside) / sizeof(outside[0]));
	tcase_add_test(tc, ranges_inside_ram_are_taken_to_the_last_byte);
	tcase_add_test(tc, nothing_succeeds_anywhere);
	tcase_add_test(tc, pieces_follow_the_regions_and_end_at_holes);
	tcase_add_test(tc, zero_clears_exactly_its_range);
	tcase_add_test(tc, ring_words_are_little_endian_aligned_and_in_ram);
	tcase_add_test(tc, file_is_read_into_ram_and_a_short_one_is_said);
	tcase_add_test(tc, discarded_ram_reads_as_zero_and_works_on);
	tcase_add_test(tc, odd_layouts_are_checked);
	tcase_add_test(tc, pc_layout_puts_the_rest_at_4_gib);
	tcase_add_test(tc, random_ranges_agree_with_a_map);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
