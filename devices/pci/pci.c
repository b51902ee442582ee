/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/pci/pci.h"

#include "vmm/core/le.h"
#include "vmm/core/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PCI_GSIS 24U

struct pci_bus {
	struct bus *mmio;
	struct bus *pio;
	struct pci_function *functions[256];
	pthread_mutex_t lock; /* guards drivers[]: the wires are shared between functions */
	struct irq_line lines[PCI_GSIS];
	unsigned int n_lines;
	unsigned int drivers[PCI_GSIS]; /* functions that hold the wire high */
};

struct pci_bus *pci_bus_create(struct bus *mmio, struct bus *pio, const struct irq_line *gsi_lines,
			       unsigned int n_gsi)
{
	struct pci_bus *bus = calloc(1, sizeof(*bus));

	if (!bus)
		return NULL;
	bus->mmio = mmio;
	bus->pio = pio;
	bus->n_lines = n_gsi < PCI_GSIS ? n_gsi : PCI_GSIS;
	memcpy(bus->lines, gsi_lines, bus->n_lines * sizeof(*gsi_lines));
	pthread_mutex_init(&bus->lock, NULL);
	return bus;
}

void pci_bus_destroy(struct pci_bus *bus)
{
	if (!bus)
		return;
	pthread_mutex_destroy(&bus->lock);
	free(bus);
}

unsigned int pci_gsi(unsigned int slot, unsigned int pin)
{
	/* What SeaBIOS writes to the interrupt line registers of this chipset. */
	static const unsigned int gsi_of_link[PCI_PINS] = {10, 10, 11, 11};

	return gsi_of_link[(slot + PCI_PINS - 1 + pin) % PCI_PINS];
}

void pci_function_init(struct pci_function *fn, struct device *dev,
		       const struct pci_function_ops *ops, const struct pci_identity *id)
{
	uint8_t *c = fn->config;

	memset(fn, 0, sizeof(*fn));
	fn->ops = ops;
	fn->dev = dev;
	st_le16(c + PCI_VENDOR_ID, id->vendor);
	st_le16(c + PCI_DEVICE_ID, id->device);
	c[PCI_REVISION_ID] = id->revision;
	c[PCI_CLASS_PROG] = id->class_prog;
	c[PCI_CLASS_SUB] = id->class_sub;
	c[PCI_CLASS_BASE] = id->class_base;
	st_le16(c + PCI_SUBSYSTEM_VENDOR_ID, id->subsystem_vendor);
	st_le16(c + PCI_SUBSYSTEM_ID, id->subsystem);
	c[PCI_INTERRUPT_PIN] = id->interrupt_pin;
	st_le16(fn->writable + PCI_COMMAND, PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE);
	fn->writable[PCI_INTERRUPT_LINE] = 0xff;
	if (id->interrupt_pin)
		c[PCI_INTERRUPT_LINE] = 0xff;
}

void pci_function_add_bar(struct pci_function *fn, unsigned int index, enum pci_bar_kind kind,
			  uint64_t size, const struct region_ops *ops, void *owner)
{
	unsigned int reg = PCI_BAR0 + 4 * index;
	bool io = kind == PCI_BAR_IO;

	fn->bars[index] = (struct pci_bar){kind, size, ops, owner, PCI_BAR_UNMAPPED};
	fn->config[reg] = io ? PCI_BAR_SPACE_IO : kind == PCI_BAR_MEM64 ? PCI_BAR_MEM_64 : 0U;
	st_le32(fn->writable + reg, (uint32_t) ~(size - 1));
	if (kind == PCI_BAR_MEM64)
		st_le32(fn->writable + reg + 4, (uint32_t)(~(size - 1) >> 32));
	fn->writable[PCI_COMMAND] |= io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY;
}

void pci_function_add_cap(struct pci_function *fn, uint8_t id, unsigned int offset,
			  unsigned int size)
{
	unsigned int link = PCI_CAPABILITY_LIST;

	while (fn->config[link])
		link = fn->config[link] + 1U;
	fn->config[link] = (uint8_t)offset;
	memset(fn->config + offset, 0, size);
	fn->config[offset] = id;
	fn->config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
}

