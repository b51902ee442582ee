/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_FIRMWARE_INITRAMFS_INCLUDE_H
#define VISE_FIRMWARE_INITRAMFS_INCLUDE_H

#include "firmware/initramfs/cpio.h"
#include "vmm/core/err.h"

/*
 * Adds what one --include option names: "HOST" or "HOST:GUEST", where GUEST begins with '/'.
 * Without GUEST the same path in the guest, a relative one below "/". A file that is a program
 * brings its libraries. A directory comes with all below it, links as links and files as they are
 * (without libraries); sockets, pipes and devices are left out. Errors name the option.
 */
MUST_CHECK int include_add(struct cpio *cpio, const char *option, struct err *err);

#endif
