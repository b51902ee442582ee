/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_CONTROL_CLIENT_H
#define VISE_APP_CONTROL_CLIENT_H

#include "vmm/app/machine/machine.h"
#include "vmm/core/err.h"
#include "vmm/core/loop.h"

#include <jansson.h>

/*
 * One connection: a socket, a session, and the output that the socket does not take yet.
 * Main loop's thread only.
 */

struct client;

/* Told once when the connection has ended; the owner then calls client_destroy(), also from within
 * this call. */
typedef void (*client_gone_fn)(void *owner, struct client *c);

/* Serves @fd, which it owns from here on, also on failure; greets. NULL and @err on failure. */
struct client *client_create(int fd, struct loop *loop, struct machine *m, client_gone_fn gone,
			     void *owner, struct err *err);

/* Tries once more to deliver what waits, and closes. */
void client_destroy(struct client *c);

/* Passes on @event. Never calls the owner back. */
void client_event(struct client *c, json_t *event);

#endif
