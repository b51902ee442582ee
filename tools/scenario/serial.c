/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/scenario/serial.h"

#include <stdlib.h>
#include <string.h>

static void end_line(struct serial *s)
{
	char **slot = &s->lines[s->next % SERIAL_LINES];

	if (s->n_partial && s->partial[s->n_partial - 1] == '\r')
		s->n_partial--;
	s->partial[s->n_partial] = '\0';
	free(*slot);
	*slot = strdup(s->partial);
	s->next++;
	if (s->next - s->first > SERIAL_LINES)
		s->first = s->next - SERIAL_LINES;
	s->n_partial = 0;
	s->partial[0] = '\0';
}

void serial_feed(struct serial *s, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\n')
			end_line(s);
		else if (bytes[i] && s->n_partial < SERIAL_LINE_MAX)
			s->partial[s->n_partial++] = bytes[i];
	}
	s->partial[s->n_partial] = '\0';
}

void serial_end(struct serial *s)
{
	if (s->n_partial)
		end_line(s);
}

const char *serial_line(const struct serial *s, uint64_t number)
{
	const char *line;

	if (number < s->first || number >= s->next)
		return NULL;
	line = s->lines[number % SERIAL_LINES];
	return line ? line : "";
}

void serial_fini(struct serial *s)
{
	for (size_t i = 0; i < SERIAL_LINES; i++)
		free(s->lines[i]);
	*s = (struct serial){0};
}
