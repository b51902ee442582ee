/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/commands/handlers.h"

#include <errno.h>

/* Only checks what is asked for: that the session has negotiated is the session's own note. */
json_t *control_qmp_capabilities(struct machine *m, const json_t *args, struct control_error *error)
{
	const json_t *wanted = json_object_get(args, "enable");
	const char *first;

	(void)m;
	if (json_array_size(wanted) == 0)
		return json_object();
	first = json_string_value(json_array_get(wanted, 0));
	if (first)
		err_set(&error->err, -EINVAL, "Capability %s not available", first);
	else
		err_set(&error->err, -EINVAL,
			"Invalid parameter type for 'enable[0]', expected: string");
	return NULL;
}
