/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/commands/input_names.h"

#include <check.h>
#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KBD    VIRTIO_INPUT_KEYBOARD
#define MOUSE  VIRTIO_INPUT_MOUSE
#define TABLET VIRTIO_INPUT_TABLET
#define ALL    (INPUT_KIND(KBD) | INPUT_KIND(MOUSE) | INPUT_KIND(TABLET))

#define QCODE(name, down)                                                                          \
	"{\"type\":\"key\",\"data\":{\"down\":" down                                               \
	",\"key\":{\"type\":\"qcode\",\"data\":\"" name "\"}}}"
#define BUTTON(name, down) "{\"type\":\"btn\",\"data\":{\"down\":" down ",\"button\":\"" name "\"}}"
#define AXIS(type, name, value)                                                                    \
	"{\"type\":\"" type "\",\"data\":{\"axis\":\"" name "\",\"value\":" value "}}"

static struct input_batches got;
static struct err err;

static int parse(const char *text, unsigned int kinds)
{
	json_t *list = json_loads(text, JSON_DECODE_ANY, NULL);
	int rc;

	ck_assert_ptr_nonnull(list);
	err = (struct err)ERR_INIT;
	memset(&got, 0xa5, sizeof(got));
	rc = input_events_parse(list, kinds, &got, &err);
	ck_assert_int_eq(err.code, rc);
	json_decref(list);
	if (rc < 0)
		ck_assert_uint_eq(got.of[KBD].n + got.of[MOUSE].n + got.of[TABLET].n, 0);
	return rc;
}

static void expect(unsigned int kind, size_t i, uint16_t type, uint16_t code, int32_t value)
{
	const struct virtio_input_event *e = &got.of[kind].events[i];

	ck_assert_uint_gt(got.of[kind].n, i);
	ck_assert_uint_eq(e->type, type);
	ck_assert_uint_eq(e->code, code);
	ck_assert_int_eq(e->value, value);
}

static void expect_counts(size_t keys, size_t mouse, size_t tablet)
{
	ck_assert_uint_eq(got.of[KBD].n, keys);
	ck_assert_uint_eq(got.of[MOUSE].n, mouse);
	ck_assert_uint_eq(got.of[TABLET].n, tablet);
}

/* Codes of @type that the device of @kind advertises. */
static bool advertised(const struct virtio_device *vd, uint16_t type, unsigned int code)
{
	size_t n;
	const uint8_t *bits = virtio_input_codes(vd, type, &n);

	return code / 8 < n && bits[code / 8] >> code % 8 & 1;
}

static bool named(enum input_names sort, uint16_t type, unsigned int code)
{
	size_t n;
	const struct input_name *names = input_names(sort, &n);

	for (size_t i = 0; i < n; i++)
		if (names[i].type == type && names[i].code == code)
			return true;
	return false;
}

START_TEST(each_code_of_a_device_has_a_name_and_no_other)
{
	static const struct {
		enum virtio_input_kind kind;
		uint16_t type;
		enum input_names sort;
	} pairs[] = {{KBD, EV_KEY, INPUT_NAMES_KEY},
		     {MOUSE, EV_KEY, INPUT_NAMES_BUTTON},
		     {MOUSE, EV_REL, INPUT_NAMES_REL},
		     {TABLET, EV_ABS, INPUT_NAMES_ABS}};

	for (size_t p = 0; p < sizeof(pairs) / sizeof(pairs[0]); p++) {
		struct virtio_input_config config = {.id = "any", .kind = pairs[p].kind};
		struct virtio_device *vd = virtio_input_create(&config, NULL);
		unsigned int codes = 0;

		ck_assert_ptr_nonnull(vd);
		for (unsigned int code = 0; code < 0x300; code++) {
			bool is = advertised(vd, pairs[p].type, code);

			codes += is;
			/* The one button that is the tablet's. */
			if (pairs[p].sort == INPUT_NAMES_BUTTON && code == BTN_TOUCH)
				is = true;
			ck_assert_msg(named(pairs[p].sort, pairs[p].type, code) == is,
				      "type %u code %u", pairs[p].type, code);
		}
		ck_assert_uint_eq(codes, p == 0 ? 116 : p == 1 ? 8 : p == 2 ? 4 : 2);
		device_destroy(&vd->dev);
	}
}
END_TEST

