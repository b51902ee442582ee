/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the guest's self test that need no guest: flags, lines, and what Linux tells. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest-init/selftest/blk/blk_disk.h"
#include "guest-init/selftest/device.h"
#include "guest-init/selftest/hash.h"
#include "guest-init/selftest/input/evdev.h"
#include "guest-init/selftest/input/watch.h"
#include "guest-init/selftest/irq.h"
#include "guest-init/selftest/marker.h"
#include "guest-init/selftest/net/url.h"
#include "guest-init/selftest/plan.h"
#include "guest-init/selftest/snd/tone.h"
#include "guest-init/words.h"

/* ---- flags ---- */

static bool parse(struct plan *plan, char *text, char *why, size_t size)
{
	char *words[64];
	int n = words_split(text, words, 64);

	ck_assert_int_ge(n, 0);
	plan_init(plan);
	why[0] = '\0';
	return plan_parse(plan, words, (size_t)n, why, size);
}

START_TEST(reads_flags_and_values_in_both_forms)
{
	char text[] = "--http-url http://h/p --udp-port=7 --test-blk-reset --test-snd"
		      " --blk-root '/mnt/a b' --io-size-mib 4 --test-tablet-events";
	struct plan p;
	char why[128];

	ck_assert_msg(parse(&p, text, why, sizeof(why)), "%s", why);
	ck_assert_str_eq(p.http_url, "http://h/p");
	ck_assert_uint_eq(p.udp_port, 7);
	ck_assert(p.test_blk_reset);
	ck_assert(p.require_snd);
	ck_assert_str_eq(p.blk_root, "/mnt/a b");
	ck_assert_uint_eq(p.io_size_mib, 4);
	ck_assert(p.test_input_tablet_events);
	ck_assert(!p.test_blk_resize);
	ck_assert_uint_eq(p.net_timeout_sec, 120);
}
END_TEST

START_TEST(refuses_wrong_flags_and_says_which)
{
	static const char *const wrong[][2] = {
		{"--test-blk-rest", "--test-blk-rest"},
		{"test-blk-reset", "test-blk-reset"},
		{"--udp-port 0", "--udp-port: expected a number from 1 to 65535, not '0'"},
		{"--udp-port 65536", "65536"},
		{"--udp-port 7x", "7x"},
		{"--udp-port -1", "-1"},
		{"--udp-port", "--udp-port"},
		{"--http-url", "--http-url"},
		{"--test-snd=1", "--test-snd=1"},
		{"--disable-snd --require-snd", "--disable-snd excludes --require-snd"},
		{"--disable-snd --test-snd-buffer-limits", "--test-snd-buffer-limits"},
		{"--disable-snd-capture --require-non-silence", "--require-non-silence"},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char text[128];
		char why[128];
		struct plan p;

		snprintf(text, sizeof(text), "%s", wrong[i][0]);
		ck_assert_msg(!parse(&p, text, why, sizeof(why)), "%s", wrong[i][0]);
		ck_assert_msg(strstr(why, wrong[i][1]), "\"%s\" lacks \"%s\"", why, wrong[i][1]);
	}
}
END_TEST

static char *variable(const char *name)
{
	static char yes[] = "YES";
	static char no[] = "0";

	if (!strcmp(name, "AERO_VIRTIO_SELFTEST_TEST_BLK_RESET"))
		return yes;
	return strcmp(name, "AERO_VIRTIO_SELFTEST_TEST_BLK_RESIZE") ? NULL : no;
}

START_TEST(takes_flags_from_variables)
{
	struct plan p;

	plan_init(&p);
	plan_environment(&p, variable);
	ck_assert(p.test_blk_reset);
	ck_assert(!p.test_blk_resize);
	ck_assert(!p.require_snd);
}
END_TEST

/* ---- lines ---- */

START_TEST(makes_markers_that_cannot_be_broken)
{
	struct marker m;

	marker_test(&m, "virtio-x", "PASS");
	marker_token(&m, "plain");
	marker_text(&m, "k", "a|b\r\nc");
	marker_number(&m, "n", 18446744073709551615ULL);
	marker_signed(&m, "s", -2);
	marker_hex(&m, "h", 0xabc, 8);
	marker_flag(&m, "f", true);
	marker_vector(&m, "v", -1);
	marker_vector(&m, "w", 3);
	ck_assert_str_eq(m.text, "AERO_VIRTIO_SELFTEST|TEST|virtio-x|PASS|plain|k=a/b  c"
				 "|n=18446744073709551615|s=-2|h=0x00000abc|f=1|v=none|w=3");
	ck_assert_uint_eq(m.len, strlen(m.text));
}
END_TEST

