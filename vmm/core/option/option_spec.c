/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/option/nearest.h"
#include "vmm/core/option/option_value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Specs: --disk FILE,key=value,... into one struct of an array. */

/* Cuts the next item off @cursor: up to a single comma, with doubled ones made one in place. NULL
 * at the end. */
static char *next_item(char **cursor)
{
	char *item = *cursor;
	char *to = item, *from = item;

	if (!item)
		return NULL;
	for (; *from && (*from != ',' || from[1] == ','); from++) {
		if (*from == ',')
			from++;
		*to++ = *from;
	}
	*cursor = *from ? from + 1 : NULL;
	*to = '\0';
	return item;
}

static int unknown_key(const struct option *keys, const char *key, bool first, struct err *err)
{
	struct nearest near = NEAREST_INIT(key);
	char quoted[OPTION_QUOTE_SIZE];

	for (const struct option *k = keys; k->name; k++)
		nearest_try(&near, k->name);
	option_quote(key, quoted, sizeof(quoted));
	if (near.best)
		return err_set(err, -EINVAL, "unknown key %s, did you mean '%s'?", quoted,
			       near.best);
	if (first)
		return err_set(err, -EINVAL,
			       "unknown key %s; a %s with '=' in it is written %s=%s=...", quoted,
			       keys->name, keys->name, key);
	return err_set(err, -EINVAL, "unknown key %s", quoted);
}

/* Whether what stands before '=' is meant as a key, not as part of a path. */
static bool looks_like_key(const char *item, const char *equals)
{
	return equals && equals != item &&
	       strspn(item, "abcdefghijklmnopqrstuvwxyz0123456789-_") == (size_t)(equals - item);
}

static int set_item(const struct option *keys, void *element, char *item, bool first,
		    struct err *err)
{
	char *equals = strchr(item, '=');
	const char *value = equals ? equals + 1 : NULL;
	const struct option *key = keys;
	char quoted[OPTION_QUOTE_SIZE];
	int rc;

	if (first && !looks_like_key(item, equals)) {
		value = item;
	} else {
		if (equals)
			*equals = '\0';
		key = options_find(keys, item, strlen(item));
		if (!key && *item)
			return unknown_key(keys, item, first, err);
		if (!key || !value)
			return err_set(err, -EINVAL, "expected key=value after the comma, not %s",
				       option_quote(item, quoted, sizeof(quoted)));
	}
	rc = option_set(key, element, value, err);
	if (rc)
		err_prefix(err, "%s", key->name);
	return rc;
}

int option_spec_set(const struct option *o, void *element, const char *text, struct err *err)
{
	const struct option *missing;
	char *copy = strdup(text);
	char *cursor = copy, *item;
	int rc = 0;

	if (!copy)
		return err_set(err, -ENOMEM, "out of memory");
	for (bool first = true; !rc && (item = next_item(&cursor)); first = false)
		rc = set_item(o->keys, element, item, first, err);
	free(copy);
	if (rc)
		return rc;
	missing = options_missing(o->keys, element);
	if (missing)
		return err_set(err, -EINVAL, "no %s given, expected %s", missing->name, o->metavar);
	return 0;
}
