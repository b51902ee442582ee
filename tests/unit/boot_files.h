/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TESTS_BOOT_FILES_H
#define VISE_TESTS_BOOT_FILES_H

#include "firmware/boot/boot.h"
#include "firmware/layout.h"
#include "vmm/core/le.h"

#include <asm/bootparam.h>
#include <check.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Kernels made for the boot tests: the smallest files that each format calls whole. Fields of
 * boot_params are read back through the kernel's own header, not through ours. Each test includes
 * this once; not every test needs all of it.
 */

#pragma GCC diagnostic ignored "-Wunused-function"

#define MIB	 0x100000ULL
#define GIB	 0x40000000ULL
#define PREF	 0x1000000ULL
#define INIT	 0x800000U /* RAM that the made-up bzImage asks for */
#define BZ_SETUP 1024U	   /* boot sector and one sector of setup */
#define BZ_SIZE	 5120U
#define ELF_SIZE 2048U
#define RSDP	 LAYOUT_ACPI

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char dir[64];
static char kernel_path[96];
static char initrd_path[96];
static uint8_t file[8192];
static struct err err;

static void setup(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/boot_test.XXXXXX", tmp && strlen(tmp) < 40 ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(kernel_path, sizeof(kernel_path), "%s/kernel", dir);
	snprintf(initrd_path, sizeof(initrd_path), "%s/initrd", dir);
	memset(file, 0, sizeof(file));
	memset(&err, 0, sizeof(err));
}

static void teardown(void)
{
	unlink(kernel_path);
	unlink(initrd_path);
	rmdir(dir);
}

static void write_file(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
	close(fd);
}

