/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_DEVICES_PCI_HOST_H
#define VISE_DEVICES_PCI_HOST_H

#include "devices/pci/pci.h"

/*
 * The chipset's PCI side: configuration mechanism #1 (ports CF8h and CFCh), the i440FX host bridge
 * at 00:00.0 and the PIIX3 ISA bridge at 00:01.0. Port CF9h belongs to the reset control: CF8h
 * takes 32-bit accesses only.
 */

/* Registers the ports on @pio and the two bridges on @pci. NULL and @err on failure. */
struct device *pci_host_create(const char *id, struct bus *pio, struct pci_bus *pci,
			       struct err *err);

#endif
