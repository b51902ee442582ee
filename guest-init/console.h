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

/* In a child: makes the terminal @tty the controlling one of a new session. */
void console_control(int tty);

/* One line from the host: "winsize ROWS COLS" sets the size of @tty; false if it says otherwise. */
bool console_command(int tty, const char *line);

#endif
