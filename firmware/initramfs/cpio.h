/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_FIRMWARE_INITRAMFS_CPIO_H
#define VISE_FIRMWARE_INITRAMFS_CPIO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "vmm/core/err.h"

/*
 * Writes a cpio archive of the "newc" kind (Documentation/driver-api/early-userspace/
 * buffer-format.rst) into memory. Everything belongs to root and has time 0, so that equal content
 * gives equal archives. Parent directories are added when they are missing. A path that was added
 * before is left as it is: the first one wins. Paths are absolute, without "." and "..", at most
 * CPIO_PATH_MAX bytes. One thread.
 */

#define CPIO_PATH_MAX	 1024
#define CPIO_MAX_ENTRIES 65536
#define CPIO_MAX_BYTES	 (1ULL << 30)

struct cpio;

/* NULL and @err when the host has no memory for it. */
struct cpio *cpio_create(struct err *err);

/* Frees everything; NULL is allowed. */
void cpio_destroy(struct cpio *cpio);

/* Each returns 0, or a negative errno with one line in @err. @mode holds permission bits only. */
MUST_CHECK int cpio_add_dir(struct cpio *cpio, const char *path, mode_t mode, struct err *err);
MUST_CHECK int cpio_add_file(struct cpio *cpio, const char *path, mode_t mode, const void *data,
			     size_t len, struct err *err);
MUST_CHECK int cpio_add_link(struct cpio *cpio, const char *path, const char *target,
			     struct err *err);
/* A character device. */
MUST_CHECK int cpio_add_node(struct cpio *cpio, const char *path, mode_t mode, unsigned major,
			     unsigned minor, struct err *err);

/* Nonzero when @path was added. */
int cpio_has(const struct cpio *cpio, const char *path);

/* Ends the archive and returns its descriptor, at offset 0, which the caller closes; or a negative
 * errno. Nothing can be added afterwards. */
MUST_CHECK int cpio_finish(struct cpio *cpio, struct err *err);

#endif
