/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/contract.h"

/* Section 11: config_generation. */

START_TEST(generation_stays_0_while_config_does_not_change)
{
	struct gd_blk b;

	CLAUSE("T-GEN-1");
	start_blk(&b);
	for (unsigned int i = 0; i < 20; i++) {
		ck_assert_uint_eq(gd_rd(&b.dev, GD_GENERATION), 0);
		ck_assert(gd_blk_works(&b));
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(change_by_the_device_increments_and_interrupts)
{
	struct echo e;

	CLAUSE("T-GEN-2");
	CLAUSE("T-INT-7");
	start_echo(&e);
	for (unsigned int i = 1; i <= 600; i++) {
		gd_echo_config(e.vd, 3, (uint8_t)i);
		ck_assert_uint_eq(gd_rd(&e.dev, GD_GENERATION), i & 0xff);
		ck_assert_uint_eq(gd_bar_rd(&e.dev, VIRTIO_PCI_DEVICE + 3, 1), i & 0xff);
		ck_assert_uint_eq(gd_isr(&e.dev), VIRTIO_ISR_CONFIG);
	}
	close_echo(&e);
}
END_TEST

START_TEST(resize_increments)
{
	struct gd_blk b;

	CLAUSE("T-GEN-2");
	start_blk(&b);
	ck_assert_int_eq(virtio_blk_resize(b.vd, 1 << 20, NULL), 0);
	ck_assert_uint_eq(gd_rd(&b.dev, GD_GENERATION), 1);
	gd_blk_close(&b);
}
END_TEST

START_TEST(reading_has_no_side_effect)
{
	struct gd_blk b;

	CLAUSE("T-GEN-3");
	start_blk(&b);
	ck_assert_int_eq(virtio_blk_resize(b.vd, 1 << 20, NULL), 0);
	for (unsigned int i = 0; i < 100; i++) {
		uint64_t before = gd_rd(&b.dev, GD_GENERATION);

		for (uint32_t at = 0; at < 0x18; at += 4)
			gd_bar_rd(&b.dev, VIRTIO_PCI_DEVICE + at, 4);
		ck_assert_uint_eq(gd_rd(&b.dev, GD_GENERATION), before);
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(change_by_the_guest_does_not_count)
{
	struct echo e;

	CLAUSE("T-GEN-4");
	start_echo(&e);
	for (unsigned int i = 0; i < 50; i++) {
		gd_bar_wr(&e.dev, VIRTIO_PCI_DEVICE, 2, 0x0100 + i);
		ck_assert_uint_eq(gd_bar_rd(&e.dev, VIRTIO_PCI_DEVICE, 2), 0x0100 + i);
		ck_assert_uint_eq(gd_rd(&e.dev, GD_GENERATION), 0);
	}
	ck_assert(!gd_line(&e.dev));
	ck_assert_uint_eq(gd_isr(&e.dev), 0);
	close_echo(&e);
}
END_TEST

START_TEST(config_does_not_change_by_itself)
{
	uint64_t before[32];
	struct gd_blk b;

	CLAUSE("T-GEN-5");
	start_blk(&b);
	for (uint32_t i = 0; i < 32; i++)
		before[i] = gd_bar_rd(&b.dev, VIRTIO_PCI_DEVICE + 8 * i, 8);
	for (unsigned int i = 0; i < 200; i++)
		ck_assert(gd_blk_works(&b));
	for (uint32_t i = 0; i < 32; i++)
		ck_assert_uint_eq(gd_bar_rd(&b.dev, VIRTIO_PCI_DEVICE + 8 * i, 8), before[i]);
	ck_assert_uint_eq(gd_isr(&b.dev), VIRTIO_ISR_QUEUE);
	gd_blk_close(&b);
}
END_TEST

CONTRACT_MAIN("generation", generation_stays_0_while_config_does_not_change,
	      change_by_the_device_increments_and_interrupts, resize_increments,
	      reading_has_no_side_effect, change_by_the_guest_does_not_count,
	      config_does_not_change_by_itself)