int pci_bus_add(struct pci_bus *bus, struct pci_function *fn, uint8_t devfn, struct err *err)
{
	if (bus->functions[devfn])
		return err_set(err, -EEXIST, "PCI address 00:%02x.%u is taken", PCI_SLOT(devfn),
			       devfn & 7U);
	fn->bus = bus;
	fn->devfn = devfn;
	bus->functions[devfn] = fn;
	for (unsigned int f = 1; f < 8; f++)
		if (bus->functions[(devfn & ~7U) | f] && bus->functions[devfn & ~7U])
			bus->functions[devfn & ~7U]->config[PCI_HEADER_TYPE] =
				PCI_HEADER_MULTI_FUNCTION;
	return 0;
}

static struct bus *bar_space(const struct pci_function *fn, const struct pci_bar *bar)
{
	return bar->kind == PCI_BAR_IO ? fn->bus->pio : fn->bus->mmio;
}

/* Where COMMAND and the registers want BAR @index to be. */
static uint64_t bar_wanted(const struct pci_function *fn, unsigned int index)
{
	const struct pci_bar *bar = &fn->bars[index];
	const uint8_t *reg = fn->config + PCI_BAR0 + (size_t)4 * index;
	uint8_t enable = bar->kind == PCI_BAR_IO ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY;
	uint64_t base;

	if (bar->kind == PCI_BAR_NONE || !(fn->config[PCI_COMMAND] & enable))
		return PCI_BAR_UNMAPPED;
	base = bar->kind == PCI_BAR_MEM64 ? ld_le64(reg) : ld_le32(reg);
	return base & ~(bar->size - 1);
}

static void bar_unmap(struct pci_function *fn, struct pci_bar *bar)
{
	if (bar->mapped == PCI_BAR_UNMAPPED)
		return;
	bus_del(bar_space(fn, bar), bar->mapped, bar->ops, bar->owner);
	bar->mapped = PCI_BAR_UNMAPPED;
}

static void pci_function_remap(struct pci_function *fn)
{
	for (unsigned int i = 0; i < PCI_BARS; i++) {
		struct pci_bar *bar = &fn->bars[i];
		uint64_t wanted = bar_wanted(fn, i);
		struct region region = {wanted, bar->size, bar->ops, bar->owner};
		struct err err = ERR_INIT;

		if (bar->kind == PCI_BAR_NONE || wanted == bar->mapped)
			continue;
		bar_unmap(fn, bar);
		if (wanted == PCI_BAR_UNMAPPED)
			continue;
		/* Two BARs on one spot is the guest's doing: the second one stays dead. */
		if (bus_add(bar_space(fn, bar), &region, &err) < 0)
			log_guest("PCI 00:%02x.%u: %s", PCI_SLOT(fn->devfn), fn->devfn & 7U,
				  err.text);
		else
			bar->mapped = wanted;
	}
	if (fn->ops && fn->ops->mapping_changed)
		fn->ops->mapping_changed(fn);
}

void pci_bus_del(struct pci_function *fn)
{
	if (!fn->bus)
		return;
	pci_function_set_intx(fn, false);
	for (unsigned int i = 0; i < PCI_BARS; i++)
		if (fn->bars[i].kind != PCI_BAR_NONE)
			bar_unmap(fn, &fn->bars[i]);
	fn->bus->functions[fn->devfn] = NULL;
	fn->bus = NULL;
}

/* Gives the BARs of @fn that are ports, or those that are memory, addresses from *@next on. */
static int assign_bars(struct pci_function *fn, bool ports, uint64_t *next, uint64_t end,
		       struct err *err)
{
	for (unsigned int i = 0; i < PCI_BARS; i++) {
		const struct pci_bar *bar = &fn->bars[i];
		uint8_t *reg = fn->config + PCI_BAR0 + (size_t)4 * i;
		uint64_t base = (*next + bar->size - 1) & ~(bar->size - 1);

		if (bar->kind == PCI_BAR_NONE || (bar->kind == PCI_BAR_IO) != ports)
			continue;
		if (base > end || bar->size - 1 > end - base)
			return err_set(err, -ENOSPC, "PCI: no room for BAR %u of 00:%02x.%u", i,
				       PCI_SLOT(fn->devfn), fn->devfn & 7U);
		st_le32(reg, (uint32_t)base | (ld_le32(reg) & 0xfU));
		if (bar->kind == PCI_BAR_MEM64) /* a guest may have moved it above 4 GiB */
			st_le32(reg + 4, (uint32_t)(base >> 32));
		*next = base + bar->size;
	}
	return 0;
}

