/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/net_fixture.h"

/* The control queue, and the filter that it sets. */

static const struct gd_net_config control = {.properties = VIRTIO_NET_CTRL_VQ};

static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t group[6] = {0x01, 0x00, 0x5e, 0x00, 0x00, 0x01};
static const uint8_t neighbours[6] = {0x33, 0x33, 0x00, 0x00, 0x00, 0x01};
static const uint8_t other[6] = {0x02, 0x00, 0x00, 0x00, 0x00, 0x07};

static void start(struct gd_net *n)
{
	net_start_greedy(n, &control);
	gd_net_post_many(n, 200);
}

/* True when a frame to @to is delivered. */
static bool delivered(struct gd_net *n, const uint8_t *to)
{
	uint8_t frame[60];
	struct gd_used used;

	gd_net_frame(frame, sizeof(frame), to, 1);
	gd_wire_put(n->wire, NULL, frame, sizeof(frame));
	gd_settle(n->m);
	return gd_take_used(&n->rx, &used) && used.len == n->header + sizeof(frame);
}

static int set_mode(struct gd_net *n, uint8_t command, uint8_t on)
{
	return gd_net_ctrl(n, VIRTIO_NET_CTRL_RX, command, &on, 1);
}

START_TEST(own_address_and_broadcast_pass_at_first)
{
	struct gd_net n;

	start(&n);
	ck_assert(delivered(&n, gd_net_mac));
	ck_assert(delivered(&n, broadcast));
	ck_assert(!delivered(&n, group));
	ck_assert(!delivered(&n, other));
	ck_assert_uint_eq(net_counter(&n, "rx_dropped_filter"), 2);
	gd_net_close(&n);
}
END_TEST

START_TEST(all_passes_without_the_feature)
{
	struct gd_net n;

	net_start_wanting(&n, &control, VIRTIO_NET_F_CTRL_VQ);
	gd_net_post_many(&n, 4);
	ck_assert(delivered(&n, group));
	ck_assert(delivered(&n, other));
	/* And the commands are none. */
	ck_assert_int_eq(set_mode(&n, VIRTIO_NET_CTRL_RX_PROMISC, 1), VIRTIO_NET_ERR);
	ck_assert_int_eq(set_mode(&n, VIRTIO_NET_CTRL_RX_NOBCAST, 1), VIRTIO_NET_ERR);
	ck_assert_int_eq(gd_net_ctrl(&n, VIRTIO_NET_CTRL_VLAN, 0, "\1", 2), VIRTIO_NET_ERR);
	ck_assert_int_eq(gd_net_ctrl(&n, VIRTIO_NET_CTRL_MAC, 1, other, 6), VIRTIO_NET_ERR);
	gd_net_close(&n);
}
END_TEST

START_TEST(receive_modes)
{
	static const struct {
		uint8_t command;
		bool own, bcast, multi, uni;
	} modes[] = {
		{VIRTIO_NET_CTRL_RX_PROMISC, true, true, true, true},
		{VIRTIO_NET_CTRL_RX_ALLMULTI, true, true, true, false},
		{VIRTIO_NET_CTRL_RX_ALLUNI, true, true, false, true},
		{VIRTIO_NET_CTRL_RX_NOMULTI, true, true, false, false},
		{VIRTIO_NET_CTRL_RX_NOUNI, false, true, false, false},
		{VIRTIO_NET_CTRL_RX_NOBCAST, true, false, false, false},
	};
	struct gd_net n;

	start(&n);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		ck_assert_int_eq(set_mode(&n, modes[i].command, 1), VIRTIO_NET_OK);
		ck_assert_int_eq(delivered(&n, gd_net_mac), modes[i].own);
		ck_assert_int_eq(delivered(&n, broadcast), modes[i].bcast);
		ck_assert_int_eq(delivered(&n, group), modes[i].multi);
		ck_assert_int_eq(delivered(&n, other), modes[i].uni);
		ck_assert_int_eq(set_mode(&n, modes[i].command, 0), VIRTIO_NET_OK);
		ck_assert(delivered(&n, gd_net_mac));
		ck_assert(!delivered(&n, other));
	}
	gd_net_close(&n);
}
END_TEST

