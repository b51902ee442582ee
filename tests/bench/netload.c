/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/netload.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PIECE	 (256 * 1024)
#define PATIENCE 100 /* tries to connect, a tenth of a second apart */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int netload_up(const char *address)
{
	struct ifreq r = {.ifr_name = "eth0"};
	struct sockaddr_in *a = (struct sockaddr_in *)&r.ifr_addr;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc = 0;

	a->sin_family = AF_INET;
	inet_pton(AF_INET, address, &a->sin_addr);
	if (ioctl(fd, SIOCSIFADDR, &r) < 0)
		rc = -1;
	inet_pton(AF_INET, "255.255.255.0", &a->sin_addr);
	if (ioctl(fd, SIOCSIFNETMASK, &r) < 0)
		rc = -1;
	memset(&r.ifr_ifru, 0, sizeof(r.ifr_ifru));
	r.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(fd, SIOCSIFFLAGS, &r) < 0)
		rc = -1;
	close(fd);
	return rc;
}

static int connect_to(const char *host, int type)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(NETLOAD_PORT)};

	inet_pton(AF_INET, host, &a.sin_addr);
	for (int i = 0; i < PATIENCE; i++) {
		int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

		if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
			return fd;
		close(fd);
		usleep(100000);
	}
	return -1;
}

/* What the peer counted, once we have said that we are done. */
static double ask_count(int fd)
{
	uint64_t count;

	shutdown(fd, SHUT_WR);
	if (recv(fd, &count, sizeof(count), MSG_WAITALL) != sizeof(count))
		return -1;
	return (double)count;
}

static double send_stream(int fd, double seconds)
{
	static char piece[PIECE];
	double begin = now();
	double count;

	while (now() - begin < seconds)
		if (send(fd, piece, sizeof(piece), MSG_NOSIGNAL) < 0)
			return -1;
	count = ask_count(fd);
	return count < 0 ? -1 : count / (now() - begin);
}

static double receive_stream(int fd)
{
	static char piece[PIECE];
	double begin = 0;
	double count = 0;
	ssize_t n;

	while ((n = recv(fd, piece, sizeof(piece), 0)) > 0) {
		if (begin == 0) /* the time of the first bytes on */
			begin = now();
		count += (double)n;
	}
	return n < 0 || begin == 0 ? -1 : count / (now() - begin);
}

static double send_datagrams(int fd, const char *host, uint32_t size, double seconds)
{
	static char piece[2048];
	int udp = connect_to(host, SOCK_DGRAM);
	double begin = now();
	double took, count;

	while (now() - begin < seconds)
		if (send(udp, piece, size, 0) < 0 && errno != ENOBUFS && errno != ECONNREFUSED)
			break;
	took = now() - begin;
	usleep(300000); /* the last ones are on their way */
	count = ask_count(fd);
	close(udp);
	return count < 0 ? -1 : count / took;
}

static double receive_datagrams(int fd, double seconds)
{
	static char piece[2048];
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(NETLOAD_PORT)};
	struct timeval patience = {.tv_sec = 1};
	int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	double count = 0;
	char end;

	if (bind(udp, (struct sockaddr *)&a, sizeof(a)) < 0)
		return -1;
	setsockopt(udp, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (send(fd, "", 1, MSG_NOSIGNAL) != 1) /* we listen */
		return -1;
	while (recv(udp, piece, sizeof(piece), 0) >= 0)
		count++;
	while (recv(fd, &end, 1, 0) > 0)
		;
	close(udp);
	return count / seconds;
}

double netload_run(const char *host, enum netload_what what, uint32_t size, double seconds)
{
	struct netload_order order = {.what = what, .size = size, .seconds = seconds};
	int fd = connect_to(host, SOCK_STREAM);
	double result = -1;

	if (fd >= 0 && send(fd, &order, sizeof(order), MSG_NOSIGNAL) == sizeof(order)) {
		if (what == NETLOAD_TX)
			result = send_stream(fd, seconds);
		else if (what == NETLOAD_RX)
			result = receive_stream(fd);
		else if (what == NETLOAD_UDP_TX)
			result = send_datagrams(fd, host, size, seconds);
		else
			result = receive_datagrams(fd, seconds);
	}
	close(fd);
	return result;
}
