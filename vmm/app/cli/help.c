/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/cli/help.h"

#include <string.h>

#define WIDTH	80 /* of a line */
#define HELP_AT 28 /* where an option's explanation begins */
#define KEY_AT	6  /* where a key of a spec begins */

/* Prints words, breaking lines, with the cursor at column @at; further lines are indented by
 * @indent. Ends the line. */
static void wrap(FILE *out, const char *text, int at, int indent)
{
	bool fresh = true;

	while (*text) {
		int len = (int)strcspn(text, " \n");

		if (!fresh && at + 1 + len > WIDTH) {
			fprintf(out, "\n%*s", indent, "");
			at = indent;
			fresh = true;
		}
		at += fprintf(out, "%s%.*s", fresh ? "" : " ", len, text);
		fresh = false;
		text += len;
		text += strspn(text, " \n");
	}
	fputc('\n', out);
}

/* The explanation of a row, after its name of @used columns. */
static void explain(FILE *out, const struct option *o, int used)
{
	char text[400], words[200];
	size_t n;

	if (used + 2 > HELP_AT) {
		fputc('\n', out);
		used = 0;
	}
	fprintf(out, "%*s", HELP_AT - used, "");
	n = (size_t)snprintf(text, sizeof(text), "%s", o->help);
	if ((o->kind == OPTION_CHOICE || o->kind == OPTION_WORD) && o->words[1])
		n += (size_t)snprintf(text + n, sizeof(text) - n, ": %s",
				      option_expected(o, words, sizeof(words)));
	if (o->standard)
		snprintf(text + n, sizeof(text) - n, " (default: %s)", o->standard);
	wrap(out, text, HELP_AT, HELP_AT);
}

static void print_option(FILE *out, const struct option *o)
{
	int used = fprintf(out, "  --%s%s%s", o->name, o->metavar ? " " : "",
			   o->metavar ? o->metavar : "");

	explain(out, o, used);
	if (o->kind != OPTION_SPECS)
		return;
	for (const struct option *k = o->keys; k->name; k++) {
		used = fprintf(out, "%*s%s=%s", KEY_AT, "", k->name, k->metavar);
		explain(out, k, used);
	}
}

void help_subcommand(FILE *out, const struct subcommand *command)
{
	const char *group = "";

	fprintf(out, "Usage: vise %s [OPTION]...%s%s\n\n", command->name,
		*command->operands ? " " : "", command->operands);
	wrap(out, command->text, 0, 0);
	for (const struct option_part *part = command->options; part->table; part++)
		for (const struct option *o = part->table; o->name; o++) {
			if (strcmp(group, o->group) != 0)
				fprintf(out, "\n%s:\n", o->group);
			group = o->group;
			print_option(out, o);
		}
}

void help_overview(FILE *out)
{
	fprintf(out, "Usage: vise COMMAND [OPTION]...\n\n"
		     "Boots and runs virtual machines on KVM. Commands:\n\n");
	for (const struct subcommand *c = subcommands; c->name; c++)
		fprintf(out, "  %-10s %s\n", c->name, c->summary);
	fprintf(out, "\n'vise help COMMAND' explains a command and its options. For example:\n\n"
		     "  vise run --kernel /boot/vmlinuz --exec 'uname -a'\n");
}
