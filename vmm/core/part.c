/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/part.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const places[] = {"", "../lib/vise/"};

int part_find(const char *name, const char *what, const char *remedy, char *path, size_t size,
	      struct err *err)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n < 0)
		return err_set_errno(err, errno, "/proc/self/exe");
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		int len = snprintf(path, size, "%s/%s%s", self, places[i], name);

		if (len > 0 && (size_t)len < size && access(path, R_OK) == 0)
			return 0;
	}
	return err_set(err, -ENOENT, "%s %s, which is neither in %s nor in %s/../lib/vise%s", what,
		       name, self, self, remedy);
}
