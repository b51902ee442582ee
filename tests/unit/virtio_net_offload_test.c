/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/net_fixture.h"

/* Checksums and segmentation: what the backend can, it is given; a checksum that it cannot, and one
 * that the driver does not want, is computed here. */

#define L4_AT	34U /* behind Ethernet and IPv4 headers */
#define CSUM_AT 6U  /* of the checksum in UDP */

static const struct net_offload csum = {
	.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
	.csum_start = L4_AT,
	.csum_offset = CSUM_AT,
};

/* The checksum as RFC 1071 has it, byte by byte. */
static uint16_t reference(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2) {
		sum += (uint32_t)p[i] << 8 | (i + 1 < len ? p[i + 1] : 0);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)~sum;
}

static void make_frame(uint8_t *frame, size_t len, uint8_t seed)
{
	gd_net_frame(frame, len, NULL, seed);
	/* The sum of a pseudo header. */
	frame[L4_AT + CSUM_AT] = 0x12;
	frame[L4_AT + CSUM_AT + 1] = seed;
}

/* @frame with its checksum in place. */
static void finish(uint8_t *frame, size_t len)
{
	uint16_t sum = reference(frame + L4_AT, len - L4_AT);

	frame[L4_AT + CSUM_AT] = (uint8_t)(sum >> 8);
	frame[L4_AT + CSUM_AT + 1] = (uint8_t)sum;
}

/* Sends @frame with @o in its header. */
static void send_with(struct gd_net *n, const struct net_offload *o, const uint8_t *frame,
		      size_t len)
{
	uint8_t header[12] = {o->flags, o->gso_type};
	gpa_t at = gd_alloc(n->m, n->header + len, 1);
	struct gd_seg segs[] = {{at, n->header, false}, {at + n->header, (uint32_t)len, false}};

	st_le16(header + 2, o->hdr_len);
	st_le16(header + 4, o->gso_size);
	st_le16(header + 6, o->csum_start);
	st_le16(header + 8, o->csum_offset);
	gd_write(n->m, at, header, n->header);
	gd_write(n->m, at + n->header, frame, len);
	ck_assert_int_eq(gd_net_do_segs(n, segs, 2), 0);
}

START_TEST(checksum_is_computed_for_a_backend_that_cannot)
{
	static const struct net_offload nothing;
	struct gd_net_config config = {.properties = VIRTIO_NET_CSUM};
	uint8_t frame[1522];
	struct gd_net n;

	net_start_greedy(&n, &config);
	/* Even and odd lengths, and the shortest that has the field. */
	for (size_t len = L4_AT + CSUM_AT + 2; len < 1522; len += 37) {
		unsigned int i = n.wire->n_sent;

		make_frame(frame, len, (uint8_t)len);
		send_with(&n, &csum, frame, len);
		finish(frame, len);
		ck_assert_uint_eq(n.wire->n_sent, i + 1);
		ck_assert_mem_eq(gd_wire_sent(n.wire, i)->bytes, frame, len);
		ck_assert_mem_eq(&gd_wire_sent(n.wire, i)->offload, &nothing, sizeof(nothing));
	}
	ck_assert_uint_eq(n.wire->bad, 0);
	gd_net_close(&n);
}
END_TEST

START_TEST(checksum_of_zero_is_sent_as_all_ones)
{
	struct gd_net_config config = {.properties = VIRTIO_NET_CSUM};
	uint8_t frame[60] = {0};
	struct gd_net n;

	net_start_greedy(&n, &config);
	memset(frame, 0, sizeof(frame));
	frame[L4_AT] = 0xff;
	frame[L4_AT + 1] = 0xff;
	send_with(&n, &csum, frame, sizeof(frame));
	ck_assert_uint_eq(gd_wire_sent(n.wire, 0)->bytes[L4_AT + CSUM_AT], 0xff);
	ck_assert_uint_eq(gd_wire_sent(n.wire, 0)->bytes[L4_AT + CSUM_AT + 1], 0xff);
	gd_net_close(&n);
}
END_TEST

START_TEST(checksum_is_left_to_a_backend_that_can)
{
	struct gd_net_config config = {
		.properties = VIRTIO_NET_CSUM,
		.tx_offloads = NET_OFFLOAD_CSUM,
	};
	uint8_t frame[100];
	struct gd_net n;

	net_start_greedy(&n, &config);
	make_frame(frame, sizeof(frame), 1);
	send_with(&n, &csum, frame, sizeof(frame));
	ck_assert_mem_eq(gd_wire_sent(n.wire, 0)->bytes, frame, sizeof(frame));
	ck_assert_mem_eq(&gd_wire_sent(n.wire, 0)->offload, &csum, sizeof(csum));
	gd_net_close(&n);
}
END_TEST