/* A sparse initrd of @size bytes whose first eight and last byte are marked. */
static int open_initrd(off_t size)
{
	int fd = open(initrd_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	if (size >= 9) {
		ck_assert_int_eq(pwrite(fd, "INITRDGO", 8, 0), 8);
		ck_assert_int_eq(pwrite(fd, "!", 1, size - 1), 1);
	}
	return fd;
}

/* A valid 64-bit bzImage of BZ_SIZE bytes in @file; its kernel is filled with 0x90. */
static struct setup_header *make_bzimage(void)
{
	struct setup_header *h = (void *)(file + offsetof(struct boot_params, hdr));

	h->setup_sects = BZ_SETUP / 512 - 1;
	h->syssize = (BZ_SIZE - BZ_SETUP) / 16;
	h->boot_flag = 0xaa55;
	h->jump = 0x6aeb; /* header to 0x26c */
	h->header = 0x53726448;
	h->version = 0x020f;
	h->loadflags = LOADED_HIGH;
	h->initrd_addr_max = 0x7fffffff;
	h->kernel_alignment = 0x200000;
	h->relocatable_kernel = 1;
	h->xloadflags = XLF_KERNEL_64 | XLF_CAN_BE_LOADED_ABOVE_4G;
	h->cmdline_size = 2047;
	h->setup_data = 0x1234; /* must not reach the guest */
	h->pref_address = PREF;
	h->init_size = INIT;
	memset(file + BZ_SETUP, 0x90, BZ_SIZE - BZ_SETUP);
	return h;
}

struct elf_file {
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdr[3]; /* text, data with bss, notes */
	struct {
		Elf64_Nhdr nhdr;
		char name[4];
		uint64_t desc;
	} __attribute__((packed)) other, pvh;
};

/* A valid vmlinux of ELF_SIZE bytes in @file: text at 2 MiB, data at 3 MiB with bss, two notes. */
static struct elf_file *make_elf(void)
{
	struct elf_file *e = (void *)file;

	memcpy(e->ehdr.e_ident, ELFMAG, SELFMAG);
	e->ehdr.e_ident[EI_CLASS] = ELFCLASS64;
	e->ehdr.e_ident[EI_DATA] = ELFDATA2LSB;
	e->ehdr.e_type = ET_EXEC;
	e->ehdr.e_machine = EM_X86_64;
	e->ehdr.e_phoff = offsetof(struct elf_file, phdr);
	e->ehdr.e_phentsize = sizeof(Elf64_Phdr);
	e->ehdr.e_phnum = 3;
	e->phdr[0] = (Elf64_Phdr){.p_type = PT_LOAD,
				  .p_offset = 1024,
				  .p_paddr = 2 * MIB,
				  .p_vaddr = 0xffffffff80200000ULL,
				  .p_filesz = 512,
				  .p_memsz = 512};
	e->phdr[1] = (Elf64_Phdr){.p_type = PT_LOAD,
				  .p_offset = 1536,
				  .p_paddr = 3 * MIB,
				  .p_filesz = 512,
				  .p_memsz = 8192};
	e->phdr[2] = (Elf64_Phdr){.p_type = PT_NOTE,
				  .p_offset = offsetof(struct elf_file, other),
				  .p_filesz = sizeof(e->other) + sizeof(e->pvh),
				  .p_align = 4};
	e->other.nhdr = (Elf64_Nhdr){4, 8, 18};
	memcpy(e->other.name, "GNU", 4);
	e->other.desc = 0x666;
	e->pvh.nhdr = (Elf64_Nhdr){4, 8, 18};
	memcpy(e->pvh.name, "Xen", 4);
	e->pvh.desc = 2 * MIB + 0x10;
	memset(file + 1024, 0xcc, 512);
	memset(file + 1536, 0xdd, 512);
	return e;
}

static struct boot_image *open_image(size_t size, int initrd_fd, const char *cmdline)
{
	struct boot_source source = {kernel_path, initrd_fd, initrd_path, cmdline};

	write_file(kernel_path, file, size);
	return boot_open(&source, &err);
}

/* One line that names @path and says @why. */
static void check_line(const char *path, const char *why)
{
	ck_assert_msg(err.code < 0, "no error code");
	ck_assert_msg(strstr(err.text, path), "does not name the file: %s", err.text);
	ck_assert_msg(strstr(err.text, why), "does not say '%s': %s", why, err.text);
	ck_assert_msg(!strchr(err.text, '\n'), "more than a line: %s", err.text);
}

static void refused(size_t size, const char *why)
{
	ck_assert_ptr_null(open_image(size, -1, ""));
	check_line(kernel_path, why);
}

/* Loads the @size bytes of @file into fresh RAM; it must succeed. */
static struct guest_mem *load(size_t size, int initrd_fd, const char *cmdline, uint64_t ram,
			      struct boot_entry *entry)
{
	struct boot_image *image = open_image(size, initrd_fd, cmdline);
	struct guest_mem *mem = guest_mem_create(ram, false, &err);
	int r;

	ck_assert_msg(image, "%s", err.text);
	ck_assert_ptr_nonnull(mem);
	r = boot_load(image, mem, RSDP, entry, &err);
	ck_assert_msg(r == 0, "%s", err.text);
	boot_close(image);
	return mem;
}

static void load_refused(size_t size, int initrd_fd, const char *cmdline, uint64_t ram,
			 const char *path, const char *why)
{
	struct boot_image *image = open_image(size, initrd_fd, cmdline);
	struct guest_mem *mem = guest_mem_create(ram, false, &err);
	struct boot_entry entry;

	ck_assert_msg(image, "%s", err.text);
	ck_assert_int_lt(boot_load(image, mem, 0, &entry, &err), 0);
	check_line(path, why);
	boot_close(image);
	guest_mem_destroy(mem);
}

static uint64_t read64(const struct guest_mem *mem, gpa_t gpa)
{
	uint8_t b[8];

	ck_assert_int_eq(guest_mem_read(mem, gpa, b, sizeof(b)), 0);
	return ld_le64(b);
}

static struct boot_params read_params(const struct guest_mem *mem)
{
	struct boot_params p;

	ck_assert_int_eq(guest_mem_read(mem, LAYOUT_ZERO_PAGE, &p, sizeof(p)), 0);
	return p;
}

static void check_initrd(const struct guest_mem *mem, gpa_t at, uint64_t size)
{
	char bytes[9] = "";

	ck_assert_int_eq(guest_mem_read(mem, at, bytes, 8), 0);
	ck_assert_str_eq(bytes, "INITRDGO");
	ck_assert_int_eq(guest_mem_read(mem, at + size - 1, bytes, 1), 0);
	ck_assert_int_eq(bytes[0], '!');
}

struct boot_case {
	const TTest *test;
	size_t n; /* times to run it, _i counting from 0 */
};

static int boot_cases_run(const char *name, const struct boot_case *cases, size_t n)
{
	Suite *s = suite_create(name);
	TCase *tc = tcase_create(name);
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	for (size_t i = 0; i < n; i++)
		tcase_add_loop_test(tc, cases[i].test, 0, (int)cases[i].n);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}

#endif
