/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_CONSOLE_WATCH_H
#define VISE_APP_CONSOLE_WATCH_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Notices a Linux kernel panic in console output. Bytes come from vCPU threads, the question from
 * the main loop.
 */

struct console_watch {
	pthread_mutex_t lock;
	char line[256];
	size_t len;
	bool panicked;
	char text[200]; /* the panic line, from "Kernel panic" on */
};

void console_watch_init(struct console_watch *w);
void console_watch_fini(struct console_watch *w);

/* Forgets all that was fed: the guest starts again. */
void console_watch_reset(struct console_watch *w);

/* Takes output. True when a panic was completed by these bytes, for the first time. */
bool console_watch_feed(struct console_watch *w, const uint8_t *data, size_t len);

/* True when a panic was seen; copies its line to @text: printable ASCII, whatever the guest wrote.
 */
bool console_watch_panic(struct console_watch *w, char *text, size_t size);

#endif
