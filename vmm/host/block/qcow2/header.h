/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_BLOCK_QCOW2_HEADER_H
#define VISE_HOST_BLOCK_QCOW2_HEADER_H

#include "vmm/core/err.h"
#include "vmm/host/block/qcow2/qcow2_regs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Tables that an image may make us hold in memory; QEMU has the same limits. */
#define QCOW2_L1_BYTES_MAX	 (32U << 20)
#define QCOW2_REFTABLE_BYTES_MAX (8U << 20)

/* What the header says, checked: each number is in its limits and each table lies below 2^56. That
 * tables do not overlap is not known yet. */
struct qcow2_header {
	uint32_t version;
	uint32_t cluster_bits;
	uint64_t size; /* bytes of the disk, as written: any number */
	uint32_t l1_entries;
	uint64_t l1_offset;
	uint64_t reftable_offset;
	uint32_t reftable_clusters;
	uint32_t snapshots;
	uint64_t snapshots_offset;
	uint64_t incompatible; /* features, all of them known and supported */
	uint64_t autoclear;
	uint32_t refcount_order;
	bool zstd;    /* compressed clusters are of this kind rather than zlib's */
	bool bitmaps; /* there are dirty bitmaps, and they are valid */
	char backing[QCOW2_BACKING_NAME_MAX + 1]; /* "": none */
	char backing_format[16];		  /* "": not said */
};

/* The size of the first cluster, which holds all of the header, from its first @len bytes; 0 when
 * they are no header with a valid cluster size. */
size_t qcow2_header_cluster(const uint8_t *bytes, size_t len);

/*
 * Reads a header from @bytes: the first cluster of the image, or less where the file @path ends.
 * Refuses what Vise cannot read, naming it. 0 or a negative errno with @err. Any thread.
 */
MUST_CHECK int qcow2_header_parse(struct qcow2_header *h, const uint8_t *bytes, size_t len,
				  const char *path, struct err *err);

/* Refuses what can be read, but must not be written as it is, naming the remedy. */
MUST_CHECK int qcow2_header_writable(const struct qcow2_header *h, const char *path,
				     struct err *err);

#endif
