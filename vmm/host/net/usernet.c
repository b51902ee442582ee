/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/net/usernet.h"

#include "vmm/core/clock.h"
#include "vmm/core/log.h"
#include "vmm/core/loop.h"
#include "vmm/host/net/net.h"
#include "vmm/host/usernet/channel.h"
#include "vmm/host/usernet/helper.h"
#include "vmm/host/usernet/hostfwd.h"
#include "vmm/host/usernet/usernet.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * The monitor's end of user networking: frames into and out of the channel to vise-net.
 *
 * Frames gather in the channel until net_flush(), and come many at a time, so a batch costs one
 * system call each way. A device that takes no more holds the channel up: the helper then reads no
 * more from the host.
 */

#define READY_MS 10000 /* from exec to the first record; it takes some milliseconds */
#define END_MS	 200   /* for what the guest sent last to be passed on */

struct usernet {
	struct net net;
	struct loop *loop;
	struct channel channel;
	struct loop_fd *watch; /* NULL: not started, or over */
	unsigned int watched;
	struct loop_deferred pump;
	pid_t pid;	    /* -1: it has ended */
	bool held;	    /* the device took no frame and has not asked since */
	bool want_writable; /* net_send() said -EAGAIN */
};

static void watch(struct usernet *u)
{
	unsigned int events = (u->held ? 0 : LOOP_READ) |
			      (u->want_writable || channel_waiting(&u->channel) ? LOOP_WRITE : 0);

	if (!u->watch || events == u->watched)
		return;
	u->watched = events;
	loop_set_fd(u->watch, events);
}

/* The helper is gone, or is made to be; @why is what is known. */
static void end(struct usernet *u, const char *why)
{
	char how[100];

	loop_del_fd(u->watch);
	u->watch = NULL;
	loop_undefer(u->loop, &u->pump);
	channel_fini(&u->channel);
	helper_reap(u->pid, true, how, sizeof(how));
	u->pid = -1;
	log_error("user networking: vise-net %s%s; the guest's link is dead from now on", how, why);
	if (u->want_writable) {
		u->want_writable = false;
		u->net.user.writable(u->net.user.arg);
	}
}

/* Offers the frames that have come. Negative: what came is none. */
static int deliver(struct usernet *u)
{
	static const struct net_offload nothing;
	const struct net_user *user = &u->net.user;
	const uint8_t *frame;
	bool any = false;
	int len = 0;

	while (!u->held && (len = channel_next(&u->channel, &frame)) > 0) {
		if (!user->receive(user->arg, &nothing, frame, (size_t)len)) {
			u->held = true;
			break;
		}
		channel_take(&u->channel);
		any = true;
	}
	if (any)
		user->received(user->arg);
	return len < 0 ? len : 0;
}

static void pump(struct usernet *u)
{
	if (deliver(u) < 0)
		end(u, " for sending what is no frame");
	watch(u);
}

static void on_pump(void *arg)
{
	pump(arg);
}

/* Sends what waits, and tells the device when there is room again: half the buffer, so that it is
 * worth a batch. Negative: the channel is broken. */
static int send_waiting(struct usernet *u)
{
	int rc = channel_flush(&u->channel);

	if (rc && rc != -EAGAIN)
		return rc;
	if (u->want_writable && channel_waiting(&u->channel) <= CHANNEL_BUFFER / 2) {
		u->want_writable = false;
		u->net.user.writable(u->net.user.arg);
	}
	return 0;
}

static void on_channel(void *arg, unsigned int events)
{
	struct usernet *u = arg;
	int rc = send_waiting(u);

	if (!rc && !u->held && (events & (LOOP_READ | LOOP_HUP)))
		rc = channel_fill(&u->channel);
	else if (!rc && (events & LOOP_HUP))
		rc = -ENOTCONN; /* the device takes nothing, and nothing more will come */
	if (rc && rc != -EAGAIN) {
		end(u, "");
		return;
	}
	pump(u);
}

/* Waits for the first record, which says whether there is a network. */
static int wait_ready(struct usernet *u, struct err *err)
{
	struct pollfd fd = {.fd = u->channel.fd, .events = POLLIN};
	const uint8_t *record;
	char how[100];
	int len = 0;
	int rc = 0;

	while (!rc && (len = channel_next(&u->channel, &record)) == 0) {
		int n = poll(&fd, 1, READY_MS);

		if (n > 0)
			rc = channel_fill(&u->channel);
		else if (n == 0 || errno != EINTR)
			rc = -ETIMEDOUT;
		rc = rc == -EAGAIN ? 0 : rc;
	}
	if (!rc && len > 0 && record[0] == USERNET_READY) {
		log_debug("user networking: sandbox of vise-net: %.*s", len - 1, record + 1);
		channel_take(&u->channel);
		return 0;
	}
	if (!rc && len > 0 && record[0] == USERNET_FAILED) {
		rc = err_set(err, -EIO, "user networking: %.*s", len - 1, record + 1);
		helper_reap(u->pid, true, how, sizeof(how));
	} else {
		helper_reap(u->pid, true, how, sizeof(how));
		rc = err_set(err, -EIO, "user networking: vise-net %s before it was ready%s", how,
			     rc == -ETIMEDOUT ? ", after 10 seconds" : "");
	}
	u->pid = -1;
	return rc;
}

