/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_CONTROL_SERVER_H
#define VISE_APP_CONTROL_SERVER_H

#include "vmm/app/machine/machine.h"
#include "vmm/core/err.h"
#include "vmm/core/loop.h"

/*
 * The control socket: listens, serves several clients at once, passes the machine's events to all
 * that have negotiated. No client can block, starve or grow the server:
 *
 *  - a client that does not read is not read from either, once 64 KiB wait for it, and is
 *    disconnected when 1 MiB of events have piled up;
 *  - more than 32 clients are told so and closed;
 *  - when descriptors run out, accepting pauses.
 *
 * Main loop's thread only.
 */

struct control_server;

/* Listens on @address, "unix:PATH" or "tcp:[HOST:]PORT" (127.0.0.1 without HOST; whoever reaches
 * the port controls the machine). A unix socket is open to its owner only (mode 0600) from the
 * moment it exists. A socket that nobody listens on any more is replaced; one in use and a file of
 * another kind are left alone and are an error. Becomes @m's listener for events. NULL and one line
 * in @err on failure. */
struct control_server *control_server_create(const char *address, struct loop *loop,
					     struct machine *m, struct err *err);

/* Disconnects all clients, and removes the socket's file if it is still our own. Before the
 * machine and the loop are destroyed; the machine then has no listener for events. NULL is allowed.
 */
void control_server_destroy(struct control_server *server);

#endif
