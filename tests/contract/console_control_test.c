/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/contract.h"
#include "tests/guestdrv/gd_console.h"

/* Section 17: virtio-console. What the two sides tell each other about ports. */

#define EVERYBODY UINT32_MAX

enum {
	READY = 0,
	ADD = 1,
	REMOVE = 2,
	PORT_READY = 3,
	CONSOLE = 4,
	RESIZE = 5,
	OPEN = 6,
	NAME = 7
};

/* Running with MULTIPORT, before the handshake; @n control buffers are there. */
static void start_console_with(struct gd_console *c, const struct gd_console_config *config,
			       unsigned int n)
{
	const char *why;

	gd_console_open(c, config);
	why = gd_console_start(c, &gd_linux_console);
	ck_assert_msg(!why, "the driver refuses: %s", why);
	gd_console_post(c, VIRTIO_CONSOLE_CONTROL_RX, n, GD_CONTROL_BUFFER);
}

static void start_console(struct gd_console *c, unsigned int n)
{
	start_console_with(c, NULL, n);
}

START_TEST(nothing_is_said_before_the_driver_is_ready)
{
	struct gd_console c;

	CLAUSE("CON-3");
	start_console(&c, 8);
	c.users[1].opened(c.users[1].arg, false);
	c.users[1].opened(c.users[1].arg, true);
	virtio_console_resize(c.vd, 100, 30);
	for (uint32_t port = 0; port < 4; port++) {
		ck_assert(gd_console_say(&c, port, PORT_READY, 1));
		ck_assert(gd_console_say(&c, port, OPEN, 1));
	}
	ck_assert(gd_console_say(&c, EVERYBODY, READY, 0));
	ck_assert(gd_console_quiet(&c));
	/* What came too early does not count either. */
	ck_assert(!virtio_console_port(c.vd, 1).ready && !virtio_console_port(c.vd, 1).guest_open);
	ck_assert(gd_console_say(&c, EVERYBODY, READY, 1));
	ck_assert(gd_console_hears(&c, 0, ADD, 1, 8));
	gd_console_close(&c);
}
END_TEST

static bool hears_name(struct gd_console *c, uint32_t port, const char *name)
{
	uint32_t with_end = (uint32_t)strlen(name) + 1;
	struct gd_control m;

	return gd_console_hear(c, &m) && m.id == port && m.event == NAME && m.value == 1 &&
	       m.used_len == 8 + with_end && memcmp(m.data, name, with_end) == 0;
}

START_TEST(handshake_is_the_specifications)
{
	static const char *const names[] = {"ktstr-console", "ktstr-bulk", "ktstr-stats"};
	struct gd_console c;

	CLAUSE("CON-4");
	CLAUSE("CON-6");
	start_console(&c, 8);
	ck_assert(gd_console_say(&c, EVERYBODY, READY, 1));
	for (uint32_t port = 0; port < 3; port++)
		ck_assert(gd_console_hears(&c, port, ADD, 1, 8));
	ck_assert(gd_console_quiet(&c));
	for (uint32_t port = 3; port-- > 0;) {
		struct virtio_console_port_state state;

		ck_assert(gd_console_say(&c, port, PORT_READY, 1));
		if (port == 0)
			ck_assert(gd_console_hears(&c, 0, CONSOLE, 1, 8));
		ck_assert(hears_name(&c, port, names[port]));
		ck_assert(gd_console_hears(&c, port, OPEN, 1, 8));
		ck_assert(gd_console_quiet(&c));
		state = virtio_console_port(c.vd, port);
		ck_assert_str_eq(state.name, names[port]);
		ck_assert(state.ready && !state.guest_open && state.host_open);
		ck_assert(gd_console_say(&c, port, OPEN, 1));
		ck_assert(virtio_console_port(c.vd, port).guest_open);
		ck_assert(gd_console_say(&c, port, OPEN, 7)); /* anything else is closed */
		ck_assert(!virtio_console_port(c.vd, port).guest_open);
	}
	ck_assert(gd_console_quiet(&c));
	gd_console_close(&c);
}
END_TEST

