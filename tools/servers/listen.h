/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TOOLS_SERVERS_LISTEN_H
#define VISE_TOOLS_SERVERS_LISTEN_H

#include <stdint.h>

#include "vmm/core/err.h"

/* A non-blocking socket of @type (SOCK_STREAM, which listens, or SOCK_DGRAM) on 127.0.0.1:@port, 0
 * for any; @port becomes the one that it got. The descriptor, or a negative errno with one line
 * that begins with @what. */
MUST_CHECK int listen_local(int type, uint16_t *port, const char *what, struct err *err);

#endif
