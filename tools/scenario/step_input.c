/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/scenario/keys.h"
#include "tools/scenario/steps.h"

#include "vmm/core/clock.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdlib.h>
#include <string.h>

#define KEY_NS	   (10 * NS_PER_MS) /* a key is down, or up, for as long */
#define CHORD_MAX  16
#define TABLET_MAX 32767
#define MOTION_MAX 1000000

static const char keyboard[] = "aero_virtio_kbd0";
static const char mouse[] = "aero_virtio_mouse0";
static const char tablet[] = "aero_virtio_tablet0";

struct event {
	int type;
	int code;
	long long value;
};

/* One batch: the device takes all of it or nothing. */
static int inject(struct play *play, const char *device, const struct event *events, size_t n,
		  struct err *err)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:i, s:i, s:I}", "type", events[i].type,
						      "code", events[i].code, "value",
						      (json_int_t)events[i].value));
	return step_request(play, "x-input-inject",
			    json_pack("{s:s, s:o}", "device", device, "events", list), err);
}

/* The keys of "A+B+C". Their number, or -EINVAL. */
static int parse_chord(const char *word, int codes[CHORD_MAX], struct err *err)
{
	int n = 0;

	for (;;) {
		size_t len = strcspn(word, "+");
		int code = key_code(word, len);

		if (code < 0)
			return err_set(err, -EINVAL,
				       "\"%.*s\" is no key: expected a name of "
				       "input-event-codes.h without KEY_, as A, LEFTCTRL or F4",
				       len < 40 ? (int)len : 40, word);
		if (n == CHORD_MAX)
			return err_set(err, -EINVAL, "more than %d keys together", CHORD_MAX);
		codes[n++] = code;
		if (!word[len])
			return n;
		word += len + 1;
	}
}

int check_keys(char *const *words, size_t n, struct err *err)
{
	int codes[CHORD_MAX];
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < n; i++)
		rc = parse_chord(words[i], codes, err);
	return rc < 0 ? rc : 0;
}

/* Keys go down in the order of their names, and up in the other. */
static int inject_chord(struct play *play, const char *word, bool down, struct err *err)
{
	struct event events[CHORD_MAX];
	int codes[CHORD_MAX];
	int n = parse_chord(word, codes, err);

	for (int i = 0; i < n; i++)
		events[i] = (struct event){EV_KEY, down ? codes[i] : codes[n - 1 - i], down};
	return n < 0 ? n : inject(play, keyboard, events, (size_t)n, err);
}

/* Goes to the step's next half, which is due in a moment, unless there are no more than @n. */
static int next_half(const struct play *play, struct step *step, size_t n)
{
	if (++step->progress == n)
		return 0;
	step->due = play->now + KEY_NS;
	step->wake = step->due;
	return STEP_WAITS;
}

/* Whether news woke the step before its next half is due. */
static bool is_early(const struct play *play, struct step *step)
{
	step->wake = step->due;
	return play->now < step->due;
}

int run_keys(struct play *play, struct step *step, struct err *err)
{
	size_t half = step->progress;
	int rc;

	if (is_early(play, step))
		return STEP_WAITS;
	rc = inject_chord(play, step->words[half / 2], half % 2 == 0, err);
	return rc ? rc : next_half(play, step, 2 * step->n);
}

static int inject_all(struct play *play, const struct step *step, bool down, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < step->n; i++)
		rc = inject_chord(play, step->words[i], down, err);
	return rc;
}

int run_press(struct play *play, struct step *step, struct err *err)
{
	return inject_all(play, step, true, err);
}

int run_release(struct play *play, struct step *step, struct err *err)
{
	return inject_all(play, step, false, err);
}

int check_text(char *const *words, size_t n, struct err *err)
{
	bool shift;

	(void)n;
	for (const char *c = words[0]; *c; c++)
		if (key_of_char(*c, &shift) < 0)
			return err_set(err, -EINVAL,
				       "no key types the byte \\x%02x; a keyboard of the United "
				       "States has printable ASCII, \\n and \\t",
				       (unsigned char)*c);
	return 0;
}

