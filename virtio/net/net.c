/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/net/net.h"

#include "virtio/net/net_internal.h"
#include "vmm/core/le.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The device itself: features, config structure, link, life. rx.c, tx.c and ctrl.c serve its
 * queues. */

#define NET_CONFIG_SIZE 0x0aU

static const struct field net_fields[] = {
	FIELD_COUNT(struct virtio_net, rx_frames),
	FIELD_COUNT(struct virtio_net, rx_bytes),
	FIELD_COUNT(struct virtio_net, tx_frames),
	FIELD_COUNT(struct virtio_net, tx_bytes),
	FIELD_COUNT(struct virtio_net, rx_dropped_no_driver),
	FIELD_COUNT(struct virtio_net, rx_dropped_reset),
	FIELD_COUNT(struct virtio_net, rx_dropped_link),
	FIELD_COUNT(struct virtio_net, rx_dropped_length),
	FIELD_COUNT(struct virtio_net, rx_dropped_filter),
	FIELD_COUNT(struct virtio_net, rx_dropped_offload),
	FIELD_COUNT(struct virtio_net, rx_dropped_room),
	FIELD_COUNT(struct virtio_net, tx_dropped_link),
	FIELD_COUNT(struct virtio_net, tx_dropped_length),
	FIELD_COUNT(struct virtio_net, tx_dropped_offload),
	FIELD_COUNT(struct virtio_net, tx_dropped_backend),
	FIELD_COUNT(struct virtio_net, rx_bad_chains),
	FIELD_COUNT(struct virtio_net, tx_bad_chains),
	FIELD_COUNT(struct virtio_net, ctrl_commands),
	FIELD_COUNT(struct virtio_net, ctrl_refused),
	FIELD_COUNT(struct virtio_net, host_rx_dropped),
	FIELD_COUNT(struct virtio_net, host_tx_dropped),
	FIELD(struct virtio_net, tx_stalled),
	FIELD_ARRAY(struct virtio_net, mac_now),
	FIELD(struct virtio_net, filter.promisc),
	FIELD(struct virtio_net, filter.allmulti),
	FIELD(struct virtio_net, filter.alluni),
	FIELD(struct virtio_net, filter.nomulti),
	FIELD(struct virtio_net, filter.nouni),
	FIELD(struct virtio_net, filter.nobcast),
	FIELD(struct virtio_net, filter.many_unicast),
	FIELD(struct virtio_net, filter.many_multicast),
	FIELD(struct virtio_net, filter.n_unicast),
	FIELD(struct virtio_net, filter.n_multicast),
	FIELD_ARRAY(struct virtio_net, filter.vlans),
};

static const uint16_t net_queue_sizes[] = {
	[NET_RXQ] = NET_QUEUE_SIZE,
	[NET_TXQ] = NET_QUEUE_SIZE,
	[NET_CTRLQ] = NET_CTRL_SIZE,
};

static uint64_t net_features(const struct virtio_device *vd)
{
	static const struct {
		uint32_t property;
		uint64_t features;
	} sets[] = {
		{VIRTIO_NET_MRG_RXBUF, VIRTIO_NET_F_MRG_RXBUF},
		{VIRTIO_NET_CSUM, VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_CSUM},
		{VIRTIO_NET_TSO, VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6 |
					 VIRTIO_NET_F_HOST_ECN | VIRTIO_NET_F_GUEST_TSO4 |
					 VIRTIO_NET_F_GUEST_TSO6 | VIRTIO_NET_F_GUEST_ECN},
		{VIRTIO_NET_CTRL_VQ, VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX |
					     VIRTIO_NET_F_CTRL_VLAN | VIRTIO_NET_F_CTRL_RX_EXTRA |
					     VIRTIO_NET_F_CTRL_MAC_ADDR},
	};
	const struct virtio_net *net = (const struct virtio_net *)vd;
	uint64_t features = VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS;

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		if (net->properties & sets[i].property)
			features |= sets[i].features;
	return features;
}

static void net_config_read(const struct virtio_device *vd, uint32_t offset, void *buf,
			    uint32_t len)
{
	const struct virtio_net *net = (const struct virtio_net *)vd;
	uint8_t config[NET_CONFIG_SIZE];

	memcpy(config, net->mac_now, NET_MAC_BYTES);
	st_le16(config + 6, net->link_up ? VIRTIO_NET_S_LINK_UP : 0);
	st_le16(config + 8, 1); /* max_virtqueue_pairs (NET-4) */
	virtio_config_copy(config, sizeof(config), offset, buf, len);
}

static bool net_serve(struct virtio_device *vd, uint16_t q)
{
	struct virtio_net *net = to_net(vd);

	switch (q) {
	case NET_RXQ:
		net_rx_serve(net);
		return false;
	case NET_TXQ:
		return net_tx_serve(net);
	default:
		return net_ctrl_serve(net);
	}
}

static void net_on_wake(void *arg, unsigned int events)
{
	struct virtio_net *net = arg;

	(void)events;
	device_lock(&net->vd.dev);
	net_rx_resume(net);
	device_unlock(&net->vd.dev);
}

static void net_reset(struct virtio_device *vd)
{
	struct virtio_net *net = to_net(vd);
	uint64_t one = 1;

	net->tx_stalled = false;
	net->filter = (struct net_filter){0};
	memcpy(net->mac_now, net->mac, NET_MAC_BYTES);
	/* A write fails only when the counter is full: then the loop is about to run anyway. */
	if (net_rx_reset(net) && write(net->wake_fd, &one, sizeof(one)) < 0)
		return;
}

