/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/initramfs/include.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "firmware/initramfs/file.h"
#include "firmware/initramfs/programs.h"

#define FILE_MAX  (1U << 30)
#define DEPTH_MAX 64
#define PATH_LEN  4096

static int add_tree(struct cpio *cpio, const char *host, const char *guest, int depth,
		    struct err *err);

static int add_link(struct cpio *cpio, const char *host, const char *guest, struct err *err)
{
	char target[PATH_LEN];
	ssize_t len = readlink(host, target, sizeof(target) - 1);

	if (len < 0)
		return err_set_errno(err, errno, "%s", host);
	target[len] = '\0';
	return cpio_add_link(cpio, guest, target, err);
}

static int add_plain(struct cpio *cpio, const char *host, const char *guest, struct err *err)
{
	struct file file;
	int ret = file_load(&file, host, FILE_MAX, err);

	if (ret)
		return ret;
	ret = cpio_add_file(cpio, guest, file.mode, file.data, file.len, err);
	file_fini(&file);
	return ret;
}

/* One entry of a directory. */
static int add_entry(struct cpio *cpio, const char *host, const char *guest, int depth,
		     struct err *err)
{
	struct stat st;

	if (lstat(host, &st))
		return err_set_errno(err, errno, "%s", host);
	if (S_ISDIR(st.st_mode))
		return add_tree(cpio, host, guest, depth, err);
	if (S_ISLNK(st.st_mode))
		return add_link(cpio, host, guest, err);
	return S_ISREG(st.st_mode) ? add_plain(cpio, host, guest, err) : 0;
}

static int add_tree(struct cpio *cpio, const char *host, const char *guest, int depth,
		    struct err *err)
{
	const struct dirent *e;
	struct stat st;
	DIR *dir;
	int ret = 0;

	if (depth > DEPTH_MAX)
		return err_set(err, -ELOOP, "%s: more than %d directories deep", host, DEPTH_MAX);
	dir = opendir(host);
	if (!dir)
		return err_set_errno(err, errno, "%s", host);
	if (strcmp(guest, "/") != 0)
		ret = cpio_add_dir(cpio, guest, fstat(dirfd(dir), &st) ? 0755 : st.st_mode & 07777,
				   err);
	while (!ret && (e = readdir(dir))) {
		char from[PATH_LEN];
		char to[PATH_LEN];

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (snprintf(from, sizeof(from), "%s/%s", host, e->d_name) >= PATH_LEN ||
		    snprintf(to, sizeof(to), "%s/%s", guest[1] ? guest : "", e->d_name) >= PATH_LEN)
			ret = err_set(err, -ENAMETOOLONG, "%s/%s: path too long", host, e->d_name);
		else
			ret = add_entry(cpio, from, to, depth + 1, err);
	}
	closedir(dir);
	return ret;
}

int include_add(struct cpio *cpio, const char *option, struct err *err)
{
	/* The last ":/" parts the two: a host path may hold colons. */
	const char *colon = strrchr(option, ':');
	char guest[CPIO_PATH_MAX + 1];
	char host[PATH_LEN];
	struct stat st;
	size_t len;
	int ret;

	if (colon && colon[1] != '/')
		colon = NULL;
	len = colon ? (size_t)(colon - option) : strlen(option);
	if (!len || len >= sizeof(host))
		return err_set(err, -EINVAL, "--include %s: want HOST or HOST:/GUEST", option);
	memcpy(host, option, len);
	host[len] = '\0';
	if (stat(host, &st))
		return err_set_errno(err, errno, "--include %s", host);
	if (!S_ISDIR(st.st_mode)) {
		ret = programs_add(cpio, host, colon ? colon + 1 : NULL, err);
	} else {
		ret = programs_guest_path(colon ? colon + 1 : host, guest);
		ret = ret ? err_set_errno(err, -ret, "%s", host)
			  : add_tree(cpio, host, guest, 0, err);
	}
	if (ret)
		err_prefix(err, "--include %s", option);
	return ret;
}
