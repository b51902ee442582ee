/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/pci/pci_host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_ADDRESS 0xcf8U
#define CONFIG_DATA    0xcfcU
#define CONFIG_ENABLE  0x80000000U

struct pci_host {
	struct device dev;
	struct bus *pio;
	struct pci_bus *pci;
	uint32_t address;
	struct pci_function i440fx;
	struct pci_function piix3;
};

static const struct field pci_host_fields[] = {FIELD(struct pci_host, address)};

/* Registers that software stores into and expects back; none has an effect in this machine: RAM
 * below 1 MiB is always readable and writable, and INTx routing is fixed. */
struct stored_range {
	uint8_t first, last;
};
static const struct stored_range i440fx_stored[] = {{0x59, 0x5f}, {0x72, 0x72}}; /* PAM, SMRAM */
static const struct stored_range piix3_stored[] = {{0x60, 0x63}};		 /* PIRQRC */

static uint64_t address_read(void *owner, uint64_t offset, unsigned int size)
{
	struct pci_host *host = owner;
	uint32_t value;

	(void)offset;
	(void)size;
	device_lock(&host->dev);
	value = host->address;
	device_unlock(&host->dev);
	return value;
}

static void address_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct pci_host *host = owner;

	(void)offset;
	(void)size;
	device_lock(&host->dev);
	host->address = (uint32_t)value & ~3U;
	device_unlock(&host->dev);
}

/* Splits the latched address; false when it names no function of bus 0. */
static bool address_decode(struct pci_host *host, uint64_t offset, uint8_t *devfn,
			   unsigned int *reg)
{
	uint32_t address = (uint32_t)address_read(host, 0, 4);

	*devfn = (uint8_t)(address >> 8);
	*reg = (address & 0xfcU) + (unsigned int)offset;
	return (address & CONFIG_ENABLE) && (address & 0x7fff0000U) == 0;
}

static uint64_t data_read(void *owner, uint64_t offset, unsigned int size)
{
	struct pci_host *host = owner;
	unsigned int reg;
	uint8_t devfn;

	if (!address_decode(host, offset, &devfn, &reg))
		return UINT32_MAX;
	return pci_bus_config_read(host->pci, devfn, reg, size);
}

static void data_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct pci_host *host = owner;
	unsigned int reg;
	uint8_t devfn;

	if (address_decode(host, offset, &devfn, &reg))
		pci_bus_config_write(host->pci, devfn, reg, size, (uint32_t)value);
}

/* One byte long, so that CF9h stays free; the dword access crosses its end. */
static const struct region_ops address_ops = {
	.name = "pci-config-address",
	.sizes = BUS_SIZE_4,
	.unaligned = true,
	.read = address_read,
	.write = address_write,
};

static const struct region_ops data_ops = {
	.name = "pci-config-data",
	.sizes = BUS_SIZE_1 | BUS_SIZE_2 | BUS_SIZE_4,
	.read = data_read,
	.write = data_write,
};

static void make_stored(struct pci_function *fn, const struct stored_range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++)
		memset(fn->writable + ranges[i].first, 0xff,
		       (size_t)(ranges[i].last - ranges[i].first) + 1);
}

static void clear_stored(struct pci_function *fn, const struct stored_range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++)
		memset(fn->config + ranges[i].first, 0,
		       (size_t)(ranges[i].last - ranges[i].first) + 1);
}

static void pci_host_reset(struct device *dev)
{
	struct pci_host *host = (struct pci_host *)dev;

	host->address = 0;
	pci_function_reset(&host->i440fx);
	host->i440fx.config[PCI_INTERRUPT_LINE] = 0;
	host->piix3.config[PCI_INTERRUPT_LINE] = 0;
	clear_stored(&host->i440fx, i440fx_stored, 2);
	clear_stored(&host->piix3, piix3_stored, 1);
}

static void pci_host_destroy(struct device *dev)
{
	struct pci_host *host = (struct pci_host *)dev;

	bus_del(host->pio, CONFIG_ADDRESS, &address_ops, host);
	bus_del(host->pio, CONFIG_DATA, &data_ops, host);
	pci_bus_del(&host->i440fx);
	pci_bus_del(&host->piix3);
	device_fini(dev);
	free(host);
}

static const struct device_ops pci_host_ops = {
	.name = "pci-host",
	.reset = pci_host_reset,
	.destroy = pci_host_destroy,
	.fields = pci_host_fields,
	.n_fields = 1,
};

static const struct pci_identity i440fx_identity = {
	.vendor = 0x8086,
	.device = 0x1237,
	.revision = 2,
	.class_base = 6,
	.subsystem_vendor = 0x1af4,
	.subsystem = 0x1100,
};
static const struct pci_identity piix3_identity = {
	.vendor = 0x8086,
	.device = 0x7000,
	.class_base = 6,
	.class_sub = 1,
	.subsystem_vendor = 0x1af4,
	.subsystem = 0x1100,
};

struct device *pci_host_create(const char *id, struct bus *pio, struct pci_bus *pci,
			       struct err *err)
{
	struct pci_host *host = calloc(1, sizeof(*host));
	struct region address = {CONFIG_ADDRESS, 1, &address_ops, host};
	struct region data = {CONFIG_DATA, 4, &data_ops, host};

	if (!host) {
		err_set(err, -ENOMEM, "PCI host: out of memory");
		return NULL;
	}
	device_init(&host->dev, &pci_host_ops, id);
	host->pio = pio;
	host->pci = pci;
	pci_function_init(&host->i440fx, &host->dev, NULL, &i440fx_identity);
	pci_function_init(&host->piix3, &host->dev, NULL, &piix3_identity);
	make_stored(&host->i440fx, i440fx_stored, 2);
	make_stored(&host->piix3, piix3_stored, 1);
	/* The ISA bridge always decodes and masters; software may not turn it off. */
	host->piix3.config[PCI_COMMAND] = 7;
	memset(host->piix3.writable + PCI_COMMAND, 0, 2);
	if (bus_add(pio, &address, err) < 0 || bus_add(pio, &data, err) < 0 ||
	    pci_bus_add(pci, &host->i440fx, PCI_DEVFN(0, 0), err) < 0 ||
	    pci_bus_add(pci, &host->piix3, PCI_DEVFN(1, 0), err) < 0) {
		pci_host_destroy(&host->dev);
		return NULL;
	}
	return &host->dev;
}
