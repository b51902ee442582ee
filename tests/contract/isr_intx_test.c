/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/contract.h"

#include <sched.h>

/* Section 9: ISR and INTx. */

static void resize(struct gd_blk *b)
{
	uint64_t size = virtio_blk_size(b->vd) == 1 << 20 ? 2 << 20 : 1 << 20;

	ck_assert_int_eq(virtio_blk_resize(b->vd, size, NULL), 0);
}

START_TEST(isr_names_the_cause)
{
	struct gd_blk b;

	CLAUSE("T-ISR-1");
	start_blk(&b);
	ck_assert_uint_eq(gd_isr(&b.dev), 0);
	ck_assert(gd_blk_works(&b));
	ck_assert_uint_eq(gd_isr(&b.dev), 0x01);
	resize(&b);
	ck_assert_uint_eq(gd_isr(&b.dev), 0x02);
	ck_assert(gd_blk_works(&b));
	resize(&b);
	ck_assert_uint_eq(gd_isr(&b.dev), 0x03);
	gd_blk_close(&b);
}
END_TEST

START_TEST(isr_read_clears_what_it_returned)
{
	struct gd_blk b;

	CLAUSE("T-ISR-2");
	start_blk(&b);
	ck_assert(gd_blk_works(&b));
	ck_assert_uint_eq(gd_isr(&b.dev), 0x01);
	ck_assert_uint_eq(gd_isr(&b.dev), 0x00);
	gd_blk_close(&b);
}
END_TEST

/* A vCPU that acknowledges without pause while the loop completes requests. */
struct isr_reader {
	const struct gd_dev *dev;
	atomic_bool stop;
	atomic_uint queue_causes, config_causes, odd;
};

static void *read_isr(void *arg)
{
	struct isr_reader *reader = arg;

	while (!atomic_load(&reader->stop)) {
		uint8_t isr = gd_isr(reader->dev);

		if (isr & ~3U)
			atomic_fetch_add(&reader->odd, 1);
		if (isr & VIRTIO_ISR_QUEUE)
			atomic_fetch_add(&reader->queue_causes, 1);
		if (isr & VIRTIO_ISR_CONFIG)
			atomic_fetch_add(&reader->config_causes, 1);
		sched_yield();
	}
	return NULL;
}

/* Waits, bounded, until @counter has moved on from @before. */
static bool moved(atomic_uint *counter, unsigned int before)
{
	for (unsigned int i = 0; i < 1000000; i++) {
		if (atomic_load(counter) != before)
			return true;
		sched_yield();
	}
	return false;
}

START_TEST(no_cause_is_lost_to_a_racing_read)
{
	struct gd_blk_config config = {.mode = GD_BLOCK_POSTED};
	struct isr_reader reader = {0};
	struct gd_blk_req r;
	pthread_t vcpu;
	struct gd_blk b;

	CLAUSE("T-ISR-2");
	CLAUSE("T-INT-4");
	start_blk_with(&b, &config);
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	reader.dev = &b.dev;
	ck_assert_int_eq(pthread_create(&vcpu, NULL, read_isr, &reader), 0);
	for (unsigned int i = 0; i < 2000; i++) {
		unsigned int queue = atomic_load(&reader.queue_causes);
		unsigned int other = atomic_load(&reader.config_causes);

		ck_assert_int_eq(gd_blk_do(&b, &r, NULL), VIRTIO_BLK_S_OK);
		ck_assert_msg(moved(&reader.queue_causes, queue), "completion %u lost its cause",
			      i);
		if (i % 8 == 0) {
			resize(&b);
			ck_assert_msg(moved(&reader.config_causes, other), "change %u lost", i);
		}
	}
	atomic_store(&reader.stop, true);
	pthread_join(vcpu, NULL);
	ck_assert_uint_eq(reader.odd, 0);
	gd_isr(&b.dev);
	ck_assert(!gd_line(&b.dev));
	gd_blk_close(&b);
}
END_TEST

