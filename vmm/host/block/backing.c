/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/driver.h"
#include "vmm/host/block/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Chains of images, each the backing file of the one above. */

#define CHAIN_MAX 16U

int image_place(struct image_place *place, const struct raw_file *file,
		const struct image_place *above, struct err *err)
{
	struct stat st;

	if (fstat(file->fd, &st) < 0)
		return err_set_errno(err, errno, "disk image %s", file->path);
	*place = (struct image_place){
		.above = above,
		.path = file->path,
		.dev = st.st_dev,
		.ino = st.st_ino,
		.depth = above ? above->depth + 1 : 0,
	};
	return 0;
}

/* The path of @name, which stands in the image at @above; the caller frees. NULL and @err. */
static char *resolve(const char *above, const char *name, struct err *err)
{
	const char *colon = strchr(name, ':'), *slash = strchr(name, '/');
	const char *end = strrchr(above, '/');
	char *path = NULL;

	if (!strncmp(name, "file:", strlen("file:"))) {
		name += strlen("file:");
	} else if (colon && (!slash || colon < slash)) {
		/* A protocol, as QEMU writes it ("nbd:", "https://", "json:"). */
		err_set(err, -ENOTSUP,
			"disk image %s: backing file \"%s\": must be a file on this host", above,
			name);
		return NULL;
	}
	if (name[0] == '/' || !end)
		path = strdup(name);
	else if (asprintf(&path, "%.*s%s", (int)(end - above + 1), above, name) < 0)
		path = NULL;
	if (!path)
		err_set(err, -ENOMEM, "disk image %s: out of memory", above);
	return path;
}

/* Before the file is opened: an image that is its own backing file would wait for its own lock. */
static int check_chain(const struct image_place *place, const char *path, struct err *err)
{
	struct stat st;

	if (place->depth + 1 >= CHAIN_MAX)
		return err_set(
			err, -ELOOP,
			"disk image %s: has more than %u backing files; shorten the chain with "
			"qemu-img rebase",
			path, CHAIN_MAX - 1);
	if (stat(path, &st) < 0)
		return 0; /* opening it will tell */
	for (; place; place = place->above)
		if (place->dev == st.st_dev && place->ino == st.st_ino)
			return err_set(err, -ELOOP,
				       "disk image %s: is a backing file of itself; use qemu-img "
				       "rebase -u",
				       path);
	return 0;
}

static int choose_format(const struct raw_file *file, const char *named, bool *qcow2,
			 struct err *err)
{
	const char *found = "raw";
	int rc;

	if (!named[0]) {
		rc = probe_file(file, &found, err);
		if (rc)
			return rc;
		/* A guest that once had the file as a raw disk may have written what makes it look
		 * like another format, and name any file of the host as its backing file there. */
		if (found && strcmp(found, "raw") != 0)
			return err_set(
				err, -EINVAL,
				"disk image %s: looks like %s, but the image above it does not "
				"say so; if it is, say it there: qemu-img rebase -u -F %s -b FILE "
				"IMAGE",
				file->path, found, found);
		named = "raw";
	}
	*qcow2 = !strcmp(named, "qcow2");
	if (!*qcow2 && strcmp(named, "raw") != 0)
		return err_set(
			err, -ENOTSUP,
			"disk image %s: backing file of format \"%s\"; known are \"raw\" and "
			"\"qcow2\"",
			file->path, named);
	return 0;
}

/* A last sector that the file holds in part counts, and reads with zeros behind it. */
static void round_up(struct raw_file *file)
{
	struct stat st;

	if (!file->device && !fstat(file->fd, &st))
		file->size =
			((uint64_t)st.st_size + BLOCK_SECTOR - 1) / BLOCK_SECTOR * BLOCK_SECTOR;
}

static struct block *open_path(const struct image_place *above, const char *path,
			       const char *format, const struct image_setup *setup, struct err *err)
{
	struct image_place place;
	struct raw_file file;
	bool qcow2 = false;

	if (check_chain(above, path, err) || raw_file_open(&file, path, true, err))
		return NULL;
	if (image_place(&place, &file, above, err) || choose_format(&file, format, &qcow2, err)) {
		raw_file_close(&file);
		return NULL;
	}
	if (qcow2)
		return qcow2_open(&file, &place, setup, err);
	round_up(&file);
	return raw_create(&file, setup->aio, setup->loop, err);
}

struct block *image_open_backing(const struct image_place *place, const char *name,
				 const char *format, const struct image_setup *setup,
				 struct err *err)
{
	char *path = resolve(place->path, name, err);
	struct block *blk = path ? open_path(place, path, format, setup, err) : NULL;

	free(path);
	/* Whatever stands between the first image and the bad one is of no interest. */
	if (!blk && !place->above)
		err_prefix(err, "disk image %s: backing file", place->path);
	return blk;
}