START_TEST(no_name_stands_twice)
{
	for (int sort = INPUT_NAMES_KEY; sort <= INPUT_NAMES_ABS; sort++) {
		size_t n;
		const struct input_name *names = input_names((enum input_names)sort, &n);

		for (size_t i = 0; i < n; i++)
			ck_assert_ptr_eq(input_name_find((enum input_names)sort, names[i].name),
					 &names[i]);
		ck_assert_ptr_null(input_name_find((enum input_names)sort, ""));
		ck_assert_ptr_null(input_name_find((enum input_names)sort, "unmapped"));
	}
}
END_TEST

START_TEST(knows_names_by_heart)
{
	static const struct {
		const char *name;
		unsigned int code;
	} some[] = {{"a", 30},		{"ret", 28},	    {"kp_enter", 96}, {"volumeup", 115},
		    {"shift", 42},	{"ctrl", 29},	    {"alt", 56},      {"f1", 59},
		    {"b", 48},		{"f11", 87},	    {"less", 86},     {"0", 11},
		    {"audioplay", 164}, {"kp_equals", 117}, {"meta_l", 125},  {"menu", 139}};

	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		ck_assert_uint_eq(input_name_find(INPUT_NAMES_KEY, some[i].name)->code,
				  some[i].code);
}
END_TEST

START_TEST(takes_what_the_harness_sends)
{
	ck_assert_int_eq(parse("[" QCODE("a", "true") "]", INPUT_KIND(KBD)), 0);
	expect_counts(1, 0, 0);
	expect(KBD, 0, EV_KEY, KEY_A, 1);
	ck_assert_int_eq(parse("[" QCODE("a", "false") "]", INPUT_KIND(KBD)), 0);
	expect(KBD, 0, EV_KEY, KEY_A, 0);
	ck_assert_int_eq(parse("[" AXIS("rel", "x", "10") "," AXIS("rel", "y", "5") "," AXIS(
				       "rel", "wheel", "1") "," AXIS("rel", "hscroll", "-2") "]",
			       INPUT_KIND(MOUSE)),
			 0);
	expect_counts(0, 4, 0);
	expect(MOUSE, 0, EV_REL, REL_X, 10);
	expect(MOUSE, 1, EV_REL, REL_Y, 5);
	expect(MOUSE, 2, EV_REL, REL_WHEEL, 1);
	expect(MOUSE, 3, EV_REL, REL_HWHEEL, -2);
	ck_assert_int_eq(parse("[" AXIS("rel", "vscroll", "-1") "," AXIS("rel", "hwheel", "7") "]",
			       INPUT_KIND(MOUSE)),
			 0);
	expect(MOUSE, 0, EV_REL, REL_WHEEL, -1);
	expect(MOUSE, 1, EV_REL, REL_HWHEEL, 7);
	ck_assert_int_eq(parse("[" BUTTON("side", "true") "]", INPUT_KIND(MOUSE)), 0);
	expect(MOUSE, 0, EV_KEY, BTN_SIDE, 1);
	ck_assert_int_eq(parse("[" AXIS("abs", "x", "10000") "," AXIS("abs", "y", "20000") "]",
			       INPUT_KIND(TABLET)),
			 0);
	expect_counts(0, 0, 2);
	expect(TABLET, 0, EV_ABS, ABS_X, 10000);
	expect(TABLET, 1, EV_ABS, ABS_Y, 20000);
}
END_TEST

START_TEST(sorts_events_by_device_and_keeps_their_order)
{
	ck_assert_int_eq(
		parse("[" BUTTON("right", "true") "," QCODE("z", "true") "," AXIS(
			      "abs", "y",
			      "1") "," AXIS("rel", "x",
					    "-3") "," QCODE("z", "false") "," BUTTON("right",
										     "false") "]",
		      ALL),
		0);
	expect_counts(2, 3, 1);
	expect(KBD, 0, EV_KEY, KEY_Z, 1);
	expect(KBD, 1, EV_KEY, KEY_Z, 0);
	expect(MOUSE, 0, EV_KEY, BTN_RIGHT, 1);
	expect(MOUSE, 1, EV_REL, REL_X, -3);
	expect(MOUSE, 2, EV_KEY, BTN_RIGHT, 0);
	expect(TABLET, 0, EV_ABS, ABS_Y, 1);
	ck_assert_int_eq(parse("[]", ALL), 0);
	expect_counts(0, 0, 0);
}
END_TEST

