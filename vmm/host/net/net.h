/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_NET_H
#define VISE_HOST_NET_H

#include "vmm/core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A network backend: Ethernet frames, without FCS, to and from the host. It knows nothing of virtio
 * or of guest memory. Kinds implement struct net_ops and begin with struct net; a capture stands on
 * top of one, as an overlay on an image.
 *
 * Threads: all functions and all callbacks on the loop's thread, callbacks with no lock held and
 * never from inside a function of the backend. net_send(), net_want_input() and net_set_offloads()
 * may be called under a device's lock: they never wait and call nobody back. net_flush() is called
 * without it.
 */

#define NET_FRAME_MAX 65550U /* 14 + 65536: the longest frame, with segmentation left to do */
#define NET_MAC_BYTES 6U

struct loop;

/* What is left to do on a frame: the fields of struct virtio_net_hdr (virtio 1.2, section 5.1.6) in
 * host byte order. All zero: nothing. */
struct net_offload {
	uint8_t flags;
	uint8_t gso_type;
	uint16_t hdr_len;
	uint16_t gso_size;
	uint16_t csum_start;
	uint16_t csum_offset;
};

/* What may be left to do; OR of these. */
#define NET_OFFLOAD_CSUM 0x1U
#define NET_OFFLOAD_TSO4 0x2U
#define NET_OFFLOAD_TSO6 0x4U
#define NET_OFFLOAD_ECN	 0x8U

struct net_user {
	/* A frame came in; @offload is never NULL. False: there is no room. The backend then keeps
	 * this frame, reads no further, and offers it again after net_want_input(). */
	bool (*receive)(void *arg, const struct net_offload *offload, const void *frame,
			size_t len);
	/* All frames at hand were offered: once a batch, after one receive() or more. */
	void (*received)(void *arg);
	/* After a net_send() that said -EAGAIN: there is room again. */
	void (*writable)(void *arg);
	void *arg;
};

struct net;

struct net_ops {
	const char *name; /* "user", "tap", "passt", "none", "pcap" */
	/* Begins to read; @user is kept by the caller of net_start(). */
	int (*start)(struct net *n, struct err *err);
	int (*send)(struct net *n, const struct net_offload *offload, const void *frame,
		    size_t len);
	void (*flush)(struct net *n);	   /* NULL: send() is complete by itself */
	void (*want_input)(struct net *n); /* NULL: input never waits */
	void (*set_offloads)(struct net *n,
			     unsigned int rx); /* NULL: it never leaves anything to do */
	void (*destroy)(struct net *n);
};

/* The common head of each kind's struct. */
struct net {
	const struct net_ops *ops;
	struct net_user user;		 /* set by net_start() */
	unsigned int tx_offloads;	 /* what net_send() takes with work left to do */
	unsigned int rx_offloads;	 /* what it could leave to do on frames that come in */
	uint64_t tx_dropped, rx_dropped; /* frames lost on the host's side */
};

enum net_kind { NET_NONE, NET_USER, NET_TAP, NET_PASST };

struct net_config {
	enum net_kind kind;
	/* NET_USER */
	const char *const *hostfwd; /* "tcp|udp:[HOST]:PORT-[GUEST]:PORT", as QEMU reads it */
	size_t n_hostfwd;
	bool restricted;    /* nothing but host-forwards, DHCP and DNS of our own names */
	const char *helper; /* path of vise-net, which user networking runs in; NULL: found */
	/* NET_TAP: one of the two */
	const char *ifname; /* an interface to open or make; NULL: by descriptor */
	int fd;		    /* of a tap that is open already; owned from here on; -1: by name */
	bool vnet_hdr;	    /* ask for offloads */
	/* NET_PASST */
	const char *path; /* its unix stream socket */
	/* All kinds */
	const char *pcap; /* frames of both directions are captured to this file, or NULL */
};

/* Opens a backend. NULL and one line in @err on failure, which names the remedy. @config is read
 * during the call only. */
struct net *net_open(const struct net_config *config, struct loop *loop, struct err *err);

/* Connects the device (@user is copied) and begins to read. No callback is made before this
 * returns. */
MUST_CHECK int net_start(struct net *n, const struct net_user *user, struct err *err);

/* Sends one frame. 0: it is on its way, or was dropped and counted. -EAGAIN: not now; `writable`
 * tells when. Frames may wait until net_flush(). @offload NULL: nothing is left to do. */
static inline int net_send(struct net *n, const struct net_offload *offload, const void *frame,
			   size_t len)
{
	return n->ops->send(n, offload, frame, len);
}

/* The end of a batch of net_send(). */
static inline void net_flush(struct net *n)
{
	if (n->ops->flush)
		n->ops->flush(n);
}

/* There is room again for frames. `receive` is called later, from the loop. */
static inline void net_want_input(struct net *n)
{
	if (n->ops->want_input)
		n->ops->want_input(n);
}

/* What may be left to do on frames that come in, a part of n->rx_offloads: nothing until said. */
static inline void net_set_offloads(struct net *n, unsigned int rx)
{
	if (n->ops->set_offloads)
		n->ops->set_offloads(n, rx);
}

/* Closes; before loop_destroy(). NULL is allowed. */
static inline void net_destroy(struct net *n)
{
	if (n)
		n->ops->destroy(n);
}

/* The kinds, for net_open(). */
struct net *net_none_open(const struct net_config *config, struct loop *loop, struct err *err);
struct net *net_tap_open(const struct net_config *config, struct loop *loop, struct err *err);
struct net *net_passt_open(const struct net_config *config, struct loop *loop, struct err *err);
struct net *net_usernet_open(const struct net_config *config, struct loop *loop, struct err *err);

/* Captures all that passes through @below, which it owns from here on (also on failure), to @path:
 * a pcap file of Ethernet frames, complete up to the last frame at any time. */
struct net *net_pcap_open(struct net *below, const char *path, struct loop *loop, struct err *err);

#endif
