/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/console/console_internal.h"
#include "vmm/core/log.h"

/*
 * The bytes of a port (virtio 1.2, section 5.3.6.1). To the host: a chain is popped, and what the
 * stream takes of it is copied piece by piece; one that the stream does not take as a whole is kept
 * with its position, and goes on when the stream has room. To the guest: the stream offers what it
 * has, and takes back what the guest has no buffers for.
 */

/* Where the transmission of a chain stands. */
enum tx_progress {
	TX_DONE,
	TX_FULL,      /* the stream takes no more now, and says when it does */
	TX_PASS_OVER, /* other queues have their turn */
};

void console_data_reset(struct console_port *port)
{
	port->tx_held = false;
}

void console_data_want_input(struct console_port *port)
{
	if (port->stream)
		stream_want_input(port->stream);
}

static enum tx_progress send_chain(struct console_port *port, uint32_t *room)
{
	struct virtio_console *c = port->console;

	while (port->tx_seg < port->tx.n) {
		const struct virtq_seg *seg = &port->tx.segs[port->tx_seg];
		size_t len = seg->writable ? 0 : seg->len - port->tx_offset;
		size_t took;

		if (!len) {
			port->tx_seg++;
			port->tx_offset = 0;
			continue;
		}
		if (!*room)
			return TX_PASS_OVER;
		if (len > sizeof(c->piece))
			len = sizeof(c->piece);
		if (len > *room)
			len = *room;
		if (guest_mem_read(c->vd.mem, seg->addr + port->tx_offset, c->piece, len) < 0) {
			c->bad_chains++;
			log_guest("%s: port %u sends from outside RAM", c->vd.dev.id, port->index);
			return TX_DONE;
		}
		took = port->stream ? stream_write(port->stream, c->piece, len) : len;
		port->tx_empty = false;
		port->tx_offset += (uint32_t)took;
		port->to_host += took;
		*room -= (uint32_t)took;
		if (took < len)
			return TX_FULL;
	}
	return TX_DONE;
}

static bool take_chain(struct console_port *port, struct virtq *vq, unsigned int *budget)
{
	if (!virtq_pop(vq, &port->tx, budget))
		return false;
	port->tx_held = true;
	port->tx_seg = 0;
	port->tx_offset = 0;
	port->tx_empty = true;
	return true;
}

bool console_data_transmit(struct console_port *port)
{
	struct virtio_console *c = port->console;
	uint16_t q = console_tx_queue(port->index);
	struct virtq *vq = &c->vd.queues[q];
	unsigned int budget = vq->size;
	uint32_t room = CONSOLE_TX_PASS;
	enum tx_progress progress = TX_DONE;
	bool interrupt = false;

	/* The queue may have been disabled and enabled without a reset of the device. */
	if (port->tx_held && port->tx.generation != vq->generation)
		port->tx_held = false;
	while (port->tx_held || take_chain(port, vq, &budget)) {
		progress = send_chain(port, &room);
		if (progress != TX_DONE)
			break;
		port->tx_held = false;
		virtq_complete(vq, port->tx.head, port->tx.generation, 0);
		interrupt |= !port->tx_empty;
	}
	console_publish(c, q, interrupt);
	return progress == TX_PASS_OVER || (progress == TX_DONE && virtq_has_more(vq));
}

/* Writes what fits of @data into the writable segments of the scratch chain; how much. @room
 * becomes true when there is any. */
static uint32_t fill_chain(const struct virtio_console *c, const uint8_t *data, size_t len,
			   bool *room)
{
	uint32_t done = 0;

	for (uint32_t i = 0; i < c->chain.n && done < len; i++) {
		const struct virtq_seg *seg = &c->chain.segs[i];
		size_t part = seg->writable ? seg->len : 0;

		if (!part)
			continue;
		*room = true;
		if (part > len - done)
			part = len - done;
		if (guest_mem_write(c->vd.mem, seg->addr, data + done, part) < 0)
			break;
		done += (uint32_t)part;
	}
	return done;
}

/* Without MULTIPORT there is one port, and nobody says when it is open. */
static bool guest_listens(const struct console_port *port)
{
	return console_multiport(port->console) ? port->guest_open : port->index == 0;
}

size_t console_data_receive(struct console_port *port, const uint8_t *data, size_t len)
{
	struct virtio_console *c = port->console;
	uint16_t q = console_rx_queue(port->index);
	struct virtq *vq = &c->vd.queues[q];
	unsigned int budget = CONSOLE_RX_PASS;
	bool interrupt = false;
	size_t taken = 0;

	if (!c->vd.transport || !guest_listens(port))
		return 0;
	if (!c->vd.transport->may_dma(c->vd.transport_owner)) {
		console_rearm(c, q);
		return 0;
	}
	while (taken < len && virtq_pop(vq, &c->chain, &budget)) {
		uint32_t n = fill_chain(c, data + taken, len - taken, &interrupt);

		virtq_complete(vq, c->chain.head, c->chain.generation, n);
		taken += n;
	}
	port->to_guest += taken;
	console_publish(c, q, interrupt);
	/* The pass is over and not the buffers: the stream shall go on, in its own time. */
	if (taken < len && virtq_has_more(vq))
		console_data_want_input(port);
	return taken;
}
