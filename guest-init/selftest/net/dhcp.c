/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/net/dhcp.h"

#include <string.h>

/* RFC 2131, section 2, figure 1; the cookie and the options follow. */
#define OP     0
#define HTYPE  1
#define HLEN   2
#define XID    4
#define FLAGS  10
#define YIADDR 16
#define CHADDR 28
#define COOKIE 236
#define HEAD   240

#define BOOTREQUEST    1
#define BOOTREPLY      2
#define ETHERNET       1
#define FLAG_BROADCAST 0x80

/* RFC 2132. */
#define OPT_PAD	      0
#define OPT_MASK      1
#define OPT_ROUTER    3
#define OPT_DNS	      6
#define OPT_REQUESTED 50
#define OPT_SECONDS   51
#define OPT_TYPE      53
#define OPT_SERVER    54
#define OPT_LIST      55
#define OPT_END	      255

static const uint8_t cookie[4] = {99, 130, 83, 99};

static void store32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static uint32_t load32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint8_t *put_address(uint8_t *p, uint8_t option, uint32_t address)
{
	p[0] = option;
	p[1] = 4;
	store32(p + 2, address);
	return p + 6;
}

size_t dhcp_build(uint8_t *message, enum dhcp_type type, uint32_t xid, const uint8_t mac[6],
		  const struct dhcp_lease *want)
{
	static const uint8_t list[] = {OPT_LIST, 4, OPT_MASK, OPT_ROUTER, OPT_DNS, OPT_SECONDS};
	uint8_t *p = message + HEAD;

	memset(message, 0, DHCP_MESSAGE_MAX);
	message[OP] = BOOTREQUEST;
	message[HTYPE] = ETHERNET;
	message[HLEN] = 6;
	store32(message + XID, xid);
	message[FLAGS] = FLAG_BROADCAST;
	memcpy(message + CHADDR, mac, 6);
	memcpy(message + COOKIE, cookie, sizeof(cookie));
	*p++ = OPT_TYPE;
	*p++ = 1;
	*p++ = (uint8_t)type;
	if (want) {
		p = put_address(p, OPT_REQUESTED, want->address);
		if (want->server)
			p = put_address(p, OPT_SERVER, want->server);
	}
	memcpy(p, list, sizeof(list));
	p += sizeof(list);
	*p++ = OPT_END;
	/* Relays and servers of old want at least 300 bytes, as BOOTP has them (RFC 1542, 2.1). */
	return p - message < 300 ? 300 : (size_t)(p - message);
}

static void take_option(struct dhcp_lease *lease, int *type, uint8_t option, const uint8_t *value,
			size_t len)
{
	uint32_t *const single = option == OPT_MASK	 ? &lease->mask
				 : option == OPT_ROUTER	 ? &lease->router
				 : option == OPT_SERVER	 ? &lease->server
				 : option == OPT_SECONDS ? &lease->seconds
							 : NULL;

	if (option == OPT_TYPE && len == 1)
		*type = value[0];
	else if (single && len >= 4)
		*single = load32(value);
	else if (option == OPT_DNS)
		for (size_t i = 0; len - i >= 4 && lease->n_dns < DHCP_DNS_MAX; i += 4)
			lease->dns[lease->n_dns++] = load32(value + i);
}

/* False when an option reaches beyond the end. */
static bool take_options(struct dhcp_lease *lease, int *type, const uint8_t *p, size_t left)
{
	while (left && *p != OPT_END) {
		size_t len;

		if (*p == OPT_PAD) {
			p++;
			left--;
			continue;
		}
		if (left < 2 || p[1] > left - 2)
			return false;
		len = p[1];
		take_option(lease, type, p[0], p + 2, len);
		p += len + 2;
		left -= len + 2;
	}
	return true;
}

int dhcp_parse(const uint8_t *message, size_t len, uint32_t xid, const uint8_t mac[6],
	       struct dhcp_lease *lease)
{
	int type = 0;

	*lease = (struct dhcp_lease){.address = 0};
	if (len < HEAD || message[OP] != BOOTREPLY || load32(message + XID) != xid ||
	    memcmp(message + CHADDR, mac, 6) != 0 ||
	    memcmp(message + COOKIE, cookie, sizeof(cookie)) != 0)
		return 0;
	lease->address = load32(message + YIADDR);
	if (!take_options(lease, &type, message + HEAD, len - HEAD))
		return 0;
	if (type == DHCP_NAK)
		return type;
	return (type == DHCP_OFFER || type == DHCP_ACK) && lease->address ? type : 0;
}
