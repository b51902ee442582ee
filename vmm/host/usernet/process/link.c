/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/usernet/process/link.h"

#include "vmm/core/clock.h"
#include "vmm/host/usernet/usernet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <slirp/libslirp.h>
#include <stdlib.h>
#include <string.h>

/*
 * One turn: libslirp and the resolver say which sockets they wait for, poll(), libslirp reads and
 * writes them, the guest's frames are taken, and what has gathered for the guest goes out in one
 * call.
 *
 * Back-pressure: once CHANNEL_BUSY bytes wait for the guest, no socket of the host is read, so TCP
 * holds its sender back. Frames of the guest are taken all the same: a guest that sends before it
 * receives must not stand still. What their answers cannot find room for is dropped, and TCP
 * sends it again.
 */

/* Ours behind those of libslirp. */
#define OWN_FDS (1U + RESOLVER_QUESTIONS)
/* Descriptors are limited by the sandbox; this bounds the table without it. */
#define FDS_MAX 65536U

static uint64_t now_ns(void)
{
	struct clock host = clock_host();

	return clock_monotonic_ns(&host);
}

static bool busy(const struct link *link)
{
	return channel_waiting(link->channel) >= CHANNEL_BUSY;
}

static void to_guest(void *arg, const uint8_t *frame, size_t len)
{
	struct link *link = arg;

	if (!len || len > CHANNEL_RECORD_MAX || !channel_put(link->channel, frame, len))
		link->dropped++;
}

/* Of libslirp. It is told that all went well: what was dropped is TCP's to repeat. */
static ssize_t on_packet(const void *frame, size_t len, void *opaque)
{
	struct link *link = opaque;
	uint8_t copy[FRAME_MAX];

	if (link->services.restricted && len <= sizeof(copy)) {
		memcpy(copy, frame, len);
		services_amend(&link->services, copy, len);
		frame = copy;
	}
	to_guest(link, frame, len);
	return (ssize_t)len;
}

static void on_guest_error(const char *msg, void *opaque)
{
	(void)msg; /* a hostile guest could fill a log with them */
	(void)opaque;
}

static int64_t on_clock(void *opaque)
{
	(void)opaque;
	return (int64_t)now_ns();
}

/* libslirp asks about each socket before each poll(): there is nothing to keep. */
static void on_poll_fd(int fd, void *opaque)
{
	(void)fd;
	(void)opaque;
}

static void on_notify(void *opaque)
{
	(void)opaque;
}

/* Without IPv6 libslirp makes no timer. */
static const SlirpCb callbacks = {
	.send_packet = on_packet,
	.guest_error = on_guest_error,
	.clock_get_ns = on_clock,
	.register_poll_fd = on_poll_fd,
	.unregister_poll_fd = on_poll_fd,
	.notify = on_notify,
};

static struct in_addr address(uint32_t host_order)
{
	return (struct in_addr){.s_addr = htonl(host_order)};
}

/* The bind() in libslirp is what fails here. */
static int add_hostfwd(struct link *link, const struct hostfwd *fwd, const char *spec,
		       struct err *err)
{
	struct in_addr host = address(fwd->host);
	char text[INET_ADDRSTRLEN];

	errno = 0;
	if (slirp_add_hostfwd(link->slirp, fwd->udp, host, fwd->host_port, address(fwd->guest),
			      fwd->guest_port) == 0)
		return 0;
	inet_ntop(AF_INET, &host, text, sizeof(text));
	return err_set(err, errno ? -errno : -EADDRINUSE,
		       "hostfwd='%.100s': cannot listen at %s port %u (%s); name another port",
		       spec, text, fwd->host_port, strerror(errno ? errno : EADDRINUSE));
}

int link_init(struct link *link, const struct link_config *config, struct channel *channel,
	      struct err *err)
{
	SlirpConfig slirp = {
		.version = 3, /* the first that can leave DNS to others */
		.restricted = config->restricted,
		.in_enabled = true,
		.vnetwork = address(USERNET_NETWORK),
		.vnetmask = address(USERNET_MASK),
		.vhost = address(USERNET_HOST),
		.vdhcp_start = address(USERNET_GUEST),
		.vnameserver = address(USERNET_NAMESERVER),
		.disable_dns = true,
	};
	int rc = 0;

	*link = (struct link){.channel = channel};
	services_init(&link->services, config->restricted, config->server, config->server_len,
		      to_guest, link);
	link->slirp = slirp_new(&slirp, &callbacks, link);
	if (!link->slirp)
		return err_set(err, -ENOMEM, "libslirp cannot be started");
	for (size_t i = 0; i < config->n_hostfwd && !rc; i++)
		rc = add_hostfwd(link, &config->hostfwd[i], config->specs[i], err);
	return rc;
}

void link_fini(struct link *link)
{
	if (link->slirp)
		slirp_cleanup(link->slirp);
	services_fini(&link->services);
	free(link->fds);
	link->fds = NULL;
}

/* Makes room for one descriptor more, and for our own. */
static bool grow(struct link *link)
{
	size_t cap = link->cap_fds ? 2 * link->cap_fds : 4 * OWN_FDS;
	struct pollfd *fds;

	if (link->cap_fds - link->n_fds > OWN_FDS)
		return true;
	if (cap > FDS_MAX)
		return false;
	fds = realloc(link->fds, cap * sizeof(*fds));
	if (!fds)
		return false;
	link->fds = fds;
	link->cap_fds = cap;
	return true;
}

