/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/net/net_internal.h"
#include "vmm/core/clock.h"
#include "vmm/core/le.h"

#include <string.h>
#include <unistd.h>

/*
 * Receiving (contract NET-16 to -29). The backend offers a frame; it is written into the driver's
 * buffers, dropped, or refused. A backend whose frame was refused keeps it and reads no further, so
 * one frame waits here and the others in the host: nothing grows.
 *
 *   refused when                              offered again when
 *   the driver did not say DRIVER_OK yet      it does (NET-26: no interrupt before it is up)
 *   no buffer is there (NET-22)               the doorbell rings
 *   bus mastering is off                      it is on
 *
 * A reset may come between, from a vCPU's thread, and functions of the backend belong to the
 * loop's: reset marks the frame as stale and wakes the loop, which asks for it and drops it.
 *
 * With MRG_RXBUF a frame takes as many buffers as it needs, or none: chains that do not suffice go
 * back into the queue. A driver that never posts enough would wait for ever, so after a while the
 * frame is dropped.
 */

#define RX_PATIENCE_NS (200 * NS_PER_MS)

enum rx_result {
	RX_DELIVERED,
	RX_NO_ROOM, /* the next chain is too small: the frame is dropped */
	RX_WAIT,    /* for chains */
};

/* What the driver accepted of frames with something left to do. */
static unsigned int offloads_negotiated(const struct virtio_net *net)
{
	static const struct {
		uint64_t feature;
		unsigned int offload;
	} pairs[] = {
		{VIRTIO_NET_F_GUEST_CSUM, NET_OFFLOAD_CSUM},
		{VIRTIO_NET_F_GUEST_TSO4, NET_OFFLOAD_TSO4},
		{VIRTIO_NET_F_GUEST_TSO6, NET_OFFLOAD_TSO6},
		{VIRTIO_NET_F_GUEST_ECN, NET_OFFLOAD_ECN},
	};
	unsigned int offloads = 0;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (net->vd.negotiated & pairs[i].feature)
			offloads |= pairs[i].offload;
	/* Segmentation is nothing without checksums (virtio 1.2, section 5.1.3.1). */
	if (!(offloads & NET_OFFLOAD_CSUM))
		return 0;
	return offloads & net->backend->rx_offloads;
}

/* Tells the backend what the driver takes. Negotiation happens on a vCPU's thread, the backend's
 * functions are for this one. */
static void sync_offloads(struct virtio_net *net)
{
	unsigned int wanted = offloads_negotiated(net);

	if (wanted == net->rx_offloads)
		return;
	net->rx_offloads = wanted;
	net_set_offloads(net->backend, wanted);
}

/* True when the driver takes segments of this kind. A backend may have had some in its queue when
 * it was told. */
static bool gso_wanted(const struct virtio_net *net, uint8_t type)
{
	unsigned int needed = type & VIRTIO_NET_HDR_GSO_ECN ? NET_OFFLOAD_ECN : 0;

	switch (type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return type == VIRTIO_NET_HDR_GSO_NONE;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		needed |= NET_OFFLOAD_TSO4;
		break;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		needed |= NET_OFFLOAD_TSO6;
		break;
	default:
		return false;
	}
	return (net->rx_offloads & needed) == needed;
}

/* The counter of the reason to drop the frame, or NULL. */
static uint64_t *unwanted(struct virtio_net *net, const struct net_offload *o, const void *frame,
			  size_t len)
{
	if (!net->vd.transport || !net->vd.queues[NET_RXQ].usable)
		return &net->rx_dropped_no_driver;
	if (!net->link_up)
		return &net->rx_dropped_link;
	if (len < NET_FRAME_SMALL || len > (o->gso_type ? NET_FRAME_MAX : NET_FRAME_LARGE))
		return &net->rx_dropped_length;
	if (!gso_wanted(net, o->gso_type))
		return &net->rx_dropped_offload;
	if (!net_filter_accepts(net, frame, len))
		return &net->rx_dropped_filter;
	return NULL;
}

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
static enum rx_result stream_short(struct virtio_net *net, const struct rx_stream *s, bool in_order)
{
	struct clock host = clock_host();

