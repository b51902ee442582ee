/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/contract.h"
#include "tests/guestdrv/gd_console.h"

/* Section 17: virtio-console. Limits of a pass, and who waits for whom. */

static uint8_t pattern_at(size_t i)
{
	return (uint8_t)(i ^ i >> 8 ^ i >> 16);
}

static void fill_pattern(struct gd_console *c, gpa_t at, size_t len)
{
	uint8_t *bytes = malloc(len);

	for (size_t i = 0; i < len; i++)
		bytes[i] = pattern_at(i);
	gd_write(c->m, at, bytes, len);
	free(bytes);
}

static void start_ports_with(struct gd_console *c, const struct gd_console_config *config)
{
	gd_console_open(c, config);
	ck_assert(gd_console_up(c, &gd_linux_console));
}

static void start_ports(struct gd_console *c)
{
	start_ports_with(c, NULL);
}

START_TEST(a_pass_is_bounded)
{
	struct gd_console_config config = {.streams = {NULL, "", NULL}};
	uint64_t done = 0;
	unsigned int passes = 0;
	struct gd_used used;
	struct gd_console c;

	CLAUSE("CON-10");
	start_ports_with(&c, &config);
	struct gd_queue *tx = &c.q[gd_console_tx(1)];
	struct gd_seg seg = {gd_alloc(c.m, 3U << 20, 16), 3U << 20, false};

	ck_assert_int_ge(gd_add(tx, &seg, 1), 0);
	ck_assert_int_ge(gd_add(tx, &seg, 1), 0);
	gd_kick(tx);
	/* One doorbell is enough for all of it, at most 256 KiB in a turn of the loop. */
	while (done < 6U << 20) {
		uint64_t before = done;

		ck_assert_int_ge(loop_run_once(c.m->loop, 100, NULL), 0);
		done = virtio_console_port(c.vd, 1).to_host;
		ck_assert_uint_le(done - before, 256U << 10);
		ck_assert_uint_lt(passes++, 30);
	}
	ck_assert(gd_wait_used(tx, &used) && gd_wait_used(tx, &used));
	gd_console_close(&c);
}
END_TEST

START_TEST(at_most_64_receive_buffers_for_one_interrupt)
{
	struct gd_console_config config = {.vectors = 9};
	struct gd_console c;
	uint8_t data[200];
	unsigned int sent;

	CLAUSE("CON-10");
	gd_console_open(&c, &config);
	gd_msix_enable(&c.dev, true);
	for (uint16_t v = 0; v < 9; v++)
		gd_msix_set(&c.dev, v, 0xfee00000, v);
	ck_assert(gd_console_up(&c, &gd_linux_console));
	gd_console_post(&c, gd_console_rx(1), 200, 1);
	sent = gd_msi_sent_with(&c.m->msi, 5);
	memset(data, 'x', sizeof(data));
	ck_assert_uint_eq(stream_ring_write(c.streams[1], data, sizeof(data)), sizeof(data));
	gd_settle(c.m);
	ck_assert_uint_eq(gd_used_ready(&c.q[gd_console_rx(1)]), 200);
	ck_assert_uint_eq(gd_msi_sent_with(&c.m->msi, 5) - sent, 4);
	gd_console_close(&c);
}
END_TEST

/* Sends 64 KiB into a ring of 4: as much as fits is out, and the chain is with the device. */
static int fill_the_ring(struct gd_console *c, const struct gd_console_config *config)
{
	struct gd_seg segs[3];
	int head;

	start_ports_with(c, config);
	gpa_t at = gd_alloc(c->m, 65536, 16);

	fill_pattern(c, at, 65536);
	segs[0] = (struct gd_seg){at, 10, false};
	segs[1] = (struct gd_seg){at + 10, 0, false};
	segs[2] = (struct gd_seg){at + 10, 65526, false};
	head = gd_add(&c->q[gd_console_tx(1)], segs, 3);
	ck_assert_int_ge(head, 0);
	gd_kick(&c->q[gd_console_tx(1)]);
	gd_settle(c->m);
	ck_assert_uint_eq(virtio_console_port(c->vd, 1).to_host, 4096);
	ck_assert_uint_eq(gd_used_ready(&c->q[gd_console_tx(1)]), 0);
	return head;
}

static const struct gd_console_config small_ring = {.streams = {NULL, "ring:4K", NULL}};

/* Reads what is in the ring and checks that it goes on at @at of the pattern. */
static size_t drain_ring(struct gd_console *c, size_t at)
{
	uint8_t buf[1000];
	size_t n = stream_ring_read(c->streams[1], buf, sizeof(buf));

	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(buf[i], pattern_at(at + i));
	gd_settle(c->m);
	return n;
}

START_TEST(guest_waits_for_a_host_that_does_not_read)
{
	struct gd_used used;
	struct gd_console c;
	size_t got = 0;
	int head;

	CLAUSE("CON-10");
	head = fill_the_ring(&c, &small_ring);
	/* Doorbells change nothing, and the other ports go on. */
	for (unsigned int i = 0; i < 10; i++)
		gd_kick(&c.q[gd_console_tx(1)]);
	ck_assert(gd_console_sends(&c, 0, "hello", 5));
	ck_assert(gd_console_sends(&c, 2, "hello", 5));
	ck_assert_uint_eq(virtio_console_port(c.vd, 1).to_host, 4096);
	/* What the guest writes there now is its own affair, but what has left has left. */
	while (got < 65536) {
		bool all_out = virtio_console_port(c.vd, 1).to_host == 65536;

		ck_assert_uint_eq(gd_used_ready(&c.q[gd_console_tx(1)]), all_out);
		got += drain_ring(&c, got);
		ck_assert_uint_le(virtio_console_port(c.vd, 1).to_host - got, 4096);
	}
	ck_assert(gd_take_used(&c.q[gd_console_tx(1)], &used));
	ck_assert(used.id == (uint32_t)head && used.len == 0);
	ck_assert_uint_eq(drain_ring(&c, 0), 0);
	ck_assert(gd_console_sends(&c, 1, "x", 1));
	gd_console_close(&c);
}
END_TEST

