/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/option/nearest.h"
#include "vmm/core/option/option.h"

#include <check.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A table with a row of every kind. */

struct part {
	char *file;
	bool on;
	uint32_t n;
	char *label;
};

struct thing {
	bool flag;
	bool sure;
	char *text;
	char *path;
	uint32_t n;
	uint64_t size;
	uint64_t time;
	uint32_t choice;
	char *word;
	char **list;
	size_t n_list;
	struct part parts[3];
	size_t n_parts;
};

static const char *const colours[] = {"red", "green", "blue", NULL};
static const char *const places[] = {"here", "file:", NULL};

static const struct option part_table[] = {
	{.name = "file", OPT_PATH(struct part, file), .required = true, .metavar = "FILE"},
	{.name = "on", OPT_BOOL(struct part, on), .metavar = "on|off"},
	{.name = "n", OPT_U32(struct part, n), .max = 9, .standard = "4", .metavar = "N"},
	{.name = "label", OPT_STRING(struct part, label), .max = 5, .metavar = "TEXT"},
	{0},
};

static const struct option thing_table[] = {
	{.name = "flag", OPT_FLAG(struct thing, flag)},
	{.name = "sure", OPT_BOOL(struct thing, sure), .standard = "on", .metavar = "on|off"},
	{.name = "text", OPT_STRING(struct thing, text), .metavar = "TEXT", .standard = "told"},
	{.name = "path", OPT_PATH(struct thing, path), .metavar = "FILE"},
	{.name = "number",
	 OPT_U32(struct thing, n),
	 .min = 1,
	 .max = 64,
	 .standard = "2",
	 .metavar = "N"},
	{.name = "size",
	 OPT_SIZE(struct thing, size),
	 .min = 1 << 20,
	 .max = 1ULL << 40,
	 .step = 4096,
	 .standard = "512M",
	 .metavar = "SIZE"},
	{.name = "time", OPT_DURATION(struct thing, time), .metavar = "TIME"},
	{.name = "choice",
	 OPT_CHOICE(struct thing, choice),
	 .words = colours,
	 .standard = "green",
	 .metavar = "COLOUR"},
	{.name = "word", OPT_WORD(struct thing, word), .words = places, .metavar = "WHERE"},
	{.name = "list", OPT_LIST(struct thing, list, n_list), .min = 1, .metavar = "TEXT"},
	{.name = "part",
	 OPT_SPECS(struct thing, parts, n_parts),
	 .keys = part_table,
	 .metavar = "FILE[,KEY=VALUE]..."},
	{0},
};

static const struct option_part parts[] = {{thing_table, 0}, {NULL, 0}};

static struct thing thing;
static struct err err;
static int next_word;

static void setup(void)
{
	memset(&thing, 0xa5, sizeof(thing)); /* options_init() relies on nothing */
	options_init(thing_table, &thing);
	memset(&err, 0, sizeof(err));
}

static void teardown(void)
{
	options_fini(thing_table, &thing);
}

#define MAX_WORDS 16

/* Parses the words up to NULL. */
static int parse(const char *first, ...)
{
	char *argv[MAX_WORDS] = {(char *)"thing"};
	int argc = 1;
	va_list ap;

	va_start(ap, first);
	for (const char *w = first; w && argc < MAX_WORDS; w = va_arg(ap, const char *))
		argv[argc++] = (char *)w;
	va_end(ap);
	return options_parse(parts, &thing, argc, argv, &next_word, &err);
}

/* Wrong words and the line they give. */
#define refuses(line, ...)                                                                         \
	do {                                                                                       \
		ck_assert_int_lt(parse(__VA_ARGS__, NULL), 0);                                     \
		ck_assert_str_eq(err.text, line);                                                  \
	} while (0)

#define accepts(...) ck_assert_msg(parse(__VA_ARGS__, NULL) == 0, "%s", err.text)

START_TEST(standard_values_come_from_the_rows)
{
	ck_assert(!thing.flag && thing.sure);
	ck_assert_ptr_null(thing.text); /* only told */
	ck_assert_uint_eq(thing.n, 2);
	ck_assert_uint_eq(thing.size, 512ULL << 20);
	ck_assert_uint_eq(thing.time, 0);
	ck_assert_uint_eq(thing.choice, 1);
	ck_assert_uint_eq(thing.n_list, 0);
	ck_assert_uint_eq(thing.n_parts, 0);
}
END_TEST

START_TEST(takes_values_in_both_forms)
{
	accepts("--number", "3", "--size=1G", "--text", "a=b, 'c' \"d\"", "--path=x=y");
	ck_assert_uint_eq(thing.n, 3);
	ck_assert_uint_eq(thing.size, 1ULL << 30);
	ck_assert_str_eq(thing.text, "a=b, 'c' \"d\"");
	ck_assert_str_eq(thing.path, "x=y");
}
END_TEST

