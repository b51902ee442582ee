/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/net/net.h"

#include <errno.h>

static struct net *(*const kinds[])(const struct net_config *config, struct loop *loop,
				    struct err *err) = {
	[NET_NONE] = net_none_open,
	[NET_USER] = net_usernet_open,
	[NET_TAP] = net_tap_open,
	[NET_PASST] = net_passt_open,
};

struct net *net_open(const struct net_config *config, struct loop *loop, struct err *err)
{
	struct net *n;

	if ((size_t)config->kind >= sizeof(kinds) / sizeof(kinds[0])) {
		err_set(err, -EINVAL, "network backend: unknown kind %d", (int)config->kind);
		return NULL;
	}
	n = kinds[config->kind](config, loop, err);
	return n && config->pcap ? net_pcap_open(n, config->pcap, loop, err) : n;
}

int net_start(struct net *n, const struct net_user *user, struct err *err)
{
	n->user = *user;
	return n->ops->start(n, err);
}