START_TEST(left_is_touch_where_there_is_no_mouse)
{
	ck_assert_int_eq(parse("[" BUTTON("left", "true") "]", ALL), 0);
	expect_counts(0, 1, 0);
	expect(MOUSE, 0, EV_KEY, BTN_LEFT, 1);
	ck_assert_int_eq(parse("[" BUTTON("left", "true") "]", INPUT_KIND(TABLET)), 0);
	expect_counts(0, 0, 1);
	expect(TABLET, 0, EV_KEY, BTN_TOUCH, 1);
	ck_assert_int_eq(parse("[" BUTTON("touch", "false") "]", ALL), 0);
	expect(TABLET, 0, EV_KEY, BTN_TOUCH, 0);
	ck_assert_int_eq(parse("[" BUTTON("right", "true") "]", INPUT_KIND(TABLET)), -ENODEV);
	ck_assert_str_eq(err.text, "events[0]: this is for a mouse, and none is addressed");
}
END_TEST

START_TEST(wheel_buttons_are_steps_when_they_go_down)
{
	ck_assert_int_eq(
		parse("[" BUTTON("wheel-up", "true") "," BUTTON("wheel-up", "false") "," BUTTON(
			      "wheel-down", "true") "," BUTTON("wheel-left",
							       "true") "," BUTTON("wheel-right",
										  "true") "]",
		      ALL),
		0);
	expect_counts(0, 4, 0);
	expect(MOUSE, 0, EV_REL, REL_WHEEL, 1);
	expect(MOUSE, 1, EV_REL, REL_WHEEL, -1);
	expect(MOUSE, 2, EV_REL, REL_HWHEEL, -1);
	expect(MOUSE, 3, EV_REL, REL_HWHEEL, 1);
}
END_TEST

START_TEST(refuses_with_one_line)
{
	static const struct {
		const char *list, *text;
	} bad[] = {
		{"{}", "events: must be a list"},
		{"[" QCODE("a", "true") "," QCODE("hyper", "true") "]",
		 "events[1]: unknown key 'hyper'"},
		{"[" BUTTON("fourth", "true") "]", "events[0]: unknown button 'fourth'"},
		{"[" AXIS("rel", "z", "1") "]", "events[0]: unknown relative axis 'z'"},
		{"[" AXIS("abs", "wheel", "1") "]", "events[0]: unknown absolute axis 'wheel'"},
		{"[" AXIS("mtt", "x", "1") "]",
		 "events[0]: type 'mtt', must be key, btn, rel or abs"},
		{"[" AXIS("rel", "x", "2147483648") "]",
		 "events[0]: value 2147483648 does not fit into 32 bits"},
		{"[" AXIS("rel", "x", "-9223372036854775807") "]",
		 "events[0]: value -9223372036854775807 does not fit into 32 bits"},
		{"[{\"type\":\"key\",\"data\":{\"down\":true,\"key\":{\"type\":\"number\","
		 "\"data\":30}}}]",
		 "events[0]: a key must be given as {\"type\": \"qcode\", \"data\": NAME}"},
		{"[{\"type\":\"key\",\"data\":{\"down\":true,\"key\":{\"type\":\"qcode\","
		 "\"data\":30}}}]",
		 "events[0]: a key must be given as {\"type\": \"qcode\", \"data\": NAME}"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(parse(bad[i].list, ALL), -EINVAL);
		ck_assert_str_eq(err.text, bad[i].text);
	}
}
END_TEST

START_TEST(refuses_every_other_shape)
{
	static const char *const shapes[] = {
		"null",
		"[null]",
		"[[]]",
		"[{}]",
		"[{\"type\":\"key\"}]",
		"[{\"type\":1,\"data\":{}}]",
		"[{\"type\":\"key\",\"data\":[]}]",
		"[{\"type\":\"key\",\"data\":{\"down\":1,\"key\":{}}}]",
		"[{\"type\":\"key\",\"data\":{\"down\":true,\"key\":\"a\"}}]",
		"[{\"type\":\"rel\",\"data\":{\"axis\":\"x\",\"value\":1.0}}]",
		"[{\"type\":\"rel\",\"data\":{\"axis\":\"x\",\"value\":\"1\"}}]",
		"[{\"type\":\"rel\",\"data\":{\"axis\":\"x\",\"value\":1,\"more\":1}}]",
		"[{\"type\":\"btn\",\"data\":{\"down\":true,\"button\":\"left\"},\"more\":1}]",
		"[{\"type\":\"btn\",\"data\":{\"down\":null,\"button\":\"left\"}}]",
	};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		ck_assert_int_eq(parse(shapes[i], ALL), -EINVAL);
		ck_assert_str_ne(err.text, "");
		ck_assert_ptr_null(strchr(err.text, '\n'));
	}
}
END_TEST

