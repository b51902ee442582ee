/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_BLK_IO_H
#define VISE_GUEST_INIT_SELFTEST_BLK_IO_H

#include <stdbool.h>
#include <stdint.h>

#include "guest-init/selftest/blk/blk_disk.h"

/* What writing, flushing and reading back gave. */
struct blk_io {
	bool write_ok;
	bool flush_ok;
	bool read_ok;
	uint64_t write_bytes;
	uint64_t read_bytes;
	uint64_t write_ns;
	uint64_t read_ns;   /* of the second, sequential, reading */
	const char *reason; /* the first thing that failed; NULL: nothing */
	int error;	    /* errno of it; 0: none */
};

/*
 * Writes @bytes (byte i = i mod 256) in pieces of @chunk to @disk, past the page cache, flushes,
 * reads back and compares, and reads once more. What stood there before is put back; a file is
 * removed. Raw sectors are the last ones; fewer than @bytes on a smaller disk. True when all of it
 * worked.
 */
bool blk_io_run(const struct blk_disk *disk, uint64_t bytes, uint64_t chunk, struct blk_io *io);

#endif
