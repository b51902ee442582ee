/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other end of netload.c, on the machine that the VMM runs on: netpeer ADDRESS
 * Serves one order at a time, until it is killed.
 */
#include "tests/bench/netload.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PIECE (256 * 1024)

static char piece[PIECE];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
{
	fprintf(stderr, "netpeer: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static int open_socket(const char *address, int type)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(NETLOAD_PORT)};
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	int one = 1;
	int room = 8 << 20;

	inet_pton(AF_INET, address, &a.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (type == SOCK_DGRAM)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		die("bind");
	return fd;
}

static void answer(int fd, uint64_t count)
{
	if (send(fd, &count, sizeof(count), MSG_NOSIGNAL) < 0)
		fprintf(stderr, "netpeer: the guest has gone\n");
}

static void take_stream(int fd)
{
	uint64_t count = 0;
	ssize_t n;

	while ((n = recv(fd, piece, sizeof(piece), 0)) > 0)
		count += (uint64_t)n;
	answer(fd, count);
}

static void give_stream(int fd, double seconds)
{
	double begin = now();

	while (now() - begin < seconds)
		if (send(fd, piece, sizeof(piece), MSG_NOSIGNAL) < 0)
			return;
}

/* Counts datagrams until the guest shuts the connection down, then what has come by then. */
static void take_datagrams(int fd, int udp)
{
	struct pollfd p[2] = {{.fd = udp, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
	uint64_t count = 0;

	while (poll(p, 2, -1) > 0) {
		while (recv(udp, piece, sizeof(piece), MSG_DONTWAIT) >= 0)
			count++;
		if (p[1].revents)
			break;
	}
	answer(fd, count);
}

static void give_datagrams(int fd, int udp, const struct sockaddr_in *guest, uint32_t size,
			   double seconds)
{
	struct sockaddr_in to = *guest;
	double begin;
	char ready;

	to.sin_port = htons(NETLOAD_PORT);
	if (recv(fd, &ready, 1, MSG_WAITALL) != 1)
		return;
	for (begin = now(); now() - begin < seconds;)
		if (sendto(udp, piece, size, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
			usleep(100);
}

int main(int argc, char **argv)
{
	int listener, udp;

	if (argc != 2) {
		fprintf(stderr, "usage: netpeer ADDRESS\n");
		return 2;
	}
	listener = open_socket(argv[1], SOCK_STREAM);
	udp = open_socket(argv[1], SOCK_DGRAM);
	if (listen(listener, 8) < 0)
		die("listen");
	for (;;) {
		struct netload_order order;
		struct sockaddr_in guest;
		socklen_t len = sizeof(guest);
		int fd = accept(listener, (struct sockaddr *)&guest, &len);

		if (fd < 0)
			die("accept");
		if (recv(fd, &order, sizeof(order), MSG_WAITALL) == sizeof(order) &&
		    order.size <= 2048) {
			if (order.what == NETLOAD_TX)
				take_stream(fd);
			else if (order.what == NETLOAD_RX)
				give_stream(fd, order.seconds);
			else if (order.what == NETLOAD_UDP_TX)
				take_datagrams(fd, udp);
			else if (order.what == NETLOAD_UDP_RX)
				give_datagrams(fd, udp, &guest, order.size, order.seconds);
		}
		close(fd);
	}
}
