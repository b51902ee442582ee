/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/net_fixture.h"

/* virtio-net beyond the contract: what is offered, headers, merged buffers. Offloads and the
 * control queue are in virtio_net_offload_test.c and virtio_net_ctrl_test.c. */

#define BASE (VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_VERSION_1)

START_TEST(each_property_offers_its_features_and_no_more)
{
	static const struct {
		uint64_t features;
		uint32_t properties;
		uint16_t queues;
	} cases[] = {
		{1ULL << 15, VIRTIO_NET_MRG_RXBUF, 2},
		{3, VIRTIO_NET_CSUM, 2},
		{3 | 7ULL << 7 | 7ULL << 11, VIRTIO_NET_CSUM | VIRTIO_NET_TSO, 2},
		{0xfULL << 17 | 1ULL << 23, VIRTIO_NET_CTRL_VQ, 3},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gd_net_config config = {
			.properties = cases[i].properties,
			.tx_offloads = NET_ALL_OFFLOADS,
			.rx_offloads = NET_ALL_OFFLOADS,
		};
		struct gd_net n;

		gd_net_open(&n, &config);
		ck_assert_uint_eq(gd_offered(&n.dev), BASE | cases[i].features);
		ck_assert_uint_eq(gd_rd(&n.dev, GD_NUM_QUEUES), cases[i].queues);
		gd_net_close(&n);
	}
}
END_TEST

/* Creation with @config must fail, close the backend and say @what. */
static void expect_refusal(struct virtio_net_config config, unsigned int rx_offloads,
			   const char *what)
{
	struct gd_machine *m = gd_machine_create(NULL);
	struct gd_wire *w = gd_wire_create(m->loop, NET_ALL_OFFLOADS, rx_offloads);
	struct err err = ERR_INIT;
	unsigned int destroyed = 0;

	w->destroyed = &destroyed;
	config.id = "net0";
	config.mem = m->mem;
	config.loop = m->loop;
	config.backend = &w->net;
	ck_assert_ptr_null(virtio_net_create(&config, &err));
	ck_assert_msg(strstr(err.text, what), "%s", err.text);
	ck_assert_msg(strstr(err.text, "net0"), "%s", err.text);
	ck_assert_int_eq(err.code, -EINVAL);
	ck_assert_uint_eq(destroyed, 1);
	gd_machine_destroy(m);
}

START_TEST(what_cannot_be_is_refused_with_its_remedy)
{
	struct virtio_net_config zero = {0};
	struct virtio_net_config group = {.mac = {0x01, 0, 0x5e, 0, 0, 1}};
	struct virtio_net_config tso = {.mac = {0x52, 0x54, 0, 0, 0, 1},
					.properties = VIRTIO_NET_TSO};

	expect_refusal(zero, NET_ALL_OFFLOADS, "00:00:00:00:00:00 is zero or a group's");
	expect_refusal(group, NET_ALL_OFFLOADS, "01:00:5e:00:00:01");
	expect_refusal(tso, NET_ALL_OFFLOADS, "needs checksum offload");
	tso.properties |= VIRTIO_NET_CSUM;
	expect_refusal(tso, NET_OFFLOAD_CSUM | NET_OFFLOAD_TSO4, "use a tap with vnet_hdr");
}
END_TEST

START_TEST(device_knows_itself)
{
	struct gd_net n;

	gd_net_open(&n, NULL);
	ck_assert(virtio_net_is(&n.vd->dev));
	ck_assert(!virtio_net_is(n.m->host));
	ck_assert_mem_eq(virtio_net_mac(n.vd), gd_net_mac, 6);
	ck_assert(virtio_net_link(n.vd));
	gd_net_close(&n);
}
END_TEST

START_TEST(destroying_it_closes_the_backend)
{
	unsigned int destroyed = 0;
	struct gd_net n;

	gd_net_open(&n, NULL);
	n.wire->destroyed = &destroyed;
	gd_net_put(&n, 60, 1);
	gd_net_close(&n);
	ck_assert_uint_eq(destroyed, 1);
}
END_TEST

/* The dialect of virtio 1.2 */

START_TEST(virtio_dialect_has_twelve_bytes_of_header)
{
	struct gd_net_config config = {.dialect_virtio = true};
	struct gd_net n;

	gd_net_open(&n, &config);
	ck_assert_ptr_null(gd_net_start(&n, &gd_linux));
	ck_assert_uint_eq(n.header, 12);
	for (unsigned int i = 0; i < 3; i++)
		ck_assert(gd_net_works(&n)); /* num_buffers is 1 */
	gd_net_close(&n);
}
END_TEST

