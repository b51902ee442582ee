/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/qemu/keys.h"

#include "vmm/core/option/nearest.h"
#include "vmm/core/option/option.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *member(const struct qemu_key *k, void *base)
{
	return (char *)base + k->offset;
}

static size_t *count(const struct qemu_key *k, void *base)
{
	return (void *)((char *)base + k->count);
}

void qemu_keys_init(const struct qemu_key *const *tables, void *base)
{
	for (; *tables; tables++)
		for (const struct qemu_key *k = *tables; k->name; k++)
			if (k->kind == QEMU_KEY_NUMBER)
				*(int64_t *)member(k, base) = -1;
}

static void fini_list(const struct qemu_key *k, void *base)
{
	char ***list = member(k, base);

	for (size_t i = 0; i < *count(k, base); i++)
		free((*list)[i]);
	free(*list);
	*list = NULL;
	*count(k, base) = 0;
}

void qemu_keys_fini(const struct qemu_key *const *tables, void *base)
{
	for (; *tables; tables++)
		for (const struct qemu_key *k = *tables; k->name; k++) {
			if (k->kind == QEMU_KEY_LIST) {
				fini_list(k, base);
			} else if (k->kind == QEMU_KEY_TEXT || k->kind == QEMU_KEY_ID ||
				   k->kind == QEMU_KEY_WORD) {
				free(*(char **)member(k, base));
				*(char **)member(k, base) = NULL;
			}
		}
}

static int expected(const char *what, const char *value, struct err *err)
{
	char quoted[OPTION_QUOTE_SIZE];

	return err_set(err, -EINVAL, "expected %s, not %s", what,
		       option_quote(value, quoted, sizeof(quoted)));
}

static int set_text(const struct qemu_key *k, void *base, const char *value, struct err *err)
{
	char *copy = strdup(value);

	if (!copy)
		return err_set(err, -ENOMEM, "out of memory");
	free(*(char **)member(k, base));
	*(char **)member(k, base) = copy;
	return 0;
}

