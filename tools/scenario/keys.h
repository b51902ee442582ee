/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_SCENARIO_KEYS_H
#define VISE_SCENARIO_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Names and codes of Linux's input-event-codes.h, without KEY_ and BTN_, in either case of letters.
 */

/* The code that the first @len bytes of @name name, or -1. */
int key_code(const char *name, size_t len);
int button_code(const char *name, size_t len);

/* The key that types @c on a keyboard of the United States, and whether with shift; -1: none does.
 */
int key_of_char(char c, bool *shift);

#endif
