/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_FIRMWARE_INITRAMFS_ELF_H
#define VISE_FIRMWARE_INITRAMFS_ELF_H

#include <stddef.h>
#include <stdint.h>

/*
 * The few facts of an ELF file that decide what must come along with it. Every offset is judged
 * against the length; the file is treated as hostile.
 */

#define ELF_MAX_NEEDED 256

/* All strings lie in the bytes that were parsed and end there. NULL: not given. */
struct elf_info {
	const char *interp; /* the dynamic loader */
	const char *rpath;
	const char *runpath;
	const char *needed[ELF_MAX_NEEDED];
	size_t n_needed;
};

/* 0; -ENOEXEC when the bytes are no ELF file, -ENOTSUP for one that is not for 64-bit x86,
 * -EBADMSG when they contradict themselves. */
int elf_info_parse(const uint8_t *data, size_t len, struct elf_info *info);

/*
 * The value of @key in section .modinfo of a kernel module ("depends" of "depends=a,b"), a string
 * within @data; NULL when there is none or the file is malformed. One of 64-bit little-endian kind.
 */
const char *elf_modinfo(const uint8_t *data, size_t len, const char *key);

#endif