/* As QEMU demands it, so that ids can stand in messages and in other options. */
static int set_id(const struct qemu_key *k, void *base, const char *value, struct err *err)
{
	static const char rest[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "-._";
	bool letter = (*value >= 'a' && *value <= 'z') || (*value >= 'A' && *value <= 'Z');

	if (!letter || value[strspn(value, rest)] || strlen(value) > QEMU_ID_BYTES)
		return expected("an identifier: letters, digits, '-', '.' and '_', first a letter, "
				"at most 31",
				value, err);
	return set_text(k, base, value, err);
}

static int set_tri(const struct qemu_key *k, void *base, const char *value, struct err *err)
{
	bool on;

	if (strcmp(value, "auto") == 0 && strcmp(k->type, "bool") != 0) {
		*(uint32_t *)member(k, base) = TRI_UNSET;
		return 0;
	}
	if (keyval_bool(value, &on) < 0)
		return expected("on or off", value, err);
	*(uint32_t *)member(k, base) = on ? TRI_ON : TRI_OFF;
	return 0;
}

static int set_number(const struct qemu_key *k, void *base, const char *value, struct err *err)
{
	bool hex = strncmp(value, "0x", 2) == 0;
	const char *digits = value + (hex ? 2 : 0);
	unsigned long long number;
	char range[80];

	errno = 0;
	number = strtoull(digits, NULL, hex ? 16 : 10);
	if (!*digits || digits[strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789")] ||
	    errno || number > (unsigned long long)k->max) {
		snprintf(range, sizeof(range), "a number from 0 to %lld", (long long)k->max);
		return expected(range, value, err);
	}
	*(int64_t *)member(k, base) = (int64_t)number;
	return 0;
}

static int append(const struct qemu_key *k, void *base, const char *value, struct err *err)
{
	char ***list = member(k, base);
	size_t *n = count(k, base);
	char **grown = reallocarray(*list, *n + 1, sizeof(*grown));

	if (!grown)
		return err_set(err, -ENOMEM, "out of memory");
	*list = grown;
	grown[*n] = strdup(value);
	if (!grown[*n])
		return err_set(err, -ENOMEM, "out of memory");
	(*n)++;
	return 0;
}

/* "raw or qcow2". */
static void list_words(const char *const *words, char *buf, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; words[i] && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s",
					 i == 0		? ""
					 : words[i + 1] ? ", "
							: " or ",
					 words[i]);
}

static int check_word(const struct qemu_key *k, void *base, const char *value, struct err *err)
{
	bool on, is_bool = k->kind == QEMU_KEY_FIXED && k->type && strcmp(k->type, "bool") == 0;
	char words[200], quoted[OPTION_QUOTE_SIZE];

	(void)base;
	if (is_bool && keyval_bool(value, &on) == 0)
		value = on ? "on" : "off";
	for (size_t i = 0; k->words[i]; i++)
		if (strcmp(k->words[i], value) == 0)
			return 0;
	list_words(k->words, words, sizeof(words));
	if (k->kind == QEMU_KEY_WORD)
		return expected(words, value, err);
	return err_set(err, -EINVAL, "%s is not supported; it is %s here",
		       option_quote(value, quoted, sizeof(quoted)), words);
}

static int set_word(const struct qemu_key *k, void *base, const char *value, struct err *err)
{
	int rc = check_word(k, base, value, err);

	return rc ? rc : set_text(k, base, value, err);
}

static int set_nothing(const struct qemu_key *k, void *base, const char *value, struct err *err)
{
	(void)k;
	(void)base;
	(void)value;
	(void)err;
	return 0;
}

static int refuse(const struct qemu_key *k, void *base, const char *value, struct err *err)
{
	(void)base;
	(void)value;
	return err_set(err, -EINVAL, "not supported: %s", k->help);
}

static int (*const setters[])(const struct qemu_key *k, void *base, const char *value,
			      struct err *err) = {
	[QEMU_KEY_TEXT] = set_text,	[QEMU_KEY_ID] = set_id,	      [QEMU_KEY_TRI] = set_tri,
	[QEMU_KEY_NUMBER] = set_number, [QEMU_KEY_LIST] = append,     [QEMU_KEY_WORD] = set_word,
	[QEMU_KEY_FIXED] = check_word,	[QEMU_KEY_ANY] = set_nothing, [QEMU_KEY_REFUSED] = refuse,
};

static const struct qemu_key *find(const struct qemu_key *const *tables, const char *name)
{
	for (; *tables; tables++)
		for (const struct qemu_key *k = *tables; k->name; k++)
			if (strcmp(k->name, name) == 0)
				return k;
	return NULL;
}

/* The row of @item, and the value that it gives: `noflag` is flag=off. */
static const struct qemu_key *find_item(const struct qemu_key *const *tables,
					const struct keyval *item, const char **value)
{
	const struct qemu_key *k = find(tables, item->key);

	*value = item->value;
	if (k || !item->lone || strncmp(item->key, "no", 2) != 0)
		return k;
	k = find(tables, item->key + 2);
	*value = "off";
	return k && k->type && strcmp(k->type, "bool") == 0 ? k : NULL;
}

static int unknown(const struct qemu_key *const *tables, const char *name, const char *what,
		   struct err *err)
{
	struct nearest near = NEAREST_INIT(name);
	char quoted[OPTION_QUOTE_SIZE];

	for (; *tables; tables++)
		for (const struct qemu_key *k = *tables; k->name; k++)
			nearest_try(&near, k->name);
	option_quote(name, quoted, sizeof(quoted));
	if (near.best)
		return err_set(err, -EINVAL, "%s: Property %s not found, did you mean '%s'?", what,
			       quoted, near.best);
	return err_set(err, -EINVAL, "%s: Property %s not found", what, quoted);
}

int qemu_keys_fill(const struct qemu_key *const *tables, void *base, const struct keyvals *kv,
		   const char *what, struct err *err)
{
	for (size_t i = 0; i < kv->n; i++) {
		const char *value;
		const struct qemu_key *k = find_item(tables, &kv->items[i], &value);
		int rc;

		if (!k)
			return unknown(tables, kv->items[i].key, what, err);
		rc = setters[k->kind](k, base, value, err);
		if (rc) {
			err_prefix(err, "%s: %s", what, k->name);
			return rc;
		}
	}
	return 0;
}
