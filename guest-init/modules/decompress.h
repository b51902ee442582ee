/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_DECOMPRESS_H
#define VISE_GUEST_INIT_DECOMPRESS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Unpacks @len bytes at @in, packed by gzip, xz or zstd (told by their first bytes), into a new
 * buffer of at most @max bytes, which the caller frees. 0, or -ENOTSUP for another format, -EBADMSG
 * for damaged or truncated data, -EFBIG beyond @max, -ENOMEM (also where the data ask for a window
 * of more than 128 MiB).
 */
int decompress(const uint8_t *in, size_t len, size_t max, uint8_t **out, size_t *out_len);

#endif
