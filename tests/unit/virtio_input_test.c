/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/guestdrv/gd_echo.h"
#include "tests/guestdrv/gd_input.h"
#include "virtio/input/input_internal.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* virtio-input: what waits, what is reserved, what is refused. The clauses of the contract are in
 * tests/contract. */

#define KBD VIRTIO_INPUT_KEYBOARD

static struct virtio_input_event key(unsigned int code, int32_t value)
{
	return (struct virtio_input_event){GD_EV_KEY, (uint16_t)code, value};
}

/* The queue alone */

static struct input_queue queue;

static bool put(const struct virtio_input_event *events, size_t n)
{
	if (!input_queue_fits(&queue, events, n))
		return false;
	input_queue_put(&queue, events, n);
	return true;
}

static bool put_key(unsigned int code, int32_t value)
{
	struct virtio_input_event event = key(code, value);

	return put(&event, 1);
}

/* Under its selectors @select and 0: @len bytes of the answer after the size, which comes back. */
static uint8_t asked(struct input_config *c, uint8_t select, void *answer, uint32_t len)
{
	uint8_t head[3];

	input_config_set(c, VIRTIO_INPUT_CFG_SELECT, (const uint8_t[]){select, 0}, 2);
	input_config_get(c, 0, head, sizeof(head));
	input_config_get(c, VIRTIO_INPUT_CFG_PAYLOAD, answer, len);
	return head[VIRTIO_INPUT_CFG_SIZE];
}

START_TEST(bears_the_names_that_are_asked_for)
{
	static const char *const names[] = {"QEMU Virtio Keyboard", "QEMU Virtio Mouse",
					    "QEMU Virtio Tablet"};
	struct input_config c;
	uint8_t devids[8];
	char name[32];

	for (unsigned int kind = 0; kind < 3; kind++) {
		input_config_init(&c, (enum virtio_input_kind)kind, true);
		ck_assert_uint_eq(asked(&c, VIRTIO_INPUT_CFG_ID_NAME, name, sizeof(name)),
				  strlen(names[kind]));
		ck_assert_mem_eq(name, names[kind], strlen(names[kind]));
		ck_assert_uint_eq(asked(&c, VIRTIO_INPUT_CFG_ID_DEVIDS, devids, 8), 8);
		ck_assert_uint_eq(devids[2] | devids[3] << 8, 0x0627);
		ck_assert_uint_eq(devids[4], kind + 1);
		input_config_init(&c, (enum virtio_input_kind)kind, false);
		asked(&c, VIRTIO_INPUT_CFG_ID_NAME, name, sizeof(name));
		ck_assert_mem_eq(name, "Aero Virtio ", strlen("Aero Virtio "));
	}
}
END_TEST

START_TEST(keeps_order_around_its_end)
{
	uint32_t in = 0, out = 0;

	input_queue_clear(&queue);
	/* Batches of 3 and a report; the size is no multiple of the steps of reading. */
	for (unsigned int round = 0; round < 5000; round++) {
		struct virtio_input_event batch[3];

		for (unsigned int i = 0; i < 3; i++)
			batch[i] = (struct virtio_input_event){GD_EV_REL, 0, (int32_t)in++};
		ck_assert(put(batch, 3));
		while (queue.n > 7) {
			const struct virtio_input_event *first = input_queue_first(&queue);

			if (first->type == GD_EV_REL)
				ck_assert_int_eq(first->value, (int32_t)out++);
			input_queue_pop(&queue);
		}
	}
	ck_assert_uint_gt(out, VIRTIO_INPUT_QUEUE_MAX);
	while (queue.n)
		input_queue_pop(&queue);
	ck_assert_ptr_null(input_queue_first(&queue));
}
END_TEST

START_TEST(a_key_down_keeps_two_places)
{
	unsigned int presses = 0;

	input_queue_clear(&queue);
	/* Two for the press, two kept: what is not one of these is refused. */
	while (presses < INPUT_BITMAP_BYTES * 8 && put_key(presses, 1))
		presses++;
	ck_assert_uint_eq(presses, INPUT_BITMAP_BYTES * 8);
	ck_assert_uint_eq(queue.keys_down, presses);
	while (put_key(0, 1))
		;
	ck_assert_uint_eq(queue.n, VIRTIO_INPUT_QUEUE_MAX - 2 * presses);
	for (unsigned int code = 0; code < presses; code++)
		ck_assert(put_key(code, 0));
	ck_assert_uint_eq(queue.n, VIRTIO_INPUT_QUEUE_MAX);
	ck_assert_uint_eq(queue.keys_down, 0);
	ck_assert(!put_key(0, 0));
}
END_TEST

