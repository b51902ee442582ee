/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/command.h"
#include "vmm/app/control/reference.h"

#include "tests/unit/machine_double.h"

#include <check.h>
#include <stdlib.h>

struct counting_device {
	struct device dev;
	uint32_t state;
	uint64_t requests;
	uint64_t errors;
	uint64_t per_queue[2];
};

static const struct field counting_fields[] = {
	FIELD(struct counting_device, state),
	FIELD_COUNT(struct counting_device, requests),
	FIELD_COUNT(struct counting_device, errors),
	{"per_queue", FIELD_U64, FIELD_COUNTER, offsetof(struct counting_device, per_queue), 2},
};

static const struct device_ops counting_ops = {
	.name = "counting",
	.fields = counting_fields,
	.n_fields = sizeof(counting_fields) / sizeof(counting_fields[0]),
};

static const struct device_ops plain_ops = {.name = "plain"};

/* Runs @name with arguments in JSON; the value as text without blanks, or the error's text. */
static const char *run(struct machine *m, const char *name, const char *args, const char **class)
{
	static char text[4096];
	struct control_error error;
	json_t *object = args ? json_loads(args, 0, NULL) : NULL;
	json_t *value = control_execute(control_find(name), m, object, &error);
	char *dump = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

	ck_assert(!args || object);
	snprintf(text, sizeof(text), "%s", dump ? dump : error.err.text);
	if (class)
		*class = value ? NULL : error.class;
	free(dump);
	json_decref(value);
	json_decref(object);
	return text;
}

static void expect_error(struct machine *m, const char *name, const char *args, const char *want,
			 const char *want_class)
{
	const char *class;

	ck_assert_str_eq(run(m, name, args, &class), want);
	ck_assert_ptr_nonnull(class);
	ck_assert_str_eq(class, want_class);
}

START_TEST(table_is_sorted_and_complete)
{
	size_t n;
	const struct command *table = control_commands(&n);

	ck_assert_uint_gt(n, 0);
	for (size_t i = 0; i < n; i++) {
		ck_assert_ptr_nonnull(table[i].run);
		ck_assert_ptr_nonnull(table[i].summary);
		ck_assert_ptr_eq(control_find(table[i].name), &table[i]);
		ck_assert(i == 0 || strcmp(table[i - 1].name, table[i].name) < 0);
	}
	ck_assert_ptr_null(control_find("nonsense"));
	ck_assert_ptr_null(control_find(""));
}
END_TEST

START_TEST(checks_arguments_by_the_row)
{
	struct machine m = {0};

	expect_error(&m, "block_resize", NULL, "Parameter 'size' is missing", "GenericError");
	expect_error(&m, "block_resize", "{\"device\":\"drive0\",\"size\":\"1\"}",
		     "Invalid parameter type for 'size', expected: integer", "GenericError");
	expect_error(&m, "block_resize", "{\"device\":\"drive0\",\"size\":1.0}",
		     "Invalid parameter type for 'size', expected: integer", "GenericError");
	expect_error(&m, "block_resize", "{\"device\":1,\"size\":512}",
		     "Invalid parameter type for 'device', expected: string", "GenericError");
	expect_error(&m, "block_resize", "{\"device\":\"drive0\",\"size\":512,\"z\":0}",
		     "Parameter 'z' is unexpected", "GenericError");
	expect_error(&m, "stop", "{\"z\":0}", "Parameter 'z' is unexpected", "GenericError");
	expect_error(&m, "qmp_capabilities", "{\"enable\":1}",
		     "Invalid parameter type for 'enable', expected: array", "GenericError");
	ck_assert_str_eq(run(&m, "stop", "{}", NULL), "{}");
}
END_TEST

START_TEST(sets_a_link_by_name)
{
	struct machine m = {.link = true};

	ck_assert_str_eq(run(&m, "set_link", "{\"name\":\"net0\",\"up\":false}", NULL), "{}");
	ck_assert(!m.link);
	ck_assert_str_eq(run(&m, "set_link", "{\"name\":\"net0\",\"up\":true}", NULL), "{}");
	ck_assert(m.link);
	expect_error(&m, "set_link", "{\"name\":\"net9\",\"up\":true}", "Device 'net9' not found",
		     "DeviceNotFound");
}
END_TEST

