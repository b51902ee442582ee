/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_USERNET_HELPER_H
#define VISE_HOST_USERNET_HELPER_H

#include "vmm/core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The process vise-net, seen from the monitor: begin and end. For the monitor's main thread. */

/* Finds vise-net: in the folder of this program, or in ../lib/vise from there. -ENOENT and a line
 * with the remedy. Any thread. */
MUST_CHECK int helper_find(char *path, size_t size, struct err *err);

/* Starts @program with the given host-forwards; it inherits stderr and one end of a stream socket,
 * whose other end becomes *@fd, owned by the caller. Returns its pid, or a negative errno. */
pid_t helper_start(const char *program, const char *const *hostfwd, size_t n_hostfwd,
		   bool restricted, int *fd, struct err *err);

/* Waits until @pid has ended, killing it first with @kill_it, and writes how it ended to @how. */
void helper_reap(pid_t pid, bool kill_it, char *how, size_t size);

#endif
