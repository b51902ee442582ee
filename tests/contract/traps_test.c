/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/contract.h"

#include <sched.h>
#include <string.h>

/*
 * Traps: what hostile, careless and unlucky drivers do that no clause speaks of alone. Each test
 * also names the clauses that it leans on; TRAP() gives the kind, for the table of traps.
 */

#define QUEUES	8U
#define SIZE	16U
#define MESSAGE 0xfee00000ULL
#define WRITE	VIRTQ_DESC_F_WRITE
#define NEXT	VIRTQ_DESC_F_NEXT

/* A device with as many queues as the echo device can have. */
struct many {
	struct gd_machine *m;
	struct virtio_device *vd;
	struct gd_dev dev;
	struct gd_queue q[QUEUES];
};

static void open_many(struct many *e, const struct gd_machine_config *machine, uint16_t vectors)
{
	static const struct gd_echo_config config = {
		.id = "echo0",
		.virtio_id = VIRTIO_ID_CONSOLE,
		.n_queues = QUEUES,
		.sizes = {SIZE, SIZE, SIZE, SIZE, SIZE, SIZE, SIZE, SIZE},
	};

	memset(e, 0, sizeof(*e));
	e->m = gd_machine_create(machine);
	e->vd = gd_echo_create(e->m, &config);
	gd_plug(e->m, e->vd, ECHO_DEVFN, vectors);
	gd_assign(e->m);
	gd_dev_open(&e->dev, e->m, ECHO_DEVFN);
}

static void close_many(struct many *e)
{
	ck_assert_uint_eq(e->m->bells.bad_detach, 0);
	gd_machine_destroy(e->m);
}

static void set_queues_up(struct many *e)
{
	for (uint16_t q = 0; q < QUEUES; q++)
		ck_assert(gd_queue_setup(&e->q[q], &e->dev, q, 4));
}

/* A driver's load: INTx, or MSI-X with all the vectors there are. */
static void load_driver(struct many *e, const struct gd_persona *persona)
{
	uint16_t vectors = (uint16_t)gd_msix_vectors(&e->dev);
	const char *why;

	if (vectors)
		gd_msix_enable(&e->dev, true);
	for (uint16_t v = 0; v < vectors; v++)
		gd_msix_set(&e->dev, v, MESSAGE, 100U + v);
	why = gd_init_device(&e->dev, persona);
	ck_assert_msg(!why, "the driver refuses: %s", why);
	set_queues_up(e);
	gd_driver_ok(&e->dev);
}

static bool all_work(struct many *e)
{
	for (uint16_t q = 0; q < QUEUES; q++)
		if (!echo_works(&e->q[q]))
			return false;
	return true;
}

START_TEST(direct_chain_may_loop_at_any_length)
{
	struct gd_used used;
	struct many e;
	gpa_t buf;

	TRAP("descriptor-loop");
	CLAUSE("Q-DESC-5");
	open_many(&e, NULL, 0);
	load_driver(&e, &gd_win7_snd);
	buf = gd_alloc(e.m, 64, 16);
	for (uint16_t len = 1; len <= SIZE; len++)
		for (uint16_t back = 0; back < len; back++) {
			for (uint16_t i = 0; i < len; i++)
				gd_desc(e.m, e.q[0].desc, i, buf, 64, NEXT | WRITE,
					i + 1 < len ? (uint16_t)(i + 1) : back);
			gd_offer(&e.q[0], 0);
			gd_kick(&e.q[0]);
			ck_assert(gd_wait_used(&e.q[0], &used));
			ck_assert_uint_eq(used.id, 0);
			ck_assert_uint_eq(used.len, 0);
		}
	ck_assert(gd_all(e.m, buf, 0, 64));
	ck_assert_uint_eq(gd_echo_served(e.vd, 0), 0);
	close_many(&e);
}
END_TEST

