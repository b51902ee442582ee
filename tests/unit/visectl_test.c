/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What belongs to the client alone is in no library: it is built into the test.
 * NOLINTBEGIN(bugprone-suspicious-include): that is what including them is for. */
#include "tools/visectl/arguments.c"
/* NOLINTEND(bugprone-suspicious-include) */

#include "tests/unit/machine_double.h"
#include "tools/control/connection.h"
#include "tools/control/lines.h"
#include "vmm/app/control/server.h"
#include "vmm/core/clock.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void expect_arguments(char *word, const char *want)
{
	struct err err = ERR_INIT;
	json_t *object = arguments_parse(&word, 1, &err);
	char *text;

	ck_assert_msg(object, "%s", err.text);
	text = json_dumps(object, JSON_COMPACT);
	ck_assert_str_eq(text, want);
	free(text);
	json_decref(object);
}

static void expect_refused(char *word, const char *part)
{
	struct err err = ERR_INIT;

	ck_assert_ptr_null(arguments_parse(&word, 1, &err));
	ck_assert_msg(strstr(err.text, part), "\"%s\" lacks \"%s\"", err.text, part);
}

START_TEST(types_values_by_their_form)
{
	expect_arguments("size=64M", "{\"size\":67108864}");
	expect_arguments("size=1g", "{\"size\":1073741824}");
	expect_arguments("n=-12", "{\"n\":-12}");
	expect_arguments("n=0", "{\"n\":0}");
	expect_arguments("up=false", "{\"up\":false}");
	expect_arguments("x=null", "{\"x\":null}");
	expect_arguments("x=", "{\"x\":\"\"}");
	expect_arguments("x=a=b", "{\"x\":\"a=b\"}");
	expect_arguments("x=-", "{\"x\":\"-\"}");
	expect_arguments("x=64MM", "{\"x\":\"64MM\"}");
	expect_arguments("x=1.5", "{\"x\":\"1.5\"}");
	expect_arguments("x=\"64M\"", "{\"x\":\"64M\"}");
	expect_arguments("x=[1,{\"a\":2}]", "{\"x\":[1,{\"a\":2}]}");
}
END_TEST

START_TEST(refuses_words_that_make_no_sense)
{
	char *twice[] = {"a=1", "a=2"};
	struct err err = ERR_INIT;

	expect_refused("size", "expected key=value");
	expect_refused("=1", "expected key=value");
	expect_refused("x={", "no JSON");
	expect_refused("x=9223372036854775808", "64 bits");
	expect_refused("x=9999999999T", "64 bits");
	expect_refused("x=\xff", "UTF-8");
	expect_refused("\xff=1", "UTF-8");
	ck_assert_ptr_null(arguments_parse(twice, 2, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "twice"));
}
END_TEST

START_TEST(splits_lines_at_blanks_outside_json)
{
	char line[] = "  cmd a=1\tb={\"x\": [1, \"] }\\\" \"]} c=\"two words\" ";
	char *words[4];

	ck_assert_int_eq(arguments_split(line, words, 4), 4);
	ck_assert_str_eq(words[0], "cmd");
	ck_assert_str_eq(words[1], "a=1");
	ck_assert_str_eq(words[2], "b={\"x\": [1, \"] }\\\" \"]}");
	ck_assert_str_eq(words[3], "c=\"two words\"");
	ck_assert_int_eq(arguments_split(words[3], words, 4), 1);
	ck_assert_int_eq(arguments_split((char[]){"a b"}, words, 1), -E2BIG);
	ck_assert_int_eq(arguments_split((char[]){" "}, words, 4), 0);
}
END_TEST

START_TEST(cuts_input_into_lines)
{
	struct lines l;
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	lines_init(&l, fds[0]);
	ck_assert_ptr_null(lines_next(&l));
	ck_assert_int_eq(write(fds[1], "one\r\n\nthr", 9), 9);
	ck_assert_int_eq(lines_fill(&l), 0);
	ck_assert_str_eq(lines_next(&l), "one");
	ck_assert_str_eq(lines_next(&l), "");
	ck_assert_ptr_null(lines_next(&l));
	ck_assert_int_eq(write(fds[1], "ee", 2), 2);
	close(fds[1]);
	ck_assert_int_eq(lines_fill(&l), 0);
	ck_assert_ptr_null(lines_next(&l));
	ck_assert_int_eq(lines_fill(&l), 0);
	ck_assert_str_eq(lines_next(&l), "three");
	ck_assert_ptr_null(lines_next(&l));
	lines_fini(&l);
	close(fds[0]);
}
END_TEST

