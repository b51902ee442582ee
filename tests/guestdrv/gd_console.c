/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/guestdrv/gd_console.h"

#include "vmm/core/le.h"

#include <string.h>

const struct gd_persona gd_linux_console = {
	.name = "linux-console",
	.required = VIRTIO_F_VERSION_1,
	.wanted = VIRTIO_F_INDIRECT_DESC | VIRTIO_CONSOLE_F_SIZE | VIRTIO_CONSOLE_F_MULTIPORT |
		  VIRTIO_CONSOLE_F_EMERG_WRITE,
	.status_in_steps = true,
	.used_align = 4,
};

const struct gd_persona gd_plain_console = {
	.name = "plain-console",
	.required = VIRTIO_F_VERSION_1,
	.wanted = VIRTIO_CONSOLE_F_SIZE,
	.used_align = 4,
};

static void open_port(struct gd_console *c, unsigned int port,
		      const struct gd_console_config *config)
{
	const char *spec = config->streams[port] ? config->streams[port] : "ring";
	struct stream_config stream;
	struct err err = ERR_INIT;

	if (!*spec)
		return;
	if (stream_parse(spec, &stream, &err) < 0)
		gd_die("console", err.text);
	c->streams[port] = stream_create(&stream, c->m->loop, &err);
	if (!c->streams[port])
		gd_die("console", err.text);
}

void gd_console_open(struct gd_console *c, const struct gd_console_config *config)
{
	static const struct gd_console_config plain;
	struct virtio_console_config console = {.id = "console0"};
	struct err err = ERR_INIT;

	if (!config)
		config = &plain;
	memset(c, 0, sizeof(*c));
	c->m = gd_machine_create(&config->machine);
	console.mem = c->m->mem;
	console.cols = config->cols;
	console.rows = config->rows;
	console.properties = config->properties;
	for (unsigned int i = 0; i < GD_CONSOLE_PORTS; i++) {
		open_port(c, i, config);
		console.ports[i].stream = c->streams[i];
	}
	c->vd = virtio_console_create(&console, &err);
	if (!c->vd)
		gd_die("console", err.text);
	gd_plug(c->m, c->vd, GD_CONSOLE_DEVFN, config->vectors);
	gd_assign(c->m);
	gd_dev_open(&c->dev, c->m, GD_CONSOLE_DEVFN);
	for (unsigned int i = 0; i < GD_CONSOLE_PORTS; i++) {
		c->users[i] = virtio_console_user(c->vd, i);
		if (c->streams[i] && stream_start(c->streams[i], &c->users[i], &err) < 0)
			gd_die("console", err.text);
	}
	gd_settle(c->m);
	for (unsigned int i = 0; i < GD_CONSOLE_PORTS && config->closed; i++)
		c->users[i].opened(c->users[i].arg, false);
}

void gd_console_close(struct gd_console *c)
{
	/* As the machine does it: devices first. The loop goes last, and the streams before it. */
	while (c->m->n_devices > 0)
		device_destroy(&c->m->devices[--c->m->n_devices]->dev);
	for (unsigned int i = 0; i < GD_CONSOLE_PORTS; i++)
		stream_destroy(c->streams[i]);
	gd_machine_destroy(c->m);
}

uint16_t gd_console_rx(unsigned int port)
{
	return (uint16_t)(port ? 2 + 2 * port : 0);
}

uint16_t gd_console_tx(unsigned int port)
{
	return (uint16_t)(port ? 3 + 2 * port : 1);
}

const char *gd_console_start(struct gd_console *c, const struct gd_persona *persona)
{
	const char *why = gd_init_device(&c->dev, persona);

	if (why)
		return why;
	c->n_queues = c->dev.features & VIRTIO_CONSOLE_F_MULTIPORT ? GD_CONSOLE_QUEUES : 2;
	for (uint16_t i = 0; i < c->n_queues; i++)
		if (!gd_queue_setup(&c->q[i], &c->dev, i, persona->used_align))
			return "queue_enable does not read back as 1";
	gd_driver_ok(&c->dev);
	return NULL;
}

bool gd_console_restart(struct gd_console *c, const struct gd_persona *persona)
{
	if (gd_init_device(&c->dev, persona))
		return false;
	for (uint16_t i = 0; i < c->n_queues; i++)
		if (!gd_queue_again(&c->q[i]))
			return false;
	gd_driver_ok(&c->dev);
	return true;
}

static void post(struct gd_console *c, uint16_t q, gpa_t at, uint32_t len)
{
	struct gd_seg seg = {at, len, true};
	int head = gd_add(&c->q[q], &seg, 1);

	if (head < 0)
		gd_die("console", "the test posts more buffers than a queue has");
	c->buffers[q][head] = at;
}

void gd_console_post(struct gd_console *c, uint16_t q, unsigned int n, uint32_t len)
{
	for (unsigned int i = 0; i < n; i++)
		post(c, q, gd_alloc(c->m, len, 16), len);
	gd_kick(&c->q[q]);
	gd_settle(c->m);
}