START_TEST(address_tables)
{
	uint8_t tables[4 + 6 + 4 + 12] = {1, 0, 0, 0};
	uint8_t cut[4 + 6 + 4 + 6] = {1, 0, 0, 0};
	uint8_t none[8] = {0};
	struct gd_net n;

	memcpy(tables + 4, other, 6);
	tables[10] = 2;
	memcpy(tables + 14, neighbours, 6);
	memcpy(tables + 20, group, 6);
	start(&n);
	ck_assert_int_eq(gd_net_ctrl(&n, 1, 0, tables, sizeof(tables)), VIRTIO_NET_OK);
	ck_assert(delivered(&n, other));
	ck_assert(delivered(&n, group));
	ck_assert(delivered(&n, neighbours));
	ck_assert(delivered(&n, gd_net_mac));
	ck_assert(!delivered(&n, (const uint8_t *)"\2\0\0\0\0\x08"));
	ck_assert(!delivered(&n, (const uint8_t *)"\1\0\x5e\0\0\2"));
	/* One that ends too early changes nothing, the first table neither. */
	cut[10] = 2;
	ck_assert_int_eq(gd_net_ctrl(&n, 1, 0, cut, sizeof(cut)), VIRTIO_NET_ERR);
	ck_assert(delivered(&n, other));
	ck_assert(delivered(&n, group));
	ck_assert_int_eq(gd_net_ctrl(&n, 1, 0, none, 7), VIRTIO_NET_ERR);
	ck_assert_int_eq(gd_net_ctrl(&n, 1, 0, "\xff\xff\xff\xff", 4), VIRTIO_NET_ERR);
	ck_assert_int_eq(gd_net_ctrl(&n, 1, 0, none, 8), VIRTIO_NET_OK);
	ck_assert(!delivered(&n, other));
	ck_assert(!delivered(&n, group));
	gd_net_close(&n);
}
END_TEST

START_TEST(long_table_lets_the_whole_kind_pass)
{
	static uint8_t many[4 + 1000 * 6 + 4];
	static uint8_t full[4 + 64 * 6 + 4];
	struct gd_net n;

	st_le32(many, 1000);
	st_le32(full, 64);
	memcpy(full + 4 + 63 * 6, other, 6);
	start(&n);
	ck_assert_int_eq(gd_net_ctrl(&n, 1, 0, full, sizeof(full)), VIRTIO_NET_OK);
	ck_assert(delivered(&n, other));
	ck_assert(!delivered(&n, (const uint8_t *)"\2\0\0\0\0\x08"));
	ck_assert_int_eq(gd_net_ctrl(&n, 1, 0, many, sizeof(many)), VIRTIO_NET_OK);
	ck_assert(delivered(&n, (const uint8_t *)"\2\0\0\0\0\x08"));
	ck_assert(!delivered(&n, group));
	gd_net_close(&n);
}
END_TEST

START_TEST(address_is_the_drivers_until_a_reset)
{
	struct gd_net n;

	start(&n);
	ck_assert_int_eq(gd_net_ctrl(&n, 1, 1, other, 6), VIRTIO_NET_OK);
	ck_assert(delivered(&n, other));
	ck_assert(!delivered(&n, gd_net_mac));
	ck_assert_uint_eq(gd_bar_rd(&n.dev, VIRTIO_PCI_DEVICE + 5, 1), 7);
	ck_assert_uint_eq(gd_rd(&n.dev, GD_GENERATION), 0);
	ck_assert_int_eq(gd_net_ctrl(&n, 1, 1, group, 6), VIRTIO_NET_ERR);
	ck_assert_int_eq(gd_net_ctrl(&n, 1, 1, "\0\0\0\0\0", 6), VIRTIO_NET_ERR);
	ck_assert_int_eq(gd_net_ctrl(&n, 1, 1, gd_net_mac, 5), VIRTIO_NET_ERR);
	ck_assert_uint_eq(gd_bar_rd(&n.dev, VIRTIO_PCI_DEVICE + 5, 1), 7);
	ck_assert_mem_eq(virtio_net_mac(n.vd), gd_net_mac, 6);
	gd_reset(&n.dev);
	ck_assert_uint_eq(gd_bar_rd(&n.dev, VIRTIO_PCI_DEVICE + 5, 1), gd_net_mac[5]);
	gd_net_close(&n);
}
END_TEST

/* True when a frame in VLAN @vlan to us is delivered. */
static bool vlan_delivered(struct gd_net *n, uint16_t vlan)
{
	uint8_t frame[64];
	struct gd_used used;

	gd_net_frame(frame, sizeof(frame), NULL, 1);
	frame[12] = 0x81;
	frame[13] = 0x00;
	frame[14] = (uint8_t)(0xe0 | vlan >> 8);
	frame[15] = (uint8_t)vlan;
	gd_wire_put(n->wire, NULL, frame, sizeof(frame));
	gd_settle(n->m);
	return gd_take_used(&n->rx, &used);
}

START_TEST(vlans)
{
	struct gd_net n;
	uint8_t frame[15];
	struct gd_used used;

	start(&n);
	ck_assert(delivered(&n, gd_net_mac));
	ck_assert(vlan_delivered(&n, 0)); /* a priority only */
	ck_assert(!vlan_delivered(&n, 5));
	ck_assert_int_eq(gd_net_ctrl(&n, 2, 0, "\5\0", 2), VIRTIO_NET_OK);
	ck_assert_int_eq(gd_net_ctrl(&n, 2, 0, "\xff\x0f", 2), VIRTIO_NET_OK);
	ck_assert(vlan_delivered(&n, 5));
	ck_assert(vlan_delivered(&n, 4095));
	ck_assert(!vlan_delivered(&n, 6));
	ck_assert_int_eq(gd_net_ctrl(&n, 2, 1, "\5\0", 2), VIRTIO_NET_OK);
	ck_assert(!vlan_delivered(&n, 5));
	ck_assert_int_eq(gd_net_ctrl(&n, 2, 0, "\0\x10", 2), VIRTIO_NET_ERR);
	ck_assert_int_eq(gd_net_ctrl(&n, 2, 0, "\5", 1), VIRTIO_NET_ERR);
	ck_assert_int_eq(gd_net_ctrl(&n, 2, 2, "\5\0", 2), VIRTIO_NET_ERR);
	/* A tag that the frame is too short for is none. */
	gd_net_frame(frame, sizeof(frame), NULL, 1);
	frame[12] = 0x81;
	frame[13] = 0;
	gd_wire_put(n.wire, NULL, frame, sizeof(frame));
	ck_assert(gd_wait_used(&n.rx, &used));
	gd_net_close(&n);
}
END_TEST

