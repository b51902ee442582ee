/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/marker.h"

#include <inttypes.h>
#include <stdio.h>

static void put(struct marker *m, char c)
{
	if (m->len < MARKER_MAX)
		m->text[m->len++] = c;
	m->text[m->len] = '\0';
}

static void put_clean(struct marker *m, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			put(m, '/');
		else if ((unsigned char)*text < ' ' || *text == 0x7f)
			put(m, ' ');
		else
			put(m, *text);
	}
}

void marker_begin(struct marker *m, const char *head)
{
	m->len = 0;
	m->text[0] = '\0';
	put_clean(m, head);
}

void marker_test(struct marker *m, const char *name, const char *status)
{
	marker_begin(m, MARKER_PREFIX);
	marker_token(m, "TEST");
	marker_token(m, name);
	marker_token(m, status);
}

void marker_token(struct marker *m, const char *token)
{
	put(m, '|');
	put_clean(m, token);
}

void marker_text(struct marker *m, const char *key, const char *value)
{
	marker_token(m, key);
	put(m, '=');
	put_clean(m, value);
}

void marker_number(struct marker *m, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	marker_text(m, key, text);
}

void marker_signed(struct marker *m, const char *key, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	marker_text(m, key, text);
}

void marker_hex(struct marker *m, const char *key, uint64_t value, int digits)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%0*" PRIx64, digits, value);
	marker_text(m, key, text);
}

void marker_flag(struct marker *m, const char *key, bool value)
{
	marker_text(m, key, value ? "1" : "0");
}

void marker_vector(struct marker *m, const char *key, int value)
{
	if (value < 0)
		marker_text(m, key, "none");
	else
		marker_number(m, key, (uint64_t)value);
}

void marker_rate(struct marker *m, const char *key, uint64_t bytes, uint64_t ns)
{
	/* Bytes and nanoseconds make megabytes a second times a thousand; sizes here are small. */
	uint64_t hundredths = ns ? bytes * 100000 / ns : 0;
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64 ".%02" PRIu64, hundredths / 100, hundredths % 100);
	marker_text(m, key, text);
}
