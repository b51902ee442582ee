/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/console/console_internal.h"
#include "vmm/core/le.h"
#include "vmm/core/log.h"

#include <string.h>

/*
 * What the two sides tell each other about ports (virtio 1.2, section 5.3.6.2):
 *
 *   guest                          host
 *   DEVICE_READY 1            ->
 *                             <-   DEVICE_ADD, for each port
 *   PORT_READY 1, for a port  ->
 *                             <-   CONSOLE_PORT (port 0), PORT_NAME,
 *                                  PORT_OPEN 1 (when somebody is there), RESIZE (port 0, when
 * known) PORT_OPEN 1 or 0          ->   (a process opened or closed it)
 *                             <-   PORT_OPEN 0 or 1 when the host's end changes, RESIZE likewise
 *
 * Messages to the guest wait in one line until it gives buffers. A message that stands in the line
 * is not put there again, so the line is bounded whatever the guest repeats, and what it says is
 * decided when it leaves. A guest's message is consumed at once: Linux spins until it is.
 */

static const char *const port_names[VIRTIO_CONSOLE_PORTS] = {
	"ktstr-console",
	"ktstr-bulk",
	"ktstr-stats",
};

const char *console_port_name(unsigned int port)
{
	return port_names[port];
}

void console_control_reset(struct virtio_console *c)
{
	c->device_ready = false;
	c->n_messages = 0;
	for (unsigned int i = 0; i < VIRTIO_CONSOLE_PORTS; i++) {
		struct console_port *port = &c->ports[i];

		port->ready = false;
		port->guest_open = false;
		port->told_open = false;
		port->must_close = false;
		port->queued = 0;
	}
}

/* To the guest */

static void queue_message(struct console_port *port, unsigned int event)
{
	struct virtio_console *c = port->console;

	if (port->queued & 1U << event)
		return;
	port->queued |= (uint8_t)(1U << event);
	c->messages[c->n_messages++] = (struct console_message){
		.port = (uint8_t)port->index,
		.event = (uint8_t)event,
	};
}

/* Takes the first message out of the line. */
static void drop_message(struct virtio_console *c)
{
	const struct console_message *first = &c->messages[0];

	c->ports[first->port].queued &= (uint8_t) ~(1U << first->event);
	c->n_messages--;
	memmove(&c->messages[0], &c->messages[1], c->n_messages * sizeof(c->messages[0]));
}

/* Composes @m; its length, or 0 when there is nothing left to be said. */
static size_t compose(const struct virtio_console *c, const struct console_message *m, uint8_t *out)
{
	const struct console_port *port = &c->ports[m->port];
	size_t len = VIRTIO_CONSOLE_CONTROL_SIZE;
	uint16_t value = 1;

	if (m->event == VIRTIO_CONSOLE_PORT_OPEN) {
		value = !port->must_close;
		if (value && port->told_open == port->host_open)
			return 0;
	} else if (m->event == VIRTIO_CONSOLE_PORT_NAME) {
		size_t name = strlen(port_names[m->port]) + 1; /* with its end, as others do */

		memcpy(out + len, port_names[m->port], name);
		len += name;
	} else if (m->event == VIRTIO_CONSOLE_RESIZE) {
		value = 0;
		st_le16(out + VIRTIO_CONSOLE_RESIZE_COLS, c->cols);
		st_le16(out + VIRTIO_CONSOLE_RESIZE_ROWS, c->rows);
		len = VIRTIO_CONSOLE_RESIZE_SIZE;
	}
	st_le32(out + VIRTIO_CONSOLE_CONTROL_ID, m->port);
	st_le16(out + VIRTIO_CONSOLE_CONTROL_EVENT, m->event);
	st_le16(out + VIRTIO_CONSOLE_CONTROL_VALUE, value);
	return len;
}

/* The first message that still has something to say; its length, or 0. */
static size_t next_message(struct virtio_console *c, uint8_t *out)
{
	size_t len = 0;

	while (c->n_messages && !(len = compose(c, &c->messages[0], out)))
		drop_message(c);
	return len;
}

/* The first message is with the guest. */
static void message_sent(struct virtio_console *c)
{
	const struct console_message m = c->messages[0];
	struct console_port *port = &c->ports[m.port];

	c->control_sent++;
	drop_message(c);
	if (m.event != VIRTIO_CONSOLE_PORT_OPEN)
		return;
	port->told_open = !port->must_close;
	port->must_close = false;
	if (port->told_open != port->host_open)
		queue_message(port, VIRTIO_CONSOLE_PORT_OPEN);
}

/* Writes a message of @len bytes into the scratch chain; false when it does not go in. @room
 * becomes true when the chain has any. */
static bool put_message(const struct virtio_console *c, const uint8_t *message, size_t len,
			bool *room)
{
	struct virtq_seg segs[CONSOLE_MESSAGE_MAX]; /* each takes a byte at least */
	uint32_t n = 0;
	size_t have = 0;

	for (uint32_t i = 0; i < c->chain.n && have < len; i++) {
		const struct virtq_seg *seg = &c->chain.segs[i];

		if (!seg->writable || !seg->len)
			continue;
		*room = true;
		segs[n++] = *seg;
		have += seg->len;
	}
	return have >= len && virtq_segs_write(c->vd.mem, segs, n, 0, message, len) == 0;
}

