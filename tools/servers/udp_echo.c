/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/servers/udp_echo.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/servers/listen.h"

#define BATCH 64 /* datagrams, before others of the loop have their turn */

struct udp_echo {
	struct loop_fd *source;
	int fd;
	uint16_t port;
	uint64_t count;
};

static void on_datagram(void *arg, unsigned events)
{
	struct udp_echo *echo = arg;

	(void)events;
	for (int i = 0; i < BATCH; i++) {
		uint8_t data[UDP_ECHO_MAX + 1]; /* one more tells which are too long */
		struct sockaddr_in from;
		socklen_t size = sizeof(from);
		ssize_t n =
			recvfrom(echo->fd, data, sizeof(data), 0, (struct sockaddr *)&from, &size);

		if (n < 0)
			break;
		if (n == 0 || n > UDP_ECHO_MAX)
			continue;
		/* One that cannot be sent is lost, as datagrams may be. */
		if (sendto(echo->fd, data, (size_t)n, MSG_NOSIGNAL, (struct sockaddr *)&from,
			   size) == n)
			echo->count++;
	}
}

struct udp_echo *udp_echo_create(struct loop *loop, uint16_t port, struct err *err)
{
	struct udp_echo *echo = calloc(1, sizeof(*echo));

	if (!echo) {
		err_set(err, -ENOMEM, "UDP echo server: no memory");
		return NULL;
	}
	echo->port = port;
	echo->fd = listen_local(SOCK_DGRAM, &echo->port, "UDP echo server", err);
	if (echo->fd >= 0)
		echo->source = loop_add_fd(loop, echo->fd, LOOP_READ, on_datagram, echo, err);
	if (echo->source)
		return echo;
	udp_echo_destroy(echo);
	return NULL;
}

void udp_echo_destroy(struct udp_echo *echo)
{
	if (!echo)
		return;
	loop_del_fd(echo->source);
	if (echo->fd >= 0)
		close(echo->fd);
	free(echo);
}

uint16_t udp_echo_port(const struct udp_echo *echo)
{
	return echo->port;
}

uint64_t udp_echo_count(const struct udp_echo *echo)
{
	return echo->count;
}
