/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_CONTROL_CONNECTION_H
#define VISE_CONTROL_CONNECTION_H

#include "tools/control/lines.h"
#include "vmm/core/err.h"

#include <jansson.h>
#include <stdint.h>

/* A connection to a control socket, past the negotiation. */

struct connection {
	int fd;
	struct lines lines;
	uint64_t timeout_ns; /* for each message that is waited for; 0: for ever */
	json_int_t last_id;
	void (*on_event)(void *arg, const json_t *event); /* NULL: events are dropped */
	void *arg;
};

/* Connects to @path ("PATH" or "unix:PATH"), takes the greeting, negotiates. Sets all members;
 * on_event is NULL. 0 or a negative errno with one line in @err, the connection being closed. */
MUST_CHECK int connection_open(struct connection *c, const char *path, uint64_t timeout_ns,
			       struct err *err);
void connection_close(struct connection *c);

/* Runs @name with @arguments (borrowed; NULL: none) and sets @reply to a new reference: an object
 * with "return" or "error". Events on the way go to on_event. 0 or a negative errno and one line in
 * @err. */
MUST_CHECK int connection_run(struct connection *c, const char *name, json_t *arguments,
			      json_t **reply, struct err *err);

/* Sends @request (borrowed), an object as the protocol has it, in place of name and arguments. */
MUST_CHECK int connection_run_raw(struct connection *c, json_t *request, json_t **reply,
				  struct err *err);

/* Passes on events that came together with a reply; before waiting for the descriptor. */
void connection_drain(struct connection *c);

/* Reads what has come, once, and passes events on. 0; -ECONNRESET at the end of the connection; or
 * another negative errno. @err is filled when the result is not 0. */
MUST_CHECK int connection_listen(struct connection *c, struct err *err);

#endif
