/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool read_line(char *text, size_t size, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	text[0] = '\0';
	if (fd < 0)
		return false;
	n = read(fd, text, size - 1);
	close(fd);
	if (n < 0)
		return false;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return true;
}

bool sysfs_text(char *text, size_t size, const char *fmt, ...)
{
	char path[SYSFS_PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	return read_line(text, size, path);
}

int64_t sysfs_number(const char *fmt, ...)
{
	char path[SYSFS_PATH_MAX];
	char text[64];
	va_list ap;
	char *end;
	long long n;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	if (!read_line(text, sizeof(text), path))
		return -1;
	n = strtoll(text, &end, 0);
	return end == text || *end ? -1 : n;
}

bool sysfs_link_name(char *name, size_t size, const char *fmt, ...)
{
	char path[SYSFS_PATH_MAX];
	char target[SYSFS_PATH_MAX];
	const char *slash;
	va_list ap;
	ssize_t n;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	name[0] = '\0';
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	slash = strrchr(target, '/');
	snprintf(name, size, "%s", slash ? slash + 1 : target);
	return true;
}

int sysfs_write(const char *text, const char *fmt, ...)
{
	char path[SYSFS_PATH_MAX];
	va_list ap;
	int ret = 0;
	int fd;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

bool sysfs_first(char *name, size_t size, const char *prefix, const char *fmt, ...)
{
	char path[SYSFS_PATH_MAX];
	const struct dirent *e;
	va_list ap;
	DIR *dir;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	name[0] = '\0';
	dir = opendir(path);
	if (!dir)
		return false;
	while ((e = readdir(dir))) {
		if (*e->d_name != '.' && !strncmp(e->d_name, prefix, strlen(prefix)) &&
		    (!*name || strcmp(e->d_name, name) < 0))
			snprintf(name, size, "%s", e->d_name);
	}
	closedir(dir);
	return *name != '\0';
}
