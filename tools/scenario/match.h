/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_SCENARIO_MATCH_H
#define VISE_SCENARIO_MATCH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether @line is the marker asked for. A marker is a row of parts between | signs. It begins with
 * the parts of @marker, and each of the @n texts @fields, as "mode=msix", is one of its further
 * parts.
 */
bool match_marker(const char *line, const char *marker, char *const *fields, size_t n);

#endif
