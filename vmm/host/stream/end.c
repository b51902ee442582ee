/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/stream/end.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

void stream_end_init(struct stream_end *end)
{
	*end = (struct stream_end){.fd = -1};
}

void stream_end_take(struct stream_end *end, int fd)
{
	struct stat st;

	stream_end_init(end);
	end->fd = fd;
	end->owned = true;
	end->socket = fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* A second open file description of the same pipe or terminal, with flags of its own. */
static int reopen(int fd, int access)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void stream_end_inherit(struct stream_end *end, int fd, int access)
{
	const dev_t ptmx = makedev(5, 2); /* opening it again would make another terminal */
	int flags = fcntl(fd, F_GETFD);
	struct stat st;
	int again;

	stream_end_init(end);
	/* What comes from the parent cannot be close-on-exec: such a descriptor is one of our own
	 * that took the number of a closed stdin or stdout. */
	if (flags < 0 || (flags & FD_CLOEXEC) || fstat(fd, &st) < 0)
		return;
	end->fd = fd;
	end->socket = S_ISSOCK(st.st_mode);
	if (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))
		return; /* reopening a regular file would lose its position */
	again = S_ISCHR(st.st_mode) && st.st_rdev == ptmx ? -1 : reopen(fd, access);
	if (again >= 0) {
		end->fd = again;
		end->owned = true;
		return;
	}
	/* A pipe that is writable has room for PIPE_BUF bytes, a terminal for at least one. */
	end->ask_first = true;
	end->piece = S_ISFIFO(st.st_mode) ? PIPE_BUF : 1;
}

int stream_end_watch(struct stream_end *end, struct loop *loop, unsigned int event, loop_fd_fn fn,
		     void *arg, struct err *err)
{
	struct err why = ERR_INIT;

	if (end->fd < 0)
		return 0;
	end->watch = loop_add_fd(loop, end->fd, event | LOOP_EDGE, fn, arg, &why);
	if (end->watch || why.code == -EPERM)
		return 0;
	return err_set(err, why.code, "%s", why.text);
}

static bool ready(const struct stream_end *end, short event, int timeout_ms)
{
	struct pollfd p = {.fd = end->fd, .events = event};

	return poll(&p, 1, timeout_ms) > 0;
}

ssize_t stream_end_read(const struct stream_end *end, void *buf, size_t len)
{
	ssize_t n;

	if (end->ask_first && !ready(end, POLLIN, 0))
		return -EAGAIN;
	do {
		n = end->socket ? recv(end->fd, buf, len, MSG_DONTWAIT) : read(end->fd, buf, len);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

ssize_t stream_end_write(const struct stream_end *end, const void *data, size_t len)
{
	ssize_t n;

	if (end->ask_first) {
		if (!ready(end, POLLOUT, 0))
			return -EAGAIN;
		if (len > end->piece)
			len = end->piece;
	}
	do {
		n = end->socket ? send(end->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL)
				: write(end->fd, data, len);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

void stream_end_wait(const struct stream_end *end, int timeout_ms)
{
	ready(end, POLLOUT, timeout_ms);
}

void stream_end_close(struct stream_end *end)
{
	loop_del_fd(end->watch);
	if (end->owned)
		close(end->fd);
	stream_end_init(end);
}
