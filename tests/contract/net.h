/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TESTS_CONTRACT_NET_H
#define VISE_TESTS_CONTRACT_NET_H

#include "tests/contract/contract.h"
#include "tests/guestdrv/gd_net.h"

#include <string.h>

/* What the tests of section 14 share. */

/* A net machine running under the Windows 7 driver's start sequence. */
static inline void start_net_with(struct gd_net *n, const struct gd_net_config *config)
{
	const char *why;

	gd_net_open(n, config);
	why = gd_net_start(n, &gd_win7_net);
	ck_assert_msg(!why, "the driver refuses: %s", why);
}

static inline void start_net(struct gd_net *n)
{
	start_net_with(n, NULL);
}

/* The same up to the point where buffers are posted; DRIVER_OK is said. */
static inline void start_net_without_buffers(struct gd_net *n)
{
	const char *why;

	gd_net_open(n, NULL);
	why = gd_net_prepare(n, &gd_win7_net);
	ck_assert_msg(!why, "the driver refuses: %s", why);
	gd_driver_ok(&n->dev);
}

/* Waits for the frame of gd_net_put(@len, @seed), which must be the next one. */
static inline void expect_frame(struct gd_net *n, size_t len, uint8_t seed)
{
	struct gd_net_buffer buffer;
	struct gd_used used;

	ck_assert(gd_net_wait(n, &used, &buffer));
	ck_assert_uint_eq(used.len, n->header + len);
	ck_assert(gd_net_is(n, &used, &buffer, len, seed));
}

/* All that could come has come, and it was nothing. */
static inline void expect_no_frame(struct gd_net *n)
{
	gd_settle(n->m);
	ck_assert_uint_eq(gd_used_ready(&n->rx), 0);
}

/* Frame number @i on the wire is the one of gd_net_frame(@len, NULL, @seed). */
static inline void expect_sent(struct gd_net *n, unsigned int i, size_t len, uint8_t seed)
{
	uint8_t frame[NET_FRAME_MAX];
	const struct gd_frame *f = gd_wire_sent(n->wire, i);

	gd_net_frame(frame, len, NULL, seed);
	ck_assert_uint_eq(f->len, len);
	ck_assert_mem_eq(f->bytes, frame, len);
}

#endif
