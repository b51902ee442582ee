/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_HTTP_H
#define VISE_GUEST_INIT_SELFTEST_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "guest-init/selftest/net/http_response.h"
#include "guest-init/selftest/net/url.h"

/* A client for the self test's own server: one request a connection. */

#define HTTP_LARGE_BYTES  1048576
#define HTTP_LARGE_FNV1A  0x8505ae4435522325ULL
#define HTTP_LARGE_SHA256 "fbbab289f7f94b25736c58be46a994c441fd02552cc6022352e3d86d2fab7c83"

struct http_result {
	const char *reason; /* NULL: a complete response came */
	int error;	    /* errno of it, or 0 */
	struct http_head head;
	uint64_t bytes; /* of the body that was received, or of the one that was sent */
	uint64_t hash;	/* FNV-1a of the received body */
	uint64_t ns;	/* from the connection to the end */
};

/* GET. True for a complete response of status 2xx. */
bool http_get(uint32_t address, const struct url *url, struct http_result *r);

/* POST of HTTP_LARGE_BYTES bytes, byte i = i mod 256, in pieces of 64 KiB. True for status 2xx. */
bool http_post_large(uint32_t address, const struct url *url, struct http_result *r);

#endif
