/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TOOLS_SERVERS_HTTP_REPLY_H
#define VISE_TOOLS_SERVERS_HTTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "tools/servers/http_request.h"

/* What a request is answered with. No side effects. */

struct http_paths {
	char base[HTTP_TARGET_MAX + 1];
	/* "-large" before the first '?' or '#', and at the very end: both are taken. */
	char large[HTTP_TARGET_MAX + 1];
	char large_at_end[HTTP_TARGET_MAX + 1];
};

/* False when @base does not begin with '/', holds blanks or is too long. */
bool http_paths_init(struct http_paths *paths, const char *base);

struct http_reply {
	int status;
	const char *text; /* the body; NULL: the large payload */
	uint64_t length;  /* of the body */
	bool head_only;	  /* the body is not sent */
	bool upload; /* the body of the request is to be read first, then http_reply_upload() */
};

/* Chooses the answer to @r, which was read with @status (http_request_parse()). */
struct http_reply http_reply_choose(const struct http_paths *paths, const struct http_request *r,
				    int status);

/* The answer to an upload of which @received bytes with the digest @hex came. */
struct http_reply http_reply_upload(uint64_t received, const char *hex);

/* Writes status line and fields; @digest may be NULL. The length, which is less than @size for
 * @size of HTTP_REPLY_HEAD_MAX. */
#define HTTP_REPLY_HEAD_MAX 512
size_t http_reply_head(char *head, size_t size, const struct http_reply *reply, const char *digest,
		       time_t now);

/* Writes the line of the log: ADDR - - [DD/Mon/YYYY HH:MM:SS] "LINE" STATUS -, with its end. */
size_t http_reply_log(char *text, size_t size, const char *address, const char *line, int status,
		      time_t now);

#endif