START_TEST(open_follows_the_hosts_end)
{
	struct gd_console_config config = {.closed = true};
	struct gd_console c;

	CLAUSE("CON-4");
	start_console_with(&c, &config, 8);
	ck_assert(gd_console_say(&c, EVERYBODY, READY, 1));
	for (uint32_t port = 0; port < 3; port++)
		ck_assert(gd_console_hears(&c, port, ADD, 1, 8));
	ck_assert(gd_console_say(&c, 1, PORT_READY, 1));
	ck_assert(hears_name(&c, 1, "ktstr-bulk"));
	ck_assert(gd_console_quiet(&c));
	for (unsigned int i = 0; i < 20; i++) {
		c.users[1].opened(c.users[1].arg, true);
		ck_assert(gd_console_hears(&c, 1, OPEN, 1, 8));
		c.users[1].opened(c.users[1].arg, false);
		ck_assert(gd_console_hears(&c, 1, OPEN, 0, 8));
		ck_assert(gd_console_quiet(&c));
	}
	gd_console_close(&c);
}
END_TEST

START_TEST(nothing_about_a_port_before_it_is_added_and_ready)
{
	struct gd_control m;
	bool added[3] = {false};
	bool named[3] = {false};
	struct gd_console c;

	CLAUSE("CON-5");
	/* No buffers yet, so all waits: the driver says everything at once, in a wrong order. */
	start_console(&c, 0);
	ck_assert(gd_console_say(&c, EVERYBODY, READY, 1));
	ck_assert(gd_console_say(&c, 2, PORT_READY, 1));
	ck_assert(gd_console_say(&c, 0, OPEN, 1));
	ck_assert(gd_console_say(&c, 0, PORT_READY, 1));
	virtio_console_resize(c.vd, 100, 30);
	gd_console_post(&c, VIRTIO_CONSOLE_CONTROL_RX, 16, GD_CONTROL_BUFFER);
	while (gd_console_hear(&c, &m)) {
		ck_assert_uint_lt(m.id, 3);
		if (m.event == ADD) {
			ck_assert(!added[m.id]);
			added[m.id] = true;
			continue;
		}
		ck_assert(added[m.id]);
		ck_assert_uint_ne(m.id, 1); /* is not ready */
		if (m.event == OPEN)
			ck_assert(named[m.id]);
		named[m.id] |= m.event == NAME;
	}
	ck_assert(added[0] && added[1] && added[2] && named[0] && named[2]);
	gd_console_close(&c);
}
END_TEST

START_TEST(messages_wait_for_buffers_in_order)
{
	static const struct {
		uint32_t port;
		uint16_t event;
	} expected[] = {{0, ADD},     {1, ADD},	 {2, ADD},  {1, NAME}, {1, OPEN},
			{0, CONSOLE}, {0, NAME}, {0, OPEN}, {2, NAME}, {2, OPEN}};
	struct gd_console c;

	CLAUSE("CON-7");
	CLAUSE("CON-8");
	start_console(&c, 0);
	/* All of these are consumed although no answer can leave. */
	ck_assert(gd_console_say(&c, EVERYBODY, READY, 1));
	ck_assert(gd_console_say(&c, 1, PORT_READY, 1));
	ck_assert(gd_console_say(&c, 0, PORT_READY, 1));
	ck_assert(gd_console_say(&c, 2, PORT_READY, 1));
	for (size_t i = 0; i < COUNT_OF(expected); i++) {
		struct gd_queue *q = &c.q[VIRTIO_CONSOLE_CONTROL_RX];
		struct gd_used used;
		gpa_t at;

		gd_console_post(&c, VIRTIO_CONSOLE_CONTROL_RX, 1, GD_CONTROL_BUFFER);
		ck_assert(gd_wait_used(q, &used));
		ck_assert_uint_eq(gd_used_ready(q), 0);
		at = c.buffers[VIRTIO_CONSOLE_CONTROL_RX][used.id];
		ck_assert_uint_eq(gd_ld32(c.m, at), expected[i].port);
		ck_assert_uint_eq(gd_ld16(c.m, at + 4), expected[i].event);
	}
	gd_console_post(&c, VIRTIO_CONSOLE_CONTROL_RX, 1, GD_CONTROL_BUFFER);
	ck_assert(gd_console_quiet(&c));
	gd_console_close(&c);
}
END_TEST

