/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/base64.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const void *data, size_t len)
{
	const uint8_t *from = data;
	char *text = malloc((len + 2) / 3 * 4 + 1);
	char *to = text;

	if (!text)
		return NULL;
	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		uint32_t bits = (uint32_t)from[i] << 16;

		if (left > 1)
			bits |= (uint32_t)from[i + 1] << 8;
		if (left > 2)
			bits |= from[i + 2];
		*to++ = alphabet[bits >> 18];
		*to++ = alphabet[bits >> 12 & 63];
		*to++ = left > 1 ? alphabet[bits >> 6 & 63] : '=';
		*to++ = left > 2 ? alphabet[bits & 63] : '=';
	}
	*to = '\0';
	return text;
}

/* The value of one digit, or -1. */
static int digit(char c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

/* One group of four digits into up to three bytes; how many, or -1. @last: it may be padded. */
static int decode_group(const char *text, bool last, uint8_t *to)
{
	int padding = !last || text[3] != '=' ? 0 : text[2] == '=' ? 2 : 1;
	uint32_t bits = 0;

	for (int i = 0; i < 4; i++) {
		int value = i < 4 - padding ? digit(text[i]) : 0;

		if (value < 0)
			return -1;
		bits = bits << 6 | (uint32_t)value;
	}
	/* What the padding cuts off must be zero, so that each text has one value only. */
	if (bits & ((1U << (8 * padding)) - 1))
		return -1;
	for (int i = 0; i < 3 - padding; i++)
		to[i] = (uint8_t)(bits >> (16 - 8 * i));
	return 3 - padding;
}

void *base64_decode(const char *text, size_t *len)
{
	size_t n = strlen(text);
	uint8_t *bytes = n % 4 ? NULL : malloc(n / 4 * 3 + 1);

	*len = 0;
	if (!bytes)
		return NULL;
	for (size_t i = 0; i < n; i += 4) {
		int got = decode_group(text + i, i + 4 == n, bytes + *len);

		if (got < 0) {
			free(bytes);
			return NULL;
		}
		*len += (size_t)got;
	}
	return bytes;
}