bool console_control_send(struct virtio_console *c)
{
	struct virtq *vq = &c->vd.queues[VIRTIO_CONSOLE_CONTROL_RX];
	unsigned int budget = CONSOLE_CONTROL_PASS;
	uint8_t message[CONSOLE_MESSAGE_MAX];
	bool interrupt = false;
	size_t len;

	while ((len = next_message(c, message)) && virtq_pop(vq, &c->chain, &budget)) {
		bool put = put_message(c, message, len, &interrupt);

		virtq_complete(vq, c->chain.head, c->chain.generation, put ? (uint32_t)len : 0);
		if (put)
			message_sent(c);
		else
			c->bad_chains++;
	}
	console_publish(c, VIRTIO_CONSOLE_CONTROL_RX, interrupt);
	return len && virtq_has_more(vq);
}

void console_control_host_open(struct console_port *port, bool open)
{
	port->host_open = open;
	if (!open && port->told_open)
		port->must_close = true;
	if (port->ready)
		queue_message(port, VIRTIO_CONSOLE_PORT_OPEN);
}

void console_control_resized(struct virtio_console *c)
{
	if (c->ports[0].ready)
		queue_message(&c->ports[0], VIRTIO_CONSOLE_RESIZE);
}

/* From the guest. Each returns whether the message meant something. */

static bool on_device_ready(struct virtio_console *c, uint32_t id, uint16_t value)
{
	(void)id;
	if (value != 1 || c->device_ready)
		return false;
	c->device_ready = true;
	for (unsigned int i = 0; i < VIRTIO_CONSOLE_PORTS; i++)
		queue_message(&c->ports[i], VIRTIO_CONSOLE_DEVICE_ADD);
	return true;
}

static bool on_port_ready(struct virtio_console *c, uint32_t id, uint16_t value)
{
	struct console_port *port;

	if (id >= VIRTIO_CONSOLE_PORTS || !c->device_ready)
		return false;
	port = &c->ports[id];
	if (value == 0)
		log_guest("%s: the driver failed to set up port %u", c->vd.dev.id, id);
	if (value != 1 || port->ready)
		return false;
	port->ready = true;
	if (id == 0)
		queue_message(port, VIRTIO_CONSOLE_CONSOLE_PORT);
	queue_message(port, VIRTIO_CONSOLE_PORT_NAME);
	queue_message(port, VIRTIO_CONSOLE_PORT_OPEN);
	if (id == 0 && (c->cols || c->rows))
		queue_message(port, VIRTIO_CONSOLE_RESIZE);
	return true;
}

static bool on_port_open(struct virtio_console *c, uint32_t id, uint16_t value)
{
	struct console_port *port;

	if (id >= VIRTIO_CONSOLE_PORTS || !c->ports[id].ready)
		return false;
	port = &c->ports[id];
	port->guest_open = value == 1;
	if (port->guest_open)
		console_data_want_input(port);
	return true;
}

typedef bool (*control_fn)(struct virtio_console *c, uint32_t id, uint16_t value);

static const control_fn from_guest[] = {
	[VIRTIO_CONSOLE_DEVICE_READY] = on_device_ready,
	[VIRTIO_CONSOLE_PORT_READY] = on_port_ready,
	[VIRTIO_CONSOLE_PORT_OPEN] = on_port_open,
};

#define N_FROM_GUEST (sizeof(from_guest) / sizeof(from_guest[0]))

/* The first bytes of the scratch chain, which may be cut anywhere. @data becomes true when the
 * chain has any. */
static bool get_message(const struct virtio_console *c, uint8_t *message, bool *data)
{
	size_t have = 0;

	for (uint32_t i = 0; i < c->chain.n && have < VIRTIO_CONSOLE_CONTROL_SIZE; i++) {
		const struct virtq_seg *seg = &c->chain.segs[i];
		size_t part = seg->writable ? 0 : seg->len;

		if (!part)
			continue;
		*data = true;
		if (part > VIRTIO_CONSOLE_CONTROL_SIZE - have)
			part = VIRTIO_CONSOLE_CONTROL_SIZE - have;
		if (guest_mem_read(c->vd.mem, seg->addr, message + have, part) < 0)
			return false;
		have += part;
	}
	return have == VIRTIO_CONSOLE_CONTROL_SIZE;
}

static bool handle(struct virtio_console *c, const uint8_t *message)
{
	uint32_t id = ld_le32(message + VIRTIO_CONSOLE_CONTROL_ID);
	uint16_t event = ld_le16(message + VIRTIO_CONSOLE_CONTROL_EVENT);
	uint16_t value = ld_le16(message + VIRTIO_CONSOLE_CONTROL_VALUE);

	if (event < N_FROM_GUEST && from_guest[event] && from_guest[event](c, id, value))
		return true;
	log_guest("%s: control message ignored: port %u event %u value %u", c->vd.dev.id, id, event,
		  value);
	return false;
}

bool console_control_receive(struct virtio_console *c)
{
	struct virtq *vq = &c->vd.queues[VIRTIO_CONSOLE_CONTROL_TX];
	unsigned int budget = CONSOLE_CONTROL_PASS;
	bool interrupt = false;

	while (virtq_pop(vq, &c->chain, &budget)) {
		uint8_t message[VIRTIO_CONSOLE_CONTROL_SIZE];

		c->control_received++;
		if (!get_message(c, message, &interrupt) || !handle(c, message))
			c->control_ignored++;
		virtq_complete(vq, c->chain.head, c->chain.generation, 0);
	}
	console_publish(c, VIRTIO_CONSOLE_CONTROL_TX, interrupt);
	return virtq_has_more(vq);
}
