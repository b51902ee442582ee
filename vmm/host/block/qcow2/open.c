/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/qcow2/qcow2.h"

#include "vmm/core/log.h"
#include "vmm/core/loop.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opening and closing, and the face to those who use the image. */

static void qcow2_submit(struct block *blk, struct block_request *req)
{
	request_list_push(&((struct qcow2 *)blk)->queued, req);
}

static void move_queued(struct qcow2 *q)
{
	struct block_request *req;

	while ((req = request_list_pop(&q->queued)))
		request_list_push(&q->kicked, req);
}

static void qcow2_kick(struct block *blk)
{
	struct qcow2 *q = (struct qcow2 *)blk;

	if (!q->queued.count)
		return;
	move_queued(q);
	qcow2_pump(q);
}

static void qcow2_drain(struct block *blk)
{
	struct qcow2 *q = (struct qcow2 *)blk;

	do {
		move_queued(q);
		qcow2_run_down(q);
	} while (q->queued.count);
}

static void on_again(void *arg)
{
	qcow2_pump(arg);
}

static void on_commit_timer(void *arg)
{
	struct qcow2 *q = arg;

	q->commit_timer_set = false;
	qcow2_ask_commit(q);
	qcow2_pump(q);
}

/* Frees what a half made image has as well. */
static void free_image(struct qcow2 *q)
{
	keeper_stop(q->keeper);
	loop_del_timer(q->again);
	loop_del_timer(q->commit_timer);
	block_destroy(q->backing);
	block_destroy(q->file);
	qcow2_record_destroy(q->commit.record);
	free(q->commit.reqs);
	qcow2_inflate_free(q);
	qcow2_cache_free(q);
	cluster_set_free(&q->metadata);
	free(q->zeros);
	free(q->ops);
	free(q->path);
	free(q);
}

static void qcow2_destroy(struct block *blk)
{
	struct qcow2 *q = (struct qcow2 *)blk;

	if (!q->blk.read_only && qcow2_commit_now(q))
		log_error("disk image %s: was not closed well; run qemu-img check -r all", q->path);
	free_image(q);
}

static const struct block_ops qcow2_ops = {
	.name = "qcow2",
	.submit = qcow2_submit,
	.kick = qcow2_kick,
	.drain = qcow2_drain,
	.resize = qcow2_resize,
	.destroy = qcow2_destroy,
};

static int load_header(struct qcow2 *q, const struct raw_file *file, struct err *err)
{
	uint8_t start[BLOCK_SECTOR], *cluster;
	size_t len;
	int rc = qcow2_load(file->fd, start, sizeof(start), 0);

	if (rc)
		return err_set_errno(err, -rc, "disk image %s: header", q->path);
	len = qcow2_header_cluster(start, sizeof(start));
	if (!len)
		len = sizeof(start); /* it will be refused, by name */
	cluster = malloc(len);
	if (!cluster)
		return err_set(err, -ENOMEM, "disk image %s: out of memory", q->path);
	rc = qcow2_load(file->fd, cluster, len, 0);
	rc = rc ? err_set_errno(err, -rc, "disk image %s: header", q->path)
		: qcow2_header_parse(&q->header, cluster, len, q->path, err);
	if (!rc)
		memcpy(q->header_sector, cluster, sizeof(q->header_sector));
	free(cluster);
	if (!rc && q->header.size < BLOCK_SECTOR)
		rc = err_set(err, -EINVAL,
			     "disk image %s: holds a disk of %" PRIu64 " bytes; it must have at "
			     "least %u",
			     q->path, q->header.size, BLOCK_SECTOR);
	return rc || file->read_only ? rc : qcow2_header_writable(&q->header, q->path, err);
}

static void set_geometry(struct qcow2 *q, const struct raw_file *file)
{
	const struct qcow2_header *h = &q->header;

	q->cluster_bits = h->cluster_bits;
	q->cluster_size = 1ULL << h->cluster_bits;
	q->l2_bits = h->cluster_bits - 3;
	q->refcounts_bits = h->cluster_bits + 3 - h->refcount_order;
	q->page_size = q->cluster_size < QCOW2_PAGE ? (unsigned int)q->cluster_size : QCOW2_PAGE;
	q->max_pages = file->read_only ? QCOW2_BASE_PAGES : QCOW2_PAGES;
	q->device = file->device;
	q->blk.size = h->size / BLOCK_SECTOR * BLOCK_SECTOR;
}

