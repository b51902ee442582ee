/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/commands/memory_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE (1U << 20)

int memory_file_open(struct memory_file *f, const char *name, struct err *err)
{
	struct stat st;

	*f = (struct memory_file){.name = name};
	/* A pipe without a reader must not hold the machine's control. */
	f->fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_CLOEXEC, 0600);
	if (f->fd < 0)
		return err_set_errno(err, errno, "%s", name);
	f->regular = fstat(f->fd, &st) == 0 && S_ISREG(st.st_mode);
	f->piece = malloc(PIECE);
	if (!f->piece)
		return memory_file_close(f, err_set(err, -ENOMEM, "out of memory"), err);
	return 0;
}

int memory_file_write(const struct memory_file *f, const void *data, size_t len, struct err *err)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = write(f->fd, at, len);

		if (n < 0 && errno != EINTR)
			return err_set_errno(err, errno, "writing");
		at += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int memory_file_save(const struct memory_file *f, const struct machine *m, uint64_t at,
		     uint64_t size, struct err *err)
{
	while (size > 0) {
		size_t part = size < PIECE ? (size_t)size : PIECE;
		int rc = machine_memory_read(m, at, f->piece, part, err);

		if (rc == 0)
			rc = memory_file_write(f, f->piece, part, err);
		if (rc < 0)
			return rc;
		at += part;
		size -= part;
	}
	return 0;
}

int memory_file_close(struct memory_file *f, int rc, struct err *err)
{
	free(f->piece);
	f->piece = NULL;
	if (close(f->fd) < 0 && rc == 0)
		rc = err_set_errno(err, errno, "writing");
	if (rc == 0)
		return 0;
	/* No half of a file is left that looks like a whole. */
	if (f->regular)
		unlink(f->name);
	err_prefix(err, "%s", f->name);
	return rc;
}
