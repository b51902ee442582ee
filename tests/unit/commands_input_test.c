/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/command.h"

#include "tests/unit/machine_double.h"
#include "vmm/core/clock.h"

#include <check.h>
#include <elf.h>
#include <fcntl.h>
#include <linux/input-event-codes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Commands on input by name, the human monitor's lines, and guest memory. */

#define KEY_EVENT(name, down)                                                                      \
	"{\"type\":\"key\",\"data\":{\"down\":" down                                               \
	",\"key\":{\"type\":\"qcode\",\"data\":\"" name "\"}}}"
#define REL_EVENT(axis, n) "{\"type\":\"rel\",\"data\":{\"axis\":\"" axis "\",\"value\":" n "}}"

static struct machine m;

static void setup(void)
{
	m = (struct machine){.state = MACHINE_RUNNING, .kinds = 3};
}

/* The reply as text without blanks, or the error's text behind its class. */
static const char *run(const char *name, const char *args)
{
	static char text[4096];
	struct control_error error;
	json_t *object = json_loads(args, 0, NULL);
	json_t *value;
	char *dump;

	ck_assert_msg(object != NULL, "%s", args);
	value = control_execute(control_find(name), &m, object, &error);
	dump = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	if (dump)
		snprintf(text, sizeof(text), "%s", dump);
	else
		snprintf(text, sizeof(text), "%s: %s", error.class, error.err.text);
	free(dump);
	json_decref(value);
	json_decref(object);
	return text;
}

static const char *hmp(const char *line)
{
	char args[256];

	snprintf(args, sizeof(args), "{\"command-line\":\"%s\"}", line);
	return run("human-monitor-command", args);
}

static void expect_seen(unsigned int kind, size_t at, uint16_t type, uint16_t code, int32_t value)
{
	const struct virtio_input_event *e = &m.seen[kind].events[at];

	ck_assert_uint_lt(at, m.seen[kind].n);
	ck_assert_uint_eq(e->type, type);
	ck_assert_uint_eq(e->code, code);
	ck_assert_int_eq(e->value, value);
}

START_TEST(events_go_to_the_device_that_is_named)
{
	ck_assert_str_eq(run("input-send-event",
			     "{\"device\":\"kbd0\",\"events\":[" KEY_EVENT("a", "true") "]}"),
			 "{}");
	expect_seen(VIRTIO_INPUT_KEYBOARD, 0, EV_KEY, KEY_A, 1);
	/* In one batch, and a wheel's two steps as one event. */
	ck_assert_str_eq(
		run("input-send-event",
		    "{\"device\":\"mouse0\",\"events\":[" REL_EVENT("x", "10") "," REL_EVENT(
			    "wheel", "1") "," REL_EVENT("hscroll", "-2") "]}"),
		"{}");
	ck_assert_uint_eq(m.seen[VIRTIO_INPUT_MOUSE].n, 3);
	expect_seen(VIRTIO_INPUT_MOUSE, 0, EV_REL, REL_X, 10);
	expect_seen(VIRTIO_INPUT_MOUSE, 1, EV_REL, REL_WHEEL, 1);
	expect_seen(VIRTIO_INPUT_MOUSE, 2, EV_REL, REL_HWHEEL, -2);
}
END_TEST

START_TEST(events_without_a_device_go_to_their_kinds)
{
	ck_assert_str_eq(run("input-send-event",
			     "{\"events\":[" KEY_EVENT("b", "false") "," REL_EVENT("y", "5") "]}"),
			 "{}");
	expect_seen(VIRTIO_INPUT_KEYBOARD, 0, EV_KEY, KEY_B, 0);
	expect_seen(VIRTIO_INPUT_MOUSE, 0, EV_REL, REL_Y, 5);
}
END_TEST

