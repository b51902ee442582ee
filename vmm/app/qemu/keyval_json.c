/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/qemu/keyval.h"

#include "vmm/core/option/option.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* The other way to write an argument: as a JSON object. An object in it gives keys with dots. */

#define KEY_BYTES 128U /* a longer one is no key; so depth is bounded too */

static int add_object(struct keyvals *kv, const char *prefix, const json_t *object,
		      struct err *err);

static int add_value(struct keyvals *kv, const char *key, const json_t *value, struct err *err)
{
	char number[32];

	if (json_is_object(value))
		return add_object(kv, key, value, err);
	if (json_is_string(value))
		return keyval_add(kv, key, json_string_value(value), err);
	if (json_is_boolean(value))
		return keyval_add(kv, key, json_is_true(value) ? "on" : "off", err);
	if (!json_is_integer(value))
		return err_set(err, -EINVAL,
			       "%s: %s: expected a text, an integer, true, false or an object",
			       kv->option, key);
	snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return keyval_add(kv, key, number, err);
}

static int add_object(struct keyvals *kv, const char *prefix, const json_t *object, struct err *err)
{
	char quoted[OPTION_QUOTE_SIZE], full[KEY_BYTES];
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		int n = snprintf(full, sizeof(full), "%s%s%s", prefix, *prefix ? "." : "", key);
		int rc;

		if (!keyval_is_key(key) || n >= (int)sizeof(full))
			return err_set(err, -EINVAL, "%s: expected a key, not %s", kv->option,
				       option_quote(key, quoted, sizeof(quoted)));
		rc = add_value(kv, full, value, err);
		if (rc)
			return rc;
	}
	return 0;
}

int keyval_parse_json(struct keyvals *kv, const char *option, const char *text, struct err *err)
{
	char quoted[OPTION_QUOTE_SIZE];
	json_error_t why;
	json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &why);
	int rc;

	*kv = (struct keyvals){.option = option};
	if (!object)
		return err_set(err, -EINVAL, "%s: not JSON: %s", option,
			       option_quote(why.text, quoted, sizeof(quoted)));
	rc = json_is_object(object) ? add_object(kv, "", object, err)
				    : err_set(err, -EINVAL, "%s: expected a JSON object", option);
	json_decref(object);
	return rc;
}
