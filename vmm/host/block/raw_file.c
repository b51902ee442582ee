/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/block/raw_file.h"

#include "vmm/core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <linux/fs.h>

/*
 * Locks belong to the open file description (fcntl(2), "Open file description locks"): unlike the
 * older kind they hold between two disks of one process too, and outlive the close of a duplicate.
 * The range is the whole file, so that they also meet the byte locks of other monitors.
 */

#define LOCK_TRIES	       10
#define LOCK_PAUSE_NS	       (20 * 1000 * 1000)
#define SIZE_IN_SECTORS(bytes) ((bytes) / BLOCK_SECTOR * BLOCK_SECTOR)

static int check_type(const char *path, struct stat *st, struct err *err)
{
	if (stat(path, st) < 0) {
		if (errno == ENOENT)
			return err_set(err, -ENOENT,
				       "disk image %s: no such file; check the path, or create one "
				       "(truncate -s 10G FILE)",
				       path);
		return err_set_errno(err, errno, "disk image %s: cannot be found", path);
	}
	if (S_ISDIR(st->st_mode))
		return err_set(err, -EISDIR,
			       "disk image %s: is a directory; name a file or a block device",
			       path);
	if (!S_ISREG(st->st_mode) && !S_ISBLK(st->st_mode))
		return err_set(err, -EINVAL,
			       "disk image %s: is neither a regular file nor a block device", path);
	return 0;
}

static int open_failed(const char *path, bool read_only, bool device, int errnum, struct err *err)
{
	const char *hint = read_only ? "" : "; use readonly=on or snapshot=on";

	if (device && errnum == EBUSY)
		return err_set(err, -EBUSY, "disk image %s: in use by the host or a process%s",
			       path, hint);
	if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) < 0)
		return err_set_errno(err, errno, "disk image %s: not readable", path);
	if (read_only)
		return err_set_errno(err, errnum, "disk image %s: cannot be opened", path);
	return err_set(err, -errnum, "disk image %s: not writable (%s)%s", path, strerror(errnum),
		       hint);
}

static int take_lock(const struct raw_file *file, struct err *err)
{
	struct flock lock = {.l_whence = SEEK_SET};

	lock.l_type = file->read_only ? F_RDLCK : F_WRLCK;
	if (!fcntl(file->fd, F_OFD_SETLK, &lock))
		return 0;
	if (errno == EAGAIN || errno == EACCES)
		return err_set(err, -EBUSY,
			       "disk image %s: in use by another process (or named twice)%s",
			       file->path,
			       file->read_only ? "" : "; stop that one, or share with snapshot=on");
	/* Some network file systems have no locks: that is no reason to refuse the image. */
	log_warn("disk image %s: cannot be locked (%s); make sure that nothing else writes it",
		 file->path, strerror(errno));
	return 0;
}

static int device_size(const struct raw_file *file, uint64_t *size, struct err *err)
{
	if (ioctl(file->fd, BLKGETSIZE64, size) < 0)
		return err_set_errno(err, errno, "disk image %s: size of the device", file->path);
	*size = SIZE_IN_SECTORS(*size);
	return 0;
}

static int read_size(struct raw_file *file, struct err *err)
{
	struct stat st;

	if (file->device)
		return device_size(file, &file->size, err);
	if (fstat(file->fd, &st) < 0)
		return err_set_errno(err, errno, "disk image %s: size", file->path);
	file->size = SIZE_IN_SECTORS((uint64_t)st.st_size);
	if (!file->size)
		return err_set(err, -EINVAL,
			       "disk image %s: holds %jd bytes; a disk has at least %u", file->path,
			       (intmax_t)st.st_size, BLOCK_SECTOR);
	return 0;
}

static int open_locked(struct raw_file *file, const char *path, bool read_only, struct err *err)
{
	int flags = O_CLOEXEC | O_NOCTTY | (read_only ? O_RDONLY : O_RDWR);
	struct stat st;
	int rc = check_type(path, &st, err);

	if (rc)
		return rc;
	*file = (struct raw_file){.device = S_ISBLK(st.st_mode), .read_only = read_only};
	/* On a device, O_EXCL refuses one that the host has mounted (open(2)). */
	if (file->device && !read_only)
		flags |= O_EXCL;
	file->fd = open(path, flags);
	if (file->fd < 0)
		return open_failed(path, read_only, file->device, errno, err);
	file->path = strdup(path);
	rc = file->path ? take_lock(file, err)
			: err_set(err, -ENOMEM, "disk image %s: out of memory", path);
	if (!rc)
		rc = read_size(file, err);
	if (rc)
		raw_file_close(file);
	return rc;
}

