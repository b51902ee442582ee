/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_FIRMWARE_ACPI_H
#define VISE_FIRMWARE_ACPI_H

#include "vmm/core/err.h"
#include "vmm/core/guest_mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * ACPI tables (ACPI 6.4, table revisions that Windows 7 reads too): RSDP, RSDT, XSDT, FADT, FACS,
 * MADT and a DSDT with the PCI root, its interrupt routing, the ISA devices and S5.
 */

struct acpi_config {
	unsigned int n_cpus; /* 1 to 64; APIC ids as cpu_apic_id() counts: 0 .. n_cpus - 1 */
	/* GSI of INTx pin @pin (0 = INTA) of PCI slot @slot, as the PCI bus routes it. */
	unsigned int (*pci_gsi)(unsigned int slot, unsigned int pin);
	bool has_com1, has_com2;
};

/*
 * Writes the tables to [@base, @base + @size), RSDP first, and gives its address in @rsdp.
 * -ENOSPC when they do not fit, -EFAULT when the range is not RAM.
 */
MUST_CHECK int acpi_build(const struct acpi_config *config, const struct guest_mem *mem, gpa_t base,
			  size_t size, gpa_t *rsdp, struct err *err);

#endif
