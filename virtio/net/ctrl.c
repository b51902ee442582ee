/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/net/net_internal.h"
#include "vmm/core/le.h"

#include <errno.h>
#include <string.h>

/*
 * The control queue (virtio 1.2, section 5.1.6.5). A chain is {class u8, command u8, data} readable
 * and an ack byte writable, cut anywhere. The device looks only at the data that a command needs.
 */

/* What is readable of a chain, and where the driver wants its answer. */
struct ctrl_request {
	const struct guest_mem *mem;
	const struct virtq_seg *segs;
	uint32_t n_readable; /* segments */
	uint64_t bytes;	     /* in them */
	uint64_t at;	     /* read so far */
};

/* Takes the next @len bytes. False when there are not so many, or they lie outside RAM. */
static bool take(struct ctrl_request *r, void *buf, size_t len)
{
	if (len > r->bytes - r->at ||
	    virtq_segs_read(r->mem, r->segs, r->n_readable, r->at, buf, len) < 0)
		return false;
	r->at += len;
	return true;
}

static bool set_mode(struct virtio_net *net, uint8_t command, struct ctrl_request *r)
{
	uint64_t needed = command <= VIRTIO_NET_CTRL_RX_ALLMULTI ? VIRTIO_NET_F_CTRL_RX
								 : VIRTIO_NET_F_CTRL_RX_EXTRA;
	uint8_t on;

	return (net->vd.negotiated & needed) && take(r, &on, 1) &&
	       net_filter_set_mode(&net->filter, command, on);
}

/* One of the two tables: le32 entries, then the addresses. A longer table than we keep is legal
 * and means that all addresses of the kind pass. */
static bool take_table(struct ctrl_request *r, uint8_t table[][NET_MAC_BYTES], uint32_t *n,
		       bool *many)
{
	uint8_t count[4];
	uint64_t entries;

	if (!take(r, count, sizeof(count)))
		return false;
	entries = ld_le32(count);
	if (entries > (r->bytes - r->at) / NET_MAC_BYTES)
		return false;
	*many = entries > NET_MAC_TABLE;
	*n = *many ? 0 : (uint32_t)entries;
	if (!*many)
		return take(r, table, entries * NET_MAC_BYTES);
	r->at += entries * NET_MAC_BYTES;
	return true;
}

static bool set_table(struct virtio_net *net, struct ctrl_request *r)
{
	struct net_filter f = net->filter;

	/* All or nothing: an incomplete command leaves the old tables. */
	if (!(net->vd.negotiated & VIRTIO_NET_F_CTRL_RX) ||
	    !take_table(r, f.unicast, &f.n_unicast, &f.many_unicast) ||
	    !take_table(r, f.multicast, &f.n_multicast, &f.many_multicast))
		return false;
	net->filter = f;
	return true;
}

static bool set_mac(struct virtio_net *net, uint8_t command, struct ctrl_request *r)
{
	uint8_t mac[NET_MAC_BYTES];

	if (command == VIRTIO_NET_CTRL_MAC_TABLE_SET)
		return set_table(net, r);
	if (command != VIRTIO_NET_CTRL_MAC_ADDR_SET ||
	    !(net->vd.negotiated & VIRTIO_NET_F_CTRL_MAC_ADDR) || !take(r, mac, sizeof(mac)) ||
	    !net_mac_usable(mac))
		return false;
	/* The driver's own change: neither generation nor interrupt (contract T-GEN-4). */
	memcpy(net->mac_now, mac, sizeof(mac));
	return true;
}

static bool set_vlan(struct virtio_net *net, uint8_t command, struct ctrl_request *r)
{
	uint8_t vlan[2];

	return (net->vd.negotiated & VIRTIO_NET_F_CTRL_VLAN) && take(r, vlan, sizeof(vlan)) &&
	       net_filter_set_vlan(&net->filter, command, ld_le16(vlan));
}

static bool (*const classes[])(struct virtio_net *net, uint8_t command, struct ctrl_request *r) = {
	[VIRTIO_NET_CTRL_RX] = set_mode,
	[VIRTIO_NET_CTRL_MAC] = set_mac,
	[VIRTIO_NET_CTRL_VLAN] = set_vlan,
};

static bool obey(struct virtio_net *net, struct ctrl_request *r)
{
	uint8_t head[2];

	return take(r, head, sizeof(head)) && head[0] < sizeof(classes) / sizeof(classes[0]) &&
	       classes[head[0]](net, head[1], r);
}

/* Takes @chain apart; @ack is where the answer goes. False when it is not a request, or its answer
 * cannot be given: then no command is carried out. */
static bool parse(const struct virtio_net *net, const struct virtq_chain *chain,
		  struct ctrl_request *r, gpa_t *ack)
{
	bool have_ack = false;

	*r = (struct ctrl_request){.mem = net->vd.mem, .segs = chain->segs};
	*ack = 0;
	for (uint32_t i = 0; i < chain->n; i++) {
		const struct virtq_seg *seg = &chain->segs[i];

		if (seg->len == 0)
			continue;
		if (!seg->writable) {
			if (have_ack)
				return false; /* readable behind writable */
			r->n_readable = i + 1;
			r->bytes += seg->len;
		} else if (!have_ack) {
			have_ack = true;
			*ack = seg->addr;
		}
	}
	return have_ack && guest_mem_contains(net->vd.mem, *ack, 1);
}

/* Carries the command out and answers it; the bytes written. */
static uint32_t handle(struct virtio_net *net, const struct virtq_chain *chain)
{
	struct ctrl_request r;
	uint8_t answer = VIRTIO_NET_OK;
	gpa_t ack;

	net->ctrl_commands++;
	if (!parse(net, chain, &r, &ack)) {
		net->ctrl_refused++;
		return 0;
	}
	if (!obey(net, &r)) {
		net->ctrl_refused++;
		answer = VIRTIO_NET_ERR;
	}
	return guest_mem_write(net->vd.mem, ack, &answer, 1) == 0;
}

bool net_ctrl_serve(struct virtio_net *net)
{
	struct virtq *vq = &net->vd.queues[NET_CTRLQ];
	unsigned int budget = vq->size;

	while (virtq_pop(vq, &net->chain, &budget))
		virtq_complete(vq, net->chain.head, net->chain.generation,
			       handle(net, &net->chain));
	virtio_queue_done(&net->vd, NET_CTRLQ);
	return virtq_has_more(vq);
}
