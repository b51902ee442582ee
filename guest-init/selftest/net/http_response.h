/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_HTTP_RESPONSE_H
#define VISE_GUEST_INIT_SELFTEST_HTTP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The head of an HTTP/1.1 response (RFC 9112). No side effects. */

#define HTTP_HEAD_MAX 8192

struct http_head {
	int status;
	bool has_length;
	uint64_t length;
	char etag[64];	 /* as it came; empty: none, or too long */
	char digest[72]; /* X-Aero-Upload-SHA256 */
};

/* The length of the head that @data begins with, its empty line included; 0 while it is not
 * complete. */
size_t http_head_length(const char *data, size_t len);

/* Reads a complete head; false when it is none of HTTP/1.x, or has lengths that contradict. */
bool http_head_parse(const char *data, size_t len, struct http_head *head);

#endif
