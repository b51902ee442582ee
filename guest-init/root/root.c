/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/root/root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

#include "guest-init/file.h"
#include "guest-init/report.h"
#include "guest-init/root/mount.h"
#include "guest-init/root/probe.h"

#define NEW_ROOT "/newroot"
#define WAIT_MS	 10000

/* Waits for the node and for a medium behind it; returns a descriptor. */
static int wait_device(const char *device)
{
	struct timespec pause = {0, 1000000};
	long waited = 0;
	int fd;

	while ((fd = open(device, O_RDONLY | O_CLOEXEC)) < 0) {
		if ((errno != ENOENT && errno != ENXIO && errno != ENOMEDIUM) || waited >= WAIT_MS)
			return -errno;
		nanosleep(&pause, NULL);
		waited += pause.tv_nsec / 1000000;
		if (pause.tv_nsec < 50 * 1000000)
			pause.tv_nsec *= 2;
	}
	return fd;
}

static int try_mount(const char *device, const char *type)
{
	if (!mount(device, NEW_ROOT, type, 0, NULL))
		return 0;
	if ((errno == EACCES || errno == EROFS) && !mount(device, NEW_ROOT, type, MS_RDONLY, NULL))
		return 0;
	return -errno;
}

/* An unknown format: whatever the kernel has, in the kernel's order. Types that the probe knows are
 * not it, and trying them only makes the kernel complain. */
static int try_all(const char *device)
{
	char *list = file_read("/proc/filesystems", 8192);
	char *save = NULL;
	int ret = -EINVAL;

	for (char *line = list ? strtok_r(list, "\n", &save) : NULL; line && ret;
	     line = strtok_r(NULL, "\n", &save)) {
		if (*line == '\t' && !probe_knows(line + 1) && try_mount(device, line + 1) == 0)
			ret = 0;
	}
	free(list);
	return ret;
}

static void mount_root(const char *device)
{
	uint8_t *start = malloc(PROBE_LEN);
	int fd = wait_device(device);
	const char *type = NULL;
	struct stat st;
	ssize_t len;
	int ret;

	if (fd == -ENOENT || fd == -ENXIO)
		report_died("root: %s did not appear in %d s; is the disk there, and its driver"
			    " built in or found with --modules?",
			    device, WAIT_MS / 1000);
	if (fd < 0)
		report_died("root: %s: %s", device, strerror(-fd));
	if (fstat(fd, &st) || !S_ISBLK(st.st_mode))
		report_died("root: %s is not a block device", device);
	len = start ? pread(fd, start, PROBE_LEN, 0) : -1;
	if (len > 0)
		type = probe_type(start, (size_t)len);
	free(start);
	close(fd);
	mkdir(NEW_ROOT, 0755);
	ret = type ? try_mount(device, type) : try_all(device);
	if (ret == -ENODEV)
		report_died("root: %s holds %s, for which this kernel has no driver in the"
			    " initramfs",
			    device, type);
	if (ret && !type)
		report_died("root: %s holds no file system that this kernel knows", device);
	if (ret)
		report_died("root: cannot mount %s as %s: %s", device, type, strerror(-ret));
}

/* Removes a directory's content as far as it lies on the file system @dev. */
static void remove_tree(int dir, dev_t dev)
{
	DIR *d = fdopendir(dir);
	const struct dirent *e;

	if (!d) {
		close(dir);
		return;
	}
	while ((e = readdir(d))) {
		struct stat st;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") ||
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) || st.st_dev != dev)
			continue;
		if (S_ISDIR(st.st_mode)) {
			int sub = openat(dirfd(d), e->d_name,
					 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			if (sub >= 0)
				remove_tree(sub, dev);
			unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
		} else {
			unlinkat(dirfd(d), e->d_name, 0);
		}
	}
	closedir(d);
}

/* Only a memory file system is the initramfs; anything else is somebody's data. */
static bool in_memory(int dir)
{
	struct statfs fs;

	return !fstatfs(dir, &fs) && (fs.f_type == RAMFS_MAGIC || fs.f_type == TMPFS_MAGIC);
}

void root_switch(const char *device)
{
	struct stat st;
	int old;

	if (*device != '/')
		report_died("root: %s: a device path is wanted, such as /dev/vda", device);
	mount_root(device);
	mount_move(NEW_ROOT);
	old = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (chdir(NEW_ROOT) || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		report_died("root: cannot change to %s: %s", device, strerror(errno));
	if (old >= 0 && in_memory(old) && !fstat(old, &st))
		remove_tree(old, st.st_dev);
	else if (old >= 0)
		close(old);
}
