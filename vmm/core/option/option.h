/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_CORE_OPTION_H
#define VISE_CORE_OPTION_H

#include "vmm/core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Options as tables. A row says how an option is called, what it takes, which member of which
 * struct it fills and how it is explained; command line, machine file, help, man page and
 * completion are all made from the rows. To add an option, add a row.
 *
 * The struct that a table fills owns all its strings. Nothing here has state; the functions are for
 * any thread as long as the struct is the caller's.
 */

/* Each kind with the type of the member it fills. */
enum option_kind {
	OPTION_FLAG,	 /* bool; the name alone sets it, --name=off clears it */
	OPTION_BOOL,	 /* bool; takes on or off */
	OPTION_STRING,	 /* char *; min and max are its length in bytes */
	OPTION_PATH,	 /* char *; not empty; a file of the host */
	OPTION_DIR,	 /* char *; not empty; a directory of the host */
	OPTION_U32,	 /* uint32_t, decimal, from min to max */
	OPTION_SIZE,	 /* uint64_t, bytes; suffix K, M, G or T (powers of 1024) */
	OPTION_DURATION, /* uint64_t, nanoseconds; suffix ns, us, ms, s (also without) or m */
	OPTION_CHOICE,	 /* uint32_t, the place of the value in `words` */
	OPTION_WORD,	 /* char *; one of `words`, where "file:" stands for file:PATH, any
			  * text, and "ring:SIZE" for ring: and any text */
	OPTION_LIST,	 /* char ** and size_t: every use appends a string */
	OPTION_SPECS,	 /* array of max structs and size_t: every use fills one from `keys` */
};

struct option {
	const char *name; /* long name without dashes, or key of a spec; NULL ends a table */
	enum option_kind kind;
	bool required;		   /* in a spec, a string: must be given */
	size_t offset;		   /* of the member, from the start of the struct */
	size_t count;		   /* list and specs: offset of the number of elements */
	uint64_t min, max;	   /* both 0: no limit */
	uint64_t step;		   /* size: the value is a multiple of it; 0: of anything */
	const char *const *words;  /* choice and word: ends with NULL */
	const struct option *keys; /* specs: its table; the first row is the positional value */
	size_t size;		   /* specs: bytes of one element */
	const char *standard;	   /* value unless given. For strings only told, never stored:
				    * the member stays NULL */
	int (*after)(void *base, struct err *err); /* called once the value is stored, or NULL */
	/* How it is explained. */
	const char *json;    /* key in a machine file; NULL: not part of it */
	const char *group;   /* heading; rows of a group stand together */
	const char *metavar; /* what it takes, e.g. "FILE"; NULL for flags */
	const char *help;    /* one line, begins in lower case, no full stop */
	const char *text;    /* sentences for the manual, paragraphs split by an empty line */
};

/* Kind and offset of a row in one; a member of the wrong type does not compile. */
/* clang-format off */
/* NOLINTNEXTLINE(bugprone-macro-parentheses): a type in _Generic has none. */
#define OPTION_OFFSET(s, m, type) _Generic(((s *)0)->m, type: offsetof(s, m))
#define OPT_FLAG(s, m)     .kind = OPTION_FLAG, .offset = OPTION_OFFSET(s, m, bool)
#define OPT_BOOL(s, m)     .kind = OPTION_BOOL, .offset = OPTION_OFFSET(s, m, bool)
#define OPT_STRING(s, m)   .kind = OPTION_STRING, .offset = OPTION_OFFSET(s, m, char *)
#define OPT_PATH(s, m)     .kind = OPTION_PATH, .offset = OPTION_OFFSET(s, m, char *)
#define OPT_DIR(s, m)      .kind = OPTION_DIR, .offset = OPTION_OFFSET(s, m, char *)
#define OPT_U32(s, m)      .kind = OPTION_U32, .offset = OPTION_OFFSET(s, m, uint32_t)
#define OPT_SIZE(s, m)     .kind = OPTION_SIZE, .offset = OPTION_OFFSET(s, m, uint64_t)
#define OPT_DURATION(s, m) .kind = OPTION_DURATION, .offset = OPTION_OFFSET(s, m, uint64_t)
#define OPT_CHOICE(s, m)   .kind = OPTION_CHOICE, .offset = OPTION_OFFSET(s, m, uint32_t)
#define OPT_WORD(s, m)     .kind = OPTION_WORD, .offset = OPTION_OFFSET(s, m, char *)
#define OPT_LIST(s, m, n)  .kind = OPTION_LIST, .offset = OPTION_OFFSET(s, m, char **), \
	.count = OPTION_OFFSET(s, n, size_t)