	stream_undo(net, s, in_order);
	if (s->taken && !net->rx_short) {
		net->rx_short = true;
		loop_set_timer(net->rx_patience, clock_monotonic_ns(&host) + RX_PATIENCE_NS);
	}
	return RX_WAIT;
}

static enum rx_result deliver(struct virtio_net *net, const struct net_offload *o,
			      const void *frame, size_t len)
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
			return RX_NO_ROOM;
		}
		stream_write(net, &s, room < s.total - s.done ? (size_t)room : s.total - s.done);
	}
	stream_complete(net, &s);
	return RX_DELIVERED;
}

/* Computes what the driver did not negotiate to do itself, on a copy. */
static const void *finish_frame(struct virtio_net *net, const struct net_offload *o,
				const void *frame, size_t len)
{
	if (!(o->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) ||
	    (net->vd.negotiated & VIRTIO_NET_F_GUEST_CSUM))
		return frame;
	memcpy(net->frame, frame, len);
	return net_csum_complete(net->frame, len, o) ? net->frame : NULL;
}

/* False: the backend is to keep the frame. */
static bool take(struct virtio_net *net, const struct net_offload *o, const void *frame, size_t len)
{
	uint64_t *dropped = unwanted(net, o, frame, len);
	enum rx_result result;

	if (dropped) {
		(*dropped)++;
		return true;
	}
	if (!net->vd.driver_ok)
		return false;
	if (!net->vd.transport->may_dma(net->vd.transport_owner)) {
		net->vd.transport->rearm(net->vd.transport_owner, NET_RXQ);
		return false;
	}
	frame = finish_frame(net, o, frame, len);
	if (!frame) {
		net->rx_dropped_offload++;
		return true;
	}
	result = deliver(net, o, frame, len);
	if (result == RX_WAIT)
		return false;
	net->rx_short = false;
	if (result == RX_NO_ROOM) {
		net->rx_dropped_room++;
		return true;
	}
	net->rx_frames++;
	net->rx_bytes += len;
	return true;
}

bool net_rx_receive(void *arg, const struct net_offload *offload, const void *frame, size_t len)
{
	struct virtio_net *net = arg;
	uint64_t *discard;
	bool taken = true;

	device_lock(&net->vd.dev);
	discard = net->rx_discard;
	net->rx_discard = NULL;
	net->rx_asked = false;
	sync_offloads(net);
	if (discard)
		(*discard)++;
	else
		taken = take(net, offload, frame, len);
	net->rx_held = !taken;
	device_unlock(&net->vd.dev);
	return taken;
}

void net_rx_received(void *arg)
{
	struct virtio_net *net = arg;

	device_lock(&net->vd.dev);
	net->host_rx_dropped = net->backend->rx_dropped;
	if (net->rx_completed) {
		net->rx_completed = false;
		virtio_queue_done(&net->vd, NET_RXQ);
	}
	device_unlock(&net->vd.dev);
}

void net_rx_resume(struct virtio_net *net)
{
	if (!net->rx_held || net->rx_asked)
		return;
	net->rx_asked = true;
	net_want_input(net->backend);
}

void net_rx_serve(struct virtio_net *net)
{
	sync_offloads(net);
	if (net->vd.driver_ok)
		net_rx_resume(net);
	virtio_queue_done(&net->vd, NET_RXQ);
}

void net_rx_patience_over(void *arg)
{
	struct virtio_net *net = arg;

	device_lock(&net->vd.dev);
	if (net->rx_short && net->rx_held) {
		net->rx_short = false;
		net->rx_discard = &net->rx_dropped_room;
		net_rx_resume(net);
	}
	device_unlock(&net->vd.dev);
}

bool net_rx_reset(struct virtio_net *net)
{
	net->rx_short = false;
	net->rx_completed = false;
	net->rx_discard = net->rx_held ? &net->rx_dropped_reset : NULL;
	return net->rx_held;
}
