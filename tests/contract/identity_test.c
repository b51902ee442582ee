/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/contract.h"

#include <string.h>

/* Section 1: PCI identity. */

static unsigned int blk_cfg(unsigned int offset, unsigned int size)
{
	struct gd_blk b;
	unsigned int value;

	open_blk(&b);
	value = gd_cfg_read(b.m, GD_BLK_DEVFN, offset, size);
	gd_blk_close(&b);
	return value;
}

START_TEST(vendor_is_1af4)
{
	CLAUSE("T-ID-1");
	ck_assert_uint_eq(blk_cfg(0x00, 2), 0x1af4);
}
END_TEST

START_TEST(device_id_is_modern)
{
	CLAUSE("T-ID-2");
	ck_assert_uint_eq(blk_cfg(0x02, 2), 0x1042);
}
END_TEST

START_TEST(revision_is_1)
{
	CLAUSE("T-ID-3");
	ck_assert_uint_eq(blk_cfg(0x08, 1), 0x01);
}
END_TEST

START_TEST(subsystem_vendor_is_1af4)
{
	CLAUSE("T-ID-4");
	ck_assert_uint_eq(blk_cfg(0x2c, 2), 0x1af4);
}
END_TEST

START_TEST(subsystem_is_the_contracts)
{
	CLAUSE("T-ID-5");
	ck_assert_uint_eq(blk_cfg(0x2e, 2), 0x0002);
}
END_TEST

START_TEST(interrupt_pin_is_inta)
{
	CLAUSE("T-ID-6");
	ck_assert_uint_eq(blk_cfg(0x3d, 1), 1);
}
END_TEST

START_TEST(class_is_mass_storage)
{
	CLAUSE("T-ID-7");
	ck_assert_uint_eq(blk_cfg(0x08, 4) >> 8, 0x010000);
}
END_TEST

START_TEST(header_type_is_single_function)
{
	CLAUSE("T-ID-8");
	ck_assert_uint_eq(blk_cfg(0x0e, 1), 0x00);
}
END_TEST

/* The transport's own table, for the types whose devices stand elsewhere. */
START_TEST(each_type_has_its_row_of_the_table)
{
	static const struct {
		uint16_t id, device, subsystem;
		uint32_t class;
	} rows[] = {
		{VIRTIO_ID_NET, 0x1041, 0x0001, 0x020000},
		{VIRTIO_ID_BLOCK, 0x1042, 0x0002, 0x010000},
		{VIRTIO_ID_CONSOLE, 0x1043, 0x0003, 0x078000},
		{VIRTIO_ID_INPUT, 0x1052, 0x0010, 0x098000},
		{VIRTIO_ID_SOUND, 0x1059, 0x0019, 0x040100},
	};

	CLAUSE("T-ID-1");
	CLAUSE("T-ID-2");
	CLAUSE("T-ID-3");
	CLAUSE("T-ID-4");
	CLAUSE("T-ID-5");
	CLAUSE("T-ID-6");
	CLAUSE("T-ID-7");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct gd_echo_config config = {
			.id = "echo", .virtio_id = rows[i].id, .n_queues = 1, .sizes = {64}};
		struct gd_machine *m = gd_machine_create(NULL);

		gd_plug(m, gd_echo_create(m, &config), ECHO_DEVFN, 0);
		ck_assert_uint_eq(gd_cfg_read(m, ECHO_DEVFN, 0x00, 4),
				  0x1af4U | (uint32_t)rows[i].device << 16);
		ck_assert_uint_eq(gd_cfg_read(m, ECHO_DEVFN, 0x08, 4), 1U | rows[i].class << 8);
		ck_assert_uint_eq(gd_cfg_read(m, ECHO_DEVFN, 0x2c, 4),
				  0x1af4U | (uint32_t)rows[i].subsystem << 16);
		ck_assert_uint_eq(gd_cfg_read(m, ECHO_DEVFN, 0x3d, 1), 1);
		gd_machine_destroy(m);
	}
}
END_TEST

