/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_LAUNCH_H
#define VISE_GUEST_INIT_LAUNCH_H

/* The last steps before a program runs; all are for a child process. */

/* Sets PATH, HOME, USER and TERM (@term, "linux" when NULL) where they are not set. */
void launch_environment(const char *term);

/* Executes @command as docs/abi/vise-init.h says. Returns only when that failed, with the status
 * (126, 127) after saying why on stderr. */
int launch_command(const char *command);

/* Executes an interactive login shell; returns as launch_command() does. */
int launch_shell(void);

#endif
