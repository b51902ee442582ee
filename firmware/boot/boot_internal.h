/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_FIRMWARE_BOOT_INTERNAL_H
#define VISE_FIRMWARE_BOOT_INTERNAL_H

#include "firmware/boot/boot.h"
#include "firmware/boot/boot_params.h"
#include "firmware/boot/e820.h"

#include <stdbool.h>

/* What boot.c and the two formats share. */

#define BOOT_HEAD_SIZE	  4096U
#define ELF_MAX_SEGMENTS  32U
#define BOOT_RAM_END	  GUEST_MEM_LOW_END /* direct boot places everything below */
#define BOOT_CMDLINE_ROOM 0x10000U	    /* at LAYOUT_CMDLINE, terminating NUL included */

struct boot_file {
	int fd;
	uint64_t size;
};

struct bzimage {
	uint8_t header[HDR_LIMIT - HDR_START]; /* as in the file */
	uint32_t header_size;
	uint64_t offset; /* of the 64-bit kernel in the file */
	uint64_t size;	 /* of it, in bytes */
};

struct elf_segment {
	gpa_t start;
	uint64_t offset;
	uint64_t file_size;
	uint64_t mem_size; /* what lies behind file_size is zero */
};

struct elf_image {
	uint32_t entry;
	size_t n;
	struct elf_segment segments[ELF_MAX_SEGMENTS];
};

/* A kernel that was judged fit. */
struct boot_kernel {
	struct boot_file file;
	gpa_t start, end;     /* RAM it needs for itself before it reads the memory map */
	gpa_t initrd_end;     /* an initrd ends here or below */
	uint64_t cmdline_max; /* bytes, without the NUL */
	union {
		struct bzimage bzimage;
		struct elf_image elf;
	} u;
};

/* What a kernel is told. Everything but the map lies in RAM already. */
struct boot_handover {
	gpa_t rsdp; /* 0: none */
	gpa_t cmdline;
	gpa_t initrd; /* 0: none */
	uint64_t initrd_size;
	struct e820_map map;
};

struct boot_format {
	/* True when @head, the file's beginning filled up with zeros, looks like this format. */
	bool (*probe)(const uint8_t head[BOOT_HEAD_SIZE]);
	/* Judges the file and fills @kernel; @err says why not, without naming the file. */
	int (*open)(struct boot_kernel *kernel, const uint8_t head[BOOT_HEAD_SIZE],
		    struct err *err);
	/* Loads the kernel, hands over in its own format and sets mode, rip, rsi and rbx. */
	int (*load)(const struct boot_kernel *kernel, const struct guest_mem *mem,
		    const struct boot_handover *handover, struct boot_entry *entry,
		    struct err *err);
};

extern const struct boot_format bzimage_format;
extern const struct boot_format elf_format;

/* Reads exactly @len bytes at @offset. */
MUST_CHECK int boot_file_read(const struct boot_file *file, uint64_t offset, void *buf, size_t len,
			      struct err *err);
/* Reads exactly @len bytes at @offset into RAM. */
MUST_CHECK int boot_file_load(const struct boot_file *file, uint64_t offset, size_t len,
			      const struct guest_mem *mem, gpa_t gpa, struct err *err);
/* guest_mem_write() with its error told. */
MUST_CHECK int boot_write(const struct guest_mem *mem, gpa_t gpa, const void *buf, size_t len,
			  struct err *err);
/* Writes GDT and, for long mode, page tables; sets the rest of @entry by its mode. */
MUST_CHECK int entry_build(const struct guest_mem *mem, struct boot_entry *entry, struct err *err);

#endif
