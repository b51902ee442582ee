/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_HELP_H
#define VISE_APP_HELP_H

#include "vmm/app/cli/commands.h"

#include <stdio.h>

/* Everything that explains vise to people and shells, made from the tables of subcommands and
 * options. The output depends on nothing else, so that the tracked files can be compared. */

/* `vise help`: the sub-commands. */
void help_overview(FILE *out);

/* `vise help NAME`: usage and options of one sub-command. */
void help_subcommand(FILE *out, const struct subcommand *command);

/* docs/man/vise.1, in roff with the man macros. */
void help_man(FILE *out);

/* docs/completion/vise.bash. */
void help_bash(FILE *out);

#endif
