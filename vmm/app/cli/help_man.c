/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/cli/help.h"

#include <ctype.h>
#include <string.h>

/* The manual page: what stands in tables comes from them, the rest is here. */

/* One character of text; typewriter characters stay what they are. */
static void put_char(FILE *out, char c)
{
	switch (c) {
	case '\\':
		fputs("\\e", out);
		break;
	case '-':
		fputs("\\-", out);
		break;
	case '^':
		fputs("\\(ha", out);
		break;
	case '~':
		fputs("\\(ti", out);
		break;
	case '\'':
		fputs("\\(aq", out);
		break;
	default:
		fputc(c, out);
	}
}

static void put_n(FILE *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put_char(out, text[i]);
}

static void put(FILE *out, const char *text)
{
	put_n(out, text, strlen(text));
}

/* Running text: options in bold, an empty line makes a paragraph, a sentence a line. */
static void put_text(FILE *out, const char *text)
{
	const char *p = text;

	while (*p) {
		size_t option = 2;

		if (p[0] == '\n' && p[1] == '\n') {
			fputs("\n.IP\n", out);
			p += 2;
		} else if (strncmp(p, "--", 2) == 0 && islower((unsigned char)p[2])) {
			while (islower((unsigned char)p[option]) ||
			       (p[option] == '-' && islower((unsigned char)p[option + 1])))
				option++;
			fputs("\\fB", out);
			put_n(out, p, option);
			fputs("\\fR", out);
			p += option;
		} else if (p[0] == '.' && p[1] == ' ' && isupper((unsigned char)p[2])) {
			fputs(".\n", out);
			p += 2;
		} else {
			put_char(out, *p++);
		}
	}
	fputc('\n', out);
}

/* What an option takes: capitals are places to fill in, the rest is typed as it is. */
static void put_metavar(FILE *out, const char *metavar)
{
	bool italic = false;

	for (const char *p = metavar; *p; p++) {
		bool place = isupper((unsigned char)*p) != 0;

		if (place != italic)
			fputs(place ? "\\fI" : "\\fR", out);
		italic = place;
		put_char(out, *p);
	}
	fputs("\\fR", out);
}

/* The line that closes an explanation: what may be given and what holds otherwise. */
static void put_standard(FILE *out, const struct option *o)
{
	char words[200];

	if ((o->kind == OPTION_CHOICE || o->kind == OPTION_WORD) && o->words[1]) {
		fputs("One of ", out);
		put(out, option_expected(o, words, sizeof(words)));
		fputs(".\n", out);
	}
	if (!o->standard)
		return;
	fputs("Default: ", out);
	put(out, o->standard);
	fputs(".\n", out);
}

static void put_keys(FILE *out, const struct option *keys)
{
	fputs(".RS\n", out);
	for (const struct option *k = keys; k->name; k++) {
		fprintf(out, ".TP\n\\fB%s\\fR=", k->name);
		put_metavar(out, k->metavar);
		fputc('\n', out);
		fputc(toupper((unsigned char)k->help[0]), out);
		put(out, k->help + 1);
		fputs(".\n", out);
		put_standard(out, k);
	}
	fputs(".RE\n", out);
}

static void put_option(FILE *out, const struct option *o)
{
	fputs(".TP\n\\fB\\-\\-", out);
	put(out, o->name);
	fputs("\\fR", out);
	if (o->metavar) {
		fputc(' ', out);
		put_metavar(out, o->metavar);
	}
	fputc('\n', out);
	put_text(out, o->text);
	put_standard(out, o);
	if (o->kind == OPTION_SPECS)
		put_keys(out, o->keys);
}

static void put_options(FILE *out, const struct subcommand *command)
{
	const char *group = "";

	for (const struct option_part *part = command->options; part->table; part++)
		for (const struct option *o = part->table; o->name; o++) {
			if (strcmp(group, o->group) != 0)
				fprintf(out, ".SS %s\n", o->group);
			group = o->group;
			put_option(out, o);
		}
}

static void put_synopsis(FILE *out)
{
	fputs(".SH SYNOPSIS\n", out);
	for (const struct subcommand *c = subcommands; c->name; c++)
		fprintf(out, "%s\\fBvise %s\\fR [\\fIOPTION\\fR]...%s%s\n",
			c == subcommands ? "" : ".br\n", c->name, *c->operands ? " " : "",
			c->operands);
}

static void put_commands(FILE *out)
{
	fputs(".SH COMMANDS\n", out);
	for (const struct subcommand *c = subcommands; c->name; c++) {
		fprintf(out, ".TP\n\\fBvise %s\\fR\n", c->name);
		put_text(out, c->text);
	}
	fputs(".PP\n", out);
	put_text(out,
		 "Every command takes --help. vise --help and vise --version do what the commands "
		 "of these names do.");
}

struct pair {
	const char *name;
	const char *text;
};

