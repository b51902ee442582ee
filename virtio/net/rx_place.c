/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/net/net_internal.h"
#include "vmm/core/clock.h"
#include "vmm/core/le.h"

#include <string.h>

/*
 * Where a received frame goes: header and frame are one stream of bytes, written into the next
 * chain or, with MRG_RXBUF, into as many as it needs.
 *
 * A frame takes all its chains or none: chains that do not suffice go back into the queue. A driver
 * that never posts enough would wait for ever, so after a while the frame is dropped.
 */

#define RX_PATIENCE_NS (200 * NS_PER_MS)

/* The header for @o. Without GUEST_CSUM it is zero but for num_buffers. */
static void make_header(const struct virtio_net *net, const struct net_offload *o, uint8_t *h)
{
	memset(h, 0, VIRTIO_NET_HDR_LONG);
	h[VIRTIO_NET_HDR_NUM_BUFFERS] = 1;
	if (!(net->vd.negotiated & VIRTIO_NET_F_GUEST_CSUM))
		return;
	h[VIRTIO_NET_HDR_FLAGS] =
		o->flags & (VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID);
	h[VIRTIO_NET_HDR_GSO_TYPE] = o->gso_type;
	st_le16(h + VIRTIO_NET_HDR_HDR_LEN, o->hdr_len);
	st_le16(h + VIRTIO_NET_HDR_GSO_SIZE, o->gso_size);
	st_le16(h + VIRTIO_NET_HDR_CSUM_START, o->csum_start);
	st_le16(h + VIRTIO_NET_HDR_CSUM_OFFSET, o->csum_offset);
}

/* Bytes that fit into @chain; 0 when it is none for frames (NET-23): something readable in it, too
 * short for a header, outside RAM. The v1 dialect wants the header in the first buffer. */
static uint64_t chain_room(const struct virtio_net *net, const struct virtq_chain *chain,
			   uint32_t header_size)
{
	uint64_t room = 0;

	for (uint32_t i = 0; i < chain->n; i++) {
		const struct virtq_seg *seg = &chain->segs[i];

		if (seg->len == 0)
			continue;
		if (!seg->writable || !guest_mem_contains(net->vd.mem, seg->addr, seg->len))
			return 0;
		if (room == 0 && seg->len < header_size && !net->dialect_virtio)
			return 0;
		room += seg->len;
	}
	return room < header_size ? 0 : room;
}

/* A frame with its header in front, as one stream of bytes. */
struct rx_stream {
	uint8_t header[VIRTIO_NET_HDR_LONG];
	uint32_t header_size;
	const uint8_t *frame;
	size_t total; /* header and frame */
	size_t done;
	uint32_t taken;			     /* chains in net->rx_taken */
	gpa_t num_buffers[sizeof(uint16_t)]; /* where its bytes lie, in the first chain */
};

/* Where byte @offset of @chain lies; it is known to be there. */
static gpa_t chain_at(const struct virtq_chain *chain, uint64_t offset)
{
	const struct virtq_seg *seg = chain->segs;

	while (offset >= seg->len)
		offset -= (seg++)->len;
	return seg->addr + offset;
}

/* Writes the next @part bytes into the chain popped last. What chain_room() let pass can be
 * written. */
static void stream_write(struct virtio_net *net, struct rx_stream *s, size_t part)
{
	const struct virtq_chain *c = &net->chain;
	size_t at = 0;
	int rc = 0;

	if (s->done == 0) {
		rc = virtq_segs_write(net->vd.mem, c->segs, c->n, 0, s->header, s->header_size);
		at = s->header_size;
		if (s->header_size > VIRTIO_NET_HDR_NUM_BUFFERS)
			for (uint32_t i = 0; i < sizeof(uint16_t); i++)
				s->num_buffers[i] = chain_at(c, VIRTIO_NET_HDR_NUM_BUFFERS + i);
	}
	if (rc == 0)
		rc = virtq_segs_write(net->vd.mem, c->segs, c->n, at,
				      s->frame + (s->done + at - s->header_size), part - at);
	if (rc < 0)
		net->rx_bad_chains++;
	net->rx_taken[s->taken].head = c->head;
	net->rx_taken[s->taken].len = (uint32_t)part;
	s->taken++;
	s->done += part;
}

/* Gives the chains back that a frame took without being whole. When others were completed in
 * between, the queue's order is gone: then they come back empty. */
static void stream_undo(struct virtio_net *net, const struct rx_stream *s, bool in_order)
{
	struct virtq *vq = &net->vd.queues[NET_RXQ];

	for (uint32_t i = 0; i < s->taken; i++) {
		if (in_order) {
			virtq_unpop(vq, &net->chain);
		} else {
			virtq_complete(vq, net->rx_taken[i].head, vq->generation, 0);
			net->rx_completed = true;
		}
	}
}

static void stream_complete(struct virtio_net *net, const struct rx_stream *s)
{
	struct virtq *vq = &net->vd.queues[NET_RXQ];
	uint8_t number[sizeof(uint16_t)];

	st_le16(number, (uint16_t)s->taken);
	for (uint32_t i = 0; s->taken > 1 && i < sizeof(number); i++)
		if (guest_mem_write(net->vd.mem, s->num_buffers[i], &number[i], 1) < 0)
			net->rx_bad_chains++;
	for (uint32_t i = 0; i < s->taken; i++)
		virtq_complete(vq, net->rx_taken[i].head, vq->generation, net->rx_taken[i].len);
	net->rx_completed = true;
}

/* Too few chains for the frame that @s began. */
static enum net_placed stream_short(struct virtio_net *net, const struct rx_stream *s,
				    bool in_order)
{
	struct clock host = clock_host();

	stream_undo(net, s, in_order);
	if (s->taken && !net->rx_short) {
		net->rx_short = true;
		loop_set_timer(net->rx_patience, clock_monotonic_ns(&host) + RX_PATIENCE_NS);
	}
	return NET_PLACE_LATER;
}

enum net_placed net_rx_place(struct virtio_net *net, const struct net_offload *o, const void *frame,
			     size_t len)
{
	struct virtq *vq = &net->vd.queues[NET_RXQ];
	bool merge = net->vd.negotiated & VIRTIO_NET_F_MRG_RXBUF;
	struct rx_stream s = {.header_size = net_header_size(net), .frame = frame};
	uint64_t malformed = vq->malformed;
	unsigned int budget = vq->size;
	bool junk = false;

	make_header(net, o, s.header);
	s.total = s.header_size + len;
	while (s.done < s.total) {
		uint64_t room;

		if (!virtq_pop(vq, &net->chain, &budget)) {
			if (vq->malformed != malformed)
				net->rx_completed = junk = true;
			if (budget == 0 && virtq_has_more(vq))
				net->vd.transport->rearm(net->vd.transport_owner, NET_RXQ);
			return stream_short(net, &s, !junk);
		}
		room = chain_room(net, &net->chain, s.header_size);
		if (room == 0) {
			virtq_complete(vq, net->chain.head, net->chain.generation, 0);
			net->rx_bad_chains++;
			net->rx_completed = junk = true;
			continue;
		}
		if (!merge && room < s.total) {
			virtq_unpop(vq, &net->chain);
			return NET_NO_ROOM;
		}
		stream_write(net, &s, room < s.total - s.done ? (size_t)room : s.total - s.done);
	}
	stream_complete(net, &s);
	return NET_PLACED;
}
