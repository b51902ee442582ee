/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_RUN_H
#define VISE_APP_RUN_H

#include "vmm/app/machine/machine.h"

#include <stdint.h>

/* Called once the machine runs; what it returns below 0, with @err, ends the run as an error. */
struct run_hook {
	int (*call)(void *arg, struct err *err);
	void *arg;
};

/*
 * Builds the machine of @config, which is complete and checked, and runs it to its end; signals
 * that end a program end the run. @begin_ns: CLOCK_MONOTONIC, what timing is counted from.
 * @running may be NULL. *@result says how it ended; nothing has been said of it yet. Prints what
 * --print-timing asks for.
 */
void run_machine(const struct machine_config *config, uint64_t begin_ns,
		 const struct run_hook *running, struct machine_result *result);

#endif
