/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/option/option_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * One value between its text and its member. Reading and writing numbers go through the same unit
 * tables, so that what option_text() prints is what option_set() reads.
 */

struct unit {
	const char *suffix;
	uint64_t scale;
};

/* Largest first. */
static const struct unit size_units[] = {
	{"T", 1ULL << 40}, {"G", 1ULL << 30}, {"M", 1ULL << 20}, {"K", 1ULL << 10}, {"", 1},
};
static const struct unit duration_units[] = {
	{"m", 60000000000ULL}, {"s", 1000000000ULL}, {"", 1000000000ULL},
	{"ms", 1000000ULL},    {"us", 1000ULL},	     {"ns", 1ULL},
};
static const struct unit plain_units[] = {{"", 1}};

struct units {
	const struct unit *unit;
	size_t n;
};

static struct units units_of(enum option_kind kind)
{
	if (kind == OPTION_SIZE)
		return (struct units){size_units, sizeof(size_units) / sizeof(size_units[0])};
	if (kind == OPTION_DURATION)
		return (struct units){duration_units,
				      sizeof(duration_units) / sizeof(duration_units[0])};
	return (struct units){plain_units, 1};
}

/* Digits and a unit, nothing else: no sign, no space, no fraction. False where that does not fit
 * into 64 bits either. */
static bool parse_number(struct units units, bool upper, const char *text, uint64_t *value)
{
	uint64_t number = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(number, (uint64_t)10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*p - '0'), &number))
			return false;
	if (p == text)
		return false;
	for (size_t i = 0; i < units.n; i++) {
		const struct unit *u = &units.unit[i];

		if (strcmp(p, u->suffix) == 0 || (upper && strcasecmp(p, u->suffix) == 0))
			return !__builtin_mul_overflow(number, u->scale, value);
	}
	return false;
}

static void format_number(struct units units, uint64_t value, char *buf, size_t size)
{
	const struct unit *u = units.unit;

	while (value ? value % u->scale != 0 : *u->suffix)
		u++;
	snprintf(buf, size, "%" PRIu64 "%s", value / u->scale, u->suffix);
}

static bool number_in_range(const struct option *o, uint64_t value)
{
	if ((o->min || o->max) && (value < o->min || value > o->max))
		return false;
	return o->step == 0 || value % o->step == 0;
}

const char *option_quote(const char *text, char *buf, size_t size)
{
	static const char dots[] = "...";
	size_t n = 0;
	size_t room = size - sizeof("''") - (sizeof(dots) - 1);

	buf[n++] = '\'';
	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (n > room) {
			/* Not in the middle of a character. */
			while (n > 1 && ((unsigned char)buf[n - 1] & 0xc0) == 0x80)
				n--;
			if (n > 1 && (unsigned char)buf[n - 1] >= 0xc0)
				n--;
			memcpy(buf + n, dots, sizeof(dots) - 1);
			n += sizeof(dots) - 1;
			break;
		}
		buf[n++] = c < 0x20 || c == 0x7f ? '?' : (char)c;
	}
	buf[n++] = '\'';
	buf[n] = '\0';
	return buf;
}

/* Appends to @buf, as much as fits. */
static void __attribute__((format(printf, 3, 4)))
append(char *buf, size_t size, const char *fmt, ...)
{
	size_t used = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + used, size - used, fmt, ap);
	va_end(ap);
}

static void expect_words(const char *const *words, char *buf, size_t size)
{
	for (size_t i = 0; words[i]; i++) {
		size_t len = strlen(words[i]);
		const char *comma = i == 0 ? "" : words[i + 1] ? ", " : " or ";

		append(buf, size, "%s%s%s", comma, words[i],
		       len && words[i][len - 1] == ':' ? "PATH" : "");
	}
}

static void expect_text(const struct option *o, char *buf, size_t size)
{
	if (o->min > 0)
		append(buf, size, "a text that is not empty");
	else
		append(buf, size, "a text");
	if (o->max > 0)
		append(buf, size, " of at most %" PRIu64 " bytes", o->max);
}

static void expect_number(const struct option *o, const char *what, char *buf, size_t size)
{
	struct units units = units_of(o->kind);
	char low[32], high[32], step[32];

	append(buf, size, "%s", what);
	if (o->min || o->max) {
		format_number(units, o->min, low, sizeof(low));
		format_number(units, o->max, high, sizeof(high));
		append(buf, size, " from %s to %s", low, high);
	}
	if (o->step) {
		format_number(units, o->step, step, sizeof(step));
		append(buf, size, ", a multiple of %s", step);
	}
}

const char *option_expected(const struct option *o, char *buf, size_t size)
{
	buf[0] = '\0';
	switch (o->kind) {
	case OPTION_FLAG:
	case OPTION_BOOL:
		append(buf, size, "on or off");
		break;
	case OPTION_STRING:
	case OPTION_LIST:
		expect_text(o, buf, size);
		break;
	case OPTION_PATH:
		append(buf, size, "the path of a file");
		break;
	case OPTION_DIR:
		append(buf, size, "the path of a directory");
		break;
	case OPTION_U32:
		expect_number(o, "a number", buf, size);
		break;
	case OPTION_SIZE:
		expect_number(o, "a size such as 512M or 2G", buf, size);
		break;
	case OPTION_DURATION:
		expect_number(o, "a duration such as 500ms, 60s or 5m", buf, size);
		break;
	case OPTION_CHOICE:
	case OPTION_WORD:
		expect_words(o->words, buf, size);
		break;
	case OPTION_SPECS:
		append(buf, size, "%s", o->metavar);
		break;
	}
	return buf;
}

