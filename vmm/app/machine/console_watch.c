/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/machine/console_watch.h"

#include <stdio.h>
#include <string.h>

#define PANIC_MARK "Kernel panic - not syncing"

void console_watch_init(struct console_watch *w)
{
	memset(w, 0, sizeof(*w));
	pthread_mutex_init(&w->lock, NULL);
}

void console_watch_fini(struct console_watch *w)
{
	pthread_mutex_destroy(&w->lock);
}

void console_watch_reset(struct console_watch *w)
{
	pthread_mutex_lock(&w->lock);
	w->len = 0;
	w->panicked = false;
	w->text[0] = '\0';
	pthread_mutex_unlock(&w->lock);
}

/* The text goes to the user's terminal and into JSON. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

static bool end_line(struct console_watch *w)
{
	const char *mark;

	w->line[w->len] = '\0';
	w->len = 0;
	mark = w->panicked ? NULL : strstr(w->line, PANIC_MARK);
	if (!mark)
		return false;
	w->panicked = true;
	snprintf(w->text, sizeof(w->text), "%s", mark);
	make_printable(w->text);
	return true;
}

bool console_watch_feed(struct console_watch *w, const uint8_t *data, size_t len)
{
	bool news = false;

	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < len; i++) {
		char c = (char)data[i];

		if (c == '\n' || c == '\r')
			news |= end_line(w);
		else if (w->len < sizeof(w->line) - 1 && c != '\0')
			w->line[w->len++] = c;
	}
	pthread_mutex_unlock(&w->lock);
	return news;
}

bool console_watch_panic(struct console_watch *w, char *text, size_t size)
{
	bool panicked;

	pthread_mutex_lock(&w->lock);
	panicked = w->panicked;
	if (panicked)
		snprintf(text, size, "%s", w->text);
	pthread_mutex_unlock(&w->lock);
	return panicked;
}
