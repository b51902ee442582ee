/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/usernet/resolver.h"

#include "vmm/host/usernet/usernet.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

void resolver_init(struct resolver *r, const struct sockaddr_storage *server, socklen_t len,
		   resolver_reply_fn reply, void *arg)
{
	*r = (struct resolver){.reply = reply, .arg = arg};
	if (server) {
		r->server = *server;
		r->server_len = len;
	}
	for (unsigned int i = 0; i < RESOLVER_QUESTIONS; i++)
		r->questions[i].fd = -1;
}

static void forget(struct resolver *r, struct resolver_question *q)
{
	close(q->fd);
	q->fd = -1;
	r->outstanding--;
}

void resolver_fini(struct resolver *r)
{
	for (unsigned int i = 0; i < RESOLVER_QUESTIONS; i++)
		if (r->questions[i].fd >= 0)
			forget(r, &r->questions[i]);
}

static void fail(struct resolver *r, const struct udp_way *to, const struct dns_query *query)
{
	uint8_t msg[DNS_REPLY_MAX];

	r->reply(r->arg, to, msg, dns_make_reply(msg, query, DNS_RCODE_SERVFAIL, 0));
}

static bool same_asker(const struct resolver_question *q, const struct udp_way *from,
		       const struct dns_query *query)
{
	return q->fd >= 0 && q->query.id == query->id && q->from.src_port == from->src_port &&
	       q->from.src == from->src;
}

/* A place for a question; that of the same one, when it is repeated. */
static struct resolver_question *find_place(struct resolver *r, const struct udp_way *from,
					    const struct dns_query *query)
{
	struct resolver_question *unused = NULL;

	for (unsigned int i = 0; i < RESOLVER_QUESTIONS; i++) {
		struct resolver_question *q = &r->questions[i];

		if (same_asker(q, from, query)) {
			forget(r, q);
			return q;
		}
		if (q->fd < 0 && !unused)
			unused = q;
	}
	return unused;
}

/* Sends the question under a number of its own. */
static bool send_question(const struct resolver *r, int fd, const uint8_t *msg, size_t len,
			  uint16_t id)
{
	uint8_t copy[FRAME_UDP_MAX];

	if (len > sizeof(copy))
		return false;
	memcpy(copy, msg, len);
	st_be16(copy + DNS_ID, id);
	return connect(fd, (const struct sockaddr *)&r->server, r->server_len) == 0 &&
	       send(fd, copy, len, MSG_NOSIGNAL) == (ssize_t)len;
}

void resolver_ask(struct resolver *r, const struct udp_way *from, const struct dns_query *query,
		  const uint8_t *msg, size_t len, uint64_t now_ns)
{
	struct resolver_question *q = r->server_len ? find_place(r, from, query) : NULL;
	uint16_t id;
	int fd;

	if (!q || getrandom(&id, sizeof(id), GRND_NONBLOCK) != sizeof(id)) {
		fail(r, from, query);
		return;
	}
	fd = socket(r->server.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || !send_question(r, fd, msg, len, id)) {
		if (fd >= 0)
			close(fd);
		fail(r, from, query);
		return;
	}
	*q = (struct resolver_question){
		.fd = fd,
		.id = id,
		.deadline_ns = now_ns + RESOLVER_WAIT_NS,
		.from = *from,
		.query = *query,
	};
	r->outstanding++;
}

unsigned int resolver_poll(const struct resolver *r, struct pollfd *fds)
{
	unsigned int n = 0;

	for (unsigned int i = 0; n < r->outstanding && i < RESOLVER_QUESTIONS; i++)
		if (r->questions[i].fd >= 0)
			fds[n++] = (struct pollfd){.fd = r->questions[i].fd, .events = POLLIN};
	return n;
}

/* What came for @q. One that is too long for a frame becomes one that says so. */
static void take_answer(struct resolver *r, struct resolver_question *q)
{
	uint8_t msg[FRAME_UDP_MAX];
	/* With MSG_TRUNC the length is the datagram's, not what fitted. */
	ssize_t n = recv(q->fd, msg, sizeof(msg), MSG_DONTWAIT | MSG_TRUNC);
	size_t len;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	len = n < 0 ? 0 : (size_t)n < sizeof(msg) ? (size_t)n : sizeof(msg);
	if (n < 0 || dns_is_bare_error(msg, len, q->id)) {
		fail(r, &q->from, &q->query);
		forget(r, q);
		return;
	}
	/* One that is not the answer is not the last word: wait on. */
	if (!dns_is_answer(msg, len, &q->query, q->id))
		return;
	if ((size_t)n > sizeof(msg))
		len = dns_make_reply(msg, &q->query, DNS_RCODE_OK, DNS_TC);
	st_be16(msg + DNS_ID, q->query.id);
	r->reply(r->arg, &q->from, msg, len);
	forget(r, q);
}

void resolver_serve(struct resolver *r, uint64_t now_ns)
{
	for (unsigned int i = 0; r->outstanding && i < RESOLVER_QUESTIONS; i++) {
		struct resolver_question *q = &r->questions[i];

		if (q->fd >= 0)
			take_answer(r, q);
		if (q->fd >= 0 && q->deadline_ns <= now_ns) {
			fail(r, &q->from, &q->query);
			forget(r, q);
		}
	}
}

uint64_t resolver_deadline(const struct resolver *r)
{
	uint64_t first = UINT64_MAX;

	for (unsigned int i = 0; r->outstanding && i < RESOLVER_QUESTIONS; i++)
		if (r->questions[i].fd >= 0 && r->questions[i].deadline_ns < first)
			first = r->questions[i].deadline_ns;
	return first;
}
