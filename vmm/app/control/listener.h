/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_CONTROL_LISTENER_H
#define VISE_APP_CONTROL_LISTENER_H

#include "vmm/core/err.h"

#include <sys/types.h>
#include <sys/un.h>

/* A listening unix socket and the file that is its name. */
struct listener {
	int fd; /* non-blocking; -1 when closed */
	struct sockaddr_un address;
	dev_t dev; /* identity of the file, so that only our own is removed */
	ino_t ino;
};

/* Opens @l on "unix:PATH"; what is done about a file in the way stands in server.h. 0, or a
 * negative errno and one line in @err. */
MUST_CHECK int listener_open(struct listener *l, const char *address, struct err *err);

/* Removes the file if it is ours and closes. */
void listener_close(struct listener *l);

#endif
