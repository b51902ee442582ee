/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/net/net.h"

#include <errno.h>
#include <stdlib.h>

/* A cable that leads nowhere: nothing comes in, and what goes out is counted and gone. */

static int none_start(struct net *n, struct err *err)
{
	(void)n;
	(void)err;
	return 0;
}

static int none_send(struct net *n, const struct net_offload *offload, const void *frame,
		     size_t len)
{
	(void)offload;
	(void)frame;
	(void)len;
	n->tx_dropped++;
	return 0;
}

static void none_destroy(struct net *n)
{
	free(n);
}

static const struct net_ops none_ops = {
	.name = "none",
	.start = none_start,
	.send = none_send,
	.destroy = none_destroy,
};

struct net *net_none_open(const struct net_config *config, struct loop *loop, struct err *err)
{
	struct net *n = calloc(1, sizeof(*n));

	(void)config;
	(void)loop;
	if (!n) {
		err_set(err, -ENOMEM, "network backend: out of memory");
		return NULL;
	}
	n->ops = &none_ops;
	return n;
}
