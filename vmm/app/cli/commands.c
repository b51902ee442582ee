/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/cli/commands.h"
#include "vmm/app/cli/help.h"
#include "vmm/app/control/reference.h"
#include "vmm/app/qemu/line.h"
#include "vmm/core/log.h"

#include "version.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef int (*subcommand_fn)(int argc, char **argv);

static const subcommand_fn functions[N_SUBCOMMANDS] = {
	[SUBCOMMAND_RUN] = cmd_run,	    [SUBCOMMAND_QEMU] = cmd_qemu,
	[SUBCOMMAND_DOCTOR] = cmd_doctor,   [SUBCOMMAND_HELP] = cmd_help,
	[SUBCOMMAND_VERSION] = cmd_version,
};

/* Output that could not be written is a failure: the reader has only part of it. */
static int finish_output(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	log_error("cannot write to standard output");
	return EXIT_STATUS_ERROR;
}

static int usage_error(const struct err *err)
{
	log_error("%s", err->text);
	return EXIT_STATUS_ERROR;
}

/* Options into @target; the index of the first of at most @max operands. -EINVAL and @err. */
static int parse(const struct option_part *parts, void *target, int argc, char **argv, int max,
		 struct err *err)
{
	char quoted[OPTION_QUOTE_SIZE];
	int next, rc;

	rc = options_parse(parts, target, argc, argv, &next, err);
	if (rc)
		return rc;
	if (argc - next > max)
		return err_set(err, -EINVAL, "%s: unexpected argument %s", argv[0],
			       option_quote(argv[next + max], quoted, sizeof(quoted)));
	return next;
}

int cmd_help(int argc, char **argv)
{
	const struct subcommand *topic = NULL;
	struct help_options options = {0};
	struct err err = ERR_INIT;
	int next = parse(help_option_parts, &options, argc, argv, 1, &err);

	if (next < 0)
		return usage_error(&err);
	if (options.help)
		topic = &subcommands[SUBCOMMAND_HELP];
	else if (next < argc && !(topic = subcommand_find(argv[next], &err)))
		return usage_error(&err);
	if (options.man)
		help_man(stdout);
	else if (options.bash)
		help_bash(stdout);
	else if (options.control)
		control_print_reference(stdout);
	else if (options.qemu)
		qemu_print_reference(stdout);
	else if (topic)
		help_subcommand(stdout, topic);
	else
		help_overview(stdout);
	return finish_output();
}

int cmd_version(int argc, char **argv)
{
	struct plain_options options = {0};
	struct err err = ERR_INIT;

	if (parse(plain_option_parts, &options, argc, argv, 0, &err) < 0)
		return usage_error(&err);
	if (options.help)
		help_subcommand(stdout, &subcommands[SUBCOMMAND_VERSION]);
	else
		printf("vise %s\n", VISE_VERSION);
	return finish_output();
}

/* A link of that name stands where a program that starts QEMU looks for it. */
static bool is_called_qemu(const char *program)
{
	const char *slash = strrchr(program, '/');

	return strncmp(slash ? slash + 1 : program, "qemu-system-", strlen("qemu-system-")) == 0;
}

int commands_main(int argc, char **argv)
{
	const struct subcommand *command;
	struct err err = ERR_INIT;
	const char *name;

	if (argc > 0 && is_called_qemu(argv[0]))
		return cmd_qemu(argc, argv);
	if (argc < 2) {
		help_overview(stderr);
		return EXIT_STATUS_ERROR;
	}
	name = argv[1];
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		name = "help";
	else if (strcmp(name, "--version") == 0)
		name = "version";
	command = subcommand_find(name, &err);
	if (!command)
		return usage_error(&err);
	return functions[command - subcommands](argc - 1, argv + 1);
}
