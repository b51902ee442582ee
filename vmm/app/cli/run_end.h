/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_RUN_END_H
#define VISE_APP_RUN_END_H

#include "vmm/app/machine/machine.h"

/* The exit status that follows from how a run ended. */
int run_end_status(const struct machine_config *config, const struct machine_result *result);

/* Says on stderr, in one line, how the run ended unless it ended as asked; writes the status file
 * when the config names one. Returns the exit status. */
int run_end_report(const struct machine_config *config, const struct machine_result *result);

#endif
