/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/net/net_internal.h"
#include "vmm/core/le.h"
#include "vmm/core/log.h"

#include <errno.h>

/*
 * Transmitting: one frame a chain, in queue order, used.len 0 (contract NET-7 to -15). A frame that
 * cannot be sent is dropped and its chain completed; only a backend that says "not now" makes the
 * queue wait: the chain goes back into it, and `writable` or a link that goes down start it again.
 */

/* Adds up what is readable. False when a descriptor is for the device to write (NET-11). */
static bool readable_bytes(const struct virtq_chain *chain, uint64_t *bytes)
{
	*bytes = 0;
	for (uint32_t i = 0; i < chain->n; i++) {
		if (chain->segs[i].writable)
			return false;
		*bytes += chain->segs[i].len;
	}
	return true;
}

static bool gso_type_allowed(const struct virtio_net *net, uint8_t type)
{
	uint64_t needed = 0;

	switch (type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_TCPV4:
		needed = VIRTIO_NET_F_HOST_TSO4;
		break;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		needed = VIRTIO_NET_F_HOST_TSO6;
		break;
	default:
		return false;
	}
	if (type & VIRTIO_NET_HDR_GSO_ECN)
		needed |= VIRTIO_NET_F_HOST_ECN;
	return (net->vd.negotiated & needed) == needed;
}

/* What the header @h asks for, of what was negotiated: nothing in v1 (NET-8). False when it makes
 * no sense for a frame of @len bytes. */
static bool parse_header(const struct virtio_net *net, const uint8_t *h, size_t len,
			 struct net_offload *o)
{
	*o = (struct net_offload){0};
	if (!(net->vd.negotiated & VIRTIO_NET_F_CSUM))
		return true;
	if (h[VIRTIO_NET_HDR_FLAGS] & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		o->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		o->csum_start = ld_le16(h + VIRTIO_NET_HDR_CSUM_START);
		o->csum_offset = ld_le16(h + VIRTIO_NET_HDR_CSUM_OFFSET);
		if (o->csum_start > len || len - o->csum_start < o->csum_offset + 2U)
			return false;
	}
	if (h[VIRTIO_NET_HDR_GSO_TYPE] == VIRTIO_NET_HDR_GSO_NONE)
		return true;
	o->gso_type = h[VIRTIO_NET_HDR_GSO_TYPE];
	o->gso_size = ld_le16(h + VIRTIO_NET_HDR_GSO_SIZE);
	o->hdr_len = ld_le16(h + VIRTIO_NET_HDR_HDR_LEN);
	return gso_type_allowed(net, o->gso_type) && o->flags && o->gso_size && o->hdr_len <= len;
}

/* Copies the frame of @chain into net->frame; what it must wait for, and its length. NULL, or the
 * counter of the reason to drop it. */
static uint64_t *take_frame(struct virtio_net *net, const struct virtq_chain *chain,
			    struct net_offload *o, size_t *len)
{
	uint32_t header_size = net_header_size(net);
	uint8_t header[VIRTIO_NET_HDR_LONG];
	uint64_t bytes, most;

	if (!readable_bytes(chain, &bytes) || bytes < header_size ||
	    virtq_segs_read(net->vd.mem, chain->segs, chain->n, 0, header, header_size) < 0)
		return &net->tx_bad_chains;
	bytes -= header_size;
	if (bytes < NET_FRAME_SMALL || bytes > NET_FRAME_MAX)
		return &net->tx_dropped_length;
	*len = (size_t)bytes;
	if (!parse_header(net, header, *len, o))
		return &net->tx_dropped_offload;
	most = o->gso_type ? NET_FRAME_MAX : NET_FRAME_LARGE;
	if (bytes > most)
		return &net->tx_dropped_length;
	if (!net->link_up)
		return &net->tx_dropped_link;
	if (virtq_segs_read(net->vd.mem, chain->segs, chain->n, header_size, net->frame, *len) < 0)
		return &net->tx_bad_chains;
	return NULL;
}

/* 0: the chain may be completed. -EAGAIN: not now. */
static int send_chain(struct virtio_net *net, const struct virtq_chain *chain)
{
	struct net_offload o;
	size_t len;
	uint64_t *dropped = take_frame(net, chain, &o, &len);
	int rc;

	if (dropped) {
		(*dropped)++;
		return 0;
	}
	if (o.flags && !(net->backend->tx_offloads & NET_OFFLOAD_CSUM)) {
		/* Checked by parse_header(): the field lies in the frame. */
		net_csum_complete(net->frame, len, &o);
		o = (struct net_offload){0};
	}
	rc = net_send(net->backend, &o, net->frame, len);
	if (rc == -EAGAIN)
		return rc;
	if (rc < 0) {
		net->tx_dropped_backend++;
		return 0;
	}
	net->tx_frames++;
	net->tx_bytes += len;
	return 0;
}

bool net_tx_serve(struct virtio_net *net)
{
	struct virtq *vq = &net->vd.queues[NET_TXQ];
	unsigned int budget = vq->size;

	while (!net->tx_stalled && virtq_pop(vq, &net->chain, &budget)) {
		if (send_chain(net, &net->chain) == -EAGAIN) {
			net->tx_stalled = true;
			virtq_unpop(vq, &net->chain);
			break;
		}
		virtq_complete(vq, net->chain.head, net->chain.generation, 0);
	}
	/* A flush may take its time in the host's kernel: vCPUs reach the registers meanwhile. */
	device_unlock(&net->vd.dev);
	net_flush(net->backend);
	device_lock(&net->vd.dev);
	net->host_tx_dropped = net->backend->tx_dropped;
	virtio_queue_done(&net->vd, NET_TXQ);
	return !net->tx_stalled && virtq_has_more(vq);
}

void net_tx_resume(struct virtio_net *net)
{
	if (!net->tx_stalled)
		return;
	net->tx_stalled = false;
	net->vd.transport->rearm(net->vd.transport_owner, NET_TXQ);
}

void net_tx_writable(void *arg)
{
	struct virtio_net *net = arg;

	device_lock(&net->vd.dev);
	net_tx_resume(net);
	device_unlock(&net->vd.dev);
}
