/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/cli/commands.h"
#include "vmm/app/cli/help.h"
#include "vmm/app/config/machine_options.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *text;
static size_t size;
static FILE *out;

static void setup(void)
{
	text = NULL;
	out = open_memstream(&text, &size);
}

static void teardown(void)
{
	free(text);
}

/* The tracked file; the caller frees. Tests run at the root of the tree. */
static char *read_file(const char *path)
{
	char *buf = calloc(1, 1 << 20);
	FILE *in = fopen(path, "re");

	ck_assert_msg(in != NULL, "%s is missing", path);
	ck_assert_uint_gt(fread(buf, 1, (1 << 20) - 1, in), 0);
	fclose(in);
	return buf;
}

static void tracked_is_generated(const char *path)
{
	char *tracked = read_file(path);

	fclose(out);
	ck_assert_msg(strcmp(tracked, text) == 0, "%s is out of date: make docs", path);
	free(tracked);
}

START_TEST(tracked_man_page_is_what_the_tables_say)
{
	help_man(out);
	tracked_is_generated("docs/man/vise.1");
}
END_TEST

START_TEST(tracked_completion_is_what_the_tables_say)
{
	help_bash(out);
	tracked_is_generated("docs/completion/vise.bash");
}
END_TEST

START_TEST(help_of_run_names_every_option_within_80_columns)
{
	char name[80];

	help_subcommand(out, &subcommands[SUBCOMMAND_RUN]);
	fclose(out);
	for (const struct option_part *part = run_option_parts; part->table; part++)
		for (const struct option *o = part->table; o->name; o++) {
			snprintf(name, sizeof(name), "\n  --%s", o->name);
			ck_assert_msg(strstr(text, name) != NULL, "%s", name);
		}
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		ck_assert_msg(strcspn(line, "\n") <= 80, "%.100s", line);
}
END_TEST

START_TEST(overview_names_every_command)
{
	help_overview(out);
	fclose(out);
	for (const struct subcommand *c = subcommands; c->name; c++)
		ck_assert_ptr_nonnull(strstr(text, c->summary));
}
END_TEST

START_TEST(suggests_the_nearest_command)
{
	struct err err = ERR_INIT;

	fclose(out);
	ck_assert_ptr_eq(subcommand_find("doctor", &err), &subcommands[SUBCOMMAND_DOCTOR]);
	ck_assert_ptr_null(subcommand_find("docter", &err));
	ck_assert_str_eq(err.text, "unknown command 'docter', did you mean 'doctor'?");
	ck_assert_ptr_null(subcommand_find("xyzzy", &err));
	ck_assert_str_eq(err.text, "unknown command 'xyzzy'; 'vise help' lists them");
}
END_TEST

/* What bash offers behind @line, whose last piece (as bash splits at '=' and ':') is @piece. */
static void completes(const char *line, const char *piece, const char *expected)
{
	char command[1000], answer[2000] = "";
	FILE *bash;

	snprintf(command, sizeof(command),
		 "bash -c 'source docs/completion/vise.bash; COMP_LINE=\"%s\"; "
		 "COMP_POINT=${#COMP_LINE} COMP_WORDS=(\"%s\") COMP_CWORD=0; _vise; "
		 "echo \"${COMPREPLY[*]}\"'",
		 line, piece);
	/* NOLINTNEXTLINE(cert-env33-c): a shell is what is tested. */
	bash = popen(command, "re");
	ck_assert_ptr_nonnull(bash);
	ck_assert_ptr_nonnull(fgets(answer, sizeof(answer), bash));
	ck_assert_int_eq(pclose(bash), 0);
	answer[strcspn(answer, "\n")] = '\0';
	ck_assert_str_eq(answer, expected);
}

START_TEST(bash_completes_options_and_values)
{
	fclose(out);
	completes("vise ", "", "run qemu doctor help version --help --version");
	completes("vise run --me", "--me", "--memory");
	completes("vise run --log ", "", "error warn guest info debug");
	completes("vise run --log=d", "d", "debug");
	completes("vise run --log=", "=", "error warn guest info debug");
	completes("vise run --memory ", "", "");
	completes("vise run --serial f", "f", "file:");
	completes("vise run --serial file:Makef", "Makef", "Makefile");
	completes("vise run --kernel=Makef", "Makef", "Makefile");
	completes("vise run --disk Makef", "Makef", "Makefile");
	completes("vise run --disk a,read", "a,read", "a,readonly=");
	completes("vise run --disk a,readonly=", "=", "on off");
	completes("vise run --disk a,readonly=on,aio=t", "t", "threads");
	completes("vise run --shell --exe", "--exe", "--exec");
	completes("vise help d", "d", "doctor");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("help");
	TCase *tc = tcase_create("help");
	SRunner *sr;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, tracked_man_page_is_what_the_tables_say);
	tcase_add_test(tc, tracked_completion_is_what_the_tables_say);
	tcase_add_test(tc, help_of_run_names_every_option_within_80_columns);
	tcase_add_test(tc, overview_names_every_command);
	tcase_add_test(tc, suggests_the_nearest_command);
	tcase_add_test(tc, bash_completes_options_and_values);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
