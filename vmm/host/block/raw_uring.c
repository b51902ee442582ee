/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/driver.h"

#include "vmm/core/loop.h"

#include <errno.h>
#include <stdlib.h>

/*
 * Raw image by the loop's ring (io_uring): what is queued goes to the kernel with the call in which
 * the loop waits, and what the page cache answers is complete when that call returns.
 *
 * No more than URING_DEPTH requests are with the kernel at a time; others wait here.
 */

#define URING_DEPTH 128U

struct raw_uring;

/* One of the requests that are with the kernel. */
struct uring_slot {
	struct loop_io io; /* first: `done` gets its address */
	struct raw_uring *u;
	struct block_request *req;
	struct uring_slot *next; /* free ones */
};

struct raw_uring {
	struct block blk;
	struct raw_file file;
	struct loop *loop;
	struct request_list queued;
	struct uring_slot *free_slots;
	unsigned int in_flight;
	struct uring_slot slots[URING_DEPTH];
};

static void start(struct raw_uring *u, struct uring_slot *slot)
{
	struct block_request *req = slot->req;
	uint8_t *buf = req->op == BLOCK_FLUSH ? NULL : req->buf + req->progress;
	size_t left = req->len - req->progress;
	uint64_t offset = req->offset + req->progress;

	if (req->op == BLOCK_FLUSH)
		loop_datasync(u->loop, &slot->io, u->file.fd);
	else if (req->op == BLOCK_READ)
		loop_read(u->loop, &slot->io, u->file.fd, buf, left, offset);
	else
		loop_write(u->loop, &slot->io, u->file.fd, buf, left, offset);
}

static void start_queued(struct raw_uring *u)
{
	while (u->queued.count && u->free_slots) {
		struct uring_slot *slot = u->free_slots;

		u->free_slots = slot->next;
		slot->req = request_list_pop(&u->queued);
		u->in_flight++;
		start(u, slot);
	}
}

static void slot_done(struct loop_io *io, int result)
{
	struct uring_slot *slot = (struct uring_slot *)io;
	struct raw_uring *u = slot->u;
	struct block_request *req = slot->req;

	result = raw_file_advance(req, result);
	if (result > 0) {
		start(u, slot);
		return;
	}
	slot->next = u->free_slots;
	u->free_slots = slot;
	u->in_flight--;
	start_queued(u);
	request_finish(req, result);
}

static void uring_submit(struct block *blk, struct block_request *req)
{
	struct raw_uring *u = (struct raw_uring *)blk;

	req->progress = 0;
	request_list_push(&u->queued, req);
}

static void uring_kick(struct block *blk)
{
	start_queued((struct raw_uring *)blk);
}

static void uring_read_now(struct block *blk, struct loop_now *reads, unsigned int n)
{
	const struct raw_uring *u = (const struct raw_uring *)blk;

	loop_read_now(u->loop, u->file.fd, reads, n);
}

static void uring_drain(struct block *blk)
{
	struct raw_uring *u = (struct raw_uring *)blk;

	for (start_queued(u); u->in_flight || u->queued.count; start_queued(u))
		loop_wait_io(u->loop);
}

static int uring_resize(struct block *blk, uint64_t size, struct err *err)
{
	struct raw_uring *u = (struct raw_uring *)blk;
	int rc = raw_file_resize(&u->file, size, err);

	if (!rc)
		blk->size = size;
	return rc;
}

static void uring_destroy(struct block *blk)
{
	struct raw_uring *u = (struct raw_uring *)blk;

	raw_file_close(&u->file);
	free(u);
}

static const struct block_ops uring_ops = {
	.name = "raw/io_uring",
	.submit = uring_submit,
	.kick = uring_kick,
	.read_now = uring_read_now,
	.drain = uring_drain,
	.resize = uring_resize,
	.destroy = uring_destroy,
};

struct block *raw_uring_create(const struct raw_file *file, struct loop *loop, struct err *err)
{
	struct raw_uring *u;

	if (!loop_has_ring(loop)) {
		err_set(err, -ENOSYS, "io_uring is refused by this host, or its kernel is too old");
		return NULL;
	}
	u = calloc(1, sizeof(*u));
	if (!u) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	u->loop = loop;
	for (size_t i = 0; i < URING_DEPTH; i++) {
		struct uring_slot *slot = &u->slots[i];

		*slot = (struct uring_slot){.io.done = slot_done, .u = u, .next = u->free_slots};
		u->free_slots = slot;
	}
	u->file = *file;
	u->blk = (struct block){&uring_ops, file->size, file->read_only};
	return &u->blk;
}