int run_text(struct play *play, struct step *step, struct err *err)
{
	size_t half = step->progress;
	size_t len = strlen(step->words[0]);
	bool down = half % 2 == 0, shift = false;
	struct event events[2];
	int code, rc;

	if (!len || is_early(play, step))
		return len ? STEP_WAITS : 0;
	code = key_of_char(step->words[0][half / 2], &shift);
	events[down ? shift : 0] = (struct event){EV_KEY, code, down};
	if (shift)
		events[down ? 0 : 1] = (struct event){EV_KEY, KEY_LEFTSHIFT, down};
	rc = inject(play, keyboard, events, shift ? 2 : 1, err);
	return rc ? rc : next_half(play, step, 2 * len);
}

int check_motion(char *const *words, size_t n, struct err *err)
{
	long long value;
	int rc = 0;

	for (size_t i = 0; !rc && i < n; i++)
		rc = step_integer(words[i], -MOTION_MAX, MOTION_MAX, &value, err);
	return rc;
}

/* What is 0 is no event. */
static int inject_motion(struct play *play, const struct step *step, const int codes[2],
			 struct err *err)
{
	struct event events[2];
	size_t n = 0;

	for (size_t i = 0; i < step->n; i++) {
		long long value;
		int rc = step_integer(step->words[i], -MOTION_MAX, MOTION_MAX, &value, err);

		if (rc)
			return rc;
		if (value)
			events[n++] = (struct event){EV_REL, codes[i], value};
	}
	return n ? inject(play, mouse, events, n, err) : 0;
}

int run_move(struct play *play, struct step *step, struct err *err)
{
	return inject_motion(play, step, (const int[]){REL_X, REL_Y}, err);
}

int run_wheel(struct play *play, struct step *step, struct err *err)
{
	return inject_motion(play, step, (const int[]){REL_WHEEL, REL_HWHEEL}, err);
}

static int check_down_up(const char *word, struct err *err)
{
	if (strcmp(word, "down") == 0 || strcmp(word, "up") == 0)
		return 0;
	return err_set(err, -EINVAL, "\"%.40s\": expected down or up", word);
}

int check_button(char *const *words, size_t n, struct err *err)
{
	if (button_code(words[0], strlen(words[0])) < 0)
		return err_set(err, -EINVAL,
			       "\"%.40s\" is no button: expected LEFT, RIGHT, MIDDLE, SIDE, EXTRA, "
			       "FORWARD, BACK or TASK",
			       words[0]);
	return n > 1 ? check_down_up(words[1], err) : 0;
}

int run_button(struct play *play, struct step *step, struct err *err)
{
	int code = button_code(step->words[0], strlen(step->words[0]));
	bool down = step->n > 1 ? strcmp(step->words[1], "down") == 0 : step->progress == 0;
	int rc;

	if (is_early(play, step))
		return STEP_WAITS;
	rc = inject(play, mouse, &(struct event){EV_KEY, code, down}, 1, err);
	return rc ? rc : next_half(play, step, step->n > 1 ? 1 : 2);
}

int check_tablet(char *const *words, size_t n, struct err *err)
{
	long long value;
	int rc = step_integer(words[0], 0, TABLET_MAX, &value, err);

	if (!rc)
		rc = step_integer(words[1], 0, TABLET_MAX, &value, err);
	return rc || n < 3 ? rc : check_down_up(words[2], err);
}

int run_tablet(struct play *play, struct step *step, struct err *err)
{
	struct event events[3] = {{EV_ABS, ABS_X, 0}, {EV_ABS, ABS_Y, 0}, {EV_KEY, BTN_TOUCH, 0}};

	for (size_t i = 0; i < 2; i++) {
		int rc = step_integer(step->words[i], 0, TABLET_MAX, &events[i].value, err);

		if (rc)
			return rc;
	}
	events[2].value = step->n > 2 && strcmp(step->words[2], "down") == 0;
	return inject(play, tablet, events, step->n, err);
}
