/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/log.h"
#include "vmm/core/loop.h"
#include "vmm/host/net/net.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * A tap interface of the host (the kernel's Documentation/networking/tuntap): one read or write a
 * frame. With IFF_VNET_HDR each has a virtio header in front, in host byte order, that says what is
 * left to do.
 *
 * The interface is used as it is: addresses, bridges and whether it is up are the user's business.
 */

#define TUN_DEVICE	"/dev/net/tun"
#define FRAMES_PER_TURN 64 /* then other sources of the loop have their turn */

#define TAP_OFFLOADS (NET_OFFLOAD_CSUM | NET_OFFLOAD_TSO4 | NET_OFFLOAD_TSO6 | NET_OFFLOAD_ECN)

struct net_tap {
	struct net net;
	struct loop *loop;
	int fd;
	struct loop_fd *watch;	    /* NULL: not started, or the interface is gone */
	unsigned int watched;	    /* events */
	struct loop_deferred offer; /* the frame that was refused */
	char name[IFNAMSIZ];	    /* for messages */
	bool vnet_hdr;		    /* each frame has a header */
	bool refused;		    /* the frame in buf waits for want_input() */
	bool stalled;		    /* send() said -EAGAIN */
	size_t buf_len;		    /* of the frame in buf, header included; 0: none */
	uint8_t buf[sizeof(struct virtio_net_hdr) + NET_FRAME_MAX];
};

static struct net_tap *to_tap(struct net *n)
{
	return (struct net_tap *)n;
}

static void watch(struct net_tap *t)
{
	unsigned int events = (t->refused ? 0 : LOOP_READ) | (t->stalled ? LOOP_WRITE : 0);

	if (!t->watch || events == t->watched)
		return;
	t->watched = events;
	loop_set_fd(t->watch, events);
}

static void resume_sending(struct net_tap *t)
{
	t->stalled = false;
	watch(t);
	t->net.user.writable(t->net.user.arg);
}

/* The interface was deleted: it does not come back under this descriptor. */
static void gone(struct net_tap *t, int errnum)
{
	log_warn("tap %s: %s; its network is dead until the machine is started again", t->name,
		 strerror(errnum));
	loop_del_fd(t->watch);
	t->watch = NULL;
	if (t->stalled)
		resume_sending(t); /* what is sent from now on is dropped */
}

