/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/visectl/output.h"

#include <stdio.h>

int output_reply(const char *name, const json_t *reply, bool compact)
{
	const json_t *error = json_object_get(reply, "error");
	const char *class = json_string_value(json_object_get(error, "class"));
	const char *desc = json_string_value(json_object_get(error, "desc"));

	if (error) {
		fprintf(stderr, "visectl: %s: %s: %s\n", name, class ? class : "GenericError",
			desc ? desc : "no description");
		return STATUS_COMMAND_FAILED;
	}
	json_dumpf(json_object_get(reply, "return"), stdout,
		   JSON_ENCODE_ANY | (compact ? JSON_COMPACT : JSON_INDENT(2)));
	putchar('\n');
	fflush(stdout);
	return STATUS_OK;
}

void output_event(void *arg, const json_t *event)
{
	(void)arg;
	json_dumpf(event, stdout, 0);
	putchar('\n');
	fflush(stdout);
}
