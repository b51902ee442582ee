/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/option/option.h"
#include "vmm/core/option/nearest.h"
#include "vmm/core/option/option_value.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/*
 * Walks over tables: standard values, freeing, checking, the command line. A single value is
 * option_value.c's, a spec option_spec.c's.
 */

static size_t *count_member(const struct option *o, const void *base)
{
	return (void *)((char *)(uintptr_t)base + o->count);
}

size_t option_count(const struct option *o, const void *base)
{
	return *count_member(o, base);
}

void *option_element(const struct option *o, const void *base, size_t i)
{
	return (char *)option_member(o, base) + i * o->size;
}

static void init_one(const struct option *o, void *base)
{
	void *member = option_member(o, base);
	int rc = 0;

	if (o->kind == OPTION_LIST) {
		*(char ***)member = NULL;
		*count_member(o, base) = 0;
	} else if (o->kind == OPTION_SPECS) {
		memset(member, 0, o->size * (size_t)o->max);
		*count_member(o, base) = 0;
	} else if (option_is_string(o)) {
		*(char **)member = NULL;
	} else if (o->kind == OPTION_FLAG || o->kind == OPTION_BOOL) {
		*(bool *)member = o->standard && strcmp(o->standard, "on") == 0;
	} else {
		rc = option_value_set(o, member, o->standard ? o->standard : "0", NULL);
	}
	assert(rc == 0); /* a row's standard value is one of its own */
}

void options_init(const struct option *table, void *base)
{
	for (const struct option *o = table; o->name; o++)
		init_one(o, base);
}

static void fini_list(const struct option *o, void *base)
{
	char ***list = option_member(o, base);
	size_t *count = count_member(o, base);

	for (size_t i = 0; i < *count; i++)
		free((*list)[i]);
	free(*list);
	*list = NULL;
	*count = 0;
}

void options_fini(const struct option *table, void *base)
{
	for (const struct option *o = table; o->name; o++) {
		if (o->kind == OPTION_LIST) {
			fini_list(o, base);
		} else if (o->kind == OPTION_SPECS) {
			for (size_t i = 0; i < option_count(o, base); i++)
				options_fini(o->keys, option_element(o, base, i));
			*count_member(o, base) = 0;
		} else {
			option_unset(o, base);
		}
	}
}

void option_unset(const struct option *o, void *base)
{
	char **member = option_member(o, base);

	if (!option_is_string(o))
		return;
	free(*member);
	*member = NULL;
}

void *option_append(const struct option *o, void *base, struct err *err)
{
	size_t *count = count_member(o, base);
	void *element;

	if (*count >= o->max) {
		err_set(err, -E2BIG, "given more than %" PRIu64 " times", o->max);
		return NULL;
	}
	element = option_element(o, base, *count);
	options_init(o->keys, element);
	(*count)++;
	return element;
}

static int append_string(const struct option *o, void *base, const char *text, struct err *err)
{
	char ***list = option_member(o, base);
	size_t *count = count_member(o, base);
	char **grown, *copy = NULL;
	int rc;

	if (o->max && *count >= o->max)
		return err_set(err, -E2BIG, "given more than %" PRIu64 " times", o->max);
	rc = option_value_set(o, &copy, text, err);
	if (rc)
		return rc;
	grown = reallocarray(*list, *count + 1, sizeof(*grown));
	if (!grown) {
		free(copy);
		return err_set(err, -ENOMEM, "out of memory");
	}
	grown[(*count)++] = copy;
	*list = grown;
	return 0;
}

/* What turns out wrong leaves no half filled element. */
static int append_spec(const struct option *o, void *base, const char *text, struct err *err)
{
	void *element = option_append(o, base, err);
	int rc;

	if (!element)
		return -E2BIG;
	rc = option_spec_set(o, element, text, err);
	if (rc) {
		options_fini(o->keys, element);
		(*count_member(o, base))--;
	}
	return rc;
}

int option_set(const struct option *o, void *base, const char *text, struct err *err)
{
	if (o->kind == OPTION_LIST)
		return append_string(o, base, text, err);
	if (o->kind == OPTION_SPECS)
		return append_spec(o, base, text, err);
	return option_value_set(o, option_member(o, base), text, err);
}

const char *option_text(const struct option *o, const void *base, char *buf, size_t size)
{
	return option_value_text(o, option_member(o, base), buf, size);
}

