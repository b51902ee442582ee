/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_CORE_BUS_H
#define VISE_CORE_BUS_H

#include "vmm/core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * An address space of regions: one bus for port I/O, one for MMIO. A region names its owner, the
 * access widths it takes and its functions; the functions get an offset, never an address. What no
 * region takes reads as all ones and is counted.
 *
 * Threads: any. A lookup copies the region out under the bus lock and calls it with no lock held,
 * so a region may be moved or deleted by its own write function (a BAR moves inside a config
 * write). An access that had begun may therefore still arrive once after bus_del() returned; owners
 * live until all vCPU threads have ended.
 */

#define BUS_SIZE_1   1U
#define BUS_SIZE_2   2U
#define BUS_SIZE_4   4U
#define BUS_SIZE_8   8U
#define BUS_SIZE_ANY 15U

struct region_ops {
	const char *name;
	unsigned int sizes; /* OR of BUS_SIZE_*: other widths read all ones, writes are dropped */
	bool unaligned;	    /* also accesses that are not naturally aligned or cross the end */
	uint64_t (*read)(void *owner, uint64_t offset, unsigned int size);
	void (*write)(void *owner, uint64_t offset, unsigned int size, uint64_t value);
};

struct region {
	uint64_t base;
	uint64_t len; /* bytes, at least 1 */
	const struct region_ops *ops;
	void *owner;
};

struct bus;

/* Creates an empty bus; @name appears in messages and is not copied. NULL when out of memory. */
struct bus *bus_create(const char *name);
void bus_destroy(struct bus *bus);

/* Adds a copy of @region. -EEXIST when it overlaps one that is there, -EINVAL when it wraps. */
MUST_CHECK int bus_add(struct bus *bus, const struct region *region, struct err *err);

/* Removes the region of @owner with @ops that starts at @base; nothing happens when there is none.
 */
void bus_del(struct bus *bus, uint64_t base, const struct region_ops *ops, const void *owner);

/* Reads @size (1, 2, 4 or 8) bytes at @addr; all ones where nothing answers. */
uint64_t bus_read(struct bus *bus, uint64_t addr, unsigned int size);

/* Writes the low @size bytes of @value at @addr. */
void bus_write(struct bus *bus, uint64_t addr, unsigned int size, uint64_t value);

/* Accesses that no region took, since creation. */
uint64_t bus_unclaimed(const struct bus *bus);

#endif
