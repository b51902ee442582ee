/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_BLOCK_PROBE_H
#define VISE_HOST_BLOCK_PROBE_H

#include "vmm/host/block/raw_file.h"

/* The name of the image format whose header the 512 bytes at @sector are ("qcow2", "vmdk", ...);
 * NULL when they are none that anybody would take for one. Any thread. */
const char *probe_sector(const uint8_t *sector);

/* The same of the first sector of @file: 0 with *@format, or a negative errno with @err. Blocks. */
MUST_CHECK int probe_file(const struct raw_file *file, const char **format, struct err *err);

#endif
