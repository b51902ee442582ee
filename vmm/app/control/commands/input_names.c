/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/commands/input_names.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdarg.h>
#include <string.h>

#define KEY(name, code)                                                                            \
	{                                                                                          \
		name, EV_KEY, code, 0                                                              \
	}
#define REL(name, code)                                                                            \
	{                                                                                          \
		name, EV_REL, code, 0                                                              \
	}
#define ABS(name, code)                                                                            \
	{                                                                                          \
		name, EV_ABS, code, 0                                                              \
	}
#define STEP(name, code, n)                                                                        \
	{                                                                                          \
		name, EV_REL, code, n                                                              \
	}

/* clang-format off */
static const struct input_name keys[] = {
	KEY("esc", KEY_ESC),
	KEY("1", KEY_1), KEY("2", KEY_2), KEY("3", KEY_3), KEY("4", KEY_4), KEY("5", KEY_5),
	KEY("6", KEY_6), KEY("7", KEY_7), KEY("8", KEY_8), KEY("9", KEY_9), KEY("0", KEY_0),
	KEY("minus", KEY_MINUS), KEY("equal", KEY_EQUAL), KEY("backspace", KEY_BACKSPACE),
	KEY("tab", KEY_TAB),
	KEY("q", KEY_Q), KEY("w", KEY_W), KEY("e", KEY_E), KEY("r", KEY_R), KEY("t", KEY_T),
	KEY("y", KEY_Y), KEY("u", KEY_U), KEY("i", KEY_I), KEY("o", KEY_O), KEY("p", KEY_P),
	KEY("bracket_left", KEY_LEFTBRACE), KEY("bracket_right", KEY_RIGHTBRACE),
	KEY("ret", KEY_ENTER), KEY("ctrl", KEY_LEFTCTRL),
	KEY("a", KEY_A), KEY("s", KEY_S), KEY("d", KEY_D), KEY("f", KEY_F), KEY("g", KEY_G),
	KEY("h", KEY_H), KEY("j", KEY_J), KEY("k", KEY_K), KEY("l", KEY_L),
	KEY("semicolon", KEY_SEMICOLON), KEY("apostrophe", KEY_APOSTROPHE),
	KEY("grave_accent", KEY_GRAVE), KEY("shift", KEY_LEFTSHIFT),
	KEY("backslash", KEY_BACKSLASH),
	KEY("z", KEY_Z), KEY("x", KEY_X), KEY("c", KEY_C), KEY("v", KEY_V), KEY("b", KEY_B),
	KEY("n", KEY_N), KEY("m", KEY_M),
	KEY("comma", KEY_COMMA), KEY("dot", KEY_DOT), KEY("slash", KEY_SLASH),
	KEY("shift_r", KEY_RIGHTSHIFT),
	KEY("kp_multiply", KEY_KPASTERISK), KEY("asterisk", KEY_KPASTERISK),
	KEY("alt", KEY_LEFTALT), KEY("spc", KEY_SPACE), KEY("caps_lock", KEY_CAPSLOCK),
	KEY("f1", KEY_F1), KEY("f2", KEY_F2), KEY("f3", KEY_F3), KEY("f4", KEY_F4),
	KEY("f5", KEY_F5), KEY("f6", KEY_F6), KEY("f7", KEY_F7), KEY("f8", KEY_F8),
	KEY("f9", KEY_F9), KEY("f10", KEY_F10), KEY("f11", KEY_F11), KEY("f12", KEY_F12),
	KEY("num_lock", KEY_NUMLOCK), KEY("scroll_lock", KEY_SCROLLLOCK),
	KEY("kp_0", KEY_KP0), KEY("kp_1", KEY_KP1), KEY("kp_2", KEY_KP2), KEY("kp_3", KEY_KP3),
	KEY("kp_4", KEY_KP4), KEY("kp_5", KEY_KP5), KEY("kp_6", KEY_KP6), KEY("kp_7", KEY_KP7),
	KEY("kp_8", KEY_KP8), KEY("kp_9", KEY_KP9),
	KEY("kp_subtract", KEY_KPMINUS), KEY("kp_add", KEY_KPPLUS), KEY("kp_decimal", KEY_KPDOT),
	KEY("kp_enter", KEY_KPENTER), KEY("kp_divide", KEY_KPSLASH), KEY("kp_equals", KEY_KPEQUAL),
	KEY("kp_comma", KEY_KPCOMMA),
	KEY("less", KEY_102ND), KEY("ro", KEY_RO), KEY("yen", KEY_YEN),
	KEY("ctrl_r", KEY_RIGHTCTRL), KEY("alt_r", KEY_RIGHTALT),
	KEY("meta_l", KEY_LEFTMETA), KEY("meta_r", KEY_RIGHTMETA), KEY("menu", KEY_MENU),
	KEY("print", KEY_SYSRQ), KEY("sysrq", KEY_SYSRQ), KEY("pause", KEY_PAUSE),
	KEY("home", KEY_HOME), KEY("end", KEY_END), KEY("pgup", KEY_PAGEUP),
	KEY("pgdn", KEY_PAGEDOWN), KEY("insert", KEY_INSERT), KEY("delete", KEY_DELETE),
	KEY("up", KEY_UP), KEY("down", KEY_DOWN), KEY("left", KEY_LEFT), KEY("right", KEY_RIGHT),
	KEY("audiomute", KEY_MUTE), KEY("volumedown", KEY_VOLUMEDOWN),
	KEY("volumeup", KEY_VOLUMEUP), KEY("audionext", KEY_NEXTSONG),
	KEY("audioplay", KEY_PLAYPAUSE), KEY("audioprev", KEY_PREVIOUSSONG),
	KEY("audiostop", KEY_STOPCD),
};

