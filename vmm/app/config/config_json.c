/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/config/config_json.h"
#include "vmm/app/config/machine_options.h"
#include "vmm/core/option/nearest.h"
#include "vmm/core/option/option.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Both ways walk the table, so that a new row is in the file without a line here. A scalar of the
 * file is turned into the text that the command line would have and goes the command line's way:
 * ranges and messages are the same for both.
 */

/* Where in the file a value stands, for messages: "disks[0].readonly". */
struct place {
	char text[160];
};

static struct place place_key(const struct place *outer, const char *key)
{
	struct place place;

	snprintf(place.text, sizeof(place.text), "%.100s%s%.50s", outer->text,
		 *outer->text ? "." : "", key);
	return place;
}

static struct place place_index(const struct place *outer, size_t i)
{
	struct place place;

	snprintf(place.text, sizeof(place.text), "%.120s[%zu]", outer->text, i);
	return place;
}

static json_t *table_to_json(const struct option *table, const void *base, struct err *err);

static json_t *list_to_json(const struct option *o, const void *base, struct err *err)
{
	char **list = *(char ***)option_member(o, base);
	json_t *array = json_array();

	for (size_t i = 0; i < option_count(o, base); i++) {
		json_t *item = o->kind == OPTION_LIST
				       ? json_string(list[i])
				       : table_to_json(o->keys, option_element(o, base, i), err);

		if (json_array_append_new(array, item)) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *value_to_json(const struct option *o, const void *base, struct err *err)
{
	char buf[32];
	const char *text;

	switch (o->kind) {
	case OPTION_FLAG:
	case OPTION_BOOL:
		return json_boolean(*(const bool *)option_member(o, base));
	case OPTION_U32:
		return json_integer(*(const uint32_t *)option_member(o, base));
	case OPTION_LIST:
	case OPTION_SPECS:
		return list_to_json(o, base, err);
	default:
		text = option_text(o, base, buf, sizeof(buf));
		return text ? json_string(text) : json_null();
	}
}

/* NULL and @err when a text cannot be JSON; the innermost row that failed is the one named first.
 */
static json_t *table_to_json(const struct option *table, const void *base, struct err *err)
{
	json_t *object = json_object();

	for (const struct option *o = table; o->name; o++) {
		json_t *value;

		if (!o->json)
			continue;
		value = value_to_json(o, base, err);
		if (json_object_set_new(object, o->json, value) == 0)
			continue;
		json_decref(object);
		if (!err->code)
			err_set(err, -EILSEQ, "not UTF-8 text, which a JSON file cannot hold");
		err_prefix(err, "%s", o->json);
		return NULL;
	}
	return object;
}

int machine_config_print(const struct machine_config *config, FILE *out, struct err *err)
{
	struct err why = ERR_INIT;
	json_t *object = table_to_json(machine_options, config, &why);
	int rc = 0;

	if (!object)
		return err_set(err, why.code, "cannot print the machine: %s", why.text);
	errno = 0;
	if (json_dumpf(object, out, JSON_INDENT(2)) || fputc('\n', out) == EOF || fflush(out))
		rc = err_set_errno(err, errno ? errno : EIO, "cannot print the machine");
	json_decref(object);
	return rc;
}

/* "expected ..., not VALUE", with the value as the file has it. */
static int wrong_value(const char *expected, const json_t *value, struct err *err)
{
	char quoted[OPTION_QUOTE_SIZE];
	char *dump;
	size_t len;

	if (json_is_object(value) || json_is_array(value))
		return err_set(err, -EINVAL, "expected %s, not %s", expected,
			       json_is_object(value) ? "an object" : "an array");
	dump = json_dumps(value, JSON_ENCODE_ANY);
	/* Without option_quote()'s own quotes: a JSON text has some. */
	option_quote(dump ? dump : "this", quoted, sizeof(quoted));
	free(dump);
	len = strlen(quoted);
	return err_set(err, -EINVAL, "expected %s, not %.*s", expected, (int)len - 2, quoted + 1);
}

static int read_text(const struct option *o, void *base, const json_t *value, bool number,
		     struct err *err)
{
	char expected[200], digits[32];

	if (number && json_is_integer(value)) {
		snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT,
			 json_integer_value(value));
		return option_set(o, base, digits, err);
	}
	if (json_is_string(value) && o->kind != OPTION_U32)
		return option_set(o, base, json_string_value(value), err);
	return wrong_value(option_expected(o, expected, sizeof(expected)), value, err);
}

static int read_scalar(const struct option *o, void *base, const json_t *value, struct err *err)
{
	switch (o->kind) {
	case OPTION_FLAG:
	case OPTION_BOOL:
		if (!json_is_boolean(value))
			return wrong_value("true or false", value, err);
		*(bool *)option_member(o, base) = json_is_true(value);
		return 0;
	case OPTION_U32:
	case OPTION_SIZE:
	case OPTION_DURATION:
		return read_text(o, base, value, true, err);
	case OPTION_CHOICE:
		return read_text(o, base, value, false, err);
	default:
		if (!json_is_null(value))
			return read_text(o, base, value, false, err);
		option_unset(o, base);
		return 0;
	}
}

static int read_table(const struct option *table, void *base, const json_t *object,
		      const struct place *place, struct err *err);

static int read_spec(const struct option *o, void *base, const json_t *value,
		     const struct place *place, struct err *err)
{
	void *element = option_append(o, base, err);
	const struct option *missing;
	struct place inner;
	int rc;

	if (!element) {
		err_prefix(err, "%s", place->text);
		return -E2BIG;
	}
	rc = read_table(o->keys, element, value, place, err);
	if (rc)
		return rc;
	missing = options_missing(o->keys, element);
	if (!missing)
		return 0;
	inner = place_key(place, missing->json);
	return err_set(err, -EINVAL, "%s: missing; it is needed", inner.text);
}

static int read_list(const struct option *o, void *base, const json_t *array,
		     const struct place *place, struct err *err)
{
	int rc = 0;

	if (!json_is_array(array)) {
		rc = wrong_value(o->kind == OPTION_LIST ? "an array of texts"
							: "an array of objects",
				 array, err);
		err_prefix(err, "%s", place->text);
		return rc;
	}
	for (size_t i = 0; !rc && i < json_array_size(array); i++) {
		const json_t *item = json_array_get(array, i);
		struct place inner = place_index(place, i);

		if (o->kind == OPTION_SPECS) {
			rc = read_spec(o, base, item, &inner, err);
			continue;
		}
		rc = read_text(o, base, item, false, err);
		if (rc)
			err_prefix(err, "%s", inner.text);
	}
	return rc;
}

static const struct option *find_key(const struct option *table, const char *key,
				     const struct place *place, struct err *err)
{
	struct nearest near = NEAREST_INIT(key);
	char quoted[OPTION_QUOTE_SIZE];

	for (const struct option *o = table; o->name; o++) {
		if (!o->json)
			continue;
		if (strcmp(o->json, key) == 0)
			return o;
		nearest_try(&near, o->json);
	}
	option_quote(key, quoted, sizeof(quoted));
	if (near.best)
		err_set(err, -EINVAL, "unknown key %s, did you mean '%s'?", quoted, near.best);
	else
		err_set(err, -EINVAL, "unknown key %s", quoted);
	if (*place->text)
		err_prefix(err, "%s", place->text);
	return NULL;
}

static int read_table(const struct option *table, void *base, const json_t *object,
		      const struct place *place, struct err *err)
{
	const char *key;
	json_t *value;

	if (!json_is_object(object)) {
		int rc = wrong_value("an object", object, err);

		if (*place->text)
			err_prefix(err, "%s", place->text);
		return rc;
	}
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		const struct option *o = find_key(table, key, place, err);
		struct place inner;
		int rc;

		if (!o)
			return -EINVAL;
		inner = place_key(place, key);
		if (o->kind == OPTION_LIST || o->kind == OPTION_SPECS) {
			rc = read_list(o, base, value, &inner, err);
		} else {
			rc = read_scalar(o, base, value, err);
			if (rc)
				err_prefix(err, "%s", inner.text);
		}
		if (rc)
			return rc;
	}
	return 0;
}

