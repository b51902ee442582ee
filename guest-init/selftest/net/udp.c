/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/net/udp.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest-init/selftest/net/socket.h"

#define PATIENCE_MS 2000

static bool fail(struct udp_result *r, const char *reason, long error)
{
	r->reason = reason;
	r->error = error < 0 ? (int)-error : 0;
	return false;
}

static bool echo(int fd, size_t len, unsigned *bytes, struct udp_result *r)
{
	uint8_t out[UDP_MTU_BYTES];
	uint8_t in[UDP_MTU_BYTES + 1];
	ssize_t sent;
	long n;

	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)i;
	sent = send(fd, out, len, MSG_NOSIGNAL);
	if (sent < 0)
		return fail(r, "send_failed", -errno);
	if ((size_t)sent != len)
		return fail(r, "short_send", 0);
	n = socket_receive(fd, in, sizeof(in), PATIENCE_MS);
	if (n < 0)
		return fail(r, n == -ETIMEDOUT ? "timeout" : "recv_failed", n);
	if ((size_t)n != len)
		return fail(r, "unexpected_len", 0);
	if (memcmp(in, out, len) != 0)
		return fail(r, "mismatch", 0);
	*bytes = (unsigned)n;
	return true;
}

bool udp_echo(uint32_t address, uint16_t port, struct udp_result *r)
{
	int fd = socket_udp(address, port);
	bool ok;

	*r = (struct udp_result){.reason = NULL};
	if (fd < 0)
		return fail(r, "connect_failed", fd);
	ok = echo(fd, UDP_SMALL_BYTES, &r->small_bytes, r) &&
	     echo(fd, UDP_MTU_BYTES, &r->mtu_bytes, r);
	close(fd);
	return ok;
}
