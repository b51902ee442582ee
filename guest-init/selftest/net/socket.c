/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/net/socket.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest-init/selftest/clock.h"

struct sockaddr_in socket_address(uint32_t address, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
}

static int connect_to(int type, uint32_t address, uint16_t port)
{
	struct sockaddr_in to = socket_address(address, port);
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int ret;

	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) && errno != EINPROGRESS) {
		ret = -errno;
		close(fd);
		return ret;
	}
	return fd;
}

int socket_udp(uint32_t address, uint16_t port)
{
	return connect_to(SOCK_DGRAM, address, port);
}

int socket_tcp(uint32_t address, uint16_t port, unsigned ms)
{
	int fd = connect_to(SOCK_STREAM, address, port);
	socklen_t size = sizeof(int);
	int error = 0;

	if (fd < 0)
		return fd;
	error = -socket_wait(fd, POLLOUT, ms);
	if (!error && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size))
		error = errno;
	if (!error)
		return fd;
	close(fd);
	return -error;
}

int socket_wait(int fd, short events, unsigned ms)
{
	uint64_t end = clock_after_ms(ms);

	for (;;) {
		struct pollfd p = {.fd = fd, .events = events};
		int ret = poll(&p, 1, clock_left_ms(end));

		if (ret > 0)
			return 0;
		if (ret < 0 && errno != EINTR)
			return -errno;
		if (clock_ns() >= end)
			return -ETIMEDOUT;
	}
}

int socket_send(int fd, const void *data, size_t len, unsigned ms)
{
	const char *p = data;

	while (len) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
		int ret;

		if (n >= 0) {
			p += n;
			len -= (size_t)n;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		ret = socket_wait(fd, POLLOUT, ms);
		if (ret)
			return ret;
	}
	return 0;
}

long socket_receive(int fd, void *data, size_t size, unsigned ms)
{
	for (;;) {
		ssize_t n = recv(fd, data, size, 0);
		int ret;

		if (n >= 0)
			return n;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		ret = socket_wait(fd, POLLIN, ms);
		if (ret)
			return ret;
	}
}
