/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_SCENARIO_PLAY_H
#define VISE_SCENARIO_PLAY_H

#include "tools/scenario/script.h"
#include "tools/scenario/target.h"
#include "tools/scenario/variables.h"

#include <stdint.h>

/*
 * Plays a script. Each branch of it is at one step; a step goes on whenever something came, and
 * ends or is late. One thread, which waits in poll() only.
 */

/* A statement while it runs. */
struct step {
	const struct statement *statement;
	char **words; /* with variables put in */
	size_t n;
	uint64_t started; /* all times: monotonic ns */
	uint64_t until;	  /* late from here on; 0: it does not wait */
	uint64_t due;	  /* for the step's own use, as progress */
	uint64_t wake;	  /* asks to go on at this time; 0: does not */
	double within;	  /* seconds */
	uint64_t scanned; /* number of the serial line to look at next */
	size_t progress;  /* for the step's own use */
	struct branch *branch;
};

struct branch {
	const struct block *block;
	size_t at;	 /* the statement in it */
	uint64_t cursor; /* number of the first serial line that no expect has taken */
	bool running;	 /* step is under way */
	struct step step;
	struct branch *children; /* of "parallel", while it runs */
	size_t n_children;
};

struct step_result {
	const struct statement *statement;
	double seconds;
	bool failed;
};

struct failure {
	const struct statement *statement; /* NULL: none failed */
	char token[64];			   /* of "fail"; "" elsewhere */
	char text[512];			   /* one line: what, and what was seen instead */
	char *seen; /* last serial lines, escaped, each with its newline; or NULL */
};

struct play {
	const char *vise; /* the program that "start" runs; borrowed */
	struct variables variables;
	struct target target;
	struct branch root;
	struct step_result *results; /* in the order in which the steps ended */
	size_t n_results;
	struct failure failure;
	int signals; /* signalfd of what interrupts; -1: none */
	uint64_t now;
	double seconds; /* that it took */
};

void play_init(struct play *play, const char *vise);

/* Makes the private directory of the play and sets the variable "dir" to it; play_run() and
 * play_fini() remove it. 0 or a negative errno, and one line in @err. */
MUST_CHECK int play_prepare(struct play *play, struct err *err);

/* Plays @script, which must live as long as @play. 0: all steps passed; -1: play->failure says what
 * failed. The machine is ended in any case, when it was ours. */
int play_run(struct play *play, const struct script *script);

void play_fini(struct play *play);

#endif
