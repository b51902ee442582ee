/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_RUN_H
#define VISE_GUEST_INIT_RUN_H

#include "guest-init/job.h"

/*
 * Runs the job's self test, command or shell on the terminal @tty as a process group in its
 * foreground and tends the machine until it ends: reaps orphans, obeys the host's lines and the
 * signals that ask the first process to halt. Returns the status as a shell counts it. A signal
 * that asks for reboot or power-off ends the machine and does not return.
 */
int run_job(const struct job *job, int tty);

/* Replaces vise-init by the init of the disk; returns only if there is none. */
void run_handover(const struct job *job);

/* Blocks the signals that run_job() reads; call once, early. */
void run_block_signals(void);

#endif
