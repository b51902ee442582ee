/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/micro/guest.h"

#include <string.h>

/* Exits arrive at the bus with the right place, width and value, and the guest sees the answer. */

static struct micro m;

static void check_log(const struct micro_access *expected, size_t n)
{
	CHECK_EQ(m.n_log, n);
	for (size_t i = 0; i < n; i++) {
		const struct micro_access *e = &expected[i];
		const struct micro_access *a = &m.log[i];

		if (a->offset != e->offset || a->size != e->size || a->write != e->write ||
		    a->mmio != e->mmio || a->value != e->value)
			tap_fail(__FILE__, __LINE__,
				 "access %zu: %s of %u bytes at %llu, value 0x%llx", i,
				 a->write ? "write" : "read", a->size,
				 (unsigned long long)a->offset, (unsigned long long)a->value);
	}
}

static void run(enum micro_entry entry)
{
	micro_init(&m, 1);
	micro_boot(&m, entry);
	micro_go(&m);
	micro_wait_marks(&m, 1);
	micro_park(&m);
}

static void port_accesses_of_every_width_arrive_and_return(void)
{
	const struct micro_access expected[] = {
		{0, 0x12, 1, true, false},	 {2, 0x3456, 2, true, false},
		{4, 0x789abcde, 4, true, false}, {1, 0x55aa, 2, true, false},
		{1, 0, 1, false, false},	 {2, 0, 2, false, false},
		{4, 0, 4, false, false},	 {0, 0, 1, false, false},
		{0, 'V', 1, true, false},	 {0, 'i', 1, true, false},
		{0, 's', 1, true, false},	 {0, 'e', 1, true, false},
		{0, '!', 1, true, false},	 {3, 0, 1, false, false},
		{3, 0, 1, false, false},	 {3, 0, 1, false, false},
		{3, 0, 1, false, false},
	};
	struct micro_box box;
	uint8_t byte;

	run(MICRO_ENTRY_PIO);
	check_log(expected, sizeof(expected) / sizeof(expected[0]));
	box = micro_box(&m);
	CHECK_EQ(box.value[0], micro_answer(1, 1) & 0xff);
	CHECK_EQ(box.value[1], micro_answer(2, 2) & 0xffff);
	CHECK_EQ(box.value[2], micro_answer(4, 4) & 0xffffffff);
	CHECK_EQ(box.value[3], 0xffffffffffffff00 | (micro_answer(0, 1) & 0xff));
	CHECK_EQ(box.value[4], 0xff);
	CHECK_EQ(box.value[5], 0xffff);
	CHECK_EQ(box.value[6], 0xffffffff);
	byte = (uint8_t)micro_answer(3, 1);
	CHECK_EQ(box.value[7], 0x01010101U * byte);
	CHECK_EQ(bus_unclaimed(m.pio), 3);
	micro_fini(&m);
}

static void memory_accesses_of_every_width_arrive_and_return(void)
{
	const struct micro_access expected[] = {
		{1, 0x12, 1, true, true},	{2, 0x3456, 2, true, true},
		{4, 0x789abcde, 4, true, true}, {8, 0x1122334455667788, 8, true, true},
		{3, 0, 1, false, true},		{2, 0, 2, false, true},
		{4, 0, 4, false, true},		{0, 0, 8, false, true},
	};
	struct micro_box box;

	run(MICRO_ENTRY_MMIO);
	check_log(expected, sizeof(expected) / sizeof(expected[0]));
	box = micro_box(&m);
	CHECK_EQ(box.value[0], micro_answer(3, 1) & 0xff);
	CHECK_EQ(box.value[1], micro_answer(2, 2) & 0xffff);
	CHECK_EQ(box.value[2], micro_answer(4, 4) & 0xffffffff);
	CHECK_EQ(box.value[3], micro_answer(0, 8));
	CHECK_EQ(box.value[4], 0xff);
	CHECK_EQ(box.value[5], 0xffff);
	CHECK_EQ(box.value[6], 0xffffffff);
	CHECK_EQ(box.value[7], UINT64_MAX);
	CHECK_EQ(bus_unclaimed(m.mmio), 5);
	micro_fini(&m);
}

static void exits_are_counted_by_kind(void)
{
	const struct cpu_stats *stats;

	run(MICRO_ENTRY_MMIO);
	stats = cpus_stats(m.cpus, 0);
	CHECK_EQ(stats->exits_mmio, 13);
	CHECK_EQ(stats->exits_io, 1);
	micro_fini(&m);
}

int main(void)
{
	static const struct tap_test tests[] = {
		TAP_TEST(port_accesses_of_every_width_arrive_and_return),
		TAP_TEST(memory_accesses_of_every_width_arrive_and_return),
		TAP_TEST(exits_are_counted_by_kind),
	};

	return tap_run(tests, sizeof(tests) / sizeof(tests[0]), 30, micro_unavailable());
}