START_TEST(two_queues_may_share_one_ring)
{
	struct many e;
	unsigned int answers = 0;

	TRAP("shared-ring");
	CLAUSE("T-QUE-7");
	open_many(&e, NULL, 0);
	ck_assert(gd_negotiate(&e.dev, VIRTIO_F_VERSION_1));
	ck_assert(gd_queue_setup(&e.q[0], &e.dev, 0, 4));
	ck_assert(gd_queue_setup_at(&e.q[1], &e.dev, 1, e.q[0].desc, e.q[0].avail, e.q[0].used));
	ck_assert(gd_queue_setup(&e.q[2], &e.dev, 2, 4));
	gd_driver_ok(&e.dev);
	for (unsigned int i = 0; i < 5 * SIZE; i++) {
		/* Both queues answer each slot; who wrote used.idx last is the driver's worry. */
		e.q[0].n_free = SIZE;
		echo_add(&e.q[0], 8, 1);
		gd_kick(&e.q[0]);
		gd_bar_wr(&e.dev, VIRTIO_PCI_NOTIFY + 4, 2, 1);
		gd_settle(e.m);
		answers += gd_used_ready(&e.q[0]);
		e.q[0].used_seen += gd_used_ready(&e.q[0]);
		for (uint16_t s = 0; s < SIZE; s++) {
			gpa_t at = e.q[0].used + 4 + 8ULL * s;

			ck_assert_uint_lt(gd_ld32(e.m, at), SIZE);
		}
	}
	ck_assert_uint_eq(answers, 5 * SIZE);
	ck_assert_uint_eq(gd_echo_served(e.vd, 0), 5 * SIZE);
	ck_assert_uint_eq(gd_echo_served(e.vd, 1), 5 * SIZE);
	ck_assert(echo_works(&e.q[2]));
	gd_reset(&e.dev);
	load_driver(&e, &gd_win7_snd);
	ck_assert(all_work(&e));
	close_many(&e);
}
END_TEST

START_TEST(ring_of_one_queue_may_be_the_buffer_of_another)
{
	struct gd_used used;
	struct many e;
	gpa_t zeros;

	TRAP("shared-ring");
	CLAUSE("T-QUE-7");
	CLAUSE("T-STS-7");
	open_many(&e, NULL, 0);
	load_driver(&e, &gd_win7_snd);
	zeros = gd_alloc(e.m, 0x400, 16);
	for (unsigned int i = 0; i < 64; i++) {
		struct gd_seg segs[] = {{zeros, 0x100, false}, {e.q[1].desc, 0x100, true}};

		/* Queue 0 writes all over the descriptors of queue 1, which has one on offer. */
		gd_fill(e.m, zeros, (uint8_t)(i * 41), 0x100);
		gd_offer(&e.q[1], (uint16_t)(i % SIZE));
		ck_assert_int_ge(gd_add(&e.q[0], segs, 2), 0);
		gd_publish(&e.q[1]);
		gd_kick(&e.q[0]);
		ck_assert(gd_wait_used(&e.q[0], &used));
		ck_assert_uint_eq(used.len, 0x100);
		gd_bar_wr(&e.dev, VIRTIO_PCI_NOTIFY + 4, 2, 1);
		ck_assert(gd_wait_used(&e.q[1], &used));
		ck_assert_uint_lt(used.id, SIZE);
	}
	ck_assert_uint_eq(gd_rd(&e.dev, GD_STATUS), GD_RUNNING);
	ck_assert(echo_works(&e.q[0]));
	close_many(&e);
}
END_TEST

