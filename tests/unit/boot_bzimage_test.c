/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/boot_files.h"

START_TEST(refuses_boot_sector_without_header)
{
	make_bzimage()->header = 0;
	refused(BZ_SIZE, "without a Linux setup header");
}
END_TEST

START_TEST(refuses_header_cut_short)
{
	make_bzimage();
	refused(0x220, "truncated");
}
END_TEST

START_TEST(refuses_bzimage_shorter_than_header_says)
{
	make_bzimage();
	refused(BZ_SIZE - 1, "truncated: 5119 bytes, its setup header says 5120");
}
END_TEST

START_TEST(refuses_more_setup_sectors_than_file)
{
	make_bzimage()->setup_sects = 255;
	refused(BZ_SIZE, "truncated");
}
END_TEST

START_TEST(refuses_syssize_beyond_any_file)
{
	make_bzimage()->syssize = UINT32_MAX;
	refused(BZ_SIZE, "truncated");
}
END_TEST

START_TEST(refuses_kernel_without_entry)
{
	make_bzimage()->syssize = 0x200 / 16;
	refused(BZ_SIZE, "damaged");
}
END_TEST

START_TEST(refuses_zimage)
{
	make_bzimage()->loadflags = 0;
	refused(BZ_SIZE, "zImage");
}
END_TEST

START_TEST(refuses_old_protocol)
{
	make_bzimage()->version = 0x020b;
	refused(BZ_SIZE, "boot protocol 2.11 is too old; 2.12");
}
END_TEST

START_TEST(refuses_32_bit_bzimage)
{
	make_bzimage()->xloadflags = 0;
	refused(BZ_SIZE, "32-bit kernel");
}
END_TEST

START_TEST(refuses_short_setup_header)
{
	make_bzimage()->jump = 0x20eb;
	refused(BZ_SIZE, "damaged");
}
END_TEST

START_TEST(refuses_pref_address_in_low_memory)
{
	make_bzimage()->pref_address = MIB - 1;
	refused(BZ_SIZE, "between 1 MiB and 3072 MiB");
}
END_TEST

START_TEST(refuses_pref_address_that_wraps)
{
	make_bzimage()->pref_address = UINT64_MAX - 16;
	refused(BZ_SIZE, "between 1 MiB and 3072 MiB");
}
END_TEST

START_TEST(refuses_init_size_beyond_low_ram)
{
	make_bzimage()->init_size = UINT32_MAX;
	refused(BZ_SIZE, "between 1 MiB and 3072 MiB");
}
END_TEST

START_TEST(kernel_must_fit_by_init_size)
{
	make_bzimage();
	load_refused(BZ_SIZE, -1, "", 24 * MIB - 4096, kernel_path, "at least 24 MiB");
}
END_TEST

START_TEST(kernel_that_just_fits_loads)
{
	struct boot_entry entry;

	make_bzimage();
	guest_mem_destroy(load(BZ_SIZE, -1, "", 24 * MIB, &entry));
}
END_TEST

START_TEST(command_line_is_limited_by_header)
{
	make_bzimage()->cmdline_size = 8;
	load_refused(BZ_SIZE, -1, "123456789", 64 * MIB, kernel_path,
		     "command line has 9 bytes, this kernel takes at most 8");
}
END_TEST

START_TEST(command_line_of_full_length_loads)
{
	struct boot_entry entry;
	struct guest_mem *mem;
	char text[9];

	make_bzimage()->cmdline_size = 8;
	mem = load(BZ_SIZE, -1, "12345678", 64 * MIB, &entry);
	ck_assert_int_eq(guest_mem_read(mem, LAYOUT_CMDLINE, text, sizeof(text)), 0);
	ck_assert_str_eq(text, "12345678");
	guest_mem_destroy(mem);
}
END_TEST

START_TEST(command_line_never_leaves_its_room)
{
	static char text[70000];

	memset(text, 'a', sizeof(text) - 1);
	make_bzimage()->cmdline_size = UINT32_MAX;
	load_refused(BZ_SIZE, -1, text, 64 * MIB, kernel_path, "at most 65535");
}
END_TEST

