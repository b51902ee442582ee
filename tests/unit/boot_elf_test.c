/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/boot/pvh.h"
#include "tests/unit/boot_files.h"

START_TEST(refuses_short_elf)
{
	make_elf();
	refused(40, "truncated");
}
END_TEST

START_TEST(refuses_32_bit_elf)
{
	make_elf()->ehdr.e_ident[EI_CLASS] = ELFCLASS32;
	refused(ELF_SIZE, "32-bit ELF");
}
END_TEST

START_TEST(refuses_elf_of_another_machine)
{
	make_elf()->ehdr.e_machine = EM_AARCH64;
	refused(ELF_SIZE, "another machine (e_machine 183)");
}
END_TEST

START_TEST(refuses_big_endian_elf)
{
	make_elf()->ehdr.e_ident[EI_DATA] = ELFDATA2MSB;
	refused(ELF_SIZE, "another machine");
}
END_TEST

START_TEST(refuses_object_file)
{
	make_elf()->ehdr.e_type = ET_REL;
	refused(ELF_SIZE, "object");
}
END_TEST

START_TEST(refuses_elf_without_pvh_note)
{
	make_elf()->pvh.nhdr.n_type = 17;
	refused(ELF_SIZE, "without a PVH entry note");
}
END_TEST

START_TEST(refuses_note_that_lies_about_its_size)
{
	make_elf()->other.nhdr.n_descsz = UINT32_MAX;
	refused(ELF_SIZE, "without a PVH entry note");
	make_elf()->other.nhdr.n_namesz = UINT32_MAX;
	refused(ELF_SIZE, "without a PVH entry note");
}
END_TEST

START_TEST(refuses_notes_beyond_file)
{
	make_elf()->phdr[2].p_offset = UINT64_MAX - 4;
	refused(ELF_SIZE, "truncated");
}
END_TEST

START_TEST(refuses_program_headers_beyond_file)
{
	make_elf()->ehdr.e_phoff = UINT64_MAX - 8;
	refused(ELF_SIZE, "truncated");
}
END_TEST

START_TEST(refuses_odd_program_headers)
{
	struct elf_file *e = make_elf();

	e->ehdr.e_phnum = 0;
	refused(ELF_SIZE, "0 program headers");
	e->ehdr.e_phnum = 0xffff;
	refused(ELF_SIZE, "65535 program headers");
	e->ehdr.e_phnum = 3;
	e->ehdr.e_phentsize = 32;
	refused(ELF_SIZE, "32 bytes each");
}
END_TEST

START_TEST(refuses_segment_beyond_file)
{
	struct elf_file *e = make_elf();

	refused(ELF_SIZE - 1, "truncated");
	e->phdr[0].p_offset = UINT64_MAX;
	refused(ELF_SIZE, "truncated");
}
END_TEST

START_TEST(refuses_segment_smaller_in_memory)
{
	make_elf()->phdr[0].p_memsz = 511;
	refused(ELF_SIZE, "damaged");
}
END_TEST

START_TEST(refuses_segment_outside_its_place)
{
	static const uint64_t places[] = {
		0, LAYOUT_ZERO_PAGE, MIB - 1, 3 * GIB - 511, LAYOUT_KVM_PAGES, UINT64_MAX - 10};

	for (size_t i = 0; i < COUNT(places); i++) {
		make_elf()->phdr[0].p_paddr = places[i];
		refused(ELF_SIZE, "between 1 MiB and 3072 MiB");
	}
}
END_TEST

START_TEST(refuses_segment_of_endless_bss)
{
	make_elf()->phdr[1].p_memsz = UINT64_MAX;
	refused(ELF_SIZE, "between 1 MiB and 3072 MiB");
}
END_TEST

START_TEST(refuses_overlapping_segments)
{
	struct elf_file *e = make_elf();

	e->phdr[1].p_paddr = 2 * MIB + 511;
	refused(ELF_SIZE, "overlaps");
	e->phdr[1].p_paddr = 2 * MIB - 8191;
	refused(ELF_SIZE, "overlaps");
}
END_TEST

