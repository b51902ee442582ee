/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_WINSIZE_H
#define VISE_GUEST_INIT_WINSIZE_H

#include <stdbool.h>

/* Reads the host's line "winsize ROWS COLS"; false if it says anything else. */
bool winsize_parse(const char *line, unsigned short *rows, unsigned short *cols);

#endif
