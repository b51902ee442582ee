/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/net.h"

/* Section 14: virtio-net, frames that the driver sends. */

#define LEN 100U

/* Sends the frame of gd_net_frame(@len, NULL, @seed). */
static void send_frame(struct gd_net *n, size_t len, uint8_t seed, uint32_t pieces)
{
	uint8_t frame[2048];

	gd_net_frame(frame, len, NULL, seed);
	ck_assert_int_eq(gd_net_sent(n, frame, len, pieces), 0);
}

/* The frame of @seed in RAM behind @header bytes of @fill. */
static gpa_t frame_in_ram(struct gd_net *n, size_t header, size_t len, uint8_t seed)
{
	uint8_t frame[2048];
	gpa_t at = gd_alloc(n->m, header + len, 1);

	gd_net_frame(frame, len, NULL, seed);
	gd_write(n->m, at + header, frame, len);
	return at;
}

START_TEST(a_frame_starts_at_byte_ten)
{
	struct gd_net n;

	CLAUSE("NET-7");
	start_net(&n);
	send_frame(&n, LEN, 1, 1);
	expect_sent(&n, 0, LEN, 1);
	gd_net_close(&n);
}
END_TEST

START_TEST(the_header_is_ignored)
{
	static const struct net_offload nothing;
	struct gd_net n;

	CLAUSE("NET-8");
	start_net(&n);
	gpa_t at = frame_in_ram(&n, 10, LEN, 2);
	struct gd_seg segs[] = {{at, 10, false}, {at + 10, LEN, false}};

	gd_fill(n.m, at, 0xff, 10);
	ck_assert_int_eq(gd_net_do_segs(&n, segs, 2), 0);
	expect_sent(&n, 0, LEN, 2);
	ck_assert_mem_eq(&gd_wire_sent(n.wire, 0)->offload, &nothing, sizeof(nothing));
	gd_net_close(&n);
}
END_TEST

START_TEST(the_header_may_be_cut_anywhere)
{
	struct gd_net n;

	CLAUSE("NET-9");
	start_net(&n);
	gpa_t at = frame_in_ram(&n, 10, LEN, 3);
	struct gd_seg one[] = {{at, 10 + LEN, false}};
	struct gd_seg early[] = {{at, 3, false}, {at + 3, 7 + LEN, false}};
	struct gd_seg late[] = {{at, 20, false}, {at + 20, LEN - 10, false}};
	struct gd_seg bytes[10 + LEN];

	for (uint32_t i = 0; i < COUNT_OF(bytes); i++)
		bytes[i] = (struct gd_seg){at + i, 1, false};
	ck_assert_int_eq(gd_net_do_segs(&n, one, 1), 0);
	ck_assert_int_eq(gd_net_do_segs(&n, early, 2), 0);
	ck_assert_int_eq(gd_net_do_segs(&n, late, 2), 0);
	ck_assert_int_eq(gd_net_do_segs(&n, bytes, COUNT_OF(bytes)), 0);
	for (unsigned int i = 0; i < 4; i++)
		expect_sent(&n, i, LEN, 3);
	gd_net_close(&n);
}
END_TEST

START_TEST(frames_of_14_to_1522_bytes_go_out)
{
	static const struct {
		size_t len;
		bool sent;
	} cases[] = {{1, false},   {13, false},	 {14, true},	{60, true},
		     {1514, true}, {1522, true}, {1523, false}, {1600, false}};
	struct gd_net n;

	CLAUSE("NET-10");
	start_net(&n);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		unsigned int before = n.wire->n_sent;

		send_frame(&n, cases[i].len, 4, 1);
		ck_assert_uint_eq(n.wire->n_sent - before, cases[i].sent);
		if (cases[i].sent)
			expect_sent(&n, before, cases[i].len, 4);
	}
	ck_assert(gd_net_works(&n));
	gd_net_close(&n);
}
END_TEST

START_TEST(a_huge_frame_is_dropped)
{
	struct gd_net n;
	struct gd_seg segs[20];

	CLAUSE("NET-10");
	start_net(&n);
	/* 20 GiB by the same megabytes: nobody adds them up in 32 bits, or copies them. */
	for (size_t i = 0; i < COUNT_OF(segs); i++)
		segs[i] = (struct gd_seg){0x10000, 0x40000000, false};
	ck_assert_int_eq(gd_net_do_segs(&n, segs, COUNT_OF(segs)), 0);
	ck_assert_uint_eq(n.wire->n_sent, 0);
	ck_assert(gd_net_works(&n));
	gd_net_close(&n);
}
END_TEST