/* Reads one frame into buf. 0, or a negative errno. */
static int read_frame(struct net_tap *t)
{
	ssize_t n;

	do {
		n = read(t->fd, t->buf, sizeof(t->buf));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	t->buf_len = (size_t)n;
	return 0;
}

/* Offers the frame in buf. False when it was refused. */
static bool offer(struct net_tap *t)
{
	size_t header = t->vnet_hdr ? sizeof(struct virtio_net_hdr) : 0;
	struct net_offload o = {0};
	struct virtio_net_hdr h;

	if (t->buf_len < header) {
		t->net.rx_dropped++;
		return true;
	}
	if (header) {
		memcpy(&h, t->buf, sizeof(h));
		o = (struct net_offload){
			.flags = h.flags,
			.gso_type = h.gso_type,
			.hdr_len = h.hdr_len,
			.gso_size = h.gso_size,
			.csum_start = h.csum_start,
			.csum_offset = h.csum_offset,
		};
	}
	t->refused =
		!t->net.user.receive(t->net.user.arg, &o, t->buf + header, t->buf_len - header);
	return !t->refused;
}

/* Offers what waits and what can be read, up to a turn's worth. */
static void receive(struct net_tap *t)
{
	int rc = 0;
	int offered = 0;

	if (t->refused) {
		offered++;
		offer(t);
	}
	while (!t->refused && offered < FRAMES_PER_TURN) {
		rc = read_frame(t);
		if (rc < 0)
			break;
		offered++;
		offer(t);
	}
	if (offered)
		t->net.user.received(t->net.user.arg);
	if (rc < 0 && rc != -EAGAIN)
		gone(t, -rc);
	watch(t);
}

static void on_offer(void *arg)
{
	receive(arg);
}

static void on_event(void *arg, unsigned int events)
{
	struct net_tap *t = arg;

	if ((events & LOOP_WRITE) && t->stalled)
		resume_sending(t);
	/* A hang-up shows its cause when the descriptor is read. */
	if ((events & (LOOP_READ | LOOP_HUP)) && t->watch && !t->refused)
		receive(t);
	else if ((events & LOOP_HUP) && t->watch)
		gone(t, ENODEV);
}

static int tap_start(struct net *n, struct err *err)
{
	struct net_tap *t = to_tap(n);

	t->watched = LOOP_READ;
	t->watch = loop_add_fd(t->loop, t->fd, LOOP_READ, on_event, t, err);
	if (!t->watch)
		err_prefix(err, "tap %s", t->name);
	return t->watch ? 0 : -ENOMEM;
}

static int tap_send(struct net *n, const struct net_offload *offload, const void *frame, size_t len)
{
	struct net_tap *t = to_tap(n);
	struct virtio_net_hdr h = {0};
	const struct iovec iov[] = {
		{&h, sizeof(h)},
		{(void *)frame, len},
	};
	int first = t->vnet_hdr ? 0 : 1;
	ssize_t done;

	if (!t->watch) {
		n->tx_dropped++;
		return 0;
	}
	if (offload) {
		h.flags = offload->flags;
		h.gso_type = offload->gso_type;
		h.hdr_len = offload->hdr_len;
		h.gso_size = offload->gso_size;
		h.csum_start = offload->csum_start;
		h.csum_offset = offload->csum_offset;
	}
	do {
		done = writev(t->fd, iov + first, 2 - first);
	} while (done < 0 && errno == EINTR);
	if (done < 0 && errno == EAGAIN) {
		t->stalled = true;
		watch(t);
		return -EAGAIN;
	}
	/* EIO: the interface is down. EINVAL: the kernel makes no sense of the frame. */
	if (done < 0)
		n->tx_dropped++;
	return 0;
}

static void tap_want_input(struct net *n)
{
	struct net_tap *t = to_tap(n);

	if (t->refused)
		loop_defer(t->loop, &t->offer);
}

static int tell_offloads(const struct net_tap *t, unsigned int rx)
{
	static const struct {
		unsigned int offload, flag;
	} flags[] = {
		{NET_OFFLOAD_CSUM, TUN_F_CSUM},
		{NET_OFFLOAD_TSO4, TUN_F_TSO4},
		{NET_OFFLOAD_TSO6, TUN_F_TSO6},
		{NET_OFFLOAD_ECN, TUN_F_TSO_ECN},
	};
	unsigned int tun = 0;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (rx & flags[i].offload)
			tun |= flags[i].flag;
	return ioctl(t->fd, TUNSETOFFLOAD, tun) < 0 ? -errno : 0;
}

static void tap_set_offloads(struct net *n, unsigned int rx)
{
	struct net_tap *t = to_tap(n);

	int rc = t->vnet_hdr && t->watch ? tell_offloads(t, rx & n->rx_offloads) : 0;

	if (rc < 0)
		log_warn("tap %s: cannot change offloads: %s", t->name, strerror(-rc));
}

static void tap_destroy(struct net *n)
{
	struct net_tap *t = to_tap(n);

	loop_undefer(t->loop, &t->offer);
	loop_del_fd(t->watch);
	if (t->fd >= 0)
		close(t->fd);
	free(t);
}

static const struct net_ops tap_ops = {
	.name = "tap",
	.start = tap_start,
	.send = tap_send,
	.want_input = tap_want_input,
	.set_offloads = tap_set_offloads,
	.destroy = tap_destroy,
};

/* What the user can do about a TUNSETIFF that failed with @errnum. */
static int explain_attach(const struct net_tap *t, int errnum, struct err *err)
{
	switch (errnum) {
	case EPERM:
		return err_set(err, -EPERM,
			       "tap %s: not permitted; make it for this user first (as root: ip "
			       "tuntap add %s mode tap user NAME)",
			       t->name, t->name);
	case EBUSY:
		return err_set(err, -EBUSY, "tap %s: in use by another program; choose another one",
			       t->name);
	case EINVAL:
		return err_set(err, -EINVAL,
			       "tap %s: no tap interface of one queue; choose another name",
			       t->name);
	default:
		return err_set_errno(err, errnum, "tap %s: cannot be opened", t->name);
	}
}

static int open_by_name(struct net_tap *t, const struct net_config *config, struct err *err)
{
	struct ifreq ifr = {0};
	size_t len = strlen(config->ifname);

	if (len == 0 || len >= IFNAMSIZ)
		return err_set(err, -EINVAL,
			       "tap \"%s\": the name of an interface has 1 to %d characters",
			       config->ifname, IFNAMSIZ - 1);
	memcpy(t->name, config->ifname, len + 1);
	memcpy(ifr.ifr_name, config->ifname, len + 1);
	t->fd = open(TUN_DEVICE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (t->fd < 0 && (errno == ENOENT || errno == ENODEV || errno == ENXIO))
		return err_set(err, -errno,
			       "tap %s: this host has no %s; load its driver (modprobe tun)",
			       t->name, TUN_DEVICE);
	if (t->fd < 0)
		return err_set_errno(err, errno,
				     "tap %s: cannot open %s; ask for access to it, or pass an "
				     "open tap by descriptor",
				     t->name, TUN_DEVICE);
	ifr.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | (config->vnet_hdr ? IFF_VNET_HDR : 0));
	if (ioctl(t->fd, TUNSETIFF, &ifr) < 0)
		return explain_attach(t, errno, err);
	memcpy(t->name, ifr.ifr_name, sizeof(t->name) - 1); /* "tap%d" has a number now */
	t->vnet_hdr = config->vnet_hdr;
	return 0;
}

static int open_by_fd(struct net_tap *t, const struct net_config *config, struct err *err)
{
	struct ifreq ifr = {0};
	int flags, status;

	if (ioctl(t->fd, TUNGETIFF, &ifr) < 0)
		return err_set(
			err, -EINVAL,
			"tap: descriptor %d is not a tap interface; open %s and TUNSETIFF it "
			"first",
			t->fd, TUN_DEVICE);
	memcpy(t->name, ifr.ifr_name, sizeof(t->name) - 1);
	flags = (unsigned short)ifr.ifr_flags;
	/* IFF_NO_PI cannot be checked: its bit also says that no filter is attached. */
	if (!(flags & IFF_TAP))
		return err_set(err, -EINVAL,
			       "tap %s: descriptor %d is a tun interface; open it with IFF_TAP and "
			       "IFF_NO_PI",
			       t->name, t->fd);
	if (config->vnet_hdr && !(flags & IFF_VNET_HDR))
		return err_set(err, -EINVAL,
			       "tap %s: descriptor %d was opened without IFF_VNET_HDR; leave "
			       "vnet_hdr out",
			       t->name, t->fd);
	t->vnet_hdr = flags & IFF_VNET_HDR;
	status = fcntl(t->fd, F_GETFL);
	if (status < 0 || fcntl(t->fd, F_SETFL, status | O_NONBLOCK) < 0 ||
	    fcntl(t->fd, F_SETFD, FD_CLOEXEC) < 0)
		return err_set_errno(err, errno, "tap %s: descriptor %d", t->name, t->fd);
	return 0;
}

static int init_headers(struct net_tap *t, const struct net_config *config, struct err *err)
{
	int size = sizeof(struct virtio_net_hdr);

	if (!t->vnet_hdr)
		return 0;
	if (ioctl(t->fd, TUNSETVNETHDRSZ, &size) < 0 || tell_offloads(t, 0) < 0)
		return err_set_errno(err, errno, "tap %s: cannot set its header up", t->name);
	if (!config->vnet_hdr)
		return 0;
	if (tell_offloads(t, TAP_OFFLOADS) < 0 || tell_offloads(t, 0) < 0)
		return err_set_errno(err, errno, "tap %s: no offloads; leave vnet_hdr out",
				     t->name);
	t->net.tx_offloads = TAP_OFFLOADS;
	t->net.rx_offloads = TAP_OFFLOADS;
	return 0;
}

struct net *net_tap_open(const struct net_config *config, struct loop *loop, struct err *err)
{
	struct net_tap *t = calloc(1, sizeof(*t));
	int rc;

	if (!t) {
		err_set(err, -ENOMEM, "tap: out of memory");
		if (!config->ifname && config->fd >= 0)
			close(config->fd);
		return NULL;
	}
	t->net.ops = &tap_ops;
	t->loop = loop;
	t->fd = config->ifname ? -1 : config->fd;
	t->offer = (struct loop_deferred){.fn = on_offer, .arg = t};
	rc = config->ifname ? open_by_name(t, config, err) : open_by_fd(t, config, err);
	if (rc == 0)
		rc = init_headers(t, config, err);
	if (rc < 0) {
		tap_destroy(&t->net);
		return NULL;
	}
	return &t->net;
}