START_TEST(refuses_entry_outside_segments)
{
	struct elf_file *e = make_elf();

	e->pvh.desc = 2 * MIB + 512;
	refused(ELF_SIZE, "lies in no loaded segment");
	e->pvh.desc = 0x100000000ULL + 2 * MIB;
	refused(ELF_SIZE, "lies in no loaded segment");
}
END_TEST

START_TEST(refuses_elf_with_nothing_to_load)
{
	struct elf_file *e = make_elf();

	e->phdr[0].p_type = PT_NULL;
	e->phdr[1].p_type = PT_NULL;
	refused(ELF_SIZE, "lies in no loaded segment");
}
END_TEST

START_TEST(reads_entry_of_four_bytes_and_8_byte_notes)
{
	struct elf_file *e = make_elf();
	struct boot_entry entry;

	e->pvh.nhdr.n_descsz = 4;
	e->pvh.desc = 0xffffffff00000000ULL | (2 * MIB + 4);
	guest_mem_destroy(load(ELF_SIZE, -1, "", 64 * MIB, &entry));
	ck_assert_uint_eq(entry.rip, 2 * MIB + 4);

	e->pvh.nhdr.n_descsz = 8;
	e->pvh.desc = 2 * MIB + 8;
	e->phdr[2].p_align = 8;
	guest_mem_destroy(load(ELF_SIZE, -1, "", 64 * MIB, &entry));
	ck_assert_uint_eq(entry.rip, 2 * MIB + 8);
}
END_TEST

START_TEST(elf_must_fit_ram_with_bss)
{
	make_elf();
	load_refused(ELF_SIZE, -1, "", 3 * MIB + 4096, kernel_path, "at least 4 MiB");
}
END_TEST

START_TEST(elf_command_line_has_linux_limit)
{
	static char text[2049];
	struct boot_entry entry;

	memset(text, 'b', 2048);
	make_elf();
	load_refused(ELF_SIZE, -1, text, 64 * MIB, kernel_path, "at most 2047");
	text[2047] = '\0';
	guest_mem_destroy(load(ELF_SIZE, -1, text, 64 * MIB, &entry));
}
END_TEST

START_TEST(elf_segments_go_to_physical_addresses)
{
	struct boot_entry entry;
	struct boot_image *image;
	struct guest_mem *mem = guest_mem_create(64 * MIB, false, &err);
	uint8_t dirt[8192];

	make_elf();
	image = open_image(ELF_SIZE, -1, "");
	memset(dirt, 0xff, sizeof(dirt));
	ck_assert_int_eq(guest_mem_write(mem, 3 * MIB, dirt, sizeof(dirt)), 0);
	ck_assert_int_eq(boot_load(image, mem, RSDP, &entry, &err), 0);
	ck_assert_uint_eq(read64(mem, 2 * MIB), 0xccccccccccccccccULL);
	ck_assert_uint_eq(read64(mem, 2 * MIB + 504), 0xccccccccccccccccULL);
	ck_assert_uint_eq(read64(mem, 3 * MIB + 504), 0xddddddddddddddddULL);
	ck_assert_uint_eq(read64(mem, 3 * MIB + 512), 0);
	ck_assert_uint_eq(read64(mem, 3 * MIB + 8184), 0);
	boot_close(image);
	guest_mem_destroy(mem);
}
END_TEST

START_TEST(pvh_enters_protected_mode)
{
	struct boot_entry entry;
	struct guest_mem *mem;

	make_elf();
	mem = load(ELF_SIZE, -1, "", 64 * MIB, &entry);
	ck_assert_int_eq(entry.mode, BOOT_PROTECTED_MODE);
	ck_assert_uint_eq(entry.rip, 2 * MIB + 0x10);
	ck_assert_uint_eq(entry.rbx, LAYOUT_START_INFO);
	ck_assert_uint_eq(entry.rsi, 0);
	ck_assert_uint_eq(entry.cr3, 0);
	ck_assert_uint_eq(entry.gdt_base, LAYOUT_GDT);
	guest_mem_destroy(mem);
}
END_TEST

