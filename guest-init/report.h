/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_REPORT_H
#define VISE_GUEST_INIT_REPORT_H

/*
 * What vise-init tells: lines on the second serial port for the host (docs/abi/vise-init.h), and
 * the kernel log for whoever looks inside.
 */

/* Opens the port, raw, at 115200 baud; a machine without it is fine. Also makes faults of vise-init
 * itself end with a "died" line and power-off. */
void report_open(void);

/* The port's descriptor (non-blocking), or -1. */
int report_fd(void);

/* Sends "VISE-INIT VERB\n", or "VISE-INIT VERB TEXT\n"; control characters in TEXT become blanks,
 * and it is cut to what a line takes. */
void report_send(const char *verb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Something is not as asked: a "warn" line, and a line in the kernel log. */
void report_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The job cannot be done: a "died" line, a line on the console, then power-off. */
_Noreturn void report_died(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Waits until everything reported has left the port. */
void report_drain(void);

#endif
