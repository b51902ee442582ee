/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/acpi/acpi_internal.h"
#include "firmware/acpi/aml.h"
#include "firmware/layout.h"

#include <stdio.h>

/*
 * The namespace. It has no methods and no operation regions: nothing in it changes at run time, and
 * what is not interpreted costs no boot time and behaves alike on every interpreter.
 *
 *	\_S5
 *	\_PR.C000 ...		processors
 *	\_SB.PCI0		host bridge: windows and interrupt routing
 *	\_SB.PCI0.ISA		00:01.0 with the ISA devices
 */

#define MAX_IO 4

struct isa_device {
	const char *name;
	const char *hid;
	uint8_t uid; /* 0: none */
	uint16_t irqs;
	struct {
		uint16_t base;
		uint8_t len; /* 0 ends the list */
	} io[MAX_IO];
};

/* clang-format off */
static const struct isa_device com_ports[] = {
	{"COM1", "PNP0501", 1, 1U << 4, {{0x3f8, 8}}},
	{"COM2", "PNP0501", 2, 1U << 3, {{0x2f8, 8}}},
};

static const struct isa_device isa_devices[] = {
	{"RTC",  "PNP0B00", 0, 1U << 8,  {{0x70, 8}}},
	{"KBD",  "PNP0303", 0, 1U << 1,  {{0x60, 1}, {0x64, 1}}},
	{"MOU",  "PNP0F13", 0, 1U << 12, {{0, 0}}},
	/* Claimed by no device: debug console, edge/level control, fw_cfg, power management. */
	{"MRES", "PNP0C02", 1, 0, {{0x402, 1}, {0x4d0, 2}, {0x510, 12},
				   {ACPI_PM_BASE, ACPI_PM_LEN}}},
};
/* clang-format on */

static void write_isa_device(struct aml *a, const struct isa_device *d)
{
	aml_device(a, d->name);
	aml_name(a, "_HID");
	aml_eisa_id(a, d->hid);
	if (d->uid) {
		aml_name(a, "_UID");
		aml_integer(a, d->uid);
	}
	aml_name(a, "_CRS");
	aml_resources(a);
	for (size_t i = 0; i < MAX_IO && d->io[i].len; i++)
		aml_res_io(a, d->io[i].base, d->io[i].len);
	if (d->irqs)
		aml_res_irq(a, d->irqs);
	aml_end(a);
	aml_end(a);
}

static void write_isa_bridge(struct aml *a, const struct acpi_config *config)
{
	aml_device(a, "ISA");
	aml_name(a, "_ADR");
	aml_integer(a, 0x00010000);
	if (config->has_com1)
		write_isa_device(a, &com_ports[0]);
	if (config->has_com2)
		write_isa_device(a, &com_ports[1]);
	for (size_t i = 0; i < sizeof(isa_devices) / sizeof(isa_devices[0]); i++)
		write_isa_device(a, &isa_devices[i]);
	aml_end(a);
}

static void write_windows(struct aml *a)
{
	aml_name(a, "_CRS");
	aml_resources(a);
	aml_res_bus(a, 0, 255);
	aml_res_io(a, 0xcf8, 8);
	aml_res_io_window(a, 0, 0xcf7);
	aml_res_io_window(a, 0xd00, 0xffff);
	aml_res_memory_window(a, LAYOUT_VGA, 0xbffff, true);
	aml_res_memory_window(a, (uint32_t)LAYOUT_PCI_WINDOW, (uint32_t)LAYOUT_PCI_WINDOW_END,
			      false);
	aml_end(a);
}

/* Hard-wired routing: source 0 says that the last element is a GSI (6.2.13). */
static void write_routing(struct aml *a, const struct acpi_config *config)
{
	aml_name(a, "_PRT");
	aml_package(a, (ACPI_PCI_SLOTS - 1) * ACPI_PCI_PINS);
	for (unsigned int slot = 1; slot < ACPI_PCI_SLOTS; slot++)
		for (unsigned int pin = 0; pin < ACPI_PCI_PINS; pin++) {
			aml_package(a, 4);
			aml_integer(a, slot << 16 | 0xffff);
			aml_integer(a, pin);
			aml_integer(a, 0);
			aml_integer(a, config->pci_gsi(slot, pin));
			aml_end(a);
		}
	aml_end(a);
}

static void write_pci_root(struct aml *a, const struct acpi_config *config)
{
	aml_device(a, "PCI0");
	aml_name(a, "_HID");
	aml_eisa_id(a, "PNP0A03");
	aml_name(a, "_ADR");
	aml_integer(a, 0);
	aml_name(a, "_UID");
	aml_integer(a, 0);
	write_windows(a);
	write_routing(a, config);
	write_isa_bridge(a, config);
	aml_end(a);
}

static void write_processors(struct aml *a, unsigned int n_cpus)
{
	char name[8];

	aml_scope(a, "\\_PR");
	for (unsigned int i = 0; i < n_cpus; i++) {
		snprintf(name, sizeof(name), "C%03X", i & 0xfffU);
		aml_processor(a, name, (uint8_t)i);
	}
	aml_end(a);
}

static void write_sleep_states(struct aml *a)
{
	aml_name(a, "_S5");
	aml_package(a, 4);
	aml_integer(a, ACPI_SLP_TYP_S5);
	aml_integer(a, ACPI_SLP_TYP_S5);
	aml_integer(a, 0);
	aml_integer(a, 0);
	aml_end(a);
}

int acpi_dsdt_build(const struct acpi_config *config, void *buf, size_t size, size_t *len,
		    struct err *err)
{
	struct aml a;

	aml_init(&a, buf, size);
	write_sleep_states(&a);
	write_processors(&a, config->n_cpus);
	aml_scope(&a, "\\_SB");
	write_pci_root(&a, config);
	aml_end(&a);
	return aml_finish(&a, len, err);
}
