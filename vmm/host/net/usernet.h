/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_NET_USERNET_H
#define VISE_HOST_NET_USERNET_H

#include <sys/types.h>

/*
 * What there is to know of user networking beyond net.h, for its owner and for tests.
 *
 * The network runs in a process of its own, vise-net, which is a child of this one and has given
 * up all rights but that of having sockets. It ends with this process, however that ends. Should
 * it end before, one line says so, and the link loses all frames from then on.
 *
 * net_open() starts the process; it must be the thread that lives as long as the process does,
 * before others run. Where net_config.helper is NULL, vise-net is looked for beside this program
 * and in ../lib/vise. net_start() waits until it is ready and says when it is not: a host-forward
 * whose port is taken, for example. SIGCHLD must not be ignored.
 */

struct net;

/* The process id of vise-net, of a backend of the kind NET_USER; -1 once it has ended. */
pid_t usernet_pid(const struct net *n);

#endif