bool gd_console_say(struct gd_console *c, uint32_t id, uint16_t event, uint16_t value)
{
	gpa_t at = gd_alloc(c->m, VIRTIO_CONSOLE_CONTROL_SIZE, 4);
	struct gd_seg seg = {at, VIRTIO_CONSOLE_CONTROL_SIZE, false};
	struct gd_queue *q = &c->q[VIRTIO_CONSOLE_CONTROL_TX];
	struct gd_used used;
	int head;

	gd_st32(c->m, at + VIRTIO_CONSOLE_CONTROL_ID, id);
	gd_st16(c->m, at + VIRTIO_CONSOLE_CONTROL_EVENT, event);
	gd_st16(c->m, at + VIRTIO_CONSOLE_CONTROL_VALUE, value);
	head = gd_add(q, &seg, 1);
	gd_kick(q);
	return gd_wait_used(q, &used) && used.id == (uint32_t)head && used.len == 0;
}

bool gd_console_hear(struct gd_console *c, struct gd_control *message)
{
	struct gd_queue *q = &c->q[VIRTIO_CONSOLE_CONTROL_RX];
	uint8_t bytes[GD_CONTROL_BUFFER] = {0};
	struct gd_used used;
	gpa_t at;

	gd_settle(c->m);
	if (!gd_take_used(q, &used) || used.id >= 256 || used.len > sizeof(bytes))
		return false;
	at = c->buffers[VIRTIO_CONSOLE_CONTROL_RX][used.id];
	gd_read(c->m, at, bytes, used.len);
	message->used_len = used.len;
	message->id = ld_le32(bytes + VIRTIO_CONSOLE_CONTROL_ID);
	message->event = ld_le16(bytes + VIRTIO_CONSOLE_CONTROL_EVENT);
	message->value = ld_le16(bytes + VIRTIO_CONSOLE_CONTROL_VALUE);
	memcpy(message->data, bytes + VIRTIO_CONSOLE_CONTROL_SIZE, sizeof(message->data));
	gd_fill(c->m, at, 0, GD_CONTROL_BUFFER);
	post(c, VIRTIO_CONSOLE_CONTROL_RX, at, GD_CONTROL_BUFFER);
	gd_kick(q);
	return true;
}

bool gd_console_hears(struct gd_console *c, uint32_t id, uint16_t event, uint16_t value,
		      uint32_t used_len)
{
	struct gd_control m;

	return gd_console_hear(c, &m) && m.id == id && m.event == event && m.value == value &&
	       m.used_len == used_len;
}

bool gd_console_quiet(struct gd_console *c)
{
	gd_settle(c->m);
	return gd_used_ready(&c->q[VIRTIO_CONSOLE_CONTROL_RX]) == 0;
}

bool gd_console_handshake(struct gd_console *c)
{
	struct gd_control m;
	unsigned int added = 0;
	unsigned int named = 0;

	gd_console_post(c, VIRTIO_CONSOLE_CONTROL_RX, 16, GD_CONTROL_BUFFER);
	if (!gd_console_say(c, UINT32_MAX, VIRTIO_CONSOLE_DEVICE_READY, 1))
		return false;
	while (gd_console_hear(c, &m)) {
		added += m.event == VIRTIO_CONSOLE_DEVICE_ADD;
		named += m.event == VIRTIO_CONSOLE_PORT_NAME;
		if (m.event == VIRTIO_CONSOLE_DEVICE_ADD &&
		    !gd_console_say(c, m.id, VIRTIO_CONSOLE_PORT_READY, 1))
			return false;
		if (m.event == VIRTIO_CONSOLE_CONSOLE_PORT &&
		    !gd_console_say(c, m.id, VIRTIO_CONSOLE_PORT_OPEN, 1))
			return false;
	}
	return added == GD_CONSOLE_PORTS && named == GD_CONSOLE_PORTS;
}

bool gd_console_up(struct gd_console *c, const struct gd_persona *persona)
{
	if (gd_console_start(c, persona))
		return false;
	if (!(c->dev.features & VIRTIO_CONSOLE_F_MULTIPORT))
		return true;
	return gd_console_handshake(c) && gd_console_say(c, 1, VIRTIO_CONSOLE_PORT_OPEN, 1) &&
	       gd_console_say(c, 2, VIRTIO_CONSOLE_PORT_OPEN, 1);
}

int gd_console_send(struct gd_console *c, unsigned int port, const void *data, uint32_t len)
{
	struct gd_queue *q = &c->q[gd_console_tx(port)];
	gpa_t at = gd_alloc(c->m, len ? len : 1, 1);
	struct gd_seg seg = {at, len, false};
	int head;

	gd_write(c->m, at, data, len);
	head = gd_add(q, &seg, 1);
	gd_kick(q);
	return head;
}

bool gd_console_sends(struct gd_console *c, unsigned int port, const void *data, uint32_t len)
{
	struct gd_queue *q = &c->q[gd_console_tx(port)];
	int head = gd_console_send(c, port, data, len);
	struct gd_used used;

	return gd_wait_used(q, &used) && used.id == (uint32_t)head && used.len == 0 &&
	       gd_used_ready(q) == 0;
}

int gd_console_take(struct gd_console *c, unsigned int port, void *data, size_t size)
{
	uint16_t q = gd_console_rx(port);
	struct gd_used used;

	gd_settle(c->m);
	if (!gd_take_used(&c->q[q], &used) || used.id >= 256 || used.len > size)
		return -1;
	gd_read(c->m, c->buffers[q][used.id], data, used.len);
	return (int)used.len;
}
