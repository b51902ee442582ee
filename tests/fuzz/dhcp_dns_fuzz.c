/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "guest-init/selftest/net/dhcp.h"
#include "guest-init/selftest/net/dns.h"
#include "guest-init/selftest/net/http_response.h"

/*
 * What a network answers to the guest's self test; the first byte says which protocol. What is read
 * out of a message lies within its limits, and a message that is none gives nothing.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
	if (!held)
		abort();
}

static void feed_dhcp(const uint8_t *data, size_t size)
{
	static const uint8_t mac[6] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};
	uint8_t again[DHCP_MESSAGE_MAX];
	struct dhcp_lease lease;
	int type = dhcp_parse(data, size, 0x11223344, mac, &lease);

	require(type == 0 || type == DHCP_OFFER || type == DHCP_ACK || type == DHCP_NAK);
	require(lease.n_dns <= DHCP_DNS_MAX);
	require(type == 0 || type == DHCP_NAK || lease.address);
	/* What was offered can be asked for. */
	if (type == DHCP_OFFER) {
		size_t len = dhcp_build(again, DHCP_REQUEST, 1, mac, &lease);

		require(len >= 300 && len <= sizeof(again));
		/* A request is no reply. */
		require(dhcp_parse(again, len, 1, mac, &lease) == 0);
	}
}

static void feed_dns(const uint8_t *data, size_t size)
{
	struct dns_answer answer;
	struct dns_answer shorter;
	bool reply = dns_parse(data, size, 0x1234, &answer);

	require(reply || (!answer.found && !answer.rcode));
	require(answer.rcode <= 15 && (!answer.found || !answer.rcode));
	/* More behind an answer does not change it. */
	if (reply && size > 12 && dns_parse(data, size - 1, 0x1234, &shorter) && shorter.found)
		require(answer.found && answer.address == shorter.address);
}

/* The bytes as a name to ask for. */
static void feed_name(const uint8_t *data, size_t size)
{
	uint8_t message[DNS_MESSAGE_MAX];
	char *name = malloc(size + 1);
	size_t len;

	memcpy(name, data, size);
	name[size] = '\0';
	len = dns_build(message, 1, name);
	require(len == 0 || (len >= 12 + 3 + 4 && len <= 12 + 255 + 4));
	free(name);
}

static void feed_http(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	size_t head = http_head_length(text, size);
	struct http_head h;

	require(head <= size && (!head || !http_head_length(text, head - 1)));
	if (!http_head_parse(text, head ? head : size, &h))
		return;
	require(h.status >= 0 && h.status <= 999);
	require(strlen(h.etag) < sizeof(h.etag) && strlen(h.digest) < sizeof(h.digest));
	require(h.has_length || !h.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const feeds[])(const uint8_t *, size_t) = {feed_dhcp, feed_dns, feed_name,
								 feed_http};

	if (size)
		feeds[data[0] % 4](data + 1, size - 1);
	return 0;
}