START_TEST(a_list_with_one_bad_event_has_no_effect)
{
	/* The second has no tablet to go to. */
	static const char *const bad[] = {
		"{\"events\":[" KEY_EVENT("a", "true") "," REL_EVENT("nowhere", "1") "]}",
		"{\"events\":[" KEY_EVENT(
			"a", "true") ","
				     "{\"type\":\"abs\",\"data\":{\"axis\":\"x\",\"value\":1}}]}",
		"{\"device\":\"kbd0\",\"events\":[" KEY_EVENT("a", "true") "," REL_EVENT("x",
											 "1") "]}",
		"{\"events\":[{\"type\":\"key\"}]}",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_ptr_eq(strstr(run("input-send-event", bad[i]), "GenericError: events["),
				 run("input-send-event", bad[i]));
		ck_assert_uint_eq(m.seen[VIRTIO_INPUT_KEYBOARD].n, 0);
	}
	ck_assert_str_eq(run("input-send-event", "{\"device\":\"head0\",\"events\":[]}"),
			 "DeviceNotFound: Device 'head0' not found");
}
END_TEST

START_TEST(keys_are_pressed_together_and_held)
{
	ck_assert_str_eq(run("send-key", "{\"keys\":[{\"type\":\"qcode\",\"data\":\"ctrl\"},"
					 "{\"type\":\"qcode\",\"data\":\"c\"}]}"),
			 "{}");
	ck_assert_uint_eq(m.n_pressed, 2);
	ck_assert_uint_eq(m.pressed[0], KEY_LEFTCTRL);
	ck_assert_uint_eq(m.pressed[1], KEY_C);
	ck_assert_uint_eq(m.hold_ns, 100 * NS_PER_MS);
	ck_assert_str_eq(run("send-key", "{\"keys\":[{\"type\":\"qcode\",\"data\":\"a\"}],"
					 "\"hold-time\":50}"),
			 "{}");
	ck_assert_uint_eq(m.hold_ns, 50 * NS_PER_MS);
	ck_assert_str_eq(run("send-key", "{\"keys\":[]}"),
			 "GenericError: Parameter 'keys' expects 1 to 16 keys");
	ck_assert_str_eq(run("send-key", "{\"keys\":[{\"type\":\"qcode\",\"data\":\"any\"}]}"),
			 "GenericError: keys[0]: unknown key 'any'");
	ck_assert_str_eq(run("send-key", "{\"keys\":[{\"type\":\"qcode\",\"data\":\"a\"}],"
					 "\"hold-time\":-1}"),
			 "GenericError: Parameter 'hold-time' expects 0 to 60000 ms");
}
END_TEST

START_TEST(the_monitor_moves_mouse_and_keys)
{
	ck_assert_str_eq(hmp("sendkey ctrl-alt-delete 20"), "\"\"");
	ck_assert_uint_eq(m.n_pressed, 3);
	ck_assert_uint_eq(m.pressed[2], KEY_DELETE);
	ck_assert_uint_eq(m.hold_ns, 20 * NS_PER_MS);
	ck_assert_str_eq(hmp("  mouse_move 10 -5 "), "\"\"");
	ck_assert_uint_eq(m.seen[VIRTIO_INPUT_MOUSE].n, 2);
	expect_seen(VIRTIO_INPUT_MOUSE, 1, EV_REL, REL_Y, -5);
	ck_assert_str_eq(hmp("mouse_move 0 0 -3"), "\"\"");
	expect_seen(VIRTIO_INPUT_MOUSE, 2, EV_REL, REL_WHEEL, -1);
	ck_assert_str_eq(hmp("mouse_button 5"), "\"\"");
	expect_seen(VIRTIO_INPUT_MOUSE, 0, EV_KEY, BTN_LEFT, 1);
	expect_seen(VIRTIO_INPUT_MOUSE, 1, EV_KEY, BTN_MIDDLE, 0);
	expect_seen(VIRTIO_INPUT_MOUSE, 2, EV_KEY, BTN_RIGHT, 1);
	ck_assert_str_eq(hmp("mouse_set 0"), "\"\"");
	ck_assert_str_eq(hmp(""), "\"\"");
	ck_assert_int_eq(m.result.end, MACHINE_END_NONE);
	ck_assert_str_eq(hmp("quit"), "\"\"");
	ck_assert_int_eq(m.result.end, MACHINE_END_QUIT);
}
END_TEST

