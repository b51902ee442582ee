/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/usernet/dns.h"

#include "vmm/host/usernet/usernet.h"

#include <string.h>

#define OWN_TTL 60U /* seconds */

static const struct own_name {
	const char *name; /* as on the wire, in lower case; the last NUL is the root */
	size_t len;
	uint32_t address;
} own_names[] = {
	{"\004host\003lan", sizeof("\004host\003lan"), USERNET_HOST},
	{"\007gateway\003lan", sizeof("\007gateway\003lan"), USERNET_HOST},
	{"\003dns\003lan", sizeof("\003dns\003lan"), USERNET_NAMESERVER},
};

/* The length of the name at the begin of @msg, 0 when it is none. Nothing comes before the name of
 * a first question, so a pointer has nowhere to point. */
static size_t name_length(const uint8_t *msg, size_t len)
{
	size_t at = 0;

	while (at < len && at < DNS_NAME_MAX) {
		if (!msg[at])
			return at + 1;
		if (msg[at] > DNS_LABEL_MAX)
			return 0;
		at += 1U + msg[at];
	}
	return 0;
}

/* Reads the question behind the header. */
static bool parse_question(const uint8_t *at, size_t len, struct dns_query *query)
{
	size_t name = name_length(at, len);

	if (!name || len - name < DNS_QFIXED)
		return false;
	query->question_len = name + DNS_QFIXED;
	query->type = ld_be16(at + name + DNS_QTYPE);
	query->class = ld_be16(at + name + DNS_QCLASS);
	memcpy(query->question, at, query->question_len);
	return true;
}

enum dns_verdict dns_parse_query(const uint8_t *msg, size_t len, struct dns_query *query,
				 unsigned int *rcode)
{
	query->question_len = 0;
	if (len < DNS_HEADER)
		return DNS_VERDICT_DROP;
	query->id = ld_be16(msg + DNS_ID);
	query->flags = ld_be16(msg + DNS_FLAGS);
	if (query->flags & DNS_QR)
		return DNS_VERDICT_DROP;
	*rcode = DNS_RCODE_NOTIMP;
	if (query->flags & DNS_OPCODE)
		return DNS_VERDICT_ERROR;
	*rcode = DNS_RCODE_FORMERR;
	if (ld_be16(msg + DNS_QDCOUNT) != 1 || ld_be16(msg + DNS_ANCOUNT) ||
	    ld_be16(msg + DNS_NSCOUNT) ||
	    !parse_question(msg + DNS_HEADER, len - DNS_HEADER, query))
		return DNS_VERDICT_ERROR;
	return DNS_VERDICT_QUERY;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

/* Names are compared as RFC 4343 has it. A label's length is at most 63, below the letters. */
static bool same_name(const uint8_t *a, const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

bool dns_own_name(const struct dns_query *query, uint32_t *address)
{
	size_t name = query->question_len - DNS_QFIXED;

	for (size_t i = 0; i < sizeof(own_names) / sizeof(own_names[0]); i++) {
		const struct own_name *own = &own_names[i];

		if (own->len == name &&
		    same_name(query->question, (const uint8_t *)own->name, name)) {
			*address = own->address;
			return true;
		}
	}
	return false;
}

size_t dns_make_reply(uint8_t *msg, const struct dns_query *query, unsigned int rcode,
		      unsigned int flags)
{
	memset(msg, 0, DNS_HEADER);
	st_be16(msg + DNS_ID, query->id);
	st_be16(msg + DNS_FLAGS, (uint16_t)(DNS_QR | (query->flags & (DNS_OPCODE | DNS_RD)) |
					    DNS_RA | flags | rcode));
	st_be16(msg + DNS_QDCOUNT, query->question_len ? 1 : 0);
	memcpy(msg + DNS_HEADER, query->question, query->question_len);
	return DNS_HEADER + query->question_len;
}

size_t dns_make_answer(uint8_t *msg, const struct dns_query *query, uint32_t address)
{
	size_t len = dns_make_reply(msg, query, DNS_RCODE_OK, DNS_AA);
	uint8_t *at = msg + len;

	if ((query->type != DNS_TYPE_A && query->type != DNS_TYPE_ANY) ||
	    (query->class != DNS_CLASS_IN && query->class != DNS_CLASS_ANY))
		return len;
	st_be16(msg + DNS_ANCOUNT, 1);
	st_be16(at, DNS_POINTER | DNS_HEADER); /* the name in the question */
	st_be16(at + 2, DNS_TYPE_A);
	st_be16(at + 4, DNS_CLASS_IN);
	st_be32(at + 6, OWN_TTL);
	st_be16(at + 10, sizeof(address));
	st_be32(at + 12, address);
	return len + 16;
}

bool dns_is_answer(const uint8_t *msg, size_t len, const struct dns_query *query, uint16_t id)
{
	size_t name = query->question_len - DNS_QFIXED;
	const uint8_t *question = msg + DNS_HEADER;

	if (len < DNS_HEADER + query->question_len || ld_be16(msg + DNS_ID) != id ||
	    !(ld_be16(msg + DNS_FLAGS) & DNS_QR) || ld_be16(msg + DNS_QDCOUNT) != 1)
		return false;
	return same_name(question, query->question, name) &&
	       memcmp(question + name, query->question + name, DNS_QFIXED) == 0;
}

bool dns_is_bare_error(const uint8_t *msg, size_t len, uint16_t id)
{
	return len >= DNS_HEADER && ld_be16(msg + DNS_ID) == id &&
	       (ld_be16(msg + DNS_FLAGS) & DNS_QR) && (ld_be16(msg + DNS_FLAGS) & DNS_RCODE) &&
	       !ld_be16(msg + DNS_QDCOUNT);
}
