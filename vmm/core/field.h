/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_CORE_FIELD_H
#define VISE_CORE_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A description of plain struct members: name, type, place. One table a device says what its state
 * and its counters are, so that reset can be checked, state shown and counters reported without
 * code of the device's own.
 */

enum field_type { FIELD_BOOL, FIELD_U8, FIELD_U16, FIELD_U32, FIELD_U64 };

enum field_kind {
	FIELD_STATE,   /* what the guest can see or cause; reset restores it */
	FIELD_COUNTER, /* only grows; survives reset; shown by query-stats */
};

struct field {
	const char *name;
	enum field_type type;
	enum field_kind kind;
	size_t offset; /* from the start of the struct that the table describes */
	size_t count;  /* elements; 1 for a scalar */
};

/* clang-format off */
#define FIELD_TYPE_OF(x) _Generic((x), \
	bool: FIELD_BOOL, uint8_t: FIELD_U8, uint16_t: FIELD_U16, uint32_t: FIELD_U32, \
	uint64_t: FIELD_U64)
/* A scalar member as state or as counter, and an array member as state. */
#define FIELD(s, m)       {#m, FIELD_TYPE_OF(((s *)0)->m), FIELD_STATE, offsetof(s, m), 1}
#define FIELD_COUNT(s, m) {#m, FIELD_TYPE_OF(((s *)0)->m), FIELD_COUNTER, offsetof(s, m), 1}
#define FIELD_ARRAY(s, m) {#m, FIELD_TYPE_OF(((s *)0)->m[0]), FIELD_STATE, offsetof(s, m), \
	sizeof(((s *)0)->m) / sizeof(((s *)0)->m[0])}
/* clang-format on */

/* Adds @n to a counter that one thread writes and others may read through field_get() without a
 * lock. */
static inline void counter_add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

/* Element @i of field @f in @base, widened. Counters are read with relaxed atomicity. */
uint64_t field_get(const void *base, const struct field *f, size_t i);

/* Name of the first state field in which @a and @b differ, or NULL when all agree. */
const char *field_first_difference(const void *a, const void *b, const struct field *fields,
				   size_t n);

#endif