int machine_config_parse(const char *text, size_t len, const char *name,
			 struct machine_config *config, struct err *err)
{
	const struct place top = {""};
	char quoted[2 * OPTION_QUOTE_SIZE];
	json_error_t why;
	json_t *object;
	int rc;

	object = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
	if (!object) {
		option_quote(why.text, quoted, sizeof(quoted));
		return err_set(err, -EINVAL, "%s:%d: not JSON: %.*s", name,
			       why.line > 0 ? why.line : 1, (int)strlen(quoted) - 2, quoted + 1);
	}
	rc = read_table(machine_options, config, object, &top, err);
	json_decref(object);
	if (rc)
		err_prefix(err, "%s", name);
	return rc;
}

/* Reads up to @room bytes; the number read or -1 and errno. */
static ssize_t read_all(int fd, char *buf, size_t room)
{
	size_t used = 0;

	while (used < room) {
		ssize_t got = read(fd, buf + used, room - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		used += (size_t)got;
	}
	return (ssize_t)used;
}

int machine_config_read(const char *path, struct machine_config *config, struct err *err)
{
	char *buf = NULL;
	ssize_t len;
	int fd, rc;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set_errno(err, errno, "%s", path);
	buf = malloc(CONFIG_JSON_MAX + 1);
	len = buf ? read_all(fd, buf, CONFIG_JSON_MAX + 1) : -1;
	if (len < 0)
		rc = err_set_errno(err, errno, "%s", path);
	else if ((size_t)len > CONFIG_JSON_MAX)
		rc = err_set(err, -EFBIG, "%s: larger than 1 MiB, so this is no machine file",
			     path);
	else
		rc = machine_config_parse(buf, (size_t)len, path, config, err);
	free(buf);
	close(fd);
	return rc;
}