START_TEST(counts_a_key_once_however_often_pressed)
{
	const struct virtio_input_event tap[] = {key(30, 1), key(30, 0)};
	const struct virtio_input_event bounce[] = {key(30, 0), key(30, 1)};

	input_queue_clear(&queue);
	ck_assert(put_key(30, 1) && put_key(30, 1));
	ck_assert_uint_eq(queue.keys_down, 1);
	ck_assert(put(bounce, 2));
	ck_assert_uint_eq(queue.keys_down, 1);
	ck_assert(put_key(30, 0) && put_key(30, 0));
	ck_assert_uint_eq(queue.keys_down, 0);
	/* Down and up in one batch needs nothing kept: it fits into the last three places. */
	while (queue.n < VIRTIO_INPUT_QUEUE_MAX - 3)
		put((const struct virtio_input_event[]){{GD_EV_REL, 0, 1}, {GD_EV_REL, 1, 1}},
		    queue.n == VIRTIO_INPUT_QUEUE_MAX - 5 ? 1 : 2);
	ck_assert_uint_eq(queue.n, VIRTIO_INPUT_QUEUE_MAX - 3);
	ck_assert(!put_key(30, 1));
	ck_assert(put(tap, 2));
	ck_assert_uint_eq(queue.n, VIRTIO_INPUT_QUEUE_MAX);
}
END_TEST

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

START_TEST(releases_always_fit_whatever_went_before)
{
	unsigned int refused = 0, batches = 0;
	uint32_t seed = 1;

	input_queue_clear(&queue);
	for (unsigned int step = 0; step < 200000; step++) {
		struct virtio_input_event batch[VIRTIO_INPUT_BATCH_MAX - 1];
		size_t n = 0;

		if (next_random(&seed) % 4 == 0) {
			/* Only keys that are down, each once. */
			for (unsigned int code = 0;
			     code < 120 && n < sizeof(batch) / sizeof(*batch); code++)
				if (queue.down[code / 8] >> code % 8 & 1 &&
				    next_random(&seed) % 3 == 0)
					batch[n++] = key(code, 0);
			if (n)
				ck_assert(put(batch, n));
			batches += n > 0;
		} else {
			n = 1 + next_random(&seed) % (VIRTIO_INPUT_BATCH_MAX - 1);
			for (size_t i = 0; i < n; i++)
				batch[i] = key(next_random(&seed) % 120,
					       (int32_t)(next_random(&seed) % 2));
			refused += !put(batch, n);
		}
		for (uint32_t pops = next_random(&seed) % 40; pops > 0 && queue.n; pops--)
			input_queue_pop(&queue);
		ck_assert_uint_le(queue.n + 2 * queue.keys_down, VIRTIO_INPUT_QUEUE_MAX);
	}
	ck_assert_uint_gt(refused, 0);
	ck_assert_uint_gt(batches, 0);
}
END_TEST

/* The device */

static struct gd_input in;
static struct gd_input_fn *kbd;

static void setup(void)
{
	gd_input_open(&in, NULL);
	kbd = &in.fn[KBD];
	for (unsigned int k = 0; k < GD_INPUT_KINDS; k++)
		ck_assert_ptr_null(gd_input_start(&in.fn[k], &gd_win7_input));
}

static void teardown(void)
{
	gd_input_close(&in);
}

static const char *refusal(struct gd_input_fn *fn, const struct virtio_input_event *events,
			   size_t n, int want)
{
	static struct err err;

	err = (struct err)ERR_INIT;
	ck_assert_int_eq(virtio_input_inject(fn->vd, events, n, &err), want);
	ck_assert_int_eq(err.code, want);
	return err.text;
}

