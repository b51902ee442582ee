/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/qcow2/header.h"

#include <errno.h>
#include <inttypes.h>

#define L2_ENTRY 8U

size_t qcow2_header_cluster(const uint8_t *bytes, size_t len)
{
	uint32_t bits;

	if (len < QCOW2_H_V2_LENGTH || ld_be32(bytes) != QCOW2_MAGIC)
		return 0;
	bits = ld_be32(bytes + QCOW2_H_CLUSTER_BITS);
	if (bits < QCOW2_CLUSTER_BITS_MIN || bits > QCOW2_CLUSTER_BITS_MAX)
		return 0;
	return (size_t)1 << bits;
}

static void read_fields(struct qcow2_header *h, const uint8_t *p)
{
	h->size = ld_be64(p + QCOW2_H_SIZE);
	h->l1_entries = ld_be32(p + QCOW2_H_L1_SIZE);
	h->l1_offset = ld_be64(p + QCOW2_H_L1_TABLE_OFFSET);
	h->reftable_offset = ld_be64(p + QCOW2_H_REFTABLE_OFFSET);
	h->reftable_clusters = ld_be32(p + QCOW2_H_REFTABLE_CLUSTERS);
	h->snapshots = ld_be32(p + QCOW2_H_NB_SNAPSHOTS);
	h->snapshots_offset = ld_be64(p + QCOW2_H_SNAPSHOTS_OFFSET);
	h->refcount_order = QCOW2_V2_REFCOUNT_ORDER;
	if (h->version == 2)
		return;
	h->incompatible = ld_be64(p + QCOW2_H_INCOMPATIBLE);
	h->autoclear = ld_be64(p + QCOW2_H_AUTOCLEAR);
	h->refcount_order = ld_be32(p + QCOW2_H_REFCOUNT_ORDER);
}

/* Versions, and where header and extensions end. */
static int read_start(struct qcow2_header *h, const uint8_t *p, size_t len, size_t *extensions,
		      const char *path, struct err *err)
{
	size_t cluster = qcow2_header_cluster(p, len);
	uint32_t length = QCOW2_H_V2_LENGTH;

	if (len < QCOW2_H_V2_LENGTH || ld_be32(p) != QCOW2_MAGIC)
		return err_set(err, -EINVAL,
			       "disk image %s: is no qcow2 image; leave out format=qcow2", path);
	h->version = ld_be32(p + QCOW2_H_VERSION);
	if (h->version != 2 && h->version != 3)
		return err_set(
			err, -ENOTSUP,
			"disk image %s: qcow version %u; must be 2 or 3 (qemu-img convert -O "
			"qcow2 makes one)",
			path, h->version);
	if (!cluster)
		return err_set(err, -EINVAL, "disk image %s: cluster_bits %u; must be %u to %u",
			       path, ld_be32(p + QCOW2_H_CLUSTER_BITS), QCOW2_CLUSTER_BITS_MIN,
			       QCOW2_CLUSTER_BITS_MAX);
	h->cluster_bits = ld_be32(p + QCOW2_H_CLUSTER_BITS);
	if (h->version == 3) {
		if (len >= QCOW2_H_V3_LENGTH)
			length = ld_be32(p + QCOW2_H_HEADER_LENGTH);
		if (length < QCOW2_H_V3_LENGTH || length > cluster || length > len)
			return err_set(err, -EINVAL,
				       "disk image %s: header_length %u; must be %u "
				       "to the size of a cluster",
				       path, length, QCOW2_H_V3_LENGTH);
	}
	*extensions = length;
	return 0;
}

/* The name that the image's own table has for incompatible feature @bit, or NULL. */
static const char *feature_name(const uint8_t *table, size_t len, unsigned int bit, char *name)
{
	for (; len >= QCOW2_FEATURE_ENTRY;
	     table += QCOW2_FEATURE_ENTRY, len -= QCOW2_FEATURE_ENTRY) {
		if (table[0] != QCOW2_FEATURE_INCOMPATIBLE || table[1] != bit)
			continue;
		for (size_t i = 0; i < QCOW2_FEATURE_NAME; i++) {
			char c = (char)table[2 + i];

			/* It goes into one line of text. */
			name[i] = (c >= ' ' && c <= '~') || !c ? c : '?';
		}
		name[QCOW2_FEATURE_NAME] = '\0';
		return name;
	}
	return NULL;
}