START_TEST(injects_a_batch_as_it_stands)
{
	struct machine m = {0};

	ck_assert_str_eq(run(&m, "x-input-inject",
			     "{\"device\":\"kbd0\",\"events\":["
			     "{\"type\":1,\"code\":30,\"value\":1},"
			     "{\"type\":2,\"code\":8,\"value\":-3}]}",
			     NULL),
			 "{}");
	ck_assert_uint_eq(m.n_batch, 2);
	ck_assert_uint_eq(m.batch[0].type, 1);
	ck_assert_uint_eq(m.batch[0].code, 30);
	ck_assert_int_eq(m.batch[0].value, 1);
	ck_assert_uint_eq(m.batch[1].code, 8);
	ck_assert_int_eq(m.batch[1].value, -3);
}
END_TEST

START_TEST(refuses_events_that_are_none)
{
	static const char *const wrong[] = {
		"{\"type\":1,\"code\":30}",
		"{\"type\":1,\"code\":\"a\",\"value\":1}",
		"{\"type\":1,\"code\":30,\"value\":1.5}",
		"[1,30,1]",
		"{\"type\":65536,\"code\":30,\"value\":1}",
		"{\"type\":1,\"code\":-1,\"value\":1}",
		"{\"type\":1,\"code\":30,\"value\":2147483648}",
		"",
	};
	struct machine m = {0};
	char args[200];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *class;

		snprintf(args, sizeof(args), "{\"device\":\"kbd0\",\"events\":[%s]}", wrong[i]);
		ck_assert_str_ne(run(&m, "x-input-inject", args, &class), "{}");
		ck_assert_ptr_nonnull(class);
		ck_assert_str_eq(class, "GenericError");
	}
	expect_error(&m, "x-input-inject",
		     "{\"device\":\"kbd9\",\"events\":[{\"type\":1,\"code\":30,\"value\":1}]}",
		     "Device 'kbd9' not found", "DeviceNotFound");
	expect_error(&m, "x-input-inject",
		     "{\"device\":\"kbd0\",\"events\":[{\"type\":3,\"code\":0,\"value\":1}]}",
		     "no such event here", "GenericError");
	ck_assert_uint_eq(m.n_batch, 0);
}
END_TEST

START_TEST(resizes_the_console)
{
	struct machine m = {0};

	ck_assert_str_eq(run(&m, "x-console-resize", "{\"cols\":132,\"rows\":50}", NULL), "{}");
	ck_assert_uint_eq(m.cols, 132);
	ck_assert_uint_eq(m.rows, 50);
	expect_error(&m, "x-console-resize", "{\"cols\":0,\"rows\":50}",
		     "Parameters 'cols' and 'rows' expect 1 to 65535", "GenericError");
}
END_TEST

START_TEST(reads_and_writes_rings)
{
	struct machine m = {0};

	ck_assert_str_eq(run(&m, "ringbuf-write", "{\"device\":\"bulk\",\"data\":\"hello\"}", NULL),
			 "{\"written\":5}");
	ck_assert_str_eq(run(&m, "ringbuf-read", "{\"device\":\"bulk\",\"size\":2}", NULL),
			 "\"he\"");
	ck_assert_str_eq(run(&m, "ringbuf-read",
			     "{\"device\":\"bulk\",\"size\":9,\"format\":\"base64\"}", NULL),
			 "\"bGxv\"");
	ck_assert_str_eq(run(&m, "ringbuf-write",
			     "{\"device\":\"bulk\",\"data\":\"/wA=\",\"format\":\"base64\"}", NULL),
			 "{\"written\":2}");
	ck_assert_mem_eq(m.ring, "\xff\0", 2);
	/* Text was asked for, and comes, whatever the bytes. */
	ck_assert_str_eq(run(&m, "ringbuf-read", "{\"device\":\"bulk\",\"size\":9}", NULL),
			 "\"?\\u0000\"");
	expect_error(&m, "ringbuf-read", "{\"device\":\"bulk\",\"size\":0}",
		     "Parameter 'size' expects a value greater than zero", "GenericError");
	expect_error(&m, "ringbuf-read", "{\"device\":\"tty\",\"size\":1}",
		     "Device 'tty' not found; rings are called console, bulk and stats",
		     "DeviceNotFound");
	expect_error(&m, "ringbuf-read", "{\"device\":\"stats\",\"size\":1}",
		     "Port 2 of the console has no ring", "GenericError");
	expect_error(&m, "ringbuf-write",
		     "{\"device\":\"bulk\",\"data\":\"/w\",\"format\":\"base64\"}",
		     "Parameter 'data' is not base64", "GenericError");
	expect_error(&m, "ringbuf-write", "{\"device\":\"bulk\",\"data\":\"\",\"format\":\"hex\"}",
		     "Parameter 'format' expects utf8 or base64, not 'hex'", "GenericError");
}
END_TEST