START_TEST(checksum_outside_the_frame_drops_it)
{
	static const struct {
		uint16_t start, offset;
		bool sent;
	} cases[] = {
		{60, 0, false}, {59, 0, false},	 {58, 0, true},		{0, 58, true},
		{0, 59, false}, {61, 0, false},	 {65535, 65535, false}, {30, 65535, false},
		{30, 28, true}, {30, 29, false},
	};
	struct gd_net_config config = {.properties = VIRTIO_NET_CSUM};
	uint8_t frame[60];

	for (unsigned int can = 0; can < 2; can++) {
		struct gd_net n;

		config.tx_offloads = can ? NET_OFFLOAD_CSUM : 0;
		net_start_greedy(&n, &config);
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct net_offload o = csum;
			unsigned int before = n.wire->n_sent;

			o.csum_start = cases[i].start;
			o.csum_offset = cases[i].offset;
			gd_net_frame(frame, sizeof(frame), NULL, 1);
			send_with(&n, &o, frame, sizeof(frame));
			ck_assert_uint_eq(n.wire->n_sent - before, cases[i].sent);
		}
		ck_assert_uint_eq(net_counter(&n, "tx_dropped_offload"), 7);
		gd_net_close(&n);
	}
}
END_TEST

START_TEST(header_does_not_count_unless_negotiated)
{
	struct gd_net_config config = {
		.properties = VIRTIO_NET_CSUM | VIRTIO_NET_TSO,
		.tx_offloads = NET_ALL_OFFLOADS,
		.rx_offloads = NET_ALL_OFFLOADS,
	};
	static const struct net_offload nothing;
	struct net_offload o = {.flags = 0xff, .gso_type = 0xff, .csum_start = 0xffff};
	uint8_t frame[100];
	struct gd_net n;

	net_start_wanting(&n, &config, 0);
	make_frame(frame, sizeof(frame), 1);
	send_with(&n, &o, frame, sizeof(frame));
	ck_assert_mem_eq(gd_wire_sent(n.wire, 0)->bytes, frame, sizeof(frame));
	ck_assert_mem_eq(&gd_wire_sent(n.wire, 0)->offload, &nothing, sizeof(nothing));
	gd_net_close(&n);
}
END_TEST

/* Waits for a frame of @len bytes whose header says @o. */
static void expect_with(struct gd_net *n, const struct net_offload *o, const uint8_t *frame,
			size_t len)
{
	uint8_t header[12] = {o->flags, o->gso_type}, got[NET_FRAME_MAX + 12];
	struct gd_net_buffer b;
	struct gd_used used;

	st_le16(header + 2, o->hdr_len);
	st_le16(header + 4, o->gso_size);
	st_le16(header + 6, o->csum_start);
	st_le16(header + 8, o->csum_offset);
	ck_assert(gd_net_wait(n, &used, &b));
	ck_assert_uint_eq(used.len, n->header + len);
	gd_read(n->m, b.header, got, n->header);
	ck_assert_mem_eq(got, header, 10);
	gd_read(n->m, b.payload, got, len);
	ck_assert_mem_eq(got, frame, len);
}

START_TEST(checksum_that_the_driver_does_is_passed_on)
{
	struct gd_net_config config = {
		.properties = VIRTIO_NET_CSUM,
		.rx_offloads = NET_OFFLOAD_CSUM,
	};
	static const struct net_offload valid = {.flags = VIRTIO_NET_HDR_F_DATA_VALID};
	uint8_t frame[100];
	struct gd_net n;

	net_start_greedy(&n, &config);
	gd_net_post_many(&n, 4);
	gd_settle(n.m);
	ck_assert_uint_eq(n.wire->rx_set, NET_OFFLOAD_CSUM);
	make_frame(frame, sizeof(frame), 1);
	gd_wire_put(n.wire, &csum, frame, sizeof(frame));
	expect_with(&n, &csum, frame, sizeof(frame));
	gd_wire_put(n.wire, &valid, frame, sizeof(frame));
	expect_with(&n, &valid, frame, sizeof(frame));
	gd_net_close(&n);
}
END_TEST

