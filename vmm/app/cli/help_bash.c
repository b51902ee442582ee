/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/cli/help.h"

#include <string.h>

/*
 * The completion. The script works on the line itself, because bash splits words at '=' and ':';
 * what it finds is cut back to the piece that bash will replace. Only the two `case` tables in the
 * middle come from the options: what each takes, and what the keys of a spec take.
 */

static const char prologue[] = "# SPDX-License-Identifier: GPL-2.0-or-later\n"
			       "# bash completion for vise. Made by `vise help --bash`; change the "
			       "tables it is made from.\n"
			       "\n"
			       "# What follows option $2 of command $1: sets `kind` and `words`.\n"
			       "_vise_value() {\n"
			       "\tkind=none words=\n"
			       "\tcase $1$2 in\n";

static const char middle[] = "\tesac\n"
			     "}\n"
			     "\n"
			     "# The same for key $3 of a value with keys.\n"
			     "_vise_key() {\n"
			     "\tkind=none words=\n"
			     "\tcase $1$2,$3 in\n";

static const char epilogue[] =
	"\tesac\n"
	"}\n"
	"\n"
	"# Completes $2 as `kind` says; what is found begins with $1.\n"
	"_vise_fill() {\n"
	"\tcase $kind in\n"
	"\tfile) mapfile -t COMPREPLY < <(compgen -P \"$1\" -f -- \"$2\") ;;\n"
	"\tdirectory) mapfile -t COMPREPLY < <(compgen -P \"$1\" -d -- \"$2\") ;;\n"
	"\twords) mapfile -t COMPREPLY < <(compgen -P \"$1\" -W \"$words\" -- \"$2\") ;;\n"
	"\tesac\n"
	"\t[[ $kind != words ]] && compopt -o filenames 2>/dev/null\n"
	"\treturn 0\n"
	"}\n"
	"\n"
	"_vise() {\n"
	"\tlocal line=${COMP_LINE:0:COMP_POINT} piece=${COMP_WORDS[COMP_CWORD]}\n"
	"\tlocal word rest previous option='' value='' before='' last kind=none words='' parts\n"
	"\tCOMPREPLY=()\n"
	"\tword=${line##*[[:space:]]}\n"
	"\trest=${line%\"$word\"}\n"
	"\trest=${rest%\"${rest##*[![:space:]]}\"}\n"
	"\tprevious=${rest##*[[:space:]]}\n"
	"\tread -ra parts <<<\"$rest\"\n"
	"\tif ((${#parts[@]} < 2)); then\n"
	"\t\t_vise_value commands ''\n"
	"\t\t_vise_fill '' \"$word\"\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tif [[ $word == --*=* ]]; then\n"
	"\t\toption=${word%%=*} value=${word#*=} before=$option=\n"
	"\telif [[ $previous == --* && $previous != *=* ]]; then\n"
	"\t\toption=$previous value=$word\n"
	"\tfi\n"
	"\t[[ -n $option ]] && _vise_value \"${parts[1]}\" \"$option\"\n"
	"\tif [[ $kind == keys ]]; then\n"
	"\t\tlast=${value##*,}\n"
	"\t\tbefore=$before${value%\"$last\"} kind=file\n"
	"\t\tif [[ $value != *,* ]]; then\n"
	"\t\t\t_vise_key \"${parts[1]}\" \"$option\" \"${words%%=*}\"\n"
	"\t\telif [[ $last == *=* ]]; then\n"
	"\t\t\t_vise_key \"${parts[1]}\" \"$option\" \"${last%%=*}\"\n"
	"\t\t\tbefore=$before${last%%=*}= last=${last#*=}\n"
	"\t\telse\n"
	"\t\t\tkind=words\n"
	"\t\tfi\n"
	"\t\t_vise_fill \"$before\" \"$last\"\n"
	"\telif [[ $value == *:* && \" $words \" == *\" ${value%%:*}: \"* ]]; then\n"
	"\t\tkind=file\n"
	"\t\t_vise_fill \"$before${value%%:*}:\" \"${value#*:}\"\n"
	"\telif [[ $kind != none ]]; then\n"
	"\t\t_vise_fill \"$before\" \"$value\"\n"
	"\telse\n"
	"\t\t_vise_value \"${parts[1]}\" ''\n"
	"\t\t_vise_fill '' \"$word\"\n"
	"\tfi\n"
	"\t# Bash replaces only the piece behind the last '=' or ':'.\n"
	"\t[[ $piece == [=:] ]] && piece=\n"
	"\tCOMPREPLY=(\"${COMPREPLY[@]#\"${word%\"$piece\"}\"}\")\n"
	"\t[[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=:] ]] && compopt -o nospace "
	"2>/dev/null\n"
	"\treturn 0\n"
	"}\n"
	"\n"
	"complete -F _vise vise\n";

