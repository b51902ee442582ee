/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_FIRMWARE_INITRAMFS_PROGRAMS_H
#define VISE_FIRMWARE_INITRAMFS_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "firmware/initramfs/cpio.h"
#include "vmm/core/err.h"

/* Programs of the host, put into an archive with all that they need to run in the guest. */

/*
 * Writes the guest path that @path means to @guest (CPIO_PATH_MAX + 1 bytes): a relative one counts
 * from "/", which is where commands start; "." and ".." are resolved. 0 or -ENAMETOOLONG.
 */
MUST_CHECK int programs_guest_path(const char *path, char *guest);

/* Adds the file @host as @guest (as above when NULL), with its loader and libraries when it is a
 * program, and with its interpreter when it is a script. */
MUST_CHECK int programs_add(struct cpio *cpio, const char *host, const char *guest,
			    struct err *err);

/* Adds /bin/sh: BusyBox with all its applets where the host has it, else the host's shell (bash
 * as well when @interactive). */
MUST_CHECK int programs_add_shell(struct cpio *cpio, bool interactive, struct err *err);

/*
 * Adds the program that @command starts with, found in the host's PATH, and a shell. A first word
 * that is shell syntax, a shell's own command, or in the archive already is fine; one that is
 * nowhere is an error that names --exec.
 */
MUST_CHECK int programs_add_command(struct cpio *cpio, const char *command, struct err *err);

#endif
