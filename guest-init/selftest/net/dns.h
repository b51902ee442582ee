/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_DNS_H
#define VISE_GUEST_INIT_SELFTEST_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Messages of the domain name system (RFC 1035, section 4). No side effects. */

#define DNS_MESSAGE_MAX 512 /* over UDP, RFC 1035 section 4.2.1 */

/* Writes a recursive query for the IPv4 address (type A) of @name into @message (DNS_MESSAGE_MAX
 * bytes). Returns its length, or 0 when @name is none. */
size_t dns_build(uint8_t *message, uint16_t id, const char *name);

struct dns_answer {
	unsigned rcode;
	bool found;	  /* @address is set: the first A record of the answers */
	uint32_t address; /* the first byte of 10.0.2.2 is the highest */
};

/* Reads a reply to query @id; false when it is none. A reply that breaks off has no address. */
bool dns_parse(const uint8_t *message, size_t len, uint16_t id, struct dns_answer *answer);

#endif
