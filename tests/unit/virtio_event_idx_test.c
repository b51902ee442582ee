/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/guestdrv/gd_blk.h"
#include "tests/guestdrv/gd_echo.h"

#include <check.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

/* VIRTIO_F_EVENT_IDX, seen by a driver: when it is interrupted, and when it is to notify. */

#define DEVFN PCI_DEVFN(6, 0)
#define SIZE  64U
#define GUARD 0xc7

static struct gd_machine *m;
static struct virtio_device *vd;
static struct gd_dev dev;
static struct gd_queue q;
static gpa_t buf;

static void plug(const struct gd_machine_config *machine)
{
	static const struct gd_echo_config config = {
		.id = "echo0", .virtio_id = VIRTIO_ID_SOUND, .n_queues = 1, .sizes = {SIZE}};
	struct virtio_pci_config pci = {.devfn = DEVFN, .event_idx = true};

	m = gd_machine_create(machine);
	vd = gd_echo_create(m, &config);
	gd_plug_with(m, vd, &pci);
	gd_assign(m);
	gd_dev_open(&dev, m, DEVFN);
}

static void set_up(void)
{
	plug(NULL);
	buf = gd_alloc(m, 16 * SIZE, 16);
	ck_assert(gd_negotiate(&dev, VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX));
	ck_assert(gd_queue_setup(&q, &dev, 0, 4));
	gd_driver_ok(&dev);
	gd_settle(m);
}

static void tear_down(void)
{
	gd_machine_destroy(m);
}

static void add(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		gpa_t at = buf + 16ULL * (q.avail_idx % SIZE);
		struct gd_seg segs[] = {{at, 8, false}, {at + 8, 8, true}};

		ck_assert_int_ge(gd_add(&q, segs, 2), 0);
	}
}

/* Until the device has nothing to do any more: only then does it ask for the next slot. */
static void take(unsigned int n)
{
	struct gd_used used;

	for (unsigned int i = 0; i < n; i++) {
		ck_assert(gd_wait_used(&q, &used));
		ck_assert_uint_eq(used.len, 8);
	}
	gd_settle(m);
}

/* @n requests in one batch, answered; true when that interrupted. */
static bool batch_interrupts(unsigned int n)
{
	add(n);
	gd_kick(&q);
	take(n);
	return gd_isr(&dev) == VIRTIO_ISR_QUEUE;
}

START_TEST(device_asks_for_the_next_slot_whenever_it_runs_empty)
{
	for (uint32_t done = 0; done < 70000; done += 7) {
		add(7);
		ck_assert(gd_kick_event(&q));
		take(7);
		ck_assert_uint_eq(gd_avail_event(&q), (uint16_t)(done + 7));
	}
}
END_TEST

START_TEST(driver_need_not_notify_of_slots_behind_the_event)
{
	add(2);
	ck_assert(gd_kick_event(&q));
	/* The device has not run yet: it will find these by itself. */
	add(2);
	ck_assert(!gd_kick_event(&q));
	take(4);
	add(1);
	ck_assert(gd_kick_event(&q));
	take(1);
}
END_TEST

START_TEST(interrupt_comes_exactly_when_used_event_is_passed)
{
	gd_set_used_event(&q, 4);
	ck_assert(!batch_interrupts(4)); /* entries 0 to 3 */
	ck_assert(batch_interrupts(1));	 /* entry 4 */
	ck_assert(!batch_interrupts(20));
	gd_set_used_event(&q, 30);
	ck_assert(batch_interrupts(10)); /* entries 25 to 34 */
	ck_assert(!batch_interrupts(10));
}
END_TEST

START_TEST(interrupts_are_right_across_the_wrap_of_the_index)
{
	for (uint32_t done = 0; done < 65530; done += 10) {
		gd_set_used_event(&q, (uint16_t)(done + 9));
		ck_assert(batch_interrupts(10));
	}
	gd_set_used_event(&q, 2); /* 65530 to 3 pass it */
	ck_assert(batch_interrupts(10));
	ck_assert(!batch_interrupts(10));
}
END_TEST

START_TEST(no_interrupt_flag_does_not_count)
{
	gd_no_interrupt(&q, true);
	gd_set_used_event(&q, 0);
	ck_assert(batch_interrupts(1));
}
END_TEST

