/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/bus.h"

#include "vmm/core/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct bus {
	const char *name;
	pthread_mutex_t lock;
	struct region *regions; /* ascending by base, disjoint */
	size_t n;
	size_t cap;
	atomic_ullong unclaimed;
};

struct bus *bus_create(const char *name)
{
	struct bus *bus = calloc(1, sizeof(*bus));

	if (!bus)
		return NULL;
	bus->name = name;
	pthread_mutex_init(&bus->lock, NULL);
	return bus;
}

void bus_destroy(struct bus *bus)
{
	if (!bus)
		return;
	pthread_mutex_destroy(&bus->lock);
	free(bus->regions);
	free(bus);
}

/* Index of the first region that ends after @addr. */
static size_t bus_find(const struct bus *bus, uint64_t addr)
{
	size_t lo = 0;
	size_t hi = bus->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct region *r = &bus->regions[mid];

		if (r->base + (r->len - 1) < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int bus_insert(struct bus *bus, const struct region *region, struct err *err)
{
	size_t at = bus_find(bus, region->base);

	if (at < bus->n && bus->regions[at].base <= region->base + (region->len - 1))
		return err_set(err, -EEXIST, "%s bus: %s at 0x%llx overlaps %s", bus->name,
			       region->ops->name, (unsigned long long)region->base,
			       bus->regions[at].ops->name);
	if (bus->n == bus->cap) {
		size_t cap = bus->cap ? bus->cap * 2 : 16;
		struct region *grown = realloc(bus->regions, cap * sizeof(*grown));

		if (!grown)
			return err_set(err, -ENOMEM, "%s bus: out of memory", bus->name);
		bus->regions = grown;
		bus->cap = cap;
	}
	memmove(&bus->regions[at + 1], &bus->regions[at], (bus->n - at) * sizeof(*region));
	bus->regions[at] = *region;
	bus->n++;
	return 0;
}

int bus_add(struct bus *bus, const struct region *region, struct err *err)
{
	int rc;

	if (region->len == 0 || region->len - 1 > UINT64_MAX - region->base)
		return err_set(err, -EINVAL, "%s bus: %s is empty or wraps", bus->name,
			       region->ops->name);
	pthread_mutex_lock(&bus->lock);
	rc = bus_insert(bus, region, err);
	pthread_mutex_unlock(&bus->lock);
	return rc;
}

void bus_del(struct bus *bus, uint64_t base, const struct region_ops *ops, const void *owner)
{
	size_t at;

	pthread_mutex_lock(&bus->lock);
	at = bus_find(bus, base);
	if (at < bus->n && bus->regions[at].base == base && bus->regions[at].ops == ops &&
	    bus->regions[at].owner == owner) {
		memmove(&bus->regions[at], &bus->regions[at + 1],
			(bus->n - at - 1) * sizeof(*bus->regions));
		bus->n--;
	}
	pthread_mutex_unlock(&bus->lock);
}

/* Copies out the region that takes this access; false (and counted) when there is none. */
static bool bus_lookup(struct bus *bus, uint64_t addr, unsigned int size, struct region *found)
{
	uint64_t off;
	size_t at;
	bool hit;

	pthread_mutex_lock(&bus->lock);
	at = bus_find(bus, addr);
	hit = at < bus->n && bus->regions[at].base <= addr;
	if (hit)
		*found = bus->regions[at];
	pthread_mutex_unlock(&bus->lock);

	/* KVM cuts an access at a page's end into pieces of any width; those are nobody's but a
	 * region that takes unaligned ones. */
	if (hit && (found->ops->sizes & size) &&
	    (found->ops->unaligned || (size & (size - 1)) == 0)) {
		off = addr - found->base;
		if (found->ops->unaligned || (off % size == 0 && size <= found->len - off))
			return true;
	}
	atomic_fetch_add_explicit(&bus->unclaimed, 1, memory_order_relaxed);
	return false;
}

static uint64_t size_mask(unsigned int size)
{
	return size >= 8 ? UINT64_MAX : (1ULL << (size * 8)) - 1;
}

uint64_t bus_read(struct bus *bus, uint64_t addr, unsigned int size)
{
	struct region r;

	if (!bus_lookup(bus, addr, size, &r) || !r.ops->read)
		return size_mask(size);
	return r.ops->read(r.owner, addr - r.base, size) & size_mask(size);
}

void bus_write(struct bus *bus, uint64_t addr, unsigned int size, uint64_t value)
{
	struct region r;

	if (bus_lookup(bus, addr, size, &r) && r.ops->write)
		r.ops->write(r.owner, addr - r.base, size, value & size_mask(size));
}

uint64_t bus_unclaimed(const struct bus *bus)
{
	return atomic_load_explicit(&bus->unclaimed, memory_order_relaxed);
}
