/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_POWER_H
#define VISE_GUEST_INIT_POWER_H

enum power_how { POWER_OFF, POWER_REBOOT };

/*
 * Ends the machine: terminates what still runs (half a second to comply, then SIGKILL), writes
 * file systems out and unmounts them or makes them read-only, lets the serial ports drain, powers
 * off or reboots. As good as any caller other than the first process: only ends the process.
 */
_Noreturn void power_end(enum power_how how);

#endif
