/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/console/console.h"

#include "virtio/console/console_internal.h"
#include "vmm/core/le.h"

#include <errno.h>
#include <stdlib.h>

/* The device: config, queues, what connects ports and streams. */

#define PORT_COUNTER(port, member)                                                                 \
	{                                                                                          \
		"port" #port "_" #member, FIELD_U64, FIELD_COUNTER,                                \
			offsetof(struct virtio_console, ports[port].member), 1                     \
	}
#define PORT_STATE(port, member)                                                                   \
	{                                                                                          \
		"port" #port "_" #member, FIELD_BOOL, FIELD_STATE,                                 \
			offsetof(struct virtio_console, ports[port].member), 1                     \
	}

static const struct field console_fields[] = {
	FIELD(struct virtio_console, device_ready),
	PORT_STATE(0, ready),
	PORT_STATE(0, guest_open),
	PORT_STATE(1, ready),
	PORT_STATE(1, guest_open),
	PORT_STATE(2, ready),
	PORT_STATE(2, guest_open),
	FIELD(struct virtio_console, n_messages),
	PORT_COUNTER(0, to_guest),
	PORT_COUNTER(0, to_host),
	PORT_COUNTER(1, to_guest),
	PORT_COUNTER(1, to_host),
	PORT_COUNTER(2, to_guest),
	PORT_COUNTER(2, to_host),
	FIELD_COUNT(struct virtio_console, control_received),
	FIELD_COUNT(struct virtio_console, control_ignored),
	FIELD_COUNT(struct virtio_console, control_sent),
	FIELD_COUNT(struct virtio_console, bad_chains),
	FIELD_COUNT(struct virtio_console, emerg_lost),
};

static const uint16_t console_queue_sizes[CONSOLE_QUEUES] = {
	CONSOLE_QUEUE_SIZE, CONSOLE_QUEUE_SIZE, CONSOLE_QUEUE_SIZE, CONSOLE_QUEUE_SIZE,
	CONSOLE_QUEUE_SIZE, CONSOLE_QUEUE_SIZE, CONSOLE_QUEUE_SIZE, CONSOLE_QUEUE_SIZE,
};

static struct virtio_console *to_console(struct virtio_device *vd)
{
	return (struct virtio_console *)vd;
}

static uint64_t console_features(const struct virtio_device *vd)
{
	const struct virtio_console *c = (const struct virtio_console *)vd;
	uint64_t features = VIRTIO_CONSOLE_F_SIZE | VIRTIO_CONSOLE_F_MULTIPORT;

	return c->properties & VIRTIO_CONSOLE_EMERG_WRITE ? features | VIRTIO_CONSOLE_F_EMERG_WRITE
							  : features;
}

static void console_config_read(const struct virtio_device *vd, uint32_t offset, void *buf,
				uint32_t len)
{
	const struct virtio_console *c = (const struct virtio_console *)vd;
	uint8_t config[VIRTIO_CONSOLE_CONFIG_SIZE] = {0};

	st_le16(config + VIRTIO_CONSOLE_COLS, c->cols);
	st_le16(config + VIRTIO_CONSOLE_ROWS, c->rows);
	st_le32(config + VIRTIO_CONSOLE_MAX_NR_PORTS, VIRTIO_CONSOLE_PORTS);
	virtio_config_copy(config, sizeof(config), offset, buf, len);
}

/* emerg_wr (5.3.5): a byte of the earliest or the last output, without a queue, in any state of the
 * device. There is no way to make its writer wait. */
static void console_config_write(struct virtio_device *vd, uint32_t offset, const void *buf,
				 uint32_t len)
{
	struct virtio_console *c = to_console(vd);
	struct console_port *port = &c->ports[0];
	const uint8_t *bytes = buf;
	size_t took = 1;

	if (!(c->properties & VIRTIO_CONSOLE_EMERG_WRITE) || offset > VIRTIO_CONSOLE_EMERG_WR ||
	    len <= VIRTIO_CONSOLE_EMERG_WR - offset)
		return;
	if (port->stream)
		took = stream_write(port->stream, bytes + (VIRTIO_CONSOLE_EMERG_WR - offset), 1);
	port->to_host += took;
	c->emerg_lost += !took;
}

/* The answers to what came in go out right away. */
static bool serve_control_receive(struct virtio_console *c)
{
	bool more = console_control_receive(c);

	if (console_control_send(c))
		console_rearm(c, VIRTIO_CONSOLE_CONTROL_RX);
	return more;
}

static bool console_serve(struct virtio_device *vd, uint16_t q)
{
	struct virtio_console *c = to_console(vd);
	struct console_port *port = &c->ports[q < 2 ? 0 : (q - 2) / 2];

	/* Without MULTIPORT there are queues 0 and 1 (5.3.2). */
	if (q >= 2 && !console_multiport(c))
		return false;
	if (q == VIRTIO_CONSOLE_CONTROL_RX)
		return console_control_send(c);
	if (q == VIRTIO_CONSOLE_CONTROL_TX)
		return serve_control_receive(c);
	if (q % 2)
		return console_data_transmit(port);
	console_data_want_input(port);
	return false;
}

static void console_reset(struct virtio_device *vd)
{
	struct virtio_console *c = to_console(vd);

	console_control_reset(c);
	for (unsigned int i = 0; i < VIRTIO_CONSOLE_PORTS; i++)
		console_data_reset(&c->ports[i]);
}

static void console_destroy(struct device *dev)
{
	struct virtio_console *c = (struct virtio_console *)dev;

	virtio_device_fini(&c->vd);
	for (unsigned int i = 0; i < VIRTIO_CONSOLE_PORTS; i++)
		virtq_chain_fini(&c->ports[i].tx);
	virtq_chain_fini(&c->chain);
	free(c);
}

