/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/splitter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEEP_CAPACITY (64 * 1024) /* a larger buffer is given back after its message */

static const unsigned char byte_order_mark[] = {0xef, 0xbb, 0xbf};

void splitter_init(struct splitter *s)
{
	memset(s, 0, sizeof(*s));
}

void splitter_fini(struct splitter *s)
{
	free(s->text);
	s->text = NULL;
}

static bool is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_control(unsigned char c)
{
	return c < 0x20;
}

static void drop_message(struct splitter *s)
{
	if (s->capacity > KEEP_CAPACITY) {
		free(s->text);
		s->text = NULL;
		s->capacity = 0;
	}
	s->length = 0;
	s->depth = 0;
	s->in_string = false;
	s->escaped = false;
	s->discard = false;
}

static enum splitter_event fault(struct splitter *s, const char *text)
{
	snprintf(s->fault, sizeof(s->fault), "%s", text);
	return SPLITTER_FAULT;
}

/* The rest of a message that broke a limit is followed, not kept. */
static enum splitter_event break_limit(struct splitter *s, const char *text)
{
	s->discard = true;
	s->length = 0;
	return fault(s, text);
}

static bool keep(struct splitter *s, unsigned char c)
{
	if (s->length == s->capacity) {
		size_t capacity = s->capacity ? 2 * s->capacity : 256;
		char *text = realloc(s->text, capacity);

		if (!text)
			return false;
		s->text = text;
		s->capacity = capacity;
	}
	s->text[s->length++] = (char)c;
	return true;
}

static void follow(struct splitter *s, unsigned char c)
{
	if (s->in_string) {
		if (s->escaped)
			s->escaped = false;
		else if (c == '\\')
			s->escaped = true;
		else if (c == '"')
			s->in_string = false;
		return;
	}
	if (c == '"')
		s->in_string = true;
	else if (c == '{' || c == '[')
		s->depth++;
	else if (c == '}' || c == ']')
		s->depth--;
}

/* What no JSON text contains at this place, so that the message cannot be saved. */
static bool impossible(const struct splitter *s, unsigned char c)
{
	return c >= 0xfe || (is_control(c) && (s->in_string || !is_space(c)));
}

static enum splitter_event in_message(struct splitter *s, unsigned char c)
{
	bool told = s->discard;

	if (impossible(s, c)) {
		drop_message(s);
		s->state = c == '\n' ? SPLITTER_IDLE : SPLITTER_IN_JUNK;
		snprintf(s->fault, sizeof(s->fault), "JSON parse error, invalid byte 0x%02x", c);
		return told ? SPLITTER_MORE : SPLITTER_FAULT;
	}
	if (told && c == '\n') {
		drop_message(s);
		s->state = SPLITTER_IDLE;
		return SPLITTER_MORE;
	}
	if (!told && s->length == SPLITTER_MAX_MESSAGE)
		return break_limit(s, "JSON message is longer than 1 MiB");
	if (!told && !keep(s, c))
		return break_limit(s, "out of memory");
	follow(s, c);
	if (!told && s->depth > SPLITTER_MAX_DEPTH)
		return break_limit(s, "JSON nesting is deeper than 64");
	if (s->depth)
		return SPLITTER_MORE;
	s->state = SPLITTER_IDLE;
	if (!told)
		return SPLITTER_MESSAGE;
	drop_message(s);
	return SPLITTER_MORE;
}

static enum splitter_event begin(struct splitter *s, unsigned char c)
{
	s->state = SPLITTER_IN_MESSAGE;
	return in_message(s, c);
}

static enum splitter_event step(struct splitter *s, unsigned char c)
{
	if (s->state == SPLITTER_START) {
		if (c == byte_order_mark[s->bom]) {
			if (++s->bom == sizeof(byte_order_mark))
				s->state = SPLITTER_IDLE;
			return SPLITTER_MORE;
		}
		s->state = SPLITTER_IDLE;
	}
	if (s->state == SPLITTER_IN_MESSAGE)
		return in_message(s, c);
	if (c == '{' || c == '[')
		return begin(s, c);
	if (s->state == SPLITTER_IN_JUNK) {
		if (is_control(c) && c != '\t')
			s->state = SPLITTER_IDLE;
		return SPLITTER_MORE;
	}
	if (is_space(c))
		return SPLITTER_MORE;
	s->state = SPLITTER_IN_JUNK;
	return fault(s, "QMP input must be a JSON object");
}

size_t splitter_feed(struct splitter *s, const char *data, size_t n, enum splitter_event *event)
{
	size_t used = 0;

	*event = SPLITTER_MORE;
	if (s->state != SPLITTER_IN_MESSAGE)
		drop_message(s);
	while (used < n && *event == SPLITTER_MORE)
		*event = step(s, (unsigned char)data[used++]);
	return used;
}
