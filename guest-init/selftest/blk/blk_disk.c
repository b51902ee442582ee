/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/blk/blk_disk.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "guest-init/selftest/sysfs.h"

#define VIRTIO "/sys/bus/virtio/devices"

bool blk_disk_name(const char *virtio, char *name, size_t size)
{
	return *virtio && sysfs_first(name, size, "", VIRTIO "/%s/block", virtio);
}

int64_t blk_disk_bytes(const char *name)
{
	char path[DEVICE_NAME_MAX + 8];
	uint64_t bytes = 0;
	int fd;
	int ret;

	snprintf(path, sizeof(path), "/dev/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ret = ioctl(fd, BLKGETSIZE64, &bytes);
	close(fd);
	return ret || bytes > INT64_MAX ? -1 : (int64_t)bytes;
}

uint64_t blk_disk_scratch(uint64_t disk_bytes, uint64_t want, uint64_t chunk, uint64_t *base)
{
	uint64_t use = (want < disk_bytes ? want : disk_bytes) / chunk * chunk;

	*base = (disk_bytes - use) & ~(uint64_t)(BLK_DISK_ALIGN - 1);
	return use;
}

/* The place where disk @name or a partition of it is mounted for writing; @mounted tells whether
 * it is mounted at all. */
static bool find_mount(const char *name, char *point, size_t size, bool *mounted)
{
	FILE *f = setmntent("/proc/mounts", "r");
	const struct mntent *e;
	size_t len = strlen(name);

	*mounted = false;
	point[0] = '\0';
	while (f && !*point && (e = getmntent(f))) {
		if (strncmp(e->mnt_fsname, "/dev/", 5) != 0 ||
		    strncmp(e->mnt_fsname + 5, name, len) != 0 ||
		    strspn(e->mnt_fsname + 5 + len, "0123456789") !=
			    strlen(e->mnt_fsname + 5 + len))
			continue;
		*mounted = true;
		if (hasmntopt(e, "rw"))
			snprintf(point, size, "%s", e->mnt_dir);
	}
	if (f)
		endmntent(f);
	return *point != '\0';
}

static bool all_zero(const char *name, const struct plan *plan)
{
	uint64_t chunk = (uint64_t)plan->io_chunk_kib << 10;
	uint64_t want = (uint64_t)plan->io_size_mib << 20;
	int64_t bytes = blk_disk_bytes(name);
	uint64_t base = 0;
	uint64_t use = bytes < 0 ? 0 : blk_disk_scratch((uint64_t)bytes, want, chunk, &base);
	char path[DEVICE_NAME_MAX + 8];
	unsigned char *data = use ? malloc(chunk) : NULL;
	bool zero = data != NULL;
	int fd;

	snprintf(path, sizeof(path), "/dev/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	for (uint64_t at = 0; zero && at < use; at += chunk)
		zero = pread(fd, data, chunk, (off_t)(base + at)) == (ssize_t)chunk && !data[0] &&
		       !memcmp(data, data + 1, chunk - 1);
	if (fd >= 0)
		close(fd);
	free(data);
	return zero && fd >= 0;
}

/* The name of the disk that the file or device @st lies on. */
static bool disk_of(const struct stat *st, char *name, size_t size)
{
	dev_t dev = S_ISBLK(st->st_mode) ? st->st_rdev : st->st_dev;
	char link[SYSFS_PATH_MAX];
	char up[SYSFS_PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major(dev), minor(dev));
	if (!sysfs_link_name(name, size, "%s", link))
		return false;
	/* A partition lies below its disk. */
	if (sysfs_number("%s/partition", link) < 0)
		return true;
	n = readlink(link, up, sizeof(up) - 1);
	if (n < 0)
		return false;
	up[n] = '\0';
	*strrchr(up, '/') = '\0';
	snprintf(name, size, "%s", strrchr(up, '/') + 1);
	return true;
}

static bool choose_given(const struct plan *plan, const struct device *devices, size_t n,
			 struct blk_disk *disk, const char **reason)
{
	char name[DEVICE_NAME_MAX];
	struct stat st;

	*reason = "blk_root_not_found";
	if (stat(plan->blk_root, &st))
		return false;
	*reason = "blk_root_not_on_virtio_disk";
	if ((!S_ISDIR(st.st_mode) && !S_ISBLK(st.st_mode)) || !disk_of(&st, name, sizeof(name)))
		return false;
	for (size_t i = 0; i < n; i++) {
		char other[512];

		disk->device = devices[i];
		if (!blk_disk_name(devices[i].virtio, disk->name, sizeof(disk->name)) ||
		    strcmp(name, disk->name) != 0)
			continue;
		find_mount(name, other, sizeof(other), &disk->in_use);
		if (S_ISDIR(st.st_mode))
			snprintf(disk->root, sizeof(disk->root), "%s", plan->blk_root);
		*reason = "blk_root_is_mounted";
		return S_ISDIR(st.st_mode) || !disk->in_use;
	}
	return false;
}

bool blk_disk_choose(const struct plan *plan, struct blk_disk *disk, const char **reason)
{
	struct device devices[DEVICE_MAX];
	size_t n = device_find(&device_blk, devices, DEVICE_MAX);
	bool raw = false;

	*disk = (struct blk_disk){.in_use = false};
	*reason = "device_missing";
	if (!n)
		return false;
	disk->device = devices[0];
	if (plan->blk_root)
		return choose_given(plan, devices, n, disk, reason);
	*reason = "no_usable_volume";
	for (size_t i = 0; i < n; i++) {
		struct blk_disk d = {.device = devices[i]};

		if (!blk_disk_name(d.device.virtio, d.name, sizeof(d.name)))
			continue;
		if (find_mount(d.name, d.root, sizeof(d.root), &d.in_use)) {
			*disk = d;
			return true;
		}
		if (!raw && !d.in_use && all_zero(d.name, plan)) {
			*disk = d;
			raw = true;
		}
	}
	return raw;
}
