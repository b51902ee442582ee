/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/inet_address.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool inet_address_parse(struct inet_address *to, const char *text)
{
	const char *colon = strrchr(text, ':');
	const char *port = colon ? colon + 1 : text;
	size_t len = colon ? (size_t)(colon - text) : 0;
	char host[INET6_ADDRSTRLEN + 2] = "localhost";
	char *end;
	unsigned long number = strtoul(port, &end, 10);

	if (*port < '0' || *port > '9' || *end || number < 1 || number > UINT16_MAX ||
	    len >= sizeof(host))
		return false;
	if (len)
		snprintf(host, sizeof(host), "%.*s", (int)len, text);
	len = strlen(host);
	memset(to, 0, sizeof(*to));
	if (host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		to->v6.sin6_family = AF_INET6;
		to->v6.sin6_port = htons((uint16_t)number);
		to->len = sizeof(to->v6);
		return inet_pton(AF_INET6, host + 1, &to->v6.sin6_addr) == 1;
	}
	to->v4.sin_family = AF_INET;
	to->v4.sin_port = htons((uint16_t)number);
	to->len = sizeof(to->v4);
	return inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host,
			 &to->v4.sin_addr) == 1;
}

bool inet_address_is_loopback(const struct inet_address *address)
{
	if (address->any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
	return ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
}
