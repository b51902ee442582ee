/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_BLOCK_QCOW2_REGS_H
#define VISE_HOST_BLOCK_QCOW2_REGS_H

#include <stdint.h>
#include <string.h>

/*
 * Numbers of the qcow2 format, from QEMU's docs/interop/qcow2.txt; the names in brackets are its
 * sections. All integers in an image are big-endian.
 */

/* [Header]: byte offsets. */
#define QCOW2_MAGIC		    0x514649fbU /* "QFI\xfb" */
#define QCOW2_H_MAGIC		    0
#define QCOW2_H_VERSION		    4
#define QCOW2_H_BACKING_OFFSET	    8
#define QCOW2_H_BACKING_SIZE	    16
#define QCOW2_H_CLUSTER_BITS	    20
#define QCOW2_H_SIZE		    24
#define QCOW2_H_CRYPT_METHOD	    32
#define QCOW2_H_L1_SIZE		    36
#define QCOW2_H_L1_TABLE_OFFSET	    40
#define QCOW2_H_REFTABLE_OFFSET	    48
#define QCOW2_H_REFTABLE_CLUSTERS   56
#define QCOW2_H_NB_SNAPSHOTS	    60
#define QCOW2_H_SNAPSHOTS_OFFSET    64
#define QCOW2_H_V2_LENGTH	    72
#define QCOW2_H_INCOMPATIBLE	    72 /* from here on version 3 */
#define QCOW2_H_COMPATIBLE	    80
#define QCOW2_H_AUTOCLEAR	    88
#define QCOW2_H_REFCOUNT_ORDER	    96
#define QCOW2_H_HEADER_LENGTH	    100
#define QCOW2_H_V3_LENGTH	    104
#define QCOW2_H_COMPRESSION_TYPE    104
#define QCOW2_CLUSTER_BITS_MIN	    9U
#define QCOW2_CLUSTER_BITS_MAX	    21U
#define QCOW2_REFCOUNT_ORDER_MAX    6U
#define QCOW2_V2_REFCOUNT_ORDER	    4U
#define QCOW2_BACKING_NAME_MAX	    1023U
#define QCOW2_COMPRESSION_TYPE_ZLIB 0U
#define QCOW2_COMPRESSION_TYPE_ZSTD 1U

/* [Header] incompatible features. */
#define QCOW2_INCOMPAT_DIRTY	   (1ULL << 0)
#define QCOW2_INCOMPAT_CORRUPT	   (1ULL << 1)
#define QCOW2_INCOMPAT_DATA_FILE   (1ULL << 2)
#define QCOW2_INCOMPAT_COMPRESSION (1ULL << 3)
#define QCOW2_INCOMPAT_EXTL2	   (1ULL << 4)

/* [Header extensions] and [Feature name table]. */
#define QCOW2_EXT_END		   0x00000000U
#define QCOW2_EXT_BACKING_FORMAT   0xe2792acaU
#define QCOW2_EXT_FEATURE_TABLE	   0x6803f857U
#define QCOW2_EXT_BITMAPS	   0x23852875U
#define QCOW2_FEATURE_ENTRY	   48U
#define QCOW2_FEATURE_NAME	   46U
#define QCOW2_FEATURE_INCOMPATIBLE 0U

/* [Host cluster management]: entries of the refcount table. */
#define QCOW2_REFTABLE_OFFSET_MASK 0xfffffffffffffe00ULL

/* [Cluster mapping]: entries of L1 and L2 tables. */
#define QCOW2_OFLAG_COPIED     (1ULL << 63)
#define QCOW2_OFLAG_COMPRESSED (1ULL << 62)
#define QCOW2_OFLAG_ZERO       (1ULL << 0) /* version 3 */
#define QCOW2_OFFSET_MASK      0x00fffffffffffe00ULL

/* [Snapshots]: byte offsets in an entry of the snapshot table. */
#define QCOW2_SNAP_L1_OFFSET	0
#define QCOW2_SNAP_L1_SIZE	8
#define QCOW2_SNAP_ID_SIZE	12
#define QCOW2_SNAP_NAME_SIZE	14
#define QCOW2_SNAP_EXTRA_SIZE	36
#define QCOW2_SNAP_FIXED_LENGTH 40

static inline uint16_t ld_be16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap16(v);
}

static inline uint32_t ld_be32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap32(v);
}

static inline uint64_t ld_be64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap64(v);
}

static inline void st_be16(void *p, uint16_t v)
{
	v = __builtin_bswap16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void st_be32(void *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void st_be64(void *p, uint64_t v)
{
	v = __builtin_bswap64(v);
	memcpy(p, &v, sizeof(v));
}

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the byte swaps above are for little-endian hosts"
#endif

#endif
