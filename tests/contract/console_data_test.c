/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/contract.h"
#include "tests/guestdrv/gd_console.h"

#include <stdio.h>
#include <unistd.h>

/* Section 17: virtio-console. The bytes of its ports; how they flow is in
 * console_flow_test.c. */

#define OPEN VIRTIO_CONSOLE_PORT_OPEN

static void start_ports(struct gd_console *c)
{
	gd_console_open(c, NULL);
	ck_assert(gd_console_up(c, &gd_linux_console));
}

START_TEST(each_port_has_its_two_queues)
{
	struct gd_console c;

	CLAUSE("CON-1");
	CLAUSE("CON-10");
	start_ports(&c);
	for (unsigned int port = 0; port < 3; port++)
		gd_console_post(&c, gd_console_rx(port), 2, 16);
	for (unsigned int port = 0; port < 3; port++) {
		char text[] = {'p', 'o', 'r', 't', (char)('0' + port)};

		ck_assert(gd_console_sends(&c, port, text, 5));
		ck_assert_uint_eq(stream_ring_write(c.streams[port], text + 1, 4), 4);
		for (unsigned int other = 0; other < 3; other++) {
			char out[16], in[16];

			ck_assert_uint_eq(stream_ring_read(c.streams[other], out, sizeof(out)),
					  other == port ? 5 : 0);
			ck_assert_int_eq(gd_console_take(&c, other, in, sizeof(in)),
					 other == port ? 4 : -1);
			if (other != port)
				continue;
			ck_assert_mem_eq(out, text, 5);
			ck_assert_mem_eq(in, text + 1, 4);
		}
		ck_assert_uint_eq(virtio_console_port(c.vd, port).to_host, 5);
		ck_assert_uint_eq(virtio_console_port(c.vd, port).to_guest, 4);
	}
	gd_console_close(&c);
}
END_TEST

START_TEST(without_multiport_it_is_a_plain_console)
{
	struct gd_console c;
	char got[32];

	CLAUSE("CON-2");
	gd_console_open(&c, NULL);
	ck_assert(gd_console_up(&c, &gd_plain_console));
	ck_assert(gd_console_sends(&c, 0, "login: ", 7));
	ck_assert_uint_eq(stream_ring_read(c.streams[0], got, sizeof(got)), 7);
	ck_assert_mem_eq(got, "login: ", 7);
	/* No port is opened, and input comes. */
	ck_assert_uint_eq(stream_ring_write(c.streams[0], "root", 4), 4);
	gd_console_post(&c, 0, 2, 16);
	ck_assert_int_eq(gd_console_take(&c, 0, got, sizeof(got)), 4);
	ck_assert_mem_eq(got, "root", 4);
	/* The other queues do nothing, even if the driver enables them. */
	for (uint16_t q = 2; q < 8; q++) {
		ck_assert(gd_queue_setup(&c.q[q], &c.dev, q, 4));
		gd_console_post(&c, q, 4, GD_CONTROL_BUFFER);
	}
	c.users[1].opened(c.users[1].arg, false);
	c.users[1].opened(c.users[1].arg, true);
	ck_assert_uint_eq(stream_ring_write(c.streams[1], "x", 1), 1);
	gd_settle(c.m);
	for (uint16_t q = 2; q < 8; q++)
		ck_assert_uint_eq(gd_used_ready(&c.q[q]), 0);
	gd_console_close(&c);
}
END_TEST

START_TEST(receive_buffers_are_filled_in_part_or_in_pieces)
{
	struct gd_used used;
	struct gd_console c;
	char got[16];

	CLAUSE("CON-10");
	start_ports(&c);
	struct gd_queue *q = &c.q[gd_console_rx(1)];
	gpa_t at = gd_alloc(c.m, 64, 16);
	struct gd_seg segs[] = {
		{at, 3, true}, {at + 3, 7, false}, {at + 10, 0, true}, {at + 10, 5, true}};

	gd_console_post(&c, gd_console_rx(1), 1, 16);
	ck_assert_uint_eq(stream_ring_write(c.streams[1], "abc", 3), 3);
	ck_assert_int_eq(gd_console_take(&c, 1, got, sizeof(got)), 3);
	ck_assert_int_ge(gd_add_indirect(q, 0, segs, 4), 0);
	gd_kick(q);
	gd_console_post(&c, gd_console_rx(1), 1, 2);
	gd_settle(c.m);
	/* 8 go into the pieces, 2 into the next buffer, and 1 waits for another. */
	ck_assert_uint_eq(stream_ring_write(c.streams[1], "0123456789!", 11), 11);
	ck_assert(gd_wait_used(q, &used));
	ck_assert_uint_eq(used.len, 8);
	gd_read(c.m, at, got, 3);
	gd_read(c.m, at + 10, got + 3, 5);
	ck_assert_mem_eq(got, "01234567", 8);
	ck_assert(gd_all(c.m, at + 3, 0, 7));
	ck_assert_int_eq(gd_console_take(&c, 1, got, sizeof(got)), 2);
	ck_assert_int_eq(gd_console_take(&c, 1, got, sizeof(got)), -1);
	gd_console_post(&c, gd_console_rx(1), 1, 16);
	ck_assert_int_eq(gd_console_take(&c, 1, got, sizeof(got)), 1);
	ck_assert_int_eq(got[0], '!');
	gd_console_close(&c);
}
END_TEST

