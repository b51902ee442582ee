/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/session.h"

#include "tests/unit/machine_double.h"
#include "vmm/app/control/splitter.h"

#include <check.h>
#include <stdlib.h>

/* A session whose lines are collected. */
struct rig {
	struct machine machine;
	struct session *session;
	char lines[64][2048];
	size_t n;
};

static void collect(void *arg, const char *line, size_t n)
{
	struct rig *r = arg;

	ck_assert_uint_gt(n, 1);
	ck_assert_int_eq(line[n - 1], '\n');
	ck_assert_ptr_null(memchr(line, '\n', n - 1));
	if (r->n < 64 && n < sizeof(r->lines[0])) {
		memcpy(r->lines[r->n], line, n - 1);
		r->lines[r->n][n - 1] = '\0';
	}
	r->n++;
}

static void pass_event(void *arg, const char *event, json_t *data)
{
	struct rig *r = arg;
	struct clock clock = clock_host();
	json_t *message = session_event_new(event, data, &clock);

	session_event(r->session, message);
	json_decref(message);
}

static struct rig *rig_create(void)
{
	struct rig *r = calloc(1, sizeof(*r));

	r->machine.state = MACHINE_RUNNING;
	r->session = session_create(&r->machine, collect, r);
	machine_on_event(&r->machine, pass_event, r);
	return r;
}

static void rig_destroy(struct rig *r)
{
	session_destroy(r->session);
	free(r);
}

static void feed_bytes(struct rig *r, const char *data, size_t n)
{
	while (n) {
		size_t used = session_feed(r->session, data, n);

		ck_assert_uint_ge(used, 1);
		ck_assert_uint_le(used, n);
		data += used;
		n -= used;
	}
}

static void feed(struct rig *r, const char *text)
{
	r->n = 0;
	feed_bytes(r, text, strlen(text));
}

static struct rig *negotiated(void)
{
	struct rig *r = rig_create();

	feed(r, "{\"execute\":\"qmp_capabilities\"}\n");
	ck_assert_str_eq(r->lines[0], "{\"return\": {}}");
	r->n = 0;
	return r;
}

static void expect(struct rig *r, const char *input, const char *line)
{
	feed(r, input);
	ck_assert_uint_eq(r->n, 1);
	ck_assert_str_eq(r->lines[0], line);
}

#define GENERIC(desc)	"{\"error\": {\"class\": \"GenericError\", \"desc\": \"" desc "\"}}"
#define NOT_FOUND(desc) "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"" desc "\"}}"
#define STOPPED		"{\"return\": {\"running\": false, \"singlestep\": false, \"status\": \"paused\"}}"
#define RUNNING		"{\"return\": {\"running\": true, \"singlestep\": false, \"status\": \"running\"}}"
#define QUERY		"{\"execute\": \"query-status\"}"

START_TEST(greets_as_qmp_does)
{
	struct rig *r = rig_create();
	json_t *greeting, *version;
	int major;

	session_greet(r->session);
	ck_assert_uint_eq(r->n, 1);
	greeting = json_loads(r->lines[0], 0, NULL);
	ck_assert_int_eq(json_unpack(greeting, "{s:{s:o, s:[!]}}", "QMP", "version", &version,
				     "capabilities"),
			 0);
	ck_assert_int_eq(json_unpack(version, "{s:{s:i, s:I, s:I}}", "qemu", "major", &major,
				     "minor", &(json_int_t){0}, "micro", &(json_int_t){0}),
			 0);
	ck_assert_int_eq(
		strncmp(json_string_value(json_object_get(version, "package")), "vise ", 5), 0);
	json_decref(greeting);
	rig_destroy(r);
}
END_TEST

START_TEST(accepts_nothing_before_negotiation)
{
	struct rig *r = rig_create();

	expect(r, QUERY, NOT_FOUND("Expecting capabilities negotiation with 'qmp_capabilities'"));
	expect(r, "{\"execute\":\"nonsense\"}",
	       NOT_FOUND("Expecting capabilities negotiation with 'qmp_capabilities'"));
	rig_destroy(r);
}
END_TEST