static const struct virtio_device_ops console_ops = {
	.device =
		{
			.name = "virtio-console",
			.reset = virtio_device_reset,
			.destroy = console_destroy,
			.fields = console_fields,
			.n_fields = sizeof(console_fields) / sizeof(console_fields[0]),
		},
	.id = VIRTIO_ID_CONSOLE,
	.queue_sizes = console_queue_sizes,
	.n_queues = CONSOLE_QUEUES,
	.features = console_features,
	.config_read = console_config_read,
	.config_write = console_config_write,
	.serve = console_serve,
	.reset = console_reset,
};

static int init_ports(struct virtio_console *c, const struct virtio_console_config *config)
{
	if (virtq_chain_init(&c->chain, &c->vd.queues[0]) < 0)
		return -ENOMEM;
	for (unsigned int i = 0; i < VIRTIO_CONSOLE_PORTS; i++) {
		struct console_port *port = &c->ports[i];

		port->console = c;
		port->index = i;
		port->stream = config->ports[i].stream;
		port->host_open = !port->stream; /* a stream says it itself */
		if (virtq_chain_init(&port->tx, &c->vd.queues[console_tx_queue(i)]) < 0)
			return -ENOMEM;
	}
	return 0;
}

struct virtio_device *virtio_console_create(const struct virtio_console_config *config,
					    struct err *err)
{
	struct virtio_console *c = calloc(1, sizeof(*c));

	if (!c || virtio_device_init(&c->vd, &console_ops, config->id, config->mem) < 0) {
		err_set(err, -ENOMEM, "%s: out of memory", config->id);
		free(c);
		return NULL;
	}
	c->properties = config->properties;
	c->cols = config->cols;
	c->quit = config->quit;
	c->quit_arg = config->quit_arg;
	c->rows = config->rows;
	if (init_ports(c, config) < 0) {
		err_set(err, -ENOMEM, "%s: out of memory", config->id);
		console_destroy(&c->vd.dev);
		return NULL;
	}
	return &c->vd;
}

/* Callbacks of a port's stream, on the loop's thread and without the lock. */

static size_t port_input(void *arg, const uint8_t *data, size_t len)
{
	struct console_port *port = arg;
	struct device *dev = &port->console->vd.dev;
	size_t taken;

	device_lock(dev);
	taken = console_data_receive(port, data, len);
	device_unlock(dev);
	return taken;
}

static void port_writable(void *arg)
{
	struct console_port *port = arg;
	struct device *dev = &port->console->vd.dev;

	device_lock(dev);
	console_rearm(port->console, console_tx_queue(port->index));
	device_unlock(dev);
}

static void port_opened(void *arg, bool open)
{
	struct console_port *port = arg;
	struct device *dev = &port->console->vd.dev;

	device_lock(dev);
	console_control_host_open(port, open);
	console_rearm(port->console, VIRTIO_CONSOLE_CONTROL_RX);
	device_unlock(dev);
}

static uint16_t terminal_size(unsigned int n)
{
	return n > UINT16_MAX ? UINT16_MAX : (uint16_t)n;
}

static void port_resize(void *arg, unsigned int rows, unsigned int cols)
{
	struct console_port *port = arg;

	virtio_console_resize(&port->console->vd, terminal_size(cols), terminal_size(rows));
}

static void port_quit(void *arg)
{
	const struct console_port *port = arg;

	if (port->console->quit)
		port->console->quit(port->console->quit_arg);
}

struct stream_user virtio_console_user(struct virtio_device *vd, unsigned int port)
{
	return (struct stream_user){
		.input = port_input,
		.writable = port_writable,
		.opened = port_opened,
		.resize = port == 0 ? port_resize : NULL,
		.quit = port_quit,
		.arg = &to_console(vd)->ports[port],
	};
}

void virtio_console_resize(struct virtio_device *vd, uint16_t cols, uint16_t rows)
{
	struct virtio_console *c = to_console(vd);

	device_lock(&vd->dev);
	if (c->cols != cols || c->rows != rows) {
		c->cols = cols;
		c->rows = rows;
		if (!console_multiport(c) && vd->negotiated & VIRTIO_CONSOLE_F_SIZE) {
			virtio_config_changed(vd);
		} else {
			/* Config has changed, but this driver learns it by a message, or not at
			 * all. */
			vd->config_generation++;
			console_control_resized(c);
			console_rearm(c, VIRTIO_CONSOLE_CONTROL_RX);
		}
	}
	device_unlock(&vd->dev);
}

struct virtio_console_port_state virtio_console_port(struct virtio_device *vd, unsigned int port)
{
	const struct console_port *p = &to_console(vd)->ports[port];
	struct virtio_console_port_state state;

	device_lock(&vd->dev);
	state = (struct virtio_console_port_state){
		.name = console_port_name(port),
		.ready = p->ready,
		.guest_open = p->guest_open,
		.host_open = p->host_open,
		.to_guest = p->to_guest,
		.to_host = p->to_host,
	};
	device_unlock(&vd->dev);
	return state;
}

bool virtio_console_busy(struct virtio_device *vd)
{
	const struct virtio_console *c = to_console(vd);
	bool busy = false;

	device_lock(&vd->dev);
	for (unsigned int port = 0; port < VIRTIO_CONSOLE_PORTS && !busy; port++)
		busy = c->ports[port].tx_held ||
		       virtq_has_more(&vd->queues[console_tx_queue(port)]);
	device_unlock(&vd->dev);
	return busy;
}

bool virtio_console_is(const struct device *dev)
{
	return dev->ops == &console_ops.device;
}
