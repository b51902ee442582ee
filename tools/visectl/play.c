/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/visectl/play.h"

#include "tools/scenario/report.h"
#include "tools/visectl/output.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct play_options {
	const char *file;
	const char *vise;
	const char *junit;
	const char *json;
	bool check;
	bool reference;
};

static const char help[] =
	"usage: visectl play [OPTION]... FILE\n"
	"Plays a scenario: starts a machine or attaches to one, and tests it.\n"
	"\n"
	"  -D, --define NAME=VALUE  sets a variable\n"
	"      --check              reads FILE and what it includes, and plays nothing\n"
	"      --junit FILE         writes a report for programs that know JUnit's\n"
	"      --json FILE          writes a report as JSON\n"
	"      --vise PROGRAM       what start runs (default: vise beside visectl)\n"
	"      --reference          prints the table of docs/scenario.md\n"
	"  -h, --help               show this help\n"
	"\n"
	"Exit status: 0 passed, 1 failed, 2 wrong usage or a mistake in the scenario.\n"
	"\n"
	"Statements, one a line; those that wait take \"within TIME\" at the end:\n";

enum { OPTION_CHECK = 256, OPTION_JUNIT, OPTION_JSON, OPTION_VISE, OPTION_REFERENCE };

static const struct option long_options[] = {
	{"define", required_argument, NULL, 'D'},
	{"check", no_argument, NULL, OPTION_CHECK},
	{"junit", required_argument, NULL, OPTION_JUNIT},
	{"json", required_argument, NULL, OPTION_JSON},
	{"vise", required_argument, NULL, OPTION_VISE},
	{"reference", no_argument, NULL, OPTION_REFERENCE},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static int fail(const char *text)
{
	fprintf(stderr, "visectl: play: %s\n", text);
	return STATUS_USAGE;
}

static int define(struct play *play, char *text, struct err *err)
{
	char *equals = strchr(text, '=');
	int rc;

	if (!equals)
		return err_set(err, -1, "--define %s: expected NAME=VALUE", text);
	*equals = '\0';
	rc = variables_set(&play->variables, text, equals + 1, err);
	if (rc)
		err_prefix(err, "--define");
	return rc;
}

/* 0 to go on; else -1 when all is done, or the exit status. */
static int parse_options(struct play_options *o, struct play *play, int argc, char **argv)
{
	struct err err = ERR_INIT;
	int opt;

	while ((opt = getopt_long(argc, argv, "D:h", long_options, NULL)) != -1) {
		switch (opt) {
		case 'D':
			if (define(play, optarg, &err))
				return fail(err.text);
			break;
		case OPTION_CHECK:
			o->check = true;
			break;
		case OPTION_JUNIT:
			o->junit = optarg;
			break;
		case OPTION_JSON:
			o->json = optarg;
			break;
		case OPTION_VISE:
			o->vise = optarg;
			break;
		case OPTION_REFERENCE:
			statements_print_reference(stdout);
			return -1;
		case 'h':
			fputs(help, stdout);
			statements_print_help(stdout);
			return -1;
		default:
			return fail("try visectl play --help");
		}
	}
	if (argc - optind != 1)
		return fail(argc == optind
				    ? "which scenario? expected FILE; try visectl play --help"
				    : "expected one FILE; try visectl play --help");
	o->file = argv[optind];
	return 0;
}

/* vise beside this program, where it is built and installed; else the one of PATH. */
static void find_vise(char *path, size_t size)
{
	char self[PATH_MAX] = "";
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *slash = n > 0 ? strrchr(self, '/') : NULL;

	if (slash)
		snprintf(path, size, "%.*s/vise", (int)(slash - self), self);
	if (!slash || access(path, X_OK) < 0)
		snprintf(path, size, "vise");
}

static int report(const struct play_options *o, const struct play *play)
{
	struct err err = ERR_INIT;
	int rc = 0;

	if (o->junit)
		rc = report_junit(play, o->file, o->junit, &err);
	if (!rc && o->json)
		rc = report_json(play, o->file, o->json, &err);
	return rc ? fail(err.text) : STATUS_OK;
}

static int play_script(const struct play_options *o, struct play *play)
{
	struct err err = ERR_INIT;
	struct script script;
	int failed, status;

	if (script_parse(&script, o->file, script_load_file, &err)) {
		fprintf(stderr, "visectl: %s\n", err.text);
		return STATUS_USAGE;
	}
	if (o->check) {
		script_fini(&script);
		return STATUS_OK;
	}
	if (play_prepare(play, &err)) {
		script_fini(&script);
		return fail(err.text);
	}
	failed = play_run(play, &script);
	if (failed) {
		fputs("visectl: ", stderr);
		report_print_failure(play, stderr);
	}
	status = report(o, play);
	script_fini(&script);
	return status ? status : (failed ? STATUS_COMMAND_FAILED : STATUS_OK);
}

int play_main(int argc, char **argv)
{
	struct play_options o = {0};
	struct play play;
	char vise[4096];
	int status;

	find_vise(vise, sizeof(vise));
	play_init(&play, vise);
	status = parse_options(&o, &play, argc, argv);
	if (o.vise)
		play.vise = o.vise;
	if (!status)
		status = play_script(&o, &play);
	play_fini(&play);
	return status < 0 ? STATUS_OK : status;
}
