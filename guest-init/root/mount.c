/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/root/mount.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest-init/report.h"

#define BASE_COUNT 3

/* clang-format off */
static const struct place {
	const char *point;
	const char *type;
	unsigned long flags;
	const char *options;
	int optional; /* not every kernel has it */
} places[] = {
	{"/proc",          "proc",     MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, 0},
	{"/sys",           "sysfs",    MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, 0},
	{"/dev",           "devtmpfs", MS_NOSUID, "mode=755", 0},
	{"/dev/pts",       "devpts",   MS_NOSUID | MS_NOEXEC, "gid=5,mode=620,ptmxmode=666", 1},
	{"/dev/shm",       "tmpfs",    MS_NOSUID | MS_NODEV, "mode=1777", 0},
	{"/run",           "tmpfs",    MS_NOSUID | MS_NODEV, "mode=755", 0},
	{"/tmp",           "tmpfs",    MS_NOSUID | MS_NODEV, "mode=1777", 0},
	{"/sys/fs/cgroup", "cgroup2",  MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL, 1},
};
/* clang-format on */

static int mount_place(const struct place *p)
{
	if (!mount(p->type, p->point, p->type, p->flags, p->options) || errno == EBUSY)
		return 0;
	/* Only a missing directory is worth a second try; most exist. */
	if (errno == ENOENT && !mkdir(p->point, 0755) &&
	    !mount(p->type, p->point, p->type, p->flags, p->options))
		return 0;
	return -errno;
}

int mount_base(const char **failed)
{
	for (size_t i = 0; i < BASE_COUNT; i++) {
		int ret = mount_place(&places[i]);

		if (ret) {
			*failed = places[i].point;
			return ret;
		}
	}
	return 0;
}

void mount_rest(void)
{
	static const char *const links[][2] = {
		{"/proc/self/fd", "/dev/fd"},
		{"/proc/self/fd/0", "/dev/stdin"},
		{"/proc/self/fd/1", "/dev/stdout"},
		{"/proc/self/fd/2", "/dev/stderr"},
	};

	for (size_t i = BASE_COUNT; i < sizeof(places) / sizeof(places[0]); i++) {
		int ret = mount_place(&places[i]);

		if (ret && !places[i].optional)
			report_warn("%s: cannot mount %s: %s", places[i].point, places[i].type,
				    strerror(-ret));
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (symlink(links[i][0], links[i][1]) && errno != EEXIST)
			report_warn("%s: %s", links[i][1], strerror(errno));
	}
}

void mount_move(const char *root)
{
	for (size_t i = 0; i < BASE_COUNT; i++) {
		char to[64];

		snprintf(to, sizeof(to), "%s%s", root, places[i].point);
		if (mount(places[i].point, to, NULL, MS_MOVE, NULL) &&
		    (mkdir(to, 0755) || mount(places[i].point, to, NULL, MS_MOVE, NULL))) {
			report_warn("%s of the disk: cannot mount there: %s", places[i].point,
				    strerror(errno));
			umount2(places[i].point, MNT_DETACH);
		}
	}
}