START_TEST(bad_buffers_cost_nothing_but_themselves)
{
	struct gd_used used;
	struct gd_console c;
	char got[16];

	CLAUSE("CON-10");
	start_ports(&c);
	struct gd_queue *rx = &c.q[gd_console_rx(2)];
	struct gd_queue *tx = &c.q[gd_console_tx(2)];
	gpa_t at = gd_alloc(c.m, 64, 16);
	struct gd_seg bad[] = {{at, 4, true}, {UINT64_MAX - 3, 64, true}};
	struct gd_seg wrong = {at, 64, false};

	ck_assert_int_ge(gd_add(rx, bad, 2), 0);
	ck_assert_int_ge(gd_add(rx, &wrong, 1), 0);
	gd_console_post(&c, gd_console_rx(2), 1, 16);
	ck_assert_uint_eq(stream_ring_write(c.streams[2], "0123456789", 10), 10);
	ck_assert(gd_wait_used(rx, &used));
	ck_assert_uint_eq(used.len, 4);
	ck_assert(gd_wait_used(rx, &used));
	ck_assert_uint_eq(used.len, 0);
	ck_assert_int_eq(gd_console_take(&c, 2, got, sizeof(got)), 6);
	ck_assert_mem_eq(got, "456789", 6);
	/* What is to be sent: a part outside RAM, a part for the device to write. */
	bad[0].writable = bad[1].writable = false;
	gd_fill(c.m, at, 'a', 64);
	ck_assert_int_ge(gd_add(tx, bad, 2), 0);
	wrong.writable = true;
	ck_assert_int_ge(gd_add(tx, &wrong, 1), 0);
	gd_kick(tx);
	for (unsigned int i = 0; i < 2; i++) {
		ck_assert(gd_wait_used(tx, &used));
		ck_assert_uint_eq(used.len, 0);
	}
	ck_assert_uint_eq(stream_ring_read(c.streams[2], got, sizeof(got)), 4);
	ck_assert(gd_console_sends(&c, 2, "b", 1));
	gd_console_close(&c);
}
END_TEST

START_TEST(transmit_works_as_soon_as_the_queue_is_enabled)
{
	struct gd_console c;
	char got[16];

	CLAUSE("CON-11");
	gd_console_open(&c, NULL);
	ck_assert(!gd_init_device(&c.dev, &gd_linux_console));
	for (unsigned int port = 0; port < 3; port++) {
		ck_assert(
			gd_queue_setup(&c.q[gd_console_tx(port)], &c.dev, gd_console_tx(port), 4));
		/* No DRIVER_OK, no handshake. */
		ck_assert(gd_console_sends(&c, port, "early", 5));
		ck_assert_uint_eq(stream_ring_read(c.streams[port], got, sizeof(got)), 5);
	}
	gd_console_close(&c);
}
END_TEST

