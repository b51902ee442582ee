/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/scenario/match.h"

#include <string.h>

static bool has_part(const char *rest, const char *field)
{
	size_t len = strlen(field);

	while (*rest == '|') {
		size_t part = strcspn(++rest, "|");

		if (part == len && memcmp(rest, field, len) == 0)
			return true;
		rest += part;
	}
	return false;
}

bool match_marker(const char *line, const char *marker, char *const *fields, size_t n)
{
	size_t len = strlen(marker);

	if (strncmp(line, marker, len) != 0)
		return false;
	line += len;
	/* A part that only begins as asked is another one. */
	if (*line && *line != '|')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!has_part(line, fields[i]))
			return false;
	return true;
}
