/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_CONTROL_COMMAND_H
#define VISE_APP_CONTROL_COMMAND_H

#include "vmm/app/machine/machine.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * The control commands: one row each. Parsing, argument checks, query-commands, help and the
 * reference page all come from this table. Names and shapes as QMP has them.
 */

enum arg_kind { ARG_STRING, ARG_INT, ARG_BOOL, ARG_LIST };

struct command_arg {
	const char *name; /* NULL ends the list */
	enum arg_kind kind;
	bool required;
	const char *help;
};

/* What went wrong, in QMP's classes. */
#define CONTROL_GENERIC_ERROR	  "GenericError"
#define CONTROL_COMMAND_NOT_FOUND "CommandNotFound"
#define CONTROL_DEVICE_NOT_FOUND  "DeviceNotFound"

struct control_error {
	const char *class; /* one of the above; GenericError when a command sets only text */
	struct err err;
};

struct command {
	const char *name;
	const char *summary;		/* one line */
	const char *returns;		/* shape of "return"; NULL: an empty object */
	const struct command_arg *args; /* NULL: none */
	/* @args has been checked against the row. Returns a new reference: the value of "return"
	 * (an empty object when there is nothing to say), or NULL with @error filled. */
	json_t *(*run)(struct machine *m, const json_t *args, struct control_error *error);
	/* Runs once the reply is on its way, and only after a "return"; NULL: nothing to do.
	 * Whoever calls control_execute() calls it. */
	void (*after)(struct machine *m);
};

/* The table, sorted by name. */
const struct command *control_commands(size_t *n);

/* The row of @name, or NULL. */
const struct command *control_find(const char *name);

/* Checks @args (an object or NULL) against the row and runs it; the same results as command.run. */
json_t *control_execute(const struct command *cmd, struct machine *m, const json_t *args,
			struct control_error *error);

#endif