START_TEST(a_writable_descriptor_drops_the_frame)
{
	struct gd_net n;

	CLAUSE("NET-11");
	start_net(&n);
	gpa_t at = frame_in_ram(&n, 10, LEN, 5);
	gpa_t out = gd_alloc(n.m, 64, 16);
	struct gd_seg behind[] = {{at, 10, false}, {at + 10, LEN, false}, {out, 64, true}};
	struct gd_seg before[] = {{out, 64, true}, {at, 10 + LEN, false}};
	struct gd_seg only[] = {{out, 64, true}};

	gd_fill(n.m, out, 0x77, 64);
	ck_assert_int_eq(gd_net_do_segs(&n, behind, 3), 0);
	ck_assert_int_eq(gd_net_do_segs(&n, before, 2), 0);
	ck_assert_int_eq(gd_net_do_segs(&n, only, 1), 0);
	ck_assert_uint_eq(n.wire->n_sent, 0);
	ck_assert(gd_all(n.m, out, 0x77, 64));
	ck_assert(gd_net_works(&n));
	gd_net_close(&n);
}
END_TEST

START_TEST(used_length_is_zero)
{
	struct gd_net n;

	CLAUSE("NET-12");
	start_net(&n);
	for (uint8_t i = 0; i < 20; i++)
		send_frame(&n, 14U + 70U * i, i, 1); /* checks it */
	gd_net_close(&n);
}
END_TEST

START_TEST(less_than_a_header_is_dropped)
{
	struct gd_net n;
	gpa_t at;

	CLAUSE("NET-13");
	start_net(&n);
	at = gd_alloc(n.m, 16, 16);
	struct gd_seg nine[] = {{at, 9, false}};
	struct gd_seg empty[] = {{at, 0, false}};
	struct gd_seg header[] = {{at, 10, false}};

	ck_assert_int_eq(gd_net_do_segs(&n, nine, 1), 0);
	ck_assert_int_eq(gd_net_do_segs(&n, empty, 1), 0);
	ck_assert_int_eq(gd_net_do_segs(&n, header, 1), 0);
	ck_assert_uint_eq(n.wire->n_sent, 0);
	ck_assert(gd_net_works(&n));
	gd_net_close(&n);
}
END_TEST

START_TEST(a_frame_outside_ram_is_dropped)
{
	struct gd_net n;

	CLAUSE("NET-13");
	start_net(&n);
	gpa_t at = frame_in_ram(&n, 10, LEN, 5);
	struct gd_seg frame[] = {{at, 10, false}, {0xd0000000, LEN, false}};
	struct gd_seg header[] = {{UINT64_MAX - 4, 10, false}, {at, LEN, false}};

	ck_assert_int_eq(gd_net_do_segs(&n, frame, 2), 0);
	ck_assert_int_eq(gd_net_do_segs(&n, header, 2), 0);
	ck_assert_uint_eq(n.wire->n_sent, 0);
	ck_assert(gd_net_works(&n));
	gd_net_close(&n);
}
END_TEST

START_TEST(frames_go_out_in_order_one_a_chain)
{
	uint8_t frame[2048];
	struct gd_net n;
	struct gd_used used;

	CLAUSE("NET-14");
	start_net(&n);
	gd_no_interrupt(&n.tx, true);
	for (unsigned int i = 0; i < 250; i++) {
		gd_net_frame(frame, 60 + i, NULL, (uint8_t)i);
		ck_assert_int_ge(gd_net_send(&n, frame, 60 + i, 1 + i % 3), 0);
	}
	for (unsigned int i = 0; i < 250; i++) {
		ck_assert(gd_wait_used(&n.tx, &used));
		ck_assert_uint_eq(used.len, 0);
	}
	ck_assert_uint_eq(n.wire->n_sent, 250);
	for (unsigned int i = 0; i < 250; i++)
		expect_sent(&n, i, 60 + i, (uint8_t)i);
	/* Batches, not frames, reach the host. */
	ck_assert_uint_lt(n.wire->flushes, 250);
	gd_net_close(&n);
}
END_TEST

START_TEST(a_full_backend_delays_and_loses_nothing)
{
	uint8_t frame[2048];
	struct gd_net n;
	struct gd_used used;

	CLAUSE("NET-15");
	start_net(&n);
	gd_wire_set_full(n.wire, true);
	for (uint8_t i = 0; i < 10; i++) {
		gd_net_frame(frame, LEN, NULL, i);
		ck_assert_int_ge(gd_net_send(&n, frame, LEN, 2), 0);
	}
	gd_settle(n.m);
	ck_assert_uint_eq(gd_used_ready(&n.tx), 0);
	/* It was tried once: a full backend is not asked again before it says so. */
	ck_assert_uint_eq(n.wire->eagain, 1);
	gd_wire_set_full(n.wire, false);
	for (uint8_t i = 0; i < 10; i++) {
		ck_assert(gd_wait_used(&n.tx, &used));
		expect_sent(&n, i, LEN, i);
	}
	ck_assert_uint_eq(n.wire->n_sent, 10);
	gd_net_close(&n);
}
END_TEST

