/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_CONTROL_MONITOR_H
#define VISE_APP_CONTROL_MONITOR_H

#include "vmm/app/machine/machine.h"

#include <stdbool.h>
#include <stdio.h>

/* The human monitor's `info`, between monitor.c and monitor_info.c. */

/* The subjects there are, for a message. */
extern const char monitor_info_names[];

/* Prints @subject to @out in lines that end with CR LF, as QEMU's do. False when there is no such
 * subject; nothing is printed then. Main loop's thread. */
bool monitor_info(struct machine *m, const char *subject, FILE *out);

#endif
