/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the host injects while this side waits: READY tells it to begin. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "guest-init/selftest/clock.h"
#include "guest-init/selftest/input/input.h"

#define WAIT_MS		 10000
#define WAIT_EXTENDED_MS 15000
#define LINGER_MS	 250 /* for a wheel that comes after the rest */

/* Which of the subtests are asked for. */
struct asked {
	bool modifiers;
	bool buttons;
	bool wheel;
};

typedef void (*take_fn)(struct watch *w, const struct input_event *e);

struct source {
	const struct evdev *evdev;
	take_fn take;
	int fd;
};

/* Opens the sources; NULL or a reason. What waits in them from before is thrown away. */
static const char *open_sources(struct source *s, size_t n, int *error)
{
	for (size_t i = 0; i < n; i++)
		s[i].fd = -1;
	for (size_t i = 0; i < n; i++) {
		struct watch old = {.move = false};

		if (!s[i].evdev)
			return "device_missing";
		s[i].fd = evdev_open(s[i].evdev);
		if (s[i].fd < 0) {
			*error = errno;
			return "open_failed";
		}
		evdev_drain(s[i].fd, &old, s[i].take);
	}
	return NULL;
}

static void close_sources(struct source *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i].fd >= 0)
			close(s[i].fd);
	}
}

/* Waits until @done or @end; false when a device went away. */
static bool watch_until(struct source *s, size_t n, struct watch *w, uint64_t end,
			bool (*done)(const struct watch *w, const void *opaque), const void *opaque)
{
	struct pollfd p[2];

	for (size_t i = 0; i < n; i++)
		p[i] = (struct pollfd){.fd = s[i].fd, .events = POLLIN};
	while (!done(w, opaque) && clock_ns() < end) {
		if (poll(p, n, clock_left_ms(end)) < 0 && errno != EINTR)
			return false;
		for (size_t i = 0; i < n; i++) {
			if (!evdev_drain(s[i].fd, w, s[i].take))
				return false;
		}
	}
	return true;
}

static void say_ready(struct selftest *t, const char *name)
{
	test_begin(t, name, "READY");
	test_end(t);
}

static bool wheel_seen(const struct watch *w)
{
	return w->wheel_expected && w->hwheel_expected;
}

static bool events_done(const struct watch *w, const void *opaque)
{
	const struct asked *a = opaque;

	return watch_base_done(w) && (!a->modifiers || watch_modifiers_done(w)) &&
	       (!a->buttons || watch_buttons_done(w)) && (!a->wheel || wheel_seen(w));
}

static bool wheel_done(const struct watch *w, const void *opaque)
{
	(void)opaque;
	return wheel_seen(w);
}

static void put_failure(struct marker *m, const char *reason, int error)
{
	marker_text(m, "reason", reason);
	marker_signed(m, "err", error);
}

static void say_base(struct selftest *t, const struct watch *w, const char *reason, int error)
{
	bool ok = !reason && watch_base_done(w);
	struct marker *m = test_begin(t, "virtio-input-events", ok ? "PASS" : "FAIL");

	if (!ok)
		put_failure(m, reason ? reason : "timeout", error);
	marker_number(m, "kbd_reports", w->kbd_reports);
	marker_number(m, "mouse_reports", w->mouse_reports);
	marker_number(m, "kbd_bad_reports", w->kbd_bad_reports);
	marker_number(m, "mouse_bad_reports", w->mouse_bad_reports);
	marker_flag(m, "kbd_a_down", w->key_a.down);
	marker_flag(m, "kbd_a_up", w->key_a.up);
	marker_flag(m, "mouse_move", w->move);
	marker_flag(m, "mouse_left_down", w->left.down);
	marker_flag(m, "mouse_left_up", w->left.up);
	test_end(t);
}

static void put_wheel(struct marker *m, const struct watch *w)
{
	marker_signed(m, "wheel_total", w->wheel_total);
	marker_signed(m, "hwheel_total", w->hwheel_total);
	marker_signed(m, "expected_wheel", WATCH_WHEEL);
	marker_signed(m, "expected_hwheel", WATCH_HWHEEL);
	marker_number(m, "wheel_events", w->wheel_events);
	marker_number(m, "hwheel_events", w->hwheel_events);
	marker_flag(m, "saw_wheel", w->wheel_events != 0);
	marker_flag(m, "saw_hwheel", w->hwheel_events != 0);
	marker_flag(m, "saw_wheel_expected", w->wheel_expected);
	marker_flag(m, "saw_hwheel_expected", w->hwheel_expected);
	marker_signed(m, "wheel_unexpected_last", w->wheel_unexpected);
	marker_signed(m, "hwheel_unexpected_last", w->hwheel_unexpected);
}

