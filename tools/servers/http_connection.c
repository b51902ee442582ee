/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection goes through these phases and never back: its request's head is read; the body of an
 * upload is read and hashed; the answer is written; what the client still sends is thrown away
 * until it closes, for a connection that is closed with unread bytes is reset, and the answer lost.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tools/servers/http_internal.h"
#include "tools/servers/http_server.h"
#include "tools/servers/sha256.h"

#define LINGER_MS    5000
#define LINGER_BYTES (16U << 20)

enum phase { READ_HEAD, READ_BODY, WRITE, LINGER };

struct connection {
	struct http_server *server;
	struct connection *next;
	struct connection **link; /* what points to this one */
	struct loop_fd *source;
	struct loop_timer *timer;
	int fd;
	enum phase phase;
	char address[INET_ADDRSTRLEN];
	char head[HTTP_REQUEST_HEAD_MAX];
	size_t used; /* of the request's head, with what came behind it */
	struct http_request request;
	uint64_t received; /* of the upload; in LINGER: of what is thrown away */
	struct sha256 hash;
	char digest[SHA256_HEX];
	struct http_reply reply;
	char reply_head[HTTP_REPLY_HEAD_MAX];
	uint64_t reply_head_len;
	uint64_t sent; /* of head and body together */
};

uint64_t connection_after_ns(uint64_t ns)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec + ns;
}

static void close_connection(struct connection *c)
{
	struct http_server *s = c->server;

	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	loop_del_fd(c->source);
	loop_del_timer(c->timer);
	close(c->fd);
	free(c);
	/* There is room again for one that waits. */
	if (s->count-- == HTTP_SERVER_CONNECTIONS)
		loop_set_fd(s->source, LOOP_READ);
}

static void on_timeout(void *arg)
{
	close_connection(arg);
}

static void log_request(const struct connection *c)
{
	char line[sizeof(c->request.line) + 128];
	size_t len;

	if (c->server->log < 0)
		return;
	len = http_reply_log(line, sizeof(line), c->address, c->request.line, c->reply.status,
			     time(NULL));
	/* A full disk is no reason to leave a guest without its answer. */
	if (write(c->server->log, line, len) < 0)
		return;
}

static void begin_reply(struct connection *c, const char *digest)
{
	c->reply_head_len = http_reply_head(c->reply_head, sizeof(c->reply_head), &c->reply, digest,
					    time(NULL));
	c->phase = WRITE;
	c->server->requests++;
	log_request(c);
	loop_set_fd(c->source, LOOP_WRITE);
}

static void end_upload(struct connection *c)
{
	sha256_hex(&c->hash, c->digest);
	c->reply = http_reply_upload(c->received, c->digest);
	if (c->reply.status == 200)
		c->server->uploads++;
	begin_reply(c, c->digest);
}

static void take_body(struct connection *c, const char *data, size_t len)
{
	uint64_t left = c->request.length - c->received;

	if (len > left)
		len = (size_t)left;
	sha256_add(&c->hash, data, len);
	c->received += len;
	if (c->received == c->request.length)
		end_upload(c);
}

static void begin_upload(struct connection *c, size_t head)
{
	static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";

	c->phase = READ_BODY;
	sha256_init(&c->hash);
	/* The first bytes on a connection always find room in the kernel. */
	if (c->request.expects_continue &&
	    send(c->fd, interim, strlen(interim), MSG_NOSIGNAL) != (ssize_t)strlen(interim)) {
		close_connection(c);
		return;
	}
	take_body(c, c->head + head, c->used - head);
}

static void take_head(struct connection *c, size_t head)
{
	int status = http_request_parse(c->head, head, &c->request);

	c->reply = http_reply_choose(&c->server->paths, &c->request, status);
	if (c->reply.upload)
		begin_upload(c, head);
	else
		begin_reply(c, NULL);
}

/* The length of what came; 0 at the end; -1 when there is nothing to do now. */
static ssize_t receive(struct connection *c, void *data, size_t size)
{
	ssize_t n = recv(c->fd, data, size, 0);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		close_connection(c);
	return n;
}

