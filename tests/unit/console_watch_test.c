/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/machine/console_watch.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct console_watch w;
static char text[200];

static bool feed(const char *s)
{
	return console_watch_feed(&w, (const uint8_t *)s, strlen(s));
}

static void set_up(void)
{
	console_watch_init(&w);
}

static void tear_down(void)
{
	console_watch_fini(&w);
}

START_TEST(finds_a_panic_in_pieces_and_tells_it_once)
{
	ck_assert(!feed("[    1.0] Kernel pa"));
	ck_assert(!console_watch_panic(&w, text, sizeof(text)));
	ck_assert(feed("nic - not syncing: no init\r\n"));
	ck_assert(!feed("Kernel panic - not syncing: again\n"));
	ck_assert(console_watch_panic(&w, text, sizeof(text)));
	ck_assert_str_eq(text, "Kernel panic - not syncing: no init");
}
END_TEST

START_TEST(panic_text_is_printable_ascii_whatever_the_guest_wrote)
{
	ck_assert(feed("Kernel panic - not syncing: \033[2J\377\xc3\xa9 end\n"));
	ck_assert(console_watch_panic(&w, text, sizeof(text)));
	ck_assert_str_eq(text, "Kernel panic - not syncing: ?[2J??? end");
}
END_TEST

START_TEST(reset_forgets_the_panic_and_the_line_begun)
{
	ck_assert(feed("Kernel panic - not syncing: one\nKernel panic - "));
	console_watch_reset(&w);
	ck_assert(!console_watch_panic(&w, text, sizeof(text)));
	ck_assert(!feed("not syncing: two\n"));
	ck_assert(feed("Kernel panic - not syncing: three\n"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("console_watch");
	TCase *tc = tcase_create("panic");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, finds_a_panic_in_pieces_and_tells_it_once);
	tcase_add_test(tc, panic_text_is_printable_ascii_whatever_the_guest_wrote);
	tcase_add_test(tc, reset_forgets_the_panic_and_the_line_begun);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
