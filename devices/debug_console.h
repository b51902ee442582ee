/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_DEVICES_DEBUG_CONSOLE_H
#define VISE_DEVICES_DEBUG_CONSOLE_H

#include "vmm/core/bus.h"
#include "vmm/core/device.h"

/*
 * The firmware's debug console: one port that takes one byte a write and reads E9h, by which
 * firmware knows that somebody listens.
 */

#define DEBUG_CONSOLE_PORT 0x402U
#define DEBUG_CONSOLE_LINE 256U

struct debug_console_config {
	const char *id; /* NULL: "debug-console" */
	struct bus *pio;
	uint16_t port; /* 0: DEBUG_CONSOLE_PORT */
	/*
	 * Gets each line, without its newline, once it is complete, has DEBUG_CONSOLE_LINE bytes,
	 * or the device is reset or destroyed. Bytes are the guest's, not NUL-terminated. Called
	 * from a vCPU thread under the device's lock: it must not block. NULL drops the text.
	 */
	void (*output)(void *owner, const char *line, size_t len);
	void *owner;
};

/* Creates the device and adds its region to @config->pio, which must outlive it. NULL and @err on
 * failure. */
struct device *debug_console_create(const struct debug_console_config *config, struct err *err);

#endif