static void net_device_destroy(struct device *dev)
{
	struct virtio_net *net = (struct virtio_net *)dev;

	net_destroy(net->backend);
	loop_del_fd(net->wake);
	if (net->wake_fd >= 0)
		close(net->wake_fd);
	if (net->rx_patience)
		loop_del_timer(net->rx_patience);
	virtio_device_fini(&net->vd);
	virtq_chain_fini(&net->chain);
	free(net->frame);
	free(net);
}

static const struct virtio_device_ops net_ops = {
	.device =
		{
			.name = "virtio-net",
			.reset = virtio_device_reset,
			.destroy = net_device_destroy,
			.fields = net_fields,
			.n_fields = sizeof(net_fields) / sizeof(net_fields[0]),
		},
	.id = VIRTIO_ID_NET,
	.queue_sizes = net_queue_sizes,
	.n_queues = sizeof(net_queue_sizes) / sizeof(net_queue_sizes[0]),
	.features = net_features,
	.config_read = net_config_read,
	.serve = net_serve,
	.reset = net_reset,
};

bool net_mac_usable(const uint8_t *mac)
{
	static const uint8_t zero[NET_MAC_BYTES];

	return !(mac[0] & 1) && memcmp(mac, zero, NET_MAC_BYTES) != 0;
}

static int check_config(const struct virtio_net_config *c, struct err *err)
{
	const unsigned int tso =
		NET_OFFLOAD_CSUM | NET_OFFLOAD_TSO4 | NET_OFFLOAD_TSO6 | NET_OFFLOAD_ECN;

	if (!net_mac_usable(c->mac))
		return err_set(
			err, -EINVAL,
			"%s: MAC address %02x:%02x:%02x:%02x:%02x:%02x is zero or a group's; "
			"the first byte must be even, as in 52:54:00:12:34:56",
			c->id, c->mac[0], c->mac[1], c->mac[2], c->mac[3], c->mac[4], c->mac[5]);
	if (!(c->properties & VIRTIO_NET_TSO))
		return 0;
	if (!(c->properties & VIRTIO_NET_CSUM))
		return err_set(err, -EINVAL, "%s: segmentation offload needs checksum offload too",
			       c->id);
	if ((c->backend->tx_offloads & tso) != tso || (c->backend->rx_offloads & tso) != tso)
		return err_set(
			err, -EINVAL,
			"%s: the backend \"%s\" cannot segment for the guest; use a tap with "
			"vnet_hdr, or leave segmentation offload out",
			c->id, c->backend->ops->name);
	return 0;
}

static int net_init(struct virtio_net *net, struct err *err)
{
	net->frame = malloc(NET_FRAME_MAX);
	net->rx_patience = loop_add_timer(net->loop, net_rx_patience_over, net);
	if (!net->frame || !net->rx_patience ||
	    virtq_chain_init(&net->chain, &net->vd.queues[NET_RXQ]) < 0)
		return err_set(err, -ENOMEM, "%s: out of memory", net->vd.dev.id);
	net->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (net->wake_fd < 0)
		return err_set_errno(err, errno, "%s: eventfd", net->vd.dev.id);
	net->wake =
		loop_add_fd(net->loop, net->wake_fd, LOOP_READ | LOOP_EDGE, net_on_wake, net, err);
	return net->wake ? 0 : -ENOMEM;
}

struct virtio_device *virtio_net_create(const struct virtio_net_config *config, struct err *err)
{
	const struct net_user user = {
		.receive = net_rx_receive,
		.received = net_rx_received,
		.writable = net_tx_writable,
	};
	struct virtio_net *net = NULL;
	struct net_user me = user;

	if (check_config(config, err) == 0) {
		net = calloc(1, sizeof(*net));
		if (!net || virtio_device_init(&net->vd, &net_ops, config->id, config->mem) < 0) {
			err_set(err, -ENOMEM, "%s: out of memory", config->id);
			free(net);
			net = NULL;
		}
	}
	if (!net) {
		net_destroy(config->backend);
		return NULL;
	}
	net->backend = config->backend;
	net->loop = config->loop;
	net->properties = config->properties;
	net->dialect_virtio = config->dialect_virtio;
	net->link_up = !config->link_down;
	net->wake_fd = -1;
	memcpy(net->mac, config->mac, NET_MAC_BYTES);
	memcpy(net->mac_now, config->mac, NET_MAC_BYTES);
	if (!(config->properties & VIRTIO_NET_CTRL_VQ))
		net->vd.n_queues = NET_CTRLQ;
	me.arg = net;
	if (net_init(net, err) < 0 || net_start(net->backend, &me, err) < 0) {
		net_device_destroy(&net->vd.dev);
		return NULL;
	}
	return &net->vd;
}

void virtio_net_set_link(struct virtio_device *vd, bool up)
{
	struct virtio_net *net = to_net(vd);

	device_lock(&vd->dev);
	if (net->link_up != up) {
		net->link_up = up;
		virtio_config_changed(vd);
		/* What waits is dropped now, on both sides. */
		net_tx_resume(net);
		net_rx_resume(net);
	}
	device_unlock(&vd->dev);
}

bool virtio_net_link(struct virtio_device *vd)
{
	bool up;

	device_lock(&vd->dev);
	up = to_net(vd)->link_up;
	device_unlock(&vd->dev);
	return up;
}

const uint8_t *virtio_net_mac(const struct virtio_device *vd)
{
	return ((const struct virtio_net *)vd)->mac;
}

bool virtio_net_is(const struct device *dev)
{
	return dev->ops == &net_ops.device;
}