static int usernet_start(struct net *n, struct err *err)
{
	struct usernet *u = (struct usernet *)n;
	int rc = wait_ready(u, err);

	if (rc)
		return rc;
	/* At once, for what came with the first record. */
	u->watched = LOOP_READ | LOOP_WRITE;
	u->watch = loop_add_fd(u->loop, u->channel.fd, u->watched, on_channel, u, err);
	return u->watch ? 0 : -ENOMEM;
}

static int usernet_send(struct net *n, const struct net_offload *offload, const void *frame,
			size_t len)
{
	struct usernet *u = (struct usernet *)n;

	(void)offload; /* tx_offloads says that nothing is left to do */
	if (!u->watch || !len || len > NET_FRAME_MAX) {
		n->tx_dropped++;
		return 0;
	}
	if (channel_put(&u->channel, frame, len))
		return 0;
	/* A broken channel shows in on_channel(), which may call back as this may not. */
	(void)!channel_flush(&u->channel);
	if (channel_put(&u->channel, frame, len))
		return 0;
	u->want_writable = true;
	watch(u);
	return -EAGAIN;
}

static void usernet_flush(struct net *n)
{
	struct usernet *u = (struct usernet *)n;

	if (!u->watch)
		return;
	if (channel_flush(&u->channel) < 0)
		watch(u);
}

static void usernet_want_input(struct net *n)
{
	struct usernet *u = (struct usernet *)n;

	if (!u->held)
		return;
	u->held = false;
	if (u->watch)
		loop_defer(u->loop, &u->pump);
}

/* Lets vise-net pass on what it has of the guest, for a moment. */
static void let_end(struct usernet *u)
{
	struct pollfd fd = {.fd = u->channel.fd, .events = POLLIN};
	struct clock host = clock_host();
	uint64_t deadline = clock_monotonic_ns(&host) + END_MS * NS_PER_MS;
	char how[100];
	int rc = channel_flush(&u->channel);

	shutdown(u->channel.fd, SHUT_WR);
	while (rc != -ENOTCONN && clock_monotonic_ns(&host) < deadline &&
	       poll(&fd, 1, END_MS) == 1) {
		u->channel.in_head = u->channel.in_end;
		rc = channel_fill(&u->channel);
	}
	helper_reap(u->pid, true, how, sizeof(how));
}

static void usernet_destroy(struct net *n)
{
	struct usernet *u = (struct usernet *)n;

	loop_del_fd(u->watch);
	loop_undefer(u->loop, &u->pump);
	if (u->pid > 0)
		let_end(u);
	channel_fini(&u->channel);
	free(u);
}

static const struct net_ops usernet_ops = {
	.name = "user",
	.start = usernet_start,
	.send = usernet_send,
	.flush = usernet_flush,
	.want_input = usernet_want_input,
	.destroy = usernet_destroy,
};

/* All host-forwards are looked at before anything is started. */
static int check_hostfwd(const struct net_config *config, struct err *err)
{
	struct hostfwd *fwd = calloc(config->n_hostfwd + 1, sizeof(*fwd));
	int rc = 0;

	if (!fwd)
		return err_set(err, -ENOMEM, "user networking: out of memory");
	for (size_t i = 0; i < config->n_hostfwd && !rc; i++) {
		rc = hostfwd_parse(config->hostfwd[i], &fwd[i], err);
		/* What is accepted is printable and short. */
		if (!rc && fwd[i].udp && config->restricted)
			rc = err_set(
				err, -ENOTSUP,
				"hostfwd='%s': the guest's datagrams do not leave a restricted "
				"network, answers neither; forward tcp",
				config->hostfwd[i]);
		for (size_t k = 0; k < i && !rc; k++)
			if (hostfwd_clash(&fwd[k], &fwd[i]))
				rc = err_set(err, -EADDRINUSE,
					     "hostfwd='%s': takes the port that hostfwd='%s' has "
					     "already",
					     config->hostfwd[i], config->hostfwd[k]);
	}
	free(fwd);
	return rc;
}

static int start_helper(struct usernet *u, const struct net_config *config, struct err *err)
{
	char found[PATH_MAX];
	const char *helper = config->helper;
	int fd = -1;
	int rc;

	if (!helper) {
		rc = helper_find(found, sizeof(found), err);
		if (rc)
			return rc;
		helper = found;
	}
	u->pid = helper_start(helper, config->hostfwd, config->n_hostfwd, config->restricted, &fd,
			      err);
	if (u->pid < 0)
		return u->pid;
	rc = channel_init(&u->channel, fd);
	return rc ? err_set_errno(err, -rc, "user networking: channel") : 0;
}

struct net *net_usernet_open(const struct net_config *config, struct loop *loop, struct err *err)
{
	struct usernet *u;

	if (check_hostfwd(config, err))
		return NULL;
	u = calloc(1, sizeof(*u));
	if (!u) {
		err_set(err, -ENOMEM, "user networking: out of memory");
		return NULL;
	}
	u->net.ops = &usernet_ops;
	u->loop = loop;
	u->channel.fd = -1;
	u->pump = (struct loop_deferred){.fn = on_pump, .arg = u};
	if (start_helper(u, config, err)) {
		usernet_destroy(&u->net);
		return NULL;
	}
	return &u->net;
}

pid_t usernet_pid(const struct net *n)
{
	return ((const struct usernet *)n)->pid;
}
