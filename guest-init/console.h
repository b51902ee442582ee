/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_CONSOLE_H
#define VISE_GUEST_INIT_CONSOLE_H

#include <stdbool.h>

#include "guest-init/job.h"

/*
 * Opens the terminal behind /dev/console (the last one of the kernel's active list, so that it can
 * be a controlling terminal), sets it up for @job and puts it on descriptors 0, 1 and 2. Returns
 * its descriptor, or /dev/console's where there is no terminal; -1 when there is neither.
 */
int console_open(const struct job *job);

/*
 * Makes the terminal @tty the controlling one of this process's own session. The session is not the
 * job's: when a session's leader ends, the kernel throws away what the terminal has not sent yet.
 * This process goes on using the terminal from the background, so it ignores SIGTTOU.
 */
void console_own(int tty);

/* In a child: a process group of its own, in the foreground of @tty. */
void console_foreground(int tty);

/* One line from the host: "winsize ROWS COLS" sets the size of @tty; false if it says otherwise. */
bool console_command(int tty, const char *line);

#endif
