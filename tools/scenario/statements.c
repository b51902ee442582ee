/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/scenario/statements.h"

#include "tools/scenario/steps.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct statement_row rows[] = {
	{"start", "ARG...", "starts vise run with these arguments; it ends with the scenario",
	 .min = 0, .max = 120, .within = 30, .check = check_start, .run = run_start},
	{"attach", "SOCKET [SERIAL]", "uses the machine with this control socket; SERIAL is unix:PATH or file:PATH",
	 .min = 1, .max = 2, .check = check_attach, .run = run_attach},
	{"wait", "[STATUS]", "waits for the machine to end with this exit status, 0 unless given",
	 .min = 0, .max = 1, .within = 30, .check = check_wait, .run = run_wait},
	{"stop", "", "holds the CPUs", .command = "stop", .run = run_command},
	{"cont", "", "lets the CPUs run again", .command = "cont", .run = run_command},
	{"reset", "", "resets the machine", .command = "system_reset", .run = run_command},
	{"powerdown", "", "presses the power button", .command = "system_powerdown", .run = run_command},
	{"quit", "", "ends the machine", .command = "quit", .run = run_command},
	{"expect", "TEXT", "waits for a serial line with TEXT in it, finished or not",
	 .min = 1, .max = 1, .within = 30, .run = run_expect},
	{"expect-fields", "MARKER [FIELD=VALUE]...", "waits for a serial line that is MARKER, or goes on with | and parts of which each FIELD=VALUE is one",
	 .min = 1, .max = WORDS_MAX, .within = 30, .run = run_expect_fields},
	{"expect-match", "PATTERN [NAME]...", "waits for a serial line that the POSIX extended PATTERN matches, and sets a variable NAME for each of its groups",
	 .min = 1, .max = 10, .within = 30, .check = check_pattern, .run = run_expect_match},
	{"keys", "KEY[+KEY]...", "presses and releases keys, one word after the other, those joined by + together",
	 .min = 1, .max = WORDS_MAX, .check = check_keys, .run = run_keys},
	{"press", "KEY[+KEY]...", "presses keys and holds them",
	 .min = 1, .max = WORDS_MAX, .check = check_keys, .run = run_press},
	{"release", "KEY[+KEY]...", "releases keys that are held",
	 .min = 1, .max = WORDS_MAX, .check = check_keys, .run = run_release},
	{"text", "TEXT", "types TEXT on a keyboard of the United States, 50 keys a second",
	 .min = 1, .max = 1, .check = check_text, .run = run_text},
	{"move", "DX DY", "moves the mouse", .min = 2, .max = 2, .check = check_motion, .run = run_move},
	{"wheel", "DY [DX]", "turns the wheel: up and to the right are positive",
	 .min = 1, .max = 2, .check = check_motion, .run = run_wheel},
	{"button", "BUTTON [down|up]", "clicks a button of the mouse, or presses or releases it",
	 .min = 1, .max = 2, .check = check_button, .run = run_button},
	{"tablet", "X Y [down|up]", "puts the tablet's pointer at X, Y, both 0 to 32767, and touches or lets go",
	 .min = 2, .max = 3, .check = check_tablet, .run = run_tablet},
	{"link", "NAME up|down", "puts the cable of a network interface in or out",
	 .min = 2, .max = 2, .check = check_link, .run = run_link},
	{"resize", "DISK SIZE", "gives a disk a new size: bytes, or with K, M, G or T behind them",
	 .min = 2, .max = 2, .check = check_resize, .run = run_resize},
	{"request", "COMMAND [{JSON}] [returns {JSON} | error TEXT]", "runs a control command, which must succeed, return at least these members, or fail with TEXT in its class or description",
	 .min = 1, .max = 4, .check = check_request, .run = run_request},
	{"sleep", "TIME", "does nothing for this time", .min = 1, .max = 1, .check = check_sleep, .run = run_sleep},
	{"save-wav", "FILE [SOURCE]", "copies what the machine's sound device has played, from the path of --snd or from SOURCE",
	 .min = 1, .max = 2, .run = run_save_wav},
	{"set", "NAME VALUE", "sets a variable", .min = 2, .max = 2, .check = check_set, .run = run_set},
	{"fail", "TOKEN TEXT", "ends the scenario as failed", .min = 2, .max = 2, .check = check_fail, .run = run_fail},
	{"include", "FILE", "reads statements from FILE, a path seen from this file", .kind = STATEMENT_INCLUDE, .min = 1, .max = 1},
	{"parallel", "", "begins branches that run side by side; the first failure ends all", .kind = STATEMENT_PARALLEL},
	{"and", "", "begins the next branch", .kind = STATEMENT_AND},
	{"end", "", "waits for the end of all branches", .kind = STATEMENT_END},
};
/* clang-format on */

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

const struct statement_row *statements_find(const char *name, struct err *err)
{
	char *shown;

	for (size_t i = 0; i < N_ROWS; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	shown = text_escape(name, 40);
	err_set(err, -EINVAL, "\"%s\" is no statement; visectl play --help lists them",
		shown ? shown : "");
	free(shown);
	return NULL;
}

void statements_print_help(FILE *out)
{
	for (size_t i = 0; i < N_ROWS; i++)
		fprintf(out, "  %s%s%s\n        %s\n", rows[i].name, *rows[i].arguments ? " " : "",
			rows[i].arguments, rows[i].help);
}

/* A table's cells are parted by |. */
static void print_cell(FILE *out, const char *text)
{
	for (; *text; text++)
		fprintf(out, "%s%c", *text == '|' ? "\\" : "", *text);
}

void statements_print_reference(FILE *out)
{
	fputs("| statement | what it does | waits |\n| --- | --- | --- |\n", out);
	for (size_t i = 0; i < N_ROWS; i++) {
		fprintf(out, "| `%s%s", rows[i].name, *rows[i].arguments ? " " : "");
		print_cell(out, rows[i].arguments);
		fputs("` | ", out);
		print_cell(out, rows[i].help);
		if (rows[i].within > 0)
			fprintf(out, " | %g s |\n", rows[i].within);
		else
			fputs(" | |\n", out);
	}
}

int duration_parse(const char *text, double *seconds, struct err *err)
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = {{"", 1}, {"s", 1}, {"ms", 0.001}, {"m", 60}};
	char *end;
	double number = strtod(text, &end);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (end == text || strcmp(end, units[i].name) != 0)
			continue;
		*seconds = number * units[i].seconds;
		if (isfinite(*seconds) && *seconds > 0 && *seconds <= 1e6)
			return 0;
	}
	return err_set(err, -EINVAL,
		       "\"%.40s\" is no time: expected more than 0 and up to 1e6 seconds, as 5, "
		       "1.5s, 200ms or 2m",
		       text);
}
