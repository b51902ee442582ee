/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/contract.h"
#include "tests/guestdrv/gd_console.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Section 17: virtio-console. Many bytes through a port, with a program of the host at a unix
 * socket that now and then takes its time. */

#define BULK	(24U << 20) /* bytes each way */
#define SEND	(32U << 10) /* in one buffer, as Linux does it */
#define BUFFERS 64U
#define PAGE	4096U

struct program {
	struct sockaddr_un addr;
	char folder[64];
	bool exact;
	atomic_bool done;
};

static uint8_t pattern_at(size_t i)
{
	return (uint8_t)(i ^ i >> 8 ^ i >> 16);
}

static int dial(const struct program *p)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return connect(fd, (const struct sockaddr *)&p->addr, sizeof(p->addr)) < 0 ? -1 : fd;
}

/* Reads BULK bytes, then writes as many. */
static void *run_program(void *arg)
{
	struct program *p = arg;
	static uint8_t buf[50000];
	int fd = dial(p);
	size_t at = 0;
	ssize_t n;

	p->exact = fd >= 0;
	while (at < BULK && (n = read(fd, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			p->exact &= buf[i] == pattern_at(at++);
		if (at % 13 == 0)
			usleep(100);
	}
	p->exact &= at == BULK;
	for (at = 0; at < BULK; at += (size_t)n) {
		size_t len = BULK - at < sizeof(buf) ? BULK - at : sizeof(buf);

		for (size_t i = 0; i < len; i++)
			buf[i] = pattern_at(at + i);
		n = write(fd, buf, len);
		if (n <= 0)
			break;
	}
	p->exact &= at == BULK;
	close(fd);
	atomic_store(&p->done, true);
	return NULL;
}

static bool host_is_open(void *arg)
{
	struct gd_console *c = arg;

	return virtio_console_port(c->vd, 1).host_open;
}

static void open_bulk(struct gd_console *c, struct program *p)
{
	struct gd_console_config config = {0};
	char spec[150];

	*p = (struct program){.addr.sun_family = AF_UNIX, .folder = "/tmp/console_test.XXXXXX"};
	ck_assert_ptr_nonnull(mkdtemp(p->folder));
	snprintf(p->addr.sun_path, sizeof(p->addr.sun_path), "%s/socket", p->folder);
	snprintf(spec, sizeof(spec), "unix:%s", p->addr.sun_path);
	config.streams[1] = spec;
	gd_console_open(c, &config);
	ck_assert(gd_console_up(c, &gd_linux_console));
}

static void close_bulk(struct gd_console *c, const struct program *p)
{
	gd_console_close(c);
	ck_assert_int_eq(rmdir(p->folder), 0);
}

/* The guest sends BULK bytes, two buffers under way. */
static void send_all(struct gd_console *c)
{
	struct gd_queue *q = &c->q[gd_console_tx(1)];
	gpa_t at[2] = {gd_alloc(c->m, SEND, 16), gd_alloc(c->m, SEND, 16)};
	uint8_t *bytes = malloc(SEND);
	struct gd_used used;

	for (size_t sent = 0; sent < BULK; sent += SEND) {
		struct gd_seg seg = {at[sent / SEND % 2], SEND, false};

		if (sent >= 2 * SEND)
			ck_assert(gd_wait_used(q, &used));
		for (size_t i = 0; i < SEND; i++)
			bytes[i] = pattern_at(sent + i);
		gd_write(c->m, seg.addr, bytes, SEND);
		ck_assert_int_ge(gd_add(q, &seg, 1), 0);
		gd_kick(q);
	}
	ck_assert(gd_wait_used(q, &used) && gd_wait_used(q, &used));
	free(bytes);
}

/* The guest takes BULK bytes, page by page. */
static void take_all(struct gd_console *c)
{
	uint16_t rx = gd_console_rx(1);
	struct gd_queue *q = &c->q[rx];
	size_t got = 0;
	bool exact = true; /* an assertion a byte would take longer than all the rest */

	gd_console_post(c, rx, BUFFERS, PAGE);
	while (got < BULK) {
		uint8_t bytes[PAGE];
		struct gd_used used;
		gpa_t at;

		ck_assert(gd_wait_used(q, &used));
		ck_assert_uint_lt(used.id, 256);
		at = c->buffers[rx][used.id];
		gd_read(c->m, at, bytes, used.len);
		for (uint32_t i = 0; i < used.len; i++)
			exact &= bytes[i] == pattern_at(got + i);
		got += used.len;
		struct gd_seg seg = {at, PAGE, true};
		int head = gd_add(q, &seg, 1);

		ck_assert_int_ge(head, 0);
		c->buffers[rx][head] = at;
		gd_kick(q);
	}
	ck_assert(exact);
}

START_TEST(many_bytes_arrive_exactly_both_ways)
{
	struct program p;
	struct gd_console c;
	pthread_t thread;

	CLAUSE("CON-10");
	open_bulk(&c, &p);
	ck_assert_int_eq(pthread_create(&thread, NULL, run_program, &p), 0);
	ck_assert(gd_wait(c.m, host_is_open, &c));
	ck_assert(gd_console_hears(&c, 1, VIRTIO_CONSOLE_PORT_OPEN, 1, 8));
	send_all(&c);
	take_all(&c);
	pthread_join(thread, NULL);
	ck_assert(p.exact);
	ck_assert(gd_console_hears(&c, 1, VIRTIO_CONSOLE_PORT_OPEN, 0, 8));
	close_bulk(&c, &p);
}
END_TEST

/* A vCPU that resets the device over and over while bytes flow. */
static void *reset_often(void *arg)
{
	const struct gd_console *c = arg;

	for (unsigned int i = 0; i < 300; i++) {
		gd_reset(&c->dev);
		usleep(100);
	}
	return NULL;
}

START_TEST(reset_by_a_vcpu_meets_the_loop_at_work)
{
	struct program p;
	struct gd_console c;
	pthread_t vcpu;
	int client;

	CLAUSE("CON-16");
	open_bulk(&c, &p);
	client = dial(&p);
	ck_assert(gd_wait(c.m, host_is_open, &c));
	ck_assert_int_eq(pthread_create(&vcpu, NULL, reset_often, &c), 0);
	for (unsigned int i = 0; i < 3000; i++) {
		static const uint8_t text[1000];

		/* The queue is often gone: the kick is what matters. */
		if (c.q[gd_console_tx(1)].n_free > 0)
			gd_console_send(&c, 1, text, sizeof(text));
		gd_kick(&c.q[VIRTIO_CONSOLE_CONTROL_TX]);
		virtio_console_resize(c.vd, (uint16_t)i, 1);
		if (send(client, text, sizeof(text), MSG_DONTWAIT) < 0)
			c.users[1].writable(c.users[1].arg);
		loop_run_once(c.m->loop, 0, NULL);
	}
	pthread_join(vcpu, NULL);
	gd_settle(c.m);
	ck_assert(gd_console_restart(&c, &gd_linux_console));
	ck_assert(gd_console_handshake(&c));
	ck_assert(gd_console_sends(&c, 2, "alive", 5));
	close(client);
	close_bulk(&c, &p);
}
END_TEST

CONTRACT_MAIN("console_bulk", many_bytes_arrive_exactly_both_ways,
	      reset_by_a_vcpu_meets_the_loop_at_work)