START_TEST(flags_stand_alone_and_can_be_taken_back)
{
	accepts("--flag", "--sure", "off");
	ck_assert(thing.flag && !thing.sure);
	accepts("--flag=off", "--sure=on");
	ck_assert(!thing.flag && thing.sure);
	refuses("--flag: expected on or off, not 'yes'", "--flag=yes");
	refuses("--sure: needs a value: --sure on|off", "--sure");
}
END_TEST

START_TEST(last_scalar_wins_and_lists_grow)
{
	accepts("--number", "3", "--number=4", "--list", "a", "--text", "x", "--list=b", "--text",
		"");
	ck_assert_uint_eq(thing.n, 4);
	ck_assert_str_eq(thing.text, "");
	ck_assert_uint_eq(thing.n_list, 2);
	ck_assert_str_eq(thing.list[0], "a");
	ck_assert_str_eq(thing.list[1], "b");
}
END_TEST

START_TEST(stops_at_the_first_operand)
{
	accepts("--flag", "word", "--number", "7");
	ck_assert_int_eq(next_word, 2);
	ck_assert_uint_eq(thing.n, 2);
	accepts("--flag", "--", "--number");
	ck_assert_int_eq(next_word, 3);
	accepts("-");
	ck_assert_int_eq(next_word, 1);
	accepts("--flag");
	ck_assert_int_eq(next_word, 2);
}
END_TEST

START_TEST(suggests_the_nearest_option)
{
	refuses("unknown option '--nubmer', did you mean --number?", "--nubmer", "3");
	refuses("unknown option '--siz=3', did you mean --size?", "--siz=3");
	refuses("unknown option '-path', did you mean --path?", "-path", "x");
	refuses("unknown option '--nu', did you mean --number?", "--nu");
	refuses("unknown option '--xyzzy'", "--xyzzy");
	refuses("unknown option '-x'", "-x");
	refuses("unknown option '--='", "--=");
	refuses("unknown option '--number\?\?[2J'", "--number\x1b\n[2J");
}
END_TEST

START_TEST(names_a_missing_value)
{
	refuses("--number: needs a value: --number N", "--number");
	refuses("--path: needs a value, but an option follows; a value like that is written "
		"--path=--flag",
		"--path", "--flag");
	accepts("--path", "--not-one-of-ours");
	accepts("--path=--flag");
}
END_TEST

START_TEST(judges_numbers)
{
	static const char *const wrong[] = {"0",  "65", "",   "-1",  "+1", "1x",
					    "1K", " 1", "1 ", "0x1", "1.", "99999999999999999999"};
	char line[120];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(line, sizeof(line), "--number: expected a number from 1 to 64, not '%s'",
			 wrong[i]);
		refuses(line, "--number", wrong[i]);
	}
	ck_assert_uint_eq(thing.n, 2);
	accepts("--number", "64");
}
END_TEST

START_TEST(judges_sizes)
{
	static const char right[] =
		"--size: expected a size such as 512M or 2G from 1M to 1T, a multiple of 4K, not ";
	static const char *const wrong[] = {"512",  "5Q", "4097K1", "1023K",	 "2T",
					    "1.5G", "M",  "1025K",  "16777216T", "1MB"};
	char line[200];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(line, sizeof(line), "%s'%s'", right, wrong[i]);
		refuses(line, "--size", wrong[i]);
	}
	accepts("--size", "1028k");
	ck_assert_uint_eq(thing.size, 1028 << 10);
	accepts("--size", "1048576");
	ck_assert_uint_eq(thing.size, 1 << 20);
	accepts("--size", "1T");
	ck_assert_uint_eq(thing.size, 1ULL << 40);
}
END_TEST

START_TEST(judges_durations)
{
	accepts("--time", "5");
	ck_assert_uint_eq(thing.time, 5000000000ULL);
	accepts("--time", "250ms");
	ck_assert_uint_eq(thing.time, 250000000ULL);
	accepts("--time", "3m");
	ck_assert_uint_eq(thing.time, 180000000000ULL);
	accepts("--time", "0");
	ck_assert_uint_eq(thing.time, 0);
	refuses("--time: expected a duration such as 500ms, 60s or 5m, not '5M'", "--time", "5M");
	refuses("--time: expected a duration such as 500ms, 60s or 5m, not '18446744074s'",
		"--time", "18446744074s");
}
END_TEST

