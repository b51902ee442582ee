/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/net/resolve.h"

#include <arpa/inet.h>
#include <unistd.h>

#include "guest-init/selftest/clock.h"
#include "guest-init/selftest/net/socket.h"

#define PORT	    53
#define PATIENCE_MS 2000
#define TRIES	    2

bool resolve_ask(uint32_t server, const char *name, struct resolve_query *q)
{
	uint16_t id = (uint16_t)(clock_ns() >> 10);
	uint64_t end = clock_after_ms(PATIENCE_MS);
	uint8_t message[DNS_MESSAGE_MAX];
	size_t len = dns_build(message, id, name);
	bool replied = false;
	int fd;

	*q = (struct resolve_query){.sent = 0};
	fd = len ? socket_udp(server, PORT) : -1;
	if (fd < 0)
		return false;
	if (!socket_send(fd, message, len, PATIENCE_MS))
		q->sent = (long)len;
	while (q->sent && !replied && clock_ns() < end) {
		long n = socket_receive(fd, message, sizeof(message), (unsigned)clock_left_ms(end));

		/* A refusal by ICMP ends it; there will be no reply. */
		if (n < 0)
			break;
		replied = dns_parse(message, (size_t)n, id, &q->answer);
		if (replied)
			q->received = n;
	}
	close(fd);
	return replied;
}

bool resolve_name(const struct dhcp_lease *lease, const char *name, uint32_t *address)
{
	struct in_addr literal;

	if (inet_pton(AF_INET, name, &literal) == 1) {
		*address = ntohl(literal.s_addr);
		return true;
	}
	for (size_t i = 0; i < TRIES * lease->n_dns; i++) {
		struct resolve_query q;

		if (!resolve_ask(lease->dns[i % lease->n_dns], name, &q))
			continue;
		if (q.answer.found) {
			*address = q.answer.address;
			return true;
		}
	}
	return false;
}
