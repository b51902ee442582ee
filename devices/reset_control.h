/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_DEVICES_RESET_CONTROL_H
#define VISE_DEVICES_RESET_CONTROL_H

#include "vmm/core/bus.h"
#include "vmm/core/device.h"
#include "vmm/core/power.h"

/*
 * The two reset ports of the chipset beside the keyboard controller's: the reset control register
 * CF9h (PIIX3) and system control port A at 92h. A20 is always on: 92h reads 02h.
 *
 * CF9h is its own region of one byte, so PCI's address port must be a region of one byte at CF8h
 * that takes 32-bit accesses across its end; those then never arrive here.
 */

struct reset_control_config {
	const char *id; /* NULL: "reset-control" */
	struct bus *pio;
	struct power_sink power; /* gets POWER_RESET from "cf9" or "port92" */
};

/* Creates the device and adds its regions to @config->pio, which must outlive it. NULL and @err on
 * failure. */
struct device *reset_control_create(const struct reset_control_config *config, struct err *err);

#endif
