/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/kvm/cpuid.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Made-up tables of an Intel and an AMD host with 16 threads, and what a guest must read. */

#define ROOM 32U

#define INDEXED KVM_CPUID_FLAG_SIGNIFCANT_INDEX

/* clang-format off */
static const struct kvm_cpuid_entry2 intel[] = {
	{.function = 0, .eax = 0x1f, .ebx = 0x756e6547, .ecx = 0x6c65746e, .edx = 0x49656e69},
	{.function = 1, .ebx = 0x0b100800, .ecx = 0x00200000, .edx = 0x1f8bfbff},
	{.function = 4, .index = 0, .flags = INDEXED, .eax = 0x1c004121},	/* L1 data */
	{.function = 4, .index = 1, .flags = INDEXED, .eax = 0x1c004122},	/* L1 code */
	{.function = 4, .index = 2, .flags = INDEXED, .eax = 0x1c004143},	/* L2 */
	{.function = 4, .index = 3, .flags = INDEXED, .eax = 0x1c03c163},	/* L3 */
	{.function = 4, .index = 4, .flags = INDEXED},
	{.function = 0xb, .index = 0, .flags = INDEXED, .eax = 1, .ebx = 2, .ecx = 0x100, .edx = 11},
	{.function = 0xb, .index = 1, .flags = INDEXED, .eax = 4, .ebx = 16, .ecx = 0x201, .edx = 11},
	{.function = 0x1f, .index = 0, .flags = INDEXED, .eax = 1, .ebx = 2, .ecx = 0x100, .edx = 11},
	{.function = 0x80000008, .eax = 0x3039, .ecx = 0x1234},
};

static const struct kvm_cpuid_entry2 amd[] = {
	{.function = 0, .eax = 0x10, .ebx = 0x68747541, .ecx = 0x444d4163, .edx = 0x69746e65},
	{.function = 1, .ebx = 0x0b100800, .ecx = 0x00200000, .edx = 0x1f8bfbff},
	{.function = 0xb, .index = 0, .flags = INDEXED, .eax = 1, .ebx = 2, .ecx = 0x100, .edx = 11},
	{.function = 0x80000001, .ecx = 0x75c237ff},
	{.function = 0x80000008, .eax = 0x3030, .ecx = 0x400f},
	{.function = 0x8000001d, .index = 0, .flags = INDEXED, .eax = 0x00004121},
	{.function = 0x8000001d, .index = 1, .flags = INDEXED, .eax = 0x00004122},
	{.function = 0x8000001d, .index = 2, .flags = INDEXED, .eax = 0x00004143},
	{.function = 0x8000001d, .index = 3, .flags = INDEXED, .eax = 0x0003c163},
	{.function = 0x8000001d, .index = 4, .flags = INDEXED},
	{.function = 0x8000001e, .eax = 11, .ebx = 0x105, .ecx = 0x300},
};
/* clang-format on */

#define N(a) (sizeof(a) / sizeof((a)[0]))

#define TABLE_SIZE (sizeof(struct kvm_cpuid2) + ROOM * sizeof(struct kvm_cpuid_entry2))

static struct kvm_cpuid2 *cpuid;

static void setup(void)
{
	cpuid = calloc(1, TABLE_SIZE);
	ck_assert_ptr_nonnull(cpuid);
}

static void teardown(void)
{
	free(cpuid);
}

static void fill(const struct kvm_cpuid_entry2 *rows, size_t n)
{
	memset(cpuid, 0, TABLE_SIZE);
	memcpy(cpuid->entries, rows, n * sizeof(*rows));
	cpuid->nent = (uint32_t)n;
}

static void set(unsigned int n_cpus, unsigned int index)
{
	struct cpuid_topology topology = {.n_cpus = n_cpus};

	ck_assert_int_eq(cpuid_set_topology(cpuid, ROOM, &topology, index), 0);
	ck_assert_uint_le(cpuid->nent, ROOM);
}

static struct kvm_cpuid_entry2 *row(uint32_t leaf, uint32_t subleaf)
{
	struct kvm_cpuid_entry2 *e = cpuid_find(cpuid, leaf, subleaf);

	ck_assert_ptr_nonnull(e);
	return e;
}