START_TEST(checksum_is_computed_for_a_driver_that_does_not)
{
	struct gd_net_config config = {.rx_offloads = NET_OFFLOAD_CSUM};
	static const struct net_offload nothing, valid = {.flags = VIRTIO_NET_HDR_F_DATA_VALID};
	struct net_offload outside = csum;
	uint8_t frame[100];
	struct gd_net n;

	net_start_greedy(&n, &config);
	gd_net_post_many(&n, 4);
	gd_settle(n.m);
	ck_assert_uint_eq(n.wire->rx_set, 0);
	make_frame(frame, sizeof(frame), 1);
	outside.csum_start = 99;
	gd_wire_put(n.wire, &outside, frame, sizeof(frame));
	gd_wire_put(n.wire, &csum, frame, sizeof(frame));
	finish(frame, sizeof(frame));
	expect_with(&n, &nothing, frame, sizeof(frame));
	gd_wire_put(n.wire, &valid, frame, sizeof(frame));
	expect_with(&n, &nothing, frame, sizeof(frame));
	ck_assert_uint_eq(net_counter(&n, "rx_dropped_offload"), 1);
	gd_net_close(&n);
}
END_TEST

/* Segmentation */

static const struct gd_net_config segmenting = {
	.properties = VIRTIO_NET_CSUM | VIRTIO_NET_TSO | VIRTIO_NET_MRG_RXBUF,
	.tx_offloads = NET_ALL_OFFLOADS,
	.rx_offloads = NET_ALL_OFFLOADS,
};

static const struct net_offload tso4 = {
	.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
	.gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
	.hdr_len = 54,
	.gso_size = 1460,
	.csum_start = L4_AT,
	.csum_offset = 16,
};

START_TEST(long_frames_go_to_a_backend_that_segments)
{
	uint8_t *frame = malloc(NET_FRAME_MAX + 1);
	struct net_offload o = tso4;
	struct gd_net n;

	net_start_greedy(&n, &segmenting);
	gd_net_frame(frame, NET_FRAME_MAX + 1, NULL, 1);
	send_with(&n, &o, frame, NET_FRAME_MAX);
	o.gso_type = VIRTIO_NET_HDR_GSO_TCPV6 | VIRTIO_NET_HDR_GSO_ECN;
	send_with(&n, &o, frame, 1523);
	ck_assert_uint_eq(n.wire->n_sent, 2);
	ck_assert_uint_eq(gd_wire_sent(n.wire, 0)->len, NET_FRAME_MAX);
	ck_assert_mem_eq(gd_wire_sent(n.wire, 0)->bytes, frame, NET_FRAME_MAX);
	ck_assert_mem_eq(&gd_wire_sent(n.wire, 0)->offload, &tso4, sizeof(tso4));
	ck_assert_mem_eq(&gd_wire_sent(n.wire, 1)->offload, &o, sizeof(o));
	send_with(&n, &tso4, frame, NET_FRAME_MAX + 1);
	ck_assert_uint_eq(n.wire->n_sent, 2);
	free(frame);
	gd_net_close(&n);
}
END_TEST

START_TEST(segmentation_that_makes_no_sense_drops_the_frame)
{
	struct net_offload o[8];
	uint8_t frame[2000];
	struct gd_net n;

	for (size_t i = 0; i < 8; i++)
		o[i] = tso4;
	o[0].gso_size = 0;
	o[1].flags = 0;
	o[2].gso_type = 2;
	o[3].gso_type = 3; /* UFO is not offered */
	o[4].gso_type = VIRTIO_NET_HDR_GSO_ECN;
	o[5].hdr_len = 2001;
	o[6] = (struct net_offload){0}; /* longer than a frame without it */
	o[7] = csum;
	net_start_greedy(&n, &segmenting);
	gd_net_frame(frame, sizeof(frame), NULL, 1);
	for (size_t i = 0; i < 8; i++)
		send_with(&n, &o[i], frame, sizeof(frame));
	ck_assert_uint_eq(n.wire->n_sent, 0);
	ck_assert_uint_eq(net_counter(&n, "tx_dropped_offload"), 6);
	ck_assert_uint_eq(net_counter(&n, "tx_dropped_length"), 2);
	gd_net_close(&n);
}
END_TEST

START_TEST(only_negotiated_kinds_of_segments_go_out)
{
	struct net_offload ecn = tso4, six = tso4;
	uint8_t frame[2000];
	struct gd_net n;

	ecn.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
	six.gso_type = VIRTIO_NET_HDR_GSO_TCPV6;
	net_start_wanting(&n, &segmenting, VIRTIO_NET_F_CSUM | VIRTIO_NET_F_HOST_TSO4);
	gd_net_frame(frame, sizeof(frame), NULL, 1);
	send_with(&n, &ecn, frame, sizeof(frame));
	send_with(&n, &six, frame, sizeof(frame));
	ck_assert_uint_eq(n.wire->n_sent, 0);
	send_with(&n, &tso4, frame, sizeof(frame));
	ck_assert_uint_eq(n.wire->n_sent, 1);
	gd_net_close(&n);
}
END_TEST