START_TEST(bzimage_enters_long_mode)
{
	struct boot_entry entry;
	struct guest_mem *mem;

	make_bzimage();
	mem = load(BZ_SIZE, -1, "quiet", 512 * MIB, &entry);
	ck_assert_int_eq(entry.mode, BOOT_LONG_MODE);
	ck_assert_uint_eq(entry.rip, PREF + 0x200);
	ck_assert_uint_eq(entry.rsi, LAYOUT_ZERO_PAGE);
	ck_assert_uint_eq(entry.rbx, 0);
	ck_assert_uint_eq(entry.rsp, LAYOUT_BOOT_STACK);
	ck_assert_uint_eq(entry.cr3, LAYOUT_PAGE_TABLES);
	ck_assert_uint_eq(entry.gdt_base, LAYOUT_GDT);
	ck_assert_uint_eq(entry.gdt_limit, 0x37);
	ck_assert_uint_eq(read64(mem, PREF), 0x9090909090909090ULL);
	ck_assert_uint_eq(read64(mem, PREF + BZ_SIZE - BZ_SETUP - 8), 0x9090909090909090ULL);
	ck_assert_uint_eq(read64(mem, PREF + BZ_SIZE - BZ_SETUP), 0);
	guest_mem_destroy(mem);
}
END_TEST

START_TEST(boot_params_follow_protocol)
{
	struct boot_entry entry;
	struct guest_mem *mem;
	struct boot_params p;

	make_bzimage();
	mem = load(BZ_SIZE, -1, "quiet", 512 * MIB, &entry);
	p = read_params(mem);
	ck_assert_uint_eq(p.hdr.header, 0x53726448);
	ck_assert_uint_eq(p.hdr.version, 0x020f);
	ck_assert_uint_eq(p.hdr.type_of_loader, 0xff);
	ck_assert_uint_eq(p.hdr.loadflags, LOADED_HIGH);
	ck_assert_uint_eq(p.hdr.code32_start, PREF);
	ck_assert_uint_eq(p.hdr.cmd_line_ptr, LAYOUT_CMDLINE);
	ck_assert_uint_eq(p.hdr.ramdisk_image, 0);
	ck_assert_uint_eq(p.hdr.ramdisk_size, 0);
	ck_assert_uint_eq(p.hdr.setup_data, 0);
	ck_assert_uint_eq(p.hdr.init_size, INIT);
	ck_assert_uint_eq(p.acpi_rsdp_addr, RSDP);
	ck_assert_uint_eq(p.ext_ramdisk_image, 0);
	ck_assert_uint_eq(p.ext_ramdisk_size, 0);
	ck_assert_uint_eq(p.ext_cmd_line_ptr, 0);
	ck_assert_uint_eq(p.sentinel, 0);
	guest_mem_destroy(mem);
}
END_TEST

START_TEST(long_setup_header_stops_before_next_field)
{
	struct boot_entry entry;
	struct guest_mem *mem;
	struct boot_params p;

	make_bzimage()->jump = 0xffeb;
	memset(file + 0x26c, 0xee, BZ_SETUP - 0x26c);
	mem = load(BZ_SIZE, -1, "", 64 * MIB, &entry);
	p = read_params(mem);
	ck_assert_uint_eq(((uint8_t *)&p)[0x28f], 0xee);
	ck_assert_uint_eq(((uint8_t *)&p)[0x290], 0);
	guest_mem_destroy(mem);
}
END_TEST

START_TEST(e820_stands_in_boot_params)
{
	struct boot_entry entry;
	struct guest_mem *mem;
	struct boot_params p;

	make_bzimage();
	mem = load(BZ_SIZE, -1, "", 4 * GIB, &entry);
	p = read_params(mem);
	ck_assert_uint_eq(p.e820_entries, 6);
	ck_assert_uint_eq(p.e820_table[0].addr, 0);
	ck_assert_uint_eq(p.e820_table[0].size, 0x9fc00);
	ck_assert_uint_eq(p.e820_table[0].type, 1);
	ck_assert_uint_eq(p.e820_table[5].addr, 4 * GIB);
	ck_assert_uint_eq(p.e820_table[5].size, GIB);
	ck_assert_uint_eq(p.e820_table[5].type, 1);
	ck_assert_uint_eq(p.e820_table[6].size, 0);
	guest_mem_destroy(mem);
}
END_TEST

