/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/clock.h"
#include "vmm/core/log.h"
#include "vmm/core/loop.h"
#include "vmm/host/net/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * Frames over a connected unix stream socket, each behind its length as 32 bits big-endian: what
 * passt speaks, and QEMU's "stream" and "socket" backends.
 *
 * Both directions have one buffer. Frames that come are offered where they lie; frames that go are
 * collected until flush(), so that a batch is one call. When the peer goes, frames are dropped and
 * counted, and the connection is tried again, at growing intervals up to RETRY_MAX_NS.
 */

#define PREFIX	     4U
#define RX_SIZE	     (4U * (PREFIX + NET_FRAME_MAX))
#define TX_SIZE	     (4U * (PREFIX + NET_FRAME_MAX))
#define RETRY_MIN_NS (100 * NS_PER_MS)
#define RETRY_MAX_NS (5 * NS_PER_SEC)

struct net_passt {
	struct net net;
	struct loop *loop;
	struct sockaddr_un addr;
	int fd;		       /* -1: not connected */
	struct loop_fd *watch; /* NULL: not started, or not connected */
	unsigned int watched;  /* events */
	struct loop_timer *retry;
	uint64_t retry_ns; /* until the next try */
	bool complained;   /* since it was connected last */
	/* A call to be made from the loop: an offer of the frame refused, a "writable". */
	struct loop_deferred deferred;
	bool refused; /* the first frame in rx waits for want_input() */
	bool offered_again;
	bool stalled;	      /* send() said -EAGAIN */
	size_t rx_at, rx_len; /* frames not offered yet: rx[rx_at, rx_at + rx_len) */
	size_t tx_at, tx_len; /* frames not sent yet */
	uint32_t tx_frames;   /* put into tx since it was empty */
	uint8_t rx[RX_SIZE], tx[TX_SIZE];
};

static struct net_passt *to_passt(struct net *n)
{
	return (struct net_passt *)n;
}

static void watch(struct net_passt *p)
{
	unsigned int events = (p->refused ? 0 : LOOP_READ) | (p->tx_len ? LOOP_WRITE : 0);

	if (!p->watch || events == p->watched)
		return;
	p->watched = events;
	loop_set_fd(p->watch, events);
}

static void try_later(struct net_passt *p)
{
	struct clock host = clock_host();

	loop_set_timer(p->retry, clock_monotonic_ns(&host) + p->retry_ns);
	p->retry_ns = 2 * p->retry_ns < RETRY_MAX_NS ? 2 * p->retry_ns : RETRY_MAX_NS;
}

/* Closes a connection that ended or broke. Makes no callback: also called from send(). */
static void disconnect(struct net_passt *p, const char *why)
{
	if (!p->complained)
		log_warn("passt %s: %s; frames are dropped until it can be reached again",
			 p->addr.sun_path, why);
	p->complained = true;
	loop_del_fd(p->watch);
	p->watch = NULL;
	close(p->fd);
	p->fd = -1;
	p->net.tx_dropped += p->tx_frames;
	p->tx_at = p->tx_len = p->tx_frames = 0;
	/* A frame that was refused is offered again all the same: it came whole. */
	if (!p->refused)
		p->rx_at = p->rx_len = 0;
	if (p->stalled)
		loop_defer(p->loop, &p->deferred);
	try_later(p);
}

