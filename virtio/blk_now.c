/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/blk_internal.h"

#include <errno.h>

/* The pieces of @r behind those of the batch: how many, or a negative errno. */
static int add_pieces(struct virtio_blk *blk, const struct blk_request *r)
{
	struct blk_now *now = &blk->now;
	unsigned int n = now->n_iov;

	for (uint32_t i = 0; i < r->n_data; i++) {
		int rc = guest_mem_pieces(blk->vd.mem, r->data[i].addr, r->data[i].len,
					  &now->iov[n], BLK_NOW_IOVECS - n);

		if (rc < 0)
			return rc;
		n += (unsigned int)rc;
	}
	return (int)(n - now->n_iov);
}

bool blk_now_add(struct virtio_blk *blk, struct blk_request *r)
{
	struct blk_now *now = &blk->now;
	int n;

	if (!now->possible || r->io.len > BLK_NOW_BYTES)
		return false;
	if (now->n == LOOP_NOW_MAX)
		blk_now_run(blk);
	n = add_pieces(blk, r);
	if (n == -ENOSPC && now->n > 0) {
		blk_now_run(blk);
		n = add_pieces(blk, r);
	}
	if (n < 0)
		return false;
	now->requests[now->n] = r;
	now->reads[now->n++] = (struct loop_now){
		.iov = &now->iov[now->n_iov],
		.n_iov = (unsigned int)n,
		.offset = r->io.offset,
	};
	now->n_iov += (unsigned int)n;
	now->bytes += r->io.len;
	return true;
}

void blk_now_run(struct virtio_blk *blk)
{
	struct blk_now *now = &blk->now;

	if (now->n == 0)
		return;
	block_read_now(blk->backend, now->reads, now->n);
	for (unsigned int i = 0; i < now->n; i++) {
		struct blk_request *r = now->requests[i];
		int result = now->reads[i].result;

		if (result == -EOPNOTSUPP)
			now->possible = false;
		if (result < 0 || (size_t)result != r->io.len) {
			blk_submit_request(blk, r);
			continue;
		}
		blk->read_now_requests++;
		r->no_data = true;
		blk_return_request(blk, r, 0);
	}
	now->n = now->n_iov = 0;
}