static unsigned int bits(unsigned int n)
{
	return n == 1 ? 0 : n == 4 ? 2 : 6;
}

static const unsigned int sizes[] = {1, 4, 64};

START_TEST(leaf_1_has_apic_id_and_count)
{
	unsigned int n = sizes[_i];

	for (unsigned int cpu = 0; cpu < n; cpu++) {
		fill(intel, N(intel));
		set(n, cpu);
		ck_assert_uint_eq(row(1, 0)->ebx >> 24, cpu);
		ck_assert_uint_eq(row(1, 0)->ebx >> 16 & 0xff, n);
		ck_assert_uint_eq(row(1, 0)->ebx & 0xffff, 0x0800);
		ck_assert_uint_eq(row(1, 0)->edx >> 28 & 1, n > 1);
		ck_assert_uint_eq(row(1, 0)->ecx >> 31, 1);
		ck_assert_uint_eq(row(1, 0)->ecx & 0x7fffffff, 0x00200000);
	}
}
END_TEST

START_TEST(tsc_deadline_is_shown_when_the_host_has_it)
{
	struct cpuid_topology topology = {.n_cpus = 1, .tsc_deadline = true};

	fill(intel, N(intel));
	ck_assert_int_eq(cpuid_set_topology(cpuid, ROOM, &topology, 0), 0);
	ck_assert_uint_eq(row(1, 0)->ecx >> 24 & 1, 1);
}
END_TEST

static void check_extended(uint32_t leaf, unsigned int n, unsigned int cpu)
{
	const struct kvm_cpuid_entry2 *smt = row(leaf, 0), *core = row(leaf, 1),
				      *end = row(leaf, 2);

	ck_assert_uint_eq(smt->eax, 0);
	ck_assert_uint_eq(smt->ebx, 1);
	ck_assert_uint_eq(smt->ecx, 0x100);
	ck_assert_uint_eq(smt->edx, cpu);
	ck_assert_uint_eq(core->eax, bits(n));
	ck_assert_uint_eq(core->ebx, n);
	ck_assert_uint_eq(core->ecx, 0x201);
	ck_assert_uint_eq(core->edx, cpu);
	ck_assert_uint_eq(end->eax | end->ebx, 0);
	ck_assert_uint_eq(end->ecx, 2);
	ck_assert_uint_eq(end->edx, cpu);
}

START_TEST(leaves_0b_and_1f_are_one_package_of_single_threaded_cores)
{
	unsigned int n = sizes[_i];

	for (unsigned int cpu = 0; cpu < n; cpu++) {
		fill(intel, N(intel));
		set(n, cpu);
		check_extended(0x0b, n, cpu);
		check_extended(0x1f, n, cpu);
	}
	fill(amd, N(amd));
	set(n, n - 1);
	check_extended(0x0b, n, n - 1);
	ck_assert_ptr_null(cpuid_find(cpuid, 0x1f, 0));
}
END_TEST

START_TEST(leaf_4_shares_only_the_last_level)
{
	unsigned int n = sizes[_i];
	uint32_t ids = (1U << bits(n)) - 1;

	fill(intel, N(intel));
	set(n, 0);
	for (uint32_t sub = 0; sub < 4; sub++) {
		uint32_t eax = row(4, sub)->eax;

		ck_assert_uint_eq(eax & 0x3fff, intel[2 + sub].eax & 0x3fff);
		ck_assert_uint_eq(eax >> 14 & 0xfff, sub == 3 ? ids : 0);
		ck_assert_uint_eq(eax >> 26, ids);
	}
	ck_assert_uint_eq(row(4, 4)->eax, 0);
}
END_TEST

