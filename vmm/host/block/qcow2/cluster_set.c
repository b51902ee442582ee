/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/qcow2/cluster_set.h"

#include <errno.h>
#include <stdlib.h>

#define SMALLEST 64U

static size_t home(const struct cluster_set *set, uint64_t cluster)
{
	/* Fibonacci hashing: neighbours, which are the rule, land far apart. */
	return (size_t)(cluster * 0x9e3779b97f4a7c15ULL >> 16) & (set->size - 1);
}

/* The slot of @cluster, or the free one where it would go. */
static size_t find(const struct cluster_set *set, uint64_t cluster)
{
	size_t i = home(set, cluster);

	while (set->slots[i] && set->slots[i] != cluster + 1)
		i = (i + 1) & (set->size - 1);
	return i;
}

static int grow(struct cluster_set *set, size_t size)
{
	struct cluster_set larger = {.slots = calloc(size, sizeof(*larger.slots)), .size = size};

	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < set->size; i++)
		if (set->slots[i])
			larger.slots[find(&larger, set->slots[i] - 1)] = set->slots[i];
	larger.count = set->count;
	free(set->slots);
	*set = larger;
	return 0;
}

int cluster_set_reserve(struct cluster_set *set, size_t n)
{
	size_t size = set->size ? set->size : SMALLEST;

	while (size / 2 < set->count + n)
		size *= 2;
	return size == set->size ? 0 : grow(set, size);
}

int cluster_set_add(struct cluster_set *set, uint64_t cluster)
{
	int rc = cluster_set_reserve(set, 1);
	size_t i;

	if (rc)
		return rc;
	i = find(set, cluster);
	if (set->slots[i])
		return -EEXIST;
	set->slots[i] = cluster + 1;
	set->count++;
	return 0;
}

void cluster_set_del(struct cluster_set *set, uint64_t cluster)
{
	size_t hole, i;

	if (!set->size)
		return;
	hole = find(set, cluster);
	if (!set->slots[hole])
		return;
	set->slots[hole] = 0;
	set->count--;
	/* What stood behind may have wanted the place: searches stop at a free one. */
	for (i = (hole + 1) & (set->size - 1); set->slots[i]; i = (i + 1) & (set->size - 1)) {
		uint64_t value = set->slots[i];

		set->slots[i] = 0;
		set->slots[find(set, value - 1)] = value;
	}
}

bool cluster_set_has(const struct cluster_set *set, uint64_t cluster)
{
	return set->size && set->slots[find(set, cluster)];
}

void cluster_set_free(struct cluster_set *set)
{
	free(set->slots);
	*set = (struct cluster_set){NULL, 0, 0};
}