START_TEST(virtio_dialect_takes_headers_cut_anywhere)
{
	struct gd_net_config config = {.dialect_virtio = true};
	struct gd_used used;
	struct gd_net n;
	gpa_t at;

	net_start_greedy(&n, &config);
	at = gd_alloc(n.m, 100, 16);
	struct gd_seg cut[] = {{at, 3, true}, {at + 3, 8, true}, {at + 11, 89, true}};
	struct gd_seg small[] = {{at, 11, true}};

	gd_add(&n.rx, small, 1);
	gd_add(&n.rx, cut, 3);
	gd_kick(&n.rx);
	gd_net_put(&n, 60, 1);
	ck_assert(gd_wait_used(&n.rx, &used));
	ck_assert_uint_eq(used.len, 0);
	ck_assert(gd_wait_used(&n.rx, &used));
	ck_assert_uint_eq(used.len, 72);
	ck_assert_uint_eq(gd_ld16(n.m, at + 10), 1);
	gd_net_close(&n);
}
END_TEST

START_TEST(legacy_driver_has_ten_bytes_in_both_dialects)
{
	struct gd_net_config config = {.dialect_virtio = true};
	struct gd_net n;

	gd_net_open(&n, &config);
	n.header = 10;
	ck_assert_ptr_null(gd_net_start(&n, &gd_linux));
	/* What the transport does when the legacy interface is used; a reset undoes it. */
	n.vd->legacy = true;
	ck_assert(gd_net_works(&n));
	gd_net_close(&n);
}
END_TEST

/* Merged buffers */

#define SMALL 100U /* payload of a chain; with its header 112 bytes */

static const struct gd_net_config merging = {.properties = VIRTIO_NET_MRG_RXBUF};

static void post_small(struct gd_net *n, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		ck_assert_int_ge(gd_net_post(n, SMALL), 0);
	gd_kick(&n->rx);
}

/* Takes the frame of gd_net_put(@len, @seed), which lies in @chains chains. */
static void expect_merged(struct gd_net *n, size_t len, uint8_t seed, unsigned int chains)
{
	uint8_t expected[NET_FRAME_MAX], got[NET_FRAME_MAX + 12 + SMALL];
	struct gd_net_buffer b;
	struct gd_used used;
	size_t have = 0;

	gd_net_frame(expected, len, NULL, seed);
	for (unsigned int i = 0; i < chains; i++) {
		ck_assert(gd_net_wait(n, &used, &b));
		ck_assert_uint_ge(used.len, 1);
		ck_assert_uint_le(used.len, 12 + b.size);
		gd_read(n->m, b.header, got + have, 12);
		gd_read(n->m, b.payload, got + have + 12, used.len > 12 ? used.len - 12 : 0);
		have += used.len;
		if (i == 0)
			ck_assert_uint_eq(gd_ld16(n->m, b.header + 10), chains);
	}
	ck_assert_uint_eq(have, 12 + len);
	ck_assert(got[0] == 0 && got[1] == 0);
	ck_assert_mem_eq(got + 12, expected, len);
}

START_TEST(merging_makes_the_header_long)
{
	struct gd_net n;

	net_start_greedy(&n, &merging);
	ck_assert_uint_eq(n.header, 12);
	gd_net_post_many(&n, 4);
	ck_assert(gd_net_works(&n));
	gd_net_close(&n);
}
END_TEST

START_TEST(merging_not_accepted_changes_nothing)
{
	struct gd_net n;

	gd_net_open(&n, &merging);
	ck_assert_ptr_null(gd_net_start(&n, &gd_win7_net));
	ck_assert_uint_eq(n.header, 10);
	ck_assert(gd_net_works(&n));
	gd_net_close(&n);
}
END_TEST

START_TEST(a_frame_is_spread_over_chains)
{
	struct gd_net n;

	net_start_greedy(&n, &merging);
	post_small(&n, 40);
	gd_net_put(&n, SMALL, 1);     /* fits */
	gd_net_put(&n, SMALL + 1, 2); /* by one byte it does not */
	gd_net_put(&n, 1514, 3);
	gd_net_put(&n, 2 * 112 - 12, 4); /* fills two to the last byte */
	expect_merged(&n, SMALL, 1, 1);
	expect_merged(&n, SMALL + 1, 2, 2);
	expect_merged(&n, 1514, 3, 14);
	expect_merged(&n, 2 * 112 - 12, 4, 2);
	gd_net_close(&n);
}
END_TEST