/* Comes with the base test, whether the wheel is asked for or not: a host that was not told to turn
 * it does not. */
static void say_wheel(struct selftest *t, const struct watch *w)
{
	const char *reason = watch_wheel_reason(w);
	bool skip = reason && !strcmp(reason, "not_observed");
	struct marker *m = test_begin(t, "virtio-input-wheel",
				      skip     ? "SKIP"
				      : reason ? "FAIL"
					       : "PASS");

	if (skip)
		marker_token(m, reason);
	else if (reason)
		marker_text(m, "reason", reason);
	put_wheel(m, w);
	test_end(t);
}

static void say_modifiers(struct selftest *t, const struct watch *w)
{
	bool ok = watch_modifiers_done(w);
	struct marker *m = test_begin(t, "virtio-input-events-modifiers", ok ? "PASS" : "FAIL");

	if (!ok)
		put_failure(m, "timeout", 0);
	marker_number(m, "kbd_reports", w->kbd_reports);
	marker_number(m, "kbd_bad_reports", w->kbd_bad_reports);
	marker_flag(m, "shift_b", w->shift_b);
	marker_flag(m, "ctrl_down", w->ctrl.down);
	marker_flag(m, "ctrl_up", w->ctrl.up);
	marker_flag(m, "alt_down", w->alt.down);
	marker_flag(m, "alt_up", w->alt.up);
	marker_flag(m, "f1_down", w->f1.down);
	marker_flag(m, "f1_up", w->f1.up);
	test_end(t);
}

static void say_buttons(struct selftest *t, const struct watch *w)
{
	bool ok = watch_buttons_done(w);
	struct marker *m = test_begin(t, "virtio-input-events-buttons", ok ? "PASS" : "FAIL");

	if (!ok)
		put_failure(m, "timeout", 0);
	marker_number(m, "mouse_reports", w->mouse_reports);
	marker_number(m, "mouse_bad_reports", w->mouse_bad_reports);
	marker_flag(m, "side_down", w->side.down);
	marker_flag(m, "side_up", w->side.up);
	marker_flag(m, "extra_down", w->extra.down);
	marker_flag(m, "extra_up", w->extra.up);
	test_end(t);
}

static void say_events_wheel(struct selftest *t, const struct watch *w)
{
	const char *reason = watch_wheel_reason(w);
	struct marker *m = test_begin(t, "virtio-input-events-wheel", reason ? "FAIL" : "PASS");

	if (reason)
		put_failure(m, reason, 0);
	marker_number(m, "mouse_reports", w->mouse_reports);
	marker_number(m, "mouse_bad_reports", w->mouse_bad_reports);
	put_wheel(m, w);
	test_end(t);
}

static const char *run_events(struct selftest *t, const struct evdev_list *list,
			      const struct asked *asked, struct watch *w, int *error)
{
	struct source s[2] = {
		{.evdev = evdev_first(list, EVDEV_KEYBOARD), .take = watch_keyboard},
		{.evdev = evdev_first(list, EVDEV_MOUSE), .take = watch_mouse},
	};
	bool extended = asked->modifiers || asked->buttons || asked->wheel;
	const char *reason = open_sources(s, 2, error);

	if (!reason)
		say_ready(t, "virtio-input-events");
	if (!reason && !watch_until(s, 2, w, clock_after_ms(extended ? WAIT_EXTENDED_MS : WAIT_MS),
				    events_done, asked))
		reason = "read_failed";
	if (!reason && watch_base_done(w) &&
	    !watch_until(s, 2, w, clock_after_ms(LINGER_MS), wheel_done, NULL))
		reason = "read_failed";
	close_sources(s, 2);
	return reason;
}