START_TEST(without_negotiation_the_event_fields_are_dead)
{
	ck_assert(gd_negotiate(&dev, VIRTIO_F_VERSION_1));
	gd_fill(m, q.desc, 0, q.used + gd_used_bytes(SIZE) + 2 - q.desc);
	ck_assert(gd_queue_again(&q));
	gd_driver_ok(&dev);
	gd_set_used_event(&q, 0x7fff);
	gd_st16(m, q.used + gd_used_bytes(SIZE), GUARD);
	for (unsigned int i = 0; i < 3; i++)
		ck_assert(batch_interrupts(2));
	ck_assert_uint_eq(gd_avail_event(&q), GUARD);
	gd_no_interrupt(&q, true);
	ck_assert(!batch_interrupts(2));
}
END_TEST

START_TEST(nothing_behind_the_event_fields_is_touched)
{
	gpa_t desc = gd_alloc(m, 0x3000, 0x1000);
	gpa_t avail = desc + 0x1000;
	gpa_t used = desc + 0x2000;
	uint64_t avail_len = gd_avail_bytes(SIZE) + 2;
	uint64_t used_len = gd_used_bytes(SIZE) + 2;

	ck_assert(gd_negotiate(&dev, VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX));
	gd_fill(m, avail, GUARD, 0x2000);
	gd_fill(m, avail, 0, avail_len);
	gd_fill(m, used, 0, used_len);
	ck_assert(gd_queue_setup_at(&q, &dev, 0, desc, avail, used));
	gd_driver_ok(&dev);
	for (unsigned int i = 0; i < 200; i++)
		batch_interrupts(1);
	ck_assert_uint_eq(gd_avail_event(&q), 200);
	ck_assert(gd_all(m, avail + avail_len, GUARD, 0x1000 - avail_len));
	ck_assert(gd_all(m, used + used_len, GUARD, 0x1000 - used_len));
}
END_TEST

/* A ring whose last byte is RAM's last is whole without its event field, and not with it. */
static bool works_at_the_end_of_ram(uint64_t features, bool avail_there)
{
	gpa_t end = GD_HOLE_START;
	gpa_t at = gd_alloc(m, 0x3000, 0x1000);
	gpa_t avail = avail_there ? end - gd_avail_bytes(SIZE) : at + 0x1000;
	gpa_t used = avail_there ? at + 0x2000 : end - gd_used_bytes(SIZE);

	buf = gd_alloc(m, 16 * SIZE, 16);
	ck_assert(gd_negotiate(&dev, features));
	gd_fill(m, avail, 0, gd_avail_bytes(SIZE));
	gd_fill(m, used, 0, gd_used_bytes(SIZE));
	ck_assert(gd_queue_setup_at(&q, &dev, 0, at, avail, used));
	gd_driver_ok(&dev);
	add(1);
	gd_kick(&q);
	gd_settle(m);
	return gd_used_ready(&q) == 1;
}

START_TEST(event_fields_must_lie_in_ram)
{
	static const struct gd_machine_config hole = {.ram = GD_RAM_HOLE};

	gd_machine_destroy(m);
	plug(&hole);
	for (int there = 0; there < 2; there++) {
		ck_assert(works_at_the_end_of_ram(VIRTIO_F_VERSION_1, there));
		ck_assert(!works_at_the_end_of_ram(VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX, there));
	}
}
END_TEST

START_TEST(event_fields_count_from_the_negotiation_on_for_a_queue_enabled_before)
{
	gd_reset(&dev);
	gd_wr(&dev, GD_STATUS, GD_ACK_DRIVER);
	gd_accept(&dev, VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX);
	ck_assert(gd_queue_again(&q));
	gd_wr(&dev, GD_STATUS, GD_NEGOTIATED);
	gd_driver_ok(&dev);
	gd_set_used_event(&q, 1);
	ck_assert(!batch_interrupts(1));
	ck_assert(batch_interrupts(1));
	ck_assert_uint_eq(gd_avail_event(&q), 2);
}
END_TEST

START_TEST(reset_forgets_where_the_device_waited)
{
	add(5);
	gd_kick(&q);
	take(5);
	ck_assert_uint_eq(gd_avail_event(&q), 5);
	ck_assert(gd_negotiate(&dev, VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX));
	gd_st16(m, q.used + gd_used_bytes(SIZE), 0);
	ck_assert(gd_queue_again(&q));
	gd_driver_ok(&dev);
	/* Empty at 5 again, where the event of the time before stood. */
	add(5);
	ck_assert(gd_kick_event(&q));
	take(5);
	add(1);
	ck_assert(gd_kick_event(&q));
	take(1);
}
END_TEST

