/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_FIRMWARE_E820_H
#define VISE_FIRMWARE_E820_H

#include "vmm/core/guest_mem.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The memory map that a guest is told (ACPI 6.4, 15.1). The types are those of INT 15h E820h, which
 * the Linux boot protocol and PVH share.
 */

enum e820_type { E820_RAM = 1, E820_RESERVED = 2 };

struct e820_entry {
	uint64_t addr;
	uint64_t size; /* bytes, never 0 */
	uint32_t type; /* enum e820_type */
};

/* Each region gives at most two pieces of RAM; three reserved areas. */
#define E820_MAX (2U * GUEST_MEM_REGIONS + 3U)

struct e820_map {
	size_t n;
	struct e820_entry entries[E820_MAX]; /* ascending */
};

/*
 * Fills @map for @mem: RAM but for the legacy area between 639 KiB and 1 MiB, of which the EBDA
 * and the ACPI tables' place are reserved (the FACS among them is not to be reclaimed) and the VGA
 * window and option ROMs are left out; and the pages that KVM needs for itself, reserved.
 */
void e820_build(const struct guest_mem *mem, struct e820_map *map);

#endif
