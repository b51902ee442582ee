/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_SCENARIO_SERIAL_H
#define VISE_SCENARIO_SERIAL_H

#include <stddef.h>
#include <stdint.h>

/*
 * What a guest wrote on its serial port, as numbered lines. The guest may write anything and
 * without end: the last SERIAL_LINES lines are kept, of each its first SERIAL_LINE_MAX bytes. NUL
 * bytes are left out, and a carriage return at the end of a line. All zeros is an empty one.
 */

#define SERIAL_LINES	1024
#define SERIAL_LINE_MAX 4096

struct serial {
	char *lines[SERIAL_LINES]; /* number n is at n modulo SERIAL_LINES */
	uint64_t first;		   /* number of the oldest that is kept */
	uint64_t next;		   /* number of the line that is being written */
	char partial[SERIAL_LINE_MAX + 1];
	size_t n_partial;
};

/* Takes @n bytes. A line for which there is no memory is empty. */
void serial_feed(struct serial *s, const char *bytes, size_t n);

/* Ends an unfinished last line, where nothing more will come. */
void serial_end(struct serial *s);

/* Whole line @number, valid until the next feed; NULL when it is not there yet or not any more. */
const char *serial_line(const struct serial *s, uint64_t number);

void serial_fini(struct serial *s);

#endif