/* The raw size is rounded down, but what counts here is where the file reads as zeros. */
static int set_file_end(struct qcow2 *q, const struct raw_file *file, struct err *err)
{
	struct stat st;

	q->file_end = file->size;
	if (!file->device) {
		if (fstat(file->fd, &st) < 0)
			return err_set_errno(err, errno, "disk image %s: size", q->path);
		q->file_end =
			((uint64_t)st.st_size + BLOCK_SECTOR - 1) / BLOCK_SECTOR * BLOCK_SECTOR;
	}
	q->high = (q->file_end + q->cluster_size - 1) / q->cluster_size * q->cluster_size;
	return 0;
}

static int make_ops(struct qcow2 *q)
{
	q->ops = calloc((size_t)QCOW2_OPS * 2, sizeof(*q->ops));
	if (!q->ops)
		return -ENOMEM;
	for (unsigned int i = QCOW2_OPS; i-- > 0;) {
		struct qcow2_op *op = &q->ops[i], *child = &q->ops[QCOW2_OPS + i];

		op->q = child->q = q;
		op->child = child;
		child->parent = op;
		op->next = q->free_ops;
		q->free_ops = op;
	}
	return 0;
}

static int make_memory(struct qcow2 *q, struct loop *loop)
{
	q->pages = calloc(q->max_pages, sizeof(struct qcow2_page *));
	q->again = loop_add_timer(loop, on_again, q);
	q->commit_timer = loop_add_timer(loop, on_commit_timer, q);
	if (!q->pages || !q->again || !q->commit_timer || make_ops(q))
		return -ENOMEM;
	if (q->blk.read_only)
		return 0;
	q->zeros = calloc(1, q->cluster_size);
	q->commit.record = qcow2_record_create();
	q->commit.reqs = calloc(KEEPER_SECTORS, sizeof(*q->commit.reqs));
	return q->zeros && q->commit.record && q->commit.reqs ? 0 : -ENOMEM;
}

/* The features that others must not rely on once the image was written by who does not know them:
 * [Header], autoclear_features. */
static int clear_features(struct qcow2 *q, int fd, struct err *err)
{
	if (!q->header.autoclear)
		return 0;
	st_be64(q->header_sector + QCOW2_H_AUTOCLEAR, 0);
	if (pwrite(fd, q->header_sector, sizeof(q->header_sector), 0) !=
	    (ssize_t)sizeof(q->header_sector))
		return err_set_errno(err, errno, "disk image %s: header", q->path);
	return 0;
}

static void start_keeper(struct qcow2 *q, int fd)
{
	struct err refused = ERR_INIT;

	q->keeper = keeper_start(fd, q->commit.record, &refused);
	if (!q->keeper)
		log_warn("disk image %s: %s; if vise is killed, run qemu-img check -r leaks",
			 q->path, refused.text);
}

static int open_image(struct qcow2 *q, struct raw_file *file, const struct image_place *place,
		      const struct image_setup *setup, struct err *err)
{
	int rc = load_header(q, file, err);

	if (rc)
		return rc;
	set_geometry(q, file);
	rc = set_file_end(q, file, err);
	if (!rc && make_memory(q, setup->loop))
		rc = err_set(err, -ENOMEM, "disk image %s: out of memory", q->path);
	if (!rc)
		rc = qcow2_load_tables(q, file->fd, err);
	if (!rc && q->header.backing[0]) {
		q->backing = image_open_backing(place, q->header.backing, q->header.backing_format,
						setup, err);
		rc = q->backing ? 0 : -EINVAL;
	}
	if (rc || file->read_only)
		return rc;
	rc = clear_features(q, file->fd, err);
	/* Before the raw driver makes its threads or its ring. */
	if (!rc && setup->keeper)
		start_keeper(q, file->fd);
	return rc;
}

struct block *qcow2_open(struct raw_file *file, const struct image_place *place,
			 const struct image_setup *setup, struct err *err)
{
	struct qcow2 *q = calloc(1, sizeof(*q));

	if (q) {
		q->blk = (struct block){&qcow2_ops, 0, file->read_only};
		q->path = strdup(file->path);
	}
	if (!q || !q->path) {
		err_set(err, -ENOMEM, "disk image %s: out of memory", file->path);
		free(q);
		raw_file_close(file);
		return NULL;
	}
	if (open_image(q, file, place, setup, err)) {
		free_image(q);
		raw_file_close(file);
		return NULL;
	}
	q->file = raw_create(file, setup->aio, setup->loop, err);
	if (!q->file) {
		free_image(q);
		return NULL;
	}
	return &q->blk;
}
