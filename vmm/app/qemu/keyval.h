/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_QEMU_KEYVAL_H
#define VISE_APP_QEMU_KEYVAL_H

#include "vmm/core/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The argument of an option of QEMU's command line as keys and values: "user,id=net0,restrict=on".
 *
 *  - the first item may be the value of a key that the option implies;
 *  - a doubled comma is a comma of the value;
 *  - a value that begins with a double quote ends with the next one; between them a backslash takes
 *    the next character as it is, and a comma is nothing special. QEMU itself has no such quotes,
 *    but programs that start it write paths that way;
 *  - a lone `flag` stands for flag=on, and `noflag` for flag=off where the key that it would name
 *    is known.
 */

#define KEYVAL_MAX 64U

struct keyval {
	char *key;
	char *value;
	bool lone; /* the item had no '='; value is "on" */
};

struct keyvals {
	const char *option; /* as it is written, for messages: "-netdev"; not owned */
	struct keyval items[KEYVAL_MAX];
	size_t n;
};

/* Fills @kv from @text. @implied: the key of a first item without '='; NULL: there is none.
 * -EINVAL and a line that begins with the option when a quote is open, text follows a closed one,
 * an item is empty, or there are more than KEYVAL_MAX. keyval_fini() in any case. */
MUST_CHECK int keyval_parse(struct keyvals *kv, const char *option, const char *implied,
			    const char *text, struct err *err);

/* The same of a JSON object, which -device and -blockdev take too: {"driver": "qcow2", "file":
 * {"driver": "file"}} is driver=qcow2,file.driver=file. */
MUST_CHECK int keyval_parse_json(struct keyvals *kv, const char *option, const char *text,
				 struct err *err);

/* Whether @text may be a key: letters, digits, '-', '.', '_' and '?', which asks for help. */
bool keyval_is_key(const char *text);

/* Appends a copy of @key and @value, as if they had been written. -EINVAL when there are too many.
 */
MUST_CHECK int keyval_add(struct keyvals *kv, const char *key, const char *value, struct err *err);

/* Frees the items. */
void keyval_fini(struct keyvals *kv);

/* The last value of @key, which wins; NULL when it is not there. */
const char *keyval_get(const struct keyvals *kv, const char *key);

/* Whether @text means on ("on", "yes", "true", "y") or off; -EINVAL when it is neither. */
MUST_CHECK int keyval_bool(const char *text, bool *on);

#endif
