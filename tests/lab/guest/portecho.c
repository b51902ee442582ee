/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gives back what comes out of a console port, byte by byte, until BYTES have come:
 *
 *   portecho PORT BYTES
 *
 * It reads no more before all that it has read is written: a host that does not read stops one
 * that writes.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define PIECE (32U << 10) /* what the kernel passes on as one */

static void die(const char *what)
{
	fprintf(stderr, "portecho: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int open_port(const char *path)
{
	struct termios raw;
	int fd = open(path, O_RDWR | O_NOCTTY);

	if (fd < 0)
		die(path);
	if (tcgetattr(fd, &raw) == 0) {
		cfmakeraw(&raw);
		if (tcsetattr(fd, TCSANOW, &raw) < 0)
			die("tcsetattr");
	}
	return fd;
}

static size_t take(int fd, char *piece, size_t len)
{
	struct pollfd in = {.fd = fd, .events = POLLIN};
	ssize_t n;

	/* A port at whose other end nobody is yet reads as ended. */
	while ((n = read(fd, piece, len)) == 0)
		poll(&in, 1, 10);
	if (n < 0)
		die("read");
	return (size_t)n;
}

static void give(int fd, const char *piece, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, piece, len);

		if (n < 0)
			die("write");
		piece += n;
		len -= (size_t)n;
	}
}

int main(int argc, char **argv)
{
	static char piece[PIECE];
	unsigned long long left;
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: portecho PORT BYTES\n");
		return 2;
	}
	left = strtoull(argv[2], NULL, 10);
	fd = open_port(argv[1]);
	while (left > 0) {
		size_t n = take(fd, piece, left < PIECE ? (size_t)left : PIECE);

		give(fd, piece, n);
		left -= n;
	}
	if (isatty(fd) && tcdrain(fd) < 0)
		die("tcdrain");
	return 0;
}
