/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_BENCH_NETLOAD_H
#define VISE_BENCH_NETLOAD_H

/*
 * Network load between a guest (netload.c) and the machine that its VMM runs on (netpeer.c). The
 * guest connects to NETLOAD_PORT and sends one struct netload_order; what happens then is up to its
 * `what`. Numbers are in host order: both ends are of one kind.
 */

#include <stdint.h>

#define NETLOAD_PORT 9900

enum netload_what {
	NETLOAD_TX = 1,	    /* the guest sends until its time is up and shuts down; the peer answers
			     * with the bytes that it got, as a uint64_t */
	NETLOAD_RX = 2,	    /* the peer sends for @seconds and closes */
	NETLOAD_UDP_TX = 3, /* the guest floods datagrams of @size to NETLOAD_PORT; when it shuts
			     * the connection down, the peer answers with the number that it got */
	NETLOAD_UDP_RX = 4, /* the peer floods for @seconds, then closes */
};

struct netload_order {
	uint32_t what;
	uint32_t size; /* bytes of a datagram's payload */
	double seconds;
};

/* Gives eth0 @address/24 and brings it up. 0 or -1 and errno. */
int netload_up(const char *address);

/* Runs one order against @host for @seconds; bytes or datagrams a second that arrived, or -1. */
double netload_run(const char *host, enum netload_what what, uint32_t size, double seconds);

#endif
