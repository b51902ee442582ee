/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_BLK_DISK_H
#define VISE_GUEST_INIT_SELFTEST_BLK_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "guest-init/selftest/device.h"
#include "guest-init/selftest/plan.h"

/* The disk that is tested, and the place on it that may be written. */
struct blk_disk {
	struct device device;
	char name[DEVICE_NAME_MAX]; /* vda */
	char root[512];		    /* directory for the file; empty: raw sectors at the end */
	bool in_use;		    /* a file system of it is mounted */
};

/*
 * Chooses: what --blk-root names, or else the first virtio disk with a mounted and writable file
 * system, or else the first one whose last sectors (as many as the test writes) hold only zeros: no
 * data of anybody is at risk there. False with a plain reason token.
 */
bool blk_disk_choose(const struct plan *plan, struct blk_disk *disk, const char **reason);

/* The name of the block device of the virtio device @virtio ("virtio1"); false when it has none. */
bool blk_disk_name(const char *virtio, char *name, size_t size);

/* Size of /dev/@name in bytes, or -1. */
int64_t blk_disk_bytes(const char *name);

/* How many bytes of a disk of @disk_bytes a test of @want bytes uses: whole chunks of @chunk, 0
 * when not even one fits. They begin at @base, as near to the end as direct access allows. Pure. */
uint64_t blk_disk_scratch(uint64_t disk_bytes, uint64_t want, uint64_t chunk, uint64_t *base);

#define BLK_DISK_ALIGN 4096U /* serves O_DIRECT on every sector size */

#endif
