/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_OUTPUT_H
#define VISE_GUEST_INIT_SELFTEST_OUTPUT_H

#include "guest-init/selftest/marker.h"

/* Where the lines go: the first serial port, standard output (unless it is that port), and a log
 * file. Each line is one write and ends in CR LF. */

struct output {
	int com1; /* -1: none */
	int out;  /* -1: standard output is the port */
	int log;  /* -1: none */
};

/* @log_file may be NULL. A place that cannot be opened is left out; false when that is the log. */
bool output_open(struct output *o, const char *log_file);
void output_close(struct output *o);

void output_line(const struct output *o, const char *line);
void output_marker(const struct output *o, const struct marker *m);

/* A line of plain text, for people. */
void output_say(const struct output *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
