/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

char *file_read(const char *path, size_t max)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = fd < 0 ? NULL : malloc(max + 1);
	size_t used = 0;
	ssize_t n = 0;

	/* Files in /proc come in pieces. */
	while (text && used < max && (n = read(fd, text + used, max - used)) > 0)
		used += (size_t)n;
	if (text)
		text[used] = '\0';
	if (n < 0) {
		free(text);
		text = NULL;
	}
	if (fd >= 0)
		close(fd);
	return text;
}
