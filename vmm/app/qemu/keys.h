/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_QEMU_KEYS_H
#define VISE_APP_QEMU_KEYS_H

#include "vmm/app/qemu/keyval.h"
#include "vmm/core/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The keys that an option or a device of QEMU's has, as tables: what a value must look like and
 * which member of which struct it fills. Keys that are accepted without an effect and keys that are
 * refused stand in the same tables, so that nothing is ignored silently.
 */

#define QEMU_ID_BYTES 31

/* Unset until the user says on or off. */
enum tri { TRI_UNSET, TRI_OFF, TRI_ON };

enum qemu_key_kind {
	QEMU_KEY_TEXT,	  /* char * */
	QEMU_KEY_ID,	  /* char *, an identifier of at most QEMU_ID_BYTES */
	QEMU_KEY_TRI,	  /* uint32_t, enum tri; "auto" is unset */
	QEMU_KEY_NUMBER,  /* int64_t, decimal or 0x hexadecimal, from 0 to max; -1: unset */
	QEMU_KEY_LIST,	  /* char ** and size_t: each use appends */
	QEMU_KEY_WORD,	  /* char *, one of words */
	QEMU_KEY_FIXED,	  /* one of words, which is how it is anyway: no effect */
	QEMU_KEY_ANY,	  /* any value, without effect */
	QEMU_KEY_REFUSED, /* help says why */
};

struct qemu_key {
	const char *name; /* NULL ends the table */
	enum qemu_key_kind kind;
	size_t offset; /* of the member */
	size_t count;  /* list: of the number of elements */
	int64_t max;
	const char *const *words; /* ends with NULL */
	const char *type;	  /* as `-device NAME,help` prints it: "uint32" */
	const char *standard;	  /* likewise; NULL: none is printed */
	const char *help;
};

/* A member of the wrong type does not compile. */
/* clang-format off */
/* NOLINTNEXTLINE(bugprone-macro-parentheses): a type in _Generic has none. */
#define QEMU_OFFSET(s, m, t) _Generic(((s *)0)->m, t: offsetof(s, m))
#define QEMU_TEXT(s, m)	     .kind = QEMU_KEY_TEXT, .offset = QEMU_OFFSET(s, m, char *), .type = "str"
#define QEMU_ID(s, m)	     .kind = QEMU_KEY_ID, .offset = QEMU_OFFSET(s, m, char *), .type = "str"
#define QEMU_TRI(s, m)	     .kind = QEMU_KEY_TRI, .offset = QEMU_OFFSET(s, m, uint32_t), .type = "bool"
#define QEMU_NUMBER(s, m)    .kind = QEMU_KEY_NUMBER, .offset = QEMU_OFFSET(s, m, int64_t)
#define QEMU_LIST(s, m, n)   .kind = QEMU_KEY_LIST, .offset = QEMU_OFFSET(s, m, char **), \
	.count = QEMU_OFFSET(s, n, size_t), .type = "str"
#define QEMU_WORD(s, m)	     .kind = QEMU_KEY_WORD, .offset = QEMU_OFFSET(s, m, char *)
/* clang-format on */

/* Numbers -1, everything else 0; the members of keys without effect do not exist. */
void qemu_keys_init(const struct qemu_key *const *tables, void *base);

/* Frees texts and lists. */
void qemu_keys_fini(const struct qemu_key *const *tables, void *base);

/*
 * Puts what @kv says into the struct at @base. @tables ends with NULL. @what begins every message:
 * "-netdev user". -EINVAL and one line on a key that no table has, on a wrong value, on what is
 * refused.
 */
MUST_CHECK int qemu_keys_fill(const struct qemu_key *const *tables, void *base,
			      const struct keyvals *kv, const char *what, struct err *err);

#endif
