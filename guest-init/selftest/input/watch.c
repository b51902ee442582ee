/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/input/watch.h"

#include <stddef.h>

struct row {
	unsigned short code;
	size_t offset;
};

/* clang-format off */
static const struct row keyboard_rows[] = {
	{KEY_A,         offsetof(struct watch, key_a)},
	{KEY_LEFTCTRL,  offsetof(struct watch, ctrl)},
	{KEY_RIGHTCTRL, offsetof(struct watch, ctrl)},
	{KEY_LEFTALT,   offsetof(struct watch, alt)},
	{KEY_RIGHTALT,  offsetof(struct watch, alt)},
	{KEY_F1,        offsetof(struct watch, f1)},
	{KEY_VOLUMEUP,  offsetof(struct watch, volume_up)},
};

static const struct row mouse_rows[] = {
	{BTN_LEFT,  offsetof(struct watch, left)},
	{BTN_SIDE,  offsetof(struct watch, side)},
	{BTN_EXTRA, offsetof(struct watch, extra)},
};

static const struct row tablet_rows[] = {
	{BTN_LEFT,  offsetof(struct watch, tablet_left)},
	/* The contract's tablet is touched; others are clicked. */
	{BTN_TOUCH, offsetof(struct watch, tablet_left)},
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void take_key(struct watch *w, const struct row *rows, size_t n, const struct input_event *e)
{
	for (size_t i = 0; i < n; i++) {
		struct watch_key *key = (struct watch_key *)((char *)w + rows[i].offset);

		if (rows[i].code != e->code)
			continue;
		if (e->value == 1)
			key->down = true;
		else if (e->value == 0 && key->down)
			key->up = true;
	}
}

static void take_syn(const struct input_event *e, uint64_t *reports, uint64_t *bad)
{
	if (e->code == SYN_REPORT)
		++*reports;
	else if (e->code == SYN_DROPPED)
		++*bad;
}

void watch_keyboard(struct watch *w, const struct input_event *e)
{
	if (e->type == EV_SYN)
		take_syn(e, &w->kbd_reports, &w->kbd_bad_reports);
	if (e->type != EV_KEY)
		return;
	take_key(w, keyboard_rows, COUNT(keyboard_rows), e);
	if (e->code == KEY_LEFTSHIFT || e->code == KEY_RIGHTSHIFT)
		w->shift = e->value != 0;
	if (e->code == KEY_B && e->value == 1 && w->shift)
		w->shift_b = true;
}

static void take_wheel(int value, int expected, int64_t *total, uint64_t *events, bool *as_expected,
		       int *unexpected)
{
	*total += value;
	++*events;
	if (value == expected)
		*as_expected = true;
	else
		*unexpected = value;
}

void watch_mouse(struct watch *w, const struct input_event *e)
{
	if (e->type == EV_SYN)
		take_syn(e, &w->mouse_reports, &w->mouse_bad_reports);
	else if (e->type == EV_KEY)
		take_key(w, mouse_rows, COUNT(mouse_rows), e);
	else if (e->type == EV_REL && (e->code == REL_X || e->code == REL_Y) && e->value)
		w->move = true;
	else if (e->type == EV_REL && e->code == REL_WHEEL)
		take_wheel(e->value, WATCH_WHEEL, &w->wheel_total, &w->wheel_events,
			   &w->wheel_expected, &w->wheel_unexpected);
	else if (e->type == EV_REL && e->code == REL_HWHEEL)
		take_wheel(e->value, WATCH_HWHEEL, &w->hwheel_total, &w->hwheel_events,
			   &w->hwheel_expected, &w->hwheel_unexpected);
}

/* Raw, or clamped to the axis, or scaled to it; two off is near enough. */
static bool near(int value, int target, int max)
{
	const int64_t wants[] = {
		target,
		max > 0 && target > max ? max : target,
		max > 0 ? (int64_t)target * max / WATCH_SCALE : target,
	};

	for (size_t i = 0; i < COUNT(wants); i++) {
		int64_t off = value - wants[i];

		if (off >= -2 && off <= 2)
			return true;
	}
	return false;
}

void watch_tablet(struct watch *w, const struct input_event *e)
{
	if (e->type == EV_KEY)
		take_key(w, tablet_rows, COUNT(tablet_rows), e);
	else if (e->type == EV_ABS && e->code == ABS_X)
		w->x = e->value;
	else if (e->type == EV_ABS && e->code == ABS_Y)
		w->y = e->value;
	if (e->type != EV_SYN || e->code != SYN_REPORT)
		return;
	w->tablet_reports++;
	if (near(w->x, WATCH_TARGET_X, w->max_x) && near(w->y, WATCH_TARGET_Y, w->max_y))
		w->target = true;
}

static bool key_done(const struct watch_key *key)
{
	return key->down && key->up;
}

bool watch_base_done(const struct watch *w)
{
	return key_done(&w->key_a) && w->move && key_done(&w->left);
}

bool watch_modifiers_done(const struct watch *w)
{
	return w->shift_b && key_done(&w->ctrl) && key_done(&w->alt) && key_done(&w->f1);
}

bool watch_buttons_done(const struct watch *w)
{
	return key_done(&w->side) && key_done(&w->extra);
}

const char *watch_wheel_reason(const struct watch *w)
{
	if (!w->wheel_events && !w->hwheel_events)
		return "not_observed";
	if (!w->wheel_events || !w->hwheel_events)
		return "missing_axis";
	if (w->wheel_unexpected || w->hwheel_unexpected)
		return "unexpected_delta";
	/* Both are turned together, though perhaps one after the other: the last may still be due.
	 */
	if (w->wheel_events > w->hwheel_events + 1 || w->hwheel_events > w->wheel_events + 1)
		return "delta_mismatch";
	return NULL;
}

bool watch_tablet_done(const struct watch *w)
{
	return w->target && key_done(&w->tablet_left);
}
