/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/bus.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* A region that remembers its last access. */
struct probe {
	uint64_t offset, value, answer;
	unsigned int size;
	unsigned int reads, writes;
};

static struct bus *bus;
static struct err err;

static uint64_t probe_read(void *owner, uint64_t offset, unsigned int size)
{
	struct probe *p = owner;

	p->offset = offset;
	p->size = size;
	p->reads++;
	return p->answer;
}

static void probe_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct probe *p = owner;

	p->offset = offset;
	p->size = size;
	p->value = value;
	p->writes++;
}

static const struct region_ops any_ops = {"any", BUS_SIZE_ANY, false, probe_read, probe_write};
static const struct region_ops word_ops = {"word", BUS_SIZE_2 | BUS_SIZE_4, false, probe_read,
					   probe_write};
static const struct region_ops loose_ops = {"loose", BUS_SIZE_ANY, true, probe_read, probe_write};
static const struct region_ops deaf_ops = {"deaf", BUS_SIZE_ANY, false, NULL, NULL};

static void setup(void)
{
	bus = bus_create("test");
	ck_assert_ptr_nonnull(bus);
}

static void teardown(void)
{
	bus_destroy(bus);
}

static int add(uint64_t base, uint64_t len, const struct region_ops *ops, void *owner)
{
	return bus_add(bus, &(struct region){base, len, ops, owner}, &err);
}

START_TEST(access_reaches_its_region_by_offset)
{
	struct probe a = {.answer = 0x1122334455667788}, b = {.answer = 7};

	ck_assert_int_eq(add(0x100, 0x10, &any_ops, &a), 0);
	ck_assert_int_eq(add(0x110, 0x10, &any_ops, &b), 0);
	ck_assert_uint_eq(bus_read(bus, 0x108, 8), 0x1122334455667788);
	ck_assert_uint_eq(a.offset, 8);
	ck_assert_uint_eq(a.size, 8);
	ck_assert_uint_eq(bus_read(bus, 0x110, 1), 7);
	ck_assert_uint_eq(b.offset, 0);
	bus_write(bus, 0x11f, 1, 0xabcd);
	ck_assert_uint_eq(b.offset, 0xf);
	ck_assert_uint_eq(a.writes, 0);
	ck_assert_uint_eq(bus_unclaimed(bus), 0);
}
END_TEST

START_TEST(values_are_cut_to_the_width_both_ways)
{
	struct probe p = {.answer = 0x1122334455667788};
	const unsigned int width[] = {1, 2, 4, 8};
	const uint64_t mask[] = {0xff, 0xffff, 0xffffffff, UINT64_MAX};

	ck_assert_int_eq(add(0, 8, &any_ops, &p), 0);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_uint_eq(bus_read(bus, 0, width[i]), p.answer & mask[i]);
		bus_write(bus, 0, width[i], 0xffeeddccbbaa9988);
		ck_assert_uint_eq(p.value, 0xffeeddccbbaa9988 & mask[i]);
	}
}
END_TEST

START_TEST(overlap_is_refused_and_names_both)
{
	struct probe p = {0};

	ck_assert_int_eq(add(0x100, 0x10, &any_ops, &p), 0);
	ck_assert_int_eq(add(0x100, 0x10, &word_ops, &p), -EEXIST);
	ck_assert_ptr_nonnull(strstr(err.text, "word"));
	ck_assert_ptr_nonnull(strstr(err.text, "any"));
	ck_assert_int_eq(add(0xff, 2, &word_ops, &p), -EEXIST);
	ck_assert_int_eq(add(0x10f, 1, &word_ops, &p), -EEXIST);
	ck_assert_int_eq(add(0, UINT64_MAX, &word_ops, &p), -EEXIST);
	ck_assert_int_eq(add(0x108, 4, &word_ops, &p), -EEXIST);
	ck_assert_int_eq(add(0xff, 1, &word_ops, &p), 0);
	ck_assert_int_eq(add(0x110, 1, &word_ops, &p), 0);
}
END_TEST

START_TEST(empty_and_wrapping_regions_are_refused)
{
	struct probe p = {.answer = 5};

	ck_assert_int_eq(add(0x100, 0, &any_ops, &p), -EINVAL);
	ck_assert_int_eq(add(UINT64_MAX, 2, &any_ops, &p), -EINVAL);
	ck_assert_int_eq(add(UINT64_MAX - 7, 8, &any_ops, &p), 0);
	ck_assert_uint_eq(bus_read(bus, UINT64_MAX, 1), 5);
	ck_assert_uint_eq(p.offset, 7);
}
END_TEST