START_TEST(says_what_is_wrong)
{
	struct virtio_input_event batch[VIRTIO_INPUT_BATCH_MAX] = {{0}};
	struct virtio_input_event e;

	ck_assert_str_eq(refusal(kbd, batch, 0, -EINVAL),
			 "kbd0: a batch of 0 events, must be 1 to 63");
	ck_assert_str_eq(refusal(kbd, batch, 64, -EINVAL),
			 "kbd0: a batch of 64 events, must be 1 to 63");
	ck_assert_str_eq(refusal(kbd, batch, 1, -EINVAL),
			 "kbd0: event type 0 cannot be injected; EV_KEY (1), EV_REL (2) and "
			 "EV_ABS (3) can");
	e = (struct virtio_input_event){GD_EV_LED, 0, 1};
	ck_assert_str_eq(refusal(kbd, &e, 1, -EINVAL),
			 "kbd0: event type 17 cannot be injected; EV_KEY (1), EV_REL (2) and "
			 "EV_ABS (3) can");
	e = key(0x110, 1);
	ck_assert_str_eq(refusal(kbd, &e, 1, -EINVAL),
			 "kbd0: a keyboard has no code 272 of event type 1");
	e = key(30, 2);
	ck_assert_str_eq(refusal(kbd, &e, 1, -EINVAL), "kbd0: value 2 of code 30, must be 0 to 1");
	e = (struct virtio_input_event){GD_EV_ABS, 1, 32768};
	ck_assert_str_eq(refusal(&in.fn[VIRTIO_INPUT_TABLET], &e, 1, -EINVAL),
			 "tablet0: value 32768 of code 1, must be 0 to 32767");
	gd_reset(&kbd->dev);
	e = key(30, 1);
	ck_assert_str_eq(refusal(kbd, &e, 1, -EAGAIN), "kbd0: no driver of the guest listens yet");
	ck_assert_uint_eq(virtio_input_state(kbd->vd).dropped, 0);
}
END_TEST

START_TEST(takes_the_largest_batch_whole)
{
	struct virtio_input_event batch[VIRTIO_INPUT_BATCH_MAX - 1];
	struct virtio_input_event got[VIRTIO_INPUT_BATCH_MAX + 1];

	for (unsigned int i = 0; i < VIRTIO_INPUT_BATCH_MAX - 1; i++)
		batch[i] = key(2 + i / 2, i % 2 == 0);
	ck_assert_int_eq(virtio_input_inject(kbd->vd, batch, VIRTIO_INPUT_BATCH_MAX - 1, NULL), 0);
	ck_assert_uint_eq(gd_input_take(kbd, got, VIRTIO_INPUT_BATCH_MAX + 1),
			  VIRTIO_INPUT_BATCH_MAX);
	ck_assert_mem_eq(got, batch, sizeof(batch));
	ck_assert_uint_eq(virtio_input_state(kbd->vd).keys_down, 1);
	ck_assert_uint_eq(virtio_input_state(kbd->vd).sent, VIRTIO_INPUT_BATCH_MAX);
}
END_TEST

START_TEST(checking_counts_and_queues_nothing)
{
	struct virtio_input_event e = key(30, 1);
	unsigned int before;

	ck_assert_int_eq(virtio_input_check(kbd->vd, &e, 1, NULL), 0);
	ck_assert_uint_eq(virtio_input_state(kbd->vd).waiting, 0);
	/* The loop does not run: nothing leaves. */
	while (virtio_input_check(kbd->vd, &e, 1, NULL) == 0)
		ck_assert_int_eq(virtio_input_inject(kbd->vd, &e, 1, NULL), 0);
	before = virtio_input_state(kbd->vd).waiting;
	ck_assert_int_eq(virtio_input_check(kbd->vd, &e, 1, NULL), -ENOSPC);
	ck_assert_uint_eq(virtio_input_state(kbd->vd).dropped, 0);
	ck_assert_str_eq(refusal(kbd, &e, 1, -ENOSPC),
			 "kbd0: 4094 events wait already, the guest does not take them");
	ck_assert_uint_eq(virtio_input_state(kbd->vd).dropped, 2);
	ck_assert_uint_eq(virtio_input_state(kbd->vd).waiting, before);
	e = key(30, 0);
	ck_assert_int_eq(virtio_input_inject(kbd->vd, &e, 1, NULL), 0);
	ck_assert_uint_eq(virtio_input_state(kbd->vd).waiting, VIRTIO_INPUT_QUEUE_MAX);
}
END_TEST

START_TEST(holds_back_while_driver_ok_is_off)
{
	struct virtio_input_event e = key(30, 1);
	struct virtio_input_event got[3];

	ck_assert_int_eq(virtio_input_inject(kbd->vd, &e, 1, NULL), 0);
	gd_wr(&kbd->dev, GD_STATUS, GD_NEGOTIATED);
	ck_assert_uint_eq(gd_input_take(kbd, got, 3), 0);
	ck_assert_int_eq(virtio_input_inject(kbd->vd, &e, 1, NULL), -EAGAIN);
	gd_driver_ok(&kbd->dev);
	ck_assert_uint_eq(gd_input_take(kbd, got, 3), 2);
	ck_assert_uint_eq(got[0].code, 30);
}
END_TEST

