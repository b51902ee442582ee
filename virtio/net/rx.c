/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/net/net_internal.h"

#include <string.h>

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
 */

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
	enum net_placed result;

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
	result = net_rx_place(net, o, frame, len);
	if (result == NET_PLACE_LATER)
		return false;
	net->rx_short = false;
	if (result == NET_NO_ROOM) {
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
