/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/net/net.h"

#include <errno.h>

struct net *net_usernet_open(const struct net_config *config, struct loop *loop, struct err *err)
{
	(void)config;
	(void)loop;
	err_set(err, -ENOTSUP, "user networking is not part of this build; use a tap or passt");
	return NULL;
}
