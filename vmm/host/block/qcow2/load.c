/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/qcow2/qcow2.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is read when an image is opened: the tables that stay in memory, and where metadata lies. */

#define METADATA_MAX  (8U << 20) /* clusters: memory is bounded, whatever an image says */
#define SNAPSHOTS_MAX 65536U

int qcow2_load(int fd, uint8_t *buf, size_t len, uint64_t offset)
{
	while (len) {
		ssize_t n = pread(fd, buf, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n) {
			memset(buf, 0, len);
			return 0;
		}
		buf += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

static int load_table(const struct qcow2 *q, struct qcow2_table *t, int fd, struct err *err)
{
	int rc;

	t->sectors = ((size_t)t->entries * 8 + BLOCK_SECTOR - 1) / BLOCK_SECTOR;
	t->bytes = malloc(t->sectors * BLOCK_SECTOR + 1);
	t->state = calloc(t->sectors + 1, 1);
	if (!t->bytes || !t->state)
		return err_set(err, -ENOMEM, "disk image %s: out of memory", q->path);
	rc = qcow2_load(fd, t->bytes, t->sectors * BLOCK_SECTOR, t->offset);
	return rc ? err_set_errno(err, -rc, "disk image %s: table at %#" PRIx64, q->path, t->offset)
		  : 0;
}

/* ---- what is metadata ---- */

static int add_range(struct qcow2 *q, uint64_t offset, uint64_t bytes, const char *what,
		     struct err *err)
{
	uint64_t first = offset >> q->cluster_bits;
	uint64_t n = (bytes + q->cluster_size - 1) >> q->cluster_bits;
	int rc = 0;

	if (offset % q->cluster_size)
		rc = -EINVAL;
	for (uint64_t i = 0; !rc && i < n; i++)
		rc = q->metadata.count < METADATA_MAX ? cluster_set_add(&q->metadata, first + i)
						      : -ENOMEM;
	if (rc == -ENOMEM)
		return err_set(err, rc, "disk image %s: more metadata than can be held in memory",
			       q->path);
	if (rc)
		return err_set(err, -EINVAL,
			       "disk image %s: %s at %#" PRIx64 " %s; the image is damaged: run "
			       "qemu-img check -r all %s, or use readonly=on or snapshot=on",
			       q->path, what, offset,
			       rc == -EEXIST ? "overlaps other metadata" : "lies between clusters",
			       q->path);
	return 0;
}

static int add_entries(struct qcow2 *q, const struct qcow2_table *t, uint64_t mask,
		       const char *what, struct err *err)
{
	int rc = 0;

	for (uint64_t i = 0; !rc && i < t->entries; i++) {
		uint64_t offset = qcow2_table_entry(t, i) & mask;

		if (offset)
			rc = add_range(q, offset, 1, what, err);
	}
	return rc;
}

/* One entry of the snapshot table; *@at becomes where the next one begins. */
static int add_snapshot(struct qcow2 *q, int fd, uint64_t *at, struct err *err)
{
	uint8_t fixed[QCOW2_SNAP_FIXED_LENGTH];
	uint64_t l1_offset, l1_bytes, len;
	int rc = qcow2_load(fd, fixed, sizeof(fixed), *at);

	if (rc)
		return err_set_errno(err, -rc, "disk image %s: snapshot table", q->path);
	l1_offset = ld_be64(fixed + QCOW2_SNAP_L1_OFFSET);
	l1_bytes = (uint64_t)ld_be32(fixed + QCOW2_SNAP_L1_SIZE) * 8;
	len = sizeof(fixed) + (uint64_t)ld_be32(fixed + QCOW2_SNAP_EXTRA_SIZE) +
	      ld_be16(fixed + QCOW2_SNAP_ID_SIZE) + ld_be16(fixed + QCOW2_SNAP_NAME_SIZE);
	*at += (len + 7) / 8 * 8;
	if (l1_bytes > QCOW2_L1_BYTES_MAX || l1_offset > QCOW2_OFFSET_MASK - l1_bytes)
		return err_set(err, -EINVAL,
			       "disk image %s: L1 table of a snapshot, %" PRIu64
			       " bytes at %#" PRIx64
			       ": the image is damaged; run qemu-img check -r all %s",
			       q->path, l1_bytes, l1_offset, q->path);
	return add_range(q, l1_offset, l1_bytes, "L1 table of a snapshot", err);
}

/* Their L1 tables and their own; what only they refer to has refcounts, and that is enough. */
static int add_snapshots(struct qcow2 *q, int fd, struct err *err)
{
	uint64_t begin = q->header.snapshots_offset, at = begin;
	int rc = 0;

	if (q->header.snapshots > SNAPSHOTS_MAX || begin > QCOW2_OFFSET_MASK)
		return err_set(err, -EINVAL,
			       "disk image %s: %u snapshots at %#" PRIx64 "; the image is damaged",
			       q->path, q->header.snapshots, begin);
	for (uint32_t i = 0; !rc && i < q->header.snapshots; i++) {
		rc = add_snapshot(q, fd, &at, err);
		if (!rc && at - begin > QCOW2_L1_BYTES_MAX)
			return err_set(err, -EFBIG,
				       "disk image %s: snapshot table of %" PRIu64
				       " bytes; at most %u",
				       q->path, at - begin, QCOW2_L1_BYTES_MAX);
	}
	return rc || at == begin ? rc : add_range(q, begin, at - begin, "snapshot table", err);
}

int qcow2_load_tables(struct qcow2 *q, int fd, struct err *err)
{
	const struct qcow2_header *h = &q->header;
	uint64_t reftable_bytes = (uint64_t)h->reftable_clusters << h->cluster_bits;
	int rc;

	q->l1 = (struct qcow2_table){.offset = h->l1_offset, .entries = h->l1_entries};
	rc = load_table(q, &q->l1, fd, err);
	if (rc || q->blk.read_only)
		return rc;
	q->reftable = (struct qcow2_table){.offset = h->reftable_offset,
					   .entries = (uint32_t)(reftable_bytes / 8)};
	rc = load_table(q, &q->reftable, fd, err);
	if (!rc)
		rc = add_range(q, 0, 1, "header", err);
	if (!rc)
		rc = add_range(q, h->l1_offset, (uint64_t)h->l1_entries * 8, "L1 table", err);
	if (!rc)
		rc = add_range(q, h->reftable_offset, reftable_bytes, "refcount table", err);
	if (!rc)
		rc = add_entries(q, &q->reftable, QCOW2_REFTABLE_OFFSET_MASK, "refcount block",
				 err);
	if (!rc)
		rc = add_entries(q, &q->l1, QCOW2_OFFSET_MASK, "L2 table", err);
	return rc ? rc : add_snapshots(q, fd, err);
}
