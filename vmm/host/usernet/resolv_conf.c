/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/usernet/resolver.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define WORD	    "nameserver"
#define ADDRESS_MAX (INET6_ADDRSTRLEN + 1 + IF_NAMESIZE)

/* An address of either family; one of IPv6 may name its interface behind a percent sign. */
static bool parse_address(char *text, struct sockaddr_storage *server, socklen_t *len)
{
	struct sockaddr_in *in = (struct sockaddr_in *)server;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)server;
	char *scope;

	memset(server, 0, sizeof(*server));
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(DNS_PORT);
		*len = sizeof(*in);
		return true;
	}
	scope = strchr(text, '%');
	if (scope)
		*scope++ = '\0';
	if (inet_pton(AF_INET6, text, &in6->sin6_addr) != 1)
		return false;
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(DNS_PORT);
	in6->sin6_scope_id = scope ? if_nametoindex(scope) : 0;
	*len = sizeof(*in6);
	return true;
}

bool resolver_find_server(const char *text, struct sockaddr_storage *server, socklen_t *len)
{
	while (*text) {
		size_t line = strcspn(text, "\n");
		const char *at = text + strlen(WORD);
		char address[ADDRESS_MAX + 1];
		size_t n = 0;

		if (line > strlen(WORD) && strncmp(text, WORD, strlen(WORD)) == 0 &&
		    (*at == ' ' || *at == '\t')) {
			at += strspn(at, " \t");
			n = strcspn(at, " \t\r\n#;");
		}
		if (n && n < sizeof(address)) {
			memcpy(address, at, n);
			address[n] = '\0';
			if (parse_address(address, server, len))
				return true;
		}
		text += line + (text[line] == '\n');
	}
	return false;
}
