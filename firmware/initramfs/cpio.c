/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/initramfs/cpio.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SLOTS (2U * CPIO_MAX_ENTRIES) /* never more than half full */

struct cpio {
	int fd;
	uint64_t bytes;
	uint32_t entries;
	char **paths; /* open addressing by hash; SLOTS of them */
};

struct entry {
	const char *path;
	mode_t mode;
	const void *data;
	size_t len;
	unsigned major;
	unsigned minor;
};

struct cpio *cpio_create(struct err *err)
{
	struct cpio *cpio = calloc(1, sizeof(*cpio));

	if (cpio) {
		cpio->fd = memfd_create("vise-initramfs", MFD_CLOEXEC);
		cpio->paths = calloc(SLOTS, sizeof(*cpio->paths));
	}
	if (!cpio || cpio->fd < 0 || !cpio->paths) {
		err_set_errno(err, errno, "initramfs: no memory");
		cpio_destroy(cpio);
		return NULL;
	}
	return cpio;
}

void cpio_destroy(struct cpio *cpio)
{
	if (!cpio)
		return;
	if (cpio->fd >= 0)
		close(cpio->fd);
	for (size_t i = 0; cpio->paths && i < SLOTS; i++)
		free(cpio->paths[i]);
	free(cpio->paths);
	free(cpio);
}

/* The slot that holds @path, or the free one where it belongs. */
static char **slot_of(const struct cpio *cpio, const char *path)
{
	uint32_t hash = 2166136261U;
	size_t i;

	for (const char *s = path; *s; s++)
		hash = (hash ^ (uint8_t)*s) * 16777619U;
	for (i = hash % SLOTS; cpio->paths[i] && strcmp(cpio->paths[i], path) != 0;)
		i = (i + 1) % SLOTS;
	return &cpio->paths[i];
}

int cpio_has(const struct cpio *cpio, const char *path)
{
	return *slot_of(cpio, path) != NULL;
}

static int write_all(struct cpio *cpio, struct iovec *io, int n, struct err *err)
{
	while (n) {
		ssize_t done = writev(cpio->fd, io, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return err_set_errno(err, errno, "initramfs: cannot write to memory");
		while (n && (size_t)done >= io->iov_len) {
			done -= (ssize_t)io->iov_len;
			io++;
			n--;
		}
		if (n) {
			io->iov_base = (char *)io->iov_base + done;
			io->iov_len -= (size_t)done;
		}
	}
	return 0;
}

static size_t padding(size_t len)
{
	return -len & 3;
}

/* Header, name, data; name and data are each filled up to four bytes. Names have no leading '/'. */
static int write_entry(struct cpio *cpio, const struct entry *e, struct err *err)
{
	char zeros[4] = {0};
	const char *name = e->path + (*e->path == '/');
	size_t name_len = strlen(name) + 1;
	char header[111];
	struct iovec io[] = {
		{header, 110},
		{(char *)(uintptr_t)name, name_len},
		{zeros, padding(110 + name_len)},
		{(void *)(uintptr_t)e->data, e->len},
		{zeros, padding(e->len)},
	};
	uint64_t total = 0;

	for (size_t i = 0; i < 5; i++)
		total += io[i].iov_len;
	if (e->len >= CPIO_MAX_BYTES || total > CPIO_MAX_BYTES - cpio->bytes)
		return err_set(err, -EFBIG, "initramfs: larger than %llu MiB with %s",
			       CPIO_MAX_BYTES >> 20, e->path);
	if (cpio->entries >= CPIO_MAX_ENTRIES)
		return err_set(err, -E2BIG, "initramfs: more than %u files with %s",
			       CPIO_MAX_ENTRIES, e->path);
	snprintf(header, sizeof(header),
		 "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", ++cpio->entries,
		 (unsigned)e->mode, 0U, 0U, S_ISDIR(e->mode) ? 2U : 1U, 0U, (unsigned)e->len, 0U,
		 0U, e->major, e->minor, (unsigned)name_len, 0U);
	cpio->bytes += total;
	return write_all(cpio, io, 5, err);
}

static bool good_path(const char *path)
{
	if (*path != '/' || strlen(path) > CPIO_PATH_MAX)
		return false;
	while (*path == '/') {
		size_t len = strcspn(++path, "/");

		if (!len || (len == 1 && *path == '.') || (len == 2 && !strncmp(path, "..", 2)))
			return false;
		path += len;
	}
	return true;
}

/* Adds one path, knowing that its parents are there. */
static int add_one(struct cpio *cpio, const struct entry *e, struct err *err)
{
	char **slot = slot_of(cpio, e->path);
	int ret;

	if (*slot)
		return 0;
	ret = write_entry(cpio, e, err);
	if (ret)
		return ret;
	*slot = strdup(e->path);
	return *slot ? 0 : err_set(err, -ENOMEM, "initramfs: no memory");
}

static int add(struct cpio *cpio, const struct entry *e, struct err *err)
{
	char parent[CPIO_PATH_MAX + 1];

	if (!good_path(e->path))
		return err_set(err, -EINVAL,
			       "initramfs: %s: not a plain absolute path of at most"
			       " %d bytes",
			       e->path, CPIO_PATH_MAX);
	for (const char *s = strchr(e->path + 1, '/'); s; s = strchr(s + 1, '/')) {
		struct entry dir = {.path = parent, .mode = S_IFDIR | 0755};
		int ret;

		snprintf(parent, sizeof(parent), "%.*s", (int)(s - e->path), e->path);
		ret = add_one(cpio, &dir, err);
		if (ret)
			return ret;
	}
	return add_one(cpio, e, err);
}

int cpio_add_dir(struct cpio *cpio, const char *path, mode_t mode, struct err *err)
{
	return add(cpio, &(struct entry){.path = path, .mode = S_IFDIR | (mode & 07777)}, err);
}

int cpio_add_file(struct cpio *cpio, const char *path, mode_t mode, const void *data, size_t len,
		  struct err *err)
{
	return add(
		cpio,
		&(struct entry){
			.path = path, .mode = S_IFREG | (mode & 07777), .data = data, .len = len},
		err);
}

int cpio_add_link(struct cpio *cpio, const char *path, const char *target, struct err *err)
{
	return add(cpio,
		   &(struct entry){.path = path,
				   .mode = S_IFLNK | 0777,
				   .data = target,
				   .len = strlen(target)},
		   err);
}

int cpio_add_node(struct cpio *cpio, const char *path, mode_t mode, unsigned major, unsigned minor,
		  struct err *err)
{
	return add(cpio,
		   &(struct entry){.path = path,
				   .mode = S_IFCHR | (mode & 07777),
				   .major = major,
				   .minor = minor},
		   err);
}

int cpio_finish(struct cpio *cpio, struct err *err)
{
	int ret = write_entry(cpio, &(struct entry){.path = "TRAILER!!!"}, err);

	if (ret)
		return ret;
	if (lseek(cpio->fd, 0, SEEK_SET) < 0)
		return err_set_errno(err, errno, "initramfs");
	ret = cpio->fd;
	cpio->fd = -1;
	return ret;
}