START_TEST(shows_one_device_or_all)
{
	struct device one = {.ops = &plain_ops, .id = "one"};
	struct device two = {.ops = &plain_ops, .id = "two"};
	struct machine m = {.devices = {&one, &two}, .n_devices = 2};

	ck_assert_str_eq(run(&m, "x-device-show", "{\"device\":\"two\"}", NULL),
			 "{\"id\":\"two\"}");
	ck_assert_str_eq(run(&m, "x-device-show", NULL, NULL),
			 "[{\"id\":\"one\"},{\"id\":\"two\"}]");
	expect_error(&m, "x-device-show", "{\"device\":\"three\"}", "Device 'three' not found",
		     "DeviceNotFound");
}
END_TEST

START_TEST(resizes_by_either_name)
{
	struct machine m = {0};

	ck_assert_str_eq(run(&m, "block_resize", "{\"device\":\"drive0\",\"size\":1048576}", NULL),
			 "{}");
	ck_assert_uint_eq(m.size, 1048576);
	ck_assert_str_eq(run(&m, "block_resize", "{\"node-name\":\"drive0\",\"size\":512}", NULL),
			 "{}");
	ck_assert_uint_eq(m.size, 512);
}
END_TEST

START_TEST(refuses_bad_resizes)
{
	struct machine m = {0};

	expect_error(&m, "block_resize", "{\"device\":\"nope\",\"size\":512}",
		     "Device 'nope' not found", "DeviceNotFound");
	expect_error(&m, "block_resize", "{\"size\":512}", "Parameter 'device' is missing",
		     "GenericError");
	expect_error(&m, "block_resize", "{\"device\":\"drive0\",\"size\":-1}",
		     "Parameter 'size' expects a >0 size", "GenericError");
	expect_error(&m, "block_resize",
		     "{\"device\":\"drive0\",\"node-name\":\"drive0\",\"size\":512}",
		     "Give either 'device' or 'node-name', not both", "GenericError");
	expect_error(&m, "block_resize", "{\"device\":\"drive0\",\"size\":513}",
		     "size 513 is no multiple of 512", "GenericError");
	ck_assert_uint_eq(m.size, 0);
}
END_TEST

START_TEST(names_each_state)
{
	static const char *const names[] = {"prelaunch", "running", "paused", "shutdown",
					    "shutdown"};
	struct machine m = {0};
	char want[128];

	for (int i = MACHINE_PRELAUNCH; i <= MACHINE_SHUTDOWN; i++) {
		m.state = (enum machine_state)i;
		snprintf(want, sizeof(want),
			 "{\"running\":%s,\"singlestep\":false,\"status\":\"%s\"}",
			 i == MACHINE_RUNNING ? "true" : "false", names[i]);
		ck_assert_str_eq(run(&m, "query-status", NULL, NULL), want);
	}
}
END_TEST

START_TEST(drives_the_machine)
{
	struct machine m = {.state = MACHINE_RUNNING};

	run(&m, "stop", NULL, NULL);
	ck_assert_int_eq(m.state, MACHINE_PAUSED);
	run(&m, "cont", NULL, NULL);
	ck_assert_int_eq(m.state, MACHINE_RUNNING);
	run(&m, "system_reset", NULL, NULL);
	ck_assert_uint_eq(m.resets, 1);
	run(&m, "system_powerdown", NULL, NULL);
	ck_assert_uint_eq(m.powerdowns, 1);
}
END_TEST