START_TEST(reset_restores_what_create_made)
{
	struct virtio_input_event e = key(30, 1);
	const struct device_ops *ops = kbd->vd->dev.ops;
	struct virtio_input_config config = {.id = "kbd0", .mem = in.m->mem, .kind = KBD};
	struct virtio_device *fresh = virtio_input_create(&config, NULL);
	struct gd_input_answer answer;

	ck_assert_ptr_nonnull(fresh);
	ck_assert(gd_input_leds(kbd, 7, 3));
	ck_assert(gd_input_ask(kbd, GD_INPUT_BITS, GD_EV_LED, &answer));
	ck_assert_int_eq(virtio_input_inject(kbd->vd, &e, 1, NULL), 0);
	ck_assert_ptr_nonnull(field_first_difference(kbd->vd, fresh, ops->fields, ops->n_fields));
	gd_reset(&kbd->dev);
	ck_assert_ptr_null(field_first_difference(kbd->vd, fresh, ops->fields, ops->n_fields));
	device_destroy(&fresh->dev);
}
END_TEST

START_TEST(is_known_by_kind_and_codes)
{
	static const struct {
		uint16_t type;
		size_t n[GD_INPUT_KINDS];
	} sizes[] = {{GD_EV_KEY, {21, 35, 42}}, {GD_EV_REL, {0, 2, 0}}, {GD_EV_ABS, {0, 0, 1}},
		     {GD_EV_LED, {1, 0, 0}},	{GD_EV_SYN, {0, 0, 0}}, {0x15, {0, 0, 0}}};

	for (unsigned int k = 0; k < GD_INPUT_KINDS; k++) {
		ck_assert(virtio_input_is(&in.fn[k].vd->dev));
		ck_assert_uint_eq(virtio_input_kind(in.fn[k].vd), k);
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			size_t n = 99;

			ck_assert_ptr_nonnull(virtio_input_codes(in.fn[k].vd, sizes[i].type, &n));
			ck_assert_uint_eq(n, sizes[i].n[k]);
		}
	}
	ck_assert(!virtio_input_is(in.m->host));
}
END_TEST

/* The driver that the contract tests play is as strict as the real one. */
START_TEST(driver_refuses_what_is_no_input_device)
{
	static const struct {
		uint16_t sizes[2];
		const char *why;
	} impostors[] = {{{64, 32}, "queue size or notify offset"}, {{64, 64}, "ID_NAME"}};

	for (uint8_t i = 0; i < 2; i++) {
		struct gd_echo_config config = {
			.id = "echo",
			.virtio_id = VIRTIO_ID_INPUT,
			.n_queues = 2,
			.sizes = {impostors[i].sizes[0], impostors[i].sizes[1]}};
		struct gd_input_fn fn = {.vd = gd_echo_create(in.m, &config)};

		gd_plug_with(in.m, fn.vd,
			     &(struct virtio_pci_config){.devfn = PCI_DEVFN(9, i),
							 .subsystem = VIRTIO_INPUT_SUBSYSTEM});
		gd_assign(in.m);
		gd_dev_open(&fn.dev, in.m, PCI_DEVFN(9, i));
		ck_assert_str_eq(gd_input_probe(&fn, &gd_win7_input), impostors[i].why);
	}
	/* A mouse that says by its subsystem that it is a keyboard, and one that says nothing. */
	for (uint8_t i = 0; i < 2; i++) {
		struct virtio_input_config config = {
			.id = "liar", .mem = in.m->mem, .kind = VIRTIO_INPUT_MOUSE};
		struct gd_input_fn fn = {.vd = virtio_input_create(&config, NULL)};

		gd_plug_with(in.m, fn.vd,
			     &(struct virtio_pci_config){.devfn = PCI_DEVFN(10, i),
							 .subsystem = i ? 0x1100
									: VIRTIO_INPUT_SUBSYSTEM});
		gd_assign(in.m);
		gd_dev_open(&fn.dev, in.m, PCI_DEVFN(10, i));
		ck_assert_str_eq(gd_input_probe(&fn, &gd_win7_input),
				 i ? "subsystem id" : "ID_NAME");
	}
}
END_TEST

/* Injection from two threads while a vCPU selects, acknowledges and resets. */

