/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_CONTROL_REFERENCE_H
#define VISE_APP_CONTROL_REFERENCE_H

#include <stdio.h>

/* Prints the reference page of the control protocol, docs/control.md, from the command table. */
void control_print_reference(FILE *to);

#endif
