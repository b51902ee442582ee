/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_DEVICES_DEBUG_EXIT_H
#define VISE_DEVICES_DEBUG_EXIT_H

#include "vmm/core/bus.h"
#include "vmm/core/device.h"
#include "vmm/core/power.h"

/*
 * isa-debug-exit: a write of 1, 2 or 4 bytes ends the run with the value written. Reads give all
 * ones. Off unless asked for, since any guest code with port access may end the machine.
 */

#define DEBUG_EXIT_PORT 0x501U

struct debug_exit_config {
	const char *id; /* NULL: "debug-exit" */
	struct bus *pio;
	uint16_t port; /* first of 4 ports; 0: DEBUG_EXIT_PORT. Only writes to the first count */
	struct power_sink power; /* gets POWER_DEBUG_EXIT with the value, from "isa-debug-exit" */
};

/* Creates the device and adds its region to @config->pio, which must outlive it. NULL and @err on
 * failure. */
struct device *debug_exit_create(const struct debug_exit_config *config, struct err *err);

#endif
