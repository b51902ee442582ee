/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_CORE_OPTION_VALUE_H
#define VISE_CORE_OPTION_VALUE_H

#include "vmm/core/option/option.h"

/* What the files of the option engine share; everyone else uses option.h. */

/* Whether the member is one string. */
bool option_is_string(const struct option *option);

/* The three faces of one scalar: option_set(), options_check() and option_text() on a member. A
 * list's text is judged too, with @member a char **. */
MUST_CHECK int option_value_set(const struct option *option, void *member, const char *text,
				struct err *err);
MUST_CHECK int option_value_check(const struct option *option, const void *member, struct err *err);
const char *option_value_text(const struct option *option, const void *member, char *buf,
			      size_t size);

/* Reads the text of a spec into its @element, which has its standard values. */
MUST_CHECK int option_spec_set(const struct option *option, void *element, const char *text,
			       struct err *err);

#endif
