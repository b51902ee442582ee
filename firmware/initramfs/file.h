/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_FIRMWARE_INITRAMFS_FILE_H
#define VISE_FIRMWARE_INITRAMFS_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "vmm/core/err.h"

/* A whole host file in memory; @data has a NUL behind it that @len does not count. */
struct file {
	uint8_t *data;
	size_t len;
	mode_t mode;
};

/* Reads a regular file of at most @max bytes; the caller ends with file_fini(). 0, or a negative
 * errno (with one line that names @path), then @file is empty. */
MUST_CHECK int file_load(struct file *file, const char *path, size_t max, struct err *err);

/* Frees the content; an empty file is fine. */
void file_fini(struct file *file);

/*
 * Unpacks @file in place when it is packed by gzip, xz or zstd (by its first bytes); anything else
 * stays. 0; or -EBADMSG for damaged data, -EFBIG beyond @max bytes, -ENOMEM, with one line that
 * names @path.
 */
MUST_CHECK int file_unpack(struct file *file, const char *path, size_t max, struct err *err);

#endif
