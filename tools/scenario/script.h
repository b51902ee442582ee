/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_SCENARIO_SCRIPT_H
#define VISE_SCENARIO_SCRIPT_H

#include "tools/scenario/statements.h"
#include "tools/scenario/words.h"

/* A scenario as it was read: blocks of statements, with all that it includes. */

struct block;

struct statement {
	const struct statement_row *row;
	const char *file; /* belongs to the script */
	unsigned int line;
	char *text;	    /* the line as it stands */
	struct words words; /* after the name, without "within TIME" */
	struct words within;
	struct block *branches; /* of "parallel" */
	size_t n_branches;
};

struct block {
	struct statement *list;
	size_t n;
};

struct script {
	struct block top;
	char **files;
	size_t n_files;
	size_t n_statements; /* all of them */
};

#define SCRIPT_FILE_MAX	      (1024 * 1024)
#define SCRIPT_FILES_MAX      256
#define SCRIPT_STATEMENTS_MAX 100000
#define SCRIPT_DEPTH_MAX      16 /* of includes, and of parallel within parallel */

/* Where files come from: a new text with a NUL at its end, freed by the caller; NULL and one line
 * in
 * @err. */
typedef char *(*script_load_fn)(const char *path, struct err *err);

/* Reads a regular file of at most SCRIPT_FILE_MAX bytes without NUL. */
char *script_load_file(const char *path, struct err *err);

/* Reads @path and what it includes, by @load. 0, or a negative errno and "FILE:LINE: what is wrong"
 * in @err; @script is then empty. */
MUST_CHECK int script_parse(struct script *script, const char *path, script_load_fn load,
			    struct err *err);
void script_fini(struct script *script);

#endif
