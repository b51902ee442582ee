/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/commands/handlers.h"

#include "vmm/app/control/commands/memory_file.h"
#include "vmm/core/base64.h"

#include <errno.h>
#include <stdlib.h>

/* Guest-physical memory, read and written from outside. The guest may run meanwhile. */

#define MAX_READ 65536

json_t *control_pmemsave(struct machine *m, const json_t *args, struct control_error *error)
{
	json_int_t val = json_integer_value(json_object_get(args, "val"));
	json_int_t size = json_integer_value(json_object_get(args, "size"));
	const char *name = json_string_value(json_object_get(args, "filename"));
	struct memory_file f;
	int rc;

	if (val < 0 || size < 0) {
		err_set(&error->err, -EINVAL,
			"Parameters 'val' and 'size' expect no negative numbers");
		return NULL;
	}
	if (memory_file_open(&f, name, &error->err) < 0)
		return NULL;
	rc = memory_file_save(&f, m, (uint64_t)val, (uint64_t)size, &error->err);
	return memory_file_close(&f, rc, &error->err) < 0 ? NULL : json_object();
}

json_t *control_x_guest_memory_read(struct machine *m, const json_t *args,
				    struct control_error *error)
{
	json_int_t address = json_integer_value(json_object_get(args, "address"));
	json_int_t size = json_integer_value(json_object_get(args, "size"));
	json_t *value = NULL;
	uint8_t *data;

	if (address < 0 || size < 1 || size > MAX_READ) {
		err_set(&error->err, -EINVAL, "Parameter 'size' expects 1 to %d bytes", MAX_READ);
		return NULL;
	}
	data = malloc((size_t)size);
	if (data &&
	    machine_memory_read(m, (uint64_t)address, data, (size_t)size, &error->err) == 0) {
		char *text = base64_encode(data, (size_t)size);

		value = text ? json_pack("{s:s}", "data", text) : NULL;
		free(text);
	}
	free(data);
	return value;
}

json_t *control_x_guest_memory_write(struct machine *m, const json_t *args,
				     struct control_error *error)
{
	json_int_t address = json_integer_value(json_object_get(args, "address"));
	size_t len;
	void *data = base64_decode(json_string_value(json_object_get(args, "data")), &len);
	int rc = -EINVAL;

	if (!data)
		err_set(&error->err, -EINVAL, "Parameter 'data' expects base64");
	else if (address < 0)
		err_set(&error->err, -EINVAL, "Parameter 'address' expects no negative number");
	else
		rc = machine_memory_write(m, (uint64_t)address, data, len, &error->err);
	free(data);
	return rc == 0 ? json_object() : NULL;
}
