/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TESTS_UNIT_MACHINE_DOUBLE_H
#define VISE_TESTS_UNIT_MACHINE_DOUBLE_H

#include "virtio/input/input.h"
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
	bool link;
	unsigned int cols, rows;
	struct virtio_input_event batch[VIRTIO_INPUT_BATCH_MAX]; /* the last one injected */
	size_t n_batch;
	unsigned int kinds; /* of input devices */
	struct input_seen { /* the last batch of each kind */
		struct virtio_input_event events[VIRTIO_INPUT_BATCH_MAX];
		size_t n;
	} seen[MACHINE_MAX_INPUTS];
	uint16_t pressed[MACHINE_MAX_KEYS];
	size_t n_pressed;
	uint64_t hold_ns;
	uint8_t memory[256]; /* from address 4096 on */
	struct machine_config config;
	char ring[64]; /* of the port bulk */
	size_t n_ring;
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

struct device *machine_find_device(const struct machine *m, const char *id)
{
	for (size_t i = 0; i < m->n_devices; i++)
		if (strcmp(m->devices[i]->id, id) == 0)
			return m->devices[i];
	return NULL;
}

json_t *machine_show_device(const struct machine *m, struct device *dev)
{
	(void)m;
	return json_pack("{s:s}", "id", dev->id);
}

int machine_set_link(struct machine *m, const char *id, bool up, struct err *err)
{
	if (strcmp(id, "net0") != 0)
		return err_set(err, -ENODEV, "no interface %s", id);
	m->link = up;
	return 0;
}

int machine_inject(struct machine *m, const char *id, const struct virtio_input_event *events,
		   size_t n, struct err *err)
{
	if (strcmp(id, "kbd0") != 0)
		return err_set(err, -ENODEV, "no keyboard %s", id);
	if (events[0].type != 1)
		return err_set(err, -EINVAL, "no such event here");
	memcpy(m->batch, events, n * sizeof(*events));
	m->n_batch = n;
	return 0;
}

unsigned int machine_input_kinds(const struct machine *m)
{
	return m->kinds;
}

int machine_input_kind(const struct machine *m, const char *id, struct err *err)
{
	static const char *const ids[] = {"kbd0", "mouse0", "tablet0"};

	for (int kind = 0; kind < 3; kind++)
		if (strcmp(ids[kind], id) == 0 && (m->kinds >> kind & 1))
			return kind;
	return err_set(err, -ENODEV, "no input device %s", id);
}

int machine_inject_all(struct machine *m, const struct machine_batches *batches, struct err *err)
{
	for (unsigned int kind = 0; kind < MACHINE_MAX_INPUTS; kind++)
		if (batches->of[kind].n && !(m->kinds >> kind & 1))
			return err_set(err, -ENODEV, "no device of kind %u", kind);
	for (unsigned int kind = 0; kind < MACHINE_MAX_INPUTS; kind++) {
		m->seen[kind].n = batches->of[kind].n;
		if (batches->of[kind].n)
			memcpy(m->seen[kind].events, batches->of[kind].events,
			       batches->of[kind].n * sizeof(*batches->of[kind].events));
	}
	return 0;
}

int machine_press_keys(struct machine *m, const uint16_t *codes, size_t n, uint64_t hold_ns,
		       struct err *err)
{
	if (!(m->kinds & 1))
		return err_set(err, -ENODEV, "no keyboard");
	memcpy(m->pressed, codes, n * sizeof(*codes));
	m->n_pressed = n;
	m->hold_ns = hold_ns;
	return 0;
}

static inline bool double_has(const struct machine *m, uint64_t gpa, size_t len)
{
	return gpa >= 4096 && len <= sizeof(m->memory) && gpa - 4096 <= sizeof(m->memory) - len;
}

int machine_memory_read(const struct machine *m, uint64_t gpa, void *buf, size_t len,
			struct err *err)
{
	if (!double_has(m, gpa, len))
		return err_set(err, -EFAULT, "not RAM");
	memcpy(buf, m->memory + (gpa - 4096), len);
	return 0;
}

int machine_memory_write(struct machine *m, uint64_t gpa, const void *buf, size_t len,
			 struct err *err)
{
	if (!double_has(m, gpa, len))
		return err_set(err, -EFAULT, "not RAM");
	memcpy(m->memory + (gpa - 4096), buf, len);
	return 0;
}

size_t machine_memory_ranges(const struct machine *m,
			     struct machine_range ranges[MACHINE_MAX_RANGES])
{
	ranges[0] = (struct machine_range){4096, 128};
	ranges[1] = (struct machine_range){4096 + 128, sizeof(m->memory) - 128};
	return 2;
}

json_t *machine_show_pci(const struct machine *m)
{
	(void)m;
	return json_pack("[{s:i, s:[]}]", "bus", 0, "devices");
}

const struct machine_config *machine_config_of(const struct machine *m)
{
	return &m->config;
}

int machine_console_resize(struct machine *m, uint16_t cols, uint16_t rows, struct err *err)
{
	(void)err;
	m->cols = cols;
	m->rows = rows;
	return 0;
}

ssize_t machine_ring_read(struct machine *m, unsigned int port, void *buf, size_t len,
			  struct err *err)
{
	if (port != 1)
		return err_set(err, -ENODEV, "Port %u of the console has no ring", port);
	if (len > m->n_ring)
		len = m->n_ring;
	memcpy(buf, m->ring, len);
	memmove(m->ring, m->ring + len, m->n_ring - len);
	m->n_ring -= len;
	return (ssize_t)len;
}

ssize_t machine_ring_write(struct machine *m, unsigned int port, const void *data, size_t len,
			   struct err *err)
{
	if (port != 1)
		return err_set(err, -ENODEV, "Port %u of the console has no ring", port);
	if (len > sizeof(m->ring) - m->n_ring)
		len = sizeof(m->ring) - m->n_ring;
	memcpy(m->ring + m->n_ring, data, len);
	m->n_ring += len;
	return (ssize_t)len;
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
