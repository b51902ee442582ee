/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUESTDRV_CONSOLE_H
#define VISE_GUESTDRV_CONSOLE_H

#include "tests/guestdrv/gd_queue.h"
#include "virtio/console/console.h"
#include "virtio/console/console_regs.h"

/*
 * A machine with one virtio-console function, whose ports end in memory: the test reads there what
 * the guest sends, and gives what the guest shall get. The driver's side keeps receive buffers as
 * Linux does, but hands nothing back by itself.
 */

#define GD_CONSOLE_DEVFN  PCI_DEVFN(7, 0)
#define GD_CONSOLE_PORTS  3U
#define GD_CONSOLE_QUEUES 8U
#define GD_CONTROL_BUFFER 64U /* bytes of a control receive buffer */

/* Linux: takes INDIRECT_DESC, SIZE and MULTIPORT where offered. And a driver that knows no ports.
 */
extern const struct gd_persona gd_linux_console, gd_plain_console;

struct gd_console_config {
	struct gd_machine_config machine;
	uint32_t properties;
	uint16_t cols, rows;
	uint16_t vectors;
	const char
		*streams[GD_CONSOLE_PORTS]; /* as stream_parse() reads it; NULL: "ring"; "": none */
	bool closed;			    /* nobody is at the host's ends at first */
};

struct gd_console {
	struct gd_machine *m;
	struct virtio_device *vd;
	struct stream *streams[GD_CONSOLE_PORTS];
	struct stream_user users[GD_CONSOLE_PORTS];
	struct gd_dev dev;
	struct gd_queue q[GD_CONSOLE_QUEUES];
	uint16_t n_queues;		       /* set up */
	gpa_t buffers[GD_CONSOLE_QUEUES][256]; /* by head: where gd_console_post() put it */
};

/* NULL @config: defaults. The ends are open unless configured otherwise. */
void gd_console_open(struct gd_console *c, const struct gd_console_config *config);
void gd_console_close(struct gd_console *c);

/* The start sequence up to DRIVER_OK with all queues that the driver knows. NULL, or why it
 * refuses. */
const char *gd_console_start(struct gd_console *c, const struct gd_persona *persona);

/* After a reset: the same queues again and DRIVER_OK. */
bool gd_console_restart(struct gd_console *c, const struct gd_persona *persona);

/* Posts @n receive buffers of @len bytes each to queue @q, and kicks. */
void gd_console_post(struct gd_console *c, uint16_t q, unsigned int n, uint32_t len);

/* A control message from the guest, as Linux sends it: false unless it is consumed. */
bool gd_console_say(struct gd_console *c, uint32_t id, uint16_t event, uint16_t value);

/* A control message from the device. */
struct gd_control {
	uint32_t id;
	uint16_t event, value;
	uint32_t used_len;
	uint8_t data[GD_CONTROL_BUFFER - VIRTIO_CONSOLE_CONTROL_SIZE]; /* zeros behind what came */
};

/* Takes the next one that has come, if any, and posts its buffer again. */
bool gd_console_hear(struct gd_console *c, struct gd_control *message);

/* True when the next message is this one, with @used_len bytes. */
bool gd_console_hears(struct gd_console *c, uint32_t id, uint16_t event, uint16_t value,
		      uint32_t used_len);

/* True when no message waits and none comes. */
bool gd_console_quiet(struct gd_console *c);

/* Linux's handshake: control buffers, DEVICE_READY; each port PORT_READY; all messages taken; the
 * console answered by PORT_OPEN. False when something is missing. */
bool gd_console_handshake(struct gd_console *c);

/* gd_console_start() as @persona, and with MULTIPORT the handshake and PORT_OPEN 1 for every port.
 */
bool gd_console_up(struct gd_console *c, const struct gd_persona *persona);

/* The queues of a port. */
uint16_t gd_console_rx(unsigned int port);
uint16_t gd_console_tx(unsigned int port);

/* Sends @len bytes as one buffer and kicks, not waiting; the head. */
int gd_console_send(struct gd_console *c, unsigned int port, const void *data, uint32_t len);

/* Sends and waits; true when it is used, with length 0, and nothing else came of it. */
bool gd_console_sends(struct gd_console *c, unsigned int port, const void *data, uint32_t len);

/* Takes the next receive buffer of @port that is used, if any: its bytes into @data, whose room is
 * @size; how many, or -1. */
int gd_console_take(struct gd_console *c, unsigned int port, void *data, size_t size);

#endif