START_TEST(tells_rates_with_two_decimals)
{
	struct marker m;

	marker_begin(&m, "x");
	marker_rate(&m, "a", 1048576, 1000000000);
	marker_rate(&m, "b", 32U << 20, 250000000);
	marker_rate(&m, "c", 5, 0);
	ck_assert_str_eq(m.text, "x|a=1.04|b=134.21|c=0.00");
}
END_TEST

START_TEST(cuts_a_line_that_is_too_long)
{
	static char value[3 * MARKER_MAX];
	struct marker m;

	memset(value, 'v', sizeof(value) - 1);
	marker_begin(&m, "x");
	marker_text(&m, "k", value);
	marker_text(&m, "more", value);
	ck_assert_uint_eq(m.len, MARKER_MAX);
	ck_assert_uint_eq(strlen(m.text), MARKER_MAX);
}
END_TEST

START_TEST(reads_addresses_of_servers)
{
	struct url u;
	char large[URL_MAX + 8];

	ck_assert(url_parse(&u, "http://10.0.2.2:18080/a/b?c#d"));
	ck_assert_str_eq(u.host, "10.0.2.2");
	ck_assert_uint_eq(u.port, 18080);
	ck_assert_str_eq(u.path, "/a/b?c");
	ck_assert(url_parse(&u, "http://host.lan"));
	ck_assert_uint_eq(u.port, 80);
	ck_assert_str_eq(u.path, "/");
	ck_assert(url_parse(&u, "http://h?q"));
	ck_assert_str_eq(u.path, "/?q");
	url_large("http://h/p?q#f", large, sizeof(large));
	ck_assert_str_eq(large, "http://h/p-large?q#f");
	url_large("http://h/p", large, sizeof(large));
	ck_assert_str_eq(large, "http://h/p-large");
}
END_TEST

START_TEST(refuses_addresses_that_are_none)
{
	static const char *const wrong[] = {
		"",
		"https://h/",
		"http://",
		"http:///p",
		"http://h:0/",
		"http://h:65536/",
		"http://h:/",
		"http://h:1x/",
		"http://h/a b",
		"http://h/\r\nX: 1",
		"http://u@h/",
		"http://h:123456789/",
		"http://h/\x80",
	};
	char *longest = malloc(URL_MAX + 1);
	struct url u;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(!url_parse(&u, wrong[i]), "%s", wrong[i]);
	memset(longest, 'a', URL_MAX);
	memcpy(longest, "http://h/", 9);
	longest[URL_MAX] = '\0';
	ck_assert(!url_parse(&u, longest));
	longest[URL_MAX - 1] = '\0';
	ck_assert(url_parse(&u, longest));
	ck_assert_uint_eq(strlen(u.path), URL_MAX - 1 - strlen("http://h"));
	free(longest);
}
END_TEST

START_TEST(hashes_the_payload_as_the_server_does)
{
	uint8_t piece[256];
	uint64_t hash = HASH_FNV1A64_INIT;

	for (unsigned i = 0; i < 256; i++)
		piece[i] = (uint8_t)i;
	for (unsigned i = 0; i < 4096; i++)
		hash = hash_fnv1a64(hash, piece, 256);
	ck_assert_uint_eq(hash, 0x8505ae4435522325ULL);
}
END_TEST

/* ---- what Linux tells ---- */

static const char interrupts[] =
	"            CPU0       CPU1       \n"
	"  1:          0          9  IR-IO-APIC    1-edge      i8042\n"
	" 11:         40          2  IO-APIC  11-fasteoi   virtio0, virtio3\n"
	" 24:          1          0  PCI-MSIX-0000:00:04.0   0-edge      virtio1-config\n"
	" 25:       1000        234  PCI-MSIX-0000:00:04.0   1-edge      virtio1-req.0\n"
	"250:          7          0  PCI-MSIX-0000:00:05.0   1-edge    \n"
	"NMI:          0          0   Non-maskable interrupts\n";