/* Sends what is collected, as far as the socket takes it. */
static void push(struct net_passt *p)
{
	while (p->fd >= 0 && p->tx_len) {
		ssize_t n = send(p->fd, p->tx + p->tx_at, p->tx_len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			disconnect(p, strerror(errno));
		if (n < 0)
			break;
		p->tx_at += (size_t)n;
		p->tx_len -= (size_t)n;
	}
	if (!p->tx_len)
		p->tx_at = p->tx_frames = 0;
	watch(p);
}

/* Bytes of the frame at the start of rx, which is there as a whole; 0 when it is not. */
static size_t whole_frame(const struct net_passt *p)
{
	uint32_t prefix;

	if (p->rx_len < PREFIX)
		return 0;
	memcpy(&prefix, p->rx + p->rx_at, PREFIX);
	return ntohl(prefix) <= p->rx_len - PREFIX ? PREFIX + ntohl(prefix) : 0;
}

/* True when the frame at the start of rx can never be there as a whole. */
static bool frame_too_long(const struct net_passt *p)
{
	uint32_t prefix;

	if (p->rx_len < PREFIX)
		return false;
	memcpy(&prefix, p->rx + p->rx_at, PREFIX);
	return ntohl(prefix) > NET_FRAME_MAX;
}

/* Offers the frames in rx, up to one that is refused. True when there was one. */
static bool offer(struct net_passt *p)
{
	static const struct net_offload nothing;
	bool any = false;
	size_t whole;

	p->refused = false;
	while (!p->refused && !frame_too_long(p) && (whole = whole_frame(p)) != 0) {
		any = true;
		p->refused = !p->net.user.receive(p->net.user.arg, &nothing,
						  p->rx + p->rx_at + PREFIX, whole - PREFIX);
		if (p->refused)
			break;
		p->rx_at += whole;
		p->rx_len -= whole;
	}
	return any;
}

static void receive(struct net_passt *p)
{
	bool any = offer(p);
	bool over = false;

	/* One read a turn: the socket stays readable when there is more. */
	if (!p->refused && p->fd >= 0) {
		ssize_t n;

		memmove(p->rx, p->rx + p->rx_at, p->rx_len);
		p->rx_at = 0;
		do {
			n = recv(p->fd, p->rx + p->rx_len, RX_SIZE - p->rx_len, MSG_DONTWAIT);
		} while (n < 0 && errno == EINTR);
		over = n == 0 || (n < 0 && errno != EAGAIN);
		if (over)
			disconnect(p, n ? strerror(errno) : "the connection was closed");
		if (n > 0) {
			p->rx_len += (size_t)n;
			any |= offer(p);
		}
	}
	if (any)
		p->net.user.received(p->net.user.arg);
	if (p->fd >= 0 && !p->refused && frame_too_long(p))
		disconnect(p, "it sent a frame longer than any");
	watch(p);
}

static void resume_sending(struct net_passt *p)
{
	if (!p->stalled || p->tx_len > TX_SIZE / 2)
		return;
	p->stalled = false;
	p->net.user.writable(p->net.user.arg);
}

static void on_deferred(void *arg)
{
	struct net_passt *p = arg;

	resume_sending(p);
	if (p->offered_again) {
		p->offered_again = false;
		receive(p);
	}
}

static void on_event(void *arg, unsigned int events)
{
	struct net_passt *p = arg;

	if (events & (LOOP_WRITE | LOOP_HUP)) {
		push(p);
		resume_sending(p);
	}
	if ((events & (LOOP_READ | LOOP_HUP)) && p->fd >= 0 && !p->refused)
		receive(p);
	else if ((events & LOOP_HUP) && p->fd >= 0)
		disconnect(p, "the connection was closed");
}

/* Makes the connection; unix sockets do so at once or not at all. */
static int connect_now(struct net_passt *p, struct err *err)
{
	p->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd < 0)
		return err_set_errno(err, errno, "passt %s: socket", p->addr.sun_path);
	if (connect(p->fd, (const struct sockaddr *)&p->addr, sizeof(p->addr)) == 0)
		return 0;
	err_set_errno(err, errno, "passt %s: cannot connect; start it first (passt --socket %s)",
		      p->addr.sun_path, p->addr.sun_path);
	close(p->fd);
	p->fd = -1;
	return -ENOTCONN;
}

static int watch_connection(struct net_passt *p, struct err *err)
{
	p->watched = LOOP_READ;
	p->watch = loop_add_fd(p->loop, p->fd, LOOP_READ, on_event, p, err);
	if (!p->watch)
		return -ENOMEM;
	watch(p);
	return 0;
}

