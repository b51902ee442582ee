/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_PROBE_H
#define VISE_GUEST_INIT_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How much of a device probe_type() wants to see. */
#define PROBE_LEN 0x10100

/* The file system type that the first @len bytes of a device tell, or NULL. */
const char *probe_type(const uint8_t *start, size_t len);

/* True when probe_type() would have told a file system of this type. */
bool probe_knows(const char *type);

#endif
