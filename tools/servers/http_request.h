/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TOOLS_SERVERS_HTTP_REQUEST_H
#define VISE_TOOLS_SERVERS_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The head of an HTTP request (RFC 9112). No side effects. */

#define HTTP_REQUEST_HEAD_MAX 16384 /* bytes; longer ones are refused */
#define HTTP_TARGET_MAX	      2048
#define HTTP_METHOD_MAX	      32

struct http_request {
	char line[HTTP_TARGET_MAX + HTTP_METHOD_MAX + 16]; /* the request line, printable */
	char method[HTTP_METHOD_MAX + 1];
	char target[HTTP_TARGET_MAX + 1];
	bool has_length;
	uint64_t length;
	bool chunked; /* a transfer coding, which this server does not take */
	bool expects_continue;
};

/* The length of the head that @data begins with, its empty line included; 0 while it is not
 * complete. Lines may end with LF alone. */
size_t http_request_head_length(const char *data, size_t len);

/* Reads a complete head. 0, or the status that answers it: 400 for one that is none (@line is set
 * as far as it goes), 505 for another HTTP than 1.0 and 1.1. */
int http_request_parse(const char *data, size_t len, struct http_request *r);

#endif
