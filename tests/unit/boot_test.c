/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/boot_files.h"

#include <sys/stat.h>

START_TEST(refuses_missing_file)
{
	struct boot_source source = {kernel_path, -1, NULL, ""};

	ck_assert_ptr_null(boot_open(&source, &err));
	check_line(kernel_path, "No such file");
	ck_assert_int_eq(err.code, -ENOENT);
}
END_TEST

START_TEST(refuses_empty_file)
{
	refused(0, "empty");
}
END_TEST

START_TEST(refuses_directory)
{
	struct boot_source source = {dir, -1, NULL, ""};

	ck_assert_ptr_null(boot_open(&source, &err));
	check_line(dir, "a directory");
}
END_TEST

START_TEST(refuses_fifo_without_waiting)
{
	struct boot_source source = {kernel_path, -1, NULL, ""};

	ck_assert_int_eq(mkfifo(kernel_path, 0600), 0);
	ck_assert_ptr_null(boot_open(&source, &err));
	check_line(kernel_path, "not a regular file");
}
END_TEST

/* clang-format off */
static const struct {
	const char *bytes;
	size_t len;
	const char *why;
} strangers[] = {
	{"#!/bin/sh\necho hello\n", 21, "bzImage"},
	{"x", 1, "not a kernel"},
	{"\x1f\x8b\x08\x00", 4, "gunzip"},
	{"\xfd\x37zXZ\0", 6, "unxz"},
	{"\x28\xb5\x2f\xfd", 4, "unzstd"},
	{"070701000", 9, "cpio"},
	{"MZ\0\0", 4, "cut short"},
};
/* clang-format on */

START_TEST(names_what_is_no_kernel)
{
	memcpy(file, strangers[_i].bytes, strangers[_i].len);
	refused(strangers[_i].len, strangers[_i].why);
}
END_TEST

START_TEST(long_path_leaves_room_for_reason)
{
	static char path[4000];
	struct boot_source source = {path, -1, NULL, ""};

	snprintf(path, sizeof(path), "%s%*s/where", dir, 3900, "");
	memset(path + strlen(dir), '/', 3900);
	ck_assert_ptr_null(boot_open(&source, &err));
	check_line("/where", "No such file");
}
END_TEST

static const struct {
	uint64_t ram;
	uint32_t addr_max;
	uint16_t xloadflags;
	uint64_t size;
	uint64_t at;
} placements[] = {
	/* page-aligned, at the very end of RAM */
	{512 * MIB, 0x7fffffff, 3, 10 * MIB, 502 * MIB},
	{512 * MIB, 0x7fffffff, 3, 10 * MIB + 1, 502 * MIB - 4096},
	/* below 3 GiB even with RAM above 4 GiB */
	{5 * GIB, 0x7fffffff, 3, MIB, 3 * GIB - MIB},
	/* a kernel that minds initrd_addr_max: that is its last byte */
	{3 * GIB, 0x37ffffff, 1, MIB, 0x38000000 - MIB},
	{3 * GIB, 0x37fffffe, 1, MIB, 0x38000000 - MIB - 4096},
	/* exactly behind the kernel's room */
	{32 * MIB, 0x7fffffff, 3, 8 * MIB, 24 * MIB},
	/* nothing left behind it: below */
	{32 * MIB, 0x7fffffff, 3, 8 * MIB + 1, 8 * MIB - 4096},
	{24 * MIB, 0x7fffffff, 3, 15 * MIB, 1 * MIB},
};

