/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_BLOCK_RAW_FILE_H
#define VISE_HOST_BLOCK_RAW_FILE_H

#include "vmm/core/err.h"
#include "vmm/host/block/block.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What both raw drivers share: the open image, its lock and its size. Plain data, moved by copy. */
struct raw_file {
	int fd;
	bool device;	/* a block device: its size is not ours to change */
	bool read_only; /* opened for reading only */
	uint64_t size;	/* bytes, rounded down to 512 */
	char *path;	/* for messages; owned */
};

/*
 * Opens the image at @path and locks it against other processes: shared when @read_only, else
 * exclusive. An image in use is waited for, 0.2 s at most. 0, or a negative errno with @err.
 */
MUST_CHECK int raw_file_open(struct raw_file *file, const char *path, bool read_only,
			     struct err *err);

/* An unnamed sparse file of @size bytes in $TMPDIR or /tmp; in memory where neither takes one. It
 * is gone with its descriptor. 0, or a negative errno with @err. */
MUST_CHECK int raw_file_temporary(struct raw_file *file, uint64_t size, struct err *err);

/* Grows or shrinks a regular file; a device only tells that it has that size. */
MUST_CHECK int raw_file_resize(struct raw_file *file, uint64_t size, struct err *err);

/* Gives up the lock and closes. */
void raw_file_close(struct raw_file *file);

/*
 * Takes in what the system answered to a request: @result is a byte count or a negative errno. 1
 * when the rest, from req->progress on, is to be asked for again; 0 when the request is complete; a
 * negative errno when it failed.
 */
MUST_CHECK int raw_file_advance(struct block_request *req, ssize_t result);

#endif
