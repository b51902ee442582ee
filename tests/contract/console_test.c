/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/contract.h"
#include "tests/guestdrv/gd_console.h"

/* Section 17: virtio-console as a device. Control messages are in console_control_test.c, the
 * ports' bytes in console_data_test.c. */

#define MULTIPORT_FEATURES (1ULL << 0 | 1ULL << 1 | 1ULL << 28 | 1ULL << 32)
#define EVERYBODY	   UINT32_MAX

enum { READY = 0, PORT_READY = 3, REMOVE = 2, RESIZE = 5, OPEN = 6 };

START_TEST(eight_queues_and_the_features_of_the_contract)
{
	struct gd_console_config config = {.properties = VIRTIO_CONSOLE_EMERG_WRITE};
	struct gd_console c;

	CLAUSE("CON-1");
	gd_console_open(&c, NULL);
	ck_assert_uint_eq(gd_offered(&c.dev), MULTIPORT_FEATURES);
	ck_assert_uint_eq(gd_rd(&c.dev, GD_NUM_QUEUES), 8);
	for (uint16_t q = 0; q < 8; q++)
		ck_assert_uint_eq(gd_queue_rd(&c.dev, q, GD_QUEUE_SIZE), 256);
	ck_assert_uint_eq(gd_queue_rd(&c.dev, 8, GD_QUEUE_SIZE), 0);
	ck_assert_uint_eq(gd_bar_rd(&c.dev, VIRTIO_PCI_DEVICE + 4, 4), 3);
	gd_console_close(&c);
	gd_console_open(&c, &config);
	ck_assert_uint_eq(gd_offered(&c.dev), MULTIPORT_FEATURES | 1ULL << 2);
	gd_console_close(&c);
}
END_TEST

START_TEST(config_reads_in_every_width_and_ignores_writes)
{
	static const uint8_t bytes[16] = {80, 0, 25, 0, 3};
	struct gd_console_config config = {.cols = 80, .rows = 25};
	struct gd_console c;

	CLAUSE("CON-1");
	gd_console_open(&c, &config);
	for (unsigned int round = 0; round < 2; round++) {
		for (unsigned int size = 1; size <= 8; size *= 2)
			for (uint32_t at = 0; at + size <= 16; at += size) {
				uint64_t value = 0;

				memcpy(&value, bytes + at, size);
				ck_assert_uint_eq(gd_bar_rd(&c.dev, VIRTIO_PCI_DEVICE + at, size),
						  value);
				gd_bar_wr(&c.dev, VIRTIO_PCI_DEVICE + at, size, UINT64_MAX);
			}
	}
	ck_assert_uint_eq(gd_rd(&c.dev, GD_GENERATION), 0);
	/* Nothing of that was an emergency. */
	ck_assert_uint_eq(virtio_console_port(c.vd, 0).to_host, 0);
	gd_console_close(&c);
}
END_TEST

START_TEST(emergency_write_works_in_any_state)
{
	struct gd_console_config config = {.properties = VIRTIO_CONSOLE_EMERG_WRITE};
	struct gd_console c;
	char got[16] = "";

	CLAUSE("CON-14");
	gd_console_open(&c, &config);
	gd_bar_wr(&c.dev, VIRTIO_PCI_DEVICE + 8, 4, 'a' | 'X' << 8);
	gd_bar_wr(&c.dev, VIRTIO_PCI_DEVICE + 8, 1, 'b');
	gd_bar_wr(&c.dev, VIRTIO_PCI_DEVICE + 9, 1, 'X');
	gd_bar_wr(&c.dev, VIRTIO_PCI_DEVICE + 12, 4, 'X');
	gd_bar_wr(&c.dev, VIRTIO_PCI_DEVICE, 8, 0x5858585858585858);
	gd_bar_wr(&c.dev, VIRTIO_PCI_DEVICE + 7, 1, 'X');
	gd_bar_wr(&c.dev, VIRTIO_PCI_DEVICE + 4, 8, (uint64_t)'e' << 32 | 'X');
	ck_assert_uint_eq(gd_rd(&c.dev, GD_STATUS), 0);
	ck_assert(!gd_console_start(&c, &gd_linux_console));
	gd_bar_wr(&c.dev, VIRTIO_PCI_DEVICE + 8, 2, 'c');
	gd_wr(&c.dev, GD_STATUS, GD_RUNNING | VIRTIO_STATUS_FAILED);
	gd_bar_wr(&c.dev, VIRTIO_PCI_DEVICE + 8, 4, 'd');
	ck_assert_uint_eq(stream_ring_read(c.streams[0], got, sizeof(got)), 5);
	ck_assert_str_eq(got, "abecd");
	ck_assert_uint_eq(gd_bar_rd(&c.dev, VIRTIO_PCI_DEVICE + 8, 4), 0);
	gd_console_close(&c);
}
END_TEST

