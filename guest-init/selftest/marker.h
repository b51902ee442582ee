/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_MARKER_H
#define VISE_GUEST_INIT_SELFTEST_MARKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Builds one line of the self test: tokens parted by '|'. No side effects. What would break the
 * line ('|', line ends, other control characters) is replaced by '/' or a blank. */

#define MARKER_MAX    4095 /* bytes of a line, without its end */
#define MARKER_PREFIX "AERO_VIRTIO_SELFTEST"

struct marker {
	char text[MARKER_MAX + 1];
	size_t len;
};

/* Begins a line with the one token @head. */
void marker_begin(struct marker *m, const char *head);

/* Begins AERO_VIRTIO_SELFTEST|TEST|@name|@status. */
void marker_test(struct marker *m, const char *name, const char *status);

/* Adds a token as it is. */
void marker_token(struct marker *m, const char *token);

/* Add key=value. */
void marker_text(struct marker *m, const char *key, const char *value);
void marker_number(struct marker *m, const char *key, uint64_t value);
void marker_signed(struct marker *m, const char *key, int64_t value);
void marker_hex(struct marker *m, const char *key, uint64_t value, int digits);
void marker_flag(struct marker *m, const char *key, bool value);

/* Adds key=N, or key=none for a negative @value. */
void marker_vector(struct marker *m, const char *key, int value);

/* Adds @bytes in @ns nanoseconds as megabytes a second with two decimals. */
void marker_rate(struct marker *m, const char *key, uint64_t bytes, uint64_t ns);

#endif
