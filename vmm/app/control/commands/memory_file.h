/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_CONTROL_MEMORY_FILE_H
#define VISE_APP_CONTROL_MEMORY_FILE_H

#include "vmm/app/machine/machine.h"

/*
 * A file that guest memory goes to: made anew, for its owner only, and no half of one is left. The
 * main loop, whose thread this is for, stands still meanwhile, as QEMU's does.
 */
struct memory_file {
	const char *name; /* the caller's */
	int fd;
	bool regular; /* not a device or pipe that somebody wants to keep */
	char *piece;  /* through which memory is copied */
};

/* 0, or a negative errno and one line in @err that begins with @name. */
MUST_CHECK int memory_file_open(struct memory_file *f, const char *name, struct err *err);

/* Writes @len bytes at the end. 0 or a negative errno. */
MUST_CHECK int memory_file_write(const struct memory_file *f, const void *data, size_t len,
				 struct err *err);

/* Writes guest-physical memory [@at, @at + @size) at the end. 0, or a negative errno: -EFAULT when
 * not all of it is RAM. */
MUST_CHECK int memory_file_save(const struct memory_file *f, const struct machine *m, uint64_t at,
				uint64_t size, struct err *err);

/* Closes it. @rc is how the writing went; unless all went well the file is removed. The result of
 * both; @err begins with the name then. */
MUST_CHECK int memory_file_close(struct memory_file *f, int rc, struct err *err);

#endif
