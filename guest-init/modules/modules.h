/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_MODULES_H
#define VISE_GUEST_INIT_MODULES_H

/*
 * Loads the modules that @list (a file of paths, in load order) names; no list means no modules.
 * A module that is there already is fine; one that does not load is reported as a warning, and the
 * rest is tried.
 */
void modules_load(const char *list);

#endif