START_TEST(refuses_a_second_negotiation)
{
	struct rig *r = negotiated();

	expect(r, "{\"execute\":\"qmp_capabilities\"}",
	       NOT_FOUND("Capabilities negotiation is already complete, command ignored"));
	expect(r, QUERY, RUNNING);
	rig_destroy(r);
}
END_TEST

START_TEST(refuses_capabilities_it_lacks)
{
	struct rig *r = rig_create();

	expect(r, "{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[\"oob\"]}}",
	       GENERIC("Capability oob not available"));
	expect(r, QUERY, NOT_FOUND("Expecting capabilities negotiation with 'qmp_capabilities'"));
	expect(r, "{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[]}}",
	       "{\"return\": {}}");
	rig_destroy(r);
}
END_TEST

START_TEST(echoes_any_id)
{
	static const char *const ids[] = {"1",	  "-7",	     "\"x\"", "null",
					  "true", "[1, {}]", "1.5",   "{\"a\": [2]}"};
	struct rig *r = negotiated();
	char in[128], out[192];

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		snprintf(in, sizeof(in), "{\"execute\":\"stop\",\"id\":%s}", ids[i]);
		snprintf(out, sizeof(out), "{\"return\": {}, \"id\": %s}", ids[i]);
		feed(r, in);
		ck_assert_str_eq(r->lines[0], out);
		snprintf(in, sizeof(in), "{\"execute\":\"zz\",\"id\":%s}", ids[i]);
		snprintf(out, sizeof(out),
			 "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"The command zz "
			 "has "
			 "not been found\"}, \"id\": %s}",
			 ids[i]);
		expect(r, in, out);
	}
	rig_destroy(r);
}
END_TEST

START_TEST(refuses_malformed_requests_in_qemus_words)
{
	struct rig *r = negotiated();

	expect(r, "{\"execute\":\"stop\",\"x\":1}", GENERIC("QMP input member 'x' is unexpected"));
	expect(r, "{\"exec-oob\":\"stop\"}", GENERIC("QMP input member 'exec-oob' is unexpected"));
	expect(r, "{}", GENERIC("QMP input lacks member 'execute'"));
	expect(r, "{\"execute\":1}", GENERIC("QMP input member 'execute' must be a string"));
	expect(r, "{\"execute\":\"stop\",\"arguments\":[]}",
	       GENERIC("QMP input member 'arguments' must be an object"));
	expect(r, "[]", GENERIC("QMP input must be a JSON object"));
	expect(r, "null\n", GENERIC("QMP input must be a JSON object"));
	expect(r, "{\"x\":1,\"id\":5}",
	       "{\"error\": {\"class\": \"GenericError\", \"desc\": \"QMP input member 'x' is "
	       "unexpected\"}, \"id\": 5}");
	ck_assert_int_eq(r->machine.state, MACHINE_RUNNING);
	rig_destroy(r);
}
END_TEST

START_TEST(needs_no_newline_and_takes_several_on_a_line)
{
	struct rig *r = negotiated();

	expect(r, QUERY, RUNNING);
	feed(r, QUERY QUERY " " QUERY "\r\n\r\n" QUERY);
	ck_assert_uint_eq(r->n, 4);
	ck_assert_str_eq(r->lines[3], RUNNING);
	rig_destroy(r);
}
END_TEST

START_TEST(takes_one_message_a_call)
{
	struct rig *r = negotiated();

	ck_assert_uint_eq(session_feed(r->session, QUERY QUERY, 2 * strlen(QUERY)), strlen(QUERY));
	ck_assert_uint_eq(r->n, 1);
	rig_destroy(r);
}
END_TEST

START_TEST(takes_input_byte_by_byte)
{
	static const char text[] = "{ \"execute\" :\n\t\"query-status\", \"id\": \"}{\\\"]\" }";
	struct rig *r = negotiated();

	for (size_t i = 0; i + 1 < sizeof(text); i++) {
		ck_assert_uint_eq(r->n, 0);
		ck_assert_uint_eq(session_feed(r->session, text + i, 1), 1);
	}
	ck_assert_uint_eq(r->n, 1);
	ck_assert_ptr_nonnull(strstr(r->lines[0], "\"id\": \"}{\\\"]\""));
	rig_destroy(r);
}
END_TEST