START_TEST(nothing_there_reads_ones_and_is_counted)
{
	ck_assert_uint_eq(bus_read(bus, 0x10, 1), 0xff);
	ck_assert_uint_eq(bus_read(bus, 0x10, 2), 0xffff);
	ck_assert_uint_eq(bus_read(bus, 0x10, 4), 0xffffffff);
	ck_assert_uint_eq(bus_read(bus, UINT64_MAX - 7, 8), UINT64_MAX);
	bus_write(bus, 0x10, 4, 1);
	ck_assert_uint_eq(bus_unclaimed(bus), 5);
}
END_TEST

START_TEST(widths_that_a_region_does_not_take_are_dropped)
{
	struct probe p = {0};

	ck_assert_int_eq(add(0x100, 0x10, &word_ops, &p), 0);
	ck_assert_uint_eq(bus_read(bus, 0x100, 1), 0xff);
	ck_assert_uint_eq(bus_read(bus, 0x100, 8), UINT64_MAX);
	bus_write(bus, 0x100, 1, 0);
	ck_assert_uint_eq(p.reads + p.writes, 0);
	ck_assert_uint_eq(bus_read(bus, 0x100, 2), 0);
	ck_assert_uint_eq(bus_read(bus, 0x104, 4), 0);
	ck_assert_uint_eq(p.reads, 2);
	ck_assert_uint_eq(bus_unclaimed(bus), 3);
}
END_TEST

START_TEST(unaligned_accesses_need_a_region_that_says_so)
{
	struct probe strict = {0}, loose = {0};

	ck_assert_int_eq(add(0x100, 6, &any_ops, &strict), 0);
	ck_assert_int_eq(add(0x200, 6, &loose_ops, &loose), 0);
	bus_write(bus, 0x101, 2, 0);
	bus_write(bus, 0x104, 4, 0); /* crosses the end */
	ck_assert_uint_eq(strict.writes, 0);
	bus_write(bus, 0x104, 2, 0);
	ck_assert_uint_eq(strict.writes, 1);
	bus_write(bus, 0x201, 2, 0);
	bus_write(bus, 0x205, 4, 0);
	ck_assert_uint_eq(loose.writes, 2);
	ck_assert_uint_eq(loose.offset, 5);
}
END_TEST

START_TEST(region_without_functions_is_harmless)
{
	ck_assert_int_eq(add(0, 8, &deaf_ops, NULL), 0);
	ck_assert_uint_eq(bus_read(bus, 0, 4), 0xffffffff);
	bus_write(bus, 0, 4, 1);
}
END_TEST

START_TEST(del_minds_base_ops_and_owner)
{
	struct probe p = {0}, q = {0};

	ck_assert_int_eq(add(0x100, 0x10, &any_ops, &p), 0);
	bus_del(bus, 0x100, &any_ops, &q);
	bus_del(bus, 0x100, &word_ops, &p);
	bus_del(bus, 0x101, &any_ops, &p);
	ck_assert_uint_eq(bus_read(bus, 0x100, 1), 0);
	bus_del(bus, 0x100, &any_ops, &p);
	ck_assert_uint_eq(bus_read(bus, 0x100, 1), 0xff);
	bus_del(bus, 0x100, &any_ops, &p);
}
END_TEST

/* A BAR: the write moves its own region. */
struct mover {
	uint64_t at;
	unsigned int writes;
};

static void mover_write(void *owner, uint64_t offset, unsigned int size, uint64_t value);
static const struct region_ops mover_ops = {"mover", BUS_SIZE_ANY, false, NULL, mover_write};

static void mover_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct mover *m = owner;

	(void)offset;
	(void)size;
	m->writes++;
	bus_del(bus, m->at, &mover_ops, m);
	m->at = value;
	if (value)
		ck_assert_int_eq(add(value, 0x10, &mover_ops, m), 0);
}

