/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TOOLS_SERVERS_HTTP_INTERNAL_H
#define VISE_TOOLS_SERVERS_HTTP_INTERNAL_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/servers/http_reply.h"
#include "vmm/core/loop.h"

/* What the files of the HTTP server share; everyone else uses http_server.h. */

#define HTTP_PIECE 65536 /* bytes that are moved at a time */

struct connection;

struct http_server {
	struct loop *loop;
	struct loop_fd *source;
	struct loop_timer *retry;
	struct connection *connections;
	unsigned count;
	int fd;
	int log;
	uint16_t port;
	uint64_t patience_ns;
	uint64_t requests;
	uint64_t uploads;
	struct http_paths paths;
	uint8_t pattern[HTTP_PIECE]; /* byte i = i mod 256: a piece of the large payload */
};

/* Takes the accepted descriptor @fd, which is closed in any case in the end, when there is no
 * memory at once. */
void connection_add(struct http_server *server, int fd, const struct sockaddr_in *from);

/* Closes all connections of @server. */
void connection_close_all(struct http_server *server);

/* The absolute time @ns from now, for timers. */
uint64_t connection_after_ns(uint64_t ns);

#endif