START_TEST(initrd_lies_as_high_as_allowed)
{
	struct setup_header *h = make_bzimage();
	int fd = open_initrd((off_t)placements[_i].size);
	struct boot_entry entry;
	struct guest_mem *mem;
	struct boot_params p;

	h->initrd_addr_max = placements[_i].addr_max;
	h->xloadflags = placements[_i].xloadflags;
	mem = load(BZ_SIZE, fd, "", placements[_i].ram, &entry);
	p = read_params(mem);
	ck_assert_uint_eq(p.hdr.ramdisk_image, placements[_i].at);
	ck_assert_uint_eq(p.hdr.ramdisk_size, placements[_i].size);
	ck_assert_uint_eq(p.ext_ramdisk_image, 0);
	ck_assert_uint_eq(p.ext_ramdisk_size, 0);
	check_initrd(mem, placements[_i].at, placements[_i].size);
	guest_mem_destroy(mem);
	close(fd);
}
END_TEST

START_TEST(initrd_is_read_by_position)
{
	int fd = open_initrd(4096);
	struct boot_entry entry;
	struct guest_mem *mem;

	make_bzimage();
	ck_assert_int_eq(lseek(fd, 100, SEEK_SET), 100);
	mem = load(BZ_SIZE, fd, "", 64 * MIB, &entry);
	check_initrd(mem, 64 * MIB - 4096, 4096);
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 100);
	guest_mem_destroy(mem);
	close(fd);
}
END_TEST

START_TEST(refuses_empty_initrd)
{
	int fd = open_initrd(0);

	make_bzimage();
	ck_assert_ptr_null(open_image(BZ_SIZE, fd, ""));
	check_line(initrd_path, "empty");
	close(fd);
}
END_TEST

START_TEST(refuses_directory_as_initrd)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	make_bzimage();
	ck_assert_ptr_null(open_image(BZ_SIZE, fd, ""));
	check_line(initrd_path, "a directory");
	close(fd);
}
END_TEST

START_TEST(initrd_must_fit_ram)
{
	int fd = open_initrd(15 * MIB + 1);

	make_bzimage();
	load_refused(BZ_SIZE, fd, "", 32 * MIB, initrd_path, "give the guest at least 40 MiB");
	close(fd);
}
END_TEST

START_TEST(advised_ram_is_enough)
{
	int fd = open_initrd(15 * MIB + 1);
	struct boot_entry entry;

	make_bzimage();
	guest_mem_destroy(load(BZ_SIZE, fd, "", 40 * MIB, &entry));
	close(fd);
}
END_TEST

START_TEST(initrd_must_fit_below_kernels_limit)
{
	int fd = open_initrd(16 * MIB);
	struct setup_header *h = make_bzimage();

	h->xloadflags = XLF_KERNEL_64;
	h->initrd_addr_max = 0x1ffffff;
	load_refused(BZ_SIZE, fd, "", 512 * MIB, initrd_path, "0x2000000");
	close(fd);
}
END_TEST

START_TEST(initrd_that_shrank_is_reported)
{
	int fd = open_initrd(8192);
	struct boot_entry entry;
	struct boot_image *image;
	struct guest_mem *mem = guest_mem_create(64 * MIB, false, &err);

	make_bzimage();
	image = open_image(BZ_SIZE, fd, "");
	ck_assert_int_eq(ftruncate(fd, 4096), 0);
	ck_assert_int_lt(boot_load(image, mem, 0, &entry, &err), 0);
	check_line(initrd_path, "ends early");
	boot_close(image);
	guest_mem_destroy(mem);
	close(fd);
}
END_TEST

int main(void)
{
	const struct boot_case cases[] = {
		{refuses_missing_file, 1},
		{refuses_empty_file, 1},
		{refuses_directory, 1},
		{refuses_fifo_without_waiting, 1},
		{names_what_is_no_kernel, COUNT(strangers)},
		{long_path_leaves_room_for_reason, 1},
		{initrd_lies_as_high_as_allowed, COUNT(placements)},
		{initrd_is_read_by_position, 1},
		{refuses_empty_initrd, 1},
		{refuses_directory_as_initrd, 1},
		{initrd_must_fit_ram, 1},
		{advised_ram_is_enough, 1},
		{initrd_must_fit_below_kernels_limit, 1},
		{initrd_that_shrank_is_reported, 1},
	};

	return boot_cases_run("boot", cases, COUNT(cases));
}