START_TEST(resize_is_a_message_with_multiport)
{
	struct gd_control m;
	unsigned int resizes = 0;
	struct gd_console_config config = {.cols = 80, .rows = 25};
	struct gd_console c;

	CLAUSE("CON-15");
	gd_console_open(&c, &config);
	ck_assert(!gd_console_start(&c, &gd_linux_console));
	gd_console_post(&c, VIRTIO_CONSOLE_CONTROL_RX, 16, GD_CONTROL_BUFFER);
	ck_assert(gd_console_say(&c, EVERYBODY, READY, 1));
	ck_assert(gd_console_say(&c, 0, PORT_READY, 1));
	while (gd_console_hear(&c, &m)) {
		resizes += m.event == RESIZE;
		if (m.event != RESIZE)
			continue;
		/* cols, rows */
		ck_assert_uint_eq(m.used_len, 12);
		ck_assert_mem_eq(m.data, "\x50\0\x19\0", 4);
	}
	ck_assert_uint_eq(resizes, 1);
	gd_isr(&c.dev);
	virtio_console_resize(c.vd, 300, 2);
	ck_assert(gd_console_hear(&c, &m));
	ck_assert(m.id == 0 && m.event == RESIZE && m.used_len == 12);
	ck_assert_mem_eq(m.data, "\x2c\x01\x02\0", 4);
	ck_assert_uint_eq(gd_isr(&c.dev), VIRTIO_ISR_QUEUE);
	ck_assert_uint_eq(gd_bar_rd(&c.dev, VIRTIO_PCI_DEVICE, 4), 300 | 2 << 16);
	virtio_console_resize(c.vd, 300, 2);
	ck_assert(gd_console_quiet(&c));
	/* The terminal's own word for it has rows first. */
	c.users[0].resize(c.users[0].arg, 3, 70000);
	ck_assert(gd_console_hear(&c, &m));
	ck_assert_mem_eq(m.data, "\xff\xff\x03\0", 4);
	ck_assert_ptr_null(c.users[1].resize);
	gd_console_close(&c);
}
END_TEST

START_TEST(resize_is_a_config_change_without_multiport)
{
	struct gd_console c;
	uint64_t generation;

	CLAUSE("CON-15");
	gd_console_open(&c, NULL);
	ck_assert(gd_console_up(&c, &gd_plain_console));
	generation = gd_rd(&c.dev, GD_GENERATION);
	virtio_console_resize(c.vd, 132, 50);
	ck_assert(gd_line(&c.dev));
	ck_assert_uint_eq(gd_isr(&c.dev), VIRTIO_ISR_CONFIG);
	ck_assert_uint_eq(gd_rd(&c.dev, GD_GENERATION), (generation + 1) & 0xff);
	ck_assert_uint_eq(gd_bar_rd(&c.dev, VIRTIO_PCI_DEVICE, 2), 132);
	ck_assert_uint_eq(gd_bar_rd(&c.dev, VIRTIO_PCI_DEVICE + 2, 2), 50);
	virtio_console_resize(c.vd, 132, 50);
	ck_assert_uint_eq(gd_isr(&c.dev), 0);
	gd_console_close(&c);
}
END_TEST

START_TEST(ports_are_never_removed)
{
	struct gd_control m;
	struct gd_console c;
	char got[8];

	CLAUSE("CON-13");
	gd_console_open(&c, NULL);
	ck_assert(gd_console_up(&c, &gd_linux_console));
	gd_console_post(&c, gd_console_rx(1), 1, 16);
	c.users[1].opened(c.users[1].arg, false);
	ck_assert(gd_console_say(&c, 1, OPEN, 0));
	ck_assert(gd_console_say(&c, 1, REMOVE, 1));
	ck_assert(gd_console_say(&c, 1, PORT_READY, 0));
	c.users[1].opened(c.users[1].arg, true);
	while (gd_console_hear(&c, &m))
		ck_assert_uint_eq(m.event, OPEN);
	/* Its buffers are still the port's. */
	ck_assert(gd_console_say(&c, 1, OPEN, 1));
	ck_assert_uint_eq(stream_ring_write(c.streams[1], "here", 4), 4);
	ck_assert_int_eq(gd_console_take(&c, 1, got, sizeof(got)), 4);
	gd_console_close(&c);
}
END_TEST

START_TEST(reset_starts_the_handshake_over)
{
	struct gd_console c;

	CLAUSE("CON-16");
	gd_console_open(&c, NULL);
	ck_assert(gd_console_up(&c, &gd_linux_console));
	for (unsigned int round = 0; round < 4; round++) {
		/* With messages under way, or not. */
		if (round & 1)
			c.users[2].opened(c.users[2].arg, false);
		if (round & 2)
			gd_platform_reset(c.m);
		else
			gd_reset(&c.dev);
		c.users[2].opened(c.users[2].arg, true);
		for (unsigned int port = 0; port < 3; port++) {
			struct virtio_console_port_state state = virtio_console_port(c.vd, port);

			ck_assert(!state.ready && !state.guest_open && state.host_open);
		}
		gd_dev_open(&c.dev, c.m, GD_CONSOLE_DEVFN);
		if (round & 2) {
			gd_assign(c.m);
			gd_dev_open(&c.dev, c.m, GD_CONSOLE_DEVFN);
		}
		ck_assert(gd_console_restart(&c, &gd_linux_console));
		gd_console_post(&c, VIRTIO_CONSOLE_CONTROL_RX, 1, GD_CONTROL_BUFFER);
		ck_assert(gd_console_say(&c, 1, PORT_READY, 1));
		ck_assert(gd_console_quiet(&c));
		ck_assert(gd_console_handshake(&c));
		ck_assert(gd_console_sends(&c, 1, "x", 1));
	}
	gd_console_close(&c);
}
END_TEST

CONTRACT_MAIN("console", eight_queues_and_the_features_of_the_contract,
	      config_reads_in_every_width_and_ignores_writes, emergency_write_works_in_any_state,
	      resize_is_a_message_with_multiport, resize_is_a_config_change_without_multiport,
	      ports_are_never_removed, reset_starts_the_handshake_over)
