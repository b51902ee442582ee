/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_CORE_NEAREST_H
#define VISE_CORE_NEAREST_H

#include <stddef.h>

/*
 * "Did you mean": the name that a mistyped one is nearest to. Start with NEAREST_INIT, offer every
 * name there is with nearest_try(), read `best`. No thread restrictions, nothing is copied.
 */

struct nearest {
	const char *asked; /* what was typed; not owned */
	const char *best;  /* the nearest name offered so far, NULL when none is near */
	size_t distance;   /* of best */
};

#define NEAREST_INIT(asked)                                                                        \
	{                                                                                          \
		(asked), NULL, 0                                                                   \
	}

/* Offers @name, which must outlive @nearest. A name is near when one third of its letters or fewer
 * are inserted, missing, wrong or swapped, or when what was typed is its beginning. */
void nearest_try(struct nearest *nearest, const char *name);

#endif
