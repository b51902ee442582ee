/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_FILE_H
#define VISE_GUEST_INIT_FILE_H

#include <stddef.h>

/* The content of a small file as a new string (the caller frees), at most @max bytes of it; NULL
 * and errno when it cannot be read. */
char *file_read(const char *path, size_t max);

#endif
