/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/log.h"
#include "vmm/host/stream/stream_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* Output to a file; there is no input. */

struct file {
	struct stream s;
	char path[256]; /* for messages: cut when longer */
};

static int file_open(struct stream *s, const struct stream_config *config, struct err *err)
{
	struct file *f = (struct file *)s;
	int begin = config->kind == STREAM_APPEND ? O_APPEND : O_TRUNC;
	/* Non-blocking matters only when PATH is a FIFO or a terminal. */
	int fd = open(config->path, O_WRONLY | O_CREAT | begin | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		      0666);

	snprintf(f->path, sizeof(f->path), "%s", config->path);
	if (fd < 0)
		return err_set_errno(err, errno, "%s:%s: cannot open for writing", s->ops->name,
				     config->path);
	stream_end_take(&s->out, fd);
	stream_ignore_sigpipe();
	return stream_watch_output(s, err);
}

static void file_output_end(struct stream *s, int errnum)
{
	const struct file *f = (const struct file *)s;

	log_warn("%s:%s: %s; further output is discarded", s->ops->name, f->path, strerror(errnum));
}

const struct stream_ops stream_file_ops = {
	.name = "file",
	.takes_path = true,
	.size = sizeof(struct file),
	.open = file_open,
	.output_end = file_output_end,
};

const struct stream_ops stream_append_ops = {
	.name = "append",
	.takes_path = true,
	.size = sizeof(struct file),
	.open = file_open,
	.output_end = file_output_end,
};