#define INJECTIONS 3000U

struct injector {
	unsigned int code;
	atomic_uint done, refused;
};

static void *inject_taps(void *arg)
{
	struct injector *j = arg;

	for (unsigned int i = 0; i < INJECTIONS; i++) {
		struct virtio_input_event e = key(j->code, i % 2 == 0);

		if (virtio_input_inject(kbd->vd, &e, 1, NULL) < 0)
			atomic_fetch_add(&j->refused, 1);
		else
			atomic_fetch_add(&j->done, 1);
	}
	return NULL;
}

static void *play_vcpu(void *arg)
{
	atomic_bool *stop = arg;

	while (!atomic_load(stop)) {
		struct gd_input_answer answer;

		gd_input_ask(kbd, GD_INPUT_BITS, GD_EV_KEY, &answer);
		gd_isr(&kbd->dev);
	}
	return NULL;
}

START_TEST(injects_from_any_thread)
{
	struct injector injectors[2] = {{.code = 30}, {.code = 31}};
	int32_t last[32] = {0};
	unsigned int keys = 0, want = 0;
	pthread_t threads[2], vcpu;
	atomic_bool stop = false;
	struct virtio_input_event got[64];
	size_t n;

	ck_assert_int_eq(pthread_create(&vcpu, NULL, play_vcpu, &stop), 0);
	for (unsigned int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, inject_taps, &injectors[i]), 0);
	for (unsigned int quiet = 0; quiet < 2;) {
		bool ended = true;

		for (unsigned int i = 0; i < 2; i++)
			ended &= injectors[i].done + injectors[i].refused == INJECTIONS;
		n = gd_input_take(kbd, got, 64);
		for (size_t i = 0; i < n; i++) {
			if (got[i].type != GD_EV_KEY)
				continue;
			keys++;
			last[got[i].code] = got[i].value;
		}
		quiet = ended && n == 0 ? quiet + 1 : 0;
	}
	atomic_store(&stop, true);
	pthread_join(vcpu, NULL);
	for (unsigned int i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		want += injectors[i].done;
	}
	ck_assert_uint_eq(keys, want);
	/* The last of each was a release, and it had its place. */
	ck_assert_int_eq(last[30], 0);
	ck_assert_int_eq(last[31], 0);
	ck_assert_uint_eq(virtio_input_state(kbd->vd).keys_down, 0);
	ck_assert_uint_eq(virtio_input_state(kbd->vd).sent, 2 * want);
}
END_TEST

START_TEST(resets_while_others_inject)
{
	struct injector injector = {.code = 30};
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, inject_taps, &injector), 0);
	for (unsigned int i = 0; i < 50; i++) {
		gd_reset(&kbd->dev);
		ck_assert_uint_eq(virtio_input_state(kbd->vd).waiting, 0);
		ck_assert_ptr_null(gd_input_start(kbd, &gd_win7_input));
		gd_settle(in.m);
	}
	pthread_join(thread, NULL);
	ck_assert_uint_eq(injector.done + injector.refused, INJECTIONS);
	gd_reset(&kbd->dev);
	ck_assert_uint_eq(virtio_input_state(kbd->vd).keys_down, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("virtio_input");
	TCase *alone = tcase_create("queue");
	TCase *device = tcase_create("device");
	SRunner *sr;
	int failed;

	tcase_add_test(alone, bears_the_names_that_are_asked_for);
	tcase_add_test(alone, keeps_order_around_its_end);
	tcase_add_test(alone, a_key_down_keeps_two_places);
	tcase_add_test(alone, counts_a_key_once_however_often_pressed);
	tcase_add_test(alone, releases_always_fit_whatever_went_before);
	suite_add_tcase(suite, alone);
	tcase_add_checked_fixture(device, setup, teardown);
	tcase_set_timeout(device, 60);
	tcase_add_test(device, says_what_is_wrong);
	tcase_add_test(device, takes_the_largest_batch_whole);
	tcase_add_test(device, checking_counts_and_queues_nothing);
	tcase_add_test(device, holds_back_while_driver_ok_is_off);
	tcase_add_test(device, reset_restores_what_create_made);
	tcase_add_test(device, is_known_by_kind_and_codes);
	tcase_add_test(device, driver_refuses_what_is_no_input_device);
	tcase_add_test(device, injects_from_any_thread);
	tcase_add_test(device, resets_while_others_inject);
	suite_add_tcase(suite, device);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
