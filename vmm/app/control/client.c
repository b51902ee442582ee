/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/client.h"

#include "vmm/app/control/session.h"
#include "vmm/core/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Commands are run one at a time while little output waits. A client that sends without reading
 * thus stops being read, and feels it; only events, which nobody asked the client about, can pile
 * up beyond that, up to a limit.
 *
 * A client may send its last command and go away at once. What it has sent is still carried out:
 * output that nobody will read is dropped, input is served to its end.
 */

#define INPUT_CHUNK  4096
#define OUTPUT_PAUSE (64 * 1024)
#define OUTPUT_LIMIT (1024 * 1024)

struct client {
	int fd;
	struct loop_fd *source;
	struct session *session;
	client_gone_fn gone;
	void *owner;

	char input[INPUT_CHUNK]; /* received, not yet served: [input_at, input_end) */
	size_t input_at;
	size_t input_end;
	bool eof;  /* no more input will come */
	bool mute; /* output is dropped */
	bool dead; /* input that has come is dropped too */

	char *output; /* not yet sent: [output_at, output_end) */
	size_t output_at;
	size_t output_end;
	size_t output_capacity;
};

static size_t pending(const struct client *c)
{
	return c->output_end - c->output_at;
}

static void drop_output(struct client *c)
{
	free(c->output);
	c->output = NULL;
	c->output_at = 0;
	c->output_end = 0;
	c->output_capacity = 0;
}

static void mute(struct client *c)
{
	c->mute = true;
	drop_output(c);
}

/* Ends a connection from a place that must not free it: the loop will report the end. */
static void hang_up(struct client *c)
{
	mute(c);
	c->dead = true;
	shutdown(c->fd, SHUT_RDWR);
}

/* Sends what it can of @data; the rest's length is returned. */
static size_t send_now(struct client *c, const char *data, size_t n)
{
	while (n > 0 && !c->mute) {
		ssize_t sent = send(c->fd, data, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return n;
		if (sent < 0) {
			mute(c);
			return 0;
		}
		data += sent;
		n -= (size_t)sent;
	}
	return n;
}

static void flush(struct client *c)
{
	size_t left = send_now(c, c->output + c->output_at, pending(c));

	if (c->mute)
		return;
	c->output_at = c->output_end - left;
	if (!left)
		drop_output(c);
}

static bool reserve(struct client *c, size_t n)
{
	size_t need = pending(c) + n;
	char *bigger;

	if (c->output_at) {
		memmove(c->output, c->output + c->output_at, pending(c));
		c->output_end -= c->output_at;
		c->output_at = 0;
	}
	if (need <= c->output_capacity)
		return true;
	bigger = realloc(c->output, 2 * need);
	if (!bigger)
		return false;
	c->output = bigger;
	c->output_capacity = 2 * need;
	return true;
}

static void watch(struct client *c)
{
	bool paused = c->eof || pending(c) > OUTPUT_PAUSE || c->input_at < c->input_end;

	loop_set_fd(c->source, (paused ? 0U : LOOP_READ) | (pending(c) ? LOOP_WRITE : 0U));
}

/* A whole line from the session. It goes out at once when it can, in one write. */
static void on_line(void *arg, const char *line, size_t n)
{
	struct client *c = arg;
	size_t left = n;

	if (c->mute)
		return;
	if (pending(c) > OUTPUT_LIMIT) {
		log_info("control: disconnected a client that does not read");
		hang_up(c);
		return;
	}
	if (!pending(c))
		left = send_now(c, line, n);
	if (!left || c->mute)
		return;
	if (!reserve(c, left)) {
		hang_up(c);
		return;
	}
	memcpy(c->output + c->output_end, line + n - left, left);
	c->output_end += left;
}

static void receive(struct client *c)
{
	ssize_t n = recv(c->fd, c->input, sizeof(c->input), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	c->input_at = 0;
	c->input_end = n > 0 ? (size_t)n : 0;
	c->eof = n <= 0;
}

static void serve(struct client *c)
{
	while (!c->dead && c->input_at < c->input_end && pending(c) <= OUTPUT_PAUSE)
		c->input_at += session_feed(c->session, c->input + c->input_at,
					    c->input_end - c->input_at);
}

static void on_ready(void *arg, unsigned int events)
{
	struct client *c = arg;

	(void)events;
	if (pending(c))
		flush(c);
	if (!c->dead && !c->eof && c->input_at == c->input_end && pending(c) <= OUTPUT_PAUSE)
		receive(c);
	serve(c);
	if (c->dead || (c->eof && c->input_at == c->input_end && !pending(c))) {
		c->gone(c->owner, c);
		return;
	}
	watch(c);
}

struct client *client_create(int fd, struct loop *loop, struct machine *m, client_gone_fn gone,
			     void *owner, struct err *err)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c) {
		c->fd = fd;
		c->gone = gone;
		c->owner = owner;
		c->session = session_create(m, on_line, c);
	}
	if (!c || !c->session) {
		err_set(err, -ENOMEM, "control client: out of memory");
		goto fail;
	}
	c->source = loop_add_fd(loop, fd, LOOP_READ, on_ready, c, err);
	if (!c->source)
		goto fail;
	session_greet(c->session);
	watch(c);
	return c;
fail:
	if (c)
		session_destroy(c->session);
	free(c);
	close(fd);
	return NULL;
}

void client_destroy(struct client *c)
{
	if (pending(c))
		flush(c);
	drop_output(c);
	loop_del_fd(c->source);
	session_destroy(c->session);
	close(c->fd);
	free(c);
}

void client_event(struct client *c, json_t *event)
{
	session_event(c->session, event);
	watch(c);
}
