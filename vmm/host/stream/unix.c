/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/clock.h"
#include "vmm/core/log.h"
#include "vmm/host/stream/stream_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * A listening unix socket with one client at a time. The client's socket serves as two ends, the
 * second a duplicate: input may end (the client shut down its sending side) while output goes on.
 * The next client is accepted when both are over.
 */

#define BACKLOG	      8
#define LOCK_TRIES    20
#define LOCK_PAUSE_US 50000

struct unix_stream {
	struct stream s;
	int listen_fd;
	struct loop_fd *listen_watch;
	struct loop_timer *retry;
	bool complained; /* since a client was last accepted */
	struct sockaddr_un addr;
	dev_t dev; /* of the socket file made here */
	ino_t ino;
};

static void wait_for_client(struct stream *s)
{
	struct unix_stream *u = (struct unix_stream *)s;

	stream_tell_open(s);
	if (s->in.fd < 0 && s->out.fd < 0)
		loop_set_fd(u->listen_watch, LOOP_READ);
}

static void on_retry(void *arg)
{
	wait_for_client(arg);
}

/* Without descriptors the listener would stay readable and the loop spin: look again later. */
static void pause_accept(struct unix_stream *u, int errnum)
{
	struct clock host = clock_host();

	if (!u->complained)
		log_warn("unix:%s: cannot accept a client: %s; trying again", u->addr.sun_path,
			 strerror(errnum));
	u->complained = true;
	loop_set_fd(u->listen_watch, 0);
	loop_set_timer(u->retry, clock_monotonic_ns(&host) + NS_PER_SEC);
}

static void on_client(void *arg, unsigned int events)
{
	struct unix_stream *u = arg;
	struct stream *s = &u->s;
	struct err err = ERR_INIT;
	int fd = accept4(u->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int twin;

	(void)events;
	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			pause_accept(u, errno);
		return;
	}
	twin = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (twin < 0) {
		pause_accept(u, errno);
		close(fd);
		return;
	}
	u->complained = false;
	loop_set_fd(u->listen_watch, 0);
	stream_end_take(&s->in, fd);
	stream_end_take(&s->out, twin);
	if (stream_watch_output(s, &err) < 0 || stream_watch_input(s, &err) < 0) {
		log_warn("unix:%s: %s", u->addr.sun_path, err.text);
		stream_end_close(&s->in);
		stream_end_close(&s->out);
		wait_for_client(s);
		return;
	}
	stream_peer_came(s);
}

/* Another program may be between bind() and listen() on the same path, or between its look at a
 * stale socket and its bind(). A lock on the folder excludes other runs of this program; a folder
 * that cannot be locked must do without. Returns the descriptor that holds the lock, or -1. */
static int lock_folder(const char *path)
{
	char copy[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int fd;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; fd >= 0 && i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
			break;
		usleep(LOCK_PAUSE_US);
	}
	return fd;
}

/* Removes the socket of a program that has ended; anything else at the path is an error. */
static int remove_stale(const struct sockaddr_un *addr, struct err *err)
{
	struct stat st;
	int fd;
	int rc;

	if (lstat(addr->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : err_set_errno(err, errno, "unix:%s", addr->sun_path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, -EEXIST,
			       "unix:%s: exists and is not a socket; choose another path",
			       addr->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set_errno(err, errno, "unix:%s: socket", addr->sun_path);
	rc = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0 ? errno : 0;
	close(fd);
	if (rc && rc != ECONNREFUSED && rc != EAGAIN)
		return err_set_errno(err, rc, "unix:%s: cannot tell whether it is in use",
				     addr->sun_path);
	if (rc != ECONNREFUSED)
		return err_set(err, -EADDRINUSE,
			       "unix:%s: in use by another program; choose another path",
			       addr->sun_path);
	if (unlink(addr->sun_path) < 0 && errno != ENOENT)
		return err_set_errno(err, errno, "unix:%s: cannot remove the stale socket",
				     addr->sun_path);
	return 0;
}

static int bind_and_listen(struct unix_stream *u, struct err *err)
{
	struct stat st;
	int rc = remove_stale(&u->addr, err);

	if (rc < 0)
		return rc;
	/* The mode given to the socket before bind() is the one its file is born with. */
	if (fchmod(u->listen_fd, 0600) < 0 ||
	    bind(u->listen_fd, (const struct sockaddr *)&u->addr, sizeof(u->addr)) < 0)
		return err_set_errno(err, errno, "unix:%s: cannot make the socket",
				     u->addr.sun_path);
	if (lstat(u->addr.sun_path, &st) == 0) {
		u->dev = st.st_dev;
		u->ino = st.st_ino;
	}
	if (listen(u->listen_fd, BACKLOG) < 0)
		return err_set_errno(err, errno, "unix:%s: cannot listen", u->addr.sun_path);
	return 0;
}

static int unix_open(struct stream *s, const struct stream_config *config, struct err *err)
{
	struct unix_stream *u = (struct unix_stream *)s;
	int lock;
	int rc;

	u->listen_fd = -1;
	u->addr.sun_family = AF_UNIX;
	if (strlen(config->path) >= sizeof(u->addr.sun_path))
		return err_set(err, -ENAMETOOLONG, "unix:%s: longer than %zu bytes", config->path,
			       sizeof(u->addr.sun_path) - 1);
	memcpy(u->addr.sun_path, config->path, strlen(config->path) + 1);
	u->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (u->listen_fd < 0)
		return err_set_errno(err, errno, "unix:%s: socket", config->path);
	u->retry = loop_add_timer(s->loop, on_retry, s);
	if (!u->retry)
		return err_set(err, -ENOMEM, "unix:%s: out of memory", config->path);
	lock = lock_folder(config->path);
	rc = bind_and_listen(u, err);
	if (lock >= 0)
		close(lock);
	if (rc < 0)
		return rc;
	u->listen_watch = loop_add_fd(s->loop, u->listen_fd, LOOP_READ, on_client, s, err);
	return u->listen_watch ? 0 : -ENOMEM;
}

static void unix_output_end(struct stream *s, int errnum)
{
	(void)errnum;
	wait_for_client(s);
}

static void unix_close(struct stream *s)
{
	struct unix_stream *u = (struct unix_stream *)s;
	struct stat st;

	loop_del_fd(u->listen_watch);
	loop_del_timer(u->retry);
	if (u->listen_fd >= 0)
		close(u->listen_fd);
	if (u->ino && lstat(u->addr.sun_path, &st) == 0 && st.st_ino == u->ino &&
	    st.st_dev == u->dev)
		unlink(u->addr.sun_path);
}

const struct stream_ops stream_unix_ops = {
	.name = "unix",
	.takes_path = true,
	.has_peer = true,
	.size = sizeof(struct unix_stream),
	.open = unix_open,
	.input_end = wait_for_client,
	.output_end = unix_output_end,
	.close = unix_close,
};
