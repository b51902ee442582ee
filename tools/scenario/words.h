/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_SCENARIO_WORDS_H
#define VISE_SCENARIO_WORDS_H

#include "tools/scenario/variables.h"
#include "vmm/core/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A line of a scenario as words. Blanks part them; double quotes keep blanks together and know
 * \" \\ \$ \n \r \t \xHH; # where a word could begin starts a comment. A word that begins with { is
 * JSON and reaches to the bracket that closes it. ${name} stands for a variable, everywhere.
 */

#define WORDS_MAX 128

struct part {
	char *text; /* as it stands, or the name of a variable */
	bool variable;
};

struct word {
	struct part *parts;
	size_t n;
	bool json;
};

struct words {
	struct word *list;
	size_t n;
};

/* Cuts @line. 0, also when there are none; -EINVAL or -ENOMEM with one line in @err, @words then
 * being empty. */
MUST_CHECK int words_parse(const char *line, struct words *words, struct err *err);
void words_fini(struct words *words);

/* Whether the word has no variable in it. */
bool word_is_constant(const struct word *word);

/* The word with its variables put in; the caller frees. In a string of JSON a value is escaped;
 * elsewhere in JSON it must be one value. NULL and one line in @err: unknown variable, no JSON. */
char *word_expand(const struct word *word, const struct variables *v, struct err *err);

/* @text with what is not printable ASCII as \xHH, at most @max bytes of it, for showing what a
 * guest sent; the caller frees, NULL: out of memory. */
char *text_escape(const char *text, size_t max);

#endif
