/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_FIRMWARE_INITRAMFS_INITRAMFS_H
#define VISE_FIRMWARE_INITRAMFS_INITRAMFS_H

#include <stdbool.h>
#include <stddef.h>

#include "vmm/core/err.h"

/*
 * Makes, in memory, the initramfs that `vise run` boots with --exec, --shell, --selftest or --root:
 * vise-init as its first process, the job for it (docs/abi/vise-init.h), the kernel modules that
 * the machine's devices need, unpacked, and, unless a disk brings its own, the programs to run.
 */

struct initramfs_config {
	const char *vise_init; /* path of the static guest init */
	const char *kernel;    /* path of the kernel image, to find its modules by */
	const char *modules;   /* --modules DIR; NULL: looked for next to the kernel */
	const char *exec;      /* --exec CMD, or NULL */
	const char *root;      /* --root DEV, or NULL */
	const char *selftest;  /* --selftest: "1" or its flags; NULL: no self test */
	const char *term;      /* the host terminal's TERM, or NULL */
	char *const *include;  /* --include options, "HOST[:GUEST]" */
	size_t n_include;
	bool shell;	     /* --shell */
	unsigned short rows; /* size of the host's terminal; 0: standard input is none */
	unsigned short cols;
	/* What the machine has: decides which modules are loaded. */
	bool has_disk;
	bool has_net;
	bool has_input;
	bool has_snd;
	bool has_console; /* virtio-console */
};

/*
 * Returns a close-on-exec descriptor of the archive at offset 0, which the caller closes; or a
 * negative errno with one line that names the option and the remedy. The strings are only read
 * during the call. Equal files and config give an equal archive.
 *
 * A kernel without a module directory is taken to have everything built in. File systems other
 * than ext4 must be built in for --root.
 */
MUST_CHECK int initramfs_build(const struct initramfs_config *config, struct err *err);

#endif