START_TEST(reads_rows_of_interrupts)
{
	struct irq_vector v;

	ck_assert(irq_parse_row(interrupts, 25, &v));
	ck_assert_uint_eq(v.count, 1234);
	ck_assert_str_eq(v.action, "virtio1-req.0");
	ck_assert(irq_parse_row(interrupts, 11, &v));
	ck_assert_uint_eq(v.count, 42);
	ck_assert_str_eq(v.action, "virtio0, virtio3");
	ck_assert(irq_parse_row(interrupts, 250, &v));
	ck_assert_str_eq(v.action, "");
	ck_assert(!irq_parse_row(interrupts, 2, &v));
	ck_assert(!irq_parse_row("", 1, &v));
	ck_assert(!irq_parse_row("25", 25, &v));
}
END_TEST

START_TEST(finds_the_vector_of_a_queue)
{
	struct irq_info info = {.mode = IRQ_MSIX, .messages = 2, .n = 2};
	struct device d = {.virtio = "virtio1"};
	struct marker m;

	irq_parse_row(interrupts, 24, &info.vectors[0]);
	irq_parse_row(interrupts, 25, &info.vectors[1]);
	ck_assert_int_eq(irq_vector_of(&info, &d, "config", false), 0);
	ck_assert_int_eq(irq_vector_of(&info, &d, "req.0", true), 1);
	ck_assert_int_eq(irq_vector_of(&info, &d, "other", true), -1);
	ck_assert_uint_eq(irq_count_of(&info, &d, "req.0", true), 1234);
	ck_assert_uint_eq(irq_total(&info), 1235);
	snprintf(info.vectors[1].action, sizeof(info.vectors[1].action), "virtio1-virtqueues");
	ck_assert_int_eq(irq_vector_of(&info, &d, "other", true), 1);
	ck_assert_int_eq(irq_vector_of(&info, &d, "config-change", false), -1);
	marker_begin(&m, "x");
	irq_fields(&info, &m, false);
	irq_fields(&info, &m, true);
	ck_assert_str_eq(m.text,
			 "x|irq_mode=msi|irq_message_count=2|irq_mode=msix|irq_message_count=2");
	irq_line(&device_blk, &info, &m);
	ck_assert_str_eq(m.text, "virtio-blk-irq|INFO|mode=msix|messages=2");
	info = (struct irq_info){.mode = IRQ_NONE};
	irq_line(&device_blk, &info, &m);
	ck_assert_str_eq(m.text, "virtio-blk-irq|WARN|reason=no_interrupt_in_use");
}
END_TEST

START_TEST(reads_features_and_identities)
{
	struct device d = {.pci_id = 0x1042, .subsystem = 2, .revision = 1};
	char id[64];

	ck_assert_uint_eq(device_features_parse("0010001001000000000000000000100010000000"
						"000000000000000000000000\n"),
			  1ULL << 2 | 1ULL << 6 | 1ULL << 9 | 1ULL << 28 | 1ULL << 32);
	ck_assert_uint_eq(device_features_parse(""), 0);
	device_hardware_id(&d, id, sizeof(id));
	ck_assert_str_eq(id, "PCI\\VEN_1AF4&DEV_1042&SUBSYS_00021AF4&REV_01");
	ck_assert(device_revision_good(&d));
	d.revision = 0;
	ck_assert(!device_revision_good(&d));
	d.transitional = true;
	ck_assert(device_revision_good(&d));
}
END_TEST

START_TEST(tells_keyboards_mice_and_tablets)
{
	/* Bit 30 is KEY_A, 28 KEY_ENTER; 0x110 BTN_LEFT; 115 KEY_VOLUMEUP. */
	static const char keyboard[] = "8000000000000 50000000";
	static const char buttons[] = "1f0000 0 0 0 0";

	ck_assert_int_eq(evdev_classify(keyboard, "0", "0"), EVDEV_KEYBOARD);
	ck_assert(evdev_has(keyboard, KEY_VOLUMEUP));
	ck_assert(!evdev_has(keyboard, KEY_B));
	ck_assert_int_eq(evdev_classify(buttons, "3", "0"), EVDEV_MOUSE);
	ck_assert_int_eq(evdev_classify(buttons, "0", "3"), EVDEV_TABLET);
	/* BTN_TOUCH, or none at all. */
	ck_assert_int_eq(evdev_classify("400 0 0 0 0 0", "0", "3"), EVDEV_TABLET);
	ck_assert_int_eq(evdev_classify("0", "0", "3"), EVDEV_TABLET);
	ck_assert_int_eq(evdev_classify("0", "0", "1"), EVDEV_UNKNOWN);
	ck_assert_int_eq(evdev_classify(buttons, "3", "3"), EVDEV_AMBIGUOUS);
	ck_assert_int_eq(evdev_classify(buttons, "0", "0"), EVDEV_UNKNOWN);
	ck_assert_int_eq(evdev_classify("", "", ""), EVDEV_UNKNOWN);
	ck_assert(!evdev_has("1", 64));
}
END_TEST

