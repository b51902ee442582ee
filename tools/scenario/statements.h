/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_SCENARIO_STATEMENTS_H
#define VISE_SCENARIO_STATEMENTS_H

#include "vmm/core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * The statements of the language: one table, from which scenarios are checked and run and the
 * reference is printed.
 */

struct play;
struct step;

/* What stands in a script is a step, or gives it its structure. */
enum statement_kind {
	STATEMENT_STEP,
	STATEMENT_INCLUDE,
	STATEMENT_PARALLEL,
	STATEMENT_AND,
	STATEMENT_END
};

struct statement_row {
	const char *name;
	const char *arguments; /* for people */
	const char *help;
	enum statement_kind kind;
	size_t min, max; /* words after the name, without "within TIME" */
	double within;	 /* seconds unless said otherwise; 0: it does not wait */
	/* Whether the words are right, in a script's check (words without variables only) and again
	 * before they run. 0 or -EINVAL and one line in @err. NULL: the number of words is all. */
	int (*check)(char *const *words, size_t n, struct err *err);
	/* Goes on with a step: 0 when done, STEP_WAITS, or a negative errno and one line in @err.
	 * Is called again when something came, when step->wake is reached, and when time is over.
	 */
	int (*run)(struct play *play, struct step *step, struct err *err);
	const char *command; /* of the control socket, where the statement is no more than that */
};

#define STEP_WAITS 1

/* The row of @name; NULL and one line in @err when there is none. */
const struct statement_row *statements_find(const char *name, struct err *err);

/* The list for --help, and docs/scenario.md's table. */
void statements_print_help(FILE *out);
void statements_print_reference(FILE *out);

/* Seconds from "5", "1.5s", "200ms" or "2m". 0 or -EINVAL with one line in @err. */
MUST_CHECK int duration_parse(const char *text, double *seconds, struct err *err);

#endif
