/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TOOLS_SERVERS_SHA256_H
#define VISE_TOOLS_SERVERS_SHA256_H

#include <stddef.h>
#include <stdint.h>

/* SHA-256 (FIPS 180-4), in pieces. Not for secrets: it proves that an upload arrived unchanged. */

#define SHA256_BYTES 32
#define SHA256_HEX   (2 * SHA256_BYTES + 1)

struct sha256 {
	uint32_t state[8];
	uint64_t bytes;
	uint8_t block[64];
};

void sha256_init(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *data, size_t len);

/* Ends it and writes the digest in lower-case hexadecimal digits; @h is spent. */
void sha256_hex(struct sha256 *h, char hex[SHA256_HEX]);

#endif