START_TEST(the_monitor_answers_mistakes_by_text)
{
	static const struct {
		const char *line, *answer;
	} lines[] = {
		{"bogus", "\"unknown command: 'bogus'\\r\\n\""},
		{"sendkey", "\"usage: sendkey KEY[-KEY]... [HOLD_MS]\\r\\n\""},
		{"sendkey ctrl-nothing", "\"unknown key: 'nothing'\\r\\n\""},
		{"sendkey a -1", "\"invalid hold time -1\\r\\n\""},
		{"mouse_move 1 x", "\"invalid number 'x'\\r\\n\""},
		{"mouse_move 99999999999 0", "\"invalid number '99999999999'\\r\\n\""},
		{"mouse_set 7", "\"Mouse at index '7' not found\\r\\n\""},
		{"a b c d e f g h i", "\"too many words\\r\\n\""},
		{"info status", "\"VM status: running\\r\\n\""},
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		ck_assert_str_eq(hmp(lines[i].line), lines[i].answer);
	ck_assert_uint_eq(m.n_pressed, 0);
	m.kinds = 0;
	ck_assert_str_eq(hmp("sendkey a"), "\"no keyboard\\r\\n\"");
}
END_TEST

START_TEST(memory_is_read_and_written)
{
	ck_assert_str_eq(run("x-guest-memory-write", "{\"address\":4100,\"data\":\"SGVsbG8=\"}"),
			 "{}");
	ck_assert_int_eq(memcmp(m.memory + 4, "Hello", 5), 0);
	ck_assert_str_eq(run("x-guest-memory-read", "{\"address\":4100,\"size\":5}"),
			 "{\"data\":\"SGVsbG8=\"}");
	ck_assert_str_eq(run("x-guest-memory-read", "{\"address\":0,\"size\":5}"),
			 "GenericError: not RAM");
	ck_assert_str_eq(run("x-guest-memory-read", "{\"address\":4096,\"size\":65537}"),
			 "GenericError: Parameter 'size' expects 1 to 65536 bytes");
	ck_assert_str_eq(run("x-guest-memory-write", "{\"address\":4096,\"data\":\"%\"}"),
			 "GenericError: Parameter 'data' expects base64");
}
END_TEST

START_TEST(memory_is_saved_whole_or_not_at_all)
{
	char dir[] = "/tmp/vise-commands-XXXXXX";
	char path[64], args[160], read_back[16] = "";
	struct stat st;
	FILE *file;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/mem", dir);
	memcpy(m.memory, "sixteen bytes ..", 16);
	snprintf(args, sizeof(args), "{\"val\":4096,\"size\":16,\"filename\":\"%s\"}", path);
	ck_assert_str_eq(run("pmemsave", args), "{}");
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fread(read_back, 1, 16, file), 16);
	ck_assert_int_eq(fgetc(file), EOF);
	fclose(file);
	ck_assert_int_eq(memcmp(read_back, m.memory, 16), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	snprintf(args, sizeof(args), "{\"val\":0,\"size\":16,\"filename\":\"%s\"}", path);
	ck_assert_ptr_nonnull(strstr(run("pmemsave", args), "not RAM"));
	ck_assert_int_lt(stat(path, &st), 0);
	ck_assert_ptr_nonnull(
		strstr(run("pmemsave", "{\"val\":4096,\"size\":16,\"filename\":\"/nowhere/f\"}"),
		       "GenericError: /nowhere/f"));
	rmdir(dir);
}
END_TEST

START_TEST(a_dump_is_a_core_of_all_memory)
{
	char dir[] = "/tmp/vise-commands-XXXXXX";
	char path[64], args[160];
	uint8_t bytes[8192];
	Elf64_Ehdr elf;
	size_t n;
	FILE *file;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/core", dir);
	for (size_t i = 0; i < sizeof(m.memory); i++)
		m.memory[i] = (uint8_t)(i * 7);
	snprintf(args, sizeof(args), "{\"paging\":false,\"protocol\":\"file:%s\"}", path);
	ck_assert_str_eq(run("dump-guest-memory", args), "{}");
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	n = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	memcpy(&elf, bytes, sizeof(elf));
	ck_assert_int_eq(memcmp(elf.e_ident, ELFMAG, SELFMAG), 0);
	ck_assert_uint_eq(elf.e_type, ET_CORE);
	ck_assert_uint_eq(elf.e_phnum, 2);
	for (size_t i = 0, at = 0; i < 2; i++) {
		Elf64_Phdr segment;

		memcpy(&segment, bytes + elf.e_phoff + i * elf.e_phentsize, sizeof(segment));
		ck_assert_uint_eq(segment.p_type, PT_LOAD);
		ck_assert_uint_eq(segment.p_paddr, 4096 + at);
		ck_assert_uint_le(segment.p_offset + segment.p_filesz, n);
		ck_assert_int_eq(memcmp(bytes + segment.p_offset, m.memory + at, segment.p_filesz),
				 0);
		at += segment.p_filesz;
		ck_assert(i == 0 ||
			  (at == sizeof(m.memory) && segment.p_offset + segment.p_filesz == n));
	}
	unlink(path);
	rmdir(dir);
}
END_TEST

START_TEST(a_dump_refuses_what_it_cannot)
{
	static const struct {
		const char *args, *text;
	} bad[] = {
		{"{\"paging\":true,\"protocol\":\"file:/x\"}", "Parameter 'paging' expects false"},
		{"{\"paging\":false,\"protocol\":\"fd:3\"}",
		 "Parameter 'protocol' expects file:PATH"},
		{"{\"paging\":false,\"protocol\":\"file:\"}",
		 "Parameter 'protocol' expects file:PATH"},
		{"{\"paging\":false,\"protocol\":\"file:/x\",\"format\":\"win-dmp\"}",
		 "Parameter 'format' expects elf"},
		{"{\"paging\":false,\"protocol\":\"file:/x\",\"detach\":true}",
		 "Parameter 'detach' expects false"},
		/* A full disk; a device is not removed for it. */
		{"{\"paging\":false,\"protocol\":\"file:/dev/full\"}", "/dev/full: writing"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_ptr_nonnull(strstr(run("dump-guest-memory", bad[i].args), bad[i].text));
	ck_assert_int_eq(access("/dev/full", F_OK), 0);
}
END_TEST

/* One that nobody reads, and one that a reader has filled up. */
START_TEST(a_pipe_holds_nobody_up)
{
	char dir[] = "/tmp/vise-commands-XXXXXX";
	char path[64], args[160];
	int reader;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/pipe", dir);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	snprintf(args, sizeof(args), "{\"val\":4096,\"size\":16,\"filename\":\"%s\"}", path);
	ck_assert_ptr_nonnull(strstr(run("pmemsave", args), "No such device or address"));
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ck_assert_str_eq(run("pmemsave", args), "{}");
	for (int i = 0; i < 100000 && strcmp(run("pmemsave", args), "{}") == 0; i++)
		;
	ck_assert_ptr_nonnull(strstr(run("pmemsave", args), "temporarily unavailable"));
	ck_assert_int_eq(access(path, F_OK), 0);
	close(reader);
	unlink(path);
	rmdir(dir);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("commands_input");
	TCase *tc = tcase_create("commands_input");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, events_go_to_the_device_that_is_named);
	tcase_add_test(tc, events_without_a_device_go_to_their_kinds);
	tcase_add_test(tc, a_list_with_one_bad_event_has_no_effect);
	tcase_add_test(tc, keys_are_pressed_together_and_held);
	tcase_add_test(tc, the_monitor_moves_mouse_and_keys);
	tcase_add_test(tc, the_monitor_answers_mistakes_by_text);
	tcase_add_test(tc, memory_is_read_and_written);
	tcase_add_test(tc, memory_is_saved_whole_or_not_at_all);
	tcase_add_test(tc, a_dump_is_a_core_of_all_memory);
	tcase_add_test(tc, a_dump_refuses_what_it_cannot);
	tcase_add_test(tc, a_pipe_holds_nobody_up);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
