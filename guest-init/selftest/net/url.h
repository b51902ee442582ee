/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_URL_H
#define VISE_GUEST_INIT_SELFTEST_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define URL_MAX 512 /* longest address that is taken, in bytes */

/* http://HOST[:PORT]/PATH in parts. No side effects. */
struct url {
	char host[256];
	char path[URL_MAX]; /* request target: begins with '/', keeps the query, drops '#...' */
	uint16_t port;
};

/* False for anything else than such an address, and for blanks or control characters in it. */
bool url_parse(struct url *url, const char *text);

/* The address of the large payload: "-large" put before the first '?' or '#', or at the end. */
void url_large(const char *text, char *large, size_t size);

#endif