static const struct {
	int slirp;
	short poll;
	bool input; /* leads to frames for the guest */
} events[] = {
	{SLIRP_POLL_IN, POLLIN, true},	  {SLIRP_POLL_PRI, POLLPRI, true},
	{SLIRP_POLL_HUP, POLLHUP, true},  {SLIRP_POLL_OUT, POLLOUT, false},
	{SLIRP_POLL_ERR, POLLERR, false},
};

#define N_EVENTS (sizeof(events) / sizeof(events[0]))

static int on_add_poll(int fd, int wanted, void *opaque)
{
	struct link *link = opaque;
	short poll = 0;

	if (!grow(link))
		return -1;
	for (size_t i = 0; i < N_EVENTS; i++)
		if ((wanted & events[i].slirp) && !(events[i].input && busy(link)))
			poll = (short)(poll | events[i].poll);
	/* A socket that nothing is wanted of would still report its end, over and over. */
	if (!(poll & (POLLIN | POLLPRI | POLLOUT)))
		fd = -1;
	link->fds[link->n_fds] = (struct pollfd){.fd = fd, .events = poll};
	return (int)link->n_fds++;
}

/* Asked socket by socket, each after what the one before has brought: busy() may change between. */
static int on_get_revents(int idx, void *opaque)
{
	struct link *link = opaque;
	int found = 0;

	if (idx < 0 || (size_t)idx >= link->n_fds)
		return 0;
	for (size_t i = 0; i < N_EVENTS; i++)
		if ((link->fds[idx].revents & events[i].poll) && !(events[i].input && busy(link)))
			found |= events[i].slirp;
	return found;
}

/* How long poll() may wait, in milliseconds. */
static int shorten(uint32_t slirp_ms, uint64_t deadline_ns)
{
	uint64_t now = now_ns();
	uint64_t ms = slirp_ms == UINT32_MAX ? UINT64_MAX : slirp_ms;

	if (deadline_ns != UINT64_MAX) {
		uint64_t own = deadline_ns > now ? (deadline_ns - now) / NS_PER_MS + 1 : 0;

		ms = own < ms ? own : ms;
	}
	return ms > INT32_MAX ? -1 : (int)ms;
}

static void finish_merge(struct link *link)
{
	size_t len;
	const uint8_t *frame = merge_finish(&link->merge, &len);

	if (frame)
		slirp_input(link->slirp, frame, (int)len);
}

/* One frame of the guest. What is not joined to the segments before it comes after them. */
static void take_frame(struct link *link, const uint8_t *frame, size_t len, uint64_t now)
{
	struct ip_packet ip;
	bool is_ip;

	if (services_take(&link->services, frame, len, now))
		return;
	is_ip = frame_parse_ip(frame, len, &ip);
	if (is_ip && merge_take(&link->merge, frame, &ip))
		return;
	finish_merge(link);
	if (!is_ip || !merge_take(&link->merge, frame, &ip))
		slirp_input(link->slirp, frame, (int)len);
}

/* Takes the frames of the guest that are at hand. */
static int take_frames(struct link *link, struct err *err)
{
	uint64_t now = now_ns();
	const uint8_t *frame;
	int rc = channel_fill(link->channel);
	int len;

	if (rc == -EAGAIN)
		return 0;
	if (rc)
		return rc == -ENOTCONN ? rc : err_set_errno(err, -rc, "channel");
	while ((len = channel_next(link->channel, &frame)) > 0) {
		take_frame(link, frame, (size_t)len, now);
		channel_take(link->channel);
	}
	finish_merge(link);
	return len < 0 ? err_set(err, len, "channel: a record of no possible length") : 0;
}

static int turn(struct link *link, struct err *err)
{
	uint32_t timeout = UINT32_MAX;
	struct pollfd *own;
	unsigned int n_own;
	short channel;
	int rc;

	link->n_fds = 0;
	if (!grow(link))
		return err_set(err, -ENOMEM, "out of memory");
	slirp_pollfds_fill(link->slirp, &timeout, on_add_poll, link);
	own = link->fds + link->n_fds;
	own[0] = (struct pollfd){.fd = link->channel->fd, .events = POLLIN};
	if (channel_waiting(link->channel))
		own[0].events |= POLLOUT;
	n_own = 1 + resolver_poll(&link->services.resolver, own + 1);
	rc = poll(link->fds, link->n_fds + n_own,
		  shorten(timeout, resolver_deadline(&link->services.resolver)));
	if (rc < 0 && errno != EINTR)
		return err_set_errno(err, errno, "poll");
	channel = rc > 0 ? own[0].revents : 0;
	slirp_pollfds_poll(link->slirp, rc < 0, on_get_revents, link);
	resolver_serve(&link->services.resolver, now_ns());
	if (channel & (POLLIN | POLLHUP | POLLERR)) {
		rc = take_frames(link, err);
		if (rc)
			return rc;
	}
	rc = channel_flush(link->channel);
	return rc && rc != -EAGAIN ? rc : 0;
}

int link_run(struct link *link, struct err *err)
{
	int rc;

	do
		rc = turn(link, err);
	while (!rc);
	/* The monitor has gone, which is how it ends. */
	return rc == -ENOTCONN || rc == -EPIPE || rc == -ECONNRESET ? 0 : rc;
}