START_TEST(frames_without_a_link_are_completed_and_gone)
{
	uint8_t frame[2048];
	struct gd_net n;
	struct gd_used used;

	CLAUSE("NET-15");
	start_net(&n);
	virtio_net_set_link(n.vd, false);
	send_frame(&n, LEN, 1, 1);
	ck_assert_uint_eq(n.wire->n_sent, 0);
	/* Also those that wait for a full backend when the cable is pulled. */
	virtio_net_set_link(n.vd, true);
	gd_wire_set_full(n.wire, true);
	gd_net_frame(frame, LEN, NULL, 2);
	gd_net_send(&n, frame, LEN, 1);
	gd_settle(n.m);
	ck_assert_uint_eq(gd_used_ready(&n.tx), 0);
	virtio_net_set_link(n.vd, false);
	ck_assert(gd_wait_used(&n.tx, &used));
	ck_assert_uint_eq(used.len, 0);
	gd_wire_set_full(n.wire, false);
	gd_settle(n.m);
	ck_assert_uint_eq(n.wire->n_sent, 0);
	virtio_net_set_link(n.vd, true);
	ck_assert(gd_net_works(&n));
	gd_net_close(&n);
}
END_TEST

START_TEST(a_reset_forgets_what_waits_for_the_backend)
{
	uint8_t frame[2048];
	struct gd_net n;

	CLAUSE("NET-15");
	CLAUSE("T-RST-6");
	start_net(&n);
	gd_wire_set_full(n.wire, true);
	gd_net_frame(frame, LEN, NULL, 1);
	gd_net_send(&n, frame, LEN, 1);
	gd_settle(n.m);
	gd_reset(&n.dev);
	gd_fill(n.m, n.tx.used, 0x77, gd_used_bytes(n.tx.size));
	gd_wire_set_full(n.wire, false);
	gd_settle(n.m);
	ck_assert_uint_eq(n.wire->n_sent, 0);
	ck_assert(gd_all(n.m, n.tx.used, 0x77, gd_used_bytes(n.tx.size)));
	ck_assert_ptr_null(gd_net_start(&n, &gd_win7_net));
	ck_assert(gd_net_works(&n));
	/* The next driver does not wait for what the backend owed to the one before. */
	gd_wire_set_full(n.wire, true);
	gd_net_send(&n, frame, LEN, 1);
	gd_settle(n.m);
	gd_reset(&n.dev);
	n.wire->full = false;
	ck_assert_ptr_null(gd_net_start(&n, &gd_win7_net));
	ck_assert(gd_net_works(&n));
	gd_net_close(&n);
}
END_TEST

START_TEST(short_frames_are_not_padded)
{
	struct gd_net n;

	CLAUSE("NET-28");
	start_net(&n);
	for (uint8_t len = 14; len < 60; len++) {
		send_frame(&n, len, len, 1);
		expect_sent(&n, len - 14U, len, len);
	}
	gd_net_close(&n);
}
END_TEST

START_TEST(a_frame_in_32_pieces_goes_through_a_table)
{
	struct gd_net n;

	CLAUSE("NET-30");
	start_net(&n);
	for (uint32_t pieces = 1; pieces <= GD_NET_PIECES; pieces++) {
		send_frame(&n, 1514, (uint8_t)pieces, pieces);
		expect_sent(&n, pieces - 1, 1514, (uint8_t)pieces);
	}
	gd_net_close(&n);
}
END_TEST

CONTRACT_MAIN("net-tx", a_frame_starts_at_byte_ten, the_header_is_ignored,
	      the_header_may_be_cut_anywhere, frames_of_14_to_1522_bytes_go_out,
	      a_huge_frame_is_dropped, a_writable_descriptor_drops_the_frame, used_length_is_zero,
	      less_than_a_header_is_dropped, a_frame_outside_ram_is_dropped,
	      frames_go_out_in_order_one_a_chain, a_full_backend_delays_and_loses_nothing,
	      frames_without_a_link_are_completed_and_gone,
	      a_reset_forgets_what_waits_for_the_backend, short_frames_are_not_padded,
	      a_frame_in_32_pieces_goes_through_a_table)
