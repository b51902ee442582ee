/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_VIRTIO_NET_H
#define VISE_VIRTIO_NET_H

#include "virtio/virtio_device.h"
#include "vmm/core/loop.h"
#include "vmm/host/net/net.h"

/*
 * virtio-net (virtio 1.2, section 5.1) as contract v1 has it (section 14): a receive and a transmit
 * queue of 256, MAC and STATUS, frames of 14 to 1522 bytes. All else only when asked for.
 *
 * The two dialects differ in the header in front of each frame: 10 bytes in v1, 12 (with
 * num_buffers) in virtio 1.2. MRG_RXBUF makes it 12 in both; the legacy interface without it, 10.
 */

/* What is beyond the contract; OR of these. In the order below: MRG_RXBUF; CSUM and GUEST_CSUM;
 * HOST_TSO4, HOST_TSO6, HOST_ECN and their GUEST twins, which need CSUM; CTRL_VQ, CTRL_RX,
 * CTRL_VLAN, CTRL_RX_EXTRA and CTRL_MAC_ADDR, with a third queue. */
#define VIRTIO_NET_MRG_RXBUF 0x01U
#define VIRTIO_NET_CSUM	     0x02U
#define VIRTIO_NET_TSO	     0x04U
#define VIRTIO_NET_CTRL_VQ   0x08U

struct virtio_net_config {
	const char *id;		     /* copied */
	const struct guest_mem *mem; /* guest RAM */
	struct loop *loop;	     /* the backend's */
	struct net *backend;	     /* owned from creation on, also when creation fails */
	uint8_t mac[6];		     /* unicast, not zero */
	bool link_down;		     /* at power-on */
	bool dialect_virtio;	     /* headers of virtio 1.2 */
	uint32_t properties;	     /* OR of VIRTIO_NET_* */
};

/* Makes the device; a transport is attached by the caller. NULL and @err on failure: an offload
 * that the backend cannot do and that has no substitute here is named. */
struct virtio_device *virtio_net_create(const struct virtio_net_config *config, struct err *err);

/* Plugs the cable in or out: status, generation, config interrupt (contract NET-6). While it is
 * out, frames are dropped both ways. Nothing happens when it is so already. Loop's thread; takes
 * the device's lock. */
void virtio_net_set_link(struct virtio_device *vd, bool up);

/* Whether the cable is in. */
bool virtio_net_link(struct virtio_device *vd);

/* The MAC address that the device was made with. */
const uint8_t *virtio_net_mac(const struct virtio_device *vd);

/* True when @dev is a virtio-net device. */
bool virtio_net_is(const struct device *dev);

#endif
