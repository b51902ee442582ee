/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/boot/boot.h"
#include "firmware/boot/pvh.h"
#include "firmware/layout.h"

#include <asm/bootparam.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * Kernel files made by an enemy. The first input byte chooses the size of RAM (bits 0-1), whether
 * there is an initrd (bit 2) and a long command line (bit 3); the rest is the file. Whatever the
 * verdict: one line that names the file on refusal, and on success a guest that starts in its RAM
 * with an initrd whole, in its place and with its bytes.
 */

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "boot_fuzz: %s\n", #cond);                                 \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#define MIB	    0x100000ULL
#define INITRD_SIZE 5000U

static const uint64_t ram_sizes[] = {MIB / 2, 24 * MIB, 64 * MIB, 128 * MIB};

static int memfd_with(const void *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	CHECK(fd >= 0);
	CHECK(write(fd, data, size) == (ssize_t)size);
	return fd;
}

static void check_refusal(const struct err *err)
{
	CHECK(err->code < 0);
	CHECK(strstr(err->text, "/proc/self/fd/") || strstr(err->text, "the-initrd"));
	CHECK(!strchr(err->text, '\n'));
	CHECK(strlen(err->text) < sizeof(err->text) - 1);
}

static void check_initrd(const struct guest_mem *mem, gpa_t at, uint64_t size)
{
	uint8_t bytes[INITRD_SIZE];

	CHECK(size == INITRD_SIZE);
	CHECK(at % 4096 == 0 && at >= LAYOUT_HIGH_MEMORY);
	CHECK(at <= GUEST_MEM_LOW_END - size);
	CHECK(guest_mem_read(mem, at, bytes, sizeof(bytes)) == 0);
	for (size_t i = 0; i < sizeof(bytes); i++)
		CHECK(bytes[i] == 0xa5);
}

static void check_long_mode(const struct guest_mem *mem, const struct boot_entry *entry,
			    bool initrd)
{
	struct boot_params p;

	CHECK(entry->rsi == LAYOUT_ZERO_PAGE);
	CHECK(guest_mem_read(mem, entry->rsi, &p, sizeof(p)) == 0);
	CHECK(p.e820_entries >= 3 && p.hdr.setup_data == 0 && p.acpi_rsdp_addr == 0xe0000);
	CHECK(p.hdr.type_of_loader == 0xff && p.hdr.cmd_line_ptr == LAYOUT_CMDLINE);
	if (initrd) {
		uint64_t start = p.hdr.pref_address;

		check_initrd(mem, p.hdr.ramdisk_image, p.hdr.ramdisk_size);
		CHECK(p.hdr.ramdisk_image >= start + p.hdr.init_size ||
		      p.hdr.ramdisk_image + INITRD_SIZE <= start);
	}
}

static void check_protected_mode(const struct guest_mem *mem, const struct boot_entry *entry,
				 bool initrd)
{
	struct hvm_modlist_entry module;
	struct hvm_start_info info;

	CHECK(entry->rbx == LAYOUT_START_INFO);
	CHECK(guest_mem_read(mem, entry->rbx, &info, sizeof(info)) == 0);
	CHECK(le32_get(info.nr_modules) == (initrd ? 1 : 0));
	CHECK(le64_get(info.rsdp_paddr) == 0xe0000);
	if (initrd) {
		CHECK(guest_mem_read(mem, le64_get(info.modlist_paddr), &module, sizeof(module)) ==
		      0);
		check_initrd(mem, le64_get(module.paddr), le64_get(module.size));
	}
}

static void load(const struct boot_image *image, uint64_t ram, bool initrd)
{
	struct guest_mem *mem = guest_mem_create(ram, false, NULL);
	struct err err = ERR_INIT;
	struct boot_entry entry;

	CHECK(mem);
	if (boot_load(image, mem, 0xe0000, &entry, &err) < 0) {
		check_refusal(&err);
	} else {
		CHECK(entry.rip >= LAYOUT_HIGH_MEMORY && entry.rip < GUEST_MEM_LOW_END);
		CHECK(guest_mem_contains(mem, entry.rip, 1));
		CHECK(guest_mem_contains(mem, entry.gdt_base, (uint64_t)entry.gdt_limit + 1));
		if (entry.mode == BOOT_LONG_MODE)
			check_long_mode(mem, &entry, initrd);
		else
			check_protected_mode(mem, &entry, initrd);
	}
	guest_mem_destroy(mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char cmdline[3000];
	uint8_t initrd_bytes[INITRD_SIZE];
	struct boot_source source = {.initrd = "the-initrd", .initrd_fd = -1, .cmdline = "quiet"};
	struct err err = ERR_INIT;
	struct boot_image *image;
	char path[64];
	int fd;

	if (size == 0)
		return 0;
	fd = memfd_with(data + 1, size - 1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	source.kernel = path;
	if (data[0] & 4) {
		memset(initrd_bytes, 0xa5, sizeof(initrd_bytes));
		source.initrd_fd = memfd_with(initrd_bytes, sizeof(initrd_bytes));
	}
	if (data[0] & 8) {
		memset(cmdline, 'c', sizeof(cmdline) - 1);
		source.cmdline = cmdline;
	}
	image = boot_open(&source, &err);
	if (image)
		load(image, ram_sizes[data[0] & 3], source.initrd_fd >= 0);
	else
		check_refusal(&err);
	boot_close(image);
	if (source.initrd_fd >= 0)
		close(source.initrd_fd);
	close(fd);
	return 0;
}