void input_event_tests(struct selftest *t, const struct evdev_list *list)
{
	const struct plan *p = &t->plan;
	const struct asked asked = {
		.modifiers = p->test_input_extended || p->test_input_modifiers,
		.buttons = p->test_input_extended || p->test_input_buttons,
		.wheel = p->test_input_extended || p->test_input_wheel,
	};
	struct watch w = {.move = false};
	const char *reason;
	int error = 0;

	if (p->test_input_events || asked.modifiers || asked.buttons || asked.wheel) {
		reason = run_events(t, list, &asked, &w, &error);
		say_base(t, &w, reason, error);
		say_wheel(t, &w);
	} else {
		test_not_asked(t, "virtio-input-events");
		test_not_asked(t, "virtio-input-wheel");
	}
	if (asked.modifiers)
		say_modifiers(t, &w);
	else
		test_not_asked(t, "virtio-input-events-modifiers");
	if (asked.buttons)
		say_buttons(t, &w);
	else
		test_not_asked(t, "virtio-input-events-buttons");
	if (asked.wheel)
		say_events_wheel(t, &w);
	else
		test_not_asked(t, "virtio-input-events-wheel");
}

static bool media_done(const struct watch *w, const void *opaque)
{
	(void)opaque;
	return w->volume_up.down && w->volume_up.up;
}

void input_media_test(struct selftest *t, const struct evdev_list *list)
{
	struct source s = {.evdev = evdev_first(list, EVDEV_KEYBOARD), .take = watch_keyboard};
	struct watch w = {.move = false};
	const char *reason;
	struct marker *m;
	int error = 0;

	if (!t->plan.test_input_media_keys) {
		test_not_asked(t, "virtio-input-media-keys");
		return;
	}
	reason = open_sources(&s, 1, &error);
	if (!reason)
		say_ready(t, "virtio-input-media-keys");
	if (!reason && !watch_until(&s, 1, &w, clock_after_ms(WAIT_MS), media_done, NULL))
		reason = "read_failed";
	if (!reason && !media_done(&w, NULL))
		reason = "timeout";
	close_sources(&s, 1);
	m = test_begin(t, "virtio-input-media-keys", reason ? "FAIL" : "PASS");
	if (reason)
		put_failure(m, reason, error);
	marker_number(m, "reports", w.kbd_reports);
	marker_flag(m, "volume_up_down", w.volume_up.down);
	marker_flag(m, "volume_up_up", w.volume_up.up);
	test_end(t);
}

static bool tablet_done(const struct watch *w, const void *opaque)
{
	(void)opaque;
	return watch_tablet_done(w);
}

/* Linux passes on only what changes: the axes' places and limits from before count too. */
static void read_axes(int fd, struct watch *w)
{
	struct input_absinfo x = {.value = 0};
	struct input_absinfo y = {.value = 0};

	ioctl(fd, EVIOCGABS(ABS_X), &x);
	ioctl(fd, EVIOCGABS(ABS_Y), &y);
	w->x = x.value;
	w->y = y.value;
	w->max_x = x.maximum;
	w->max_y = y.maximum;
}

void input_tablet_test(struct selftest *t, const struct evdev_list *list)
{
	struct source s = {.evdev = evdev_first(list, EVDEV_TABLET), .take = watch_tablet};
	struct watch w = {.move = false};
	const char *reason;
	struct marker *m;
	int error = 0;

	if (!t->plan.test_input_tablet_events) {
		test_not_asked(t, "virtio-input-tablet-events");
		return;
	}
	if (!s.evdev) {
		test_say(t, "virtio-input-tablet-events", "SKIP", "no_tablet_device");
		return;
	}
	reason = open_sources(&s, 1, &error);
	if (!reason) {
		read_axes(s.fd, &w);
		say_ready(t, "virtio-input-tablet-events");
	}
	if (!reason && !watch_until(&s, 1, &w, clock_after_ms(WAIT_MS), tablet_done, NULL))
		reason = "read_failed";
	if (!reason && !watch_tablet_done(&w))
		reason = "timeout";
	close_sources(&s, 1);
	m = test_begin(t, "virtio-input-tablet-events", reason ? "FAIL" : "PASS");
	if (reason)
		put_failure(m, reason, error);
	marker_number(m, "tablet_reports", w.tablet_reports);
	marker_flag(m, "move_target", w.target);
	marker_flag(m, "left_down", w.tablet_left.down);
	marker_flag(m, "left_up", w.tablet_left.up);
	marker_signed(m, "last_x", w.x);
	marker_signed(m, "last_y", w.y);
	marker_flag(m, "last_left", w.tablet_left.down && !w.tablet_left.up);
	test_end(t);
}