static int check_features(const struct qcow2_header *h, const uint8_t *table, size_t table_len,
			  const char *path, struct err *err)
{
	static const struct {
		uint64_t bit;
		const char *what;
	} refused[] = {
		{QCOW2_INCOMPAT_DATA_FILE, "an external data file"},
		{QCOW2_INCOMPAT_EXTL2, "extended L2 entries"},
	};
	const uint64_t known =
		QCOW2_INCOMPAT_DIRTY | QCOW2_INCOMPAT_CORRUPT | QCOW2_INCOMPAT_COMPRESSION;
	char name[QCOW2_FEATURE_NAME + 1];

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (h->incompatible & refused[i].bit)
			return err_set(err, -ENOTSUP,
				       "disk image %s: has %s; use qemu-img convert -O qcow2", path,
				       refused[i].what);
	for (unsigned int bit = 0; bit < 64; bit++) {
		const char *named;

		if (!((h->incompatible & ~known) >> bit & 1))
			continue;
		named = feature_name(table, table_len, bit, name);
		return err_set(err, -ENOTSUP,
			       "disk image %s: needs feature %u (%s), which Vise does not know",
			       path, bit, named ? named : "no name given");
	}
	return 0;
}

static int read_extensions(struct qcow2_header *h, const uint8_t *p, size_t len, size_t at,
			   const char *path, struct err *err)
{
	const uint8_t *table = NULL;
	size_t table_len = 0;

	while (len - at >= 8) {
		uint32_t type = ld_be32(p + at);
		size_t bytes = ld_be32(p + at + 4), padded = (bytes + 7) / 8 * 8;
		const uint8_t *data = p + at + 8;

		if (type == QCOW2_EXT_END)
			break;
		at += 8;
		if (bytes > len - at)
			return err_set(err, -EINVAL,
				       "disk image %s: header extension %#x of %zu bytes does not "
				       "fit into the first cluster",
				       path, type, bytes);
		if (type == QCOW2_EXT_BACKING_FORMAT) {
			if (bytes >= sizeof(h->backing_format) || memchr(data, 0, bytes))
				return err_set(
					err, -EINVAL,
					"disk image %s: backing format of %zu bytes; must be "
					"raw or qcow2",
					path, bytes);
			memcpy(h->backing_format, data, bytes);
			h->backing_format[bytes] = '\0';
		} else if (type == QCOW2_EXT_FEATURE_TABLE) {
			table = data;
			table_len = bytes;
		} else if (type == QCOW2_EXT_BITMAPS) {
			h->bitmaps = h->autoclear & 1;
		}
		at = padded > len - at ? len : at + padded;
	}
	return check_features(h, table, table_len, path, err);
}

static int read_backing(struct qcow2_header *h, const uint8_t *p, size_t len, const char *path,
			struct err *err)
{
	uint64_t offset = ld_be64(p + QCOW2_H_BACKING_OFFSET);
	uint32_t bytes = ld_be32(p + QCOW2_H_BACKING_SIZE);

	if (!offset)
		return 0;
	if (!bytes || bytes > QCOW2_BACKING_NAME_MAX || offset > len || bytes > len - offset)
		return err_set(err, -EINVAL,
			       "disk image %s: name of the backing file: %u bytes at %#" PRIx64
			       "; must be 1 to %u in the first cluster",
			       path, bytes, offset, QCOW2_BACKING_NAME_MAX);
	for (uint32_t i = 0; i < bytes; i++)
		if ((unsigned char)p[offset + i] < ' ')
			return err_set(err, -EINVAL,
				       "disk image %s: the backing file's name has a control "
				       "character; use qemu-img rebase -u",
				       path);
	memcpy(h->backing, p + offset, bytes);
	return 0;
}

static bool table_lies_well(const struct qcow2_header *h, uint64_t offset, uint64_t bytes)
{
	uint64_t cluster = 1ULL << h->cluster_bits;

	return offset && offset % cluster == 0 && offset <= QCOW2_OFFSET_MASK &&
	       bytes <= QCOW2_OFFSET_MASK - offset;
}

