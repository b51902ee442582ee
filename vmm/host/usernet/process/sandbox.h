/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_USERNET_SANDBOX_H
#define VISE_HOST_USERNET_SANDBOX_H

#include "vmm/core/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What the helper gives up before it looks at the first frame of the guest. For its one thread.
 */

/* What could be had; the rest is there always. */
struct sandbox {
	bool namespaces; /* user, mount, ipc and uts namespaces of its own */
	bool empty_root; /* its root is an empty folder */
};

/* Moves into namespaces and an empty root as far as the host permits, lowers the limits, drops all
 * capabilities, and from then on allows the system calls of sandbox_calls.c alone: any other kills
 * the process. 0, or a negative errno and a line where what must be there is refused. */
MUST_CHECK int sandbox_enter(struct sandbox *sandbox, struct err *err);

/* Installs the filter alone; for sandbox_enter(). */
MUST_CHECK int sandbox_filter(struct err *err);

#endif