START_TEST(judges_words)
{
	accepts("--choice", "blue", "--word", "here");
	ck_assert_uint_eq(thing.choice, 2);
	ck_assert_str_eq(thing.word, "here");
	accepts("--word", "file:a,b:c");
	ck_assert_str_eq(thing.word, "file:a,b:c");
	refuses("--choice: expected red, green or blue, not 'rde'", "--choice", "rde");
	refuses("--word: expected here or file:PATH, not 'file:'", "--word", "file:");
	refuses("--word: expected here or file:PATH, not 'heres'", "--word", "heres");
	refuses("--path: expected the path of a file, not ''", "--path=");
	refuses("--list: expected a text that is not empty, not ''", "--list", "");
	ck_assert_str_eq(thing.word, "file:a,b:c");
}
END_TEST

START_TEST(reads_specs)
{
	accepts("--part", "a.img", "--part", "b,on=on,n=7,label=x=y", "--part", "n=1,file=c");
	ck_assert_uint_eq(thing.n_parts, 3);
	ck_assert_str_eq(thing.parts[0].file, "a.img");
	ck_assert_uint_eq(thing.parts[0].n, 4);
	ck_assert(!thing.parts[0].on);
	ck_assert_str_eq(thing.parts[1].file, "b");
	ck_assert(thing.parts[1].on);
	ck_assert_uint_eq(thing.parts[1].n, 7);
	ck_assert_str_eq(thing.parts[1].label, "x=y");
	ck_assert_str_eq(thing.parts[2].file, "c");
	ck_assert_uint_eq(thing.parts[2].n, 1);
	refuses("--part: given more than 3 times", "--part", "d");
}
END_TEST

START_TEST(doubled_commas_are_commas)
{
	accepts("--part", "a,,b.img,label=1,,2", "--part", ",,x,,,on=on", "--part",
		"/dir=1/x,n=3,n=5");
	ck_assert_str_eq(thing.parts[0].file, "a,b.img");
	ck_assert_str_eq(thing.parts[0].label, "1,2");
	ck_assert_str_eq(thing.parts[1].file, ",x,");
	ck_assert(thing.parts[1].on);
	ck_assert_str_eq(thing.parts[2].file, "/dir=1/x");
	ck_assert_uint_eq(thing.parts[2].n, 5);
}
END_TEST

START_TEST(quotes_are_kept)
{
	accepts("--part", "\"a b\",label='x'");
	ck_assert_str_eq(thing.parts[0].file, "\"a b\"");
	ck_assert_str_eq(thing.parts[0].label, "'x'");
}
END_TEST

START_TEST(refuses_wrong_specs_and_keeps_nothing_of_them)
{
	refuses("--part: unknown key 'labl', did you mean 'label'?", "--part", "a,labl=x");
	refuses("--part: unknown key 'zzzz'", "--part", "a,zzzz=x");
	refuses("--part: unknown key 'dir'; a file with '=' in it is written file=dir=...",
		"--part", "dir=1.img");
	refuses("--part: expected key=value after the comma, not 'on'", "--part", "a,on");
	refuses("--part: expected key=value after the comma, not ''", "--part", "a,");
	refuses("--part: on: expected on or off, not 'maybe'", "--part", "a,on=maybe");
	refuses("--part: n: expected a number from 0 to 9, not '10'", "--part", "a,n=10");
	refuses("--part: label: expected a text of at most 5 bytes, not '123456'", "--part",
		"a,label=123456");
	refuses("--part: file: expected the path of a file, not ''", "--part", "");
	refuses("--part: no file given, expected FILE[,KEY=VALUE]...", "--part", "on=on");
	ck_assert_uint_eq(thing.n_parts, 0);
}
END_TEST

START_TEST(messages_stay_one_short_line)
{
	char text[3000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	text[10] = '\n';
	ck_assert_int_lt(parse("--number", text, NULL), 0);
	ck_assert_uint_lt(strlen(err.text), 200);
	ck_assert_ptr_null(strchr(err.text, '\n'));
	ck_assert_ptr_nonnull(strstr(err.text, "...'"));
	ck_assert_int_lt(parse(text, NULL), 1);
}
END_TEST

START_TEST(quote_cuts_between_characters)
{
	char buf[16];

	ck_assert_str_eq(option_quote("short", buf, sizeof(buf)), "'short'");
	/* Never half of a two-byte character, wherever the cut falls. */
	for (size_t size = 9; size <= sizeof(buf); size++) {
		size_t n = 0;

		option_quote("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4",
			     buf, size);
		ck_assert_uint_lt(strlen(buf), size);
		for (const char *p = buf; *p; p++)
			n += (unsigned char)*p >= 0x80;
		ck_assert_uint_eq(n % 2, 0);
	}
}
END_TEST

START_TEST(text_is_what_set_reads)
{
	static const char *const sizes[] = {"1M", "1028K", "3G", "1T"};
	static const char *const times[] = {"0", "1ns", "7us", "90s", "2m", "1001ms"};
	const struct option *o = options_find(thing_table, "size", 4);
	char buf[32];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		ck_assert_int_eq(option_set(o, &thing, sizes[i], &err), 0);
		ck_assert_str_eq(option_text(o, &thing, buf, sizeof(buf)), sizes[i]);
	}
	o = options_find(thing_table, "time", 4);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		ck_assert_int_eq(option_set(o, &thing, times[i], &err), 0);
		ck_assert_str_eq(option_text(o, &thing, buf, sizeof(buf)), times[i]);
	}
	thing.choice = 7;
	ck_assert_ptr_null(
		option_text(options_find(thing_table, "choice", 6), &thing, buf, sizeof(buf)));
}
END_TEST