START_TEST(amd_leaves_describe_the_same_machine)
{
	unsigned int n = sizes[_i];
	uint32_t ids = (1U << bits(n)) - 1;

	for (unsigned int cpu = 0; cpu < n; cpu++) {
		fill(amd, N(amd));
		set(n, cpu);
		ck_assert_uint_eq(row(0x80000008, 0)->ecx & 0xff, n - 1);
		ck_assert_uint_eq(row(0x80000008, 0)->ecx >> 12 & 0xf, bits(n));
		ck_assert_uint_eq(row(0x80000008, 0)->eax, 0x3030);
		ck_assert_uint_eq(row(0x80000001, 0)->ecx >> 1 & 1, n > 1);
		ck_assert_uint_eq(row(0x8000001e, 0)->eax, cpu);
		ck_assert_uint_eq(row(0x8000001e, 0)->ebx, cpu);
		ck_assert_uint_eq(row(0x8000001e, 0)->ecx, 0);
		ck_assert_uint_eq(row(0x8000001d, 2)->eax, 0x143);
		ck_assert_uint_eq(row(0x8000001d, 3)->eax, 0x163 | ids << 14);
		ck_assert_uint_eq(row(0x8000001d, 4)->eax, 0);
	}
}
END_TEST

START_TEST(intel_keeps_its_extended_leaves)
{
	fill(intel, N(intel));
	set(4, 1);
	ck_assert_uint_eq(row(0x80000008, 0)->ecx, 0x1234);
}
END_TEST

/* The table is used for one vCPU after the other. */
START_TEST(a_second_rewrite_gives_what_the_first_would)
{
	struct kvm_cpuid_entry2 once[ROOM];
	uint32_t n;

	fill(intel, N(intel));
	set(64, 63);
	n = cpuid->nent;
	memcpy(once, cpuid->entries, n * sizeof(*once));
	fill(intel, N(intel));
	for (unsigned int cpu = 0; cpu < 64; cpu++)
		set(64, cpu);
	ck_assert_uint_eq(cpuid->nent, n);
	for (uint32_t i = 0; i < cpuid->nent; i++) {
		const struct kvm_cpuid_entry2 *e = &once[i];

		ck_assert_mem_eq(row(e->function, e->index), e, sizeof(*e));
	}
}
END_TEST

START_TEST(full_table_is_refused_and_never_overrun)
{
	struct cpuid_topology topology = {.n_cpus = 4};
	/* 0Bh grows by one row, 1Fh by two. */
	unsigned int needed = N(intel) + 3;

	for (unsigned int room = N(intel); room < needed; room++) {
		fill(intel, N(intel));
		memset(&cpuid->entries[room], 0xa5, sizeof(cpuid->entries[0]));
		ck_assert_int_eq(cpuid_set_topology(cpuid, room, &topology, 0), -ENOSPC);
		ck_assert_uint_le(cpuid->nent, room);
		ck_assert_uint_eq(cpuid->entries[room].function, 0xa5a5a5a5);
	}
	fill(intel, N(intel));
	ck_assert_int_eq(cpuid_set_topology(cpuid, needed, &topology, 0), 0);
	ck_assert_uint_le(needed - N(intel), CPUID_SPARE);
}
END_TEST

START_TEST(find_minds_the_index_only_where_it_counts)
{
	fill(intel, N(intel));
	ck_assert_ptr_eq(cpuid_find(cpuid, 1, 7), cpuid_find(cpuid, 1, 0));
	ck_assert_ptr_null(cpuid_find(cpuid, 4, 9));
	ck_assert_uint_eq(row(4, 2)->eax, 0x1c004143);
	ck_assert_ptr_null(cpuid_find(cpuid, 0x40000000, 0));
}
END_TEST

START_TEST(an_empty_table_stays_empty)
{
	fill(intel, 0);
	set(4, 0);
	ck_assert_uint_eq(cpuid->nent, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cpuid");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, leaf_1_has_apic_id_and_count, 0, N(sizes));
	tcase_add_test(tc, tsc_deadline_is_shown_when_the_host_has_it);
	tcase_add_loop_test(tc, leaves_0b_and_1f_are_one_package_of_single_threaded_cores, 0,
			    N(sizes));
	tcase_add_loop_test(tc, leaf_4_shares_only_the_last_level, 0, N(sizes));
	tcase_add_loop_test(tc, amd_leaves_describe_the_same_machine, 0, N(sizes));
	tcase_add_test(tc, intel_keeps_its_extended_leaves);
	tcase_add_test(tc, a_second_rewrite_gives_what_the_first_would);
	tcase_add_test(tc, full_table_is_refused_and_never_overrun);
	tcase_add_test(tc, find_minds_the_index_only_where_it_counts);
	tcase_add_test(tc, an_empty_table_stays_empty);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