START_TEST(keeps_scratch_sectors_inside_the_disk)
{
	uint64_t base;

	ck_assert_uint_eq(blk_disk_scratch(64U << 20, 32U << 20, 1U << 20, &base), 32U << 20);
	ck_assert_uint_eq(base, 32U << 20);
	/* Smaller than asked for, and not a multiple of anything. */
	ck_assert_uint_eq(blk_disk_scratch((3U << 20) + 512, 32U << 20, 1U << 20, &base), 3U << 20);
	ck_assert_uint_eq(base, 0);
	ck_assert_uint_eq(blk_disk_scratch((9U << 20) + 5120, 1U << 20, 1U << 20, &base), 1U << 20);
	ck_assert_uint_eq(base, (8U << 20) + 4096);
	ck_assert_uint_eq(blk_disk_scratch(1000, 1U << 20, 1U << 16, &base), 0);
	ck_assert_uint_eq(base, 0);
}
END_TEST

/* ---- events ---- */

static void send(struct watch *w, void (*take)(struct watch *, const struct input_event *),
		 int type, int code, int value)
{
	struct input_event e = {.type = (uint16_t)type, .code = (uint16_t)code, .value = value};

	take(w, &e);
}

static void press(struct watch *w, void (*take)(struct watch *, const struct input_event *),
		  int code)
{
	send(w, take, EV_KEY, code, 1);
	send(w, take, EV_SYN, SYN_REPORT, 0);
	send(w, take, EV_KEY, code, 0);
	send(w, take, EV_SYN, SYN_REPORT, 0);
}

START_TEST(wants_press_and_release_in_this_order)
{
	struct watch w = {.move = false};

	send(&w, watch_keyboard, EV_KEY, KEY_A, 0);
	ck_assert(!w.key_a.up);
	press(&w, watch_keyboard, KEY_A);
	ck_assert(w.key_a.down && w.key_a.up);
	ck_assert(!watch_base_done(&w));
	send(&w, watch_mouse, EV_REL, REL_X, 10);
	press(&w, watch_mouse, BTN_LEFT);
	ck_assert(watch_base_done(&w));
	ck_assert_uint_eq(w.kbd_reports, 2);
	ck_assert_uint_eq(w.mouse_reports, 2);
	send(&w, watch_mouse, EV_SYN, SYN_DROPPED, 0);
	ck_assert_uint_eq(w.mouse_bad_reports, 1);
}
END_TEST

START_TEST(wants_b_under_shift)
{
	struct watch w = {.move = false};

	press(&w, watch_keyboard, KEY_B);
	ck_assert(!w.shift_b);
	send(&w, watch_keyboard, EV_KEY, KEY_LEFTSHIFT, 1);
	press(&w, watch_keyboard, KEY_B);
	send(&w, watch_keyboard, EV_KEY, KEY_LEFTSHIFT, 0);
	press(&w, watch_keyboard, KEY_LEFTCTRL);
	press(&w, watch_keyboard, KEY_LEFTALT);
	ck_assert(!watch_modifiers_done(&w));
	press(&w, watch_keyboard, KEY_F1);
	ck_assert(watch_modifiers_done(&w));
	press(&w, watch_mouse, BTN_SIDE);
	ck_assert(!watch_buttons_done(&w));
	press(&w, watch_mouse, BTN_EXTRA);
	ck_assert(watch_buttons_done(&w));
}
END_TEST

START_TEST(judges_wheel_steps)
{
	struct watch w = {.move = false};

	ck_assert_str_eq(watch_wheel_reason(&w), "not_observed");
	send(&w, watch_mouse, EV_REL, REL_WHEEL, 1);
	ck_assert_str_eq(watch_wheel_reason(&w), "missing_axis");
	send(&w, watch_mouse, EV_REL, REL_HWHEEL, -2);
	ck_assert_ptr_null(watch_wheel_reason(&w));
	send(&w, watch_mouse, EV_REL, REL_WHEEL, 1);
	ck_assert_ptr_null(watch_wheel_reason(&w));
	send(&w, watch_mouse, EV_REL, REL_WHEEL, 1);
	ck_assert_str_eq(watch_wheel_reason(&w), "delta_mismatch");
	send(&w, watch_mouse, EV_REL, REL_HWHEEL, -1);
	ck_assert_str_eq(watch_wheel_reason(&w), "unexpected_delta");
	ck_assert_int_eq(w.hwheel_unexpected, -1);
	ck_assert_int_eq(w.hwheel_total, -3);
}
END_TEST

