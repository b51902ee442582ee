/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_FIRMWARE_INITRAMFS_MODULES_H
#define VISE_FIRMWARE_INITRAMFS_MODULES_H

#include <stddef.h>

#include "firmware/initramfs/file.h"
#include "vmm/core/err.h"

/*
 * Finds the module directory of a kernel and takes from it what a guest needs, unpacked. A
 * directory where depmod never ran (an unpacked but not installed package) will do: the modules
 * themselves say what they need.
 */

#define MODULES_PATH_MAX 4096

/*
 * Writes the module directory to @dir (MODULES_PATH_MAX bytes). With @given (an option's value) it
 * is that directory, or the kernel's release in or below it. Otherwise it is looked for around
 * @kernel: DIR/boot/vmlinuz-REL or DIR/vmlinuz-REL belong to DIR/lib/modules/REL and
 * DIR/usr/lib/modules/REL; in the directory of the kernel itself too (.../modules/REL/vmlinuz). The
 * release is the one that a bzImage states, or the one in the file's name. Returns 0; -ENOENT
 * without @err when nothing was given or found; another negative errno with @err.
 */
MUST_CHECK int modules_find_dir(const char *kernel, const char *given, char *dir, struct err *err);

/* The release that the bzImage at @kernel states, or that its name holds, into @release (@size
 * bytes). 0 or -ENOENT. */
MUST_CHECK int modules_release(const char *kernel, char *release, size_t size);

/* Takes one module: @name such as "virtio_blk", without suffix; the content is the callee's only
 * during the call. 0 or a negative errno with @err, which ends the collection. */
typedef int modules_take(void *opaque, const char *name, const struct file *file, struct err *err);

/*
 * Hands the modules @names (NULL-terminated) and all they need to @take in load order, each once.
 * What the kernel has built in, or does not know, is left out. 0 or a negative errno with one line
 * that names the file.
 */
MUST_CHECK int modules_collect(const char *dir, const char *const *names, modules_take *take,
			       void *opaque, struct err *err);

#endif