START_TEST(every_part_inside_any_window_of_the_bar_is_dead)
{
	static const uint32_t windows[] = {VIRTIO_PCI_COMMON, VIRTIO_PCI_NOTIFY, VIRTIO_PCI_ISR,
					   VIRTIO_PCI_DEVICE, VIRTIO_PCI_MSIX};
	struct many e;

	TRAP("ring-in-bar");
	CLAUSE("T-QUE-7");
	CLAUSE("Q-DMA-2");
	open_many(&e, NULL, QUEUES + 1);
	for (size_t w = 0; w < COUNT_OF(windows); w++)
		for (unsigned int part = 0; part < 3; part++) {
			gpa_t bar = e.dev.bar + windows[w];
			gpa_t at = gd_alloc(e.m, 0x1000, 0x1000);

			ck_assert(gd_negotiate(&e.dev, VIRTIO_F_VERSION_1));
			ck_assert(gd_queue_setup_at(&e.q[0], &e.dev, 0, part == 0 ? bar : at,
						    part == 1 ? bar : at + 0x400,
						    part == 2 ? bar : at + 0x800));
			gd_st16(e.m, at + 0x402, 5); /* avail.idx, where that is RAM */
			gd_driver_ok(&e.dev);
			gd_bar_wr(&e.dev, VIRTIO_PCI_NOTIFY, 2, 0);
			gd_settle(e.m);
			ck_assert(gd_all(e.m, at + 0x800, 0, 0x400));
			ck_assert_uint_eq(gd_isr(&e.dev), 0);
			ck_assert_uint_eq(gd_rd(&e.dev, GD_STATUS), GD_RUNNING);
		}
	ck_assert_uint_eq(gd_echo_served(e.vd, 0), 0);
	load_driver(&e, &gd_win7_snd);
	ck_assert(all_work(&e));
	close_many(&e);
}
END_TEST

START_TEST(buffer_inside_the_bar_is_never_reached)
{
	struct many e;

	TRAP("buffer-in-bar");
	CLAUSE("Q-DMA-2");
	open_many(&e, NULL, 0);
	load_driver(&e, &gd_win7_snd);
	for (uint32_t at = 0; at < VIRTIO_PCI_BAR_SIZE; at += 0x80) {
		struct gd_seg segs[] = {{e.q[1].desc, 64, false}, {e.dev.bar + at, 64, true}};
		struct gd_used used;

		ck_assert_int_ge(gd_add(&e.q[0], segs, 2), 0);
		gd_kick(&e.q[0]);
		ck_assert(gd_wait_used(&e.q[0], &used));
		ck_assert_uint_eq(used.len, 0);
		ck_assert_uint_eq(gd_rd(&e.dev, GD_STATUS), GD_RUNNING);
	}
	ck_assert(all_work(&e));
	close_many(&e);
}
END_TEST

START_TEST(queue_registers_after_driver_ok_change_only_what_is_not_enabled)
{
	struct many e;

	TRAP("late-queue-write");
	CLAUSE("T-QUE-3");
	CLAUSE("T-QUE-11");
	open_many(&e, NULL, 0);
	ck_assert(gd_negotiate(&e.dev, VIRTIO_F_VERSION_1));
	ck_assert(gd_queue_setup(&e.q[0], &e.dev, 0, 4));
	gd_driver_ok(&e.dev);
	for (unsigned int i = 0; i < 20; i++) {
		gd_queue_wr(&e.dev, 0, GD_QUEUE_DESC, 0x1000ULL * i);
		gd_wr(&e.dev, GD_QUEUE_AVAIL, UINT64_MAX - i);
		gd_wr(&e.dev, GD_QUEUE_USED, 8ULL * i);
		gd_wr(&e.dev, GD_QUEUE_SIZE, 1);
		gd_wr(&e.dev, GD_QUEUE_ENABLE, 1);
		gd_wr(&e.dev, GD_QUEUE_ENABLE, 2);
		ck_assert_uint_eq(gd_rd(&e.dev, GD_QUEUE_SIZE), SIZE);
		ck_assert(echo_works(&e.q[0]));
	}
	/* A queue that comes late is as good as the others. */
	for (uint16_t q = 1; q < QUEUES; q++) {
		ck_assert(gd_queue_setup(&e.q[q], &e.dev, q, 4));
		ck_assert(echo_works(&e.q[q]));
	}
	close_many(&e);
}
END_TEST