START_TEST(start_info_has_initrd_map_and_command_line)
{
	int fd = open_initrd(5000);
	struct hvm_memmap_table_entry map[6];
	struct hvm_modlist_entry module;
	struct hvm_start_info info;
	struct boot_entry entry;
	struct guest_mem *mem;
	char text[8];

	make_elf();
	mem = load(ELF_SIZE, fd, "pvh=yes", 4 * GIB, &entry);
	ck_assert_int_eq(guest_mem_read(mem, entry.rbx, &info, sizeof(info)), 0);
	ck_assert_uint_eq(sizeof(info), 56);
	ck_assert_uint_eq(le32_get(info.magic), 0x336ec578);
	ck_assert_uint_eq(le32_get(info.version), 1);
	ck_assert_uint_eq(le32_get(info.flags), 0);
	ck_assert_uint_eq(le32_get(info.nr_modules), 1);
	ck_assert_uint_eq(le64_get(info.rsdp_paddr), RSDP);
	ck_assert_uint_eq(le32_get(info.memmap_entries), 6);
	ck_assert_int_eq(guest_mem_read(mem, le64_get(info.cmdline_paddr), text, 8), 0);
	ck_assert_str_eq(text, "pvh=yes");

	ck_assert_int_eq(guest_mem_read(mem, le64_get(info.modlist_paddr), &module, 32), 0);
	ck_assert_uint_eq(le64_get(module.paddr), 3 * GIB - 8192);
	ck_assert_uint_eq(le64_get(module.size), 5000);
	ck_assert_uint_eq(le64_get(module.cmdline_paddr), 0);
	check_initrd(mem, 3 * GIB - 8192, 5000);

	ck_assert_int_eq(guest_mem_read(mem, le64_get(info.memmap_paddr), map, sizeof(map)), 0);
	ck_assert_uint_eq(le64_get(map[3].addr), MIB);
	ck_assert_uint_eq(le64_get(map[3].size), 3 * GIB - MIB);
	ck_assert_uint_eq(le32_get(map[3].type), 1);
	ck_assert_uint_eq(le64_get(map[4].addr), LAYOUT_KVM_PAGES);
	ck_assert_uint_eq(le32_get(map[4].type), 2);
	guest_mem_destroy(mem);
	close(fd);
}
END_TEST

START_TEST(start_info_without_initrd_has_no_module)
{
	struct hvm_start_info info;
	struct boot_entry entry;
	struct guest_mem *mem;

	make_elf();
	mem = load(ELF_SIZE, -1, "", 64 * MIB, &entry);
	ck_assert_int_eq(guest_mem_read(mem, entry.rbx, &info, sizeof(info)), 0);
	ck_assert_uint_eq(le32_get(info.nr_modules), 0);
	ck_assert_uint_eq(le64_get(info.modlist_paddr), 0);
	guest_mem_destroy(mem);
}
END_TEST

int main(void)
{
	const struct boot_case cases[] = {
		{refuses_short_elf, 1},
		{refuses_32_bit_elf, 1},
		{refuses_elf_of_another_machine, 1},
		{refuses_big_endian_elf, 1},
		{refuses_object_file, 1},
		{refuses_elf_without_pvh_note, 1},
		{refuses_note_that_lies_about_its_size, 1},
		{refuses_notes_beyond_file, 1},
		{refuses_program_headers_beyond_file, 1},
		{refuses_odd_program_headers, 1},
		{refuses_segment_beyond_file, 1},
		{refuses_segment_smaller_in_memory, 1},
		{refuses_segment_outside_its_place, 1},
		{refuses_segment_of_endless_bss, 1},
		{refuses_overlapping_segments, 1},
		{refuses_entry_outside_segments, 1},
		{refuses_elf_with_nothing_to_load, 1},
		{reads_entry_of_four_bytes_and_8_byte_notes, 1},
		{elf_must_fit_ram_with_bss, 1},
		{elf_command_line_has_linux_limit, 1},
		{elf_segments_go_to_physical_addresses, 1},
		{pvh_enters_protected_mode, 1},
		{start_info_has_initrd_map_and_command_line, 1},
		{start_info_without_initrd_has_no_module, 1},
	};

	return boot_cases_run("boot_elf", cases, COUNT(cases));
}