START_TEST(isr_ignores_writes)
{
	struct gd_blk b;

	CLAUSE("T-ISR-3");
	start_blk(&b);
	gd_bar_wr(&b.dev, VIRTIO_PCI_ISR, 1, 0xff);
	ck_assert(!gd_line(&b.dev));
	ck_assert_uint_eq(gd_isr(&b.dev), 0);
	ck_assert(gd_blk_works(&b));
	for (unsigned int size = 1; size <= 8; size *= 2) {
		gd_bar_wr(&b.dev, VIRTIO_PCI_ISR, size, 0);
		gd_bar_wr(&b.dev, VIRTIO_PCI_ISR, size, UINT64_MAX);
	}
	ck_assert(gd_line(&b.dev));
	ck_assert_uint_eq(gd_isr(&b.dev), 0x01);
	gd_blk_close(&b);
}
END_TEST

START_TEST(line_rises_with_each_cause_and_falls_with_the_read)
{
	struct gd_blk b;

	CLAUSE("T-INT-1");
	CLAUSE("T-INT-2");
	start_blk(&b);
	ck_assert(!gd_line(&b.dev));
	ck_assert(gd_blk_works(&b));
	ck_assert(gd_line(&b.dev));
	gd_isr(&b.dev);
	ck_assert(!gd_line(&b.dev));
	resize(&b);
	ck_assert(gd_line(&b.dev));
	gd_isr(&b.dev);
	ck_assert(!gd_line(&b.dev));
	ck_assert_uint_eq(gd_line_rises(&b.dev), 2);
	gd_blk_close(&b);
}
END_TEST

START_TEST(line_stays_high_until_read)
{
	struct gd_blk b;

	CLAUSE("T-INT-3");
	start_blk(&b);
	ck_assert(gd_blk_works(&b));
	ck_assert(gd_blk_works(&b));
	resize(&b);
	ck_assert(gd_line(&b.dev));
	ck_assert_uint_eq(gd_line_rises(&b.dev), 1);
	ck_assert_uint_eq(b.m->irq.gsi[b.dev.gsi].falls, 0);
	ck_assert_uint_eq(gd_isr(&b.dev), 0x03);
	ck_assert(!gd_line(&b.dev));
	gd_blk_close(&b);
}
END_TEST