START_TEST(data_for_a_closed_end_is_discarded_and_completed)
{
	struct gd_console_config config = {.streams = {"null", "", "null"}};
	static const uint8_t data[70000];
	struct gd_console c;
	char folder[] = "/tmp/console_test.XXXXXX";
	char spec[64];

	CLAUSE("CON-11");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(spec, sizeof(spec), "unix:%s/socket", folder);
	config.streams[2] = spec; /* nobody is connected */
	gd_console_open(&c, &config);
	ck_assert(gd_console_up(&c, &gd_linux_console));
	ck_assert(!virtio_console_port(c.vd, 2).host_open);
	for (unsigned int i = 0; i < 30; i++)
		for (unsigned int port = 0; port < 3; port++)
			ck_assert(gd_console_sends(&c, port, data, sizeof(data)));
	gd_console_close(&c);
	ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(input_waits_until_the_guest_opens_the_port)
{
	struct gd_console c;
	char got[16];

	CLAUSE("CON-12");
	gd_console_open(&c, NULL);
	ck_assert(!gd_console_start(&c, &gd_linux_console));
	for (unsigned int port = 0; port < 3; port++) {
		gd_console_post(&c, gd_console_rx(port), 4, 16);
		ck_assert_uint_eq(stream_ring_write(c.streams[port], "early ", 6), 6);
		ck_assert_int_eq(gd_console_take(&c, port, got, sizeof(got)), -1);
	}
	ck_assert(gd_console_handshake(&c));
	/* The console was opened in the handshake, as the specification demands of its driver. */
	ck_assert_int_eq(gd_console_take(&c, 0, got, sizeof(got)), 6);
	for (unsigned int port = 1; port < 3; port++) {
		ck_assert_int_eq(gd_console_take(&c, port, got, sizeof(got)), -1);
		ck_assert_uint_eq(stream_ring_write(c.streams[port], "late", 4), 4);
		ck_assert(gd_console_say(&c, port, OPEN, 1));
		ck_assert_int_eq(gd_console_take(&c, port, got, sizeof(got)), 10);
		ck_assert_mem_eq(got, "early late", 10);
		ck_assert(gd_console_say(&c, port, OPEN, 0));
		ck_assert_uint_eq(stream_ring_write(c.streams[port], "more", 4), 4);
		ck_assert_int_eq(gd_console_take(&c, port, got, sizeof(got)), -1);
		ck_assert(gd_console_say(&c, port, OPEN, 1));
		ck_assert_int_eq(gd_console_take(&c, port, got, sizeof(got)), 4);
	}
	gd_console_close(&c);
}
END_TEST

START_TEST(empty_chains_do_not_interrupt)
{
	struct gd_used used;
	struct gd_console c;
	char got[4];

	CLAUSE("CON-10");
	start_ports(&c);
	struct gd_queue *tx = &c.q[gd_console_tx(1)];
	struct gd_queue *rx = &c.q[gd_console_rx(1)];
	struct gd_queue *control = &c.q[VIRTIO_CONSOLE_CONTROL_TX];
	gpa_t at = gd_alloc(c.m, 16, 16);
	struct gd_seg empty = {at, 0, false};
	struct gd_seg room = {at, 0, true};

	gd_isr(&c.dev);
	ck_assert_int_ge(gd_add(tx, &empty, 1), 0);
	ck_assert_int_ge(gd_add(control, &empty, 1), 0);
	ck_assert_int_ge(gd_add(rx, &room, 1), 0);
	gd_kick(tx);
	gd_kick(control);
	gd_kick(rx);
	ck_assert_uint_eq(stream_ring_write(c.streams[1], "x", 1), 1);
	ck_assert(gd_wait_used(tx, &used));
	ck_assert(gd_wait_used(rx, &used));
	ck_assert(gd_wait_used(control, &used));
	ck_assert_uint_eq(gd_isr(&c.dev), 0);
	/* With any other, they do. */
	ck_assert_int_ge(gd_add(tx, &empty, 1), 0);
	ck_assert_int_ge(gd_console_send(&c, 1, "y", 1), 0);
	ck_assert(gd_wait_used(tx, &used));
	ck_assert_uint_eq(gd_isr(&c.dev), VIRTIO_ISR_QUEUE);
	gd_console_post(&c, gd_console_rx(1), 1, 4);
	ck_assert_int_eq(gd_console_take(&c, 1, got, sizeof(got)), 1);
	ck_assert_uint_eq(gd_isr(&c.dev), VIRTIO_ISR_QUEUE);
	gd_console_close(&c);
}
END_TEST

CONTRACT_MAIN("console_data", each_port_has_its_two_queues, without_multiport_it_is_a_plain_console,
	      receive_buffers_are_filled_in_part_or_in_pieces,
	      bad_buffers_cost_nothing_but_themselves,
	      transmit_works_as_soon_as_the_queue_is_enabled,
	      data_for_a_closed_end_is_discarded_and_completed,
	      input_waits_until_the_guest_opens_the_port, empty_chains_do_not_interrupt)