START_TEST(no_request_is_lost_over_a_time_without_bus_mastering)
{
	uint32_t command = gd_cfg_read(m, DEVFN, PCI_COMMAND, 2);

	gd_cfg_write(m, DEVFN, PCI_COMMAND, 2, command & ~PCI_COMMAND_MASTER);
	ck_assert(gd_negotiate(&dev, VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX));
	ck_assert(gd_queue_again(&q));
	gd_st16(m, q.used + gd_used_bytes(SIZE), GUARD);
	gd_driver_ok(&dev);
	gd_kick(&q);
	gd_settle(m);
	ck_assert_uint_eq(gd_avail_event(&q), GUARD); /* not a byte is written */
	add(2);
	ck_assert(!gd_kick_event(&q)); /* as far as the driver knows */
	gd_settle(m);
	ck_assert_uint_eq(gd_used_ready(&q), 0);
	gd_cfg_write(m, DEVFN, PCI_COMMAND, 2, command);
	take(2);
	add(1);
	ck_assert(gd_kick_event(&q));
	take(1);
}
END_TEST

/* A device that cannot take what has come is not asked again and again. */
START_TEST(a_queue_that_is_declined_is_left_alone)
{
	struct gd_used used;
	unsigned int passes;

	add(1);
	ck_assert(gd_kick_event(&q));
	ck_assert(gd_wait_used(&q, &used)); /* the device looks at the ring itself now */
	gd_echo_idle(vd, true);
	passes = gd_echo_passes(vd);
	add(2);
	gd_publish(&q);
	gd_settle(m);
	ck_assert_uint_le(gd_echo_passes(vd) - passes, 2);
	ck_assert_uint_eq(gd_used_ready(&q), 0);
	gd_echo_idle(vd, false);
	take(2);
	add(1);
	ck_assert(gd_kick_event(&q));
	take(1);
}
END_TEST

START_TEST(disk_takes_event_indices)
{
	struct gd_blk_config config = {.event_idx = true, .mode = GD_BLOCK_POSTED};
	struct gd_blk_req r;
	struct gd_used used;
	struct gd_blk b;

	gd_blk_open(&b, &config);
	ck_assert_ptr_null(gd_blk_start(&b, &gd_win7_blk));
	ck_assert(b.dev.features & VIRTIO_F_EVENT_IDX);
	for (uint16_t i = 0; i < 300; i++) {
		r = gd_blk_req(&b, i % 2 ? VIRTIO_BLK_T_IN : VIRTIO_BLK_T_OUT, i, 512);
		gd_set_used_event(&b.q, i);
		ck_assert_int_ge(gd_blk_add(&b, &r), 0);
		ck_assert(gd_kick_event(&b.q));
		ck_assert(gd_wait_used(&b.q, &used));
		gd_settle(b.m);
		ck_assert_uint_eq(gd_isr(&b.dev), VIRTIO_ISR_QUEUE);
	}
	gd_blk_close(&b);
}
END_TEST

#define DESC  0x1000U
#define AVAIL 0x2000U
#define USED  0x3000U

/* Rings of a queue without a device, and one good descriptor. */
static void bare_queue(struct virtq *vq, struct virtq_chain *chain, struct gd_queue *driver)
{
	*vq = (struct virtq){.mem = m->mem, .size = SIZE};
	ck_assert_int_eq(virtq_chain_init(chain, vq), 0);
	gd_fill(m, DESC, 0, 0x3000);
	gd_queue_books(driver, &dev, 0, SIZE, DESC, AVAIL, USED);
	gd_desc(m, DESC, 0, buf, 8, 0, 0);
	virtq_enable(vq, DESC, AVAIL, USED, false);
	virtq_negotiated(vq, VIRTIO_F_EVENT_IDX);
}

/*
 * The page of the used ring faults at the store of avail_event, and in that moment the driver makes
 * a slot available. The handler keeps to plain stores, which a sanitizer's runtime need not know
 * of.
 */
static uint8_t *used_page;
static volatile uint8_t *avail_idx; /* below 256 here */

__attribute__((no_sanitize("thread"))) static void on_fault(int number, siginfo_t *info,
							    void *context)
{
	uint8_t *at = info->si_addr;

	(void)context;
	if (at < used_page || at >= used_page + 4096) {
		signal(number, SIG_DFL);
		return;
	}
	mprotect(used_page, 4096, PROT_READ | PROT_WRITE);
	*avail_idx = (uint8_t)(*avail_idx + 1);
}