START_TEST(cause_after_the_read_raises_the_line_again)
{
	struct gd_blk b;

	CLAUSE("T-INT-4");
	start_blk(&b);
	for (unsigned int i = 1; i <= 50; i++) {
		ck_assert(gd_blk_works(&b));
		ck_assert(gd_line(&b.dev));
		ck_assert_uint_eq(gd_line_rises(&b.dev), i);
		ck_assert_uint_eq(gd_isr(&b.dev), 0x01);
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(each_publication_sets_bit_0)
{
	struct echo e;

	CLAUSE("T-INT-5");
	start_echo(&e);
	for (uint16_t q = 0; q < 4; q++) {
		ck_assert(echo_works(&e.q[q]));
		ck_assert_uint_eq(gd_isr(&e.dev), 0x01);
	}
	close_echo(&e);
}
END_TEST

START_TEST(no_interrupt_suppresses_bit_and_line_per_queue)
{
	struct echo e;

	CLAUSE("T-INT-6");
	CLAUSE("Q-SUP-1");
	start_echo(&e);
	gd_no_interrupt(&e.q[2], true);
	ck_assert(echo_works(&e.q[2]));
	ck_assert(!gd_line(&e.dev));
	ck_assert_uint_eq(gd_isr(&e.dev), 0);
	ck_assert(echo_works(&e.q[1]));
	ck_assert(gd_line(&e.dev));
	ck_assert_uint_eq(gd_isr(&e.dev), 0x01);
	gd_no_interrupt(&e.q[2], false);
	ck_assert(echo_works(&e.q[2]));
	ck_assert_uint_eq(gd_isr(&e.dev), 0x01);
	close_echo(&e);
}
END_TEST

START_TEST(config_change_raises_the_line)
{
	struct gd_blk b;

	CLAUSE("T-INT-7");
	start_blk(&b);
	resize(&b);
	ck_assert(gd_line(&b.dev));
	ck_assert_uint_eq(gd_isr(&b.dev), 0x02);
	ck_assert(!gd_line(&b.dev));
	gd_blk_close(&b);
}
END_TEST

/* What a guest's handler would find at the very moment of the interrupt. */
struct at_interrupt {
	struct gd_blk *b;
	struct gd_blk_req *r;
	unsigned int calls, used_ready;
	uint32_t id, len;
	uint8_t status, data;
};

static void look(void *arg)
{
	struct at_interrupt *at = arg;
	struct gd_queue *q = &at->b->q;

	at->calls++;
	at->used_ready = gd_used_ready(q);
	at->id = gd_ld32(at->b->m, q->used + 4);
	at->len = gd_ld32(at->b->m, q->used + 8);
	at->status = gd_ld8(at->b->m, at->r->status);
	at->data = gd_ld8(at->b->m, at->r->data + 511);
}

static void interrupt_finds_everything(uint16_t vectors)
{
	struct gd_blk_config config = {.vectors = vectors};
	struct at_interrupt at = {0};
	struct gd_blk_req r;
	struct gd_used used;
	struct gd_blk b;
	int head;

	gd_blk_open(&b, &config);
	if (vectors) {
		gd_msix_enable(&b.dev, true);
		gd_msix_set(&b.dev, 1, 0xfee00000, 0x41);
	}
	ck_assert_ptr_null(gd_blk_start(&b, &gd_win7_blk));
	b.disk->bytes[511] = 0x99;
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	at = (struct at_interrupt){.b = &b, .r = &r};
	b.m->irq.hook = b.m->msi.hook = look;
	b.m->irq.hook_arg = b.m->msi.hook_arg = &at;
	gd_st32(b.m, b.q.used + 4, 0xeeeeeeee);
	head = gd_blk_add(&b, &r);
	gd_kick(&b.q);
	ck_assert(gd_wait_used(&b.q, &used));
	gd_settle(b.m);
	ck_assert_uint_eq(at.calls, 1);
	ck_assert_uint_eq(at.used_ready, 1);
	ck_assert_uint_eq(at.id, head);
	ck_assert_uint_eq(at.len, 0);
	ck_assert_uint_eq(at.status, VIRTIO_BLK_S_OK);
	ck_assert_uint_eq(at.data, 0x99);
	b.m->irq.hook = b.m->msi.hook = NULL;
	gd_blk_close(&b);
}

START_TEST(everything_is_in_memory_before_the_interrupt)
{
	CLAUSE("T-INT-8");
	CLAUSE("Q-RING-4");
	interrupt_finds_everything(0);
	interrupt_finds_everything(2);
}
END_TEST

/* Line and Status bit 3 agree, and the ISR is what they say. */
static void line_agrees(struct gd_blk *b)
{
	bool pending = gd_cfg_read(b->m, GD_BLK_DEVFN, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT;
	bool line = gd_line(&b->dev);

	ck_assert_int_eq(line, pending);
	ck_assert_int_eq(line, gd_isr(&b->dev) != 0);
	ck_assert(!gd_line(&b->dev));
}

START_TEST(line_is_high_exactly_while_the_isr_is_not_0)
{
	struct gd_blk b;

	CLAUSE("T-INT-9");
	open_blk(&b);
	line_agrees(&b);
	resize(&b); /* before DRIVER_OK */
	line_agrees(&b);
	ck_assert_ptr_null(gd_blk_start(&b, &gd_win7_blk));
	line_agrees(&b);
	for (unsigned int i = 0; i < 20; i++) {
		if (i % 2)
			ck_assert(gd_blk_works(&b));
		if (i % 3)
			resize(&b);
		gd_no_interrupt(&b.q, i % 5 == 0);
		if (i % 7 == 0)
			gd_wr(&b.dev, GD_STATUS, GD_RUNNING);
		line_agrees(&b);
	}
	ck_assert(gd_blk_works(&b));
	gd_reset(&b.dev);
	line_agrees(&b);
	gd_blk_close(&b);
}
END_TEST

START_TEST(shared_line_stays_high_until_the_last_cause_is_read)
{
	struct gd_machine *m = gd_machine_create(NULL);
	struct virtio_device *vd[3];
	struct gd_dev dev[3];
	struct gd_queue q[3];

	CLAUSE("T-INT-10");
	for (uint8_t f = 0; f < 3; f++) {
		struct gd_echo_config config = {.id = "input",
						.virtio_id = VIRTIO_ID_INPUT,
						.n_queues = 2,
						.sizes = {64, 64}};

		vd[f] = gd_echo_create(m, &config);
		gd_plug(m, vd[f], PCI_DEVFN(5, f), 0);
	}
	gd_assign(m);
	for (uint8_t f = 0; f < 3; f++) {
		gd_dev_open(&dev[f], m, PCI_DEVFN(5, f));
		ck_assert_uint_eq(dev[f].gsi, dev[0].gsi);
		ck_assert_ptr_null(gd_init_device(&dev[f], &gd_win7_input));
		ck_assert(gd_queue_setup(&q[f], &dev[f], 0, 4));
		gd_driver_ok(&dev[f]);
	}
	for (unsigned int f = 0; f < 3; f++)
		ck_assert(echo_works(&q[f]));
	ck_assert_uint_eq(gd_line_rises(&dev[0]), 1);
	ck_assert_uint_eq(gd_isr(&dev[1]), 0x01);
	ck_assert(gd_line(&dev[0]));
	ck_assert_uint_eq(gd_isr(&dev[0]), 0x01);
	ck_assert(gd_line(&dev[0]));
	ck_assert_uint_eq(gd_isr(&dev[1]), 0x00);
	gd_reset(&dev[2]);
	ck_assert(!gd_line(&dev[0]));
	gd_machine_destroy(m);
}
END_TEST

START_TEST(everything_works_with_intx_only)
{
	const struct gd_persona *personae[] = {&gd_win7_blk, &gd_win7_input, &gd_win7_snd,
					       &gd_linux};

	CLAUSE("T-INT-11");
	CLAUSE("T-MSX-1");
	for (size_t i = 0; i < COUNT_OF(personae); i++) {
		struct gd_blk b;

		open_blk(&b);
		ck_assert_uint_eq(gd_msix_vectors(&b.dev), 0);
		ck_assert_ptr_null(gd_blk_start(&b, personae[i]));
		for (unsigned int n = 0; n < 10; n++) {
			ck_assert(gd_blk_works(&b));
			ck_assert_uint_eq(gd_isr(&b.dev), 0x01);
		}
		ck_assert_uint_eq(gd_msi_sent(&b.m->msi), 0);
		gd_blk_close(&b);
	}
}
END_TEST

CONTRACT_MAIN("isr_intx", isr_names_the_cause, isr_read_clears_what_it_returned,
	      no_cause_is_lost_to_a_racing_read, isr_ignores_writes,
	      line_rises_with_each_cause_and_falls_with_the_read, line_stays_high_until_read,
	      cause_after_the_read_raises_the_line_again, each_publication_sets_bit_0,
	      no_interrupt_suppresses_bit_and_line_per_queue, config_change_raises_the_line,
	      everything_is_in_memory_before_the_interrupt,
	      line_is_high_exactly_while_the_isr_is_not_0,
	      shared_line_stays_high_until_the_last_cause_is_read, everything_works_with_intx_only)
