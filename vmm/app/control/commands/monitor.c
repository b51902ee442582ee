/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/commands/handlers.h"

#include "vmm/app/control/commands/input_names.h"
#include "vmm/app/control/commands/monitor.h"
#include "vmm/core/clock.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdlib.h>
#include <string.h>

/*
 * human-monitor-command: a few commands of QEMU's human monitor, for harnesses that fall back on
 * them. What it answers is text; a mistake is answered by text, too, as QEMU does.
 */

#define WORDS_MAX      8
#define LINE_MAX_BYTES 1024
#define HOLD_MS	       100

/* A line being carried out. */
struct monitor {
	struct machine *m;
	char *words[WORDS_MAX]; /* the command, then its arguments */
	size_t n;
	FILE *out;
	bool quit;
};

struct monitor_row {
	const char *name, *usage, *help;
	size_t min, max; /* arguments */
	void (*run)(struct monitor *mon);
};

static const struct monitor_row rows[];

static void complain(struct monitor *mon, const struct err *err)
{
	fprintf(mon->out, "%s\r\n", err->text);
}

/* A whole number; false, and a complaint, for anything else. */
static bool number(struct monitor *mon, const char *text, int32_t *value)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 0);
	if (errno || end == text || *end || n < INT32_MIN || n > INT32_MAX) {
		fprintf(mon->out, "invalid number '%s'\r\n", text);
		return false;
	}
	*value = (int32_t)n;
	return true;
}

static void help(struct monitor *mon)
{
	for (const struct monitor_row *r = rows; r->name; r++)
		fprintf(mon->out, "%s%s%s -- %s\r\n", r->name, *r->usage ? " " : "", r->usage,
			r->help);
}

static void quit(struct monitor *mon)
{
	mon->quit = true;
}

static void info(struct monitor *mon)
{
	if (!monitor_info(mon->m, mon->words[1], mon->out))
		fprintf(mon->out, "unknown info '%s'; there are: %s\r\n", mon->words[1],
			monitor_info_names);
}

/* "ctrl-alt-delete": names with a dash between; false after a complaint. */
static bool parse_keys(struct monitor *mon, char *text, uint16_t *codes, size_t *n)
{
	char *rest = text;
	const char *name;

	*n = 0;
	while ((name = strsep(&rest, "-"))) {
		const struct input_name *key = input_name_find(INPUT_NAMES_KEY, name);

		if (!key || *n == MACHINE_MAX_KEYS) {
			fprintf(mon->out, key ? "too many keys\r\n" : "unknown key: '%s'\r\n",
				name);
			return false;
		}
		codes[(*n)++] = key->code;
	}
	return true;
}

static void sendkey(struct monitor *mon)
{
	uint16_t codes[MACHINE_MAX_KEYS];
	int32_t hold = HOLD_MS;
	struct err err = ERR_INIT;
	size_t n;

	if (!parse_keys(mon, mon->words[1], codes, &n) ||
	    (mon->n > 2 && !number(mon, mon->words[2], &hold)))
		return;
	if (hold < 0)
		fprintf(mon->out, "invalid hold time %d\r\n", hold);
	else if (machine_press_keys(mon->m, codes, n, (uint32_t)hold * NS_PER_MS, &err) < 0)
		complain(mon, &err);
}

static void move(struct monitor *mon, const struct virtio_input_event *events, size_t n)
{
	struct machine_batches batches = {.of[VIRTIO_INPUT_MOUSE] = {events, n}};
	struct err err = ERR_INIT;

	if (machine_inject_all(mon->m, &batches, &err) < 0)
		complain(mon, &err);
}

static void mouse_move(struct monitor *mon)
{
	struct virtio_input_event events[3] = {
		{EV_REL, REL_X, 0}, {EV_REL, REL_Y, 0}, {EV_REL, REL_WHEEL, 0}};
	size_t n = mon->n - 1;

	for (size_t i = 0; i < n; i++)
		if (!number(mon, mon->words[i + 1], &events[i].value))
			return;
	/* The third is a direction, of one step. */
	if (n == 3)
		events[2].value = events[2].value > 0 ? 1 : -1;
	move(mon, events, n);
}

static void mouse_button(struct monitor *mon)
{
	/* By bit, as QEMU counts them. */
	static const uint16_t codes[] = {BTN_LEFT, BTN_MIDDLE, BTN_RIGHT};
	struct virtio_input_event events[3];
	int32_t state;

	if (!number(mon, mon->words[1], &state))
		return;
	for (size_t i = 0; i < 3; i++)
		events[i] = (struct virtio_input_event){EV_KEY, codes[i], state >> i & 1};
	move(mon, events, 3);
}

/* There is one relative mouse, and it is the one that moves. */
static void mouse_set(struct monitor *mon)
{
	int32_t index;

	if (number(mon, mon->words[1], &index) && index != 0)
		fprintf(mon->out, "Mouse at index '%d' not found\r\n", index);
}

/* clang-format off */
static const struct monitor_row rows[] = {
	{"help", "", "prints this", 0, 0, help},
	{"info", "SUBJECT", "shows what the machine is like", 1, 1, info},
	{"mouse_button", "STATE", "presses and lets go buttons: 1 left, 2 middle, 4 right, added", 1, 1, mouse_button},
	{"mouse_move", "DX DY [DZ]", "moves the mouse, and its wheel by a step", 2, 3, mouse_move},
	{"mouse_set", "INDEX", "chooses the mouse that moves", 1, 1, mouse_set},
	{"quit", "", "ends the run", 0, 0, quit},
	{"sendkey", "KEY[-KEY]... [HOLD_MS]", "presses keys and lets them go", 1, 2, sendkey},
	{0},
};
/* clang-format on */

static void carry_out(struct monitor *mon)
{
	const struct monitor_row *r = rows;

	if (!mon->n)
		return;
	while (r->name && strcmp(r->name, mon->words[0]) != 0)
		r++;
	if (!r->name)
		fprintf(mon->out, "unknown command: '%s'\r\n", mon->words[0]);
	else if (mon->n - 1 < r->min || mon->n - 1 > r->max)
		fprintf(mon->out, "usage: %s %s\r\n", r->name, r->usage);
	else
		r->run(mon);
}

/* Cuts @line into words. False when there are too many. */
static bool cut(struct monitor *mon, char *line)
{
	char *rest = line;
	char *word;

	while ((word = strsep(&rest, " \t\r\n"))) {
		if (!*word)
			continue;
		if (mon->n == WORDS_MAX)
			return false;
		mon->words[mon->n++] = word;
	}
	return true;
}

json_t *control_human_monitor_command(struct machine *m, const json_t *args,
				      struct control_error *error)
{
	const json_t *text = json_object_get(args, "command-line");
	struct monitor mon = {.m = m};
	char *answer = NULL;
	json_t *value;
	size_t len = 0;
	char *line;

	if (json_string_length(text) >= LINE_MAX_BYTES) {
		err_set(&error->err, -EINVAL, "Parameter 'command-line' expects less than %d bytes",
			LINE_MAX_BYTES);
		return NULL;
	}
	line = strdup(json_string_value(text));
	mon.out = open_memstream(&answer, &len);
	if (!line || !mon.out) {
		free(line);
		return NULL;
	}
	if (cut(&mon, line))
		carry_out(&mon);
	else
		fprintf(mon.out, "too many words\r\n");
	fclose(mon.out);
	value = json_stringn(answer, len);
	free(answer);
	free(line);
	if (mon.quit)
		machine_end(m, MACHINE_END_QUIT, 0, "");
	return value;
}
