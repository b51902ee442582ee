/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/control/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK	 4096
#define MAX_LINE (64 * 1024 * 1024)

void lines_init(struct lines *l, int fd)
{
	*l = (struct lines){.fd = fd};
}

void lines_fini(struct lines *l)
{
	free(l->text);
	l->text = NULL;
}

/* Makes room for a chunk and for a terminating zero. */
static int reserve(struct lines *l)
{
	char *bigger;

	if (l->at) {
		memmove(l->text, l->text + l->at, l->end - l->at);
		l->end -= l->at;
		l->at = 0;
	}
	if (l->capacity - l->end > CHUNK)
		return 0;
	if (l->end > MAX_LINE)
		return -EMSGSIZE;
	bigger = realloc(l->text, 2 * l->capacity + 2 * CHUNK);
	if (!bigger)
		return -ENOMEM;
	l->text = bigger;
	l->capacity = 2 * l->capacity + 2 * CHUNK;
	return 0;
}

int lines_fill(struct lines *l)
{
	ssize_t n;
	int rc = reserve(l);

	if (rc)
		return rc;
	n = read(l->fd, l->text + l->end, CHUNK);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	l->eof = n == 0;
	l->end += (size_t)n;
	return 0;
}

char *lines_next(struct lines *l)
{
	char *start, *end;

	if (l->at == l->end)
		return NULL;
	start = l->text + l->at;
	end = memchr(start, '\n', l->end - l->at);
	if (!end && !l->eof)
		return NULL;
	l->at = end ? (size_t)(end + 1 - l->text) : l->end;
	if (!end)
		end = l->text + l->end;
	*end = '\0';
	if (end > start && end[-1] == '\r')
		end[-1] = '\0';
	return start;
}
