/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/qcow2/qcow2.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

/*
 * Compressed clusters: [Compressed clusters descriptor]. There is one decompressor an image, so
 * that memory stays bounded, and it keeps the cluster that it made last: a guest reads the next
 * sectors of it soon.
 */

/* Raw deflate. Bytes behind its end are the next cluster's, or nobody's. */
static bool inflate_zlib(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_len)
{
	z_stream z = {.next_in = (uint8_t *)in,
		      .avail_in = (uInt)in_len,
		      .next_out = out,
		      .avail_out = (uInt)out_len};
	int rc;

	if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
		return false;
	rc = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	return !z.avail_out && (rc == Z_STREAM_END || rc == Z_BUF_ERROR || rc == Z_OK);
}

static bool inflate_zstd(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_len)
{
	ZSTD_DCtx *zstd = ZSTD_createDCtx();
	ZSTD_inBuffer from = {in, in_len, 0};
	ZSTD_outBuffer to = {out, out_len, 0};
	size_t rc = zstd ? 1 : 0;

	while (rc && !ZSTD_isError(rc) && to.pos < to.size) {
		size_t before = from.pos + to.pos;

		rc = ZSTD_decompressStream(zstd, &to, &from);
		if (from.pos + to.pos == before)
			break;
	}
	ZSTD_freeDCtx(zstd);
	return to.pos == to.size && !ZSTD_isError(rc);
}

static void copy_out(struct qcow2_op *op)
{
	const struct qcow2 *q = op->q;
	uint64_t inside = op->at & (q->cluster_size - 1);
	uint64_t len = q->cluster_size - inside;

	if (len > op->end - op->at)
		len = op->end - op->at;
	memcpy(op->buf, q->inflate.out + inside, len);
	op->at += len;
	op->buf += len;
	qcow2_op_next(op, qcow2_read_step);
}

static void have_input(struct qcow2_op *op)
{
	struct qcow2 *q = op->q;
	struct qcow2_inflate *inflate = &q->inflate;
	int rc = qcow2_op_error(op);
	bool good = !rc && (q->header.zstd ? inflate_zstd : inflate_zlib)(
				   inflate->in + inflate->skip, inflate->in_len - inflate->skip,
				   inflate->out, q->cluster_size);

	inflate->busy = false;
	free(inflate->in);
	inflate->in = NULL;
	qcow2_wake(q, &inflate->waiters, 0);
	if (good) {
		copy_out(op);
		return;
	}
	inflate->entry = 0;
	qcow2_op_finish(op, rc ? rc : -EIO);
}

void qcow2_inflate(struct qcow2_op *op, const struct qcow2_extent *e)
{
	struct qcow2 *q = op->q;
	struct qcow2_inflate *inflate = &q->inflate;
	unsigned int offset_bits = 62 - (q->cluster_bits - 8);
	uint64_t offset = e->entry & ((1ULL << offset_bits) - 1);
	uint64_t sectors =
		(e->entry & ~(QCOW2_OFLAG_COPIED | QCOW2_OFLAG_COMPRESSED)) >> offset_bits;

	if (inflate->busy) {
		/* A child keeps its step; it looks at the map again when woken. */
		qcow2_list_push(&inflate->waiters, op);
		return;
	}
	if (inflate->entry == e->entry) {
		copy_out(op);
		return;
	}
	inflate->in_len = (sectors + 1) * BLOCK_SECTOR;
	inflate->in = malloc(inflate->in_len);
	if (!inflate->out)
		inflate->out = malloc(q->cluster_size);
	if (!inflate->in || !inflate->out) {
		free(inflate->in);
		inflate->in = NULL;
		qcow2_op_finish(op, -ENOMEM);
		return;
	}
	inflate->busy = true;
	inflate->entry = e->entry;
	inflate->skip = offset % BLOCK_SECTOR;
	qcow2_read_file(op, 0, offset - inflate->skip, inflate->in, inflate->in_len);
	qcow2_op_next(op, have_input);
}

void qcow2_inflate_free(struct qcow2 *q)
{
	free(q->inflate.in);
	free(q->inflate.out);
}