static void read_head(struct connection *c)
{
	ssize_t n = receive(c, c->head + c->used, sizeof(c->head) - c->used);
	size_t head;

	if (n < 0)
		return;
	if (n == 0) {
		close_connection(c);
		return;
	}
	c->used += (size_t)n;
	head = http_request_head_length(c->head, c->used);
	if (head) {
		take_head(c, head);
	} else if (c->used == sizeof(c->head)) {
		http_request_parse(c->head, c->used, &c->request);
		c->reply = http_reply_choose(&c->server->paths, &c->request, 400);
		begin_reply(c, NULL);
	}
}

static void read_body(struct connection *c)
{
	char data[HTTP_PIECE];
	ssize_t n = receive(c, data, sizeof(data));

	if (n > 0)
		take_body(c, data, (size_t)n);
	else if (n == 0)
		end_upload(c); /* short: told so, with the digest of what came */
}

static void begin_linger(struct connection *c)
{
	c->phase = LINGER;
	c->received = 0;
	shutdown(c->fd, SHUT_WR);
	loop_set_fd(c->source, LOOP_READ);
	loop_set_timer(c->timer, connection_after_ns(LINGER_MS * 1000000ULL));
}

static void write_reply(struct connection *c)
{
	uint64_t end = c->reply_head_len + (c->reply.head_only ? 0 : c->reply.length);

	while (c->sent < end) {
		uint64_t at = c->sent - c->reply_head_len;
		const void *data;
		uint64_t len;
		ssize_t n;

		if (c->sent < c->reply_head_len) {
			data = c->reply_head + c->sent;
			len = c->reply_head_len - c->sent;
		} else if (c->reply.text) {
			data = c->reply.text + at;
			len = end - c->sent;
		} else {
			data = c->server->pattern + at % HTTP_PIECE;
			len = HTTP_PIECE - at % HTTP_PIECE;
			len = len < end - c->sent ? len : end - c->sent;
		}
		n = send(c->fd, data, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			close_connection(c);
			return;
		}
		c->sent += (uint64_t)n;
	}
	begin_linger(c);
}

static void discard(struct connection *c)
{
	char data[HTTP_PIECE];
	ssize_t n = receive(c, data, sizeof(data));

	if (n < 0)
		return;
	c->received += (uint64_t)n;
	if (n == 0 || c->received > LINGER_BYTES)
		close_connection(c);
}

static void on_connection(void *arg, unsigned events)
{
	static void (*const steps[])(struct connection *) = {
		[READ_HEAD] = read_head,
		[READ_BODY] = read_body,
		[WRITE] = write_reply,
		[LINGER] = discard,
	};
	struct connection *c = arg;

	(void)events;
	/* The time for throwing away is not made longer by who goes on sending. */
	if (c->phase != LINGER)
		loop_set_timer(c->timer, connection_after_ns(c->server->patience_ns));
	steps[c->phase](c);
}

void connection_add(struct http_server *s, int fd, const struct sockaddr_in *from)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (c) {
		*c = (struct connection){.server = s, .fd = fd};
		inet_ntop(AF_INET, &from->sin_addr, c->address, sizeof(c->address));
		c->timer = loop_add_timer(s->loop, on_timeout, c);
		c->source = loop_add_fd(s->loop, fd, LOOP_READ, on_connection, c, NULL);
	}
	if (!c || !c->timer || !c->source) {
		if (c) {
			loop_del_fd(c->source);
			loop_del_timer(c->timer);
		}
		free(c);
		close(fd);
		return;
	}
	c->next = s->connections;
	c->link = &s->connections;
	if (c->next)
		c->next->link = &c->next;
	s->connections = c;
	s->count++;
	loop_set_timer(c->timer, connection_after_ns(s->patience_ns));
}

void connection_close_all(struct http_server *s)
{
	for (struct connection *c = s->connections, *next; c; c = next) {
		next = c->next;
		close_connection(c);
	}
}