const struct option *options_find(const struct option *table, const char *name, size_t len)
{
	for (const struct option *o = table; o->name; o++)
		if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

const struct option *options_missing(const struct option *table, const void *base)
{
	for (const struct option *o = table; o->name; o++)
		if (o->required && !*(char **)option_member(o, base))
			return o;
	return NULL;
}

static int check_list(const struct option *o, const void *base, struct err *err)
{
	char **list = *(char ***)option_member(o, base);
	int rc = 0;

	for (size_t i = 0; !rc && i < option_count(o, base); i++)
		rc = option_value_check(o, &list[i], err);
	return rc;
}

static int check_one(const struct option *o, const void *base, struct err *err);

static int check_specs(const struct option *o, const void *base, struct err *err)
{
	if (option_count(o, base) > o->max)
		return err_set(err, -E2BIG, "given more than %" PRIu64 " times", o->max);
	for (size_t i = 0; i < option_count(o, base); i++) {
		const void *element = option_element(o, base, i);
		const struct option *missing = options_missing(o->keys, element);

		if (missing)
			return err_set(err, -EINVAL, "no %s given, expected %s", missing->name,
				       o->metavar);
		for (const struct option *k = o->keys; k->name; k++) {
			int rc = check_one(k, element, err);

			if (rc) {
				err_prefix(err, "%s", k->name);
				return rc;
			}
		}
	}
	return 0;
}

static int check_one(const struct option *o, const void *base, struct err *err)
{
	if (o->kind == OPTION_SPECS)
		return check_specs(o, base, err);
	if (o->kind == OPTION_LIST)
		return check_list(o, base, err);
	return option_value_check(o, option_member(o, base), err);
}

int options_check(const struct option *table, const void *base, struct err *err)
{
	for (const struct option *o = table; o->name; o++) {
		int rc = check_one(o, base, err);

		if (rc) {
			err_prefix(err, "--%s", o->name);
			return rc;
		}
	}
	return 0;
}

/* The row of @name in any of @parts, and the struct it fills. */
static const struct option *find_part(const struct option_part *parts, const char *name, size_t len,
				      size_t *offset)
{
	for (; parts->table; parts++) {
		const struct option *o = options_find(parts->table, name, len);

		if (o) {
			*offset = parts->offset;
			return o;
		}
	}
	return NULL;
}

static int unknown_option(const struct option_part *parts, const char *arg, struct err *err)
{
	const char *name = arg + strspn(arg, "-");
	char asked[64], quoted[OPTION_QUOTE_SIZE];
	struct nearest near = NEAREST_INIT(asked);
	size_t len = strcspn(name, "=");

	if (len < sizeof(asked)) {
		memcpy(asked, name, len);
		asked[len] = '\0';
		for (; parts->table; parts++)
			for (const struct option *o = parts->table; o->name; o++)
				nearest_try(&near, o->name);
	}
	option_quote(arg, quoted, sizeof(quoted));
	if (near.best)
		return err_set(err, -EINVAL, "unknown option %s, did you mean --%s?", quoted,
			       near.best);
	return err_set(err, -EINVAL, "unknown option %s", quoted);
}

/* The value of the option at argv[*i], which moves *i on when it is a word of its own. NULL and
 * @err where there is none. */
static const char *find_value(const struct option_part *parts, const struct option *o, int argc,
			      char **argv, int *i, struct err *err)
{
	const char *equals = strchr(argv[*i], '=');
	const char *next = *i + 1 < argc ? argv[*i + 1] : NULL;
	size_t offset;

	if (equals)
		return equals + 1;
	if (o->kind == OPTION_FLAG)
		return "on";
	if (!next) {
		err_set(err, -EINVAL, "--%s: needs a value: --%s %s", o->name, o->name, o->metavar);
		return NULL;
	}
	/* An option where a value should be is a forgotten value, far more often than a value. */
	if (strncmp(next, "--", 2) == 0 &&
	    find_part(parts, next + 2, strcspn(next + 2, "="), &offset)) {
		err_set(err, -EINVAL,
			"--%s: needs a value, but an option follows; a value like that is written "
			"--%s=%.40s",
			o->name, o->name, next);
		return NULL;
	}
	(*i)++;
	return next;
}

static int parse_one(const struct option_part *parts, void *base, int argc, char **argv, int *i,
		     struct err *err)
{
	/* The one short option, which every user tries first. */
	const char *arg = strcmp(argv[*i], "-h") == 0 ? "--help" : argv[*i];
	const char *name = arg + 2;
	const struct option *o;
	const char *value;
	size_t offset;
	void *target;
	int rc;

	o = arg[1] == '-' ? find_part(parts, name, strcspn(name, "="), &offset) : NULL;
	if (!o)
		return unknown_option(parts, argv[*i], err);
	value = find_value(parts, o, argc, argv, i, err);
	if (!value)
		return -EINVAL;
	target = (char *)base + offset;
	rc = option_set(o, target, value, err);
	if (!rc && o->after)
		rc = o->after(target, err);
	if (rc)
		err_prefix(err, "--%s", o->name);
	return rc;
}

int options_parse(const struct option_part *parts, void *base, int argc, char **argv, int *next,
		  struct err *err)
{
	int i, rc;

	for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		rc = parse_one(parts, base, argc, argv, &i, err);
		if (rc)
			return rc;
	}
	*next = i < argc ? i : argc;
	return 0;
}
