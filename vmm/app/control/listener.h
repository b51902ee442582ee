/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_CONTROL_LISTENER_H
#define VISE_APP_CONTROL_LISTENER_H

#include "vmm/core/err.h"

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

/* A listening socket, and of a unix socket the file that is its name. */
struct listener {
	int fd; /* non-blocking; -1 when closed */
	bool tcp;
	struct sockaddr_un address; /* unless tcp */
	dev_t dev;		    /* identity of the file, so that only our own is removed */
	ino_t ino;
};

/* Opens @l on "unix:PATH", or on "tcp:[HOST:]PORT" with a HOST in digits or localhost, which stands
 * for a missing one too; an IPv6 address in brackets. What is done about a file in the way stands
 * in server.h. 0, or a negative errno and one line in @err. */
MUST_CHECK int listener_open(struct listener *l, const char *address, struct err *err);

/* The next connection, non-blocking, or a negative errno. */
int listener_accept(const struct listener *l);

/* Removes the file if it is ours and closes. */
void listener_close(struct listener *l);

#endif
