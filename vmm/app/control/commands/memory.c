/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/commands/handlers.h"

#include "vmm/core/base64.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Guest-physical memory, read and written from outside. The guest may run meanwhile. */

#define PIECE	 (1U << 20)
#define MAX_READ 65536

/* Copies [@at, @at + @size) to @fd through @piece. */
static int save(const struct machine *m, uint64_t at, uint64_t size, int fd, char *piece,
		struct err *err)
{
	while (size > 0) {
		size_t part = size < PIECE ? (size_t)size : PIECE;
		int rc = machine_memory_read(m, at, piece, part, err);

		if (rc < 0)
			return rc;
		for (size_t done = 0; done < part;) {
			ssize_t n = write(fd, piece + done, part - done);

			if (n < 0 && errno != EINTR)
				return err_set_errno(err, errno, "writing");
			done += n > 0 ? (size_t)n : 0;
		}
		at += part;
		size -= part;
	}
	return 0;
}

/* The main loop stands still for as long as the file takes, as QEMU's does. */
json_t *control_pmemsave(struct machine *m, const json_t *args, struct control_error *error)
{
	json_int_t val = json_integer_value(json_object_get(args, "val"));
	json_int_t size = json_integer_value(json_object_get(args, "size"));
	const char *name = json_string_value(json_object_get(args, "filename"));
	char *piece;
	int fd, rc;

	if (val < 0 || size < 0) {
		err_set(&error->err, -EINVAL,
			"Parameters 'val' and 'size' expect no negative numbers");
		return NULL;
	}
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0) {
		err_set_errno(&error->err, errno, "%s", name);
		return NULL;
	}
	piece = malloc(PIECE);
	rc = piece ? save(m, (uint64_t)val, (uint64_t)size, fd, piece, &error->err)
		   : err_set(&error->err, -ENOMEM, "out of memory");
	free(piece);
	if (close(fd) < 0 && rc == 0)
		rc = err_set_errno(&error->err, errno, "writing");
	if (rc == 0)
		return json_object();
	/* No half of a file is left that looks like a whole. */
	unlink(name);
	err_prefix(&error->err, "%s", name);
	return NULL;
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
