/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_VIRTIO_NET_INTERNAL_H
#define VISE_VIRTIO_NET_INTERNAL_H

#include "virtio/net/net.h"
#include "virtio/net/net_regs.h"

/* Shared by the files of virtio-net. All under the device's lock unless said otherwise. */

#define NET_RXQ		0U
#define NET_TXQ		1U
#define NET_CTRLQ	2U
#define NET_QUEUE_SIZE	256U
#define NET_CTRL_SIZE	64U
#define NET_FRAME_SMALL 14U   /* a frame without a payload */
#define NET_FRAME_LARGE 1522U /* with VLAN tag; longer only with segmentation left to do */
#define NET_MAC_TABLE	64U   /* addresses of each kind; with more, all of the kind pass */

/* What the guest wants to receive (virtio 1.2, section 5.1.6.5); all zero after a reset. */
struct net_filter {
	bool promisc, allmulti, alluni, nomulti, nouni, nobcast;
	bool many_unicast, many_multicast; /* the table is too small: all of the kind pass */
	uint32_t n_unicast, n_multicast;
	uint8_t unicast[NET_MAC_TABLE][NET_MAC_BYTES];
	uint8_t multicast[NET_MAC_TABLE][NET_MAC_BYTES];
	uint8_t vlans[4096 / 8]; /* a bit a VLAN */
};

struct virtio_net {
	struct virtio_device vd;
	struct net *backend;
	struct loop *loop;
	uint32_t properties;
	bool dialect_virtio;
	uint8_t mac[NET_MAC_BYTES];	/* made with */
	uint8_t mac_now[NET_MAC_BYTES]; /* CTRL_MAC_ADDR may change it; reset restores it */
	bool link_up;
	struct virtq_chain chain; /* scratch for pop */
	uint8_t *frame; /* NET_FRAME_MAX bytes of scratch: a frame that is sent or changed */
	unsigned int rx_offloads; /* what the backend was told last; loop's thread */

	/* Receiving. The backend keeps at most one frame that was refused, and reads no further. */
	bool rx_held;  /* it does */
	bool rx_asked; /* and was told that it may offer it again */
	/* NULL, or the counter of the reason why that frame is dropped when it comes. */
	uint64_t *rx_discard;
	bool rx_completed; /* since the last virtio_queue_done() */
	bool rx_short;	   /* MRG_RXBUF: chains there are, but too few for the frame held */
	struct loop_timer *rx_patience; /* armed then: the frame does not wait for ever */
	int wake_fd;			/* eventfd: reset() tells the loop's thread that rx_held */
	struct loop_fd *wake;
	struct {
		uint16_t head;
		uint32_t len;
	} rx_taken[NET_QUEUE_SIZE]; /* chains of the frame at hand, not completed yet */

	bool tx_stalled; /* the backend said -EAGAIN; the chain is back in the queue */

	struct net_filter filter;

	/* Counters. */
	uint64_t rx_frames, rx_bytes, tx_frames, tx_bytes;
	uint64_t rx_dropped_no_driver, rx_dropped_reset, rx_dropped_link, rx_dropped_length;
	uint64_t rx_dropped_filter, rx_dropped_offload, rx_dropped_room;
	uint64_t tx_dropped_link, tx_dropped_length, tx_dropped_offload, tx_dropped_backend;
	uint64_t rx_bad_chains, tx_bad_chains, ctrl_commands, ctrl_refused;
	uint64_t host_rx_dropped, host_tx_dropped; /* as the backend counts them */
};

static inline struct virtio_net *to_net(struct virtio_device *vd)
{
	return (struct virtio_net *)vd;
}

/* Bytes in front of each frame, as negotiated. */
static inline uint32_t net_header_size(const struct virtio_net *net)
{
	if (net->vd.negotiated & VIRTIO_NET_F_MRG_RXBUF)
		return VIRTIO_NET_HDR_LONG;
	return net->dialect_virtio && !net->vd.legacy ? VIRTIO_NET_HDR_LONG : VIRTIO_NET_HDR_SHORT;
}

/* True when @mac may be a station's: not a group's, not zero (contract NET-3). */
bool net_mac_usable(const uint8_t *mac);

/* rx.c: the backend's callbacks, on the loop's thread without the lock. */
bool net_rx_receive(void *arg, const struct net_offload *offload, const void *frame, size_t len);
void net_rx_received(void *arg);

/* rx_place.c: writes a frame with its header into the driver's buffers. */
enum net_placed {
	NET_PLACED,
	NET_NO_ROOM,	 /* the next chain is too small: the frame is to be dropped */
	NET_PLACE_LATER, /* for want of chains */
};
enum net_placed net_rx_place(struct virtio_net *net, const struct net_offload *o, const void *frame,
			     size_t len);

/* The driver gave buffers or said DRIVER_OK. */
void net_rx_serve(struct virtio_net *net);

/* Has the backend offer the frame again that it holds, if it does. Loop's thread. */
void net_rx_resume(struct virtio_net *net);

/* Fired some time after rx_short: gives the frame up. Loop's thread, without the lock. */
void net_rx_patience_over(void *arg);

/* Forgets what is pending; any thread. True when the loop's thread is to call net_rx_resume(). */
bool net_rx_reset(struct virtio_net *net);

/* tx.c. Sends what waits; true when more could be sent at once. */
bool net_tx_serve(struct virtio_net *net);

/* The backend's callback, on the loop's thread without the lock. */
void net_tx_writable(void *arg);

/* Has the queue served again if it waits for the backend. */
void net_tx_resume(struct virtio_net *net);

/* ctrl.c. Serves the control queue; true when commands are left. */
bool net_ctrl_serve(struct virtio_net *net);

/* filter.c. Whether the guest wants @frame of at least 14 bytes. */
bool net_filter_accepts(const struct virtio_net *net, const uint8_t *frame, size_t len);

/* Commands of the driver: @data of @len bytes, as read from its memory. False: not a valid one. */
bool net_filter_set_mode(struct net_filter *f, uint8_t command, bool on);
bool net_filter_set_vlan(struct net_filter *f, uint8_t command, uint16_t vlan);

/* csum.c. Computes the checksum that @offload leaves to do into @frame. False when its fields do
 * not lie in the frame: then it is unchanged. */
bool net_csum_complete(uint8_t *frame, size_t len, const struct net_offload *offload);

#endif
