/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_UDP_H
#define VISE_GUEST_INIT_SELFTEST_UDP_H

#include <stdbool.h>
#include <stdint.h>

#define UDP_SMALL_BYTES 32
#define UDP_MTU_BYTES	1400

struct udp_result {
	const char *reason; /* NULL: both came back unchanged */
	int error;	    /* errno, or 0 */
	unsigned small_bytes;
	unsigned mtu_bytes;
};

/* Sends a small and a large datagram (byte i = i mod 256) to the echo server and compares what
 * comes back within two seconds each. */
bool udp_echo(uint32_t address, uint16_t port, struct udp_result *r);

#endif
