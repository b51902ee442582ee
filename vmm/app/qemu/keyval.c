/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/qemu/keyval.h"

#include "vmm/core/option/option.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool keyval_is_key(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._?";

	return *text && !text[strspn(text, letters)];
}

/* Reads from a copy of the text and writes into the same copy, which only grows shorter. */
struct reader {
	const char *from;
	char *to;
};

/* The key, up to '=' or ','. Returns what ended it. */
static char read_key(struct reader *r)
{
	while (*r->from && *r->from != '=' && *r->from != ',')
		*r->to++ = *r->from++;
	return *r->from;
}

/* A bare value: up to a comma that is not doubled. */
static void read_bare(struct reader *r)
{
	for (; *r->from && (*r->from != ',' || r->from[1] == ','); r->from++) {
		if (*r->from == ',')
			r->from++;
		*r->to++ = *r->from;
	}
}

/* A value in quotes, from after the first one. False where it does not end. */
static bool read_quoted(struct reader *r)
{
	for (; *r->from && *r->from != '"'; r->from++) {
		if (*r->from == '\\' && r->from[1])
			r->from++;
		*r->to++ = *r->from;
	}
	if (*r->from != '"')
		return false;
	r->from++;
	return true;
}

static int read_value(struct keyvals *kv, struct reader *r, const char *key, struct err *err)
{
	char quoted[OPTION_QUOTE_SIZE];

	if (*r->from != '"') {
		read_bare(r);
		return 0;
	}
	r->from++;
	if (!read_quoted(r))
		return err_set(err, -EINVAL, "%s: %s: the closing \" is missing", kv->option, key);
	if (*r->from && *r->from != ',')
		return err_set(err, -EINVAL,
			       "%s: %s: expected a comma after the closing \", not %s", kv->option,
			       key, option_quote(r->from, quoted, sizeof(quoted)));
	return 0;
}

static int push(struct keyvals *kv, const char *key, const char *value, bool lone, struct err *err)
{
	struct keyval *item = &kv->items[kv->n];

	if (kv->n == KEYVAL_MAX)
		return err_set(err, -EINVAL, "%s: more than %u keys", kv->option, KEYVAL_MAX);
	*item = (struct keyval){strdup(key), strdup(value), lone};
	kv->n++;
	return item->key && item->value ? 0
					: err_set(err, -ENOMEM, "%s: out of memory", kv->option);
}

int keyval_add(struct keyvals *kv, const char *key, const char *value, struct err *err)
{
	return push(kv, key, value, false, err);
}

/* One item; leaves the reader at the comma or the end. @buf has room for what is left. */
static int read_item(struct keyvals *kv, struct reader *r, char *buf, const char *implied,
		     struct err *err)
{
	char quoted[OPTION_QUOTE_SIZE];
	bool first = kv->n == 0;
	const char *start = r->from;
	char *value;
	int rc;

	r->to = buf;
	/* A quote at the beginning is that of a value whose key is implied. */
	if (first && implied && *start == '"') {
		rc = read_value(kv, r, implied, err);
		*r->to = '\0';
		return rc ? rc : push(kv, implied, buf, false, err);
	}
	if (read_key(r) != '=' && first && implied) {
		/* All of it is the value, in which a comma may be doubled. */
		r->from = start;
		r->to = buf;
		read_bare(r);
		*r->to = '\0';
		return push(kv, implied, buf, false, err);
	}
	*r->to++ = '\0';
	if (!keyval_is_key(buf))
		return err_set(err, -EINVAL, "%s: expected key=value, not %s", kv->option,
			       option_quote(start, quoted, sizeof(quoted)));
	if (*r->from != '=')
		return push(kv, buf, "on", true, err);
	r->from++;
	value = r->to;
	rc = read_value(kv, r, buf, err);
	*r->to = '\0';
	return rc ? rc : push(kv, buf, value, false, err);
}

int keyval_parse(struct keyvals *kv, const char *option, const char *implied, const char *text,
		 struct err *err)
{
	struct reader r = {.from = text};
	char *buf = malloc(strlen(text) + 2);
	int rc = 0;

	*kv = (struct keyvals){.option = option};
	if (!buf)
		return err_set(err, -ENOMEM, "%s: out of memory", option);
	while (*r.from && !rc) {
		rc = read_item(kv, &r, buf, implied, err);
		/* A comma at the very end is forgiven, as in QEMU. */
		if (*r.from == ',')
			r.from++;
	}
	free(buf);
	return rc;
}

void keyval_fini(struct keyvals *kv)
{
	for (size_t i = 0; i < kv->n; i++) {
		free(kv->items[i].key);
		free(kv->items[i].value);
	}
	kv->n = 0;
}

const char *keyval_get(const struct keyvals *kv, const char *key)
{
	for (size_t i = kv->n; i > 0; i--)
		if (strcmp(kv->items[i - 1].key, key) == 0)
			return kv->items[i - 1].value;
	return NULL;
}

int keyval_bool(const char *text, bool *on)
{
	static const char *const words[][4] = {{"off", "no", "false", "n"},
					       {"on", "yes", "true", "y"}};

	for (unsigned int value = 0; value < 2; value++)
		for (size_t i = 0; i < 4; i++)
			if (strcmp(text, words[value][i]) == 0) {
				*on = value;
				return 0;
			}
	return -EINVAL;
}
