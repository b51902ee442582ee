/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/blk/blk_io.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "guest-init/selftest/clock.h"

/* One run: where, and its buffers. */
struct run {
	int fd;
	char file[600]; /* to be removed; empty: raw sectors */
	uint64_t base;	/* offset of the first byte */
	uint64_t bytes;
	uint64_t chunk;
	uint8_t *data;	 /* one chunk */
	uint8_t *before; /* raw: what stood there, all of it */
	bool need_restore;
};

static bool failed(struct blk_io *io, const char *reason, int error)
{
	if (!io->reason) {
		io->reason = reason;
		io->error = error;
	}
	return false;
}

/* A chunk may come in pieces, but never with an end of file in it. */
static bool transfer(struct run *r, bool write, uint8_t *data, uint64_t at)
{
	uint64_t done = 0;

	while (done < r->chunk) {
		off_t offset = (off_t)(r->base + at + done);
		ssize_t n = write ? pwrite(r->fd, data + done, r->chunk - done, offset)
				  : pread(r->fd, data + done, r->chunk - done, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n ? errno : EIO;
			return false;
		}
		done += (uint64_t)n;
	}
	return true;
}

static void fill_pattern(struct run *r, uint64_t at)
{
	for (uint64_t i = 0; i < r->chunk; i++)
		r->data[i] = (uint8_t)(at + i);
}

static bool matches(const struct run *r, uint64_t at)
{
	for (uint64_t i = 0; i < r->chunk; i++) {
		if (r->data[i] != (uint8_t)(at + i))
			return false;
	}
	return true;
}

static bool open_file(struct run *r, const struct blk_disk *disk, struct blk_io *io)
{
	snprintf(r->file, sizeof(r->file), "%s/virtio-blk-selftest.%d", disk->root, (int)getpid());
	/* Some file systems know no O_DIRECT; then the flush is what brings the bytes out. */
	r->fd = open(r->file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_DIRECT, 0600);
	if (r->fd < 0 && errno == EINVAL)
		r->fd = open(r->file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	return r->fd >= 0 || failed(io, "create_file_failed", errno);
}

static bool open_raw(struct run *r, const struct blk_disk *disk, struct blk_io *io)
{
	char path[DEVICE_NAME_MAX + 8];
	uint64_t size = 0;

	snprintf(path, sizeof(path), "/dev/%s", disk->name);
	r->fd = open(path, O_RDWR | O_CLOEXEC | O_DIRECT | O_EXCL);
	if (r->fd < 0)
		return failed(io, "open_disk_failed", errno);
	if (ioctl(r->fd, BLKGETSIZE64, &size))
		return failed(io, "query_size_failed", errno);
	r->bytes = blk_disk_scratch(size, r->bytes, r->chunk, &r->base);
	if (!r->bytes)
		return failed(io, "disk_too_small", 0);
	if (posix_memalign((void **)&r->before, BLK_DISK_ALIGN, r->bytes)) {
		r->before = NULL;
		return failed(io, "no_memory", ENOMEM);
	}
	for (uint64_t at = 0; at < r->bytes; at += r->chunk) {
		if (!transfer(r, false, r->before + at, at))
			return failed(io, "read_failed", errno);
	}
	return true;
}

static bool write_pattern(struct run *r, struct blk_io *io)
{
	uint64_t start = clock_ns();

	r->need_restore = true;
	for (uint64_t at = 0; at < r->bytes; at += r->chunk) {
		fill_pattern(r, at);
		if (!transfer(r, true, r->data, at))
			return failed(io, "write_failed", errno);
		io->write_bytes += r->chunk;
	}
	io->write_ns = clock_ns() - start;
	io->write_ok = true;
	io->flush_ok = !fsync(r->fd);
	return io->flush_ok || failed(io, "flush_failed", errno);
}

static bool read_pattern(struct run *r, struct blk_io *io, bool compare)
{
	uint64_t start = clock_ns();

	io->read_bytes = 0;
	posix_fadvise(r->fd, 0, 0, POSIX_FADV_DONTNEED);
	for (uint64_t at = 0; at < r->bytes; at += r->chunk) {
		memset(r->data, 0xa5, r->chunk);
		if (!transfer(r, false, r->data, at))
			return failed(io, "read_failed", errno);
		if (compare && !matches(r, at))
			return failed(io, "data_mismatch", 0);
		io->read_bytes += r->chunk;
	}
	io->read_ns = clock_ns() - start;
	return true;
}

static bool restore(struct run *r, struct blk_io *io)
{
	for (uint64_t at = 0; at < r->bytes; at += r->chunk) {
		if (!transfer(r, true, r->before + at, at))
			return failed(io, "restore_failed", errno);
	}
	return !fsync(r->fd) || failed(io, "restore_failed", errno);
}

bool blk_io_run(const struct blk_disk *disk, uint64_t bytes, uint64_t chunk, struct blk_io *io)
{
	struct run r = {.fd = -1, .bytes = bytes, .chunk = chunk};
	bool ok;

	*io = (struct blk_io){.write_ok = false};
	if (posix_memalign((void **)&r.data, BLK_DISK_ALIGN, chunk))
		return failed(io, "no_memory", ENOMEM);
	ok = *disk->root ? open_file(&r, disk, io) : open_raw(&r, disk, io);
	ok = ok && write_pattern(&r, io) && read_pattern(&r, io, true) &&
	     read_pattern(&r, io, false);
	io->read_ok = ok;
	if (r.before && r.need_restore)
		ok = restore(&r, io) && ok;
	if (r.fd >= 0)
		close(r.fd);
	if (*r.file && r.fd >= 0)
		unlink(r.file);
	free(r.before);
	free(r.data);
	return ok;
}
