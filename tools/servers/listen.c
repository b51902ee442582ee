/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/servers/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

int listen_local(int type, uint16_t *port, const char *what, struct err *err)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons(*port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;
	int ret;

	if (fd < 0)
		return err_set_errno(err, errno, "%s: no socket", what);
	/* Connections of a server that has just ended do not keep the next one from starting. */
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!bind(fd, (struct sockaddr *)&at, sizeof(at)) &&
	    (type != SOCK_STREAM || !listen(fd, 64)) &&
	    !getsockname(fd, (struct sockaddr *)&at, &size)) {
		*port = ntohs(at.sin_port);
		return fd;
	}
	ret = err_set_errno(err, errno, "%s: cannot bind 127.0.0.1:%u (port in use?)", what, *port);
	close(fd);
	return ret;
}
