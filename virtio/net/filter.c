/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/net/net_internal.h"

#include <string.h>

/*
 * Which frames the guest wants (virtio 1.2, sections 5.1.6.5.1 to .3). Without CTRL_RX all of them
 * (contract NET-27), without CTRL_VLAN those of every VLAN.
 */

#define ETHERTYPE_AT 12U
#define TPID_VLAN    0x8100U
#define VLAN_TAG_AT  14U

static bool in_table(const uint8_t table[][NET_MAC_BYTES], uint32_t n, const uint8_t *mac)
{
	for (uint32_t i = 0; i < n; i++)
		if (memcmp(table[i], mac, NET_MAC_BYTES) == 0)
			return true;
	return false;
}

static bool address_wanted(const struct virtio_net *net, const uint8_t *to)
{
	static const uint8_t broadcast[NET_MAC_BYTES] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const struct net_filter *f = &net->filter;

	if (f->promisc)
		return true;
	if (memcmp(to, broadcast, NET_MAC_BYTES) == 0)
		return !f->nobcast;
	if (to[0] & 1)
		return !f->nomulti && (f->allmulti || f->many_multicast ||
				       in_table(f->multicast, f->n_multicast, to));
	return !f->nouni &&
	       (f->alluni || f->many_unicast || memcmp(to, net->mac_now, NET_MAC_BYTES) == 0 ||
		in_table(f->unicast, f->n_unicast, to));
}

static bool vlan_wanted(const struct net_filter *f, const uint8_t *frame, size_t len)
{
	unsigned int vlan;

	if (len < VLAN_TAG_AT + 2 || frame[ETHERTYPE_AT] != TPID_VLAN >> 8 ||
	    frame[ETHERTYPE_AT + 1] != (TPID_VLAN & 0xff))
		return true;
	vlan = (unsigned int)(frame[VLAN_TAG_AT] & 0x0f) << 8 | frame[VLAN_TAG_AT + 1];
	/* 0 is a priority, not a VLAN. */
	return vlan == 0 || (f->vlans[vlan / 8] >> (vlan % 8) & 1);
}

bool net_filter_accepts(const struct virtio_net *net, const uint8_t *frame, size_t len)
{
	if ((net->vd.negotiated & VIRTIO_NET_F_CTRL_RX) && !address_wanted(net, frame))
		return false;
	return !(net->vd.negotiated & VIRTIO_NET_F_CTRL_VLAN) ||
	       vlan_wanted(&net->filter, frame, len);
}

bool net_filter_set_mode(struct net_filter *f, uint8_t command, bool on)
{
	bool *const modes[] = {
		[VIRTIO_NET_CTRL_RX_PROMISC] = &f->promisc,
		[VIRTIO_NET_CTRL_RX_ALLMULTI] = &f->allmulti,
		[VIRTIO_NET_CTRL_RX_ALLUNI] = &f->alluni,
		[VIRTIO_NET_CTRL_RX_NOMULTI] = &f->nomulti,
		[VIRTIO_NET_CTRL_RX_NOUNI] = &f->nouni,
		[VIRTIO_NET_CTRL_RX_NOBCAST] = &f->nobcast,
	};

	if (command >= sizeof(modes) / sizeof(modes[0]))
		return false;
	*modes[command] = on;
	return true;
}

bool net_filter_set_vlan(struct net_filter *f, uint8_t command, uint16_t vlan)
{
	uint8_t bit = (uint8_t)(1U << (vlan % 8));

	if (vlan >= sizeof(f->vlans) * 8)
		return false;
	switch (command) {
	case VIRTIO_NET_CTRL_VLAN_ADD:
		f->vlans[vlan / 8] |= bit;
		return true;
	case VIRTIO_NET_CTRL_VLAN_DEL:
		f->vlans[vlan / 8] &= (uint8_t)~bit;
		return true;
	default:
		return false;
	}
}