/* What others put into the struct is judged by the same rows. */
#define check_refuses(line)                                                                        \
	do {                                                                                       \
		ck_assert_int_lt(options_check(thing_table, &thing, &err), 0);                     \
		ck_assert_str_eq(err.text, line);                                                  \
	} while (0)

START_TEST(check_judges_what_others_filled_in)
{
	ck_assert_int_eq(options_check(thing_table, &thing, &err), 0);
	thing.n = 0;
	check_refuses("--number: expected a number from 1 to 64, not '0'");
	thing.n = 1;
	thing.size = (1 << 20) + 1;
	check_refuses("--size: expected a size such as 512M or 2G from 1M to 1T, a multiple of 4K, "
		      "not '1048577'");
	thing.size = 1 << 20;
	thing.choice = 3;
	check_refuses("--choice: expected red, green or blue, not 'an unknown choice'");
	thing.choice = 0;
	thing.word = strdup("nowhere");
	check_refuses("--word: expected here or file:PATH, not 'nowhere'");
	option_unset(options_find(thing_table, "word", 4), &thing);
	accepts("--part", "a");
	thing.parts[0].n = 10;
	check_refuses("--part: n: expected a number from 0 to 9, not '10'");
	option_unset(&part_table[0], &thing.parts[0]);
	check_refuses("--part: no file given, expected FILE[,KEY=VALUE]...");
	thing.parts[0].file = strdup("a");
	thing.parts[0].n = 1;
	accepts("--list", "x");
	ck_assert_int_eq(options_check(thing_table, &thing, &err), 0);
	thing.list[0][0] = '\0';
	check_refuses("--list: expected a text that is not empty, not ''");
}
END_TEST

static const char *nearest(const char *asked, const char *const *names)
{
	struct nearest near = NEAREST_INIT(asked);

	for (; *names; names++)
		nearest_try(&near, *names);
	return near.best;
}

START_TEST(nearest_means_few_changes)
{
	static const char *const names[] = {"memory", "cpus", "append", "no-reboot", "a", NULL};

	ck_assert_str_eq(nearest("memroy", names), "memory");
	ck_assert_str_eq(nearest("mem", names), "memory");
	ck_assert_str_eq(nearest("cpu", names), "cpus");
	ck_assert_str_eq(nearest("cups", names), "cpus");
	ck_assert_str_eq(nearest("noreboot", names), "no-reboot");
	ck_assert_ptr_null(nearest("", names));
	ck_assert_ptr_null(nearest("b", names));
	ck_assert_ptr_null(nearest("zzzzzz", names));
	ck_assert_ptr_null(
		nearest("memorymemorymemorymemorymemorymemorymemorymemorymemory", names));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("option");
	TCase *tc = tcase_create("option");
	SRunner *sr;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, standard_values_come_from_the_rows);
	tcase_add_test(tc, takes_values_in_both_forms);
	tcase_add_test(tc, flags_stand_alone_and_can_be_taken_back);
	tcase_add_test(tc, last_scalar_wins_and_lists_grow);
	tcase_add_test(tc, stops_at_the_first_operand);
	tcase_add_test(tc, suggests_the_nearest_option);
	tcase_add_test(tc, names_a_missing_value);
	tcase_add_test(tc, judges_numbers);
	tcase_add_test(tc, judges_sizes);
	tcase_add_test(tc, judges_durations);
	tcase_add_test(tc, judges_words);
	tcase_add_test(tc, reads_specs);
	tcase_add_test(tc, doubled_commas_are_commas);
	tcase_add_test(tc, quotes_are_kept);
	tcase_add_test(tc, refuses_wrong_specs_and_keeps_nothing_of_them);
	tcase_add_test(tc, messages_stay_one_short_line);
	tcase_add_test(tc, quote_cuts_between_characters);
	tcase_add_test(tc, text_is_what_set_reads);
	tcase_add_test(tc, check_judges_what_others_filled_in);
	tcase_add_test(tc, nearest_means_few_changes);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
