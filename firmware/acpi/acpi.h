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
 * MADT, WAET and a DSDT with the PCI root, its interrupt routing, the ISA devices and S5.
 */

/* What the tables promise of the platform's ports; the machine creates its devices to match. */
#define ACPI_PM_BASE	 0x600U /* power management block */
#define ACPI_PM_LEN	 0x40U
#define ACPI_PM_EVT	 0x00U /* offsets in it: PM1a_EVT, PM1a_CNT, PM_TMR, GPE0 */
#define ACPI_PM_CNT	 0x04U
#define ACPI_PM_TMR	 0x08U
#define ACPI_PM_GPE0	 0x20U
#define ACPI_SLP_TYP_S5	 5U
#define ACPI_RESET_PORT	 0xcf9U
#define ACPI_RESET_VALUE 6U

struct acpi_config {
	unsigned int n_cpus; /* 1 to 64; APIC ids as cpu_apic_id() counts: 0 .. n_cpus - 1 */
	/* GSI of INTx pin @pin (0 = INTA) of PCI slot @slot, as the PCI bus routes it. */
	unsigned int (*pci_gsi)(unsigned int slot, unsigned int pin);
	bool has_com1, has_com2;
};

/*
 * Writes the tables to [@base, @base + @size), RSDP first, and gives its address in @rsdp.
 * @base is a multiple of 16 and the range ends below 4 GiB. -ENOSPC when they do not fit, -EFAULT
 * when the range is not RAM, -EINVAL for a config that has no tables; nothing is written then.
 * Main thread, vCPUs parked. A build takes some 10 us.
 */
MUST_CHECK int acpi_build(const struct acpi_config *config, const struct guest_mem *mem, gpa_t base,
			  size_t size, gpa_t *rsdp, struct err *err);

#endif
