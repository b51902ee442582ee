/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/cli/commands.h"
#include "vmm/app/config/machine_options.h"
#include "vmm/core/option/nearest.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* clang-format off */
static const struct option plain_options[] = {
	{.name = "help", OPT_FLAG(struct plain_options, help), .group = "Command",
	 .help = "prints this help",
	 .text = "Prints a summary of the options and does nothing else."},
	{0},
};

static const struct option doctor_options[] = {
	{.name = "probe", OPT_FLAG(struct doctor_options, probe), .group = "Command",
	 .help = "prints only which kind of KVM this is",
	 .text = "Prints one word: hardware, nested (complete but slow), ring3 (emulates the kernel of a "
		 "guest, so that stock kernels do not boot) or none."},
	{.name = "help", OPT_FLAG(struct doctor_options, help), .group = "Command",
	 .help = "prints this help",
	 .text = "Prints a summary of the options and does nothing else."},
	{0},
};

static const struct option help_options[] = {
	{.name = "man", OPT_FLAG(struct help_options, man), .group = "Command",
	 .help = "prints the manual page in roff",
	 .text = "Prints this manual page in roff, e.g. for man -l -."},
	{.name = "bash", OPT_FLAG(struct help_options, bash), .group = "Command",
	 .help = "prints the completion for bash",
	 .text = "Prints the completion for bash; source it to use it."},
	{.name = "control", OPT_FLAG(struct help_options, control), .group = "Command",
	 .help = "prints the control commands, in Markdown",
	 .text = "Prints in Markdown the commands of the control socket, their arguments and results."},
	{.name = "qemu", OPT_FLAG(struct help_options, qemu), .group = "Command",
	 .help = "prints what becomes of each option of QEMU's, in Markdown",
	 .text = "Prints in Markdown what vise qemu makes of each option and device property of QEMU's."},
	{.name = "help", OPT_FLAG(struct help_options, help), .group = "Command",
	 .help = "prints this help",
	 .text = "Prints a summary of the options and does nothing else."},
	{0},
};

const struct option_part plain_option_parts[] = {{plain_options, 0}, {NULL, 0}};
const struct option_part doctor_option_parts[] = {{doctor_options, 0}, {NULL, 0}};
const struct option_part help_option_parts[] = {{help_options, 0}, {NULL, 0}};

const struct subcommand subcommands[] = {
	[SUBCOMMAND_RUN] = {
		.name = "run", .operands = "", .options = run_option_parts,
		.summary = "boots a machine and runs it to its end",
		.text = "Builds the machine that the options describe, boots it and runs it until the guest "
			"powers off, the command of --exec ends, the time is up, or Vise is told to quit by "
			"a control command, by Ctrl-A x on the terminal or by SIGTERM."},
	[SUBCOMMAND_QEMU] = {
		.name = "qemu", .operands = "", .options = plain_option_parts,
		.summary = "runs a machine that QEMU's command line describes",
		.text = "Reads the options of qemu-system-x86_64 and runs the machine as QEMU would, as a program "
			"does whose name begins with qemu-system-. 'vise qemu -help' lists what becomes of each. "
			"The exit status is QEMU's: 0 for every end that the guest or the user chose, 1 for a "
			"wrong option or a failure."},
	[SUBCOMMAND_DOCTOR] = {
		.name = "doctor", .operands = "", .options = doctor_option_parts,
		.summary = "says what this host can do",
		.text = "Looks at what the host offers, above all /dev/kvm, and says what works, what does "
			"not, and what would help. The exit status is 0 when stock kernels boot on this host's KVM, 1 "
			"when they do not."},
	[SUBCOMMAND_HELP] = {
		.name = "help", .operands = "[COMMAND]", .options = help_option_parts, .takes_command = true,
		.summary = "explains the commands and their options",
		.text = "Lists the commands, or explains the options of COMMAND."},
	[SUBCOMMAND_VERSION] = {
		.name = "version", .operands = "", .options = plain_option_parts,
		.summary = "prints the version",
		.text = "Prints the version of Vise."},
	{0},
};

const struct exit_row exit_rows[] = {
	{"0", "The guest powered off, or the run was ended by quit. With --exec: the command succeeded."},
	{"1 to 255", "With --exec, the status of the guest's command: 128 + N where signal N ended it, 127 "
		     "where it was not found, 126 where it cannot be executed. With --debug-exit, 2V + 1 "
		     "(its low 8 bits) after the guest wrote V."},
	{"124", "The time of --timeout is up."},
	{"125", "An option is wrong, or Vise failed."},
	{"126", "The guest's kernel panicked."},
	{"127", "The guest reset the machine under --no-reboot."},
	{NULL, NULL},
};
/* clang-format on */

_Static_assert(sizeof(subcommands) / sizeof(subcommands[0]) == N_SUBCOMMANDS + 1,
	       "a row for every subcommand_id");

const struct subcommand *subcommand_find(const char *name, struct err *err)
{
	struct nearest near = NEAREST_INIT(name);
	char quoted[OPTION_QUOTE_SIZE];

	for (const struct subcommand *c = subcommands; c->name; c++) {
		if (strcmp(c->name, name) == 0)
			return c;
		nearest_try(&near, c->name);
	}
	option_quote(name, quoted, sizeof(quoted));
	if (near.best)
		err_set(err, -EINVAL, "unknown command %s, did you mean '%s'?", quoted, near.best);
	else
		err_set(err, -EINVAL, "unknown command %s; 'vise help' lists them", quoted);
	return NULL;
}
