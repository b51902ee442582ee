/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_FIRMWARE_INITRAMFS_ELF_DEPS_H
#define VISE_FIRMWARE_INITRAMFS_ELF_DEPS_H

#include <stdbool.h>
#include <stddef.h>

#include "vmm/core/err.h"

/*
 * What a program of the host needs to run elsewhere: its loader and its shared libraries, found as
 * the loader finds them (RPATH, RUNPATH with $ORIGIN, /etc/ld.so.conf, default directories), and
 * theirs in turn. Libraries that a program opens by name while it runs (dlopen) are not seen.
 */

#define ELF_DEPS_MAX 512 /* files */

struct elf_deps {
	char *paths[ELF_DEPS_MAX]; /* the loader and the libraries, without the program */
	size_t n;
	/* Some lie where the loader looks only because /etc/ld.so.cache says so. */
	bool needs_cache;
	bool is_elf;	  /* false: a script or data; then n is 0 */
	char *interp;	  /* of a script: the program in its #! line; NULL for others */
	char *interp_arg; /* of a script: the word behind it, or NULL */
};

/* Fills @deps for the file @program; end with elf_deps_fini() in any case. 0, or a negative errno
 * with one line that names the file and the library that was not found. */
MUST_CHECK int elf_deps_collect(struct elf_deps *deps, const char *program, struct err *err);

void elf_deps_fini(struct elf_deps *deps);

#endif
