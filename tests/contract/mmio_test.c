/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/contract.h"

/* Section 3: rules of the MMIO window. */

static uint64_t ones(unsigned int size)
{
	return size == 8 ? UINT64_MAX : (1ULL << (8 * size)) - 1;
}

/* True when no register answers at @at, for a blk device with @vectors. */
static bool undefined(uint32_t at, uint16_t vectors)
{
	if (at < 0x38 || at == VIRTIO_PCI_ISR)
		return false;
	if (at >= VIRTIO_PCI_NOTIFY && at < VIRTIO_PCI_NOTIFY + 0x100)
		return false;
	if (at >= VIRTIO_PCI_DEVICE && at < VIRTIO_PCI_DEVICE + 0x100)
		return false;
	return !(vectors && at >= VIRTIO_PCI_MSIX && at < VIRTIO_PCI_MSIX + 16U * vectors + 8);
}

START_TEST(undefined_offsets_read_0_in_full_width)
{
	static const uint32_t places[] = {0x38, 0x40, 0xf8, 0xff8, 0x1100, 0x2008, 0x2020, 0x3ff8};
	struct gd_blk b;

	CLAUSE("T-MMIO-1");
	start_blk(&b);
	for (size_t i = 0; i < COUNT_OF(places); i++)
		for (unsigned int size = 1; size <= 8; size *= 2)
			ck_assert_uint_eq(gd_bar_rd(&b.dev, places[i], size), 0);
	for (uint32_t at = 0; at < VIRTIO_PCI_BAR_SIZE; at++)
		if (undefined(at, 0))
			ck_assert_uint_eq(gd_bar_rd(&b.dev, at, 1), 0);
	gd_blk_close(&b);
}
END_TEST

/* Everything but the ISR byte. */
static void dump(const struct gd_dev *dev, uint8_t *out)
{
	for (uint32_t at = 0; at < VIRTIO_PCI_BAR_SIZE; at++)
		out[at] = at == VIRTIO_PCI_ISR ? 0 : (uint8_t)gd_bar_rd(dev, at, 1);
}

START_TEST(writes_to_undefined_offsets_do_nothing)
{
	static uint8_t before[VIRTIO_PCI_BAR_SIZE];
	static uint8_t after[VIRTIO_PCI_BAR_SIZE];
	struct gd_blk_config config = {.vectors = 2};
	struct gd_blk b;

	CLAUSE("T-MMIO-2");
	start_blk_with(&b, &config);
	dump(&b.dev, before);
	for (unsigned int size = 1; size <= 8; size *= 2)
		for (uint32_t at = 0; at + size <= VIRTIO_PCI_BAR_SIZE; at += size)
			if (undefined(at, 2))
				gd_bar_wr(&b.dev, at, size, UINT64_MAX);
	dump(&b.dev, after);
	ck_assert_mem_eq(before, after, sizeof(before));
	ck_assert(gd_blk_works(&b));
	gd_blk_close(&b);
}
END_TEST

START_TEST(unused_config_space_reads_0)
{
	struct gd_blk b;

	CLAUSE("T-MMIO-3");
	open_blk(&b);
	for (unsigned int size = 1; size <= 8; size *= 2)
		for (uint32_t at = 0x18; at < 0x100; at += size)
			ck_assert_uint_eq(gd_bar_rd(&b.dev, VIRTIO_PCI_DEVICE + at, size), 0);
	gd_blk_close(&b);
}
END_TEST

START_TEST(registers_are_little_endian)
{
	struct gd_blk b;

	CLAUSE("T-MMIO-4");
	open_blk(&b);
	ck_assert_uint_eq(gd_bar_rd(&b.dev, GD_NUM_QUEUES, 1), 1);
	ck_assert_uint_eq(gd_bar_rd(&b.dev, GD_NUM_QUEUES + 1, 1), 0);
	ck_assert_uint_eq(gd_bar_rd(&b.dev, GD_QUEUE_SIZE, 1), 128);
	ck_assert_uint_eq(gd_bar_rd(&b.dev, GD_QUEUE_SIZE + 1, 1), 0);
	gd_queue_wr(&b.dev, 0, GD_QUEUE_DESC, 0x1122334455667788ULL);
	for (uint32_t i = 0; i < 8; i++)
		ck_assert_uint_eq(gd_bar_rd(&b.dev, GD_QUEUE_DESC + i, 1), 0x88 - 0x11 * i);
	gd_blk_close(&b);
}
END_TEST

