/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_BLOCK_DRIVER_H
#define VISE_HOST_BLOCK_DRIVER_H

#include "vmm/core/trace.h"
#include "vmm/host/block/block.h"
#include "vmm/host/block/raw_file.h"

/*
 * For the drivers of this folder only: how they are made, and the list they keep requests in.
 *
 * Layers, lowest first: a raw driver (an image file or a device, by io_uring or by threads); a
 * format, qcow2, or the guard of a raw image whose format was probed; the overlay, when the image
 * must not be written. A layer owns the one below.
 */

/*
 * A driver over @file, which it owns from then on; NULL and @err on failure, and then @file stays
 * the caller's. raw_uring_create() fails where the host refuses io_uring.
 */
struct block *raw_uring_create(const struct raw_file *file, struct loop *loop, struct err *err);
struct block *raw_threads_create(const struct raw_file *file, struct loop *loop, struct err *err);

/* One of the two by @aio. Takes @file over in any case: it is closed on failure. */
struct block *raw_create(struct raw_file *file, enum block_aio aio, struct loop *loop,
			 struct err *err);

/* A writable view of @base that keeps what is written in a temporary file driven by @aio. Owns
 * @base from then on; NULL and @err on failure, and then @base stays the caller's. */
struct block *overlay_create(struct block *base, enum block_aio aio, struct loop *loop,
			     struct err *err);

/* Passes all on to @raw but writes that would give its first sector the header of an image format:
 * these end with -EPERM. Owns @raw from then on; NULL and @err on failure, and then @raw stays the
 * caller's. */
struct block *guard_create(struct block *raw, struct loop *loop, struct err *err);

/* ---- images: raw_file_open() comes first ---- */

/* What all files of a chain of images have in common. */
struct image_setup {
	enum block_aio aio;
	struct loop *loop;
	bool keeper; /* qcow2: a process finishes what this one had begun to write when killed */
};

/* Where an image stands in its chain: on which others it is the backing file of. */
struct image_place {
	const struct image_place *above; /* NULL: the first, which the guest sees */
	const char *path;
	dev_t dev;
	ino_t ino;
	unsigned int depth; /* 0: the first */
};

/* Fills @place with what names the open @file below @above. 0 or a negative errno with @err. */
MUST_CHECK int image_place(struct image_place *place, const struct raw_file *file,
			   const struct image_place *above, struct err *err);

/* The qcow2 image in @file, with its backing files; writable unless @file is read-only. Takes @file
 * over in any case: it is closed on failure. NULL and @err on failure. */
struct block *qcow2_open(struct raw_file *file, const struct image_place *place,
			 const struct image_setup *setup, struct err *err);

/*
 * The backing file that the image at @place names: @name as it stands there, relative to the
 * image's folder; @format is "raw", "qcow2", or "" to look. Read-only. NULL and @err on failure.
 */
struct block *image_open_backing(const struct image_place *place, const char *name,
				 const char *format, const struct image_setup *setup,
				 struct err *err);

/* Requests, first in first out; all zero is an empty one. */
struct request_list {
	struct block_request *head;
	struct block_request *tail;
	size_t count;
};

static inline void request_list_push(struct request_list *list, struct block_request *req)
{
	req->next = NULL;
	if (list->tail)
		list->tail->next = req;
	else
		list->head = req;
	list->tail = req;
	list->count++;
}

static inline struct block_request *request_list_pop(struct request_list *list)
{
	struct block_request *req = list->head;

	if (!req)
		return NULL;
	list->head = req->next;
	if (!list->head)
		list->tail = NULL;
	list->count--;
	return req;
}

/* Empties @list and returns what was in it. */
static inline struct request_list request_list_take(struct request_list *list)
{
	struct request_list all = *list;

	*list = (struct request_list){NULL, NULL, 0};
	return all;
}

/* Gives the request back to its submitter. */
static inline void request_finish(struct block_request *req, int result)
{
	TRACE3(block_done, req, req->op, result);
	req->done(req, result);
}

#endif
