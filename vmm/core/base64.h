/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_CORE_BASE64_H
#define VISE_CORE_BASE64_H

#include <stddef.h>

/* Base64 as in RFC 4648, section 4: the usual alphabet, with padding. */

/* @len bytes as text; the caller frees. NULL when out of memory. */
char *base64_encode(const void *data, size_t len);

/* The bytes of @text, their number into @len; the caller frees. NULL when @text is not base64 (no
 * spaces or line breaks either), or out of memory. Never NULL for an empty text. */
void *base64_decode(const char *text, size_t *len);

#endif