int raw_file_open(struct raw_file *file, const char *path, bool read_only, struct err *err)
{
	static const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
	int rc = open_locked(file, path, read_only, err);

	/* A process that was killed with requests in an io_uring is gone some milliseconds before
	 * the kernel lets go of its files. */
	for (int tries = 1; rc == -EBUSY && tries < LOCK_TRIES; tries++) {
		nanosleep(&pause, NULL);
		rc = open_locked(file, path, read_only, err);
	}
	return rc;
}

static int open_unnamed(const char *dir)
{
	char name[4096];
	int fd = open(dir, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	/* Not every file system makes unnamed files. */
	if ((size_t)snprintf(name, sizeof(name), "%s/vise-XXXXXX", dir) >= sizeof(name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	return fd;
}

int raw_file_temporary(struct raw_file *file, uint64_t size, struct err *err)
{
	const char *dir = getenv("TMPDIR");

	if (!dir || !*dir)
		dir = "/tmp";
	*file = (struct raw_file){.fd = open_unnamed(dir), .size = size};
	if (file->fd < 0) {
		log_warn("snapshot=on: no temporary file in %s (%s); writes are kept in memory",
			 dir, strerror(errno));
		file->fd = memfd_create("vise-snapshot", MFD_CLOEXEC);
	}
	if (file->fd < 0)
		return err_set_errno(err, errno, "snapshot=on: temporary file in %s", dir);
	file->path = strdup("temporary file of snapshot=on");
	if (!file->path) {
		raw_file_close(file);
		return err_set(err, -ENOMEM, "snapshot=on: out of memory");
	}
	if (ftruncate(file->fd, (off_t)size) < 0) {
		int errnum = errno;

		raw_file_close(file);
		return err_set_errno(err, errnum,
				     "snapshot=on: temporary file of %" PRIu64 " bytes in %s; set "
				     "TMPDIR to a folder that takes one",
				     size, dir);
	}
	return 0;
}

static int resize_device(struct raw_file *file, uint64_t size, struct err *err)
{
	uint64_t real;
	int rc = device_size(file, &real, err);

	if (rc)
		return rc;
	if (real != size)
		return err_set(err, -ENOTSUP,
			       "disk image %s: is a block device of %" PRIu64
			       " bytes; change the device first, then name its new size",
			       file->path, real);
	file->size = size;
	return 0;
}

int raw_file_resize(struct raw_file *file, uint64_t size, struct err *err)
{
	int rc;

	if (file->device)
		return resize_device(file, size, err);
	if (size == file->size)
		return 0;
	if (file->read_only)
		return err_set(err, -EROFS,
			       "disk image %s: opened for reading only; its size stays",
			       file->path);
	do
		rc = ftruncate(file->fd, (off_t)size);
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return err_set_errno(err, errno, "disk image %s: resize to %" PRIu64 " bytes",
				     file->path, size);
	file->size = size;
	return 0;
}

void raw_file_close(struct raw_file *file)
{
	struct flock lock = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

	/* By hand: another holder of the descriptor would keep the lock alive beyond the close. */
	if (file->path)
		fcntl(file->fd, F_OFD_SETLK, &lock);
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	*file = (struct raw_file){.fd = -1};
}

int raw_file_advance(struct block_request *req, ssize_t result)
{
	size_t left = req->op == BLOCK_FLUSH ? 0 : req->len - req->progress;

	/* Cancelled is what a request becomes when the thread that submitted it has ended. */
	if (result == -EINTR || result == -EAGAIN || result == -ECANCELED)
		return 1;
	if (result < 0)
		return (int)result;
	if (!left)
		return 0;
	if (!result) {
		/* The file ends here. A last sector that it holds in part is padded with zeros;
		 * whole sectors that are gone were cut off behind our back. */
		if (req->op != BLOCK_READ || left >= BLOCK_SECTOR)
			return -EIO;
		memset(req->buf + req->progress, 0, left);
		return 0;
	}
	req->progress += (size_t)result;
	return req->progress < req->len;
}
