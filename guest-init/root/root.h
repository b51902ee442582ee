/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_ROOT_H
#define VISE_GUEST_INIT_ROOT_H

/*
 * Makes the file system on @device the root: waits for the device (10 s at most), mounts it
 * (read-only where it cannot be written), moves /proc, /sys and /dev there, frees the initramfs.
 * Does not return when it fails: it reports why and powers off.
 */
void root_switch(const char *device);

#endif
