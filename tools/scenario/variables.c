/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/scenario/variables.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool variables_is_name(const char *name, size_t len)
{
	if (len == 0 || len > 64 || isdigit((unsigned char)name[0]) || name[0] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '-')
			return false;
	return true;
}

static struct variable *find(const struct variables *v, const char *name)
{
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->list[i].name, name) == 0)
			return &v->list[i];
	return NULL;
}

static struct variable *add(struct variables *v, const char *name)
{
	struct variable *bigger = realloc(v->list, (v->n + 1) * sizeof(*bigger));

	if (!bigger)
		return NULL;
	v->list = bigger;
	bigger[v->n] = (struct variable){.name = strdup(name)};
	return bigger[v->n].name ? &bigger[v->n++] : NULL;
}

int variables_set(struct variables *v, const char *name, const char *value, struct err *err)
{
	struct variable *var = find(v, name);
	char *copy;

	if (!variables_is_name(name, strlen(name)))
		return err_set(err, -EINVAL,
			       "\"%s\" is no name of a variable: expected a letter, then letters, "
			       "digits, _ or -",
			       name);
	copy = strdup(value);
	if (!var && copy)
		var = add(v, name);
	if (!var || !copy) {
		free(copy);
		return err_set(err, -ENOMEM, "out of memory");
	}
	free(var->value);
	var->value = copy;
	return 0;
}

const char *variables_get(const struct variables *v, const char *name)
{
	const struct variable *var = find(v, name);

	return var ? var->value : NULL;
}

void variables_fini(struct variables *v)
{
	for (size_t i = 0; i < v->n; i++) {
		free(v->list[i].name);
		free(v->list[i].value);
	}
	free(v->list);
	*v = (struct variables){0};
}
