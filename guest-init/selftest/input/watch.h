/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_WATCH_H
#define VISE_GUEST_INIT_SELFTEST_WATCH_H

#include <linux/input.h>
#include <stdbool.h>
#include <stdint.h>

/* Judges a stream of input events; no side effects. Events of a keyboard, a mouse and a tablet are
 * given apart. */

/* Pressed and, after that, released. */
struct watch_key {
	bool down;
	bool up;
};

struct watch {
	uint64_t kbd_reports; /* ended by SYN_REPORT */
	uint64_t mouse_reports;
	uint64_t tablet_reports;
	uint64_t kbd_bad_reports; /* the kernel dropped some */
	uint64_t mouse_bad_reports;
	struct watch_key key_a, ctrl, alt, f1, volume_up;
	struct watch_key left, side, extra, tablet_left;
	bool shift;   /* is held */
	bool shift_b; /* B was pressed under it */
	bool move;
	/* The wheel: totals, and what the last unexpected step was. */
	int64_t wheel_total, hwheel_total;
	uint64_t wheel_events, hwheel_events;
	bool wheel_expected, hwheel_expected;	 /* a step of exactly the expected size came */
	int wheel_unexpected, hwheel_unexpected; /* 0: none */
	/* The tablet. */
	int x, y, max_x, max_y;
	bool target;
};

#define WATCH_WHEEL    1
#define WATCH_HWHEEL   (-2)
#define WATCH_TARGET_X 10000
#define WATCH_TARGET_Y 20000
#define WATCH_SCALE    32767

void watch_keyboard(struct watch *w, const struct input_event *e);
void watch_mouse(struct watch *w, const struct input_event *e);
/* max_x and max_y are set before: the axes' limits. */
void watch_tablet(struct watch *w, const struct input_event *e);

/* What each test asks for. */
bool watch_base_done(const struct watch *w);
bool watch_modifiers_done(const struct watch *w);
bool watch_buttons_done(const struct watch *w);
/* NULL: as expected; else the reason, "not_observed" when neither wheel moved. */
const char *watch_wheel_reason(const struct watch *w);
bool watch_tablet_done(const struct watch *w);

#endif