static void point(struct watch *w, int x, int y)
{
	send(w, watch_tablet, EV_ABS, ABS_X, x);
	send(w, watch_tablet, EV_ABS, ABS_Y, y);
	send(w, watch_tablet, EV_SYN, SYN_REPORT, 0);
}

START_TEST(knows_the_tablets_target_by_three_scales)
{
	static const struct {
		int max;
		int x;
		int y;
		bool hit;
	} cases[] = {
		{32767, 10000, 20000, true},  {32767, 10002, 19998, true},
		{32767, 10003, 20000, false}, {4095, 1249, 2499, true}, /* scaled */
		{12000, 10000, 12000, true},				/* clamped */
		{0, 10000, 20000, true},      {32767, -2147483647 - 1, 2147483647, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct watch w = {.max_x = cases[i].max, .max_y = cases[i].max};

		point(&w, cases[i].x, cases[i].y);
		ck_assert_msg(w.target == cases[i].hit, "case %zu", i);
		ck_assert(!watch_tablet_done(&w));
		press(&w, watch_tablet, i & 1 ? BTN_TOUCH : BTN_LEFT);
		ck_assert(watch_tablet_done(&w) == cases[i].hit);
	}
}
END_TEST

/* ---- sound ---- */

START_TEST(makes_a_true_sine)
{
	static const unsigned rates[] = {8000, 44100, 48000, 192000};

	for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
		static int16_t samples[2 * 24000];
		struct tone tone;

		tone_init(&tone, 440, rates[r]);
		tone_fill(&tone, samples, 12000, 2);
		tone_fill(&tone, samples + 24000, 12000, 2);
		for (int i = 0; i < 24000; i++) {
			double want = 8192 * sin(2 * M_PI * 440 * i / rates[r]);

			ck_assert_int_eq(samples[2 * i], samples[2 * i + 1]);
			ck_assert_msg(fabs(samples[2 * i] - want) < 2, "rate %u, sample %d: %d, %f",
				      rates[r], i, samples[2 * i], want);
		}
	}
}
END_TEST

START_TEST(hears_what_is_louder_than_noise)
{
	const int16_t samples[] = {0, 64, -64, 65};
	const int16_t deepest[] = {-32768};

	ck_assert(!tone_heard(samples, 3, 64));
	ck_assert(tone_heard(samples, 4, 64));
	ck_assert(tone_heard(deepest, 1, 64));
	ck_assert(!tone_heard(samples, 0, 64));
}
END_TEST

static Suite *selftest_suite(void)
{
	Suite *s = suite_create("selftest");
	TCase *tc = tcase_create("pure");

	tcase_add_test(tc, reads_flags_and_values_in_both_forms);
	tcase_add_test(tc, refuses_wrong_flags_and_says_which);
	tcase_add_test(tc, takes_flags_from_variables);
	tcase_add_test(tc, makes_markers_that_cannot_be_broken);
	tcase_add_test(tc, tells_rates_with_two_decimals);
	tcase_add_test(tc, cuts_a_line_that_is_too_long);
	tcase_add_test(tc, reads_addresses_of_servers);
	tcase_add_test(tc, refuses_addresses_that_are_none);
	tcase_add_test(tc, hashes_the_payload_as_the_server_does);
	tcase_add_test(tc, reads_rows_of_interrupts);
	tcase_add_test(tc, finds_the_vector_of_a_queue);
	tcase_add_test(tc, reads_features_and_identities);
	tcase_add_test(tc, tells_keyboards_mice_and_tablets);
	tcase_add_test(tc, keeps_scratch_sectors_inside_the_disk);
	tcase_add_test(tc, wants_press_and_release_in_this_order);
	tcase_add_test(tc, wants_b_under_shift);
	tcase_add_test(tc, judges_wheel_steps);
	tcase_add_test(tc, knows_the_tablets_target_by_three_scales);
	tcase_add_test(tc, makes_a_true_sine);
	tcase_add_test(tc, hears_what_is_louder_than_noise);
	suite_add_tcase(s, tc);
	return s;
}

int main(void)
{
	SRunner *sr = srunner_create(selftest_suite());

	srunner_run_all(sr, CK_ENV);
	return srunner_ntests_failed(sr) != 0;
}