/* The words that follow "words=": a quoted list. */
static void put_words(FILE *out, const char *const *words)
{
	fputs("kind=words words='", out);
	for (size_t i = 0; words[i]; i++) {
		const char *colon = strchr(words[i], ':');

		/* What follows "file:" can be completed, what follows "ring:SIZE" cannot. */
		if (!colon || !colon[1])
			fprintf(out, "%s%s", i ? " " : "", words[i]);
	}
	fputc('\'', out);
}

/* What @o takes, as shell assignments. False where there is nothing to offer. */
static bool put_kind(FILE *out, const struct option *o, const char *label)
{
	static const char *const on_off[] = {"on", "off", NULL};

	switch (o->kind) {
	case OPTION_PATH:
	case OPTION_LIST:
		fprintf(out, "\t%s) kind=file", label);
		break;
	case OPTION_DIR:
		fprintf(out, "\t%s) kind=directory", label);
		break;
	case OPTION_BOOL:
		fprintf(out, "\t%s) ", label);
		put_words(out, on_off);
		break;
	case OPTION_CHOICE:
	case OPTION_WORD:
		fprintf(out, "\t%s) ", label);
		put_words(out, o->words);
		break;
	case OPTION_SPECS:
		fprintf(out, "\t%s) kind=keys words='", label);
		for (const struct option *k = o->keys; k->name; k++)
			fprintf(out, "%s%s=", k == o->keys ? "" : " ", k->name);
		fputc('\'', out);
		break;
	case OPTION_STRING:
	case OPTION_U32:
	case OPTION_SIZE:
	case OPTION_DURATION:
		/* Something to type: nothing is offered, options least of all. */
		fprintf(out, "\t%s) kind=typed", label);
		break;
	case OPTION_FLAG:
		return false;
	}
	fputs(" ;;\n", out);
	return true;
}

/* All options of a command, then what each takes. */
static void put_values(FILE *out, const struct subcommand *c)
{
	char label[80];

	for (const struct option_part *part = c->options; part->table; part++)
		for (const struct option *o = part->table; o->name; o++) {
			snprintf(label, sizeof(label), "%s--%s", c->name, o->name);
			put_kind(out, o, label);
		}
	fprintf(out, "\t%s) kind=words words='", c->name);
	if (c->takes_command)
		for (const struct subcommand *d = subcommands; d->name; d++)
			fprintf(out, "%s ", d->name);
	for (const struct option_part *part = c->options; part->table; part++)
		for (const struct option *o = part->table; o->name; o++)
			fprintf(out, "%s--%s", o == c->options->table ? "" : " ", o->name);
	fputs("' ;;\n", out);
}

static void put_keys(FILE *out, const struct subcommand *c)
{
	char label[120];

	for (const struct option_part *part = c->options; part->table; part++)
		for (const struct option *o = part->table; o->name; o++) {
			if (o->kind != OPTION_SPECS)
				continue;
			for (const struct option *k = o->keys; k->name; k++) {
				snprintf(label, sizeof(label), "%s--%s,%s", c->name, o->name,
					 k->name);
				put_kind(out, k, label);
			}
		}
}

void help_bash(FILE *out)
{
	fputs(prologue, out);
	fputs("\tcommands) kind=words words='", out);
	for (const struct subcommand *c = subcommands; c->name; c++)
		fprintf(out, "%s ", c->name);
	fputs("--help --version' ;;\n", out);
	for (const struct subcommand *c = subcommands; c->name; c++)
		put_values(out, c);
	fputs(middle, out);
	for (const struct subcommand *c = subcommands; c->name; c++)
		put_keys(out, c);
	fputs(epilogue, out);
}
