/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_USERNET_LINK_H
#define VISE_HOST_USERNET_LINK_H

#include "vmm/core/err.h"
#include "vmm/host/usernet/channel.h"
#include "vmm/host/usernet/hostfwd.h"
#include "vmm/host/usernet/merge.h"
#include "vmm/host/usernet/services.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * The guest's link: frames of the channel on one side, libslirp's sockets on the other. Runs until
 * the monitor closes the channel. One thread; nothing is shared.
 */

struct Slirp;

struct link_config {
	const struct hostfwd *hostfwd;
	const char *const *specs; /* as the user wrote them, for errors */
	size_t n_hostfwd;
	bool restricted;
	const struct sockaddr_storage *server; /* the host's name server, or NULL */
	socklen_t server_len;
};

struct link {
	struct channel *channel;
	struct Slirp *slirp;
	struct services services;
	struct merge merge;
	struct pollfd *fds; /* one each that libslirp asked for, in its order; then our own */
	size_t n_fds, cap_fds;
	uint64_t dropped; /* frames for the guest that found no room */
};

/* Makes the stack and binds the host-forwards; @channel is kept, not owned. 0 or a negative errno
 * and a line that names the option. */
MUST_CHECK int link_init(struct link *link, const struct link_config *config,
			 struct channel *channel, struct err *err);

/* Serves until the monitor goes (0), or the channel or poll() breaks (a negative errno). */
MUST_CHECK int link_run(struct link *link, struct err *err);

void link_fini(struct link *link);

#endif