START_TEST(tolerates_a_byte_order_mark)
{
	struct rig *r = rig_create();

	expect(r, "\xef\xbb\xbf{\"execute\":\"qmp_capabilities\"}\n", "{\"return\": {}}");
	feed(r, "\xef\xbb\xbf" QUERY);
	ck_assert_uint_eq(r->n, 2);
	ck_assert_str_eq(r->lines[0], GENERIC("QMP input must be a JSON object"));
	rig_destroy(r);
}
END_TEST

START_TEST(recovers_from_bad_input)
{
	static const char *const bad[] = {
		"{]\n",
		"}\n",
		"{\"execute\": stop}\n",
		"{\"execute\": \"stop\n",
		"{\"execute\": \"st\xff",
		"{\x01\n",
		"\xff\xff\xff",
		"{\"execute\": \"st\xc3(op\"}",
		"{\"execute\": \"stop\\u0000\"}",
		"{\"execute\":\"stop\",\"execute\":\"stop\"}",
		"{\"id\": 99999999999999999999999}",
		"hello there\n",
		"'execute'\n",
	};
	struct rig *r = negotiated();

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		feed(r, bad[i]);
		ck_assert_msg(r->n == 1, "input %zu: %zu lines", i, r->n);
		ck_assert_ptr_nonnull(strstr(r->lines[0], "\"class\": \"GenericError\""));
		expect(r, QUERY, RUNNING);
	}
	rig_destroy(r);
}
END_TEST

START_TEST(refuses_deep_nesting_and_goes_on)
{
	struct rig *r = negotiated();
	char deep[1000];

	memset(deep, '[', sizeof(deep));
	deep[sizeof(deep) - 1] = '\0';
	expect(r, deep, GENERIC("JSON nesting is deeper than 64"));
	expect(r, "\n" QUERY, RUNNING);

	/* Well formed but too deep: the end of the message is found without a newline. */
	memset(deep, '[', 100);
	memset(deep + 100, ']', 100);
	memcpy(deep + 200, QUERY, sizeof(QUERY));
	feed(r, deep);
	ck_assert_uint_eq(r->n, 2);
	ck_assert_str_eq(r->lines[1], RUNNING);
	rig_destroy(r);
}
END_TEST

START_TEST(accepts_nesting_at_the_limit)
{
	struct rig *r = negotiated();
	char open[SPLITTER_MAX_DEPTH] = {0}, close[SPLITTER_MAX_DEPTH] = {0};
	char text[256];

	memset(open, '[', sizeof(open) - 1);
	memset(close, ']', sizeof(close) - 1);
	snprintf(text, sizeof(text), "{\"execute\":\"query-status\",\"id\":%s%s}", open, close);
	feed(r, text);
	ck_assert_uint_eq(r->n, 1);
	ck_assert_ptr_nonnull(strstr(r->lines[0], "\"return\""));
	rig_destroy(r);
}
END_TEST

START_TEST(refuses_a_huge_message_once_and_goes_on)
{
	struct rig *r = negotiated();
	char block[4096];

	memset(block, 'a', sizeof(block));
	feed(r, "{\"execute\":\"");
	for (int i = 0; i < 1024; i++)
		feed_bytes(r, block, sizeof(block));
	ck_assert_uint_eq(r->n, 1);
	ck_assert_str_eq(r->lines[0], GENERIC("JSON message is longer than 1 MiB"));
	feed(r, "\"}" QUERY);
	ck_assert_uint_eq(r->n, 1);
	ck_assert_str_eq(r->lines[0], RUNNING);
	rig_destroy(r);
}
END_TEST

START_TEST(sends_events_only_after_negotiation)
{
	struct rig *r = rig_create();

	double_event(&r->machine, "STOP", NULL);
	ck_assert_uint_eq(r->n, 0);
	feed(r, "{\"execute\":\"qmp_capabilities\"}");
	r->n = 0;
	double_event(&r->machine, "STOP", NULL);
	ck_assert_uint_eq(r->n, 1);
	rig_destroy(r);
}
END_TEST