START_TEST(passes_on_the_machines_error)
{
	struct machine m = {.stop_error = -ETIMEDOUT};

	expect_error(&m, "stop", NULL, "CPU 1 does not stop", "GenericError");
}
END_TEST

START_TEST(quits_only_after_the_reply)
{
	struct machine m = {.state = MACHINE_RUNNING};

	ck_assert_str_eq(run(&m, "quit", NULL, NULL), "{}");
	ck_assert_int_eq(m.result.end, MACHINE_END_NONE);
	control_find("quit")->after(&m);
	ck_assert_int_eq(m.result.end, MACHINE_END_QUIT);
}
END_TEST

START_TEST(lists_all_commands)
{
	struct machine m = {0};
	const char *text = run(&m, "query-commands", NULL, NULL);
	char want[96];
	size_t n;
	const struct command *table = control_commands(&n);

	for (size_t i = 0; i < n; i++) {
		snprintf(want, sizeof(want), "{\"name\":\"%s\"}", table[i].name);
		ck_assert_ptr_nonnull(strstr(text, want));
	}
}
END_TEST

START_TEST(shows_counters_and_no_state)
{
	struct counting_device counting = {
		.state = 5, .requests = 7, .errors = UINT64_MAX, .per_queue = {1, 2}};
	struct device plain = {0};
	struct machine m = {.resets = 3, .devices = {&counting.dev, &plain}, .n_devices = 2};

	device_init(&counting.dev, &counting_ops, "blk0");
	device_init(&plain, &plain_ops, "plain0");
	ck_assert_str_eq(run(&m, "query-stats", NULL, NULL),
			 "{\"machine\":{\"exits\":3},\"devices\":{\"blk0\":{\"requests\":7,"
			 "\"errors\":9223372036854775807,\"per_queue\":[1,2]},\"plain0\":{}}}");
	device_fini(&counting.dev);
	device_fini(&plain);
}
END_TEST

START_TEST(reference_page_equals_the_tracked_one)
{
	char *printed = NULL, *tracked = NULL;
	size_t n = 0, capacity = 0, line = 0, at = 0;
	FILE *to = open_memstream(&printed, &n);
	FILE *from = fopen("docs/control.md", "r");

	ck_assert_msg(from, "docs/control.md: run the test from the top of the tree");
	control_print_reference(to);
	fclose(to);
	ck_assert_int_ge(getdelim(&tracked, &capacity, '\0', from), 0);
	fclose(from);
	/* Both are too long for a message. */
	for (; printed[at] && printed[at] == tracked[at]; at++)
		if (printed[at] == '\n')
			line = at + 1;
	ck_assert_msg(printed[at] == tracked[at], "docs/control.md: the line \"%.*s\" is missing",
		      (int)strcspn(printed + line, "\n"), printed + line);
	free(printed);
	free(tracked);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("commands");
	TCase *tc = tcase_create("commands");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, table_is_sorted_and_complete);
	tcase_add_test(tc, checks_arguments_by_the_row);
	tcase_add_test(tc, sets_a_link_by_name);
	tcase_add_test(tc, injects_a_batch_as_it_stands);
	tcase_add_test(tc, refuses_events_that_are_none);
	tcase_add_test(tc, resizes_the_console);
	tcase_add_test(tc, reads_and_writes_rings);
	tcase_add_test(tc, shows_one_device_or_all);
	tcase_add_test(tc, resizes_by_either_name);
	tcase_add_test(tc, refuses_bad_resizes);
	tcase_add_test(tc, names_each_state);
	tcase_add_test(tc, drives_the_machine);
	tcase_add_test(tc, passes_on_the_machines_error);
	tcase_add_test(tc, quits_only_after_the_reply);
	tcase_add_test(tc, lists_all_commands);
	tcase_add_test(tc, shows_counters_and_no_state);
	tcase_add_test(tc, reference_page_equals_the_tracked_one);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