START_TEST(long_frames_come_in_over_merged_buffers)
{
	static uint8_t frame[NET_FRAME_MAX], got[NET_FRAME_MAX + 4096];
	uint8_t header[12];
	size_t have = 0;
	unsigned int chains = 0;
	struct gd_used used;
	struct gd_net_buffer b;
	struct gd_net n;

	net_start_greedy(&n, &segmenting);
	gd_net_post_many(&n, 100);
	gd_settle(n.m);
	ck_assert_uint_eq(n.wire->rx_set, NET_ALL_OFFLOADS);
	gd_net_frame(frame, sizeof(frame), NULL, 1);
	gd_wire_put(n.wire, &tso4, frame, sizeof(frame));
	gd_settle(n.m);
	while (gd_take_used(&n.rx, &used)) {
		b = n.posted[used.id];
		if (chains++ == 0)
			gd_read(n.m, b.header, header, 12);
		gd_read(n.m, b.header, got + have, 12);
		gd_read(n.m, b.payload, got + have + 12, used.len - 12);
		have += used.len;
	}
	ck_assert_uint_eq(have, 12 + sizeof(frame));
	ck_assert_mem_eq(got + 12, frame, sizeof(frame));
	ck_assert_uint_eq(header[1], VIRTIO_NET_HDR_GSO_TCPV4);
	ck_assert_uint_eq(ld_le16(header + 4), 1460);
	ck_assert_uint_eq(ld_le16(header + 10), chains);
	ck_assert_uint_eq(chains, (12 + NET_FRAME_MAX + 2059) / 2060);
	gd_net_close(&n);
}
END_TEST

START_TEST(segments_that_the_driver_does_not_take_are_dropped)
{
	struct net_offload six = tso4, odd = tso4;
	uint8_t frame[2000];
	struct gd_net n;

	six.gso_type = VIRTIO_NET_HDR_GSO_TCPV6;
	odd.gso_type = 77;
	net_start_wanting(&n, &segmenting, VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_GUEST_TSO4);
	gd_net_post_many(&n, 4);
	gd_settle(n.m);
	ck_assert_uint_eq(n.wire->rx_set, NET_OFFLOAD_CSUM | NET_OFFLOAD_TSO4);
	gd_net_frame(frame, sizeof(frame), NULL, 1);
	gd_wire_put(n.wire, &six, frame, sizeof(frame));
	gd_wire_put(n.wire, &odd, frame, sizeof(frame));
	gd_wire_put(n.wire, &tso4, frame, sizeof(frame));
	expect_with(&n, &tso4, frame, sizeof(frame));
	ck_assert_uint_eq(net_counter(&n, "rx_dropped_offload"), 2);
	gd_net_close(&n);
}
END_TEST

START_TEST(segments_without_checksums_are_not_asked_for)
{
	struct gd_net n;

	net_start_wanting(&n, &segmenting, VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6);
	gd_net_post_many(&n, 4);
	ck_assert(gd_net_works(&n));
	ck_assert_uint_eq(n.wire->rx_set, 0);
	gd_net_close(&n);
}
END_TEST

START_TEST(offloads_end_with_the_driver_that_wanted_them)
{
	struct gd_net n;

	net_start_greedy(&n, &segmenting);
	gd_net_post_many(&n, 4);
	gd_settle(n.m);
	ck_assert_uint_eq(n.wire->rx_set, NET_ALL_OFFLOADS);
	gd_reset(&n.dev);
	n.header = 10;
	ck_assert_ptr_null(gd_net_start(&n, &gd_win7_net));
	gd_settle(n.m);
	ck_assert_uint_eq(n.wire->rx_set, 0);
	ck_assert(gd_net_works(&n));
	ck_assert_uint_eq(n.wire->bad, 0);
	gd_net_close(&n);
}
END_TEST

NET_MAIN("virtio-net-offload", checksum_is_computed_for_a_backend_that_cannot,
	 checksum_of_zero_is_sent_as_all_ones, checksum_is_left_to_a_backend_that_can,
	 checksum_outside_the_frame_drops_it, header_does_not_count_unless_negotiated,
	 checksum_that_the_driver_does_is_passed_on,
	 checksum_is_computed_for_a_driver_that_does_not, long_frames_go_to_a_backend_that_segments,
	 segmentation_that_makes_no_sense_drops_the_frame, only_negotiated_kinds_of_segments_go_out,
	 long_frames_come_in_over_merged_buffers,
	 segments_that_the_driver_does_not_take_are_dropped,
	 segments_without_checksums_are_not_asked_for,
	 offloads_end_with_the_driver_that_wanted_them)