START_TEST(kicks_at_every_status_are_answered_once)
{
	static const uint8_t before[] = {0x00, 0x01, 0x03, 0x0b};

	TRAP("early-kick");
	CLAUSE("T-QUE-10");
	CLAUSE("T-NTF-7");
	for (size_t i = 0; i < COUNT_OF(before); i++) {
		struct many e;

		open_many(&e, NULL, 0);
		if (before[i] == 0x0b)
			ck_assert(gd_negotiate(&e.dev, VIRTIO_F_VERSION_1));
		else
			gd_wr(&e.dev, GD_STATUS, before[i]);
		set_queues_up(&e);
		for (uint16_t q = 0; q < QUEUES; q++) {
			echo_add(&e.q[q], 8, 1);
			gd_kick(&e.q[q]);
		}
		/* The rest of the way up; a virtio reset here would take the queues away. */
		gd_wr(&e.dev, GD_STATUS, GD_ACK_DRIVER);
		gd_accept(&e.dev, VIRTIO_F_VERSION_1);
		gd_wr(&e.dev, GD_STATUS, GD_NEGOTIATED);
		gd_driver_ok(&e.dev);
		gd_settle(e.m);
		for (uint16_t q = 0; q < QUEUES; q++)
			ck_assert_uint_eq(gd_used_ready(&e.q[q]), 1);
		close_many(&e);
	}
}
END_TEST

START_TEST(status_bits_may_come_in_any_order)
{
	struct many e;

	TRAP("status-disorder");
	CLAUSE("T-STS-2");
	CLAUSE("T-STS-7");
	open_many(&e, NULL, 0);
	/* Every pair of values, as a step from the one to the other. */
	for (unsigned int from = 1; from < 256; from++)
		for (unsigned int to = 0; to < 256; to += 1 + from % 7) {
			gd_reset(&e.dev);
			gd_accept(&e.dev, VIRTIO_F_VERSION_1);
			gd_wr(&e.dev, GD_STATUS, from);
			gd_wr(&e.dev, GD_STATUS, to);
			ck_assert_uint_eq(gd_rd(&e.dev, GD_STATUS), to);
		}
	/* The right bits in the wrong order: the device is as usable as if they had come in order.
	 */
	gd_reset(&e.dev);
	set_queues_up(&e);
	gd_wr(&e.dev, GD_STATUS, VIRTIO_STATUS_DRIVER_OK);
	gd_accept(&e.dev, VIRTIO_F_VERSION_1);
	gd_wr(&e.dev, GD_STATUS, VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_FEATURES_OK);
	gd_wr(&e.dev, GD_STATUS, GD_RUNNING);
	ck_assert(all_work(&e));
	gd_reset(&e.dev);
	load_driver(&e, &gd_win7_snd);
	ck_assert(all_work(&e));
	close_many(&e);
}
END_TEST

START_TEST(features_ok_without_the_features_is_refused_in_any_order)
{
	struct many e;

	TRAP("status-disorder");
	CLAUSE("T-STS-5");
	open_many(&e, NULL, 0);
	for (unsigned int s = 0; s < 256; s++) {
		gd_reset(&e.dev);
		gd_wr(&e.dev, GD_STATUS, s);
		ck_assert_uint_eq(gd_rd(&e.dev, GD_STATUS), s & ~VIRTIO_STATUS_FEATURES_OK);
		ck_assert_uint_eq(e.vd->negotiated, 0);
	}
	close_many(&e);
}
END_TEST

START_TEST(odd_writes_unmask_no_vector)
{
	struct many e;

	TRAP("odd-msix-write");
	CLAUSE("T-MSX-9");
	CLAUSE("T-MSX-4");
	open_many(&e, NULL, QUEUES + 1);
	load_driver(&e, &gd_win7_snd);
	for (uint16_t v = 0; v < QUEUES + 1; v++)
		gd_msix_mask(&e.dev, v, true);
	ck_assert(all_work(&e));
	for (uint16_t v = 0; v < QUEUES + 1; v++) {
		uint32_t control = VIRTIO_PCI_MSIX + 16U * v + 12;

		gd_bar_wr(&e.dev, control, 1, 0);
		gd_bar_wr(&e.dev, control, 2, 0);
		gd_bar_wr(&e.dev, control - 1, 4, 0);
		gd_bar_wr(&e.dev, control - 2, 4, 0);
		gd_bar_wr(&e.dev, control - 4 + 1, 8, 0);
	}
	ck_assert_uint_eq(gd_msi_sent(&e.m->msi), 0);
	/* The second half of an aligned 64-bit write does, whatever it says of the message. */
	gd_bar_wr(&e.dev, VIRTIO_PCI_MSIX + 16 + 8, 8, 777);
	ck_assert_uint_eq(gd_msi_sent(&e.m->msi), 1);
	ck_assert_uint_eq(gd_msi_sent_with(&e.m->msi, 777), 1);
	close_many(&e);
}
END_TEST