int pci_bus_assign(struct pci_bus *bus, uint64_t base, uint64_t end, struct err *err)
{
	for (unsigned int devfn = 0; devfn < 256; devfn++) {
		struct pci_function *fn = bus->functions[devfn];
		int rc;

		if (!fn)
			continue;
		rc = assign_bars(fn, false, &base, end, err);
		if (rc < 0)
			return rc;
		if (fn->config[PCI_INTERRUPT_PIN])
			fn->config[PCI_INTERRUPT_LINE] =
				(uint8_t)pci_gsi(devfn >> 3, fn->config[PCI_INTERRUPT_PIN] - 1U);
	}
	return 0;
}

int pci_bus_assign_ports(struct pci_bus *bus, uint16_t base, uint16_t end, struct err *err)
{
	uint64_t next = base;

	for (unsigned int devfn = 0; devfn < 256; devfn++) {
		struct pci_function *fn = bus->functions[devfn];
		int rc = fn ? assign_bars(fn, true, &next, end, err) : 0;

		if (rc < 0)
			return rc;
	}
	return 0;
}

uint32_t pci_bus_config_read(struct pci_bus *bus, uint8_t devfn, unsigned int offset,
			     unsigned int size)
{
	struct pci_function *fn = bus->functions[devfn];
	uint8_t value[4] = {0xff, 0xff, 0xff, 0xff};

	if (fn && size <= 4 && offset <= PCI_CONFIG_SIZE - size) {
		device_lock(fn->dev);
		memcpy(value, fn->config + offset, size);
		device_unlock(fn->dev);
	}
	return ld_le32(value);
}

static bool touches(unsigned int offset, unsigned int size, unsigned int reg, unsigned int len)
{
	return offset < reg + len && reg < offset + size;
}

static void pci_function_update_wire(struct pci_function *fn)
{
	bool level = fn->intx && !(ld_le16(fn->config + PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE);
	struct pci_bus *bus = fn->bus;
	unsigned int gsi;

	if (!bus || level == fn->wire || !fn->config[PCI_INTERRUPT_PIN])
		return;
	fn->wire = level;
	gsi = pci_gsi(PCI_SLOT(fn->devfn), fn->config[PCI_INTERRUPT_PIN] - 1U);
	if (gsi >= bus->n_lines)
		return;
	pthread_mutex_lock(&bus->lock);
	if (level ? bus->drivers[gsi]++ == 0 : --bus->drivers[gsi] == 0)
		irq_line_set(&bus->lines[gsi], level);
	pthread_mutex_unlock(&bus->lock);
}

void pci_bus_config_write(struct pci_bus *bus, uint8_t devfn, unsigned int offset,
			  unsigned int size, uint32_t value)
{
	struct pci_function *fn = bus->functions[devfn];

	if (!fn || size > 4 || offset > PCI_CONFIG_SIZE - size)
		return;
	device_lock(fn->dev);
	for (unsigned int i = 0; i < size; i++) {
		uint8_t mask = fn->writable[offset + i];
		uint8_t byte = (uint8_t)(value >> (8 * i));

		fn->config[offset + i] =
			(uint8_t)((fn->config[offset + i] & ~mask) | (byte & mask));
	}
	if (fn->ops && fn->ops->config_written)
		fn->ops->config_written(fn, offset, size);
	if (touches(offset, size, PCI_COMMAND, 2)) {
		pci_function_update_wire(fn);
		pci_function_remap(fn);
	} else if (touches(offset, size, PCI_BAR0, 4 * PCI_BARS)) {
		pci_function_remap(fn);
	}
	device_unlock(fn->dev);
}

void pci_function_reset(struct pci_function *fn)
{
	st_le16(fn->config + PCI_COMMAND, 0);
	pci_function_set_intx(fn, false);
	if (fn->bus)
		pci_function_remap(fn);
}

void pci_function_set_intx(struct pci_function *fn, bool pending)
{
	fn->intx = pending;
	if (pending)
		fn->config[PCI_STATUS] |= PCI_STATUS_INTERRUPT;
	else
		fn->config[PCI_STATUS] &= (uint8_t)~PCI_STATUS_INTERRUPT;
	pci_function_update_wire(fn);
}
