/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_USERNET_H
#define VISE_HOST_USERNET_H

#include <stdint.h>

/*
 * The network that a guest sees with user networking: 10.0.2.0/24, as other monitors have it, so
 * that images which know it by heart find it. Addresses in host byte order.
 */

#define USERNET_NETWORK	   0x0a000200U
#define USERNET_MASK	   0xffffff00U
#define USERNET_HOST	   0x0a000202U /* gateway; connections to it go to the host's loopback */
#define USERNET_NAMESERVER 0x0a000203U
#define USERNET_GUEST	   0x0a00020fU /* the first address that DHCP gives */

/* The Ethernet address that the network answers from is 52:55 and the IPv4 address. */
#define USERNET_MAC_0 0x52U
#define USERNET_MAC_1 0x55U

/* The descriptor at which the helper process finds its channel. */
#define USERNET_CHANNEL_FD 3

/* Options of the helper process. */
#define USERNET_ARG_HOSTFWD    "--hostfwd"
#define USERNET_ARG_RESTRICTED "--restricted"

/* The first record on the channel comes from the helper: one of these, then a line of text: how it
 * is sandboxed, or why it cannot serve. */
#define USERNET_READY	 '+'
#define USERNET_FAILED	 '-'
#define USERNET_LINE_MAX 600U

/* Big-endian integers of network headers, at any alignment. */
static inline uint16_t ld_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t ld_be32(const uint8_t *p)
{
	return (uint32_t)ld_be16(p) << 16 | ld_be16(p + 2);
}

static inline void st_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void st_be32(uint8_t *p, uint32_t v)
{
	st_be16(p, (uint16_t)(v >> 16));
	st_be16(p + 2, (uint16_t)v);
}

#endif
