/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/net.h"

/* Section 14: virtio-net. What the registers show, and the link; frames are in net_tx_test.c and
 * net_rx_test.c. */

START_TEST(two_queues_of_256)
{
	struct gd_net n;

	CLAUSE("NET-1");
	gd_net_open(&n, NULL);
	ck_assert_uint_eq(gd_rd(&n.dev, GD_NUM_QUEUES), 2);
	for (uint16_t q = 0; q < 2; q++) {
		ck_assert_uint_eq(gd_queue_rd(&n.dev, q, GD_QUEUE_SIZE), 256);
		ck_assert_uint_eq(gd_queue_rd(&n.dev, q, GD_QUEUE_NOTIFY_OFF), q);
	}
	ck_assert_uint_eq(gd_queue_rd(&n.dev, 2, GD_QUEUE_SIZE), 0);
	gd_net_close(&n);
}
END_TEST

START_TEST(features_are_exactly_the_contracts)
{
	struct gd_net n;

	CLAUSE("NET-2");
	CLAUSE("T-FEAT-4");
	gd_net_open(&n, NULL);
	ck_assert_uint_eq(gd_offered(&n.dev), 0x0000000110010020ULL);
	gd_net_close(&n);
}
END_TEST

START_TEST(config_is_mac_status_and_one_pair_in_every_width)
{
	struct gd_net n;
	uint8_t mac[6];

	CLAUSE("NET-3");
	gd_net_open(&n, NULL);
	for (uint32_t i = 0; i < 6; i++)
		mac[i] = (uint8_t)gd_bar_rd(&n.dev, VIRTIO_PCI_DEVICE + i, 1);
	ck_assert_mem_eq(mac, gd_net_mac, 6);
	ck_assert_uint_eq(mac[0] & 1, 0);
	/* The driver's way: 32 and 16 bits. */
	ck_assert_uint_eq(gd_bar_rd(&n.dev, VIRTIO_PCI_DEVICE, 4), 0x12005452U);
	ck_assert_uint_eq(gd_bar_rd(&n.dev, VIRTIO_PCI_DEVICE + 4, 2), 0x5634U);
	ck_assert_uint_eq(gd_bar_rd(&n.dev, VIRTIO_PCI_DEVICE + 6, 2), 1);
	ck_assert_uint_eq(gd_bar_rd(&n.dev, VIRTIO_PCI_DEVICE + 4, 4), 0x15634U);
	ck_assert_uint_eq(gd_bar_rd(&n.dev, VIRTIO_PCI_DEVICE, 8), 0x0001563412005452ULL);
	for (uint32_t at = 10; at < 0x100; at++)
		ck_assert_uint_eq(gd_bar_rd(&n.dev, VIRTIO_PCI_DEVICE + at, 1), 0);
	ck_assert_uint_eq(gd_rd(&n.dev, GD_STATUS), 0);
	gd_net_close(&n);
}
END_TEST

START_TEST(config_ignores_writes_and_is_stable)
{
	uint64_t before[32];
	struct gd_net n;

	CLAUSE("NET-3");
	start_net(&n);
	for (uint32_t i = 0; i < 32; i++)
		before[i] = gd_bar_rd(&n.dev, VIRTIO_PCI_DEVICE + 8 * i, 8);
	for (unsigned int size = 1; size <= 8; size *= 2)
		for (uint32_t at = 0; at < 0x100; at += size)
			gd_bar_wr(&n.dev, VIRTIO_PCI_DEVICE + at, size, UINT64_MAX);
	gd_reset(&n.dev);
	for (uint32_t i = 0; i < 32; i++)
		ck_assert_uint_eq(gd_bar_rd(&n.dev, VIRTIO_PCI_DEVICE + 8 * i, 8), before[i]);
	ck_assert_uint_eq(gd_rd(&n.dev, GD_GENERATION), 0);
	gd_net_close(&n);
}
END_TEST

START_TEST(max_virtqueue_pairs_is_one)
{
	struct gd_net n;

	CLAUSE("NET-4");
	gd_net_open(&n, NULL);
	ck_assert_uint_eq(gd_bar_rd(&n.dev, VIRTIO_PCI_DEVICE + 8, 2), 1);
	gd_net_close(&n);
}
END_TEST

START_TEST(status_follows_the_link)
{
	struct gd_net n;

	CLAUSE("NET-5");
	start_net(&n);
	ck_assert_uint_eq(gd_bar_rd(&n.dev, VIRTIO_PCI_DEVICE + 6, 2), 1);
	virtio_net_set_link(n.vd, false);
	ck_assert_uint_eq(gd_bar_rd(&n.dev, VIRTIO_PCI_DEVICE + 6, 2), 0);
	ck_assert(!virtio_net_link(n.vd));
	virtio_net_set_link(n.vd, true);
	ck_assert_uint_eq(gd_bar_rd(&n.dev, VIRTIO_PCI_DEVICE + 6, 2), 1);
	gd_net_close(&n);
}
END_TEST

START_TEST(a_cable_out_at_power_on_stays_out_over_resets)
{
	struct gd_net_config config = {.link_down = true};
	struct gd_net n;

	CLAUSE("NET-5");
	gd_net_open(&n, &config);
	ck_assert_uint_eq(gd_bar_rd(&n.dev, VIRTIO_PCI_DEVICE + 6, 2), 0);
	gd_reset(&n.dev);
	gd_platform_reset(n.m);
	gd_dev_open(&n.dev, n.m, GD_NET_DEVFN);
	ck_assert_uint_eq(gd_bar_rd(&n.dev, VIRTIO_PCI_DEVICE + 6, 2), 0);
	gd_net_close(&n);
}
END_TEST

