/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_FIRMWARE_INITRAMFS_MODULES_INDEX_H
#define VISE_FIRMWARE_INITRAMFS_MODULES_INDEX_H

#include <stdbool.h>
#include <stddef.h>

#include "vmm/core/err.h"

/*
 * Names of kernel modules and which ones each needs, read from modules.dep (or modules.order,
 * which knows no needs) and modules.builtin. Names are compared as the kernel does, '-' like '_',
 * without folder and ".ko*". The texts are treated as hostile: lines that make no sense are passed
 * over, cycles end, paths that leave the directory do not count.
 */

#define MODULES_INDEX_MAX 65536 /* modules */

struct module_entry {
	const char *path;  /* below the module directory */
	const char *needs; /* paths parted by blanks; "" or, from modules.order, unknown */
	bool builtin;
	bool visited; /* by the walk that runs */
};

struct modules_index {
	struct module_entry *entries; /* sorted by name */
	size_t n;
	bool needs_known; /* it came from modules.dep */
};

enum modules_list { MODULES_DEP, MODULES_ORDER, MODULES_BUILTIN };

/* Adds the lines of @text, which is changed (line ends and colons become NUL) and must outlive the
 * index. 0; -E2BIG or -ENOMEM with @err. */
MUST_CHECK int modules_index_add(struct modules_index *index, enum modules_list list, char *text,
				 struct err *err);

/* Makes the index ready for searching: call once after the last modules_index_add(). */
void modules_index_sort(struct modules_index *index);

/* The entry for a module's name or path, of @name_len bytes; NULL when there is none. A built-in
 * one wins over a file. */
struct module_entry *modules_index_find(const struct modules_index *index, const char *name,
					size_t name_len);

/*
 * Calls @visit for the module @name and all it needs, in load order, leaving out those that are
 * built in, not there, or visited before. @needs, where not NULL, tells an entry's needs (parted by
 * blanks or commas) in place of the index. Stops at the first nonzero answer and returns it.
 */
struct modules_walk {
	int (*visit)(struct module_entry *entry, void *opaque);
	/* NULL result: failure, the walk ends with -EIO. */
	const char *(*needs)(struct module_entry *entry, void *opaque);
	void *opaque;
};
MUST_CHECK int modules_index_walk(struct modules_index *index, const char *name,
				  const struct modules_walk *walk);

void modules_index_fini(struct modules_index *index);

#endif
