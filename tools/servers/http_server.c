/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/servers/http_server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/servers/http_internal.h"
#include "tools/servers/listen.h"

#define PATIENCE_SEC 60
#define RETRY_MS     100 /* after an accept() that found no descriptor */

static void on_listen(void *arg, unsigned events)
{
	struct http_server *s = arg;

	(void)events;
	while (s->count < HTTP_SERVER_CONNECTIONS) {
		struct sockaddr_in from;
		socklen_t size = sizeof(from);
		int fd = accept4(s->fd, (struct sockaddr *)&from, &size,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			connection_add(s, fd, &from);
			continue;
		}
		/* The listener stays readable: without a pause the loop would turn idly. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			loop_set_fd(s->source, 0);
			loop_set_timer(s->retry, connection_after_ns(RETRY_MS * 1000000ULL));
		}
		if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
	loop_set_fd(s->source, 0);
}

static void on_retry(void *arg)
{
	struct http_server *s = arg;

	if (s->count < HTTP_SERVER_CONNECTIONS)
		loop_set_fd(s->source, LOOP_READ);
}

static int open_log(struct http_server *s, const char *path, struct err *err)
{
	if (!path)
		return 0;
	s->log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	return s->log < 0 ? err_set_errno(err, errno, "HTTP server: log %s", path) : 0;
}

static int start(struct http_server *s, const struct http_server_config *config, struct err *err)
{
	int ret = 0;

	if (!http_paths_init(&s->paths, config->path))
		return err_set(err, -EINVAL,
			       "HTTP server: path '%.80s': expected a '/' first and no blanks",
			       config->path);
	ret = open_log(s, config->log_path, err);
	if (ret)
		return ret;
	s->fd = listen_local(SOCK_STREAM, &s->port, "HTTP server", err);
	if (s->fd < 0)
		return s->fd;
	s->retry = loop_add_timer(s->loop, on_retry, s);
	if (!s->retry)
		return err_set(err, -ENOMEM, "HTTP server: no memory");
	s->source = loop_add_fd(s->loop, s->fd, LOOP_READ, on_listen, s, err);
	return s->source ? 0 : -ENOMEM;
}

struct http_server *http_server_create(const struct http_server_config *config, struct err *err)
{
	struct http_server *s = calloc(1, sizeof(*s));

	if (!s) {
		err_set(err, -ENOMEM, "HTTP server: no memory");
		return NULL;
	}
	s->loop = config->loop;
	s->fd = -1;
	s->log = -1;
	s->port = config->port;
	s->patience_ns =
		(config->patience_sec ? config->patience_sec : PATIENCE_SEC) * 1000000000ULL;
	for (size_t i = 0; i < HTTP_PIECE; i++)
		s->pattern[i] = (uint8_t)i;
	if (start(s, config, err)) {
		http_server_destroy(s);
		return NULL;
	}
	return s;
}

void http_server_destroy(struct http_server *s)
{
	if (!s)
		return;
	connection_close_all(s);
	loop_del_fd(s->source);
	loop_del_timer(s->retry);
	if (s->fd >= 0)
		close(s->fd);
	if (s->log >= 0)
		close(s->log);
	free(s);
}

uint16_t http_server_port(const struct http_server *s)
{
	return s->port;
}

uint64_t http_server_requests(const struct http_server *s)
{
	return s->requests;
}

uint64_t http_server_uploads(const struct http_server *s)
{
	return s->uploads;
}
