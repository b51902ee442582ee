/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/boot/e820.h"

#include "firmware/layout.h"

#define KVM_PAGES_SIZE 0x4000U

static const struct e820_entry e820_reserved[] = {
	{LAYOUT_EBDA, LAYOUT_VGA - LAYOUT_EBDA, E820_RESERVED},
	{LAYOUT_ACPI, LAYOUT_ACPI_SIZE, E820_RESERVED},
	{LAYOUT_KVM_PAGES, KVM_PAGES_SIZE, E820_RESERVED},
};

static void e820_add(struct e820_map *map, struct e820_entry entry)
{
	size_t i = map->n++;

	for (; i > 0 && map->entries[i - 1].addr > entry.addr; i--)
		map->entries[i] = map->entries[i - 1];
	map->entries[i] = entry;
}

static void e820_add_ram(struct e820_map *map, uint64_t start, uint64_t end)
{
	if (start < end)
		e820_add(map, (struct e820_entry){start, end - start, E820_RAM});
}

void e820_build(const struct guest_mem *mem, struct e820_map *map)
{
	size_t n;
	const struct guest_mem_region *r = guest_mem_regions(mem, &n);

	map->n = 0;
	for (size_t i = 0; i < n; i++) {
		uint64_t start = r[i].base;
		uint64_t end = r[i].base + r[i].size;

		e820_add_ram(map, start, end < LAYOUT_EBDA ? end : LAYOUT_EBDA);
		e820_add_ram(map, start > LAYOUT_HIGH_MEMORY ? start : LAYOUT_HIGH_MEMORY, end);
	}
	for (size_t i = 0; i < sizeof(e820_reserved) / sizeof(e820_reserved[0]); i++)
		e820_add(map, e820_reserved[i]);
}
