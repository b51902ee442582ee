/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_CORE_PART_H
#define VISE_CORE_PART_H

#include "vmm/core/err.h"

#include <stddef.h>

/*
 * Finds @name, a program of ours that others start or hand on, beside the running program (a build
 * tree) or in ../lib/vise from there (installed), and writes its path to @path (@size bytes). 0, or
 * -ENOENT and a line: @what ("--exec needs"), the name, where it was looked for, and @remedy (may
 * be empty). Any thread.
 */
MUST_CHECK int part_find(const char *name, const char *what, const char *remedy, char *path,
			 size_t size, struct err *err);

#endif
