/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_SYSFS_H
#define VISE_GUEST_INIT_SELFTEST_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Small files below /sys. Paths are made by printf's rules. */

#define SYSFS_PATH_MAX 512

/* The first line of a file, without its end, into @text; false when it cannot be read. */
bool sysfs_text(char *text, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A number in C's notation, or -1. */
int64_t sysfs_number(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The last component of what a link points to; false when there is no such link. */
bool sysfs_link_name(char *name, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Writes @text to a file; 0 or a negative errno. */
int sysfs_write(const char *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The name of the first entry (in alphabetical order) of a directory that begins with @prefix
 * (and not with a dot); false when there is none. */
bool sysfs_first(char *name, size_t size, const char *prefix, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
