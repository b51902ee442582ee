/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/scenario/keys.h"
#include "tools/scenario/match.h"
#include "tools/scenario/script.h"
#include "tools/scenario/serial.h"

#include <check.h>
#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdlib.h>
#include <string.h>

/* The text of a language: words, scripts, and what they are matched with. */

static void expect_words(const char *line, const char *want)
{
	struct variables v = {0};
	struct err err = ERR_INIT;
	struct words words;
	char got[256] = "";
	size_t len = 0;

	ck_assert_int_eq(variables_set(&v, "a", "1 \"x\"", &err), 0);
	ck_assert_int_eq(variables_set(&v, "n", "7", &err), 0);
	ck_assert_msg(words_parse(line, &words, &err) == 0, "%s: %s", line, err.text);
	for (size_t i = 0; i < words.n; i++) {
		char *text = word_expand(&words.list[i], &v, &err);

		ck_assert_msg(text, "%s: %s", line, err.text);
		len += (size_t)snprintf(got + len, sizeof(got) - len, "<%s>", text);
		ck_assert_uint_lt(len, sizeof(got));
		free(text);
	}
	ck_assert_str_eq(got, want);
	words_fini(&words);
	variables_fini(&v);
}

START_TEST(cuts_lines_into_words)
{
	expect_words("", "");
	expect_words("  # nothing", "");
	expect_words("a b#c \"d e\" # f", "<a><b#c><d e>");
	expect_words("a \"\" b", "<a><><b>");
	expect_words("x=\"a b\"c\\d", "<x=a bc\\d>");
	expect_words("\"\\\"\\\\\\$\\t\\x41\\x7e\"", "<\"\\$\tA~>");
	expect_words("${n}${n} \"${a}\" \"\\${n}\"", "<77><1 \"x\"><${n}>");
	expect_words("r {\"a\": [1, \"} \\\" ]\"]} z", "<r><{\"a\": [1, \"} \\\" ]\"]}><z>");
}
END_TEST

START_TEST(keeps_values_out_of_the_structure_of_json)
{
	struct variables v = {0};
	struct err err = ERR_INIT;
	struct words words;

	expect_words("{\"k\": \"<${a}>\", \"n\": ${n}}", "<{\"k\": \"<1 \\\"x\\\">\", \"n\": 7}>");
	ck_assert_int_eq(variables_set(&v, "a", "1, \"b\": 2", &err), 0);
	ck_assert_int_eq(words_parse("{\"k\": ${a}}", &words, &err), 0);
	ck_assert_ptr_null(word_expand(&words.list[0], &v, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "no value of JSON"));
	words_fini(&words);
	ck_assert_int_eq(words_parse("${gone}", &words, &err), 0);
	ck_assert_ptr_null(word_expand(&words.list[0], &v, &err));
	ck_assert_str_eq(err.text, "variable ${gone} is not set");
	words_fini(&words);
	variables_fini(&v);
}
END_TEST

START_TEST(shows_hostile_text_as_ascii)
{
	char *text = text_escape("a\x1b[2J\xc3\n", 100);

	ck_assert_str_eq(text, "a\\x1b[2J\\xc3\\x0a");
	free(text);
	text = text_escape("abcdef", 3);
	ck_assert_str_eq(text, "abc...");
	free(text);
}
END_TEST

