/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/net/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest-init/selftest/clock.h"
#include "guest-init/selftest/hash.h"
#include "guest-init/selftest/net/socket.h"

#define PATIENCE_MS 15000
#define PIECE	    65536

/* One exchange, with a buffer for pieces of either direction. */
struct exchange {
	int fd;
	char *piece;
	struct http_result *r;
};

static bool fail(struct http_result *r, const char *reason, long error)
{
	r->reason = reason;
	r->error = error < 0 ? (int)-error : 0;
	return false;
}

static bool send_head(const struct exchange *x, const struct url *url, const char *method,
		      const char *more)
{
	char head[URL_MAX + 512];
	int len = snprintf(head, sizeof(head),
			   "%s %s HTTP/1.1\r\nHost: %s:%u\r\nUser-Agent: AeroVirtioSelftest/1.0\r\n"
			   "Accept: */*\r\nConnection: close\r\n%s\r\n",
			   method, url->path, url->host, url->port, more);
	int ret = socket_send(x->fd, head, (size_t)len, PATIENCE_MS);

	return !ret || fail(x->r, "send_failed", ret);
}

static bool send_body(const struct exchange *x)
{
	for (size_t i = 0; i < PIECE; i++)
		x->piece[i] = (char)i;
	for (uint64_t at = 0; at < HTTP_LARGE_BYTES; at += PIECE) {
		int ret = socket_send(x->fd, x->piece, PIECE, PATIENCE_MS);

		if (ret)
			return fail(x->r, "send_failed", ret);
		x->r->bytes += PIECE;
	}
	return true;
}

/* Reads until the head is complete. What follows it stays at the start of the piece; its length. */
static long receive_head(const struct exchange *x)
{
	size_t used = 0;

	while (used < HTTP_HEAD_MAX) {
		long n = socket_receive(x->fd, x->piece + used, PIECE - used, PATIENCE_MS);
		size_t head;

		if (n <= 0) {
			fail(x->r, n ? "receive_failed" : "connection_closed", n);
			return -1;
		}
		used += (size_t)n;
		head = http_head_length(x->piece, used);
		if (!head)
			continue;
		if (!http_head_parse(x->piece, head, &x->r->head))
			break;
		memmove(x->piece, x->piece + head, used - head);
		return (long)(used - head);
	}
	fail(x->r, "bad_response", 0);
	return -1;
}

static bool receive_body(const struct exchange *x, long have, uint64_t *bytes)
{
	const struct http_head *h = &x->r->head;

	x->r->hash = HASH_FNV1A64_INIT;
	while (have > 0) {
		*bytes += (uint64_t)have;
		x->r->hash = hash_fnv1a64(x->r->hash, x->piece, (size_t)have);
		if (h->has_length && *bytes >= h->length)
			break;
		/* One that never ends is not ours. */
		if (*bytes > 4ULL * HTTP_LARGE_BYTES)
			return fail(x->r, "body_too_long", 0);
		have = socket_receive(x->fd, x->piece, PIECE, PATIENCE_MS);
		if (have < 0)
			return fail(x->r, "receive_failed", have);
	}
	if (h->has_length && *bytes != h->length)
		return fail(x->r, "body_length_mismatch", 0);
	return true;
}

static bool run(const struct exchange *x, const struct url *url, bool post)
{
	uint64_t answer = 0;
	char more[128] = "";
	long have;

	if (post)
		snprintf(more, sizeof(more),
			 "Content-Type: application/octet-stream\r\nContent-Length: %d\r\n",
			 HTTP_LARGE_BYTES);
	if (!send_head(x, url, post ? "POST" : "GET", more) || (post && !send_body(x)))
		return false;
	have = receive_head(x);
	if (have < 0)
		return false;
	/* A body may follow in the next piece. */
	if (!have && !(x->r->head.has_length && !x->r->head.length)) {
		have = socket_receive(x->fd, x->piece, PIECE, PATIENCE_MS);
		if (have < 0)
			return fail(x->r, "receive_failed", have);
	}
	if (!receive_body(x, have, post ? &answer : &x->r->bytes))
		return false;
	return (x->r->head.status >= 200 && x->r->head.status < 300) || fail(x->r, "bad_status", 0);
}

static bool exchange(uint32_t address, const struct url *url, bool post, struct http_result *r)
{
	uint64_t start = clock_ns();
	struct exchange x = {.r = r, .piece = malloc(PIECE)};
	bool ok;

	*r = (struct http_result){.reason = NULL};
	x.fd = x.piece ? socket_tcp(address, url->port, PATIENCE_MS) : -ENOMEM;
	ok = x.fd < 0 ? fail(r, "connect_failed", x.fd) : run(&x, url, post);
	r->ns = clock_ns() - start;
	if (x.fd >= 0)
		close(x.fd);
	free(x.piece);
	return ok;
}

bool http_get(uint32_t address, const struct url *url, struct http_result *r)
{
	return exchange(address, url, false, r);
}

bool http_post_large(uint32_t address, const struct url *url, struct http_result *r)
{
	return exchange(address, url, true, r);
}
