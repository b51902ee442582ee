/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_SCENARIO_VARIABLES_H
#define VISE_SCENARIO_VARIABLES_H

#include "vmm/core/err.h"

#include <stdbool.h>
#include <stddef.h>

/* The variables of a scenario: few, looked up by a walk. All zeros is an empty set. */

struct variable {
	char *name;
	char *value;
};

struct variables {
	struct variable *list;
	size_t n;
};

/* Whether the first @len bytes of @name can be one: a letter or _, then letters, digits, _ and -.
 */
bool variables_is_name(const char *name, size_t len);

/* Copies @name and @value, in place of what @name had. 0, -EINVAL (no name) or -ENOMEM with one
 * line in @err. */
MUST_CHECK int variables_set(struct variables *v, const char *name, const char *value,
			     struct err *err);

/* The value, valid until it is set anew; NULL when there is no such variable. */
const char *variables_get(const struct variables *v, const char *name);

void variables_fini(struct variables *v);

#endif
