/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_CONTROL_SPLITTER_H
#define VISE_APP_CONTROL_SPLITTER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Cuts a stream of bytes into JSON texts. QMP does not ask for a newline after a message, nor
 * forbids several on a line, so the end of a message is where its last bracket closes. Only
 * brackets, quotes and impossible bytes are looked at; whether the text is JSON is the parser's
 * matter.
 *
 * Whatever the bytes, memory stays below SPLITTER_MAX_MESSAGE and the splitter finds its feet
 * again: after a fault it drops input up to a newline or the next sensible start. A byte FE or FF,
 * which no UTF-8 text has, always drops the message at hand; clients use it to resynchronise.
 */

#define SPLITTER_MAX_MESSAGE (1024 * 1024)
#define SPLITTER_MAX_DEPTH   64

enum splitter_event {
	SPLITTER_MORE,	  /* all input is used up, nothing to report */
	SPLITTER_MESSAGE, /* text and length hold a message, up to the next call */
	SPLITTER_FAULT,	  /* fault says what was wrong, once for each run of bad input */
};

enum splitter_state { SPLITTER_START, SPLITTER_IDLE, SPLITTER_IN_MESSAGE, SPLITTER_IN_JUNK };

struct splitter {
	enum splitter_state state;
	size_t bom;	/* bytes of a byte order mark seen at the very start */
	size_t depth;	/* open brackets */
	bool in_string; /* between quotes */
	bool escaped;	/* the byte before was a backslash in a string */
	bool discard;	/* the message broke a limit: follow it to its end, keep nothing */
	char *text;
	size_t length;
	size_t capacity;
	char fault[96];
};

void splitter_init(struct splitter *s);
void splitter_fini(struct splitter *s);

/* Takes bytes up to the first thing to report and says what it is in @event. Returns how many of
 * the @n bytes were taken; all of them when the event is SPLITTER_MORE. */
size_t splitter_feed(struct splitter *s, const char *data, size_t n, enum splitter_event *event);

#endif
