/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/commands/handlers.h"

#include "vmm/core/base64.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The rings of console ports: what a guest wrote to one is read here, and the other way round. */

#define RING_PIECE 65536U /* bytes a command moves at most */

/* The port of the console that @args name by the id of its character backend. */
static int ring_port(const json_t *args, struct control_error *error)
{
	static const char *const names[] = {"console", "bulk", "stats"};
	const char *device = json_string_value(json_object_get(args, "device"));

	for (int i = 0; i < 3; i++)
		if (strcmp(device, names[i]) == 0)
			return i;
	error->class = CONTROL_DEVICE_NOT_FOUND;
	return err_set(&error->err, -ENODEV,
		       "Device '%s' not found; rings are called console, bulk and stats", device);
}

/* Whether "format" asks for base64; text otherwise. */
static bool is_base64(const json_t *args, struct control_error *error)
{
	const char *format = json_string_value(json_object_get(args, "format"));

	if (format && strcmp(format, "utf8") != 0 && strcmp(format, "base64") != 0)
		err_set(&error->err, -EINVAL, "Parameter 'format' expects utf8 or base64, not '%s'",
			format);
	return format && strcmp(format, "base64") == 0;
}

/* Bytes that are not UTF-8 become '?': what asked for text gets text. */
static json_t *bytes_to_text(char *bytes, size_t n)
{
	json_t *text = json_stringn(bytes, n);

	if (text)
		return text;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)bytes[i] >= 0x80)
			bytes[i] = '?';
	return json_stringn(bytes, n);
}

json_t *control_ringbuf_read(struct machine *m, const json_t *args, struct control_error *error)
{
	json_int_t size = json_integer_value(json_object_get(args, "size"));
	bool base64 = is_base64(args, error);
	int port = ring_port(args, error);
	json_t *result = NULL;
	char *bytes;
	ssize_t n;

	if (error->err.code)
		return NULL;
	if (size < 1) {
		err_set(&error->err, -EINVAL, "Parameter 'size' expects a value greater than zero");
		return NULL;
	}
	bytes = malloc(RING_PIECE);
	if (!bytes)
		return NULL;
	n = machine_ring_read(m, (unsigned int)port, bytes,
			      size < (json_int_t)RING_PIECE ? (size_t)size : RING_PIECE,
			      &error->err);
	if (n >= 0 && base64) {
		char *text = base64_encode(bytes, (size_t)n);

		result = text ? json_string(text) : NULL;
		free(text);
	} else if (n >= 0) {
		result = bytes_to_text(bytes, (size_t)n);
	}
	free(bytes);
	return result;
}

json_t *control_ringbuf_write(struct machine *m, const json_t *args, struct control_error *error)
{
	const json_t *data = json_object_get(args, "data");
	const char *text = json_string_value(data);
	size_t len = json_string_length(data);
	bool base64 = is_base64(args, error);
	int port = ring_port(args, error);
	void *bytes = NULL;
	ssize_t n;

	if (error->err.code)
		return NULL;
	if (base64) {
		bytes = base64_decode(text, &len);
		if (!bytes) {
			err_set(&error->err, -EINVAL, "Parameter 'data' is not base64");
			return NULL;
		}
	}
	n = machine_ring_write(m, (unsigned int)port, bytes ? bytes : text, len, &error->err);
	free(bytes);
	return n < 0 ? NULL : json_pack("{s:I}", "written", (json_int_t)n);
}
