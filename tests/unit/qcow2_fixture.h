/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TESTS_UNIT_QCOW2_FIXTURE_H
#define VISE_TESTS_UNIT_QCOW2_FIXTURE_H

#include "tests/unit/block_fixture.h"

#include "vmm/host/block/qcow2/qcow2_regs.h"

#include <errno.h>

/* Ways to open a qcow2 image, to look into its file, and to change what is there. */

#define SIZE (1024 * 1024)

static uint8_t bytes[8 * SIZE];

static inline struct block *open_with(const char *format, bool read_only, bool snapshot, bool probe)
{
	struct block_config config = {.path = image,
				      .format = format,
				      .read_only = read_only,
				      .snapshot = snapshot,
				      .probe = probe};

	err = (struct err)ERR_INIT;
	return block_open(&config, loop, &err);
}

static inline struct block *open_good(bool read_only)
{
	struct block *blk = open_with("qcow2", read_only, false, false);

	ck_assert_msg(blk != NULL, "%s", err.text);
	ck_assert_str_eq(block_describe(blk), "qcow2");
	return blk;
}

static inline void refused(bool read_only, const char *what)
{
	ck_assert_ptr_null(open_with("qcow2", read_only, false, false));
	ck_assert_msg(err.code < 0 && strstr(err.text, what) && strstr(err.text, image) &&
			      !strchr(err.text, '\n'),
		      "%s", err.text);
}

static inline void check_clean(void)
{
	shell("qemu-img check -q -f qcow2 image");
}

static inline void write_at(struct block *blk, uint64_t offset, size_t len, int value)
{
	memset(bytes, value, len);
	ck_assert_int_eq(run_job(blk, BLOCK_WRITE, offset, bytes, len), 0);
}

static inline int byte_at(struct block *blk, uint64_t offset)
{
	uint8_t sector[BLOCK_SECTOR];

	ck_assert_int_eq(
		run_job(blk, BLOCK_READ, offset / BLOCK_SECTOR * BLOCK_SECTOR, sector, 512), 0);
	return sector[offset % BLOCK_SECTOR];
}

/* Reads or writes bytes of the file itself. */
static inline void file_bytes(uint64_t offset, void *buf, size_t len, bool write)
{
	int fd = open(image, O_RDWR | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write ? pwrite(fd, buf, len, (off_t)offset)
			       : pread(fd, buf, len, (off_t)offset),
			 len);
	close(fd);
}

static inline uint64_t get64(uint64_t offset)
{
	uint8_t b[8];

	file_bytes(offset, b, 8, false);
	return ld_be64(b);
}

static inline void put64(uint64_t offset, uint64_t value)
{
	uint8_t b[8];

	st_be64(b, value);
	file_bytes(offset, b, 8, true);
}

static inline void put32(uint64_t offset, uint32_t value)
{
	uint8_t b[4];

	st_be32(b, value);
	file_bytes(offset, b, 4, true);
}

#endif