START_TEST(only_function_0_of_a_multi_function_device_says_so)
{
	struct gd_machine *m = gd_machine_create(NULL);

	CLAUSE("T-ID-6");
	CLAUSE("T-ID-8");
	for (uint8_t f = 0; f < 3; f++) {
		struct gd_echo_config config = {.id = "input",
						.virtio_id = VIRTIO_ID_INPUT,
						.n_queues = 2,
						.sizes = {64, 64}};

		gd_plug(m, gd_echo_create(m, &config), PCI_DEVFN(5, f), 0);
	}
	ck_assert_uint_eq(gd_cfg_read(m, PCI_DEVFN(5, 0), 0x0e, 1), 0x80);
	ck_assert_uint_eq(gd_cfg_read(m, PCI_DEVFN(5, 1), 0x0e, 1), 0x00);
	ck_assert_uint_eq(gd_cfg_read(m, PCI_DEVFN(5, 2), 0x0e, 1), 0x00);
	for (uint8_t f = 0; f < 3; f++)
		ck_assert_uint_eq(gd_cfg_read(m, PCI_DEVFN(5, f), 0x3d, 1), 1);
	gd_machine_destroy(m);
}
END_TEST

START_TEST(identity_survives_writes_of_all_ones)
{
	static const struct {
		unsigned int first, last;
	} fixed[] = {{0x00, 0x03}, {0x08, 0x0b}, {0x0e, 0x0e},
		     {0x2c, 0x2f}, {0x34, 0x34}, {0x3d, 0x3d}};
	uint8_t before[256];
	uint8_t after[256];
	struct gd_blk b;

	CLAUSE("T-ID-9");
	open_blk(&b);
	for (unsigned int size = 1; size <= 4; size *= 2) {
		gd_cfg_dump(b.m, GD_BLK_DEVFN, before);
		for (unsigned int at = 0; at < 256; at += size)
			if (at / 4 != PCI_COMMAND / 4)
				gd_cfg_write(b.m, GD_BLK_DEVFN, at, size, UINT32_MAX);
		gd_cfg_dump(b.m, GD_BLK_DEVFN, after);
		for (size_t i = 0; i < COUNT_OF(fixed); i++)
			ck_assert_mem_eq(before + fixed[i].first, after + fixed[i].first,
					 fixed[i].last - fixed[i].first + 1);
		ck_assert_mem_eq(before + 0x40, after + 0x40, 0xc0);
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(there_is_no_legacy_interface)
{
	struct gd_blk b;

	CLAUSE("T-ID-10");
	open_blk(&b);
	for (unsigned int bar = 0; bar < 6; bar++)
		ck_assert_uint_eq(gd_cfg_read(b.m, GD_BLK_DEVFN, PCI_BAR0 + 4 * bar, 4) & 1, 0);
	/* No I/O decoding either: the bit cannot be set. */
	gd_cfg_write(b.m, GD_BLK_DEVFN, PCI_COMMAND, 2, 0xffff);
	ck_assert_uint_eq(gd_cfg_read(b.m, GD_BLK_DEVFN, PCI_COMMAND, 2) & PCI_COMMAND_IO, 0);
	ck_assert(!gd_negotiate(&b.dev, VIRTIO_F_INDIRECT_DESC));
	gd_blk_close(&b);
}
END_TEST

START_TEST(nothing_beyond_version_1_shows_under_revision_1)
{
	struct gd_blk b;

	CLAUSE("T-ID-11");
	open_blk(&b);
	ck_assert_uint_eq(gd_cfg_read(b.m, GD_BLK_DEVFN, PCI_REVISION_ID, 1), 1);
	ck_assert_uint_eq(gd_offered(&b.dev) & ~gd_win7_blk.required, 0);
	for (uint32_t at = VIRTIO_PCI_DEVICE + 0x18; at < VIRTIO_PCI_DEVICE + 0x100; at++)
		ck_assert_uint_eq(gd_bar_rd(&b.dev, at, 1), 0);
	ck_assert_ptr_null(gd_blk_start(&b, &gd_win7_blk));
	gd_blk_close(&b);
}
END_TEST

CONTRACT_MAIN("identity", vendor_is_1af4, device_id_is_modern, revision_is_1,
	      subsystem_vendor_is_1af4, subsystem_is_the_contracts, interrupt_pin_is_inta,
	      class_is_mass_storage, header_type_is_single_function,
	      each_type_has_its_row_of_the_table,
	      only_function_0_of_a_multi_function_device_says_so,
	      identity_survives_writes_of_all_ones, there_is_no_legacy_interface,
	      nothing_beyond_version_1_shows_under_revision_1)