/* A control server in a thread of its own. */
struct rig {
	char dir[64];
	char address[96];
	struct machine machine;
	struct loop *loop;
	struct control_server *server;
	pthread_t thread;
};

static void *serve(void *arg)
{
	struct rig *r = arg;

	loop_run(r->loop, NULL);
	control_server_destroy(r->server);
	return NULL;
}

static void rig_start(struct rig *r)
{
	const char *tmp = getenv("TMPDIR");
	struct err err = ERR_INIT;

	*r = (struct rig){.machine.state = MACHINE_RUNNING};
	snprintf(r->dir, sizeof(r->dir), "%.40s/visectl-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(r->dir));
	snprintf(r->address, sizeof(r->address), "unix:%s/ctl", r->dir);
	r->loop = loop_create(NULL);
	r->server = control_server_create(r->address, r->loop, &r->machine, &err);
	ck_assert_msg(r->server, "%s", err.text);
	ck_assert_int_eq(pthread_create(&r->thread, NULL, serve, r), 0);
}

static void rig_stop(struct rig *r)
{
	loop_stop(r->loop);
	pthread_join(r->thread, NULL);
	loop_destroy(r->loop);
	ck_assert_int_eq(rmdir(r->dir), 0);
}

static void count_event(void *arg, const json_t *event)
{
	ck_assert_ptr_nonnull(json_object_get(event, "timestamp"));
	++*(int *)arg;
}

START_TEST(runs_commands_and_hears_events)
{
	struct rig r;
	struct connection c;
	struct err err = ERR_INIT;
	json_t *reply;
	int events = 0;

	rig_start(&r);
	ck_assert_msg(connection_open(&c, r.address, 5 * NS_PER_SEC, &err) == 0, "%s", err.text);
	c.on_event = count_event;
	c.arg = &events;
	ck_assert_int_eq(connection_run(&c, "stop", NULL, &reply, &err), 0);
	ck_assert_ptr_nonnull(json_object_get(reply, "return"));
	json_decref(reply);
	ck_assert_int_eq(connection_run(&c, "nonsense", NULL, &reply, &err), 0);
	ck_assert_ptr_nonnull(json_object_get(reply, "error"));
	json_decref(reply);
	ck_assert_int_eq(events, 1);
	rig_stop(&r);
	ck_assert_int_eq(connection_run(&c, "stop", NULL, &reply, &err) < 0, 1);
	connection_close(&c);
}
END_TEST

START_TEST(gives_up_after_the_timeout)
{
	struct connection c;
	struct err err = ERR_INIT;
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char dir[64] = "/tmp/visectl-XXXXXX";
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/mute", dir);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)) | listen(fd, 1), 0);
	ck_assert_int_eq(connection_open(&c, at.sun_path, 50 * NS_PER_MS, &err), -ETIMEDOUT);
	ck_assert_ptr_nonnull(strstr(err.text, "no reply within 0.05 s"));
	close(fd);
	ck_assert_int_eq(connection_open(&c, at.sun_path, 0, &err), -ECONNREFUSED);
	unlink(at.sun_path);
	ck_assert_int_eq(connection_open(&c, at.sun_path, 0, &err), -ENOENT);
	ck_assert_int_eq(connection_open(&c, "", 0, &err), -EINVAL);
	rmdir(dir);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("visectl");
	TCase *tc = tcase_create("visectl");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, types_values_by_their_form);
	tcase_add_test(tc, refuses_words_that_make_no_sense);
	tcase_add_test(tc, splits_lines_at_blanks_outside_json);
	tcase_add_test(tc, cuts_input_into_lines);
	tcase_add_test(tc, runs_commands_and_hears_events);
	tcase_add_test(tc, gives_up_after_the_timeout);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