static uint64_t fixed_time(void *owner)
{
	(void)owner;
	return 1700000000 * NS_PER_SEC + 123456789;
}

START_TEST(stamps_events)
{
	struct clock clock = {.realtime_ns = fixed_time};
	struct rig *r = negotiated();
	json_t *data = json_pack("{s:b}", "guest", 1);
	json_t *event = session_event_new("RESET", data, &clock);

	session_event(r->session, event);
	ck_assert_str_eq(r->lines[0],
			 "{\"event\": \"RESET\", \"timestamp\": {\"seconds\": "
			 "1700000000, \"microseconds\": 123456}, \"data\": {\"guest\": "
			 "true}}");
	json_decref(event);
	json_decref(data);
	rig_destroy(r);
}
END_TEST

START_TEST(replies_before_the_events_of_the_command)
{
	struct rig *r = negotiated();

	feed(r, "{\"execute\":\"stop\"}{\"execute\":\"quit\"}");
	ck_assert_uint_eq(r->n, 4);
	ck_assert_str_eq(r->lines[0], "{\"return\": {}}");
	ck_assert_ptr_nonnull(strstr(r->lines[1], "\"STOP\""));
	ck_assert_str_eq(r->lines[2], "{\"return\": {}}");
	ck_assert_ptr_nonnull(strstr(r->lines[3], "\"SHUTDOWN\""));
	ck_assert_int_eq(r->machine.result.end, MACHINE_END_QUIT);
	rig_destroy(r);
}
END_TEST

START_TEST(follows_the_state_of_the_machine)
{
	struct rig *r = negotiated();

	feed(r, "{\"execute\":\"stop\"}");
	expect(r, QUERY, STOPPED);
	feed(r, "{\"execute\":\"cont\"}");
	expect(r, QUERY, RUNNING);
	rig_destroy(r);
}
END_TEST

START_TEST(answers_in_ascii)
{
	struct rig *r = negotiated();

	expect(r, "{\"execute\":\"stop\xc3\xa9\"}",
	       NOT_FOUND("The command stop\\u00E9 has not been found"));
	rig_destroy(r);
}
END_TEST

START_TEST(survives_a_name_cut_inside_a_character)
{
	struct rig *r = negotiated();
	char name[1201] = {0}, text[1300];

	for (size_t i = 0; i < sizeof(name) - 1; i++)
		name[i] = i % 2 ? '\xa9' : '\xc3';
	snprintf(text, sizeof(text), "{\"execute\":\"a%s\"}", name);
	feed(r, text);
	ck_assert_uint_eq(r->n, 1);
	ck_assert_ptr_nonnull(strstr(r->lines[0], "CommandNotFound"));
	rig_destroy(r);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("session");
	TCase *tc = tcase_create("session");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, greets_as_qmp_does);
	tcase_add_test(tc, accepts_nothing_before_negotiation);
	tcase_add_test(tc, refuses_a_second_negotiation);
	tcase_add_test(tc, refuses_capabilities_it_lacks);
	tcase_add_test(tc, echoes_any_id);
	tcase_add_test(tc, refuses_malformed_requests_in_qemus_words);
	tcase_add_test(tc, needs_no_newline_and_takes_several_on_a_line);
	tcase_add_test(tc, takes_one_message_a_call);
	tcase_add_test(tc, takes_input_byte_by_byte);
	tcase_add_test(tc, tolerates_a_byte_order_mark);
	tcase_add_test(tc, recovers_from_bad_input);
	tcase_add_test(tc, refuses_deep_nesting_and_goes_on);
	tcase_add_test(tc, accepts_nesting_at_the_limit);
	tcase_add_test(tc, refuses_a_huge_message_once_and_goes_on);
	tcase_add_test(tc, sends_events_only_after_negotiation);
	tcase_add_test(tc, stamps_events);
	tcase_add_test(tc, replies_before_the_events_of_the_command);
	tcase_add_test(tc, follows_the_state_of_the_machine);
	tcase_add_test(tc, answers_in_ascii);
	tcase_add_test(tc, survives_a_name_cut_inside_a_character);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
