/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/machine/init_report.h"

#include "docs/abi/vise-init.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void init_report_init(struct init_report *r)
{
	memset(r, 0, sizeof(*r));
	pthread_mutex_init(&r->lock, NULL);
}

void init_report_fini(struct init_report *r)
{
	pthread_mutex_destroy(&r->lock);
}

void init_report_reset(struct init_report *r)
{
	pthread_mutex_lock(&r->lock);
	r->len = 0;
	r->overlong = false;
	memset(&r->state, 0, sizeof(r->state));
	pthread_mutex_unlock(&r->lock);
}

/* Guest text goes to the user's terminal: nothing but printable ASCII may pass. */
static void copy_printable(char *to, size_t size, const char *from)
{
	size_t n = 0;

	for (; *from && n + 1 < size; from++)
		to[n++] = *from >= ' ' && *from <= '~' ? *from : '?';
	to[n] = '\0';
}

static bool on_ready(struct init_report_state *s, const char *text)
{
	(void)text;
	s->ready = true;
	return true;
}

static bool on_exit_line(struct init_report_state *s, const char *text)
{
	char *end;
	unsigned long status = strtoul(text, &end, 10);

	if (end == text || *end != '\0' || status > 255 || s->exited)
		return false;
	s->exited = true;
	s->status = (unsigned int)status;
	return true;
}

static bool on_died(struct init_report_state *s, const char *text)
{
	if (s->died)
		return false;
	s->died = true;
	copy_printable(s->text, sizeof(s->text), text);
	return true;
}

static bool on_warn(struct init_report_state *s, const char *text)
{
	copy_printable(s->warning, sizeof(s->warning), text);
	return true;
}

static bool on_handover(struct init_report_state *s, const char *text)
{
	(void)text;
	s->handed_over = true;
	return true;
}

struct verb {
	const char *name;
	bool (*apply)(struct init_report_state *s, const char *text);
};

static const struct verb verbs[] = {
	{VISE_INIT_VERB_READY, on_ready},	{VISE_INIT_VERB_EXIT, on_exit_line},
	{VISE_INIT_VERB_DIED, on_died},		{VISE_INIT_VERB_WARN, on_warn},
	{VISE_INIT_VERB_HANDOVER, on_handover},
};

static bool end_line(struct init_report *r)
{
	size_t prefix = strlen(VISE_INIT_REPORT);
	const char *verb = r->line + prefix;
	bool whole = !r->overlong;
	const char *text;
	size_t verb_len;

	r->line[r->len] = '\0';
	r->len = 0;
	r->overlong = false;
	if (!whole || strncmp(r->line, VISE_INIT_REPORT, prefix) != 0)
		return false;
	verb_len = strcspn(verb, " ");
	text = verb[verb_len] ? verb + verb_len + 1 : "";
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strlen(verbs[i].name) == verb_len &&
		    strncmp(verbs[i].name, verb, verb_len) == 0)
			return verbs[i].apply(&r->state, text);
	return false;
}

bool init_report_feed(struct init_report *r, const uint8_t *data, size_t len)
{
	bool news = false;

	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n')
			news |= end_line(r);
		else if (r->len == sizeof(r->line) - 1)
			r->overlong = true;
		else if (data[i] != '\r')
			r->line[r->len++] = (char)data[i];
	}
	pthread_mutex_unlock(&r->lock);
	return news;
}

struct init_report_state init_report_take(struct init_report *r)
{
	struct init_report_state state;

	pthread_mutex_lock(&r->lock);
	state = r->state;
	r->state.warning[0] = '\0';
	pthread_mutex_unlock(&r->lock);
	return state;
}