static int check_tables(const struct qcow2_header *h, const char *path, struct err *err)
{
	uint64_t table_bits = h->cluster_bits + (h->cluster_bits - 3);
	uint64_t l1_bytes = (uint64_t)h->l1_entries * 8;
	uint64_t ref_bytes = (uint64_t)h->reftable_clusters << h->cluster_bits;

	if (h->size > INT64_MAX || h->size > QCOW2_OFFSET_MASK)
		return err_set(err, -EFBIG,
			       "disk image %s: a disk of %" PRIu64 " bytes; at most 2^56", path,
			       h->size);
	if (l1_bytes > QCOW2_L1_BYTES_MAX || ref_bytes > QCOW2_REFTABLE_BYTES_MAX)
		return err_set(
			err, -EFBIG,
			"disk image %s: L1 table of %" PRIu64 " and refcount table of %" PRIu64
			" bytes; at most %u and %u (larger clusters make smaller tables)",
			path, l1_bytes, ref_bytes, QCOW2_L1_BYTES_MAX, QCOW2_REFTABLE_BYTES_MAX);
	if (h->size && (h->size - 1) >> table_bits >= h->l1_entries)
		return err_set(err, -EINVAL,
			       "disk image %s: L1 table of %u entries is too short for %" PRIu64
			       " bytes; the image is damaged",
			       path, h->l1_entries, h->size);
	if (!table_lies_well(h, h->l1_offset, l1_bytes) ||
	    !table_lies_well(h, h->reftable_offset, ref_bytes) || !h->reftable_clusters)
		return err_set(err, -EINVAL,
			       "disk image %s: L1 table at %#" PRIx64
			       " or refcount table at %#" PRIx64
			       " is misplaced; the image is damaged",
			       path, h->l1_offset, h->reftable_offset);
	if (h->refcount_order > QCOW2_REFCOUNT_ORDER_MAX)
		return err_set(err, -EINVAL, "disk image %s: refcount_order %u; must be 0 to %u",
			       path, h->refcount_order, QCOW2_REFCOUNT_ORDER_MAX);
	return 0;
}

static int read_compression(struct qcow2_header *h, const uint8_t *p, size_t length,
			    const char *path, struct err *err)
{
	uint8_t type = length > QCOW2_H_COMPRESSION_TYPE ? p[QCOW2_H_COMPRESSION_TYPE] : 0;

	if (!(h->incompatible & QCOW2_INCOMPAT_COMPRESSION))
		type = QCOW2_COMPRESSION_TYPE_ZLIB;
	if (type > QCOW2_COMPRESSION_TYPE_ZSTD)
		return err_set(
			err, -ENOTSUP,
			"disk image %s: compression_type %u; known are 0 (zlib) and 1 (zstd)", path,
			type);
	h->zstd = type == QCOW2_COMPRESSION_TYPE_ZSTD;
	return 0;
}

int qcow2_header_parse(struct qcow2_header *h, const uint8_t *bytes, size_t len, const char *path,
		       struct err *err)
{
	size_t extensions = 0;
	int rc;

	*h = (struct qcow2_header){0};
	rc = read_start(h, bytes, len, &extensions, path, err);
	if (rc)
		return rc;
	read_fields(h, bytes);
	if (ld_be32(bytes + QCOW2_H_CRYPT_METHOD))
		return err_set(
			err, -ENOTSUP,
			"disk image %s: is encrypted; use qemu-img convert to make a plain one",
			path);
	rc = read_extensions(h, bytes, len, extensions, path, err);
	if (!rc)
		rc = read_compression(h, bytes, extensions, path, err);
	if (!rc)
		rc = read_backing(h, bytes, len, path, err);
	return rc ? rc : check_tables(h, path, err);
}

int qcow2_header_writable(const struct qcow2_header *h, const char *path, struct err *err)
{
	if (h->incompatible & QCOW2_INCOMPAT_DIRTY)
		return err_set(err, -EINVAL,
			       "disk image %s: was not closed and its refcounts are stale; run "
			       "qemu-img check -r all %s, or use readonly=on or snapshot=on",
			       path, path);
	if (h->incompatible & QCOW2_INCOMPAT_CORRUPT)
		return err_set(err, -EINVAL,
			       "disk image %s: is marked corrupt; run qemu-img check -r all %s, or "
			       "use readonly=on or snapshot=on",
			       path, path);
	if (h->bitmaps)
		return err_set(err, -ENOTSUP,
			       "disk image %s: has dirty bitmaps, which Vise cannot keep; remove "
			       "them (qemu-img bitmap --remove), or use readonly=on or snapshot=on",
			       path);
	return 0;
}
