/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/field.h"

static const size_t field_width[] = {
	[FIELD_BOOL] = sizeof(bool),	[FIELD_U8] = sizeof(uint8_t),
	[FIELD_U16] = sizeof(uint16_t), [FIELD_U32] = sizeof(uint32_t),
	[FIELD_U64] = sizeof(uint64_t),
};

uint64_t field_get(const void *base, const struct field *f, size_t i)
{
	const char *p = (const char *)base + f->offset + i * field_width[f->type];

	switch (f->type) {
	case FIELD_BOOL:
		return *(const bool *)p;
	case FIELD_U8:
		return *(const uint8_t *)p;
	case FIELD_U16:
		return *(const uint16_t *)(const void *)p;
	case FIELD_U32:
		return *(const uint32_t *)(const void *)p;
	case FIELD_U64:
		return __atomic_load_n((const uint64_t *)(const void *)p, __ATOMIC_RELAXED);
	}
	return 0;
}

const char *field_first_difference(const void *a, const void *b, const struct field *fields,
				   size_t n)
{
	for (size_t f = 0; f < n; f++) {
		if (fields[f].kind != FIELD_STATE)
			continue;
		for (size_t i = 0; i < fields[f].count; i++)
			if (field_get(a, &fields[f], i) != field_get(b, &fields[f], i))
				return fields[f].name;
	}
	return NULL;
}