START_TEST(region_moves_and_deletes_itself_in_its_own_write)
{
	struct mover m = {.at = 0x100};

	ck_assert_int_eq(add(m.at, 0x10, &mover_ops, &m), 0);
	bus_write(bus, 0x100, 4, 0x200);
	bus_write(bus, 0x100, 4, 0x300);
	ck_assert_uint_eq(m.writes, 1);
	bus_write(bus, 0x200, 4, 0);
	bus_write(bus, 0x200, 4, 0x300);
	ck_assert_uint_eq(m.writes, 2);
}
END_TEST

/* Against a model: 256 addresses, each with the region that owns it. */
#define SPACE	256U
#define REGIONS 24U

START_TEST(random_changes_agree_with_a_model)
{
	struct probe probes[REGIONS];
	struct region at[REGIONS] = {0};
	int owner[SPACE];

	memset(owner, 0xff, sizeof(owner));
	for (unsigned int step = 0; step < 40000; step++) {
		unsigned int i = (unsigned int)rand() % REGIONS;
		unsigned int base = (unsigned int)rand() % SPACE;
		unsigned int len = 1 + (unsigned int)rand() % 16;
		bool free = base + len <= SPACE;

		if (at[i].len) {
			bus_del(bus, at[i].base, &loose_ops, &probes[i]);
			for (uint64_t a = at[i].base; a < at[i].base + at[i].len; a++)
				owner[a] = -1;
			at[i].len = 0;
		} else if (free) {
			for (unsigned int a = base; a < base + len; a++)
				free = free && owner[a] < 0;
			ck_assert_int_eq(add(base, len, &loose_ops, &probes[i]),
					 free ? 0 : -EEXIST);
			for (unsigned int a = base; free && a < base + len; a++)
				owner[a] = (int)i;
			if (free)
				at[i] = (struct region){.base = base, .len = len};
		}
		base = (unsigned int)rand() % SPACE;
		for (unsigned int p = 0; p < REGIONS; p++)
			probes[p].answer = p;
		ck_assert_uint_eq(bus_read(bus, base, 1),
				  owner[base] < 0 ? 0xff : (uint64_t)owner[base]);
		if (owner[base] >= 0)
			ck_assert_uint_eq(probes[owner[base]].offset, base - at[owner[base]].base);
	}
}
END_TEST

/* Readers while a region comes and goes: an answer is the region's or nobody's. */
static atomic_bool stop;

static uint64_t constant_read(void *owner, uint64_t offset, unsigned int size)
{
	(void)owner;
	(void)size;
	return 0x40 + offset;
}

static const struct region_ops constant_ops = {"constant", BUS_SIZE_1, false, constant_read, NULL};

static void *read_all_the_time(void *arg)
{
	atomic_uint *wrong = arg;

	while (!atomic_load(&stop)) {
		uint64_t got = bus_read(bus, 0x103, 1);

		if (got != 0x43 && got != 0xff)
			atomic_fetch_add(wrong, 1U);
	}
	return NULL;
}

START_TEST(threads_read_while_regions_change)
{
	pthread_t thread[2];
	atomic_uint wrong = 0;

	atomic_store(&stop, false);
	for (size_t i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, read_all_the_time, &wrong), 0);
	for (unsigned int i = 0; i < 5000; i++) {
		ck_assert_int_eq(add(0x100, 8, &constant_ops, NULL), 0);
		ck_assert_int_eq(add(i % 64, 1, &constant_ops, NULL), 0);
		bus_del(bus, 0x100, &constant_ops, NULL);
		bus_del(bus, i % 64, &constant_ops, NULL);
	}
	atomic_store(&stop, true);
	for (size_t i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bus");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, access_reaches_its_region_by_offset);
	tcase_add_test(tc, values_are_cut_to_the_width_both_ways);
	tcase_add_test(tc, overlap_is_refused_and_names_both);
	tcase_add_test(tc, empty_and_wrapping_regions_are_refused);
	tcase_add_test(tc, nothing_there_reads_ones_and_is_counted);
	tcase_add_test(tc, widths_that_a_region_does_not_take_are_dropped);
	tcase_add_test(tc, unaligned_accesses_need_a_region_that_says_so);
	tcase_add_test(tc, region_without_functions_is_harmless);
	tcase_add_test(tc, del_minds_base_ops_and_owner);
	tcase_add_test(tc, region_moves_and_deletes_itself_in_its_own_write);
	tcase_add_test(tc, random_changes_agree_with_a_model);
	tcase_add_test(tc, threads_read_while_regions_change);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
