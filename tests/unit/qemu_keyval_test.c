/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/qemu/keys.h"
#include "vmm/app/qemu/keyval.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct keyvals kv;
static struct err err;

static int parse(const char *implied, const char *text)
{
	keyval_fini(&kv);
	memset(&err, 0, sizeof(err));
	return keyval_parse(&kv, "-opt", implied, text, &err);
}

/* The items must be the keys and values up to NULL. */
static void reads(const char *implied, const char *text, const char *const *want)
{
	size_t n = 0;

	ck_assert_msg(parse(implied, text) == 0, "%s", err.text);
	for (; want[2 * n]; n++) {
		ck_assert_uint_lt(n, kv.n);
		ck_assert_str_eq(kv.items[n].key, want[2 * n]);
		ck_assert_str_eq(kv.items[n].value, want[2 * n + 1]);
	}
	ck_assert_uint_eq(n, kv.n);
}

#define READS(implied, text, ...) reads(implied, text, (const char *const[]){__VA_ARGS__, NULL})

static void refuses(const char *implied, const char *text, const char *line)
{
	ck_assert_int_eq(parse(implied, text), -EINVAL);
	ck_assert_str_eq(err.text, line);
}

START_TEST(splits_at_commas)
{
	READS("type", "user,id=net0,restrict=on", "type", "user", "id", "net0", "restrict", "on");
	READS(NULL, "file=a,if=none", "file", "a", "if", "none");
	READS("type", "type=user", "type", "user");
	READS("a", "x=,y=1", "x", "", "y", "1");
	READS("a", "x=1,", "x", "1");
	ck_assert_int_eq(parse("a", ""), 0);
	ck_assert_uint_eq(kv.n, 0);
}
END_TEST

START_TEST(doubled_comma_is_one_of_the_value)
{
	READS("path", "a,,b,x=c,,d,,", "path", "a,b", "x", "c,d,");
	READS(NULL, "x=,,,y=1", "x", ",", "y", "1");
}
END_TEST

START_TEST(quotes_hold_a_value_together)
{
	READS(NULL, "path=\"/a/b\",id=x", "path", "/a/b", "id", "x");
	READS(NULL, "path=\"C:\\\\a,b\\\\c\"", "path", "C:\\a,b\\c");
	READS(NULL, "path=\"say \\\"x\\\"\"", "path", "say \"x\"");
	READS("p", "\"a,b\",x=1", "p", "a,b", "x", "1");
	READS(NULL, "path=\"\"", "path", "");
	/* Only at the beginning of a value. */
	READS(NULL, "path=a\"b\"", "path", "a\"b\"");
}
END_TEST

START_TEST(lone_word_is_a_flag)
{
	READS("path", "/s,server,nowait", "path", "/s", "server", "on", "nowait", "on");
	ck_assert(!kv.items[0].lone && kv.items[1].lone && kv.items[2].lone);
	READS(NULL, "snapshot,file=a", "snapshot", "on", "file", "a");
	ck_assert(kv.items[0].lone && !kv.items[1].lone);
}
END_TEST

START_TEST(names_what_is_wrong)
{
	refuses(NULL, "path=\"a", "-opt: path: the closing \" is missing");
	refuses(NULL, "path=\"a\\\"", "-opt: path: the closing \" is missing");
	refuses(NULL, "path=\"a\"b,x=1",
		"-opt: path: expected a comma after the closing \", not "
		"'b,x=1'");
	refuses("a", "x=1,,=2,=3", "-opt: expected key=value, not '=3'");
	refuses(NULL, "a b=1", "-opt: expected key=value, not 'a b=1'");
	refuses("a", "x=1,/y", "-opt: expected key=value, not '/y'");
	refuses(NULL, "=1", "-opt: expected key=value, not '=1'");
}
END_TEST

START_TEST(bounds_the_number_of_keys)
{
	char text[2 * (KEYVAL_MAX + 1) + 1];

	for (unsigned int i = 0; i < sizeof(text) - 1; i += 2)
		memcpy(text + i, "a,", 3);
	refuses(NULL, text, "-opt: more than 64 keys");
	text[2 * KEYVAL_MAX] = '\0';
	ck_assert_int_eq(parse(NULL, text), 0);
}
END_TEST

START_TEST(last_value_wins)
{
	ck_assert_int_eq(parse(NULL, "a=1,b=2,a=3"), 0);
	ck_assert_str_eq(keyval_get(&kv, "a"), "3");
	ck_assert_ptr_null(keyval_get(&kv, "c"));
}
END_TEST

/* What tables make of them. */

struct target {
	char *text, *id, *word;
	char **list;
	size_t n_list;
	uint32_t flag, choice;
	int64_t number;
};

static const char *const words[] = {"one", "two", "three", NULL};
static const char *const only[] = {"off", NULL};

