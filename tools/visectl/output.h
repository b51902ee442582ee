/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_VISECTL_OUTPUT_H
#define VISE_VISECTL_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>

/* Exit statuses of visectl. */
enum { STATUS_OK = 0, STATUS_COMMAND_FAILED = 1, STATUS_USAGE = 2 };

/* Prints what @reply to command @name holds: its value on stdout, indented unless @compact, or one
 * line on stderr. The exit status that follows from it. */
int output_reply(const char *name, const json_t *reply, bool compact);

/* Prints @event on one line at once; @arg is not used (for connection.on_event). */
void output_event(void *arg, const json_t *event);

#endif
