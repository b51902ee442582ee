/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_VIRTIO_CONSOLE_INTERNAL_H
#define VISE_VIRTIO_CONSOLE_INTERNAL_H

#include "virtio/console/console.h"
#include "virtio/console/console_regs.h"

/*
 * Between console.c (the device), console_control.c (what the two sides tell each other about
 * ports) and console_data.c (the ports' bytes). All under the device's lock.
 */

#define CONSOLE_QUEUES	   (2U + 2U * VIRTIO_CONSOLE_PORTS)
#define CONSOLE_QUEUE_SIZE 256U

/* Limits of the bulk channel, section 1.6, each a pass of serve(); the loop then comes back. */
#define CONSOLE_TX_PIECE      (32U << 10)  /* bytes taken from a descriptor at a time */
#define CONSOLE_TX_PASS	      (256U << 10) /* bytes */
#define CONSOLE_RX_PASS	      64U	   /* chains */
#define CONSOLE_CONTROL_PASS  32U	   /* chains */
#define CONSOLE_PORT_MESSAGES 5U	   /* kinds of control messages to the guest about a port */
#define CONSOLE_MAX_MESSAGES  (VIRTIO_CONSOLE_PORTS * CONSOLE_PORT_MESSAGES)
#define CONSOLE_MESSAGE_MAX   64U /* bytes of the longest: a PORT_NAME */

struct virtio_console;

struct console_port {
	struct virtio_console *console;
	unsigned int index;
	struct stream *stream; /* NULL: nothing there */

	/* What the guest said. */
	bool ready;
	bool guest_open;
	/* The host's end. */
	bool host_open;
	bool told_open;	 /* what the last PORT_OPEN to the guest said */
	bool must_close; /* the host's end was closed since, though it may be open again */
	uint8_t queued;	 /* 1 << event for each message of the port that waits */

	/* The chain of the transmit queue that the stream has not taken all of. */
	bool tx_held;
	struct virtq_chain tx;
	uint32_t tx_seg, tx_offset; /* the next byte to be sent */
	bool tx_empty;		    /* no byte of it so far */

	/* Counters. */
	uint64_t to_guest, to_host;
};

/* A message that waits for a buffer of the guest. What it says is decided when it is sent, so one
 * of a kind and port is enough whatever happens meanwhile. */
struct console_message {
	uint8_t port, event;
};

struct virtio_console {
	struct virtio_device vd;
	uint32_t properties;
	uint16_t cols, rows;
	void (*quit)(void *arg);
	void *quit_arg;
	bool device_ready; /* the driver has asked for ports */
	struct console_port ports[VIRTIO_CONSOLE_PORTS];
	struct console_message messages[CONSOLE_MAX_MESSAGES]; /* the oldest first */
	uint32_t n_messages;
	struct virtq_chain chain; /* scratch for pop */
	uint8_t piece[CONSOLE_TX_PIECE];
	/* Counters. */
	uint64_t control_received, control_ignored, control_sent, bad_chains, emerg_lost;
};

/* The driver has accepted MULTIPORT. */
static inline bool console_multiport(const struct virtio_console *c)
{
	return c->vd.negotiated & VIRTIO_CONSOLE_F_MULTIPORT;
}

static inline uint16_t console_rx_queue(unsigned int port)
{
	return (uint16_t)(port ? 2 + 2 * port : 0);
}

static inline uint16_t console_tx_queue(unsigned int port)
{
	return (uint16_t)(console_rx_queue(port) + 1);
}

/* Has queue @q served by the loop; any thread. Without a transport there is nothing to serve. */
static inline void console_rearm(struct virtio_console *c, uint16_t q)
{
	if (c->vd.transport)
		c->vd.transport->rearm(c->vd.transport_owner, q);
}

/* Publishes what a pass has completed on @q. Chains without room or data do not interrupt by
 * themselves: @interrupt says whether there was any other. */
static inline void console_publish(struct virtio_console *c, uint16_t q, bool interrupt)
{
	/* With event index the driver has named the very entry that it waits for. */
	if (interrupt || c->vd.queues[q].event_idx)
		virtio_queue_done(&c->vd, q);
	else
		virtq_publish(&c->vd.queues[q]);
}

/* console_control.c */

/* The handshake starts over; runs on any thread. */
void console_control_reset(struct virtio_console *c);

/* A pass over messages from, or to, the guest. Loop's thread; true when there is more to do. */
bool console_control_receive(struct virtio_console *c);
bool console_control_send(struct virtio_console *c);

/* The host's end of @port was opened or closed; port 0's terminal has another size. The caller has
 * VIRTIO_CONSOLE_CONTROL_RX served. */
void console_control_host_open(struct console_port *port, bool open);
void console_control_resized(struct virtio_console *c);

/* What sysfs calls the port in a Linux guest. */
const char *console_port_name(unsigned int port);

/* console_data.c */

/* A pass over what the guest sends. Loop's thread; true when there is more to do. */
bool console_data_transmit(struct console_port *port);

/* The guest may have room for input: asks for what the host holds back. */
void console_data_want_input(struct console_port *port);

/* Takes input of the host for the guest; returns how much. Loop's thread. */
size_t console_data_receive(struct console_port *port, const uint8_t *data, size_t len);

/* Forgets the chain at hand; any thread. */
void console_data_reset(struct console_port *port);

#endif
