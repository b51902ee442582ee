/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/option/nearest.h"

#include <string.h>

#define NEAREST_MAX 48 /* longer names are not compared */

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Edit distance where swapping two neighbours counts once; three rows of the usual matrix. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][NEAREST_MAX + 1];
	size_t *older = rows[0], *old = rows[1], *now = rows[2], *spare;

	for (size_t j = 0; j <= b_len; j++)
		old[j] = j;
	memset(older, 0, sizeof(rows[0]));
	for (size_t i = 1; i <= a_len; i++) {
		now[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t cost = a[i - 1] != b[j - 1];

			now[j] = min3(old[j] + 1, now[j - 1] + 1, old[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = min3(now[j], older[j - 2] + 1, now[j]);
		}
		spare = older;
		older = old;
		old = now;
		now = spare;
	}
	return old[b_len];
}

void nearest_try(struct nearest *nearest, const char *name)
{
	size_t asked_len = strlen(nearest->asked);
	size_t name_len = strlen(name);
	size_t limit = name_len < 3 ? 1 : (name_len + 2) / 3;
	size_t distance;

	if (asked_len == 0 || asked_len > NEAREST_MAX || name_len > NEAREST_MAX)
		return;
	if (asked_len >= 2 && strncmp(nearest->asked, name, asked_len) == 0)
		distance = 1;
	else
		distance = edit_distance(nearest->asked, asked_len, name, name_len);
	/* Nothing in common is not near, however short the name. */
	if (distance > limit || distance >= name_len)
		return;
	if (nearest->best && distance >= nearest->distance)
		return;
	nearest->best = name;
	nearest->distance = distance;
}