/* Files that the parser is given by name. */
static const struct {
	const char *path;
	const char *text;
	const char *error; /* NULL: none */
} files[] = {
	{"good", "# c\nset a 1\ninclude good2\nparallel\n sleep 1\nand\n sleep 1\nend\n", NULL},
	{"good2", "sleep \\\n 5\nsleep 1ms", NULL},
	{"late", "expect ${x} within ${y}\nsleep ${t}\n", NULL},
	{"unknown", "\n\nstrat\n", "unknown:3: \"strat\" is no statement"},
	{"few", "move 1\n", "few:1: move: expected move DX DY"},
	{"many", "stop now\n", "many:1: stop: expected stop without anything behind it"},
	{"continued", "sleep \\\n 1\nsleep x\n", "continued:3: sleep: \"x\" is no time"},
	{"within", "expect a within soon\n", "within:1: \"soon\" is no time"},
	{"key", "keys A+NOKEY\n", "key:1: keys: \"NOKEY\" is no key"},
	{"button", "button UPPER\n", "button:1: button: \"UPPER\" is no button"},
	{"touch", "tablet 1 32768\n", "expected an integer from 0 to 32767"},
	{"typed", "text \"\\xff\"\n", "no key types the byte \\xff"},
	{"pattern", "expect-match \"(\"\n", "pattern \"(\""},
	{"groups", "expect-match (a) b c\n", "the pattern has 1 groups for 2 names"},
	{"json", "request a {\"b\"}\n", "is no JSON"},
	{"clause", "request a returns\n", "expected {JSON}, returns {JSON} or error TEXT"},
	{"size", "resize drive0 1Q\n", "\"1Q\" is no size"},
	{"big", "resize drive0 9999999999T\n", "is no size"},
	{"link", "link net0 left\n", "expected up or down"},
	{"token", "fail lower text\n", "\"lower\" is no token"},
	{"serial", "start --serial null\n", "--serial belongs to the scenario itself"},
	{"status", "wait 256\n", "expected an integer from 0 to 255"},
	{"attach", "attach a tcp:b\n", "expected unix:PATH or file:PATH"},
	{"noend", "sleep 1\nparallel\nsleep 1\n", "noend:2: parallel has no end"},
	{"end", "end\n", "end:1: end stands outside of parallel"},
	{"and", "and\n", "and:1: and stands outside of parallel"},
	{"endword", "parallel\nend now\n", "endword:2: end stands alone on its line"},
	{"quote", "expect \"a\n", "a double quote is not closed"},
	{"escape", "expect \"a\\.b\"\n", "unknown escape \\."},
	{"dollar", "expect ${1}\n", "expected ${name}"},
	{"set", "set 1 2\n", "\"1\" is no name of a variable"},
	{"missing", "sleep 1\ninclude gone\n", "missing:2: gone: no such text"},
	{"nested", "include few\n", "few:1: move"},
	{"folder/a", "include b\n", NULL},
	{"folder/b", "sleep 1\n", NULL},
	{"loop", "include loop\n", "deep"},
	{"name", "include ${x}\n", "a name without variables"},
};

static char *load(const char *path, struct err *err)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strcmp(files[i].path, path) == 0)
			return strdup(files[i].text);
	err_set(err, -ENOENT, "%s: no such text", path);
	return NULL;
}

START_TEST(names_file_and_line_of_each_mistake)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct err err = ERR_INIT;
		struct script script;
		int rc = script_parse(&script, files[i].path, load, &err);

		if (!files[i].error) {
			ck_assert_msg(rc == 0, "%s", err.text);
			script_fini(&script);
			continue;
		}
		ck_assert_msg(rc < 0, "%s is accepted", files[i].path);
		ck_assert_msg(strstr(err.text, files[i].error), "%s: \"%s\" lacks \"%s\"",
			      files[i].path, err.text, files[i].error);
		ck_assert_ptr_null(strchr(err.text, '\n'));
	}
}
END_TEST

START_TEST(reads_a_script_as_a_tree)
{
	struct err err = ERR_INIT;
	struct script script;

	ck_assert_int_eq(script_parse(&script, "good", load, &err), 0);
	ck_assert_uint_eq(script.top.n, 4);
	ck_assert_str_eq(script.top.list[1].file, "good2");
	ck_assert_uint_eq(script.top.list[1].line, 1);
	ck_assert_uint_eq(script.top.list[2].line, 3);
	ck_assert_uint_eq(script.top.list[3].n_branches, 2);
	ck_assert_uint_eq(script.top.list[3].branches[1].n, 1);
	ck_assert_uint_eq(script.n_statements, 6);
	script_fini(&script);
}
END_TEST

START_TEST(reads_only_texts)
{
	struct err err = ERR_INIT;

	ck_assert_ptr_null(script_load_file("/nonexistent/x", &err));
	ck_assert_ptr_nonnull(strstr(err.text, "cannot open"));
	ck_assert_ptr_null(script_load_file("/dev/null", &err));
	ck_assert_ptr_nonnull(strstr(err.text, "not a regular file"));
	ck_assert_ptr_null(script_load_file("/proc/self/environ", &err));
	ck_assert_ptr_nonnull(strstr(err.text, "NUL"));
}
END_TEST

START_TEST(measures_time)
{
	struct err err = ERR_INIT;
	double s;

	ck_assert_int_eq(duration_parse("1.5", &s, &err), 0);
	ck_assert_double_eq(s, 1.5);
	ck_assert_int_eq(duration_parse("2m", &s, &err), 0);
	ck_assert_double_eq(s, 120);
	ck_assert_int_eq(duration_parse("250ms", &s, &err), 0);
	ck_assert_double_eq(s, 0.25);
	ck_assert_int_eq(duration_parse("0", &s, &err), -EINVAL);
	ck_assert_int_eq(duration_parse("-1", &s, &err), -EINVAL);
	ck_assert_int_eq(duration_parse("nan", &s, &err), -EINVAL);
	ck_assert_int_eq(duration_parse("1e9", &s, &err), -EINVAL);
	ck_assert_int_eq(duration_parse("s", &s, &err), -EINVAL);
}
END_TEST