START_TEST(only_the_isr_has_a_side_effect_on_reading)
{
	static uint8_t first[VIRTIO_PCI_BAR_SIZE];
	static uint8_t second[VIRTIO_PCI_BAR_SIZE];
	struct gd_blk b;

	CLAUSE("T-MMIO-5");
	start_blk(&b);
	ck_assert(gd_blk_works(&b));
	dump(&b.dev, first);
	dump(&b.dev, second);
	ck_assert_mem_eq(first, second, sizeof(first));
	/* The pending cause is still there, and the queue saw no doorbell. */
	ck_assert(gd_line(&b.dev));
	ck_assert_uint_eq(gd_isr(&b.dev), VIRTIO_ISR_QUEUE);
	gd_blk_close(&b);
}
END_TEST

static void compare_widths(const struct gd_dev *dev, uint32_t from, uint32_t to)
{
	for (unsigned int size = 2; size <= 4; size *= 2) {
		for (uint32_t at = from; at < to; at += size) {
			uint64_t bytes = 0;

			for (unsigned int i = 0; i < size; i++)
				bytes |= gd_bar_rd(dev, at + i, 1) << (8 * i);
			ck_assert_uint_eq(gd_bar_rd(dev, at, size), bytes);
		}
	}
}

START_TEST(reads_of_mixed_width_agree)
{
	struct gd_blk b;

	CLAUSE("T-MMIO-6");
	start_blk(&b);
	compare_widths(&b.dev, 0, 0x38);
	compare_widths(&b.dev, VIRTIO_PCI_DEVICE, VIRTIO_PCI_DEVICE + 0x100);
	/* msix_config and num_queues in one read. */
	ck_assert_uint_eq(gd_bar_rd(&b.dev, GD_MSIX_CONFIG, 4), 0x0001ffff);
	gd_blk_close(&b);
}
END_TEST

START_TEST(registers_of_64_bits_take_halves_and_wholes)
{
	static const enum gd_common fields[] = {GD_QUEUE_DESC, GD_QUEUE_AVAIL, GD_QUEUE_USED};
	struct gd_blk b;

	CLAUSE("T-MMIO-7");
	open_blk(&b);
	gd_wr(&b.dev, GD_QUEUE_SELECT, 0);
	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		uint32_t at = fields[i];

		gd_bar_wr(&b.dev, at, 4, 0x55667788);
		gd_bar_wr(&b.dev, at + 4, 4, 0x11223344);
		ck_assert_uint_eq(gd_rd(&b.dev, at), 0x1122334455667788ULL);
		gd_bar_wr(&b.dev, at + 4, 4, 0x99aabbcc);
		gd_bar_wr(&b.dev, at, 4, 0xddeeff00);
		ck_assert_uint_eq(gd_rd(&b.dev, at), 0x99aabbccddeeff00ULL);
		gd_bar_wr(&b.dev, at, 8, 0x0123456789abcdefULL);
		ck_assert_uint_eq(gd_rd(&b.dev, at), 0x0123456789abcdefULL);
		ck_assert_uint_eq(gd_bar_rd(&b.dev, at, 8), 0x0123456789abcdefULL);
	}
	gd_blk_close(&b);
}
END_TEST

/* A write of @size at @at is one that some field takes. */
static bool matches(uint32_t at, unsigned int size)
{
	static const struct {
		uint32_t at;
		unsigned int size;
	} fields[] = {{0x00, 4}, {0x08, 4}, {0x0c, 4}, {0x10, 2}, {0x14, 1}, {0x16, 2},
		      {0x1a, 2}, {0x1c, 2}, {0x20, 8}, {0x28, 8}, {0x30, 8}};

	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		if (fields[i].at == at && fields[i].size == size)
			return true;
		if (fields[i].size == 8 && size == 4 &&
		    (fields[i].at == at || fields[i].at + 4 == at))
			return true;
	}
	return false;
}

START_TEST(writes_that_match_no_field_are_ignored)
{
	static const uint64_t values[] = {0, 1, UINT64_MAX};
	static uint8_t before[VIRTIO_PCI_BAR_SIZE];
	static uint8_t after[VIRTIO_PCI_BAR_SIZE];
	struct gd_blk b;

	CLAUSE("T-MMIO-8");
	start_blk(&b);
	dump(&b.dev, before);
	for (size_t v = 0; v < COUNT_OF(values); v++)
		for (unsigned int size = 1; size <= 8; size *= 2)
			for (uint32_t at = 0; at < 0x38; at++)
				if (!matches(at, size))
					gd_bar_wr(&b.dev, at, size, values[v]);
	dump(&b.dev, after);
	ck_assert_mem_eq(before, after, sizeof(before));
	ck_assert(gd_blk_works(&b));
	gd_blk_close(&b);
}
END_TEST

