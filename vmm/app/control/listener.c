/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/listener.h"

#include "vmm/core/clock.h"
#include "vmm/core/inet_address.h"
#include "vmm/core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG	      32
#define LOCK_ATTEMPTS 100
#define LOCK_WAIT_NS  (10 * NS_PER_MS)

static int parse_path(struct sockaddr_un *to, const char *path, struct err *err)
{
	if (strlen(path) >= sizeof(to->sun_path))
		return err_set(
			err, -ENAMETOOLONG,
			"control address \"unix:%s\": the path has %zu bytes, at most %zu fit",
			path, strlen(path), sizeof(to->sun_path) - 1);
	*to = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(to->sun_path, path, strlen(path) + 1);
	return 0;
}

/*
 * "Nobody listens, so replace it" is a look and an act; two programs that start at once could both
 * look before either acts, and one would remove the other's live socket. A lock on the folder makes
 * it one step. -1 when the folder cannot be locked at all, which must not keep anyone from
 * starting.
 */
static int lock_folder(const char *path)
{
	struct timespec wait = {.tv_nsec = LOCK_WAIT_NS};
	char copy[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int fd;

	memcpy(copy, path, strlen(path) + 1);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	for (int i = 0; i < LOCK_ATTEMPTS; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return fd;
		if (errno != EWOULDBLOCK)
			break;
		nanosleep(&wait, NULL);
	}
	close(fd);
	return -1;
}

static void unlock_folder(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Whether somebody listens on @address. Never waits: a full backlog is an answer too. */
static bool is_live(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool live;

	if (fd < 0)
		return true;
	live = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
	       (errno != ECONNREFUSED && errno != ENOENT);
	close(fd);
	return live;
}

/* Removes a dead socket that stands in the way. */
static int clear_stale(const struct sockaddr_un *address, struct err *err)
{
	const char *path = address->sun_path;
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_set_errno(err, errno, "control socket %s", path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, -EEXIST,
			       "control socket %s: a file that is no socket is in the way", path);
	if (is_live(address))
		return err_set(err, -EADDRINUSE,
			       "control socket %s: in use by another program; choose another path",
			       path);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_set_errno(err, errno,
				     "control socket %s: cannot remove the stale socket", path);
	return 0;
}

static int bind_and_listen(struct listener *l, struct err *err)
{
	const char *path = l->address.sun_path;
	struct stat st;

	/* The file takes its mode from the socket when it is made, so nobody else can ever connect;
	 * a chmod() afterwards would leave a moment, and the umask belongs to all threads. */
	if (fchmod(l->fd, 0600) < 0 ||
	    bind(l->fd, (struct sockaddr *)&l->address, sizeof(l->address)) < 0)
		return err_set_errno(err, errno, "control socket %s", path);
	if (lstat(path, &st) == 0) {
		l->dev = st.st_dev;
		l->ino = st.st_ino;
	}
	if (listen(l->fd, BACKLOG) < 0)
		return err_set_errno(err, errno, "control socket %s", path);
	return 0;
}

static int open_unix(struct listener *l, const char *path, struct err *err)
{
	int lock;
	int rc = parse_path(&l->address, path, err);

	if (rc)
		return rc;
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return err_set_errno(err, errno, "control socket %s", l->address.sun_path);
	lock = lock_folder(l->address.sun_path);
	rc = clear_stale(&l->address, err);
	if (!rc)
		rc = bind_and_listen(l, err);
	unlock_folder(lock);
	return rc;
}

static int open_tcp(struct listener *l, const char *text, struct err *err)
{
	struct inet_address address;
	int on = 1;

	if (!inet_address_parse(&address, text))
		return err_set(err, -EINVAL,
			       "control address \"tcp:%s\": expected tcp:PORT, tcp:127.0.0.1:PORT "
			       "or tcp:[::1]:PORT",
			       text);
	l->tcp = true;
	l->fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0 || setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(l->fd, &address.any, address.len) < 0 || listen(l->fd, BACKLOG) < 0)
		return err_set_errno(err, errno, "control address \"tcp:%s\"", text);
	if (!inet_address_is_loopback(&address))
		log_warn("control: whoever reaches tcp:%s controls the machine", text);
	return 0;
}

static const struct {
	const char *scheme;
	int (*open)(struct listener *l, const char *rest, struct err *err);
} schemes[] = {{"unix:", open_unix}, {"tcp:", open_tcp}};

int listener_open(struct listener *l, const char *address, struct err *err)
{
	*l = (struct listener){.fd = -1};
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t len = strlen(schemes[i].scheme);
		int rc;

		if (strncmp(address, schemes[i].scheme, len) != 0 || !address[len])
			continue;
		rc = schemes[i].open(l, address + len, err);
		if (rc)
			listener_close(l);
		return rc;
	}
	return err_set(err, -EINVAL,
		       "control address \"%s\": expected unix:PATH or tcp:[HOST:]PORT", address);
}

int listener_accept(const struct listener *l)
{
	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int on = 1;

	if (fd < 0)
		return -errno;
	/* A reply is one write, and nothing follows for it to wait for. */
	if (l->tcp && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
		log_debug("control: TCP_NODELAY: %s", strerror(errno));
	return fd;
}

void listener_close(struct listener *l)
{
	struct stat st;

	if (l->fd < 0)
		return;
	/* While we still listen nobody takes the file for stale, so it cannot change hands here. */
	if (l->ino && lstat(l->address.sun_path, &st) == 0 && st.st_dev == l->dev &&
	    st.st_ino == l->ino)
		unlink(l->address.sun_path);
	close(l->fd);
	l->fd = -1;
}