START_TEST(bounds_what_goes_to_one_device)
{
	static char text[8192];
	size_t at;

	for (unsigned int n = 63; n <= 64; n++) {
		at = (size_t)snprintf(text, sizeof(text), "[" AXIS("abs", "x", "1"));
		for (unsigned int i = 0; i < n; i++)
			at += (size_t)snprintf(text + at, sizeof(text) - at,
					       "," AXIS("rel", "x", "1"));
		snprintf(text + at, sizeof(text) - at, "]");
		ck_assert_int_eq(parse(text, ALL), n == 63 ? 0 : -EINVAL);
		if (n == 63)
			expect_counts(0, 63, 1);
		else
			ck_assert_str_eq(err.text,
					 "events[64]: more than 63 events for one device");
	}
}
END_TEST

START_TEST(takes_keys_for_other_commands)
{
	json_t *key = json_pack("{s:s, s:s}", "type", "qcode", "data", "delete");
	json_t *none = json_pack("{s:s, s:s}", "type", "qcode", "data", "DELETE");
	uint16_t code = 0;

	ck_assert_int_eq(input_key_parse(key, &code, NULL), 0);
	ck_assert_uint_eq(code, KEY_DELETE);
	err = (struct err)ERR_INIT;
	ck_assert_int_eq(input_key_parse(none, &code, &err), -EINVAL);
	ck_assert_str_eq(err.text, "unknown key 'DELETE'");
	json_decref(key);
	json_decref(none);
}
END_TEST

START_TEST(takes_numbers_as_they_are)
{
	static const char *const bad[] = {
		"{}",
		"[{\"type\":65536,\"code\":0,\"value\":0}]",
		"[{\"type\":1,\"code\":-1,\"value\":0}]",
		"[{\"type\":1,\"code\":1,\"value\":4294967296}]",
		"[{\"type\":1,\"code\":1}]",
		"[{\"type\":1,\"code\":1,\"value\":true}]",
		"[{\"type\":1,\"code\":1,\"value\":1,\"time\":0}]",
	};
	json_t *list = json_loads("[{\"type\":1,\"code\":30,\"value\":1},"
				  "{\"type\":2,\"code\":8,\"value\":-1}]",
				  0, NULL);
	struct input_batch batch;

	ck_assert_int_eq(input_raw_parse(list, &batch, NULL), 0);
	ck_assert_uint_eq(batch.n, 2);
	ck_assert_uint_eq(batch.events[0].code, 30);
	ck_assert_int_eq(batch.events[1].value, -1);
	json_decref(list);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		list = json_loads(bad[i], 0, NULL);
		err = (struct err)ERR_INIT;
		ck_assert_int_eq(input_raw_parse(list, &batch, &err), -EINVAL);
		ck_assert_str_ne(err.text, "");
		ck_assert_uint_eq(batch.n, 0);
		json_decref(list);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("input_names");
	TCase *tc = tcase_create("input_names");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, each_code_of_a_device_has_a_name_and_no_other);
	tcase_add_test(tc, no_name_stands_twice);
	tcase_add_test(tc, knows_names_by_heart);
	tcase_add_test(tc, takes_what_the_harness_sends);
	tcase_add_test(tc, sorts_events_by_device_and_keeps_their_order);
	tcase_add_test(tc, left_is_touch_where_there_is_no_mouse);
	tcase_add_test(tc, wheel_buttons_are_steps_when_they_go_down);
	tcase_add_test(tc, refuses_with_one_line);
	tcase_add_test(tc, refuses_every_other_shape);
	tcase_add_test(tc, bounds_what_goes_to_one_device);
	tcase_add_test(tc, takes_keys_for_other_commands);
	tcase_add_test(tc, takes_numbers_as_they_are);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
