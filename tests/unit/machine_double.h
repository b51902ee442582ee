/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TESTS_UNIT_MACHINE_DOUBLE_H
#define VISE_TESTS_UNIT_MACHINE_DOUBLE_H

#include "vmm/app/machine/machine.h"

#include <errno.h>
#include <string.h>

/*
 * A machine that only remembers: what the control code asks of a machine, for programs that test
 * that code alone. One per program: this header defines the functions of machine.h.
 */

struct machine {
	enum machine_state state;
	machine_event_fn event_fn;
	void *event_arg;
	struct device *devices[4];
	size_t n_devices;
	int stop_error; /* what machine_stop() fails with */
	unsigned int resets;
	unsigned int powerdowns;
	struct machine_result result;
	uint64_t size;
};

static inline void double_event(struct machine *m, const char *event, json_t *data)
{
	if (m->event_fn)
		m->event_fn(m->event_arg, event, data);
}

enum machine_state machine_state(const struct machine *m)
{
	return m->state;
}

int machine_stop(struct machine *m, struct err *err)
{
	if (m->stop_error)
		return err_set(err, m->stop_error, "CPU 1 does not stop");
	m->state = MACHINE_PAUSED;
	double_event(m, "STOP", NULL);
	return 0;
}

int machine_cont(struct machine *m, struct err *err)
{
	(void)err;
	m->state = MACHINE_RUNNING;
	double_event(m, "RESUME", NULL);
	return 0;
}

int machine_reset(struct machine *m, struct err *err)
{
	json_t *data = json_pack("{s:b, s:s}", "guest", 0, "reason", "host-qmp-system-reset");

	(void)err;
	m->resets++;
	double_event(m, "RESET", data);
	json_decref(data);
	return 0;
}

void machine_powerdown(struct machine *m)
{
	m->powerdowns++;
	double_event(m, "POWERDOWN", NULL);
}

void machine_end(struct machine *m, enum machine_end end, unsigned int value, const char *text)
{
	(void)value;
	(void)text;
	m->result.end = end;
	m->state = MACHINE_SHUTDOWN;
	double_event(m, "SHUTDOWN", NULL);
}

struct device *const *machine_devices(const struct machine *m, size_t *n)
{
	*n = m->n_devices;
	return m->devices;
}

int machine_block_resize(struct machine *m, const char *id, uint64_t size, struct err *err)
{
	if (strcmp(id, "drive0") != 0)
		return err_set(err, -ENODEV, "no disk %s", id);
	if (size % 512)
		return err_set(err, -EINVAL, "size %llu is no multiple of 512",
			       (unsigned long long)size);
	m->size = size;
	return 0;
}

json_t *machine_stats(const struct machine *m)
{
	return json_pack("{s:i}", "exits", (int)m->resets);
}

void machine_on_event(struct machine *m, machine_event_fn fn, void *arg)
{
	m->event_fn = fn;
	m->event_arg = arg;
}

#endif