START_TEST(buffer_that_is_too_small_comes_back_empty_and_the_next_is_tried)
{
	static const uint32_t expected[] = {0, 8, 0, 8, 8, 0, 0, 8 + sizeof("ktstr-stats"), 8};
	struct gd_used used;
	struct gd_console c;

	CLAUSE("CON-6");
	CLAUSE("CON-7");
	start_console(&c, 0);
	struct gd_queue *q = &c.q[VIRTIO_CONSOLE_CONTROL_RX];
	gpa_t at = gd_alloc(c.m, 64, 16);
	/* 8 bytes in pieces, among them some that are not to be written. */
	struct gd_seg pieces[] = {
		{at, 3, true}, {at + 8, 4, false}, {at + 16, 0, true}, {at + 32, 5, true}};
	struct gd_seg outside[] = {{at, 4, true}, {UINT64_MAX - 15, 64, true}};

	/* Three times ADD. */
	gd_console_post(&c, VIRTIO_CONSOLE_CONTROL_RX, 1, 7);
	gd_console_post(&c, VIRTIO_CONSOLE_CONTROL_RX, 1, 8);
	ck_assert_int_ge(gd_add(q, outside, 2), 0);
	ck_assert_int_ge(gd_add(q, pieces, 4), 0);
	gd_console_post(&c, VIRTIO_CONSOLE_CONTROL_RX, 1, 16);
	/* A name, which does not go into 8 bytes, and OPEN. */
	ck_assert_int_ge(gd_add(q, pieces, 4), 0);
	gd_console_post(&c, VIRTIO_CONSOLE_CONTROL_RX, 1, 19);
	gd_console_post(&c, VIRTIO_CONSOLE_CONTROL_RX, 2, 20);
	ck_assert(gd_console_say(&c, EVERYBODY, READY, 1));
	ck_assert(gd_console_say(&c, 2, PORT_READY, 1));
	for (size_t i = 0; i < COUNT_OF(expected); i++) {
		ck_assert(gd_wait_used(q, &used));
		ck_assert_uint_eq(used.len, expected[i]);
	}
	ck_assert(gd_all(c.m, at + 8, 0, 24));
	ck_assert(gd_console_quiet(&c));
	gd_console_close(&c);
}
END_TEST

START_TEST(messages_of_the_guest_are_consumed_at_once)
{
	static const uint32_t n = 100;
	struct gd_console c;
	unsigned int passes = 0;

	CLAUSE("CON-8");
	start_console(&c, 0);
	struct gd_queue *q = &c.q[VIRTIO_CONSOLE_CONTROL_TX];
	gpa_t at = gd_alloc(c.m, 8, 8);
	struct gd_seg seg = {at, 8, false};

	gd_st16(c.m, at + 6, 1);
	for (uint32_t i = 0; i < n; i++)
		ck_assert_int_ge(gd_add(q, &seg, 1), 0);
	gd_kick(q);
	/* At most 32 in one turn of the loop, and no further doorbell for the rest. */
	while (gd_used_ready(q) < n) {
		uint16_t before = gd_used_ready(q);

		ck_assert_int_ge(loop_run_once(c.m->loop, 100, NULL), 0);
		ck_assert_uint_le(gd_used_ready(q) - before, 32);
		ck_assert_uint_lt(passes++, 8);
	}
	gd_console_close(&c);
}
END_TEST

START_TEST(nonsense_is_consumed_and_ignored)
{
	static const struct {
		uint32_t id;
		uint16_t event, value;
	} nonsense[] = {
		{EVERYBODY, READY, 1},
		{0, READY, 0},
		{0, READY, 2},
		{1, PORT_READY, 0},
		{1, PORT_READY, 2},
		{0, PORT_READY, 1},
		{3, PORT_READY, 1},
		{EVERYBODY, PORT_READY, 1},
		{3, OPEN, 1},
		{1, OPEN, 1},
		{0x80000000, OPEN, 1},
		{0, ADD, 1},
		{0, REMOVE, 1},
		{0, CONSOLE, 1},
		{0, RESIZE, 1},
		{0, NAME, 1},
		{0, 8, 1},
		{0, 0xffff, 1},
	};
	struct gd_used used;
	struct gd_console c;

	CLAUSE("CON-9");
	start_console(&c, 16);
	struct gd_queue *q = &c.q[VIRTIO_CONSOLE_CONTROL_TX];

	ck_assert(gd_console_say(&c, EVERYBODY, READY, 1));
	for (uint32_t port = 0; port < 3; port++)
		ck_assert(gd_console_hears(&c, port, ADD, 1, 8));
	ck_assert(gd_console_say(&c, 0, PORT_READY, 1));
	for (unsigned int i = 0; i < 3; i++) {
		struct gd_control m;

		ck_assert(gd_console_hear(&c, &m));
	}
	for (size_t i = 0; i < COUNT_OF(nonsense); i++) {
		ck_assert(gd_console_say(&c, nonsense[i].id, nonsense[i].event, nonsense[i].value));
		ck_assert(gd_console_quiet(&c));
	}
	/* Too short; without a byte for the device; outside RAM. */
	gpa_t at = gd_alloc(c.m, 64, 16);
	struct gd_seg bad[] = {
		{at, 7, false}, {at, 64, true}, {UINT64_MAX - 3, 8, false}, {at, 0, false}};

	gd_st16(c.m, at + 4, PORT_READY);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		ck_assert_int_ge(gd_add(q, &bad[i], 1), 0);
		gd_kick(q);
		ck_assert(gd_wait_used(q, &used));
		ck_assert_uint_eq(used.len, 0);
		ck_assert(gd_console_quiet(&c));
	}
	/* A message in pieces is a message; what follows it is not looked at. */
	struct gd_seg pieces[] = {{at, 1, false}, {at + 1, 6, false}, {at + 7, 57, false}};

	gd_st32(c.m, at, 1);
	gd_st16(c.m, at + 6, 1);
	ck_assert_int_ge(gd_add(q, pieces, 3), 0);
	gd_kick(q);
	ck_assert(gd_wait_used(q, &used));
	ck_assert(hears_name(&c, 1, "ktstr-bulk"));
	gd_console_close(&c);
}
END_TEST