START_TEST(a_link_change_raises_the_generation_then_interrupts)
{
	struct gd_net n;

	CLAUSE("NET-6");
	CLAUSE("T-INT-7");
	CLAUSE("T-GEN-2");
	start_net(&n);
	gd_isr(&n.dev);
	for (unsigned int i = 1; i <= 300; i++) {
		virtio_net_set_link(n.vd, i % 2 == 0);
		ck_assert(gd_line(&n.dev));
		ck_assert_uint_eq(gd_rd(&n.dev, GD_GENERATION), i % 256);
		ck_assert_uint_eq(gd_isr(&n.dev), VIRTIO_ISR_CONFIG);
		ck_assert(!gd_line(&n.dev));
	}
	/* No change, no news. */
	virtio_net_set_link(n.vd, true);
	ck_assert(!gd_line(&n.dev));
	ck_assert_uint_eq(gd_rd(&n.dev, GD_GENERATION), 300 % 256);
	gd_net_close(&n);
}
END_TEST

START_TEST(a_link_change_comes_by_the_config_vector)
{
	struct gd_net_config config = {.vectors = 3};
	struct gd_net n;
	const char *why;

	CLAUSE("NET-6");
	gd_net_open(&n, &config);
	for (uint16_t v = 0; v < 3; v++)
		gd_msix_set(&n.dev, v, 0xfee00000, 0x40U + v);
	gd_msix_enable(&n.dev, true);
	why = gd_net_start(&n, &gd_win7_net);
	ck_assert_msg(!why, "the driver refuses: %s", why);
	virtio_net_set_link(n.vd, false);
	ck_assert_uint_eq(gd_msi_sent(&n.m->msi), 1);
	ck_assert_uint_eq(gd_msi_sent_with(&n.m->msi, 0x40), 1);
	virtio_net_set_link(n.vd, true);
	ck_assert(gd_net_works(&n));
	/* Receiving on its vector, transmitting on its own. */
	ck_assert_uint_eq(gd_msi_sent_with(&n.m->msi, 0x41), 1);
	ck_assert_uint_eq(gd_msi_sent_with(&n.m->msi, 0x42), 1);
	ck_assert(!gd_line(&n.dev));
	gd_net_close(&n);
}
END_TEST

START_TEST(a_link_change_before_driver_ok_is_silent)
{
	struct gd_net n;

	CLAUSE("NET-6");
	gd_net_open(&n, NULL);
	ck_assert_ptr_null(gd_net_prepare(&n, &gd_win7_net));
	virtio_net_set_link(n.vd, false);
	ck_assert(!gd_line(&n.dev));
	ck_assert_uint_eq(gd_rd(&n.dev, GD_GENERATION), 1);
	gd_net_close(&n);
}
END_TEST

START_TEST(the_driver_starts_as_windows_does)
{
	static const struct gd_net_config configs[] = {
		{.vectors = 0},
		{.vectors = 3},
		{.machine = {.doorbells = true}},
		{.machine = {.ram = GD_RAM_PC, .alloc_from = GD_HIGH}},
	};

	CLAUSE("NET-30");
	for (size_t i = 0; i < COUNT_OF(configs); i++) {
		struct gd_net n;

		start_net_with(&n, &configs[i]);
		for (unsigned int again = 0; again < 3; again++)
			ck_assert(gd_net_works(&n));
		/* Halted and started again, as when the adapter is disabled for a while. */
		gd_reset(&n.dev);
		ck_assert_ptr_null(gd_net_start(&n, &gd_win7_net));
		ck_assert(gd_net_works(&n));
		ck_assert_uint_eq(n.wire->bad, 0);
		gd_net_close(&n);
	}
}
END_TEST

START_TEST(one_queue_alone_works)
{
	struct gd_net n;
	struct gd_used used;
	struct gd_net_buffer buffer;

	CLAUSE("T-QUE-11");
	gd_net_open(&n, NULL);
	ck_assert_ptr_null(gd_init_device(&n.dev, &gd_win7_net));
	ck_assert(gd_queue_setup(&n.rx, &n.dev, GD_NET_RXQ, 16));
	gd_net_post_many(&n, 4);
	gd_driver_ok(&n.dev);
	/* The doorbell of the other one is rung for nothing. */
	gd_bar_wr(&n.dev, VIRTIO_PCI_NOTIFY + 4, 2, 1);
	gd_net_put(&n, 60, 1);
	ck_assert(gd_net_wait(&n, &used, &buffer));
	ck_assert(gd_net_is(&n, &used, &buffer, 60, 1));
	gd_net_close(&n);
}
END_TEST

CONTRACT_MAIN("net", two_queues_of_256, features_are_exactly_the_contracts,
	      config_is_mac_status_and_one_pair_in_every_width, config_ignores_writes_and_is_stable,
	      max_virtqueue_pairs_is_one, status_follows_the_link,
	      a_cable_out_at_power_on_stays_out_over_resets,
	      a_link_change_raises_the_generation_then_interrupts,
	      a_link_change_comes_by_the_config_vector, a_link_change_before_driver_ok_is_silent,
	      the_driver_starts_as_windows_does, one_queue_alone_works)
