/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_VISECTL_ARGUMENTS_H
#define VISE_VISECTL_ARGUMENTS_H

#include "vmm/core/err.h"

#include <jansson.h>
#include <stddef.h>

/*
 * A command's arguments as a person types them: key=value. The value's form gives its type:
 * an integer (-12), a size (64M: K, M, G and T are powers of 1024), true, false or null, JSON when
 * it begins with {, [ or a double quote, and a string otherwise.
 */

/* The object for @n words; a new reference, NULL and one line in @err when a word is wrong. */
json_t *arguments_parse(char *const *words, size_t n, struct err *err);

/* Cuts @line in place at blanks, but not within quotes or brackets, so that a JSON value may have
 * blanks in it. Puts up to @max words into @words. The number of words, or -E2BIG. */
int arguments_split(char *line, char **words, size_t max);

#endif
