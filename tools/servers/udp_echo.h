/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TOOLS_SERVERS_UDP_ECHO_H
#define VISE_TOOLS_SERVERS_UDP_ECHO_H

#include <stdint.h>

#include "vmm/core/err.h"
#include "vmm/core/loop.h"

/* The UDP server that self tests talk to, on 127.0.0.1: sends each datagram back as it came. Empty
 * ones and ones of more than UDP_ECHO_MAX bytes are dropped. For the loop's thread. */

#define UDP_ECHO_MAX 2048

struct udp_echo;

/* @port 0: any that is free. NULL and one line in @err that names the port. */
struct udp_echo *udp_echo_create(struct loop *loop, uint16_t port, struct err *err);

/* NULL is allowed. */
void udp_echo_destroy(struct udp_echo *echo);

uint16_t udp_echo_port(const struct udp_echo *echo);

/* How many datagrams were sent back. */
uint64_t udp_echo_count(const struct udp_echo *echo);

#endif