static void on_retry(void *arg)
{
	struct net_passt *p = arg;
	struct err err = ERR_INIT;

	/* The frame refused before has the buffer until it is taken. */
	if (p->refused || connect_now(p, &err) < 0) {
		try_later(p);
		return;
	}
	p->rx_at = p->rx_len = 0;
	if (watch_connection(p, &err) < 0) {
		disconnect(p, err.text);
		return;
	}
	log_warn("passt %s: connected again", p->addr.sun_path);
	p->complained = false;
	p->retry_ns = RETRY_MIN_NS;
}

static int passt_start(struct net *n, struct err *err)
{
	return watch_connection(to_passt(n), err);
}

static int passt_send(struct net *n, const struct net_offload *offload, const void *frame,
		      size_t len)
{
	struct net_passt *p = to_passt(n);
	uint32_t prefix = htonl((uint32_t)len);
	uint8_t *to;

	(void)offload; /* tx_offloads is 0: nothing is left to do */
	if (p->fd >= 0 && TX_SIZE - p->tx_at - p->tx_len < PREFIX + len)
		push(p);
	if (p->fd < 0 || len > NET_FRAME_MAX) {
		n->tx_dropped++;
		return 0;
	}
	if (TX_SIZE - p->tx_len < PREFIX + len) {
		p->stalled = true;
		return -EAGAIN;
	}
	if (TX_SIZE - p->tx_at - p->tx_len < PREFIX + len) {
		memmove(p->tx, p->tx + p->tx_at, p->tx_len);
		p->tx_at = 0;
	}
	to = p->tx + p->tx_at + p->tx_len;
	memcpy(to, &prefix, PREFIX);
	memcpy(to + PREFIX, frame, len);
	p->tx_len += PREFIX + len;
	p->tx_frames++;
	return 0;
}

static void passt_flush(struct net *n)
{
	push(to_passt(n));
}

static void passt_want_input(struct net *n)
{
	struct net_passt *p = to_passt(n);

	if (!p->refused)
		return;
	p->offered_again = true;
	loop_defer(p->loop, &p->deferred);
}

static void passt_destroy(struct net *n)
{
	struct net_passt *p = to_passt(n);

	loop_undefer(p->loop, &p->deferred);
	if (p->retry)
		loop_del_timer(p->retry);
	loop_del_fd(p->watch);
	if (p->fd >= 0)
		close(p->fd);
	free(p);
}

static const struct net_ops passt_ops = {
	.name = "passt",
	.start = passt_start,
	.send = passt_send,
	.flush = passt_flush,
	.want_input = passt_want_input,
	.destroy = passt_destroy,
};

struct net *net_passt_open(const struct net_config *config, struct loop *loop, struct err *err)
{
	size_t len = config->path ? strlen(config->path) : 0;
	struct net_passt *p;

	if (len == 0 || len >= sizeof(p->addr.sun_path)) {
		err_set(err, -EINVAL, "passt \"%s\": the path of its socket has 1 to %zu bytes",
			config->path ? config->path : "", sizeof(p->addr.sun_path) - 1);
		return NULL;
	}
	p = calloc(1, sizeof(*p));
	if (!p) {
		err_set(err, -ENOMEM, "passt: out of memory");
		return NULL;
	}
	p->net.ops = &passt_ops;
	p->loop = loop;
	p->addr.sun_family = AF_UNIX;
	memcpy(p->addr.sun_path, config->path, len + 1);
	p->fd = -1;
	p->retry_ns = RETRY_MIN_NS;
	p->deferred = (struct loop_deferred){.fn = on_deferred, .arg = p};
	p->retry = loop_add_timer(loop, on_retry, p);
	if (!p->retry || connect_now(p, err) < 0) {
		if (!p->retry)
			err_set(err, -ENOMEM, "passt: out of memory");
		passt_destroy(&p->net);
		return NULL;
	}
	return &p->net;
}
