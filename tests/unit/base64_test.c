/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/base64.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *bytes;
	const char *text;
} known[] = {
	/* RFC 4648, section 10 */
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
};

START_TEST(known_texts_go_both_ways)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		char *text = base64_encode(known[i].bytes, strlen(known[i].bytes));
		size_t len = 99;
		char *bytes = base64_decode(known[i].text, &len);

		ck_assert_str_eq(text, known[i].text);
		ck_assert_ptr_nonnull(bytes);
		ck_assert_uint_eq(len, strlen(known[i].bytes));
		ck_assert_mem_eq(bytes, known[i].bytes, len);
		free(text);
		free(bytes);
	}
}
END_TEST

START_TEST(every_byte_survives)
{
	unsigned char all[256];
	size_t len;

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (unsigned char)(255 - i);
	for (size_t n = 0; n <= sizeof(all); n++) {
		char *text = base64_encode(all, n);
		unsigned char *bytes = base64_decode(text, &len);

		ck_assert_uint_eq(len, n);
		ck_assert_mem_eq(bytes, all, n);
		free(text);
		free(bytes);
	}
}
END_TEST

START_TEST(refuses_what_is_no_base64)
{
	static const char *const wrong[] = {
		"Z",	 "Zg",	 "Zg=",	 "Zg==Zg==", "====", "Z===", "Zm9v\n",
		"Zm 9v", "Zm9-", "Zh==", "Zm9=",     "=Zm9", "Z=g="};
	size_t len;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(!base64_decode(wrong[i], &len), "took %s", wrong[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base64");
	TCase *tc = tcase_create("base64");
	SRunner *sr = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, known_texts_go_both_ways);
	tcase_add_test(tc, every_byte_survives);
	tcase_add_test(tc, refuses_what_is_no_base64);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
