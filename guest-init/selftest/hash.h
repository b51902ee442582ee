/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_HASH_H
#define VISE_GUEST_INIT_SELFTEST_HASH_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a of 64 bits. Begin with HASH_FNV1A64_INIT. */
#define HASH_FNV1A64_INIT 0xcbf29ce484222325ULL

static inline uint64_t hash_fnv1a64(uint64_t hash, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * 0x100000001b3ULL;
	return hash;
}

#endif