START_TEST(one_vector_serves_all_queues)
{
	struct gd_persona starved = gd_win7_snd;
	struct many e;

	TRAP("vector-starvation");
	CLAUSE("T-MSX-7");
	CLAUSE("T-MSX-6");
	starved.all_on_vector_0 = true;
	open_many(&e, NULL, 1);
	load_driver(&e, &starved);
	for (unsigned int round = 1; round <= 10; round++) {
		ck_assert(all_work(&e));
		ck_assert_uint_eq(gd_msi_sent_with(&e.m->msi, 100), QUEUES * round);
	}
	gd_echo_config(e.vd, 0, 1);
	ck_assert_uint_eq(gd_msi_sent_with(&e.m->msi, 100), QUEUES * 10 + 1);
	/* What does not exist is refused where the driver looks, and costs nobody else a message.
	 */
	gd_queue_wr(&e.dev, 3, GD_QUEUE_VECTOR, 1);
	ck_assert_uint_eq(gd_rd(&e.dev, GD_QUEUE_VECTOR), VIRTIO_MSI_NO_VECTOR);
	ck_assert(all_work(&e));
	ck_assert_uint_eq(gd_msi_sent(&e.m->msi), QUEUES * 10 + 1 + QUEUES - 1);
	close_many(&e);
}
END_TEST

START_TEST(no_vector_leaves_the_line)
{
	struct many e;

	TRAP("no-vectors");
	CLAUSE("T-MSX-1");
	CLAUSE("T-INT-11");
	open_many(&e, NULL, 0);
	ck_assert_uint_eq(gd_msix_vectors(&e.dev), 0);
	load_driver(&e, &gd_win7_snd);
	for (uint16_t q = 0; q < QUEUES; q++) {
		ck_assert(echo_works(&e.q[q]));
		ck_assert(gd_line(&e.dev));
		ck_assert_uint_eq(gd_isr(&e.dev), VIRTIO_ISR_QUEUE);
		ck_assert(!gd_line(&e.dev));
		gd_queue_wr(&e.dev, q, GD_QUEUE_VECTOR, q);
		ck_assert_uint_eq(gd_rd(&e.dev, GD_QUEUE_VECTOR), VIRTIO_MSI_NO_VECTOR);
	}
	ck_assert_uint_eq(gd_msi_sent(&e.m->msi), 0);
	close_many(&e);
}
END_TEST

START_TEST(nine_vectors_serve_eight_queues_and_config)
{
	struct many e;

	TRAP("many-vectors");
	CLAUSE("T-MSX-6");
	CLAUSE("T-MSX-9");
	open_many(&e, NULL, QUEUES + 1);
	ck_assert_uint_eq(gd_msix_vectors(&e.dev), QUEUES + 1);
	load_driver(&e, &gd_win7_snd);
	for (uint16_t q = 0; q < QUEUES; q++) {
		ck_assert(echo_works(&e.q[q]));
		ck_assert_uint_eq(gd_msi_sent(&e.m->msi), q + 1U);
		ck_assert_uint_eq(gd_msi_sent_with(&e.m->msi, 101U + q), 1);
	}
	gd_echo_config(e.vd, 0, 1);
	ck_assert_uint_eq(gd_msi_sent_with(&e.m->msi, 100), 1);
	ck_assert(!gd_line(&e.dev));
	close_many(&e);
}
END_TEST

