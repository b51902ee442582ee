/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_DEVICES_MSIX_H
#define VISE_DEVICES_MSIX_H

#include "devices/pci/pci.h"
#include "vmm/core/irq.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The MSI-X capability with its table and pending bits (PCI Local Bus Specification 3.0, section
 * 6.8.2), as a part of a function. All functions are called under the device's lock.
 */

#define MSIX_MAX_VECTORS 128U
#define MSIX_NO_VECTOR	 0xffffU

struct msix {
	struct pci_function *fn;
	struct msi_sink sink;
	unsigned int cap;
	uint16_t n; /* vectors; 0: no capability */
	uint32_t table_offset, pba_offset;
	uint8_t *table;
	uint64_t pending[MSIX_MAX_VECTORS / 64];
	int *routes; /* -1 until a vector first fires */
};

/*
 * Adds the capability at config offset @cap: @n vectors (1 to MSIX_MAX_VECTORS), table at
 * @table_offset of BAR @bar, pending bits behind it at the next multiple of 8. -ENOMEM.
 */
MUST_CHECK int msix_init(struct msix *msix, struct pci_function *fn, unsigned int cap, uint16_t n,
			 unsigned int bar, uint32_t table_offset, struct msi_sink sink);
void msix_fini(struct msix *msix);

/* Platform reset: disabled, all entries masked, nothing pending. */
void msix_reset(struct msix *msix);

bool msix_enabled(const struct msix *msix);

/* To be called after a config write that touched the capability, or COMMAND. */
void msix_config_written(struct msix *msix);

/* True when @offset of its BAR lies in the table or the pending bits. */
bool msix_claims(const struct msix *msix, uint64_t offset);

/* Accesses inside the claimed range. Reads of any width; writes of aligned 4 or 8 bytes to the
 * table, all others are dropped. */
uint64_t msix_read(const struct msix *msix, uint64_t offset, unsigned int size);
void msix_write(struct msix *msix, uint64_t offset, unsigned int size, uint64_t value);

/* Sends @vector, or marks it pending while it or the function is masked. Nothing happens when MSI-X
 * is off or @vector is beyond the table. */
void msix_notify(struct msix *msix, uint16_t vector);

/* Forgets what is pending: the causes are gone with the device's reset. */
void msix_clear_pending(struct msix *msix);

#endif
