/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_CONTROL_SESSION_H
#define VISE_APP_CONTROL_SESSION_H

#include "vmm/app/machine/machine.h"
#include "vmm/core/clock.h"

#include <jansson.h>
#include <stddef.h>

/*
 * One client's side of the control protocol (QMP's wire format), without a socket: bytes in, lines
 * out. It negotiates, cuts the input into messages, runs commands and passes events on. Input may
 * be hostile; what it costs is bounded by splitter.h's limits.
 *
 * Main loop's thread only.
 */

struct session;

/* Takes one whole line, its newline included. Must not destroy the session. */
typedef void (*session_send_fn)(void *arg, const char *line, size_t n);

/* NULL when out of memory. Nothing is sent yet. */
struct session *session_create(struct machine *m, session_send_fn send, void *arg);

/* NULL is allowed. */
void session_destroy(struct session *s);

/* Sends the greeting; the first thing a client must see. */
void session_greet(struct session *s);

/* Takes bytes up to the end of one message and answers it, with one call of the send function for
 * the reply. Returns how many of the @n bytes were taken; the caller offers the rest again when it
 * has room for another reply. */
size_t session_feed(struct session *s, const void *data, size_t n);

/* Passes on @event, made by session_event_new(), if the client has negotiated. An event that a
 * command of this same session causes is sent after the command's reply, because there are clients
 * that read one line after a command and take it for the reply. */
void session_event(struct session *s, json_t *event);

/* The message for event @name with @data (borrowed, may be NULL), stamped with @clock's wall-clock
 * time; a new reference, NULL when out of memory. */
json_t *session_event_new(const char *name, json_t *data, const struct clock *clock);

#endif