START_TEST(vectors_may_move_while_the_queues_run)
{
	struct many e;

	TRAP("late-queue-write");
	CLAUSE("T-MSX-7");
	CLAUSE("T-MSX-3");
	open_many(&e, NULL, QUEUES + 1);
	load_driver(&e, &gd_win7_snd);
	for (unsigned int v = 0; v < 3 * (QUEUES + 1); v++) {
		unsigned int before = gd_msi_sent(&e.m->msi);
		bool there = v % 4 != 3;

		gd_queue_wr(&e.dev, 0, GD_QUEUE_VECTOR,
			    there ? v % (QUEUES + 1) : VIRTIO_MSI_NO_VECTOR);
		ck_assert(echo_works(&e.q[0]));
		ck_assert_uint_eq(gd_msi_sent(&e.m->msi) - before, there);
		if (there)
			ck_assert_uint_eq(gd_msi_at(&e.m->msi, before).data,
					  100U + v % (QUEUES + 1));
	}
	close_many(&e);
}
END_TEST

/* Twenty rounds of a driver at work that is stopped by @stop and comes back. */
static void rounds(void (*stop)(struct many *e), uint16_t vectors)
{
	struct gd_machine_config machine = {.doorbells = true};
	struct many e;

	open_many(&e, &machine, vectors);
	for (unsigned int i = 0; i < 20; i++) {
		gd_dev_open(&e.dev, e.m, ECHO_DEVFN);
		load_driver(&e, &gd_win7_snd);
		ck_assert_uint_eq(e.m->bells.n, QUEUES);
		ck_assert(all_work(&e));
		/* Stopped with requests that are kicked and not served yet. */
		for (uint16_t q = 0; q < QUEUES; q++) {
			echo_add(&e.q[q], 8, 1);
			gd_kick(&e.q[q]);
		}
		stop(&e);
		gd_settle(e.m);
		for (uint16_t q = 0; q < QUEUES; q++)
			ck_assert_uint_eq(gd_used_ready(&e.q[q]), 0);
		ck_assert_uint_eq(e.m->bells.n, 0);
		ck_assert(!gd_line(&e.dev));
		e.m->next = 0x10000;
	}
	/* Routes are opened once a vector, not once a load. */
	ck_assert_int_le(e.m->msi.opened - e.m->msi.closed, vectors);
	ck_assert_uint_eq(gd_echo_served(e.vd, 0), 20);
	close_many(&e);
}

static void stop_by_platform_reset(struct many *e)
{
	gd_platform_reset(e->m);
}

START_TEST(platform_reset_under_load_comes_back)
{
	TRAP("platform-reset");
	CLAUSE("T-BAR-9");
	rounds(stop_by_platform_reset, 0);
	rounds(stop_by_platform_reset, QUEUES + 1);
}
END_TEST

static void stop_by_status(struct many *e)
{
	gd_reset(&e->dev);
}

START_TEST(hot_reset_under_load_comes_back)
{
	TRAP("hot-reset");
	CLAUSE("T-RST-1");
	CLAUSE("T-RST-6");
	rounds(stop_by_status, 0);
	rounds(stop_by_status, QUEUES + 1);
}
END_TEST

/* As drivers go: device reset, messages off, decoding and mastering off. */
static void stop_by_unload(struct many *e)
{
	gd_reset(&e->dev);
	if (gd_msix_vectors(&e->dev))
		gd_msix_enable(&e->dev, false);
	gd_cfg_write(e->m, ECHO_DEVFN, PCI_COMMAND, 2, 0);
}

START_TEST(driver_may_be_unloaded_and_loaded)
{
	TRAP("driver-reload");
	CLAUSE("T-RST-4");
	CLAUSE("T-RST-8");
	rounds(stop_by_unload, 0);
	rounds(stop_by_unload, QUEUES + 1);
}
END_TEST