START_TEST(page_tables_map_low_4_gib_one_to_one)
{
	struct boot_entry entry;
	struct guest_mem *mem;

	make_bzimage();
	mem = load(BZ_SIZE, -1, "", 64 * MIB, &entry);
	for (uint64_t gpa = 0; gpa < 4 * GIB; gpa += 2 * MIB) {
		uint64_t pml4e = read64(mem, entry.cr3 + (gpa >> 39) * 8);
		uint64_t pdpte = read64(mem, (pml4e & ~0xfffULL) + (gpa >> 30 & 511) * 8);
		uint64_t pde = read64(mem, (pdpte & ~0xfffULL) + (gpa >> 21 & 511) * 8);

		ck_assert_uint_eq(pml4e & 0xfff, 3);
		ck_assert_uint_eq(pdpte & 0xfff, 3);
		ck_assert_uint_eq(pde, gpa | 0x83);
	}
	guest_mem_destroy(mem);
}
END_TEST

START_TEST(gdt_has_protocol_selectors)
{
	struct boot_entry entry;
	struct guest_mem *mem;

	make_bzimage();
	mem = load(BZ_SIZE, -1, "", 64 * MIB, &entry);
	ck_assert_uint_eq(read64(mem, entry.gdt_base), 0);
	ck_assert_uint_eq(read64(mem, entry.gdt_base + 0x10), 0x00af9b000000ffffULL);
	ck_assert_uint_eq(read64(mem, entry.gdt_base + 0x18), 0x00cf93000000ffffULL);
	ck_assert_uint_eq(read64(mem, entry.gdt_base + 0x20), 0x00cf9b000000ffffULL);
	ck_assert_uint_eq(read64(mem, entry.gdt_base + 0x28) >> 40 & 0x9f, 0x8b);
	ck_assert_uint_eq(read64(mem, entry.gdt_base + 0x30), 0);
	guest_mem_destroy(mem);
}
END_TEST

START_TEST(loads_again_after_reset)
{
	struct boot_entry first, second;
	struct boot_image *image;
	struct guest_mem *mem = guest_mem_create(64 * MIB, false, &err);

	make_bzimage();
	image = open_image(BZ_SIZE, -1, "again");
	ck_assert_int_eq(boot_load(image, mem, RSDP, &first, &err), 0);
	guest_mem_discard(mem);
	ck_assert_uint_eq(read64(mem, PREF), 0);
	ck_assert_int_eq(boot_load(image, mem, RSDP, &second, &err), 0);
	ck_assert_uint_eq(read64(mem, PREF), 0x9090909090909090ULL);
	ck_assert_uint_eq(first.rip, second.rip);
	ck_assert_uint_eq(first.rsi, second.rsi);
	ck_assert_uint_eq(first.cr3, second.cr3);
	boot_close(image);
	guest_mem_destroy(mem);
}
END_TEST

START_TEST(kernel_that_shrank_is_reported)
{
	struct boot_entry entry;
	struct boot_image *image;
	struct guest_mem *mem = guest_mem_create(64 * MIB, false, &err);

	make_bzimage();
	image = open_image(BZ_SIZE, -1, "");
	ck_assert_int_eq(truncate(kernel_path, 2000), 0);
	ck_assert_int_lt(boot_load(image, mem, 0, &entry, &err), 0);
	check_line(kernel_path, "ends early");
	boot_close(image);
	guest_mem_destroy(mem);
}
END_TEST

int main(void)
{
	const struct boot_case cases[] = {
		{refuses_boot_sector_without_header, 1},
		{refuses_header_cut_short, 1},
		{refuses_bzimage_shorter_than_header_says, 1},
		{refuses_more_setup_sectors_than_file, 1},
		{refuses_syssize_beyond_any_file, 1},
		{refuses_kernel_without_entry, 1},
		{refuses_zimage, 1},
		{refuses_old_protocol, 1},
		{refuses_32_bit_bzimage, 1},
		{refuses_short_setup_header, 1},
		{refuses_pref_address_in_low_memory, 1},
		{refuses_pref_address_that_wraps, 1},
		{refuses_init_size_beyond_low_ram, 1},
		{kernel_must_fit_by_init_size, 1},
		{kernel_that_just_fits_loads, 1},
		{command_line_is_limited_by_header, 1},
		{command_line_of_full_length_loads, 1},
		{command_line_never_leaves_its_room, 1},
		{bzimage_enters_long_mode, 1},
		{boot_params_follow_protocol, 1},
		{long_setup_header_stops_before_next_field, 1},
		{e820_stands_in_boot_params, 1},
		{page_tables_map_low_4_gib_one_to_one, 1},
		{gdt_has_protocol_selectors, 1},
		{loads_again_after_reset, 1},
		{kernel_that_shrank_is_reported, 1},
	};

	return boot_cases_run("boot_bzimage", cases, COUNT(cases));
}