START_TEST(repetition_does_not_pile_up)
{
	struct gd_control m;
	unsigned int n = 0;
	uint16_t last = 2;
	struct gd_console c;

	CLAUSE("CON-7");
	CLAUSE("CON-9");
	start_console(&c, 0);
	for (unsigned int i = 0; i < 1000; i++) {
		ck_assert(gd_console_say(&c, EVERYBODY, READY, 1));
		ck_assert(gd_console_say(&c, i % 3, PORT_READY, 1));
		ck_assert(gd_console_say(&c, i % 3, OPEN, i % 2));
		c.users[i % 3].opened(c.users[i % 3].arg, i & 4);
		virtio_console_resize(c.vd, (uint16_t)i, 30);
	}
	c.users[2].opened(c.users[2].arg, true);
	gd_console_post(&c, VIRTIO_CONSOLE_CONTROL_RX, 40, GD_CONTROL_BUFFER);
	while (gd_console_hear(&c, &m)) {
		if (m.event == RESIZE) {
			ck_assert_uint_eq(m.data[0] | m.data[1] << 8, 999);
			ck_assert_uint_eq(m.data[2] | m.data[3] << 8, 30);
		}
		if (m.event == OPEN && m.id == 2)
			last = m.value;
		n++;
	}
	/* 3 ADD, 3 NAME, 1 CONSOLE, 1 RESIZE, and at most one OPEN a port. */
	ck_assert_uint_le(n, 11);
	ck_assert_uint_eq(last, 1);
	gd_console_close(&c);
}
END_TEST

START_TEST(a_change_of_hosts_is_not_lost_on_the_guest)
{
	struct gd_console c;

	CLAUSE("CON-7");
	start_console(&c, 0);
	ck_assert(gd_console_say(&c, EVERYBODY, READY, 1));
	ck_assert(gd_console_say(&c, 1, PORT_READY, 1));
	gd_console_post(&c, VIRTIO_CONSOLE_CONTROL_RX, 5, GD_CONTROL_BUFFER);
	/* The buffers are used up: ADD, ADD, ADD, NAME, OPEN. */
	for (unsigned int i = 0; i < 100; i++) {
		c.users[1].opened(c.users[1].arg, false);
		c.users[1].opened(c.users[1].arg, true);
	}
	for (uint32_t port = 0; port < 3; port++)
		ck_assert(gd_console_hears(&c, port, ADD, 1, 8));
	ck_assert(hears_name(&c, 1, "ktstr-bulk"));
	ck_assert(gd_console_hears(&c, 1, OPEN, 1, 8));
	ck_assert(gd_console_hears(&c, 1, OPEN, 0, 8));
	ck_assert(gd_console_hears(&c, 1, OPEN, 1, 8));
	ck_assert(gd_console_quiet(&c));
	gd_console_close(&c);
}
END_TEST

CONTRACT_MAIN("console_control", nothing_is_said_before_the_driver_is_ready,
	      handshake_is_the_specifications, open_follows_the_hosts_end,
	      nothing_about_a_port_before_it_is_added_and_ready, messages_wait_for_buffers_in_order,
	      buffer_that_is_too_small_comes_back_empty_and_the_next_is_tried,
	      messages_of_the_guest_are_consumed_at_once, nonsense_is_consumed_and_ignored,
	      repetition_does_not_pile_up, a_change_of_hosts_is_not_lost_on_the_guest)
