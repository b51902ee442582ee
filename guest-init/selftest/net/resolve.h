/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_RESOLVE_H
#define VISE_GUEST_INIT_SELFTEST_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

#include "guest-init/selftest/net/dhcp.h"
#include "guest-init/selftest/net/dns.h"

/* One query for @name to @server, two seconds for the reply. */
struct resolve_query {
	long sent;     /* bytes; 0: @name is none, or nothing could be sent */
	long received; /* 0: no reply in time */
	struct dns_answer answer;
};

/* True when a reply to it came. */
bool resolve_ask(uint32_t server, const char *name, struct resolve_query *q);

/* The address of @name: itself when it is one, or from the servers of @lease, tried twice. */
bool resolve_name(const struct dhcp_lease *lease, const char *name, uint32_t *address);

#endif
