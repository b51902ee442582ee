/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/commands/handlers.h"

#include "vmm/app/control/commands/input_names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Commands on single devices. */

/* The reply of a function that returns 0 or a negative errno. */
static json_t *done(int rc, const char *id, struct control_error *error)
{
	if (rc == 0)
		return json_object();
	if (rc == -ENODEV && id) {
		error->class = CONTROL_DEVICE_NOT_FOUND;
		err_set(&error->err, rc, "Device '%s' not found", id);
	}
	return NULL;
}

json_t *control_set_link(struct machine *m, const json_t *args, struct control_error *error)
{
	const char *name = json_string_value(json_object_get(args, "name"));
	bool up = json_is_true(json_object_get(args, "up"));

	return done(machine_set_link(m, name, up, &error->err), name, error);
}

json_t *control_x_input_inject(struct machine *m, const json_t *args, struct control_error *error)
{
	const char *device = json_string_value(json_object_get(args, "device"));
	struct input_batch batch;

	if (input_raw_parse(json_object_get(args, "events"), &batch, &error->err) < 0)
		return NULL;
	return done(machine_inject(m, device, batch.events, batch.n, &error->err), device, error);
}

json_t *control_x_console_resize(struct machine *m, const json_t *args, struct control_error *error)
{
	json_int_t cols = json_integer_value(json_object_get(args, "cols"));
	json_int_t rows = json_integer_value(json_object_get(args, "rows"));

	if (cols < 1 || cols > UINT16_MAX || rows < 1 || rows > UINT16_MAX) {
		err_set(&error->err, -EINVAL, "Parameters 'cols' and 'rows' expect 1 to %u",
			UINT16_MAX);
		return NULL;
	}
	return done(machine_console_resize(m, (uint16_t)cols, (uint16_t)rows, &error->err), NULL,
		    error);
}

json_t *control_x_device_show(struct machine *m, const json_t *args, struct control_error *error)
{
	const char *id = json_string_value(json_object_get(args, "device"));
	struct device *const *list;
	struct device *dev;
	json_t *all;
	size_t n;

	if (id) {
		dev = machine_find_device(m, id);
		return dev ? machine_show_device(m, dev) : done(-ENODEV, id, error);
	}
	all = json_array();
	list = machine_devices(m, &n);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(all, machine_show_device(m, list[i]));
	return all;
}
