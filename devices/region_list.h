/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_DEVICES_REGION_LIST_H
#define VISE_DEVICES_REGION_LIST_H

#include "vmm/core/bus.h"

/* The regions of one device, added and removed together. */

/* Adds all @n regions, or none: 0, or the error of the one that failed. */
MUST_CHECK int region_list_add(struct bus *bus, const struct region *regions, size_t n,
			       struct err *err);

/* Removes all @n regions. */
void region_list_del(struct bus *bus, const struct region *regions, size_t n);

/* The bits that an access of @size (1, 2 or 4) bytes covers. */
static inline uint32_t access_mask(unsigned int size)
{
	return size >= 4 ? UINT32_MAX : (1U << (size * 8)) - 1;
}

#endif
