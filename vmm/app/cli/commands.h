/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_COMMANDS_H
#define VISE_APP_COMMANDS_H

#include "vmm/core/err.h"
#include "vmm/core/option/option.h"

#include <stdbool.h>

/*
 * The sub-commands of vise. What they are called and take is the table in subcommands.c, from which
 * help, man page and completion are made; which function runs each is commands.c's, so that the
 * documents can be made and tested without the machine.
 */

/* In the order of the table. */
enum subcommand_id {
	SUBCOMMAND_RUN,
	SUBCOMMAND_QEMU,
	SUBCOMMAND_DOCTOR,
	SUBCOMMAND_HELP,
	SUBCOMMAND_VERSION
};
#define N_SUBCOMMANDS 5

struct subcommand {
	const char *name;     /* NULL ends the table */
	const char *operands; /* what follows the options in the synopsis; "" for nothing */
	const char *summary;  /* one line, begins in lower case */
	const char *text;     /* sentences for the manual */
	bool takes_command;   /* an operand is the name of a sub-command */
	const struct option_part *options;
};

extern const struct subcommand subcommands[];

/* The row called @name, or NULL with a line in @err that suggests the nearest. */
const struct subcommand *subcommand_find(const char *name, struct err *err);

/* What a sub-command without options of its own takes. */
struct plain_options {
	bool help;
};
extern const struct option_part plain_option_parts[];

struct doctor_options {
	bool probe; /* print the kind of KVM as one word and nothing else */
	bool help;
};
extern const struct option_part doctor_option_parts[];

struct help_options {
	bool man;     /* print the man page */
	bool bash;    /* print the completion */
	bool control; /* print the reference of the control commands */
	bool qemu;    /* print the reference of QEMU's command line */
	bool help;
};
extern const struct option_part help_option_parts[];

/* How vise ends, besides 0 and the status of a guest command. */
enum exit_status {
	EXIT_STATUS_TIMEOUT = 124,
	EXIT_STATUS_ERROR = 125, /* wrong usage, or the VMM failed */
	EXIT_STATUS_PANIC = 126,
	EXIT_STATUS_RESET = 127,
};

struct exit_row {
	const char *status; /* NULL ends the table */
	const char *meaning;
};
extern const struct exit_row exit_rows[];

/*
 * The functions behind the rows. argv[0] is the sub-command's name; the result is the exit status
 * of the program. They print their own errors. cmd_run, cmd_qemu and cmd_doctor have files of their
 * own.
 */
int cmd_run(int argc, char **argv);
int cmd_qemu(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_help(int argc, char **argv);
int cmd_version(int argc, char **argv);

/* What main() does, with main()'s arguments: finds the sub-command and runs it. --help, -h and
 * --version stand for help and version; a program called qemu-system-SOMETHING is the sub-command
 * qemu. The result is the exit status. */
int commands_main(int argc, char **argv);

#endif
