/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_CORE_INET_ADDRESS_H
#define VISE_CORE_INET_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

/*
 * A TCP address as users write it. Host names are not looked up: a statically linked program
 * cannot, and one that is controlled from elsewhere should not depend on it. Functions without
 * state; any thread.
 */

struct inet_address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
	socklen_t len; /* for bind() and connect() */
};

/* Takes "[HOST:]PORT": HOST in digits, an IPv6 one in brackets, or localhost, which stands for a
 * missing one too; PORT from 1 to 65535. False when @text is none. */
bool inet_address_parse(struct inet_address *to, const char *text);

/* Whether only this host reaches it. */
bool inet_address_is_loopback(const struct inet_address *address);

#endif
