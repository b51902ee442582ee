/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/cli/run_end.h"

#include "vmm/app/cli/commands.h"
#include "vmm/core/log.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One row a way to end: its name in the status file, its exit status (or how the value makes it),
 * and what stderr says. */

enum status_rule {
	STATUS_FIXED,
	STATUS_VALUE,	   /* as the guest command gave it */
	STATUS_DEBUG_EXIT, /* (value << 1) | 1, as users of isa-debug-exit know it */
	STATUS_SIGNAL,	   /* 128 + signal, as shells count */
};

struct end_row {
	const char *name;
	enum status_rule rule;
	int status;
	const char *message; /* NULL: the text alone; "": nothing to say */
};

static const struct end_row rows[] = {
	[MACHINE_END_NONE] = {"none", STATUS_FIXED, EXIT_STATUS_ERROR, "the run ended early"},
	[MACHINE_END_POWEROFF] = {"poweroff", STATUS_FIXED, 0, ""},
	[MACHINE_END_RESET] = {"reset", STATUS_FIXED, EXIT_STATUS_RESET,
			       "the guest reset, and --no-reboot ends the run then"},
	[MACHINE_END_QUIT] = {"quit", STATUS_FIXED, 0, ""},
	[MACHINE_END_SIGNAL] = {"signal", STATUS_SIGNAL, 0, "ended by signal"},
	[MACHINE_END_TIMEOUT] = {"timeout", STATUS_FIXED, EXIT_STATUS_TIMEOUT, "timed out"},
	[MACHINE_END_PANIC] = {"panic", STATUS_FIXED, EXIT_STATUS_PANIC, "guest panic"},
	[MACHINE_END_DEBUG_EXIT] = {"debug-exit", STATUS_DEBUG_EXIT, 0, ""},
	[MACHINE_END_COMMAND] = {"command", STATUS_VALUE, 0, ""},
	[MACHINE_END_ERROR] = {"error", STATUS_FIXED, EXIT_STATUS_ERROR, NULL},
};

/* A guest that powers off by itself has not run the command to its end. */
static bool command_lost(const struct machine_config *config, const struct machine_result *result)
{
	return result->end == MACHINE_END_POWEROFF && config->exec;
}

int run_end_status(const struct machine_config *config, const struct machine_result *result)
{
	const struct end_row *row = &rows[result->end];

	if (command_lost(config, result))
		return EXIT_STATUS_ERROR;
	switch (row->rule) {
	case STATUS_VALUE:
		return (int)(result->value & 0xffU);
	case STATUS_DEBUG_EXIT:
		return (int)((result->value << 1 | 1U) & 0xffU);
	case STATUS_SIGNAL:
		return 128 + (int)result->value;
	default:
		return row->status;
	}
}

static void say(const struct machine_config *config, const struct machine_result *result)
{
	const char *message = rows[result->end].message;

	if (command_lost(config, result))
		log_error("the guest powered off before the command had ended");
	else if (!message)
		log_error("%s", result->text);
	else if (message[0])
		log_error("%s%s%s", message, result->text[0] ? ": " : "", result->text);
}

/* Written beside its place and renamed, so that a reader never sees half of it. */
static int write_status_file(const struct machine_config *config,
			     const struct machine_result *result, int status)
{
	json_t *json = json_pack("{s:s, s:i, s:s}", "end", rows[result->end].name, "status", status,
				 "text", result->text);
	char *temporary = NULL;
	int rc = -ENOMEM;

	if (json && asprintf(&temporary, "%s.%ld", config->status_file, (long)getpid()) >= 0)
		rc = json_dump_file(json, temporary, JSON_COMPACT) == 0 &&
				     rename(temporary, config->status_file) == 0
			     ? 0
			     : -errno;
	if (rc < 0 && temporary) {
		log_error("--status-file %s: %s", config->status_file, strerror(-rc));
		unlink(temporary);
	}
	free(temporary);
	json_decref(json);
	return rc;
}

int run_end_report(const struct machine_config *config, const struct machine_result *result)
{
	int status = run_end_status(config, result);

	say(config, result);
	if (config->status_file && write_status_file(config, result, status) < 0 && status == 0)
		status = EXIT_STATUS_ERROR;
	return status;
}
