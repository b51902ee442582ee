/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TESTS_NET_BACKEND_H
#define VISE_TESTS_NET_BACKEND_H

#include "vmm/core/loop.h"
#include "vmm/host/net/net.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What the tests of network backends share: a loop, and a user of the backend that remembers. */

#define HEARD_MAX 256U

struct heard {
	struct net_offload offload;
	size_t len;
	uint8_t bytes[2048]; /* the first ones */
};

static struct loop *loop;
static struct net *net;
static struct err err;
static struct heard heard[HEARD_MAX];
static unsigned int n_heard, n_refused, n_batches, n_writable;
static unsigned int room; /* frames that are taken before one is refused */

static bool user_receive(void *arg, const struct net_offload *offload, const void *frame,
			 size_t len)
{
	struct heard *h = &heard[n_heard % HEARD_MAX];

	(void)arg;
	if (room == 0) {
		n_refused++;
		return false;
	}
	room--;
	h->offload = *offload;
	h->len = len;
	memcpy(h->bytes, frame, len < sizeof(h->bytes) ? len : sizeof(h->bytes));
	n_heard++;
	return true;
}

static void user_received(void *arg)
{
	(void)arg;
	n_batches++;
}

static void user_writable(void *arg)
{
	(void)arg;
	n_writable++;
}

static const struct net_user user = {
	.receive = user_receive,
	.received = user_received,
	.writable = user_writable,
};

static inline void backend_set_up(void)
{
	memset(&err, 0, sizeof(err));
	n_heard = n_refused = n_batches = n_writable = 0;
	room = UINT32_MAX;
	net = NULL;
	loop = loop_create(&err);
	ck_assert_ptr_nonnull(loop);
}

static inline void backend_tear_down(void)
{
	net_destroy(net);
	loop_destroy(loop);
}

static inline void backend_open(const struct net_config *config)
{
	net = net_open(config, loop, &err);
	ck_assert_msg(net, "%s", err.text);
	ck_assert_int_eq(net_start(net, &user, &err), 0);
}

static inline uint64_t backend_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Runs the loop until *@count reaches @n; fails after 10 s. */
static inline void backend_wait(const unsigned int *count, unsigned int n)
{
	uint64_t end = backend_now_ms() + 10000;

	while (*count < n) {
		ck_assert_msg(backend_now_ms() < end, "%u of %u came within 10 s", *count, n);
		ck_assert_int_ge(loop_run_once(loop, 10, &err), 0);
	}
}

static inline void backend_nothing(void *arg)
{
	(void)arg;
}

/* There is room for @frames; said from a callback, as devices do. */
static inline void backend_want_input(unsigned int frames)
{
	room = frames;
	net_want_input(net);
	ck_assert_int_eq(loop_post(loop, backend_nothing, NULL), 0);
}

/* Runs the loop until nothing comes for a while. */
static inline void backend_settle(void)
{
	for (unsigned int quiet = 0; quiet < 3;)
		quiet = loop_run_once(loop, 10, &err) > 0 ? 0 : quiet + 1;
}

/* A frame from a made-up station, with a type of its own and a pattern. */
static inline void backend_frame(uint8_t *frame, size_t len, uint8_t seed)
{
	static const uint8_t head[14] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02,
					 0x00, 0x00, 0x00, 0x00, 0x09, 0x88, 0xb5};

	for (size_t i = 0; i < len; i++)
		frame[i] = (uint8_t)(seed + i * 3);
	memcpy(frame, head, len < sizeof(head) ? len : sizeof(head));
}

static inline int backend_send(size_t len, uint8_t seed)
{
	static uint8_t frame[NET_FRAME_MAX];

	backend_frame(frame, len, seed);
	return net_send(net, NULL, frame, len);
}

/* Frame number @i that was heard is the one of @seed. */
static inline void backend_expect(unsigned int i, size_t len, uint8_t seed)
{
	static uint8_t frame[NET_FRAME_MAX];
	const struct heard *h = &heard[i % HEARD_MAX];

	backend_frame(frame, len, seed);
	ck_assert_uint_lt(i, n_heard);
	ck_assert_uint_eq(h->len, len);
	ck_assert_mem_eq(h->bytes, frame, len < sizeof(h->bytes) ? len : sizeof(h->bytes));
}

#endif
