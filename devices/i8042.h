/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_DEVICES_I8042_H
#define VISE_DEVICES_I8042_H

#include "vmm/core/bus.h"
#include "vmm/core/device.h"
#include "vmm/core/irq.h"
#include "vmm/core/power.h"

#include <stdbool.h>

/*
 * The PC's keyboard controller at ports 60h and 64h, with a PS/2 keyboard and, when asked, a PS/2
 * mouse behind it. Every command that has an answer has it at once, so that no driver's probe runs
 * into a time-out; without a mouse the controller says so by failing the loop and the interface
 * test of the second port, and drivers leave it alone.
 *
 * The keyboard answers its commands and takes scancodes of set 2, which the controller translates
 * to set 1 while its command byte says so. The mouse answers its commands and never moves. A20 is
 * always on: its bit is only remembered.
 */

struct i8042_config {
	const char *id; /* NULL: "i8042" */
	struct bus *pio;
	struct irq_line kbd_irq;   /* IRQ1, edge: high while a byte waits and is enabled */
	struct irq_line mouse_irq; /* IRQ12, likewise */
	struct power_sink power;   /* gets POWER_RESET from "i8042" */
	bool mouse;		   /* a mouse is plugged in */
};

/* Creates the device and adds its regions to @config->pio, which must outlive it. NULL and @err on
 * failure. */
struct device *i8042_create(const struct i8042_config *config, struct err *err);

/*
 * Types: queues the @n bytes of a key's make or break code (set 2: E0, F0 and code bytes), all or
 * none. 0, -EAGAIN while the guest has keyboard scanning off, -ENOSPC when the keyboard's buffer is
 * full. Any thread, takes the lock.
 */
MUST_CHECK int i8042_key(struct device *dev, const uint8_t *bytes, size_t n);

#endif
