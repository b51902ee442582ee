/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/guestdrv/gd_block.h"

#include "tests/guestdrv/gd_machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct gd_block *to_disk(struct block *blk)
{
	return (struct gd_block *)blk;
}

static void append(struct block_request **list, struct block_request *req)
{
	while (*list)
		list = &(*list)->next;
	req->next = NULL;
	*list = req;
}

/* The rules that block.h gives the caller. */
static bool request_legal(const struct gd_block *disk, const struct block_request *req)
{
	if (req->op == BLOCK_FLUSH)
		return true;
	return req->len > 0 && req->len % BLOCK_SECTOR == 0 && req->offset % BLOCK_SECTOR == 0 &&
	       req->offset <= disk->blk.size && req->len <= disk->blk.size - req->offset;
}

static void count(struct gd_block *disk, const struct block_request *req)
{
	switch (req->op) {
	case BLOCK_READ:
		disk->reads++;
		break;
	case BLOCK_WRITE:
		disk->writes++;
		break;
	case BLOCK_FLUSH:
		disk->flushes++;
		disk->writes_done_before_flush = disk->writes_done;
		break;
	}
}

static void disk_submit(struct block *blk, struct block_request *req)
{
	struct gd_block *disk = to_disk(blk);

	count(disk, req);
	append(&disk->queued, req);
}

static void finish(struct gd_block *disk, struct block_request *req)
{
	int result = disk->fail;

	if (!request_legal(disk, req)) {
		disk->bad_requests++;
		result = -EINVAL;
	}
	if (result == 0 && req->op == BLOCK_READ)
		memcpy(req->buf, disk->bytes + req->offset, req->len);
	if (result == 0 && req->op == BLOCK_WRITE)
		memcpy(disk->bytes + req->offset, req->buf, req->len);
	if (req->op == BLOCK_WRITE)
		disk->writes_done++;
	disk->done++;
	req->done(req, result);
}

static void finish_all(struct gd_block *disk)
{
	while (disk->held) {
		struct block_request *req = disk->held;

		disk->held = req->next;
		finish(disk, req);
	}
}

static void on_release_all(void *arg)
{
	finish_all(arg);
}

static void post(struct gd_block *disk, loop_fn fn, void *arg)
{
	if (loop_post(disk->loop, fn, arg) < 0)
		gd_die("disk", "out of memory");
}

static void disk_kick(struct block *blk)
{
	struct gd_block *disk = to_disk(blk);

	while (disk->queued) {
		struct block_request *req = disk->queued;

		disk->queued = req->next;
		append(&disk->held, req);
	}
	if (!disk->held || disk->mode == GD_BLOCK_HELD)
		return;
	if (disk->mode == GD_BLOCK_INLINE)
		finish_all(disk);
	else
		post(disk, on_release_all, disk);
}

static int read_pieces(struct gd_block *disk, const struct loop_now *read)
{
	uint64_t at = read->offset;

	for (unsigned int i = 0; i < read->n_iov; i++) {
		size_t len = read->iov[i].iov_len;

		if (at > disk->blk.size || len > disk->blk.size - at) {
			disk->bad_requests++;
			return -EINVAL;
		}
		memcpy(read->iov[i].iov_base, disk->bytes + at, len);
		at += len;
	}
	disk->reads++;
	disk->done++;
	return (int)(at - read->offset);
}

/* A disk that is slow, or fails, has nothing at hand. */
static void disk_read_now(struct block *blk, struct loop_now *reads, unsigned int n)
{
	struct gd_block *disk = to_disk(blk);
	bool at_hand = disk->mode == GD_BLOCK_INLINE && disk->fail == 0;

	for (unsigned int i = 0; i < n; i++)
		reads[i].result = at_hand ? read_pieces(disk, &reads[i]) : -EAGAIN;
}

static int disk_resize(struct block *blk, uint64_t size, struct err *err)
{
	struct gd_block *disk = to_disk(blk);
	uint8_t *bytes = realloc(disk->bytes, size);

	if (!bytes)
		return err_set(err, -ENOMEM, "disk in memory: out of memory");
	if (size > blk->size)
		memset(bytes + blk->size, 0, size - blk->size);
	disk->bytes = bytes;
	blk->size = size;
	return 0;
}

static void disk_drain(struct block *blk)
{
	to_disk(blk)->mode = GD_BLOCK_INLINE;
	disk_kick(blk);
}

static void disk_destroy(struct block *blk)
{
	struct gd_block *disk = to_disk(blk);

	free(disk->bytes);
	free(disk);
}

static const struct block_ops disk_ops = {
	.name = "memory",
	.submit = disk_submit,
	.kick = disk_kick,
	.read_now = disk_read_now,
	.drain = disk_drain,
	.resize = disk_resize,
	.destroy = disk_destroy,
};

struct gd_block *gd_block_create(struct loop *loop, uint64_t size, enum gd_block_mode mode)
{
	struct gd_block *disk = calloc(1, sizeof(*disk));

	if (disk)
		disk->bytes = calloc(1, size);
	if (!disk || !disk->bytes)
		gd_die("disk", "out of memory");
	disk->blk = (struct block){.ops = &disk_ops, .size = size};
	disk->loop = loop;
	disk->mode = mode;
	return disk;
}

unsigned int gd_block_held(const struct gd_block *disk)
{
	unsigned int n = 0;

	for (const struct block_request *r = disk->held; r; r = r->next)
		n++;
	return n;
}

struct release {
	struct gd_block *disk;
	struct block_request *req;
};

static void on_release(void *arg)
{
	struct release *release = arg;

	finish(release->disk, release->req);
	free(release);
}

void gd_block_release(struct gd_block *disk, unsigned int i)
{
	struct block_request **at = &disk->held;
	struct release *release = malloc(sizeof(*release));

	while (*at && i-- > 0)
		at = &(*at)->next;
	if (!release || !*at)
		gd_die("disk", "no such request is held");
	*release = (struct release){disk, *at};
	*at = (*at)->next;
	post(disk, on_release, release);
}

void gd_block_release_all(struct gd_block *disk)
{
	post(disk, on_release_all, disk);
}
