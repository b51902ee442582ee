/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/log.h"
#include "vmm/core/loop.h"
#include "vmm/host/block/driver.h"
#include "vmm/host/block/qcow2/header.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * An image file, hostile in every byte: opened for reading and read, then opened for writing and
 * written here and there. Nothing may crash, hang or leak; a refusal is one line; what a write that
 * succeeded wrote is read back; whatever the guest writes, the header stays what it was but for the
 * fields that the driver itself sets, and so does the backing file's name.
 *
 * Files that the image would have opened are the host's, so the name of a backing file is looked at
 * by qcow2_header_parse() only, through a first try, and then taken out.
 */

#define SECTOR	   BLOCK_SECTOR
#define READ_MAX   (256U << 10)
#define WRITES	   24U
#define WRITE_STEP 1792U

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
	if (!held)
		abort();
}

static void require_line(const struct err *err)
{
	require(err->code < 0 && err->text[0] && !strchr(err->text, '\n'));
}

struct job {
	struct block_request req;
	int done, result;
};

static void job_done(struct block_request *req, int result)
{
	struct job *job = (struct job *)req;

	job->done++;
	job->result = result;
}

static int run(struct block *blk, enum block_op op, uint64_t offset, uint8_t *buf, size_t len)
{
	struct job job = {
		.req = {.op = op, .offset = offset, .buf = buf, .len = len, .done = job_done}};

	block_submit(blk, &job.req);
	require(!job.done);
	block_drain(blk);
	require(job.done == 1 && job.result <= 0);
	return job.result;
}

static struct block *open_fd(int fd, bool read_only, struct loop *loop)
{
	struct image_setup setup = {.aio = BLOCK_AIO_AUTO, .loop = loop, .keeper = false};
	struct err err = ERR_INIT;
	struct image_place place;
	struct raw_file file;
	struct block *blk = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!raw_file_open(&file, path, read_only, &err)) {
		require(!image_place(&place, &file, NULL, &err));
		blk = qcow2_open(&file, &place, &setup, &err);
	}
	if (!blk)
		require_line(&err);
	return blk;
}

static void read_some(struct block *blk)
{
	uint8_t *buf = malloc(READ_MAX);
	uint64_t len = blk->size < READ_MAX ? blk->size : READ_MAX;

	run(blk, BLOCK_READ, 0, buf, len);
	run(blk, BLOCK_READ, blk->size - len, buf, len);
	for (uint64_t at = 0; at < len; at += SECTOR)
		run(blk, BLOCK_READ, at, buf, SECTOR);
	free(buf);
}

/* One sector each, so that no two of its bytes can share a place in the file. */
static void write_some(struct block *blk)
{
	uint8_t out[SECTOR], in[SECTOR];
	uint64_t sectors = blk->size / SECTOR;

	for (unsigned int i = 0; i < WRITES; i++) {
		uint64_t at = (uint64_t)i * WRITE_STEP / SECTOR % sectors * SECTOR;

		if (i % 4 == 3)
			at = (sectors - 1 - i % sectors) * SECTOR;
		memset(out, (int)i + 1, sizeof(out));
		if (i % 5 == 4)
			run(blk, BLOCK_FLUSH, 0, NULL, 0);
		if (!run(blk, BLOCK_WRITE, at, out, SECTOR) &&
		    !run(blk, BLOCK_READ, at, in, SECTOR))
			require(!memcmp(in, out, SECTOR));
	}
}

/* What the guest must not be able to change of the first @len bytes. */
static void compare_start(int fd, const uint8_t *before, size_t len)
{
	static const struct {
		size_t at, len;
	} ours[] = {{QCOW2_H_SIZE, 8},
		    {QCOW2_H_L1_SIZE, 4},
		    {QCOW2_H_L1_TABLE_OFFSET, 8},
		    {QCOW2_H_REFTABLE_OFFSET, 12},
		    {QCOW2_H_AUTOCLEAR, 8}};
	uint8_t a[SECTOR], b[SECTOR];

	require(pread(fd, b, len, 0) == (ssize_t)len);
	memcpy(a, before, len);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		memset(a + ours[i].at, 0, ours[i].len);
		memset(b + ours[i].at, 0, ours[i].len);
	}
	require(!memcmp(a, b, len));
}

static void write_image(int fd, const uint8_t *start, struct loop *loop)
{
	struct block *blk = open_fd(fd, false, loop);
	struct err err = ERR_INIT;
	uint64_t size;

	if (!blk)
		return;
	write_some(blk);
	size = blk->size + 70000 / SECTOR * SECTOR;
	if (block_resize(blk, size, &err))
		require_line(&err);
	else
		require(blk->size == size);
	write_some(blk);
	block_destroy(blk);
	compare_start(fd, start, SECTOR);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t none[8];
	struct err err = ERR_INIT;
	struct loop *loop = loop_create(&err);
	struct block *blk;
	uint8_t start[SECTOR];
	int fd = memfd_create("qcow2", MFD_CLOEXEC);

	log_set_level((enum log_level) - 1);
	require(loop && fd >= 0);
	if (size >= SECTOR && pwrite(fd, data, size, 0) == (ssize_t)size) {
		/* No chain of the host's files: whatever is named is not there. */
		if (memcmp(data + QCOW2_H_BACKING_OFFSET, none, sizeof(none)) != 0) {
			struct qcow2_header h;

			if (qcow2_header_parse(&h, data, size, "image", &err))
				require_line(&err);
			require(pwrite(fd, none, sizeof(none), QCOW2_H_BACKING_OFFSET) == 8);
		}
		require(pread(fd, start, sizeof(start), 0) == SECTOR);
		blk = open_fd(fd, true, loop);
		if (blk) {
			read_some(blk);
			block_destroy(blk);
			write_image(fd, start, loop);
		}
	}
	close(fd);
	loop_destroy(loop);
	return 0;
}