/* One that forgot the reset: the next load begins with one. */
static void stop_by_neglect(struct many *e)
{
	gd_cfg_write(e->m, ECHO_DEVFN, PCI_COMMAND, 2, 0);
	gd_settle(e->m);
	gd_cfg_write(e->m, ECHO_DEVFN, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	gd_reset(&e->dev);
}

START_TEST(driver_may_vanish_without_a_reset)
{
	TRAP("driver-reload");
	CLAUSE("T-RST-10");
	CLAUSE("T-BAR-7");
	rounds(stop_by_neglect, 0);
	rounds(stop_by_neglect, QUEUES + 1);
}
END_TEST

/* One vCPU takes the queues up and down, another rings every doorbell, the loop serves. */
struct bell_ringer {
	struct many *e;
	atomic_bool stop;
};

static void *ring_bells(void *arg)
{
	struct bell_ringer *r = arg;

	while (!atomic_load(&r->stop)) {
		for (uint16_t q = 0; q < QUEUES + 1; q++)
			gd_bar_wr(&r->e->dev, VIRTIO_PCI_NOTIFY + 4U * q, 2, q);
		sched_yield();
	}
	return NULL;
}

struct toggler {
	struct many *e;
	atomic_bool done;
};

static void *toggle(void *arg)
{
	struct toggler *t = arg;
	const struct gd_dev *dev = &t->e->dev;

	for (unsigned int i = 0; i < 2000; i++) {
		gd_queue_wr(dev, (uint16_t)(i % QUEUES), GD_QUEUE_ENABLE, 0);
		gd_wr(dev, GD_QUEUE_ENABLE, 1);
		if (i % 100 == 99)
			gd_reset(dev);
	}
	atomic_store(&t->done, true);
	return NULL;
}

static bool toggled(void *arg)
{
	return atomic_load(&((struct toggler *)arg)->done);
}

START_TEST(queues_may_come_and_go_under_the_doorbells_of_another_vcpu)
{
	struct gd_machine_config machine = {.doorbells = true};
	struct bell_ringer ringer = {0};
	struct toggler toggler = {0};
	pthread_t vcpu[2];
	struct many e;

	TRAP("reset-in-flight");
	CLAUSE("T-QUE-8");
	CLAUSE("T-RST-10");
	open_many(&e, &machine, 0);
	load_driver(&e, &gd_win7_snd);
	for (uint16_t q = 0; q < QUEUES; q++) {
		echo_add(&e.q[q], 8, 1);
		gd_publish(&e.q[q]);
	}
	ringer.e = toggler.e = &e;
	ck_assert_int_eq(pthread_create(&vcpu[0], NULL, ring_bells, &ringer), 0);
	ck_assert_int_eq(pthread_create(&vcpu[1], NULL, toggle, &toggler), 0);
	ck_assert(gd_wait(e.m, toggled, &toggler));
	pthread_join(vcpu[1], NULL);
	atomic_store(&ringer.stop, true);
	pthread_join(vcpu[0], NULL);
	gd_settle(e.m);
	load_driver(&e, &gd_win7_snd);
	ck_assert(all_work(&e));
	close_many(&e);
}
END_TEST

CONTRACT_MAIN("traps", direct_chain_may_loop_at_any_length, two_queues_may_share_one_ring,
	      ring_of_one_queue_may_be_the_buffer_of_another,
	      every_part_inside_any_window_of_the_bar_is_dead,
	      buffer_inside_the_bar_is_never_reached,
	      queue_registers_after_driver_ok_change_only_what_is_not_enabled,
	      kicks_at_every_status_are_answered_once, status_bits_may_come_in_any_order,
	      features_ok_without_the_features_is_refused_in_any_order, odd_writes_unmask_no_vector,
	      one_vector_serves_all_queues, no_vector_leaves_the_line,
	      nine_vectors_serve_eight_queues_and_config, vectors_may_move_while_the_queues_run,
	      platform_reset_under_load_comes_back, hot_reset_under_load_comes_back,
	      driver_may_be_unloaded_and_loaded, driver_may_vanish_without_a_reset,
	      queues_may_come_and_go_under_the_doorbells_of_another_vcpu)
