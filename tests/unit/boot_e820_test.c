/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/boot/e820.h"
#include "tests/unit/boot_files.h"

static void check_map(uint64_t ram, const struct e820_entry *want, size_t n)
{
	struct guest_mem *mem = guest_mem_create(ram, false, &err);
	struct e820_map map;

	ck_assert_ptr_nonnull(mem);
	e820_build(mem, &map);
	ck_assert_uint_eq(map.n, n);
	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_eq(map.entries[i].addr, want[i].addr);
		ck_assert_uint_eq(map.entries[i].size, want[i].size);
		ck_assert_uint_eq(map.entries[i].type, want[i].type);
	}
	guest_mem_destroy(mem);
}

#define LEGACY                                                                                     \
	{0, 0x9fc00, 1}, {0x9fc00, 0x400, 2},                                                      \
	{                                                                                          \
		0xe0000, 0x20000, 2                                                                \
	}
#define KVM                                                                                        \
	{                                                                                          \
		0xfeffc000, 0x4000, 2                                                              \
	}

START_TEST(map_of_512_mib)
{
	const struct e820_entry want[] = {LEGACY, {MIB, 511 * MIB, 1}, KVM};

	check_map(512 * MIB, want, 5);
}
END_TEST

START_TEST(map_of_3_gib)
{
	const struct e820_entry want[] = {LEGACY, {MIB, 3 * GIB - MIB, 1}, KVM};

	check_map(3 * GIB, want, 5);
}
END_TEST

START_TEST(map_of_6_gib)
{
	const struct e820_entry want[] = {
		LEGACY, {MIB, 3 * GIB - MIB, 1}, KVM, {4 * GIB, 3 * GIB, 1}};

	check_map(6 * GIB, want, 6);
}
END_TEST

START_TEST(map_of_tiny_ram)
{
	const struct e820_entry want[] = {
		{0, 0x80000, 1}, {0x9fc00, 0x400, 2}, {0xe0000, 0x20000, 2}, KVM};

	check_map(0x80000, want, 4);
}
END_TEST

START_TEST(map_of_odd_regions_is_ascending)
{
	const struct guest_mem_range ranges[GUEST_MEM_REGIONS] = {
		{0x1000, 0x200000}, {4 * MIB, MIB}, {4 * GIB, MIB}, {8 * GIB, MIB}};
	struct guest_mem *mem = guest_mem_create_ranges(ranges, GUEST_MEM_REGIONS, &err);
	struct e820_map map;

	ck_assert_ptr_nonnull(mem);
	e820_build(mem, &map);
	ck_assert_uint_eq(map.n, 8);
	for (size_t i = 1; i < map.n; i++)
		ck_assert_uint_le(map.entries[i - 1].addr + map.entries[i - 1].size,
				  map.entries[i].addr);
	ck_assert_uint_eq(map.entries[0].addr, 0x1000);
	ck_assert_uint_eq(map.entries[0].size, 0x9ec00);
	guest_mem_destroy(mem);
}
END_TEST

int main(void)
{
	const struct boot_case cases[] = {
		{map_of_512_mib, 1},
		{map_of_3_gib, 1},
		{map_of_6_gib, 1},
		{map_of_tiny_ram, 1},
		{map_of_odd_regions_is_ascending, 1},
	};

	return boot_cases_run("boot_e820", cases, COUNT(cases));
}