static int set_expected(const struct option *o, const char *text, struct err *err)
{
	char expected[200], quoted[OPTION_QUOTE_SIZE];

	return err_set(err, -EINVAL, "expected %s, not %s",
		       option_expected(o, expected, sizeof(expected)),
		       option_quote(text, quoted, sizeof(quoted)));
}

static int set_bool(const struct option *o, bool *member, const char *text, struct err *err)
{
	bool on = strcmp(text, "on") == 0;

	if (!on && strcmp(text, "off") != 0)
		return set_expected(o, text, err);
	*member = on;
	return 0;
}

static int set_number(const struct option *o, void *member, const char *text, struct err *err)
{
	uint64_t value;

	if (!parse_number(units_of(o->kind), o->kind == OPTION_SIZE, text, &value) ||
	    !number_in_range(o, value) || (o->kind == OPTION_U32 && value > UINT32_MAX))
		return set_expected(o, text, err);
	if (o->kind == OPTION_U32)
		*(uint32_t *)member = (uint32_t)value;
	else
		*(uint64_t *)member = value;
	return 0;
}

static int set_choice(const struct option *o, uint32_t *member, const char *text, struct err *err)
{
	for (uint32_t i = 0; o->words[i]; i++)
		if (strcmp(o->words[i], text) == 0) {
			*member = i;
			return 0;
		}
	return set_expected(o, text, err);
}

static bool word_fits(const char *const *words, const char *text)
{
	for (size_t i = 0; words[i]; i++) {
		const char *colon = strchr(words[i], ':');
		size_t len = colon ? (size_t)(colon - words[i]) + 1 : 0;

		if (colon ? strncmp(words[i], text, len) == 0 && text[len]
			  : strcmp(words[i], text) == 0)
			return true;
	}
	return false;
}

static bool string_fits(const struct option *o, const char *text)
{
	size_t len = strlen(text);

	switch (o->kind) {
	case OPTION_PATH:
	case OPTION_DIR:
		return len > 0;
	case OPTION_WORD:
		return word_fits(o->words, text);
	case OPTION_LIST:
		return len >= o->min; /* max counts the elements */
	default:
		return len >= o->min && (o->max == 0 || len <= o->max);
	}
}

static int set_string(const struct option *o, char **member, const char *text, struct err *err)
{
	char *copy;

	if (!string_fits(o, text))
		return set_expected(o, text, err);
	copy = strdup(text);
	if (!copy)
		return err_set(err, -ENOMEM, "out of memory");
	free(*member);
	*member = copy;
	return 0;
}

int option_value_set(const struct option *o, void *member, const char *text, struct err *err)
{
	switch (o->kind) {
	case OPTION_FLAG:
	case OPTION_BOOL:
		return set_bool(o, member, text, err);
	case OPTION_U32:
	case OPTION_SIZE:
	case OPTION_DURATION:
		return set_number(o, member, text, err);
	case OPTION_CHOICE:
		return set_choice(o, member, text, err);
	default:
		return set_string(o, member, text, err);
	}
}

bool option_is_string(const struct option *o)
{
	return o->kind == OPTION_STRING || o->kind == OPTION_PATH || o->kind == OPTION_DIR ||
	       o->kind == OPTION_WORD;
}

int option_value_check(const struct option *o, const void *member, struct err *err)
{
	char text[32];
	const char *value;
	bool right = true;

	value = option_value_text(o, member, text, sizeof(text));
	if (o->kind == OPTION_U32)
		right = number_in_range(o, *(const uint32_t *)member);
	else if (o->kind == OPTION_SIZE || o->kind == OPTION_DURATION)
		right = number_in_range(o, *(const uint64_t *)member);
	else if (o->kind == OPTION_CHOICE)
		right = value != NULL;
	else if (option_is_string(o) || o->kind == OPTION_LIST)
		right = !value || string_fits(o, value);
	return right ? 0 : set_expected(o, value ? value : "an unknown choice", err);
}

const char *option_value_text(const struct option *o, const void *member, char *buf, size_t size)
{
	uint32_t choice = 0;

	switch (o->kind) {
	case OPTION_FLAG:
	case OPTION_BOOL:
		return *(const bool *)member ? "on" : "off";
	case OPTION_U32:
		format_number(units_of(o->kind), *(const uint32_t *)member, buf, size);
		return buf;
	case OPTION_SIZE:
	case OPTION_DURATION:
		format_number(units_of(o->kind), *(const uint64_t *)member, buf, size);
		return buf;
	case OPTION_CHOICE:
		while (o->words[choice] && choice < *(const uint32_t *)member)
			choice++;
		return o->words[choice];
	default:
		return *(char *const *)member;
	}
}
