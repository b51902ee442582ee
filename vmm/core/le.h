/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_CORE_LE_H
#define VISE_CORE_LE_H

#include <stdint.h>
#include <string.h>

/*
 * Little-endian integers. The wrapper types are for structs that lie in guest memory, in files or
 * on a wire: reading one without conversion does not compile. The ld/st functions work on bytes at
 * any alignment.
 */

typedef struct {
	uint8_t b[2];
} le16_t;
typedef struct {
	uint8_t b[4];
} le32_t;
typedef struct {
	uint8_t b[8];
} le64_t;

static inline uint16_t ld_le16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap16(v);
#endif
	return v;
}

static inline uint32_t ld_le32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap32(v);
#endif
	return v;
}

static inline uint64_t ld_le64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

static inline void st_le16(void *p, uint16_t v)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap16(v);
#endif
	memcpy(p, &v, sizeof(v));
}

static inline void st_le32(void *p, uint32_t v)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap32(v);
#endif
	memcpy(p, &v, sizeof(v));
}

static inline void st_le64(void *p, uint64_t v)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	memcpy(p, &v, sizeof(v));
}

static inline uint16_t le16_get(le16_t v)
{
	return ld_le16(v.b);
}

static inline uint32_t le32_get(le32_t v)
{
	return ld_le32(v.b);
}

static inline uint64_t le64_get(le64_t v)
{
	return ld_le64(v.b);
}

static inline le16_t le16_make(uint16_t v)
{
	le16_t r;

	st_le16(r.b, v);
	return r;
}

static inline le32_t le32_make(uint32_t v)
{
	le32_t r;

	st_le32(r.b, v);
	return r;
}

static inline le64_t le64_make(uint64_t v)
{
	le64_t r;

	st_le64(r.b, v);
	return r;
}

#endif
