/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tools/control/connection.h"

#include "vmm/core/clock.h"
#include "vmm/core/inet_address.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int connect_socket(struct connection *c, const struct sockaddr *to, socklen_t len,
			  const char *name, struct err *err)
{
	c->fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return err_set_errno(err, errno, "socket");
	if (connect(c->fd, to, len) < 0)
		return err_set_errno(err, errno, "%s: cannot connect", name);
	lines_init(&c->lines, c->fd);
	return 0;
}

static int connect_tcp(struct connection *c, const char *address, struct err *err)
{
	struct inet_address to;

	if (!inet_address_parse(&to, address))
		return err_set(err, -EINVAL,
			       "tcp:%s: expected tcp:PORT, tcp:127.0.0.1:PORT or tcp:[::1]:PORT",
			       address);
	return connect_socket(c, &to.any, to.len, address, err);
}

/* "tcp:[HOST:]PORT", or a path with "unix:" in front of it or not. */
static int connect_to(struct connection *c, const char *path, struct err *err)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	if (strncmp(path, "tcp:", 4) == 0)
		return connect_tcp(c, path + 4, err);
	if (strncmp(path, "unix:", 5) == 0)
		path += 5;
	if (!*path || strlen(path) >= sizeof(to.sun_path))
		return err_set(err, -EINVAL, "%s: a socket's path has 1 to %zu bytes", path,
			       sizeof(to.sun_path) - 1);
	memcpy(to.sun_path, path, strlen(path));
	return connect_socket(c, (const struct sockaddr *)&to, sizeof(to), path, err);
}

static uint64_t deadline(const struct connection *c)
{
	struct clock host = clock_host();

	return c->timeout_ns ? clock_monotonic_ns(&host) + c->timeout_ns : 0;
}

/* Reads once, but waits no longer than up to @until (0: for ever). */
static int fill_until(struct connection *c, uint64_t until, struct err *err)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};
	struct clock host = clock_host();
	uint64_t now = clock_monotonic_ns(&host);
	uint64_t left_ms = until > now ? (until - now + NS_PER_MS - 1) / NS_PER_MS : 0;
	int rc = poll(&p, 1, until ? (int)(left_ms < INT_MAX ? left_ms : INT_MAX) : -1);

	if (rc < 0 && errno == EINTR)
		return 0;
	if (rc < 0)
		return err_set_errno(err, errno, "poll");
	if (rc == 0)
		return err_set(err, -ETIMEDOUT, "no reply within %.3g s",
			       (double)c->timeout_ns / (double)NS_PER_SEC);
	rc = lines_fill(&c->lines);
	return rc ? err_set_errno(err, -rc, "reading") : 0;
}

/* The next message, which need not be a reply. */
static int receive(struct connection *c, uint64_t until, json_t **message, struct err *err)
{
	char *line;

	while (!(line = lines_next(&c->lines))) {
		int rc = 0;

		if (c->lines.eof)
			return err_set(err, -ECONNRESET, "the other side closed the connection");
		rc = fill_until(c, until, err);
		if (rc)
			return rc;
	}
	*message = json_loads(line, 0, NULL);
	if (!*message)
		return err_set(err, -EPROTO, "the other side does not speak the control protocol");
	return 0;
}

static void pass_on(const struct connection *c, const json_t *message)
{
	if (c->on_event && json_object_get(message, "event"))
		c->on_event(c->arg, message);
}

static bool is_reply(const json_t *message, const json_t *id)
{
	json_t *echoed = json_object_get(message, "id");

	if (!json_object_get(message, "return") && !json_object_get(message, "error"))
		return false;
	/* An error about a request that could not be read carries no id. */
	return !echoed || !id || json_equal(echoed, id);
}

static int send_all(const struct connection *c, const char *data, size_t n, struct err *err)
{
	while (n > 0) {
		ssize_t sent = send(c->fd, data, n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return err_set_errno(err, errno, "sending the command");
		data += sent;
		n -= (size_t)sent;
	}
	return 0;
}

int connection_run_raw(struct connection *c, json_t *request, json_t **reply, struct err *err)
{
	char *line = json_dumps(request, JSON_COMPACT | JSON_ENSURE_ASCII);
	uint64_t until = deadline(c);
	size_t n;
	int rc;

	if (!line)
		return err_set(err, -ENOMEM, "out of memory");
	n = strlen(line);
	line[n] = '\n';
	rc = send_all(c, line, n + 1, err);
	free(line);
	while (!rc) {
		rc = receive(c, until, reply, err);
		if (rc || is_reply(*reply, json_object_get(request, "id")))
			break;
		pass_on(c, *reply);
		json_decref(*reply);
	}
	return rc;
}

int connection_run(struct connection *c, const char *name, json_t *arguments, json_t **reply,
		   struct err *err)
{
	json_t *request = json_pack("{s:s, s:O*, s:I}", "execute", name, "arguments", arguments,
				    "id", ++c->last_id);
	int rc;

	if (!request)
		return err_set(err, -EINVAL, "a command's name must be UTF-8");
	rc = connection_run_raw(c, request, reply, err);
	json_decref(request);
	return rc;
}

static int negotiate(struct connection *c, struct err *err)
{
	json_t *message = NULL;
	const char *desc;
	int rc = receive(c, deadline(c), &message, err);

	if (rc)
		return rc;
	if (json_object_get(message, "QMP")) {
		json_decref(message);
		rc = connection_run(c, "qmp_capabilities", NULL, &message, err);
		if (rc)
			return rc;
	}
	if (!json_object_get(message, "return")) {
		desc = json_string_value(
			json_object_get(json_object_get(message, "error"), "desc"));
		rc = err_set(err, -EPROTO, "%s",
			     desc ? desc : "the other side does not speak the control protocol");
	}
	json_decref(message);
	return rc;
}

int connection_open(struct connection *c, const char *path, uint64_t timeout_ns, struct err *err)
{
	int rc;

	*c = (struct connection){.fd = -1, .timeout_ns = timeout_ns};
	rc = connect_to(c, path, err);
	if (!rc) {
		rc = negotiate(c, err);
		if (rc)
			err_prefix(err, "%s", path);
	}
	if (rc)
		connection_close(c);
	return rc;
}

void connection_close(struct connection *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	lines_fini(&c->lines);
}

void connection_drain(struct connection *c)
{
	char *line;

	while ((line = lines_next(&c->lines))) {
		json_t *message = json_loads(line, 0, NULL);

		pass_on(c, message);
		json_decref(message);
	}
}

int connection_listen(struct connection *c, struct err *err)
{
	int rc = lines_fill(&c->lines);

	if (rc)
		return err_set_errno(err, -rc, "reading events");
	connection_drain(c);
	if (c->lines.eof)
		return err_set(err, -ECONNRESET, "the other side closed the connection");
	return 0;
}
