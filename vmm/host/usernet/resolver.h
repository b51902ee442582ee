/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_USERNET_RESOLVER_H
#define VISE_HOST_USERNET_RESOLVER_H

#include "vmm/host/usernet/dns.h"
#include "vmm/host/usernet/frame.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * Asks the host's name server what the guest wants to know. Each question has a socket of its own,
 * connected, and a number of its own: so the port is as hard to guess as the number, only the
 * server can answer, and a server that is not there is known at once. The table is bounded; a
 * question that is not answered in time, or finds no room, is answered SERVFAIL.
 *
 * For one thread. Times are of CLOCK_MONOTONIC, in nanoseconds.
 */

#define RESOLVER_QUESTIONS 64U
#define RESOLVER_WAIT_NS   (5ULL * 1000 * 1000 * 1000)

/* An answer for the asker: @msg of @len bytes, FRAME_UDP_MAX at most. @to is the way of its
 * question. */
typedef void (*resolver_reply_fn)(void *arg, const struct udp_way *to, const uint8_t *msg,
				  size_t len);

struct resolver_question {
	int fd; /* -1: unused */
	uint16_t id;
	uint64_t deadline_ns;
	struct udp_way from;
	struct dns_query query;
};

struct resolver {
	struct sockaddr_storage server;
	socklen_t server_len; /* 0: the host has none */
	resolver_reply_fn reply;
	void *arg;
	struct resolver_question questions[RESOLVER_QUESTIONS];
	unsigned int outstanding;
};

/* @server NULL: there is none, all is answered SERVFAIL. */
void resolver_init(struct resolver *r, const struct sockaddr_storage *server, socklen_t len,
		   resolver_reply_fn reply, void *arg);
void resolver_fini(struct resolver *r);

/* Passes the question @msg, which was read as @query, on. It is answered once, possibly before
 * this returns; when the guest repeats it, the first one is forgotten. */
void resolver_ask(struct resolver *r, const struct udp_way *from, const struct dns_query *query,
		  const uint8_t *msg, size_t len, uint64_t now_ns);

/* What to poll for: fills up to RESOLVER_QUESTIONS of @fds, returns how many. */
unsigned int resolver_poll(const struct resolver *r, struct pollfd *fds);

/* Takes the answers that have come, and gives up on questions whose time is over. */
void resolver_serve(struct resolver *r, uint64_t now_ns);

/* When resolver_serve() is due at the latest; UINT64_MAX: never. */
uint64_t resolver_deadline(const struct resolver *r);

/* Finds the first name server in the text of a resolv.conf(5), and its port 53. False: none. */
bool resolver_find_server(const char *text, struct sockaddr_storage *server, socklen_t *len);

#endif