static const struct pair examples[] = {
	{"vise run --kernel /boot/vmlinuz --exec 'uname -a'",
	 "Boots the host's kernel, runs one command in the guest and ends with its status."},
	{"vise run --kernel vmlinuz --root /dev/vda --disk root.img,snapshot=on --shell",
	 "A shell on a disk image that is not changed by it."},
	{"vise run --kernel vmlinuz --initrd initrd.img --append quiet --cpus 4 --memory 2G",
	 "A larger machine with an initial RAM disk of one's own."},
	{"vise run --kernel vmlinuz --exec /test.sh --include test.sh:/test.sh --timeout 60s",
	 "A test that cannot hang: status 124 after a minute."},
	{"vise run --kernel vmlinuz --disk a.img --print-config >machine.json\n"
	 "vise run --config machine.json --memory 1G",
	 "Keeps a machine in a file, and runs it with one value changed."},
	{"vise run --kernel vmlinuz --root /dev/vda --disk root.img \\\n"
	 "    --net user,hostfwd=tcp:127.0.0.1:2222-:22",
	 "A disk's own system, whose ssh answers at port 2222 of this host."},
	{"vise run --kernel vmlinuz --machine contract --disk a.qcow2,format=qcow2 --selftest \"\"",
	 "Tries every device of the Windows 7 driver contract under Linux's drivers."},
	{NULL, NULL},
};

static const struct pair files[] = {
	{"/dev/kvm", "The host's KVM; the user needs to read and write it."},
	{"PREFIX/lib/vise/vise-init", "The init that --exec, --shell, --selftest and --root put "
				      "into the guest, where Vise was installed under PREFIX."},
	{"PREFIX/lib/vise/vise-net", "The process that --net user runs in. Either program is "
				     "looked for beside vise first."},
	{"PREFIX/share/bash-completion/completions/vise", "The completion for bash."},
	{NULL, NULL},
};

static const struct pair environment[] = {
	{"TMPDIR", "Where the temporary files of snapshot=on are made; /tmp unless set."},
	{NULL, NULL},
};

static void put_examples(FILE *out)
{
	fputs(".SH EXAMPLES\n", out);
	for (const struct pair *e = examples; e->name; e++) {
		fputs(".PP\n", out);
		put_text(out, e->text);
		fputs(".PP\n.RS 4\n.nf\n", out);
		put(out, e->name);
		fputs("\n.fi\n.RE\n", out);
	}
}

static void put_pairs(FILE *out, const char *heading, const struct pair *pairs)
{
	fprintf(out, ".SH %s\n", heading);
	for (const struct pair *p = pairs; p->name; p++) {
		fputs(".TP\n\\fB", out);
		put(out, p->name);
		fputs("\\fR\n", out);
		put_text(out, p->text);
	}
}

static void put_machine_file(FILE *out)
{
	fputs(".SH MACHINE FILE\n", out);
	put_text(
		out,
		"What --print-config prints and --config reads is one JSON object of at most 1 "
		"MiB. Its "
		"keys are the names of the options from Guest to Debugging. Options with keys of "
		"their own, which are --disk (called disks here), --net, --input, --snd and "
		"--console, are arrays of objects with these keys. Flags are true or false. "
		"Sizes "
		"and times are texts as on the command line, or numbers of bytes and seconds. null "
		"stands for a text that is not set. Keys that are not there leave things as they "
		"are; "
		"unknown keys are refused. Relative paths are those of the current directory.");
}

static void put_exit_status(FILE *out)
{
	fputs(".SH EXIT STATUS\n", out);
	put_text(out, "Of vise run:");
	for (const struct exit_row *row = exit_rows; row->status; row++) {
		fprintf(out, ".TP\n\\fB%s\\fR\n", row->status);
		put_text(out, row->meaning);
	}
	fputs(".PP\n", out);
	put_text(out,
		 "One line on standard error names the case; --status-file tells it to programs, "
		 "also where a guest's command ends with one of these numbers. The other commands "
		 "end with 0, or with 125 when something is wrong.");
}

void help_man(FILE *out)
{
	fputs(".\\\" SPDX-License-Identifier: GPL-2.0-or-later\n"
	      ".\\\" Made by `vise help --man`; change the tables it is made from.\n"
	      ".TH VISE 1 \"\" \"Vise\" \"User Commands\"\n"
	      ".nh\n"
	      ".SH NAME\n"
	      "vise \\- boots and runs virtual machines on KVM\n",
	      out);
	put_synopsis(out);
	fputs(".SH DESCRIPTION\n", out);
	put_text(out,
		 "Vise is a virtual machine monitor on KVM. It boots a guest with virtio devices, "
		 "injects events through them, and can hold the guest still while people look at "
		 "it. Options are --name value or --name=value; a flag is its name alone, and "
		 "--name=off takes it back. Of an option that is given twice the last one counts, "
		 "except where it may be repeated.");
	put_commands(out);
	fputs(".SH OPTIONS OF VISE RUN\n", out);
	put_options(out, &subcommands[SUBCOMMAND_RUN]);
	fputs(".SH OPTIONS OF VISE HELP\n", out);
	put_options(out, &subcommands[SUBCOMMAND_HELP]);
	put_machine_file(out);
	put_exit_status(out);
	put_examples(out);
	put_pairs(out, "FILES", files);
	put_pairs(out, "ENVIRONMENT", environment);
	fputs(".SH SEE ALSO\n.BR visectl (1)\n", out);
}
