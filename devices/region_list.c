/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/region_list.h"

int region_list_add(struct bus *bus, const struct region *regions, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		int rc = bus_add(bus, &regions[i], err);

		if (rc < 0) {
			region_list_del(bus, regions, i);
			return rc;
		}
	}
	return 0;
}

void region_list_del(struct bus *bus, const struct region *regions, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bus_del(bus, regions[i].base, regions[i].ops, regions[i].owner);
}
