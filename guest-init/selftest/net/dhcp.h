/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_DHCP_H
#define VISE_GUEST_INIT_SELFTEST_DHCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Messages of DHCP (RFC 2131, options of RFC 2132). No side effects. Addresses are numbers: the
 * first byte of 10.0.2.15 is the highest. */

#define DHCP_MESSAGE_MAX 576 /* what every server and client takes */
#define DHCP_DNS_MAX	 3

/* Option 53, RFC 2132 9.6. */
enum dhcp_type { DHCP_DISCOVER = 1, DHCP_OFFER, DHCP_REQUEST, DHCP_DECLINE, DHCP_ACK, DHCP_NAK };

struct dhcp_lease {
	uint32_t address;
	uint32_t mask;	 /* 0: not told */
	uint32_t router; /* 0: none */
	uint32_t server; /* its identifier, 0: not told */
	uint32_t dns[DHCP_DNS_MAX];
	size_t n_dns;
	uint32_t seconds; /* of the lease, 0: not told */
};

/*
 * Writes a DISCOVER, or a REQUEST for @want (NULL for DISCOVER), into @message (DHCP_MESSAGE_MAX
 * bytes) and returns its length. The answer is asked for by broadcast.
 */
size_t dhcp_build(uint8_t *message, enum dhcp_type type, uint32_t xid, const uint8_t mac[6],
		  const struct dhcp_lease *want);

/* Reads an answer to @xid and @mac. Returns its type (OFFER, ACK, NAK) with @lease filled, or 0 for
 * anything else, damaged ones included. */
int dhcp_parse(const uint8_t *message, size_t len, uint32_t xid, const uint8_t mac[6],
	       struct dhcp_lease *lease);

#endif
