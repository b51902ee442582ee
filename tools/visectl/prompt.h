/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_VISECTL_PROMPT_H
#define VISE_VISECTL_PROMPT_H

#include "tools/control/connection.h"

#include <stdbool.h>

/* Reads commands from stdin, one a line, up to its end, and prints replies, and events as they
 * come. Asks with a prompt when stdin is a terminal. The exit status: not 0 when a command failed.
 */
int prompt_run(struct connection *c, bool compact);

#endif
