/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_FIRMWARE_INITRAMFS_APPLETS_H
#define VISE_FIRMWARE_INITRAMFS_APPLETS_H

#include "firmware/initramfs/cpio.h"
#include "vmm/core/err.h"

/*
 * Adds a link /bin/APPLET to /bin/busybox for each applet of the host's BusyBox at @busybox, which
 * is run once to tell them (`busybox --list`). Paths that are taken stay. One that tells nothing
 * is fine: its shell knows its applets without links, as a rule.
 */
MUST_CHECK int applets_add(struct cpio *cpio, const char *busybox, struct err *err);

#endif
