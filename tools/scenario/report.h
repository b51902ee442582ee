/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_SCENARIO_REPORT_H
#define VISE_SCENARIO_REPORT_H

#include "tools/scenario/play.h"

#include <stdio.h>

/* What a play came to, in forms for people and for programs. @name is that of the scenario. */

/* The failure: "FILE:LINE: STATEMENT: what" and the last serial lines, indented. Nothing when none.
 */
void report_print_failure(const struct play *play, FILE *out);

/* Writes a JUnit file (one test case a statement), or JSON, to @path. 0 or a negative errno and one
 * line in @err. */
MUST_CHECK int report_junit(const struct play *play, const char *name, const char *path,
			    struct err *err);
MUST_CHECK int report_json(const struct play *play, const char *name, const char *path,
			   struct err *err);

#endif
