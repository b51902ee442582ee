/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_BLOCK_QCOW2_CLUSTER_SET_H
#define VISE_HOST_BLOCK_QCOW2_CLUSTER_SET_H

#include "vmm/core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A set of cluster numbers of an image file: those that hold metadata. A hash table, twice as large
 * as what is in it. All zero is an empty set. Not thread-safe. */
struct cluster_set {
	uint64_t *slots; /* number + 1; 0: free */
	size_t size;	 /* a power of two, or 0 */
	size_t count;
};

/* 0, -EEXIST, or -ENOMEM. */
MUST_CHECK int cluster_set_add(struct cluster_set *set, uint64_t cluster);

/* Makes room for @n more, so that adding them cannot fail: 0 or -ENOMEM. */
MUST_CHECK int cluster_set_reserve(struct cluster_set *set, size_t n);

void cluster_set_del(struct cluster_set *set, uint64_t cluster);
bool cluster_set_has(const struct cluster_set *set, uint64_t cluster);
void cluster_set_free(struct cluster_set *set);

#endif