START_TEST(every_offset_and_width_is_safe)
{
	static const uint64_t values[] = {0, 0x5555555555555555ULL, UINT64_MAX};
	struct gd_blk_config config = {.vectors = 2};
	struct gd_blk b;

	TRAP("register-noise");
	CLAUSE("T-MMIO-9");
	start_blk_with(&b, &config);
	for (size_t v = 0; v < COUNT_OF(values); v++) {
		for (uint32_t at = 0; at < VIRTIO_PCI_BAR_SIZE; at++) {
			for (unsigned int size = 1; size <= 8; size *= 2) {
				uint64_t got = gd_bar_rd(&b.dev, at, size);

				ck_assert_uint_eq(got & ~ones(size), 0);
				gd_bar_wr(&b.dev, at, size, values[v]);
			}
		}
		gd_settle(b.m);
	}
	gd_reset(&b.dev);
	ck_assert_ptr_null(gd_blk_start(&b, &gd_win7_blk));
	ck_assert(gd_blk_works(&b));
	gd_blk_close(&b);
}
END_TEST

START_TEST(random_accesses_of_any_kind_are_safe)
{
	uint64_t seed = 0x9e3779b97f4a7c15ULL;
	struct gd_blk_config config = {.vectors = 2};
	struct gd_blk b;

	TRAP("register-noise");
	CLAUSE("T-MMIO-9");
	start_blk_with(&b, &config);
	for (unsigned int i = 0; i < 200000; i++) {
		unsigned int size;
		uint32_t at;

		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		at = (uint32_t)(seed >> 40) % VIRTIO_PCI_BAR_SIZE;
		size = 1U << (seed >> 33 & 3);
		if (seed >> 35 & 1)
			at = (at & ~0xffU) % 0x4000 + (uint32_t)(seed >> 50) % 0x40;
		if (seed >> 36 & 1)
			gd_bar_wr(&b.dev, at, size, seed * 0xff51afd7ed558ccdULL);
		else
			ck_assert_uint_eq(gd_bar_rd(&b.dev, at, size) & ~ones(size), 0);
		if (i % 1000 == 0)
			gd_settle(b.m);
	}
	gd_reset(&b.dev);
	ck_assert_ptr_null(gd_blk_start(&b, &gd_win7_blk));
	ck_assert(gd_blk_works(&b));
	gd_blk_close(&b);
}
END_TEST

START_TEST(wide_isr_reads_acknowledge_once)
{
	struct gd_blk b;

	CLAUSE("T-MMIO-10");
	start_blk(&b);
	for (unsigned int size = 1; size <= 8; size *= 2) {
		ck_assert(gd_blk_works(&b));
		ck_assert_uint_eq(gd_bar_rd(&b.dev, VIRTIO_PCI_ISR, size), VIRTIO_ISR_QUEUE);
		ck_assert(!gd_line(&b.dev));
		ck_assert_uint_eq(gd_bar_rd(&b.dev, VIRTIO_PCI_ISR, size), 0);
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(rest_of_the_isr_window_does_not_acknowledge)
{
	struct gd_blk b;

	CLAUSE("T-MMIO-11");
	start_blk(&b);
	ck_assert(gd_blk_works(&b));
	for (uint32_t at = VIRTIO_PCI_ISR + 1; at < VIRTIO_PCI_ISR + 0x20; at++)
		for (unsigned int size = 1; size <= 8; size *= 2)
			ck_assert_uint_eq(gd_bar_rd(&b.dev, at, size), 0);
	/* Nor does a read that runs into the byte from below. */
	ck_assert_uint_eq(gd_bar_rd(&b.dev, VIRTIO_PCI_ISR - 1, 2), 0);
	ck_assert(gd_line(&b.dev));
	ck_assert_uint_eq(gd_isr(&b.dev), VIRTIO_ISR_QUEUE);
	gd_blk_close(&b);
}
END_TEST

CONTRACT_MAIN("mmio", undefined_offsets_read_0_in_full_width,
	      writes_to_undefined_offsets_do_nothing, unused_config_space_reads_0,
	      registers_are_little_endian, only_the_isr_has_a_side_effect_on_reading,
	      reads_of_mixed_width_agree, registers_of_64_bits_take_halves_and_wholes,
	      writes_that_match_no_field_are_ignored, every_offset_and_width_is_safe,
	      random_accesses_of_any_kind_are_safe, wide_isr_reads_acknowledge_once,
	      rest_of_the_isr_window_does_not_acknowledge)
