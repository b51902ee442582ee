/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_FIRMWARE_ACPI_INTERNAL_H
#define VISE_FIRMWARE_ACPI_INTERNAL_H

#include "firmware/acpi/acpi.h"

/* What the ACPI sources share. */

#define ACPI_PCI_SLOTS	 32U
#define ACPI_PCI_PINS	 4U
#define ACPI_IOAPIC_PINS 24U

/* Writes the definition block (without its table header) to [@buf, @buf + @size) and gives its
 * length. -ENOSPC when it does not fit. */
MUST_CHECK int acpi_dsdt_build(const struct acpi_config *config, void *buf, size_t size,
			       size_t *len, struct err *err);

#endif
