/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_USERNET_DNS_H
#define VISE_HOST_USERNET_DNS_H

#include "vmm/host/usernet/dns_regs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * DNS messages (RFC 1035): the questions of the guest and the answers of a name server, neither of
 * which is trusted. Any thread.
 */

/* Room for every message that is made here. */
#define DNS_REPLY_MAX (DNS_HEADER + DNS_QUESTION_MAX + 16U)

struct dns_query {
	uint16_t id, flags;
	uint16_t type, class;
	uint8_t question[DNS_QUESTION_MAX]; /* as it came: name, type, class */
	size_t question_len;		    /* 0: none could be read */
};

/* What to do with a message of the guest. */
enum dns_verdict {
	DNS_VERDICT_DROP,  /* no query at all: answering could make two servers talk for ever */
	DNS_VERDICT_ERROR, /* answer with *rcode */
	DNS_VERDICT_QUERY,
};

/* Reads a query of one question. @query is filled as far as it could be read. */
enum dns_verdict dns_parse_query(const uint8_t *msg, size_t len, struct dns_query *query,
				 unsigned int *rcode);

/* The names that are answered here: is @query about one, and at which address (host byte order) is
 * it? Letters of either case are the same. */
bool dns_own_name(const struct dns_query *query, uint32_t *address);

/* Writes an answer to @query, DNS_REPLY_MAX bytes at most, and returns its length: the error
 * @rcode, or DNS_RCODE_OK without a record; @flags are added to the header's. */
size_t dns_make_reply(uint8_t *msg, const struct dns_query *query, unsigned int rcode,
		      unsigned int flags);

/* The same with @address, if it was asked for, and no record otherwise. */
size_t dns_make_answer(uint8_t *msg, const struct dns_query *query, uint32_t address);

/* Is @msg what a name server says to @query, sent with the number @id? */
bool dns_is_answer(const uint8_t *msg, size_t len, const struct dns_query *query, uint16_t id);

/* Is @msg an error without a question, as a server sends that understood nothing, to @id? */
bool dns_is_bare_error(const uint8_t *msg, size_t len, uint16_t id);

#endif