/* clang-format off */
static const struct qemu_key keys[] = {
	{.name = "text", QEMU_TEXT(struct target, text)},
	{.name = "id", QEMU_ID(struct target, id)},
	{.name = "word", QEMU_WORD(struct target, word), .words = words},
	{.name = "list", QEMU_LIST(struct target, list, n_list)},
	{.name = "flag", QEMU_TRI(struct target, flag)},
	{.name = "choice", .kind = QEMU_KEY_TRI, .offset = offsetof(struct target, choice), .type = "OnOffAuto"},
	{.name = "number", QEMU_NUMBER(struct target, number), .max = 255, .type = "uint8"},
	{.name = "fixed", .kind = QEMU_KEY_FIXED, .words = only, .type = "bool"},
	{.name = "any", .kind = QEMU_KEY_ANY},
	{.name = "refused", .kind = QEMU_KEY_REFUSED, .help = "it is so"},
	{0},
};
/* clang-format on */

static const struct qemu_key *const tables[] = {keys, NULL};
static struct target target;

static int fill(const char *text)
{
	int rc;

	qemu_keys_fini(tables, &target);
	memset(&target, 0, sizeof(target));
	qemu_keys_init(tables, &target);
	ck_assert_int_eq(parse(NULL, text), 0);
	rc = qemu_keys_fill(tables, &target, &kv, "-opt x", &err);
	return rc;
}

static void fill_refuses(const char *text, const char *line)
{
	ck_assert_int_eq(fill(text), -EINVAL);
	ck_assert_str_eq(err.text, line);
}

START_TEST(tables_fill_members)
{
	ck_assert_int_eq(fill("fixed=off"), 0);
	ck_assert_int_eq(target.number, -1);
	ck_assert_uint_eq(target.flag, TRI_UNSET);
	ck_assert_int_eq(fill("text=a,text=b,word=two,list=x,list=y,flag,choice=off,number=0x10,"
			      "fixed=no,any=thing"),
			 0);
	ck_assert_str_eq(target.text, "b");
	ck_assert_str_eq(target.word, "two");
	ck_assert_uint_eq(target.n_list, 2);
	ck_assert_str_eq(target.list[1], "y");
	ck_assert_uint_eq(target.flag, TRI_ON);
	ck_assert_uint_eq(target.choice, TRI_OFF);
	ck_assert_int_eq(target.number, 16);
	ck_assert_int_eq(fill("noflag,choice=auto,number=255"), 0);
	ck_assert_uint_eq(target.flag, TRI_OFF);
	ck_assert_uint_eq(target.choice, TRI_UNSET);
	ck_assert_int_eq(target.number, 255);
}
END_TEST

#define ID_LINE(value)                                                                             \
	"-opt x: id: expected an identifier: letters, digits, '-', '.' and '_', first a letter, "  \
	"at "                                                                                      \
	"most 31, not '" value "'"

START_TEST(tables_refuse_by_name)
{
	fill_refuses("flag=maybe", "-opt x: flag: expected on or off, not 'maybe'");
	fill_refuses("flag=auto", "-opt x: flag: expected on or off, not 'auto'");
	fill_refuses("word=four", "-opt x: word: expected one, two or three, not 'four'");
	fill_refuses("number=256", "-opt x: number: expected a number from 0 to 255, not '256'");
	fill_refuses("number=-1", "-opt x: number: expected a number from 0 to 255, not '-1'");
	fill_refuses("number=0x", "-opt x: number: expected a number from 0 to 255, not '0x'");
	fill_refuses("number=99999999999999999999999",
		     "-opt x: number: expected a number from 0 to 255, not "
		     "'99999999999999999999999'");
	fill_refuses("fixed=on", "-opt x: fixed: 'on' is not supported; it is off here");
	fill_refuses("refused=1", "-opt x: refused: not supported: it is so");
	fill_refuses("txet=1", "-opt x: Property 'txet' not found, did you mean 'text'?");
	ck_assert_int_eq(fill("id=a-Z.0_9"), 0);
	fill_refuses("id=0a", ID_LINE("0a"));
	fill_refuses("id=", ID_LINE(""));
	fill_refuses("id=a/b", ID_LINE("a/b"));
	fill_refuses("id=a12345678901234567890123456789012",
		     ID_LINE("a12345678901234567890123456789012"));
	fill_refuses("zzzzzz=1", "-opt x: Property 'zzzzzz' not found");
	/* Only a flag has an opposite, and only alone. */
	fill_refuses("notext", "-opt x: Property 'notext' not found, did you mean 'text'?");
	fill_refuses("noflag=on", "-opt x: Property 'noflag' not found, did you mean 'flag'?");
}
END_TEST

static void teardown(void)
{
	qemu_keys_fini(tables, &target);
	keyval_fini(&kv);
}

int main(void)
{
	Suite *suite = suite_create("qemu_keyval");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, splits_at_commas);
	tcase_add_test(tc, doubled_comma_is_one_of_the_value);
	tcase_add_test(tc, quotes_hold_a_value_together);
	tcase_add_test(tc, lone_word_is_a_flag);
	tcase_add_test(tc, names_what_is_wrong);
	tcase_add_test(tc, bounds_the_number_of_keys);
	tcase_add_test(tc, last_value_wins);
	tcase_add_test(tc, tables_fill_members);
	tcase_add_test(tc, tables_refuse_by_name);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
