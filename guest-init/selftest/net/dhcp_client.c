/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/net/dhcp_client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest-init/selftest/clock.h"
#include "guest-init/selftest/net/socket.h"

#define SERVER_PORT  67
#define CLIENT_PORT  68
#define TRY_FIRST_MS 500
#define TRY_MAX_MS   4000

/* Linux sends to the broadcast address from an interface without an address of its own, and takes
 * broadcasts there; so no packet socket is needed. */
static int open_socket(const struct iface *i)
{
	struct sockaddr_in any = socket_address(0, CLIENT_PORT);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;
	int ret;

	if (fd < 0)
		return -errno;
	if (!setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)) &&
	    !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) &&
	    !setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, i->name,
			(socklen_t)strnlen(i->name, sizeof(i->name))) &&
	    !bind(fd, (struct sockaddr *)&any, sizeof(any)))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

/* Sends once and waits for an answer: its type, 0 when none came in time. */
static int exchange(int fd, const struct iface *i, uint32_t xid, const struct dhcp_lease *want,
		    uint64_t end, struct dhcp_lease *lease)
{
	struct sockaddr_in all = socket_address(0xffffffff, SERVER_PORT);
	uint8_t message[1500];
	size_t len = dhcp_build(message, want ? DHCP_REQUEST : DHCP_DISCOVER, xid, i->mac, want);

	/* What cannot be sent now may go out with the next try. */
	sendto(fd, message, len, 0, (struct sockaddr *)&all, sizeof(all));
	while (clock_ns() < end) {
		long n = socket_receive(fd, message, sizeof(message), (unsigned)clock_left_ms(end));
		int type = n < 0 ? 0 : dhcp_parse(message, (size_t)n, xid, i->mac, lease);

		if (want ? type == DHCP_ACK || type == DHCP_NAK : type == DHCP_OFFER)
			return type;
	}
	return 0;
}

int dhcp_client_run(const struct iface *i, uint64_t deadline, struct dhcp_lease *lease)
{
	uint32_t xid = (uint32_t)clock_ns() ^ (uint32_t)i->mac[5] << 24;
	uint64_t wait = TRY_FIRST_MS;
	int fd = open_socket(i);
	int got = 0;

	if (fd < 0)
		return fd;
	while (got != DHCP_ACK && clock_ns() < deadline) {
		struct dhcp_lease offer;
		uint64_t end = clock_after_ms(wait);

		if (exchange(fd, i, ++xid, NULL, end, &offer) == DHCP_OFFER)
			got = exchange(fd, i, xid, &offer, clock_after_ms(wait), lease);
		wait = wait * 2 < TRY_MAX_MS ? wait * 2 : TRY_MAX_MS;
	}
	close(fd);
	return got == DHCP_ACK ? 0 : -ETIMEDOUT;
}
