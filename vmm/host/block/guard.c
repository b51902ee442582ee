/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/driver.h"
#include "vmm/host/block/probe.h"

#include "vmm/core/log.h"
#include "vmm/core/loop.h"

#include <errno.h>
#include <stdlib.h>

/* The guard of a raw image whose format was probed: nothing but the first sector concerns it. */

struct guard {
	struct block blk;
	struct block_ops ops; /* with the name of the driver below */
	struct block *raw;
	struct loop_timer *timer;
	struct request_list refused; /* for the timer to give back */
	bool told;
};

static void guard_submit(struct block *blk, struct block_request *req)
{
	struct guard *g = (struct guard *)blk;
	const char *format;

	if (req->op != BLOCK_WRITE || req->offset || !(format = probe_sector(req->buf))) {
		block_submit(g->raw, req);
		return;
	}
	if (!g->told)
		log_warn("the guest may not write the header of a %s image to a disk whose format "
			 "was guessed; use format=raw to allow it",
			 format);
	g->told = true;
	request_list_push(&g->refused, req);
	loop_set_timer(g->timer, 1);
}

static void give_back(void *arg)
{
	struct guard *g = arg;
	struct request_list all = request_list_take(&g->refused);
	struct block_request *req;

	while ((req = request_list_pop(&all)))
		request_finish(req, -EPERM);
}

static void guard_kick(struct block *blk)
{
	block_kick(((struct guard *)blk)->raw);
}

static void guard_read_now(struct block *blk, struct loop_now *reads, unsigned int n)
{
	block_read_now(((struct guard *)blk)->raw, reads, n);
}

static void guard_drain(struct block *blk)
{
	struct guard *g = (struct guard *)blk;

	do {
		give_back(g);
		block_drain(g->raw);
	} while (g->refused.count);
}

static int guard_resize(struct block *blk, uint64_t size, struct err *err)
{
	struct guard *g = (struct guard *)blk;
	int rc = block_resize(g->raw, size, err);

	blk->size = g->raw->size;
	return rc;
}

static void guard_destroy(struct block *blk)
{
	struct guard *g = (struct guard *)blk;

	loop_del_timer(g->timer);
	block_destroy(g->raw);
	free(g);
}

struct block *guard_create(struct block *raw, struct loop *loop, struct err *err)
{
	struct guard *g = calloc(1, sizeof(*g));

	if (g)
		g->timer = loop_add_timer(loop, give_back, g);
	if (!g || !g->timer) {
		err_set(err, -ENOMEM, "out of memory");
		free(g);
		return NULL;
	}
	g->ops = (struct block_ops){
		.name = block_describe(raw),
		.submit = guard_submit,
		.kick = guard_kick,
		.read_now = block_has_read_now(raw) ? guard_read_now : NULL,
		.drain = guard_drain,
		.resize = guard_resize,
		.destroy = guard_destroy,
	};
	g->blk = (struct block){&g->ops, raw->size, raw->read_only};
	g->raw = raw;
	return &g->blk;
}
