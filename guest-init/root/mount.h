/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_MOUNT_H
#define VISE_GUEST_INIT_MOUNT_H

/* Mounts /proc, /sys and /dev: what vise-init needs itself. Returns 0, or -errno of the first that
 * failed, whose place is stored in @failed; what is mounted already is fine. */
int mount_base(const char **failed);

/* Mounts the rest of what programs expect (devpts, tmpfs on /run, /tmp and /dev/shm, cgroup2) in
 * the final root, and makes /dev/fd and its kin. What fails is reported as a warning. */
void mount_rest(void);

/* Moves /proc, /sys and /dev below @root. What has no place there is unmounted. */
void mount_move(const char *root);

#endif
