/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/visectl/arguments.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Whether @text is a number with, perhaps, a unit; then @shift is the unit's power of two. */
static bool is_number(const char *text, unsigned int *shift)
{
	static const char units[] = "KMGT";
	size_t sign = text[0] == '-';
	size_t digits = strspn(text + sign, "0123456789");
	const char *rest = text + sign + digits;
	const char *unit;

	*shift = 0;
	if (!digits || !*rest)
		return digits > 0;
	unit = rest[1] ? NULL : strchr(units, toupper((unsigned char)*rest));
	if (unit)
		*shift = 10U * (unsigned int)(unit - units + 1);
	return unit != NULL;
}

static json_t *parse_number(const char *key, const char *text, unsigned int shift, struct err *err)
{
	long long value, scaled;

	errno = 0;
	value = strtoll(text, NULL, 10);
	if (errno || __builtin_mul_overflow(value, 1LL << shift, &scaled)) {
		err_set(err, -ERANGE, "%s=%s: the number does not fit into 64 bits", key, text);
		return NULL;
	}
	return json_integer(scaled);
}

static json_t *parse_value(const char *key, const char *text, struct err *err)
{
	json_error_t where;
	unsigned int shift;
	json_t *value;

	if (strcmp(text, "true") == 0)
		return json_true();
	if (strcmp(text, "false") == 0)
		return json_false();
	if (strcmp(text, "null") == 0)
		return json_null();
	if (is_number(text, &shift))
		return parse_number(key, text, shift, err);
	if (strchr("{[\"", *text) && *text) {
		value = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);
		if (!value)
			err_set(err, -EINVAL, "%s: the value is no JSON: %s", key, where.text);
		return value;
	}
	value = json_string(text);
	if (!value)
		err_set(err, -EINVAL, "%s: the value is no UTF-8", key);
	return value;
}

static int add_argument(json_t *object, const char *word, struct err *err)
{
	const char *equals = strchr(word, '=');
	json_t *value;
	char *key;
	int rc = 0;

	if (!equals || equals == word)
		return err_set(err, -EINVAL, "argument \"%s\": expected key=value", word);
	key = strndup(word, (size_t)(equals - word));
	if (!key)
		return err_set(err, -ENOMEM, "out of memory");
	value = parse_value(key, equals + 1, err);
	if (!value)
		rc = -EINVAL;
	else if (json_object_get(object, key))
		rc = err_set(err, -EINVAL, "argument \"%s\" is given twice", key);
	else if (json_object_set(object, key, value))
		rc = err_set(err, -EINVAL, "argument \"%s\": the name is no UTF-8", word);
	json_decref(value);
	free(key);
	return rc;
}

json_t *arguments_parse(char *const *words, size_t n, struct err *err)
{
	json_t *object = json_object();

	for (size_t i = 0; i < n; i++)
		if (add_argument(object, words[i], err)) {
			json_decref(object);
			return NULL;
		}
	return object;
}

/* The end of the word that starts at @p: a blank outside quotes and brackets, or the end. */
static char *word_end(char *p)
{
	unsigned int depth = 0;
	bool quoted = false;

	for (; *p && (quoted || depth || !isspace((unsigned char)*p)); p++) {
		if (quoted && *p == '\\' && p[1])
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (!quoted && (*p == '{' || *p == '['))
			depth++;
		else if (!quoted && depth && (*p == '}' || *p == ']'))
			depth--;
	}
	return p;
}

int arguments_split(char *line, char **words, size_t max)
{
	size_t n = 0;
	char *p = line;

	for (;;) {
		while (isspace((unsigned char)*p))
			*p++ = '\0';
		if (!*p)
			return (int)n;
		if (n == max)
			return -E2BIG;
		words[n++] = p;
		p = word_end(p);
	}
}
