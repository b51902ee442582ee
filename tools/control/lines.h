/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_CONTROL_LINES_H
#define VISE_CONTROL_LINES_H

#include <stdbool.h>
#include <stddef.h>

/* Lines from a descriptor that poll() watches, which stdio's hidden buffer would not allow. */
struct lines {
	int fd;
	char *text;
	size_t at; /* start of what has not been handed out */
	size_t end;
	size_t capacity;
	bool eof;
};

void lines_init(struct lines *l, int fd);
void lines_fini(struct lines *l);

/* Reads once, which blocks unless poll() said otherwise. 0, also at the end (then eof is set), or a
 * negative errno: -EMSGSIZE when a line is longer than 64 MiB. */
int lines_fill(struct lines *l);

/* The next whole line without its newline, valid until the next lines_fill(); NULL when there is
 * none yet. At the end of input an unfinished last line counts. */
char *lines_next(struct lines *l);

#endif