START_TEST(a_frame_takes_all_its_chains_or_none)
{
	struct gd_net n;

	net_start_greedy(&n, &merging);
	post_small(&n, 3);
	gd_net_put(&n, 1000, 1); /* needs 10 */
	gd_net_put(&n, 60, 2);
	gd_settle(n.m);
	ck_assert_uint_eq(gd_used_ready(&n.rx), 0);
	ck_assert_uint_eq(gd_wire_waiting(n.wire), 2);
	post_small(&n, 3);
	gd_settle(n.m);
	ck_assert_uint_eq(gd_used_ready(&n.rx), 0);
	post_small(&n, 10);
	expect_merged(&n, 1000, 1, 10);
	expect_merged(&n, 60, 2, 1);
	ck_assert_uint_eq(net_counter(&n, "rx_dropped_reset"), 0);
	gd_net_close(&n);
}
END_TEST

static bool second_is_there(void *arg)
{
	struct gd_net *n = arg;

	return gd_used_ready(&n->rx) == 1;
}

START_TEST(a_driver_that_never_posts_enough_is_not_stuck)
{
	struct gd_net n;

	net_start_greedy(&n, &merging);
	post_small(&n, 3);
	gd_net_put(&n, 1000, 1);
	gd_net_put(&n, 60, 2);
	/* No doorbell any more: time alone gives the long frame up. */
	ck_assert(gd_wait(n.m, second_is_there, &n));
	expect_merged(&n, 60, 2, 1);
	ck_assert_uint_eq(net_counter(&n, "rx_dropped_room"), 1);
	gd_net_close(&n);
}
END_TEST

START_TEST(junk_between_merged_chains_completes_each_once)
{
	struct gd_used used;
	struct gd_net n;
	unsigned int empty = 0;
	bool seen[GD_NET_SIZE] = {false};

	net_start_greedy(&n, &merging);
	post_small(&n, 2);
	gpa_t at = gd_alloc(n.m, 16, 16);
	struct gd_seg junk[] = {{at, 16, false}};

	gd_add(&n.rx, junk, 1);
	post_small(&n, 1);
	gd_net_put(&n, 1000, 1);
	gd_settle(n.m);
	/* The order is gone, so all four came back empty. */
	while (gd_take_used(&n.rx, &used)) {
		ck_assert_uint_eq(used.len, 0);
		ck_assert_uint_lt(used.id, GD_NET_SIZE);
		ck_assert(!seen[used.id]);
		seen[used.id] = true;
		empty++;
	}
	ck_assert_uint_eq(empty, 4);
	post_small(&n, 10);
	expect_merged(&n, 1000, 1, 10);
	gd_net_close(&n);
}
END_TEST

START_TEST(a_malformed_chain_between_merged_ones_too)
{
	struct gd_used used;
	struct gd_net n;

	net_start_greedy(&n, &merging);
	post_small(&n, 2);
	/* A table of a length that is none. */
	gd_desc(n.m, n.rx.desc, 7, 0x10000, 17, VIRTQ_DESC_F_INDIRECT, 0);
	gd_offer(&n.rx, 7);
	gd_kick(&n.rx);
	gd_net_put(&n, 1000, 1);
	gd_settle(n.m);
	for (unsigned int i = 0; i < 3; i++) {
		ck_assert(gd_take_used(&n.rx, &used));
		ck_assert_uint_eq(used.len, 0);
	}
	ck_assert(!gd_take_used(&n.rx, &used));
	gd_net_close(&n);
}
END_TEST

START_TEST(a_reset_forgets_a_frame_that_waits_for_chains)
{
	struct gd_persona greedy = gd_win7_net;
	struct gd_net n;

	greedy.wanted = UINT64_MAX;
	net_start_greedy(&n, &merging);
	post_small(&n, 3);
	gd_net_put(&n, 1000, 1);
	gd_settle(n.m);
	gd_reset(&n.dev);
	ck_assert_ptr_null(gd_net_prepare(&n, &greedy));
	gd_driver_ok(&n.dev);
	post_small(&n, 20);
	gd_settle(n.m);
	ck_assert_uint_eq(gd_used_ready(&n.rx), 0);
	ck_assert_uint_eq(net_counter(&n, "rx_dropped_reset"), 1);
	gd_net_put(&n, 1000, 2);
	expect_merged(&n, 1000, 2, 10);
	gd_net_close(&n);
}
END_TEST

NET_MAIN("virtio-net", each_property_offers_its_features_and_no_more,
	 what_cannot_be_is_refused_with_its_remedy, device_knows_itself,
	 destroying_it_closes_the_backend, virtio_dialect_has_twelve_bytes_of_header,
	 virtio_dialect_takes_headers_cut_anywhere, legacy_driver_has_ten_bytes_in_both_dialects,
	 merging_makes_the_header_long, merging_not_accepted_changes_nothing,
	 a_frame_is_spread_over_chains, a_frame_takes_all_its_chains_or_none,
	 a_driver_that_never_posts_enough_is_not_stuck,
	 junk_between_merged_chains_completes_each_once, a_malformed_chain_between_merged_ones_too,
	 a_reset_forgets_a_frame_that_waits_for_chains)