START_TEST(keeps_the_last_lines)
{
	struct serial *s = calloc(1, sizeof(*s));
	char *flood = malloc(SERIAL_LINE_MAX + 100);
	const char *line;

	serial_feed(s, "one\r\nt\0wo\n\nthr", 14);
	ck_assert_str_eq(serial_line(s, 0), "one");
	ck_assert_str_eq(serial_line(s, 1), "two");
	ck_assert_str_eq(serial_line(s, 2), "");
	ck_assert_ptr_null(serial_line(s, 3));
	ck_assert_str_eq(s->partial, "thr");
	serial_end(s);
	ck_assert_str_eq(serial_line(s, 3), "thr");
	memset(flood, 'x', SERIAL_LINE_MAX + 100);
	serial_feed(s, flood, SERIAL_LINE_MAX + 100);
	for (int i = 0; i < SERIAL_LINES; i++)
		serial_feed(s, "\n", 1);
	ck_assert_ptr_null(serial_line(s, 3));
	line = serial_line(s, 4);
	ck_assert_uint_eq(strlen(line), SERIAL_LINE_MAX);
	serial_fini(s);
	free(flood);
	free(s);
}
END_TEST

START_TEST(matches_markers_by_parts)
{
	static const char line[] = "T|blk|PASS|mode=msix|n=2";
	char *fields[] = {"n=2", "mode=msix"};
	char *shorter[] = {"mode=msi"};

	ck_assert(match_marker(line, "T|blk", fields, 2));
	ck_assert(match_marker(line, "T|blk|PASS", fields, 2));
	ck_assert(match_marker(line, line, NULL, 0));
	ck_assert(!match_marker(line, "T|bl", fields, 0));
	ck_assert(!match_marker(line, "T|blk|PASS", shorter, 1));
	ck_assert(!match_marker(line, "T|blk|PASS|mode=msix", fields, 2));
	ck_assert(!match_marker("x T|blk", "T|blk", NULL, 0));
}
END_TEST

START_TEST(knows_keys_by_name_and_by_character)
{
	bool shift;

	ck_assert_int_eq(key_code("leftctrl", 8), KEY_LEFTCTRL);
	ck_assert_int_eq(key_code("A+B", 1), KEY_A);
	ck_assert_int_eq(key_code("1", 1), KEY_1);
	ck_assert_int_eq(key_code("LEFT", 4), KEY_LEFT);
	ck_assert_int_eq(key_code("", 0), -1);
	ck_assert_int_eq(button_code("left", 4), BTN_LEFT);
	ck_assert_int_eq(key_of_char('a', &shift), KEY_A);
	ck_assert(!shift);
	ck_assert_int_eq(key_of_char('|', &shift), KEY_BACKSLASH);
	ck_assert(shift);
	ck_assert_int_eq(key_of_char('\x01', &shift), -1);
	for (char c = ' '; c < 0x7f; c++)
		ck_assert_msg(key_of_char(c, &shift) > 0, "no key types %c", c);
}
END_TEST

/* The page has the table as the program prints it. */
START_TEST(reference_equals_the_tracked_one)
{
	struct err err = ERR_INIT;
	char *page = script_load_file("docs/scenario.md", &err);
	char *table = NULL;
	size_t len;
	FILE *out = open_memstream(&table, &len);

	statements_print_reference(out);
	fclose(out);
	ck_assert_msg(page, "%s", err.text);
	ck_assert_msg(strstr(page, table), "docs/scenario.md is out of date: make docs");
	free(page);
	free(table);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scenario");
	TCase *tc = tcase_create("scenario");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, cuts_lines_into_words);
	tcase_add_test(tc, keeps_values_out_of_the_structure_of_json);
	tcase_add_test(tc, shows_hostile_text_as_ascii);
	tcase_add_test(tc, names_file_and_line_of_each_mistake);
	tcase_add_test(tc, reads_a_script_as_a_tree);
	tcase_add_test(tc, reads_only_texts);
	tcase_add_test(tc, measures_time);
	tcase_add_test(tc, keeps_the_last_lines);
	tcase_add_test(tc, matches_markers_by_parts);
	tcase_add_test(tc, knows_keys_by_name_and_by_character);
	tcase_add_test(tc, reference_equals_the_tracked_one);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
