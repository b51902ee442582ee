/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/block.h"

#include "vmm/core/log.h"
#include "vmm/host/block/driver.h"
#include "vmm/host/block/probe.h"

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

static int unknown_format(const struct block_config *config, struct err *err)
{
	return err_set(err, -EINVAL,
		       "disk image %s: unknown format \"%s\"; known are \"raw\" and \"qcow2\"",
		       config->path, config->format);
}

static int choose_format(const struct block_config *config, const struct raw_file *file,
			 bool *qcow2, struct err *err)
{
	const char *format = config->format;
	int rc = 0;

	if (!format && config->probe)
		rc = probe_file(file, &format, err);
	/* What is neither of the two is raw: many a boot loader looks like something. */
	*qcow2 = format && !strcmp(format, "qcow2");
	return rc;
}

static struct block *open_raw(const struct block_config *config, struct raw_file *file,
			      struct loop *loop, struct err *err)
{
	bool guarded = !config->format && config->probe && !file->read_only;
	struct block *raw = raw_create(file, config->aio, loop, err);
	struct block *guard;

	if (!raw || !guarded)
		return raw;
	guard = guard_create(raw, loop, err);
	if (!guard) {
		err_prefix(err, "disk image %s", config->path);
		block_destroy(raw);
	}
	return guard;
}

static struct block *open_image(const struct block_config *config, struct loop *loop,
				struct err *err)
{
	struct image_setup setup = {.aio = config->aio, .loop = loop, .keeper = true};
	struct image_place place;
	struct raw_file file;
	bool qcow2;

	if (raw_file_open(&file, config->path, config->read_only || config->snapshot, err))
		return NULL;
	if (image_place(&place, &file, NULL, err) || choose_format(config, &file, &qcow2, err)) {
		raw_file_close(&file);
		return NULL;
	}
	return qcow2 ? qcow2_open(&file, &place, &setup, err) : open_raw(config, &file, loop, err);
}

struct block *block_open(const struct block_config *config, struct loop *loop, struct err *err)
{
	/* A snapshot that nobody may write is the image itself. */
	bool overlay = config->snapshot && !config->read_only;
	struct block *image, *view;

	if (config->format && strcmp(config->format, "raw") != 0 &&
	    strcmp(config->format, "qcow2") != 0) {
		unknown_format(config, err);
		return NULL;
	}
	image = open_image(config, loop, err);
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