START_TEST(reset_drops_the_chain_at_hand)
{
	struct gd_console c;
	uint8_t got[4097];

	CLAUSE("CON-16");
	fill_the_ring(&c, &small_ring);
	gd_reset(&c.dev);
	gd_fill(c.m, c.q[gd_console_tx(1)].used, 0x5a, gd_used_bytes(256));
	ck_assert_uint_eq(stream_ring_read(c.streams[1], got, sizeof(got)), 4096);
	gd_settle(c.m);
	ck_assert(gd_all(c.m, c.q[gd_console_tx(1)].used, 0x5a, gd_used_bytes(256)));
	ck_assert_uint_eq(stream_ring_read(c.streams[1], got, sizeof(got)), 0);
	ck_assert(gd_console_restart(&c, &gd_linux_console));
	ck_assert(gd_console_handshake(&c));
	ck_assert(gd_console_sends(&c, 1, "new", 3));
	ck_assert_uint_eq(stream_ring_read(c.streams[1], got, sizeof(got)), 3);
	ck_assert_mem_eq(got, "new", 3);
	gd_console_close(&c);
}
END_TEST

START_TEST(queue_that_is_disabled_drops_the_chain_at_hand)
{
	struct gd_console c;
	uint8_t got[8192];

	CLAUSE("CON-10");
	fill_the_ring(&c, &small_ring);
	gd_queue_wr(&c.dev, gd_console_tx(1), GD_QUEUE_ENABLE, 0);
	ck_assert(gd_queue_again(&c.q[gd_console_tx(1)]));
	ck_assert_int_ge(gd_console_send(&c, 1, "new", 3), 0);
	gd_settle(c.m);
	ck_assert_uint_eq(stream_ring_read(c.streams[1], got, sizeof(got)), 4096);
	gd_settle(c.m);
	ck_assert_uint_eq(gd_used_ready(&c.q[gd_console_tx(1)]), 1);
	ck_assert_uint_eq(stream_ring_read(c.streams[1], got, sizeof(got)), 3);
	gd_console_close(&c);
}
END_TEST

START_TEST(memory_is_left_alone_without_bus_mastering)
{
	struct gd_console c;
	char in[16];
	size_t got = 0;

	CLAUSE("CON-10");
	fill_the_ring(&c, &small_ring);
	gd_console_post(&c, gd_console_rx(2), 2, 16);
	gd_cfg_write(c.m, GD_CONSOLE_DEVFN, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	c.users[0].opened(c.users[0].arg, false);
	ck_assert_uint_eq(stream_ring_write(c.streams[2], "later", 5), 5);
	while (got < 4096)
		got += drain_ring(&c, got);
	ck_assert_uint_eq(drain_ring(&c, got), 0);
	for (unsigned int q = 0; q < 8; q++)
		ck_assert_uint_eq(gd_used_ready(&c.q[q]), 0);
	gd_cfg_write(c.m, GD_CONSOLE_DEVFN, PCI_COMMAND, 2,
		     PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ck_assert_int_eq(gd_console_take(&c, 2, in, sizeof(in)), 5);
	ck_assert(gd_console_hears(&c, 0, VIRTIO_CONSOLE_PORT_OPEN, 0, 8));
	while (got < 65536)
		got += drain_ring(&c, got);
	ck_assert_uint_eq(gd_used_ready(&c.q[gd_console_tx(1)]), 1);
	gd_console_close(&c);
}
END_TEST

START_TEST(host_waits_for_a_guest_that_posts_nothing)
{
	struct gd_console c;
	static uint8_t data[100000];
	size_t given;
	size_t got = 0;

	CLAUSE("CON-10");
	start_ports(&c);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = pattern_at(i);
	given = stream_ring_write(c.streams[0], data, sizeof(data));
	ck_assert_uint_eq(given, 65536);
	for (unsigned int i = 0; got < sizeof(data); i++) {
		uint8_t in[4096];
		int n;

		gd_console_post(&c, 0, 1, 1 + i * 37 % 4096);
		given += stream_ring_write(c.streams[0], data + given, sizeof(data) - given);
		while ((n = gd_console_take(&c, 0, in, sizeof(in))) > 0) {
			ck_assert_mem_eq(in, data + got, (size_t)n);
			got += (size_t)n;
		}
	}
	ck_assert_uint_eq(got, sizeof(data));
	gd_console_close(&c);
}
END_TEST

CONTRACT_MAIN("console_flow", a_pass_is_bounded, at_most_64_receive_buffers_for_one_interrupt,
	      guest_waits_for_a_host_that_does_not_read, reset_drops_the_chain_at_hand,
	      queue_that_is_disabled_drops_the_chain_at_hand,
	      memory_is_left_alone_without_bus_mastering, host_waits_for_a_guest_that_posts_nothing)