/* "forward", "back" and "task" are ours: QEMU has no names for these three. */
static const struct input_name buttons[] = {
	KEY("left", BTN_LEFT), KEY("right", BTN_RIGHT), KEY("middle", BTN_MIDDLE),
	KEY("side", BTN_SIDE), KEY("extra", BTN_EXTRA),
	KEY("forward", BTN_FORWARD), KEY("back", BTN_BACK), KEY("task", BTN_TASK),
	KEY("touch", BTN_TOUCH),
	STEP("wheel-up", REL_WHEEL, 1), STEP("wheel-down", REL_WHEEL, -1),
	STEP("wheel-left", REL_HWHEEL, -1), STEP("wheel-right", REL_HWHEEL, 1),
};

static const struct input_name rel_axes[] = {
	REL("x", REL_X), REL("y", REL_Y),
	REL("wheel", REL_WHEEL), REL("vscroll", REL_WHEEL),
	REL("hwheel", REL_HWHEEL), REL("hscroll", REL_HWHEEL),
};

static const struct input_name abs_axes[] = {
	ABS("x", ABS_X), ABS("y", ABS_Y),
};

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const struct input_name *names;
	size_t n;
	const char *word; /* in messages */
} sorts[] = {
	[INPUT_NAMES_KEY]    = {keys,     COUNT_OF(keys),     "key"},
	[INPUT_NAMES_BUTTON] = {buttons,  COUNT_OF(buttons),  "button"},
	[INPUT_NAMES_REL]    = {rel_axes, COUNT_OF(rel_axes), "relative axis"},
	[INPUT_NAMES_ABS]    = {abs_axes, COUNT_OF(abs_axes), "absolute axis"},
};
/* clang-format on */

const struct input_name *input_names(enum input_names sort, size_t *n)
{
	*n = sorts[sort].n;
	return sorts[sort].names;
}

const struct input_name *input_name_find(enum input_names sort, const char *name)
{
	for (size_t i = 0; i < sorts[sort].n; i++)
		if (strcmp(sorts[sort].names[i].name, name) == 0)
			return &sorts[sort].names[i];
	return NULL;
}

static const struct input_name *find(enum input_names sort, const char *name, struct err *err)
{
	const struct input_name *found = input_name_find(sort, name);

	/* What a client sent may be long, and is shown to nobody but it. */
	if (!found)
		err_set(err, -EINVAL, "unknown %s '%.40s'", sorts[sort].word, name);
	return found;
}

/* json_unpack(@value, ...) that leaves no member over, with its complaint in @err. 0 or -EINVAL. */
static int unpack(const json_t *value, struct err *err, const char *format, ...)
{
	json_error_t error;
	va_list ap;
	int rc;

	va_start(ap, format);
	rc = json_vunpack_ex((json_t *)value, &error, JSON_STRICT, format, ap);
	va_end(ap);
	return rc < 0 ? err_set(err, -EINVAL, "%s", error.text) : 0;
}

int input_key_parse(const json_t *key, uint16_t *code, struct err *err)
{
	const struct input_name *name;
	const char *type;
	json_t *data;
	int rc = unpack(key, err, "{s:s, s:o}", "type", &type, "data", &data);

	if (rc < 0)
		return rc;
	if (strcmp(type, "qcode") != 0 || !json_is_string(data))
		return err_set(err, -EINVAL,
			       "a key must be given as {\"type\": \"qcode\", \"data\": NAME}");
	name = find(INPUT_NAMES_KEY, json_string_value(data), err);
	if (!name)
		return -EINVAL;
	*code = name->code;
	return 0;
}

/* Events being sorted into batches. */
struct sorting {
	unsigned int kinds;
	struct input_batches *out;
	struct err *err;
};

static const char *const kind_names[INPUT_KINDS] = {
	[VIRTIO_INPUT_KEYBOARD] = "keyboard",
	[VIRTIO_INPUT_MOUSE] = "mouse",
	[VIRTIO_INPUT_TABLET] = "tablet",
};

static int add(struct input_batch *batch, struct virtio_input_event event, struct err *err)
{
	if (batch->n == COUNT_OF(batch->events))
		return err_set(err, -EINVAL, "more than %zu events for one device",
			       COUNT_OF(batch->events));
	batch->events[batch->n++] = event;
	return 0;
}

static int send_to(const struct sorting *s, enum virtio_input_kind kind,
		   struct virtio_input_event event)
{
	if (!(s->kinds & INPUT_KIND(kind)))
		return err_set(s->err, -ENODEV, "this is for a %s, and none is addressed",
			       kind_names[kind]);
	return add(&s->out->of[kind], event, s->err);
}

