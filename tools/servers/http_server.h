/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TOOLS_SERVERS_HTTP_SERVER_H
#define VISE_TOOLS_SERVERS_HTTP_SERVER_H

#include <stdint.h>

#include "vmm/core/err.h"
#include "vmm/core/loop.h"

/*
 * The HTTP server that self tests talk to, on 127.0.0.1: a small answer at PATH, a payload of 1 MiB
 * at PATH-large, and uploads of the same payload there, judged by their SHA-256. One answer a
 * connection. All functions are for the loop's thread.
 */

#define HTTP_SERVER_CONNECTIONS	 64 /* at a time; more wait in the kernel's queue */
#define HTTP_SERVER_LARGE_BYTES	 1048576
#define HTTP_SERVER_LARGE_ETAG	 "\"8505ae4435522325\""
#define HTTP_SERVER_LARGE_SHA256 "fbbab289f7f94b25736c58be46a994c441fd02552cc6022352e3d86d2fab7c83"

struct http_server;

struct http_server_config {
	struct loop *loop;
	uint16_t port;	       /* 0: any that is free */
	const char *path;      /* begins with '/', without blanks; copied */
	const char *log_path;  /* a line for each request is appended; NULL: none */
	uint32_t patience_sec; /* a connection without progress is closed; 0: 60 */
};

/* NULL and one line in @err that names the port, the path or the file. */
struct http_server *http_server_create(const struct http_server_config *config, struct err *err);

/* Closes all connections. NULL is allowed. */
void http_server_destroy(struct http_server *server);

/* The port that it listens on. */
uint16_t http_server_port(const struct http_server *server);

/* How many requests were answered, and how many uploads were complete and right. */
uint64_t http_server_requests(const struct http_server *server);
uint64_t http_server_uploads(const struct http_server *server);

#endif