START_TEST(a_reset_clears_the_filter)
{
	struct gd_persona greedy = gd_win7_net;
	struct gd_net n;

	greedy.wanted = UINT64_MAX;
	start(&n);
	ck_assert_int_eq(set_mode(&n, VIRTIO_NET_CTRL_RX_PROMISC, 1), VIRTIO_NET_OK);
	ck_assert(delivered(&n, other));
	gd_reset(&n.dev);
	ck_assert_ptr_null(gd_net_start(&n, &greedy));
	ck_assert(!delivered(&n, other));
	gd_net_close(&n);
}
END_TEST

START_TEST(unknown_commands_are_errors)
{
	struct gd_net n;

	start(&n);
	for (unsigned int class = 0; class < 256; class ++)
		for (unsigned int command = class < 3 ? 6 : 0; command < 256; command += 50)
			ck_assert_int_eq(gd_net_ctrl(&n, class, command, "\0\0\0\0\0\0\0\0", 8),
					 VIRTIO_NET_ERR);
	ck_assert_int_eq(set_mode(&n, VIRTIO_NET_CTRL_RX_PROMISC, 1), VIRTIO_NET_OK);
	gd_net_close(&n);
}
END_TEST

/* Makes a chain of @segs available: used.len, or -1. */
static int do_segs(struct gd_net *n, const struct gd_seg *segs, uint32_t count)
{
	int head = gd_add(&n->ctrl, segs, count);
	struct gd_used used;

	gd_kick(&n->ctrl);
	if (head < 0 || !gd_wait_used(&n->ctrl, &used) || used.id != (uint32_t)head)
		return -1;
	return (int)used.len;
}

START_TEST(chains_that_are_no_command_are_completed)
{
	struct gd_net n;
	gpa_t at;

	start(&n);
	at = gd_alloc(n.m, 64, 16);
	struct gd_seg no_ack[] = {{at, 3, false}};
	struct gd_seg ack_outside[] = {{at, 3, false}, {0xd0000000, 1, true}};
	struct gd_seg ack_first[] = {{at + 8, 1, true}, {at, 3, false}};
	struct gd_seg empty_ack[] = {{at, 3, false}, {at + 8, 0, true}};
	struct gd_seg only_ack[] = {{at + 8, 1, true}};
	struct gd_seg outside[] = {{0xd0000000, 3, false}, {at + 8, 1, true}};
	struct gd_seg pieces[] = {{at, 1, false},
				  {at, 0, false},
				  {at + 1, 1, false},
				  {at + 2, 1, false},
				  {at + 8, 4, true}};

	gd_write(n.m, at, "\0\0\1", 3); /* promiscuous */
	gd_fill(n.m, at + 8, 0xff, 4);
	ck_assert_int_eq(do_segs(&n, no_ack, 1), 0);
	ck_assert_int_eq(do_segs(&n, ack_outside, 2), 0);
	ck_assert_int_eq(do_segs(&n, ack_first, 2), 0);
	ck_assert_int_eq(do_segs(&n, empty_ack, 2), 0);
	ck_assert(gd_all(n.m, at + 8, 0xff, 4));
	ck_assert_int_eq(do_segs(&n, only_ack, 1), 1);
	ck_assert_uint_eq(gd_ld8(n.m, at + 8), VIRTIO_NET_ERR);
	ck_assert_int_eq(do_segs(&n, outside, 2), 1);
	ck_assert_uint_eq(gd_ld8(n.m, at + 8), VIRTIO_NET_ERR);
	ck_assert(!delivered(&n, other)); /* none of them was obeyed */
	ck_assert_int_eq(do_segs(&n, pieces, 5), 1);
	ck_assert_uint_eq(gd_ld8(n.m, at + 8), VIRTIO_NET_OK);
	ck_assert(gd_all(n.m, at + 9, 0xff, 3));
	ck_assert(delivered(&n, other));
	gd_net_close(&n);
}
END_TEST

NET_MAIN("virtio-net-ctrl", own_address_and_broadcast_pass_at_first, all_passes_without_the_feature,
	 receive_modes, address_tables, long_table_lets_the_whole_kind_pass,
	 address_is_the_drivers_until_a_reset, vlans, a_reset_clears_the_filter,
	 unknown_commands_are_errors, chains_that_are_no_command_are_completed)
