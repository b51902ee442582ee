/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_FIRMWARE_BOOT_H
#define VISE_FIRMWARE_BOOT_H

#include "vmm/core/err.h"
#include "vmm/core/guest_mem.h"

#include <stdint.h>

/*
 * Direct boot: a Linux bzImage by the 64-bit boot protocol (Documentation/arch/x86/boot.rst), or an
 * ELF image by its PVH note (XEN_ELFNOTE_PHYS32_ENTRY). Opening reads and judges the files once;
 * loading writes them into RAM, as often as the machine is reset.
 */

struct boot_source {
	const char *kernel; /* path of the kernel image */
	int initrd_fd;	    /* open file, read from offset 0 to its end; -1: no initrd. Not owned */
	const char *initrd; /* how messages name the initrd */
	const char *cmdline; /* NUL-terminated; "" for none */
};

enum boot_mode {
	BOOT_LONG_MODE,	     /* 64-bit, paging on, interrupts off (bzImage) */
	BOOT_PROTECTED_MODE, /* 32-bit, paging off, interrupts off (PVH) */
};

/* What the first vCPU finds. Flat segments; other general registers are zero. */
struct boot_entry {
	enum boot_mode mode;
	uint64_t rip;
	uint64_t rsi; /* long mode: address of boot_params */
	uint64_t rbx; /* protected mode: address of hvm_start_info */
	uint64_t rsp;
	uint64_t cr3;	   /* long mode: page tables that map the low 4 GiB one to one */
	uint64_t gdt_base; /* null, 64-bit code 0x10, data 0x18, 32-bit code 0x20, TSS 0x28 */
	uint16_t gdt_limit;
};

struct boot_image;

/* Opens and checks kernel and initrd. On failure NULL and one line that names the file and why. */
struct boot_image *boot_open(const struct boot_source *source, struct err *err);

/*
 * Loads everything: kernel, initrd (as high below its limit as it goes), command line, e820 map,
 * boot_params or hvm_start_info with @rsdp (0: none), GDT and page tables. Fails with one line
 * where RAM is too small or the command line is longer than the kernel takes.
 */
MUST_CHECK int boot_load(const struct boot_image *image, const struct guest_mem *mem, gpa_t rsdp,
			 struct boot_entry *entry, struct err *err);

/* NULL is allowed. */
void boot_close(struct boot_image *image);

#endif