START_TEST(slot_that_comes_just_before_the_event_is_written_is_found)
{
	struct sigaction catch = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
	struct virtq_chain chain;
	struct gd_queue driver;
	unsigned int budget = 10;
	struct sigaction old;
	struct virtq vq;
	uint8_t *ram;
	size_t n;

	bare_queue(&vq, &chain, &driver);
	ram = guest_mem_regions(m->mem, &n)[0].host;
	used_page = ram + USED;
	avail_idx = ram + AVAIL + 2;
	ck_assert_int_eq(sigaction(SIGSEGV, &catch, &old), 0);
	for (unsigned int by_pop = 0; by_pop < 2; by_pop++) {
		ck_assert_int_eq(mprotect(used_page, 4096, PROT_READ), 0);
		if (by_pop)
			ck_assert(virtq_pop(&vq, &chain, &budget));
		else
			ck_assert(virtq_has_more(&vq));
		ck_assert_uint_eq(*avail_idx, by_pop + 1);
		/* The slot of the first round is taken before the second. */
		ck_assert(by_pop || virtq_pop(&vq, &chain, &budget));
	}
	ck_assert_int_eq(sigaction(SIGSEGV, &old, NULL), 0);
	virtq_chain_fini(&chain);
}
END_TEST

/*
 * A driver on a CPU of its own that notifies only when it must; the device looks at the ring only
 * when notified, and then until virtq_pop() finds no more.
 */
#define RACES 100000U

struct race {
	struct gd_queue q;
	atomic_bool bell, done;
	atomic_uint popped;
	unsigned int lost, notified;
};

static bool popped_in_time(struct race *r, uint32_t want)
{
	for (unsigned int spins = 0; spins < 2000000; spins++) {
		if (atomic_load(&r->popped) == want)
			return true;
		/* At first as fast as can be: the device is just about to look again. */
		if (spins > 10000)
			sched_yield();
	}
	return false;
}

static void *drive(void *arg)
{
	struct race *r = arg;

	for (uint32_t i = 0; i < RACES && !r->lost; i++) {
		gd_offer(&r->q, 0);
		gd_publish(&r->q);
		atomic_thread_fence(memory_order_seq_cst);
		if (gd_avail_event(&r->q) == (uint16_t)i) {
			r->notified++;
			atomic_store(&r->bell, true);
		}
		/* The next slot comes at another moment of the device's way to rest each time. */
		if (!popped_in_time(r, i + 1))
			r->lost++;
		for (unsigned int k = i % 50; k > 0; k--)
			atomic_load(&r->popped);
	}
	atomic_store(&r->done, true);
	return NULL;
}

START_TEST(no_notification_is_lost_to_a_race)
{
	struct race r = {0};
	struct virtq_chain chain;
	struct virtq vq;
	pthread_t vcpu;

	bare_queue(&vq, &chain, &r.q);
	ck_assert_int_eq(pthread_create(&vcpu, NULL, drive, &r), 0);
	while (!atomic_load(&r.done)) {
		unsigned int budget = UINT32_MAX;

		if (!atomic_exchange(&r.bell, false)) {
			sched_yield();
			continue;
		}
		while (virtq_pop(&vq, &chain, &budget))
			atomic_fetch_add(&r.popped, 1);
	}
	pthread_join(vcpu, NULL);
	ck_assert_uint_eq(r.lost, 0);
	ck_assert_uint_gt(r.notified, 0);
	virtq_chain_fini(&chain);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		device_asks_for_the_next_slot_whenever_it_runs_empty,
		driver_need_not_notify_of_slots_behind_the_event,
		interrupt_comes_exactly_when_used_event_is_passed,
		interrupts_are_right_across_the_wrap_of_the_index,
		no_interrupt_flag_does_not_count,
		without_negotiation_the_event_fields_are_dead,
		nothing_behind_the_event_fields_is_touched,
		event_fields_must_lie_in_ram,
		event_fields_count_from_the_negotiation_on_for_a_queue_enabled_before,
		reset_forgets_where_the_device_waited,
		no_request_is_lost_over_a_time_without_bus_mastering,
		a_queue_that_is_declined_is_left_alone,
		disk_takes_event_indices,
		slot_that_comes_just_before_the_event_is_written_is_found,
		no_notification_is_lost_to_a_race,
	};
	Suite *s = suite_create("virtio_event_idx");
	TCase *tc = tcase_create("event_idx");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
