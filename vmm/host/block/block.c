/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/block.h"

#include "vmm/core/log.h"
#include "vmm/host/block/driver.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

struct block *raw_create(struct raw_file *file, enum block_aio aio, struct loop *loop,
			 struct err *err)
{
	struct block *blk = NULL;
	struct err refused = ERR_INIT;

	if (aio != BLOCK_AIO_THREADS)
		blk = raw_uring_create(file, loop, &refused);
	if (!blk && aio == BLOCK_AIO_AUTO)
		log_info("disk image %s: %s; threads are used", file->path, refused.text);
	if (!blk && aio == BLOCK_AIO_URING)
		err_set(err, refused.code, "disk image %s: %s; leave out aio, or use aio=threads",
			file->path, refused.text);
	else if (!blk)
		blk = raw_threads_create(file, loop, err);
	if (!blk)
		raw_file_close(file);
	return blk;
}

struct block *block_open(const struct block_config *config, struct loop *loop, struct err *err)
{
	/* A snapshot that nobody may write is the image itself. */
	bool overlay = config->snapshot && !config->read_only;
	struct block *image, *view;
	struct raw_file file;

	if (config->format && strcmp(config->format, "raw") != 0) {
		err_set(err, -EINVAL, "disk image %s: unknown format \"%s\"; known is \"raw\"",
			config->path, config->format);
		return NULL;
	}
	if (raw_file_open(&file, config->path, config->read_only || config->snapshot, err))
		return NULL;
	image = raw_create(&file, config->aio, loop, err);
	if (!image || !overlay)
		return image;
	view = overlay_create(image, config->aio, loop, err);
	if (!view) {
		err_prefix(err, "disk image %s", config->path);
		block_destroy(image);
	}
	return view;
}

int block_resize(struct block *blk, uint64_t size, struct err *err)
{
	if (!size || size % BLOCK_SECTOR || size > INT64_MAX)
		return err_set(err, -EINVAL,
			       "size of %" PRIu64 " bytes: must be a multiple of %u, more than 0",
			       size, BLOCK_SECTOR);
	return blk->ops->resize(blk, size, err);
}
