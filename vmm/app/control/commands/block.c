/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/commands/handlers.h"

#include <errno.h>

json_t *control_block_resize(struct machine *m, const json_t *args, struct control_error *error)
{
	const char *device = json_string_value(json_object_get(args, "device"));
	const char *node = json_string_value(json_object_get(args, "node-name"));
	json_int_t size = json_integer_value(json_object_get(args, "size"));
	const char *id = device ? device : node;
	int rc;

	if (device && node)
		err_set(&error->err, -EINVAL, "Give either 'device' or 'node-name', not both");
	else if (!id)
		err_set(&error->err, -EINVAL, "Parameter 'device' is missing");
	else if (size <= 0)
		err_set(&error->err, -EINVAL, "Parameter 'size' expects a >0 size");
	if (error->err.code)
		return NULL;

	rc = machine_block_resize(m, id, (uint64_t)size, &error->err);
	if (rc == 0)
		return json_object();
	if (rc == -ENODEV) {
		error->class = CONTROL_DEVICE_NOT_FOUND;
		err_set(&error->err, rc, "Device '%s' not found", id);
	}
	return NULL;
}
