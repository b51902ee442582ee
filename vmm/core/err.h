/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_CORE_ERR_H
#define VISE_CORE_ERR_H

/*
 * An error that a human will read. Functions that can fail return 0 or a negative errno and take a
 * `struct err *` last; they fill it once, where the cause is understood. Callers add context with
 * err_prefix() on the way up; only the last caller prints.
 */

struct err {
	int code;	/* negative errno, 0 while unset */
	char text[512]; /* one line, no trailing newline */
};

#define ERR_INIT                                                                                   \
	{                                                                                          \
		0, ""                                                                              \
	}

#define MUST_CHECK __attribute__((warn_unused_result))

/* Fills @err (which may be NULL) with @code (negative errno) and a formatted line; returns @code.
 */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Like err_set(), with ": " and the text of errno @errnum (positive) appended; returns -@errnum. */
int err_set_errno(struct err *err, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts a formatted "context: " in front of the text that @err (which may be NULL) holds. */
void err_prefix(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
