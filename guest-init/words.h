/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_WORDS_H
#define VISE_GUEST_INIT_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* True when @command is only words and blanks: no quotes, variables, pipes, assignments, ... */
bool words_plain(const char *command);

/*
 * Splits @command in place into words, as a shell quotes them: '...' literally, "..." with
 * backslash before " and \, a backslash before any character outside quotes. Fills @words (ended by
 * NULL) and returns their number, or -1 with more than @max - 1 words or an unclosed quote.
 */
int words_split(char *command, char **words, size_t max);

#endif