static int take_key(const struct sorting *s, const json_t *data)
{
	struct virtio_input_event event = {.type = EV_KEY};
	json_t *key;
	int down;
	int rc = unpack(data, s->err, "{s:b, s:o}", "down", &down, "key", &key);

	if (rc == 0)
		rc = input_key_parse(key, &event.code, s->err);
	event.value = down;
	return rc < 0 ? rc : send_to(s, VIRTIO_INPUT_KEYBOARD, event);
}

static int take_button(const struct sorting *s, const json_t *data)
{
	const struct input_name *name;
	const char *button;
	int down;
	int rc = unpack(data, s->err, "{s:b, s:s}", "down", &down, "button", &button);

	if (rc < 0)
		return rc;
	name = find(INPUT_NAMES_BUTTON, button, s->err);
	if (!name)
		return -EINVAL;
	if (name->step && !down)
		return 0;
	/* What a finger on a tablet does is what the left button of a mouse does. */
	if (name->code == BTN_TOUCH || (name->code == BTN_LEFT && name->type == EV_KEY &&
					!(s->kinds & INPUT_KIND(VIRTIO_INPUT_MOUSE))))
		return send_to(s, VIRTIO_INPUT_TABLET,
			       (struct virtio_input_event){EV_KEY, BTN_TOUCH, down});
	return send_to(s, VIRTIO_INPUT_MOUSE,
		       (struct virtio_input_event){name->type, name->code,
						   name->step ? name->step : down});
}

static int take_axis(const struct sorting *s, const json_t *data, enum input_names sort,
		     enum virtio_input_kind kind)
{
	const struct input_name *name;
	const char *axis;
	json_int_t value;
	int rc = unpack(data, s->err, "{s:s, s:I}", "axis", &axis, "value", &value);

	if (rc < 0)
		return rc;
	name = find(sort, axis, s->err);
	if (!name)
		return -EINVAL;
	if (value < INT32_MIN || value > INT32_MAX)
		return err_set(s->err, -EINVAL, "value %lld does not fit into 32 bits",
			       (long long)value);
	return send_to(s, kind,
		       (struct virtio_input_event){name->type, name->code, (int32_t)value});
}

static int take_rel(const struct sorting *s, const json_t *data)
{
	return take_axis(s, data, INPUT_NAMES_REL, VIRTIO_INPUT_MOUSE);
}

static int take_abs(const struct sorting *s, const json_t *data)
{
	return take_axis(s, data, INPUT_NAMES_ABS, VIRTIO_INPUT_TABLET);
}

static const struct {
	const char *type;
	int (*take)(const struct sorting *s, const json_t *data);
} event_types[] = {
	{"key", take_key},
	{"btn", take_button},
	{"rel", take_rel},
	{"abs", take_abs},
};

static int take_event(const struct sorting *s, const json_t *event)
{
	const char *type;
	json_t *data;
	int rc = unpack(event, s->err, "{s:s, s:o}", "type", &type, "data", &data);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < COUNT_OF(event_types); i++)
		if (strcmp(type, event_types[i].type) == 0)
			return event_types[i].take(s, data);
	return err_set(s->err, -EINVAL, "type '%.40s', must be key, btn, rel or abs", type);
}

int input_events_parse(const json_t *list, unsigned int kinds, struct input_batches *out,
		       struct err *err)
{
	struct sorting s = {kinds, out, err};

	memset(out, 0, sizeof(*out));
	if (!json_is_array(list))
		return err_set(err, -EINVAL, "events: must be a list");
	for (size_t i = 0; i < json_array_size(list); i++) {
		int rc = take_event(&s, json_array_get(list, i));

		if (rc < 0) {
			err_prefix(err, "events[%zu]", i);
			memset(out, 0, sizeof(*out));
			return rc;
		}
	}
	return 0;
}

static int take_raw(const json_t *event, struct input_batch *out, struct err *err)
{
	json_int_t type, code, value;
	int rc = unpack(event, err, "{s:I, s:I, s:I}", "type", &type, "code", &code, "value",
			&value);

	if (rc < 0)
		return rc;
	if (type < 0 || type > UINT16_MAX || code < 0 || code > UINT16_MAX)
		return err_set(err, -EINVAL, "type and code must be 0 to %u", UINT16_MAX);
	if (value < INT32_MIN || value > INT32_MAX)
		return err_set(err, -EINVAL, "value %lld does not fit into 32 bits",
			       (long long)value);
	return add(out, (struct virtio_input_event){(uint16_t)type, (uint16_t)code, (int32_t)value},
		   err);
}

int input_raw_parse(const json_t *list, struct input_batch *out, struct err *err)
{
	memset(out, 0, sizeof(*out));
	if (!json_is_array(list))
		return err_set(err, -EINVAL, "events: must be a list");
	for (size_t i = 0; i < json_array_size(list); i++) {
		int rc = take_raw(json_array_get(list, i), out, err);

		if (rc < 0) {
			err_prefix(err, "events[%zu]", i);
			out->n = 0;
			return rc;
		}
	}
	return 0;
}