#define OPT_SPECS(s, m, n) .kind = OPTION_SPECS, .offset = offsetof(s, m), \
	.count = OPTION_OFFSET(s, n, size_t), .size = sizeof(((s *)0)->m[0]), \
	.max = sizeof(((s *)0)->m) / sizeof(((s *)0)->m[0])
/* clang-format on */

/* A table and where the struct that it fills lies in the target of options_parse(). A list of parts
 * ends with a NULL table. */
struct option_part {
	const struct option *table;
	size_t offset;
};

/* The member that @option fills in the struct at @base. */
static inline void *option_member(const struct option *option, const void *base)
{
	return (char *)(uintptr_t)base + option->offset;
}

/* Number of elements of a list or of specs. */
size_t option_count(const struct option *option, const void *base);

/* Element @i of specs. */
void *option_element(const struct option *option, const void *base, size_t i);

/* Fills the struct at @base with the standard values: numbers from the rows, strings NULL, lists
 * empty. Members that no row names are left alone. */
void options_init(const struct option *table, void *base);

/* Frees all strings and empties all lists. */
void options_fini(const struct option *table, void *base);

/* The row called @name (@len bytes of it), or NULL. */
const struct option *options_find(const struct option *table, const char *name, size_t len);

/* The first row that is required and not set, or NULL. */
const struct option *options_missing(const struct option *table, const void *base);

/* Judges the values in the struct by their rows, for those who fill it by other ways than
 * option_set(). -EINVAL and a line that begins with "--name: ". */
MUST_CHECK int options_check(const struct option *table, const void *base, struct err *err);

/*
 * Reads @text into the member: replaces a scalar, appends to a list. A spec is comma separated
 * key=value; the first may be the value of the first key alone; a doubled comma is a comma of the
 * value. -EINVAL (-ENOMEM, -E2BIG) and a line without the option's name: "expected on or off, not
 * 'maybe'"; a scalar then keeps its value.
 */
MUST_CHECK int option_set(const struct option *option, void *base, const char *text,
			  struct err *err);

/* Frees a string option and makes it NULL. */
void option_unset(const struct option *option, void *base);

/* Appends an element with standard values to specs. NULL and @err when all places are taken. */
void *option_append(const struct option *option, void *base, struct err *err);

/* The value of a scalar as option_set() reads it: numbers into @buf (@size of at least 32), strings
 * as they are. NULL: a string that is not set. */
const char *option_text(const struct option *option, const void *base, char *buf, size_t size);

/* What @option takes, in words that go on after "expected ": "a number from 1 to 64". */
const char *option_expected(const struct option *option, char *buf, size_t size);

/*
 * Reads argv[1] and on into the structs of @parts below @base: --name value, --name=value, flags by
 * name alone; stops after "--" or before the first word that is not an option, and puts its index
 * into @next. One line in @err that names option, value and what would be right; what was stored
 * until then stays, and is options_fini()'s as ever.
 */
MUST_CHECK int options_parse(const struct option_part *parts, void *base, int argc, char **argv,
			     int *next, struct err *err);

/* Puts @text in single quotes into @buf for a message: at most @size bytes, one line, printable;
 * what is too long ends with "...". Returns @buf. */
const char *option_quote(const char *text, char *buf, size_t size);
#define OPTION_QUOTE_SIZE 80

#endif
