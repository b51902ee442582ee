/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/err.h"
#include "vmm/core/field.h"
#include "vmm/core/le.h"

#include <check.h>
#include <errno.h>
#include <string.h>

START_TEST(err_holds_code_and_line)
{
	struct err err = ERR_INIT;

	ck_assert_int_eq(err_set(&err, -EINVAL, "%s %d", "disk", 3), -EINVAL);
	ck_assert_int_eq(err.code, -EINVAL);
	ck_assert_str_eq(err.text, "disk 3");
	err_prefix(&err, "--disk %s", "a.img");
	ck_assert_str_eq(err.text, "--disk a.img: disk 3");
	ck_assert_int_eq(err.code, -EINVAL);
	ck_assert_int_eq(err_set_errno(&err, ENOENT, "open"), -ENOENT);
	ck_assert_str_eq(err.text, "open: No such file or directory");
	ck_assert_int_eq(err.code, -ENOENT);
}
END_TEST

START_TEST(err_may_be_absent)
{
	ck_assert_int_eq(err_set(NULL, -EIO, "x"), -EIO);
	ck_assert_int_eq(err_set_errno(NULL, EPERM, "x"), -EPERM);
	err_prefix(NULL, "x");
}
END_TEST

START_TEST(err_cuts_what_does_not_fit)
{
	struct err err = ERR_INIT;
	char longer[2000];

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	err_set(&err, -EIO, "%s", longer);
	ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
	err_prefix(&err, "%s", "where");
	ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
	ck_assert_mem_eq(err.text, "where: xxx", 10);
	err_prefix(&err, "%s", longer);
	ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
	err_set_errno(&err, EIO, "%s", longer);
	ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
	ck_assert_int_eq(err.code, -EIO);
}
END_TEST

struct sample {
	bool flag;
	uint8_t byte;
	uint16_t half;
	uint32_t word;
	uint64_t wide;
	uint16_t array[3];
	uint64_t counter;
	char unnamed;
};

static const struct field fields[] = {
	FIELD(struct sample, flag),	     FIELD(struct sample, byte),
	FIELD(struct sample, half),	     FIELD(struct sample, word),
	FIELD(struct sample, wide),	     FIELD_ARRAY(struct sample, array),
	FIELD_COUNT(struct sample, counter),
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static const struct sample sample = {true,	     0xfe, 0xfedc, 0xfedcba98, 0xfedcba9876543210,
				     {1, 2, 0xffff}, 7,	   'x'};

START_TEST(fields_read_every_type_widened)
{
	const uint64_t expected[] = {1, 0xfe, 0xfedc, 0xfedcba98, 0xfedcba9876543210, 1, 7};

	for (size_t i = 0; i < N_FIELDS; i++)
		ck_assert_uint_eq(field_get(&sample, &fields[i], 0), expected[i]);
	ck_assert_uint_eq(fields[5].count, 3);
	ck_assert_uint_eq(field_get(&sample, &fields[5], 2), 0xffff);
	ck_assert_str_eq(fields[5].name, "array");
}
END_TEST

START_TEST(first_difference_is_named)
{
	struct sample other = sample;

	ck_assert_ptr_null(field_first_difference(&sample, &other, fields, N_FIELDS));
	other.array[2] = 0;
	ck_assert_str_eq(field_first_difference(&sample, &other, fields, N_FIELDS), "array");
	other.word++;
	ck_assert_str_eq(field_first_difference(&sample, &other, fields, N_FIELDS), "word");
	other.flag = false;
	ck_assert_str_eq(field_first_difference(&sample, &other, fields, N_FIELDS), "flag");
}
END_TEST

START_TEST(counters_and_unnamed_members_are_no_difference)
{
	struct sample other = sample;

	other.counter++;
	other.unnamed++;
	ck_assert_ptr_null(field_first_difference(&sample, &other, fields, N_FIELDS));
}
END_TEST

START_TEST(integers_are_little_endian_at_any_alignment)
{
	const uint8_t bytes[] = {0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88};
	uint8_t out[9] = {0};

	ck_assert_uint_eq(ld_le16(bytes + 1), 0x2211);
	ck_assert_uint_eq(ld_le32(bytes + 1), 0x44332211);
	ck_assert_uint_eq(ld_le64(bytes + 1), 0x8877665544332211);
	st_le64(out + 1, 0x8877665544332211);
	ck_assert_mem_eq(out, bytes, 9);
	st_le32(out + 3, 0xddccbbaa);
	ck_assert_uint_eq(out[3], 0xaa);
	ck_assert_uint_eq(out[6], 0xdd);
	st_le16(out, 0x0102);
	ck_assert_uint_eq(out[0], 2);
}
END_TEST

START_TEST(wrappers_have_the_size_and_bytes_of_the_wire)
{
	struct {
		uint8_t before;
		le16_t a;
		le32_t b;
		le64_t c;
	} wire = {1, le16_make(0x1234), le32_make(0x12345678), le64_make(0x123456789abcdef0)};

	ck_assert_uint_eq(sizeof(wire), 15);
	ck_assert_uint_eq(wire.a.b[0], 0x34);
	ck_assert_uint_eq(wire.b.b[3], 0x12);
	ck_assert_uint_eq(wire.c.b[0], 0xf0);
	ck_assert_uint_eq(le16_get(wire.a), 0x1234);
	ck_assert_uint_eq(le32_get(wire.b), 0x12345678);
	ck_assert_uint_eq(le64_get(wire.c), 0x123456789abcdef0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("core");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, err_holds_code_and_line);
	tcase_add_test(tc, err_may_be_absent);
	tcase_add_test(tc, err_cuts_what_does_not_fit);
	tcase_add_test(tc, fields_read_every_type_widened);
	tcase_add_test(tc, first_difference_is_named);
	tcase_add_test(tc, counters_and_unnamed_members_are_no_difference);
	tcase_add_test(tc, integers_are_little_endian_at_any_alignment);
	tcase_add_test(tc, wrappers_have_the_size_and_bytes_of_the_wire);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
