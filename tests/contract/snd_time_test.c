/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/snd.h"

#include "vmm/core/field.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* Section 16: pace, what ends a transfer early, and what never comes. */

/* A counter of the device. */
static uint64_t counter(const struct gd_snd *s, const char *name)
{
	const struct device_ops *ops = s->vd->dev.ops;

	for (size_t i = 0; i < ops->n_fields; i++)
		if (strcmp(ops->fields[i].name, name) == 0)
			return field_get(s->vd, &ops->fields[i], 0);
	ck_abort_msg("no counter %s", name);
	return 0;
}

START_TEST(playback_takes_the_time_that_it_lasts)
{
	unsigned int done = 0;
	struct gd_snd s;

	CLAUSE("SND-36");
	CLAUSE("SND-20");
	run_snd(&s, OUT);
	for (unsigned int i = 0; i < 10; i++)
		submit(&s, OUT, 10 * 4 * GD_SND_MS, 1);
	for (unsigned int ms = 1; ms <= 100; ms++) {
		gd_snd_advance(&s, 1);
		while (gd_snd_completed(&s, false, NULL) >= 0)
			done++;
		ck_assert_uint_eq(done, ms / 10);
		ck_assert_uint_eq(s.sink->n, (size_t)ms * 4 * GD_SND_MS);
	}
	gd_snd_close(&s);
}
END_TEST

START_TEST(no_doorbell_is_needed)
{
	struct gd_used used;
	struct gd_snd s;

	CLAUSE("SND-36");
	run_snd(&s, OUT);
	ck_assert(gd_snd_run(&s, IN));
	submit(&s, OUT, 10 * 4 * GD_SND_MS, 1);
	submit(&s, IN, 10 * 2 * GD_SND_MS, 1);
	s.now_ns += 10 * NS_PER_MS;
	ck_assert(gd_wait_used(&s.tx, &used));
	ck_assert(gd_wait_used(&s.rx, &used));
	/* And the driver of Windows wants no interrupt for playback: there was none but the
	 * other's. */
	ck_assert_uint_eq(s.vd->queues[VIRTIO_SND_VQ_TX].interrupts, 0);
	ck_assert_uint_eq(s.vd->queues[VIRTIO_SND_VQ_RX].interrupts, 1);
	gd_snd_close(&s);
}
END_TEST

START_TEST(underrun_is_silence_and_no_error)
{
	struct gd_snd_xfer x;
	struct gd_snd s;

	CLAUSE("SND-25");
	run_snd(&s, OUT);
	submit(&s, OUT, 5 * 4 * GD_SND_MS, 0x11);
	gd_snd_advance(&s, 5);
	ck_assert_int_eq(gd_snd_completed(&s, false, NULL), 8);
	ck_assert_uint_eq(counter(&s, "underruns"), 0);
	gd_snd_advance(&s, 500);
	ck_assert_uint_eq(s.sink->n, 505U * 4 * GD_SND_MS);
	for (size_t i = 5 * 4 * GD_SND_MS; i < s.sink->n; i++)
		ck_assert_uint_eq(s.sink->heard[i], 0);
	ck_assert_uint_eq(counter(&s, "underruns"), 1);
	/* What was missed is not made up for: the next chain lasts as long as it says. */
	x = submit(&s, OUT, 10 * 4 * GD_SND_MS, 0x22);
	gd_snd_advance(&s, 9);
	ck_assert_int_eq(gd_snd_completed(&s, false, NULL), -1);
	gd_snd_advance(&s, 1);
	ck_assert_int_eq(gd_snd_completed(&s, false, NULL), 8);
	ck_assert_uint_eq(gd_snd_status(&s, &x), VIRTIO_SND_S_OK);
	ck_assert_uint_eq(s.sink->heard[505U * 4 * GD_SND_MS], 0x22);
	ck_assert_int_eq(gd_snd_completed(&s, false, NULL), -1);
	ck_assert_uint_eq(gd_used_ready(&s.event), 0);
	gd_snd_close(&s);
}
END_TEST

START_TEST(a_short_stall_is_made_up_for_and_a_long_one_is_not)
{
	struct gd_snd s;

	CLAUSE("SND-46");
	run_snd(&s, OUT);
	gd_snd_advance(&s, 900);
	ck_assert_uint_eq(s.sink->n, 900U * 4 * GD_SND_MS);
	ck_assert_uint_eq(counter(&s, "stalls"), 0);
	gd_snd_advance(&s, 3600 * 1000);
	ck_assert_uint_eq(s.sink->n, 1900U * 4 * GD_SND_MS);
	ck_assert_uint_eq(counter(&s, "stalls"), 1);
	gd_snd_advance(&s, 10);
	ck_assert_uint_eq(s.sink->n, 1910U * 4 * GD_SND_MS);
	/* A clock that went back is waited for. */
	s.now_ns -= 5 * NS_PER_MS;
	gd_snd_advance(&s, 0);
	gd_snd_advance(&s, 10);
	ck_assert_uint_eq(s.sink->n, 1915U * 4 * GD_SND_MS);
	gd_snd_close(&s);
}
END_TEST

START_TEST(a_minute_is_exact_to_the_frame)
{
	struct gd_snd s;

	CLAUSE("SND-36");
	run_snd(&s, OUT);
	for (unsigned int i = 0; i < 60 * 1000 / 7; i++)
		gd_snd_advance(&s, 7);
	ck_assert_uint_eq(s.sink->n, 60U * 1000 / 7 * 7 * 4 * GD_SND_MS);
	gd_snd_close(&s);
}
END_TEST

START_TEST(both_streams_run_at_once)
{
	struct gd_snd_xfer out[10], in[10];
	struct gd_snd s;

	CLAUSE("SND-38");
	run_snd(&s, OUT);
	ck_assert(gd_snd_run(&s, IN));
	for (unsigned int i = 0; i < 10; i++) {
		out[i] = submit(&s, OUT, 10 * 4 * GD_SND_MS, (uint8_t)(i + 1));
		in[i] = submit(&s, IN, 10 * 2 * GD_SND_MS, 0);
	}
	for (unsigned int i = 0; i < 10; i++) {
		gd_snd_advance(&s, 10);
		ck_assert_int_eq(gd_snd_completed(&s, false, NULL), 8);
		ck_assert_int_eq(gd_snd_completed(&s, true, NULL), 10 * 2 * GD_SND_MS + 8);
		ck_assert_uint_eq(gd_snd_status(&s, &out[i]), VIRTIO_SND_S_OK);
		ck_assert_uint_eq(gd_snd_status(&s, &in[i]), VIRTIO_SND_S_OK);
		ck_assert_uint_eq(gd_ld16(s.m, in[i].data), i * 10 * GD_SND_MS + 1);
	}
	/* One ends, the other goes on. */
	ck_assert_int_eq(gd_snd_command(&s, VIRTIO_SND_R_PCM_RELEASE, OUT), VIRTIO_SND_S_OK);
	submit(&s, IN, 10 * 2 * GD_SND_MS, 0);
	gd_snd_advance(&s, 10);
	ck_assert_int_ge(gd_snd_completed(&s, true, NULL), 0);
	gd_snd_close(&s);
}
END_TEST

/* What @code, sent with eight chains in flight and the second of them half done, makes of them. */
static void end_in_flight(uint32_t code, uint32_t id)
{
	uint32_t ms = (id == OUT ? 4 : 2) * GD_SND_MS;
	struct gd_snd_xfer x[8];
	struct gd_snd s;

	run_snd(&s, id);
	for (unsigned int i = 0; i < 8; i++)
		x[i] = submit(&s, id, 10 * ms, 1);
	s.now_ns += 15 * NS_PER_MS;
	ck_assert_int_eq(gd_snd_command(&s, code, id), VIRTIO_SND_S_OK);
	for (unsigned int i = 0; i < 8; i++) {
		ck_assert_int_eq(gd_snd_completed(&s, id == IN, NULL), id == IN ? 10 * ms + 8 : 8);
		ck_assert_uint_eq(gd_snd_status(&s, &x[i]),
				  i == 0 ? VIRTIO_SND_S_OK : VIRTIO_SND_S_IO_ERR);
	}
	if (id == IN) {
		/* What was recorded is there, and silence after it. */
		ck_assert_uint_eq(gd_ld16(s.m, x[1].data + 5 * ms - 2), 15 * GD_SND_MS);
		ck_assert(gd_all(s.m, x[1].data + 5 * ms, 0, 5 * ms));
		ck_assert(gd_all(s.m, x[7].data, 0, 10 * ms));
	} else {
		ck_assert_uint_eq(s.sink->n, 15U * ms);
	}
	ck_assert_int_eq(gd_snd_completed(&s, id == IN, NULL), -1);
	/* Nothing goes on. */
	gd_snd_advance(&s, 100);
	if (id == OUT)
		ck_assert_uint_eq(s.sink->n, 15U * ms);
	gd_snd_close(&s);
}

START_TEST(the_end_of_a_stream_returns_its_chains)
{
	static const uint32_t codes[] = {VIRTIO_SND_R_PCM_STOP, VIRTIO_SND_R_PCM_RELEASE};

	CLAUSE("SND-37");
	for (size_t i = 0; i < COUNT_OF(codes); i++)
		for (uint32_t id = 0; id < 2; id++)
			end_in_flight(codes[i], id);
}
END_TEST

START_TEST(a_full_queue_is_returned_by_stop)
{
	struct gd_snd s;

	CLAUSE("SND-37");
	run_snd(&s, OUT);
	for (unsigned int i = 0; i < 256; i++)
		submit(&s, OUT, 4 * GD_SND_MS, 1);
	ck_assert_int_eq(gd_snd_command(&s, VIRTIO_SND_R_PCM_STOP, OUT), VIRTIO_SND_S_OK);
	ck_assert_uint_eq(gd_used_ready(&s.tx), 256);
	gd_snd_close(&s);
}
END_TEST

START_TEST(reset_drops_everything)
{
	struct gd_snd_params params = gd_snd_standard(OUT);
	struct gd_snd_xfer out, in;
	struct gd_snd s;

	CLAUSE("SND-39");
	CLAUSE("T-RST-6");
	CLAUSE("T-RST-7");
	CLAUSE("T-RST-9");
	run_snd(&s, OUT);
	ck_assert(gd_snd_run(&s, IN));
	out = submit(&s, OUT, 10 * 4 * GD_SND_MS, 1);
	in = submit(&s, IN, 10 * 2 * GD_SND_MS, 0);
	gd_snd_advance(&s, 5);
	gd_reset(&s.dev);
	gd_fill(s.m, in.data, GD_SND_PRESET, in.len);
	gd_fill(s.m, s.tx.used, GD_SND_PRESET, gd_used_bytes(256));
	gd_fill(s.m, s.rx.used, GD_SND_PRESET, gd_used_bytes(64));
	gd_snd_advance(&s, 50);
	/* The timer, which is armed still, too. */
	for (unsigned int i = 0; i < 3; i++)
		ck_assert_int_ge(loop_run_once(s.m->loop, 6, NULL), 0);
	ck_assert(gd_all(s.m, in.data, GD_SND_PRESET, in.len));
	ck_assert(gd_all(s.m, in.status, GD_SND_PRESET, 8));
	ck_assert(gd_all(s.m, out.status, GD_SND_PRESET, 8));
	ck_assert(gd_all(s.m, s.tx.used, GD_SND_PRESET, gd_used_bytes(256)));
	ck_assert(gd_all(s.m, s.rx.used, GD_SND_PRESET, gd_used_bytes(64)));
	ck_assert_uint_eq(s.sink->n, 5U * 4 * GD_SND_MS);
	/* From the start again: both are idle. */
	ck_assert_ptr_null(gd_snd_start(&s));
	for (uint32_t id = 0; id < 2; id++)
		ck_assert_int_eq(gd_snd_command(&s, VIRTIO_SND_R_PCM_PREPARE, id),
				 VIRTIO_SND_S_IO_ERR);
	ck_assert_int_eq(gd_snd_set_params(&s, OUT, &params), VIRTIO_SND_S_OK);
	ck_assert_int_eq(gd_snd_command(&s, VIRTIO_SND_R_PCM_PREPARE, OUT), VIRTIO_SND_S_OK);
	ck_assert_int_eq(gd_snd_command(&s, VIRTIO_SND_R_PCM_START, OUT), VIRTIO_SND_S_OK);
	submit(&s, OUT, 4 * GD_SND_MS, 1);
	gd_snd_advance(&s, 1);
	ck_assert_int_eq(gd_snd_completed(&s, false, NULL), 8);
	gd_snd_close(&s);
}
END_TEST

/* A vCPU's access while a backend is at work: it must not wait, and what it ends has ended. */
struct meanwhile {
	struct gd_snd *s;
	void (*act)(struct gd_snd *s);
};

static void act_once(void *arg)
{
	struct meanwhile *w = arg;
	void (*act)(struct gd_snd * s) = w->act;

	w->act = NULL;
	if (act)
		act(w->s);
}

static void do_reset(struct gd_snd *s)
{
	gd_reset(&s->dev);
}

static void disable_queues(struct gd_snd *s)
{
	gd_queue_wr(&s->dev, VIRTIO_SND_VQ_TX, GD_QUEUE_ENABLE, 0);
	gd_queue_wr(&s->dev, VIRTIO_SND_VQ_RX, GD_QUEUE_ENABLE, 0);
}

static void dma(struct gd_snd *s, bool on)
{
	uint32_t command = gd_cfg_read(s->m, GD_SND_DEVFN, PCI_COMMAND, 2);

	command = on ? command | PCI_COMMAND_MASTER : command & ~(uint32_t)PCI_COMMAND_MASTER;
	gd_cfg_write(s->m, GD_SND_DEVFN, PCI_COMMAND, 2, command);
}

static void dma_off(struct gd_snd *s)
{
	dma(s, false);
}

START_TEST(nothing_is_written_once_memory_was_taken_away)
{
	static void (*const acts[])(struct gd_snd * s) = {do_reset, disable_queues, dma_off};

	CLAUSE("T-RST-6");
	CLAUSE("T-QUE-8");
	CLAUSE("T-BAR-7");
	for (size_t i = 0; i < 2 * COUNT_OF(acts); i++) {
		uint32_t id = i % 2;
		struct meanwhile w = {.act = acts[i / 2]};
		struct gd_snd_xfer x[3];
		struct gd_queue *q;
		struct gd_snd s;

		run_snd(&s, id);
		w.s = &s;
		s.sink->hook = s.source->hook = act_once;
		s.sink->hook_arg = s.source->hook_arg = &w;
		q = id == OUT ? &s.tx : &s.rx;
		/* Each longer than what a backend is called with. */
		for (unsigned int k = 0; k < 3; k++)
			x[k] = submit(&s, id, 19200, 5);
		gd_snd_advance(&s, 900);
		ck_assert_ptr_null(w.act);
		ck_assert_uint_eq(gd_used_ready(q), 0);
		for (unsigned int k = 0; k < 3; k++) {
			ck_assert(gd_all(s.m, x[k].status, GD_SND_PRESET, 8));
			if (id == IN)
				ck_assert(gd_all(s.m, x[k].data, GD_SND_PRESET, x[k].len));
		}
		gd_snd_close(&s);
	}
}
END_TEST

START_TEST(without_bus_mastering_transfers_wait)
{
	struct gd_snd_xfer x;
	struct gd_snd s;

	CLAUSE("T-BAR-7");
	run_snd(&s, OUT);
	x = submit(&s, OUT, 10 * 4 * GD_SND_MS, 0x33);
	gd_snd_advance(&s, 5);
	dma(&s, false);
	s.now_ns += 100 * NS_PER_MS;
	for (unsigned int i = 0; i < 3; i++)
		ck_assert_int_ge(loop_run_once(s.m->loop, 6, NULL), 0);
	ck_assert(gd_all(s.m, x.status, GD_SND_PRESET, 8));
	ck_assert_uint_eq(gd_used_ready(&s.tx), 0);
	dma(&s, true);
	gd_snd_advance(&s, 5);
	ck_assert_int_eq(gd_snd_completed(&s, false, NULL), 8);
	ck_assert_uint_eq(gd_snd_status(&s, &x), VIRTIO_SND_S_OK);
	/* Time went on meanwhile, silently. */
	ck_assert_uint_eq(s.sink->n, 110U * 4 * GD_SND_MS);
	gd_snd_close(&s);
}
END_TEST

START_TEST(a_queue_that_was_disabled_starts_afresh)
{
	struct gd_snd s;

	CLAUSE("T-QUE-8");
	run_snd(&s, OUT);
	submit(&s, OUT, 10 * 4 * GD_SND_MS, 0x33);
	gd_snd_advance(&s, 5);
	disable_queues(&s);
	/* Only the timer is left to move the stream; it plays silence. */
	s.now_ns += 5 * NS_PER_MS;
	for (unsigned int i = 0; i < 3; i++)
		ck_assert_int_ge(loop_run_once(s.m->loop, 6, NULL), 0);
	ck_assert_uint_eq(s.sink->n, 10U * 4 * GD_SND_MS);
	ck_assert_uint_eq(s.sink->heard[s.sink->n - 1], 0);
	ck_assert(gd_queue_again(&s.tx));
	submit(&s, OUT, 4 * GD_SND_MS, 0x44);
	gd_snd_advance(&s, 1);
	ck_assert_int_eq(gd_snd_completed(&s, false, NULL), 8);
	ck_assert_uint_eq(s.sink->heard[s.sink->n - 1], 0x44);
	gd_snd_close(&s);
}
END_TEST

/* A driver's CPU: starts the device over what lies in the rings, and resets it, again and again. */
struct resetter {
	struct gd_snd *s;
	atomic_bool done;
};

static void *reset_and_start(void *arg)
{
	struct resetter *r = arg;
	struct gd_snd *s = r->s;
	const struct gd_queue *queues[] = {&s->control, &s->tx, &s->rx};

	for (unsigned int i = 0; i < 300; i++) {
		gd_reset(&s->dev);
		gd_negotiate(&s->dev, gd_win7_snd.required);
		for (size_t k = 0; k < COUNT_OF(queues); k++) {
			gd_queue_wr(&s->dev, queues[k]->index, GD_QUEUE_DESC, queues[k]->desc);
			gd_wr(&s->dev, GD_QUEUE_AVAIL, queues[k]->avail);
			gd_wr(&s->dev, GD_QUEUE_USED, queues[k]->used);
			gd_wr(&s->dev, GD_QUEUE_ENABLE, 1);
		}
		gd_driver_ok(&s->dev);
		usleep(i % 7 * 300);
	}
	atomic_store(&r->done, true);
	return NULL;
}

START_TEST(reset_may_come_from_another_cpu_at_any_time)
{
	struct resetter r = {0};
	struct gd_seg segs[3];
	struct gd_snd s;
	pthread_t cpu;

	CLAUSE("SND-39");
	CLAUSE("T-RST-6");
	start_snd(&s);
	/* In the rings from their first slot on: what makes both streams run, and transfers. */
	gd_reset(&s.dev);
	ck_assert_ptr_null(gd_init_device(&s.dev, &gd_win7_snd));
	ck_assert(gd_queue_again(&s.control));
	ck_assert(gd_queue_again(&s.tx));
	ck_assert(gd_queue_again(&s.rx));
	for (uint32_t id = 0; id < 2; id++) {
		ck_assert(gd_snd_run(&s, id));
		for (unsigned int i = 0; i < 20; i++) {
			struct gd_snd_xfer x = gd_snd_xfer(&s, id, 960);

			gd_add_indirect(id ? &s.rx : &s.tx, 0, segs, gd_snd_segs(&x, segs));
		}
		gd_publish(id ? &s.rx : &s.tx);
	}
	r.s = &s;
	ck_assert_int_eq(pthread_create(&cpu, NULL, reset_and_start, &r), 0);
	while (!atomic_load(&r.done)) {
		s.now_ns += NS_PER_MS / 2;
		ck_assert_int_ge(loop_run_once(s.m->loop, 1, NULL), 0);
	}
	pthread_join(cpu, NULL);
	ck_assert_uint_gt(counter(&s, "tx_transfers"), 0);
	ck_assert_uint_gt(counter(&s, "rx_transfers"), 0);
	ck_assert_ptr_null(gd_snd_start(&s));
	ck_assert(gd_snd_works(&s));
	gd_snd_close(&s);
}
END_TEST

START_TEST(there_are_no_events)
{
	struct gd_snd s;

	CLAUSE("SND-16");
	run_snd(&s, OUT);
	ck_assert(gd_snd_run(&s, IN));
	for (unsigned int i = 0; i < 20; i++) {
		submit(&s, OUT, 1920, 1);
		submit(&s, IN, 960, 1);
		gd_snd_advance(&s, 30);
	}
	ck_assert_int_eq(virtio_snd_set_jack(s.vd, 0, false, NULL), -ENOTSUP);
	gd_settle(s.m);
	ck_assert_uint_eq(counter(&s, "underruns"), 20);
	ck_assert_uint_eq(counter(&s, "overruns"), 20);
	ck_assert_uint_eq(gd_used_ready(&s.event), 0);
	ck_assert(gd_all(s.m, s.event_buffers, GD_SND_PRESET, GD_SND_EVENTS * GD_SND_EVENT));
	gd_snd_close(&s);
}
END_TEST

START_TEST(a_driver_that_runs_ahead_is_bounded)
{
	struct gd_snd_xfer x;
	struct gd_snd s;
	struct gd_seg segs[3];
	uint32_t n;

	CLAUSE("T-NTF-10");
	CLAUSE("Q-RING-9");
	run_snd(&s, OUT);
	/* All slots name one chain that is answered at once; the index is far ahead. */
	x = gd_snd_xfer(&s, OUT, 0);
	n = gd_snd_segs(&x, segs);
	for (uint32_t i = 0; i < n; i++)
		gd_desc(s.m, s.tx.desc, i, segs[i].addr, segs[i].len,
			(uint16_t)((i + 1 < n ? 1U : 0U) | (segs[i].writable ? 2U : 0U)),
			(uint16_t)(i + 1));
	for (uint16_t i = 0; i < 256; i++)
		gd_offer(&s.tx, 0);
	s.tx.avail_idx = (uint16_t)(s.tx.avail_idx + 60000);
	gd_kick(&s.tx);
	for (unsigned int i = 0; i < 4; i++)
		ck_assert_int_ge(loop_run_once(s.m->loop, 10, NULL), 0);
	ck_assert_uint_lt(counter(&s, "tx_transfers"), 60000);
	/* The control queue is answered in between. */
	ck_assert(gd_snd_works(&s));
	gd_snd_close(&s);
}
END_TEST

CONTRACT_MAIN("snd_time", playback_takes_the_time_that_it_lasts, no_doorbell_is_needed,
	      underrun_is_silence_and_no_error, a_short_stall_is_made_up_for_and_a_long_one_is_not,
	      a_minute_is_exact_to_the_frame, both_streams_run_at_once,
	      the_end_of_a_stream_returns_its_chains, a_full_queue_is_returned_by_stop,
	      reset_drops_everything, nothing_is_written_once_memory_was_taken_away,
	      without_bus_mastering_transfers_wait, a_queue_that_was_disabled_starts_afresh,
	      reset_may_come_from_another_cpu_at_any_time, there_are_no_events,
	      a_driver_that_runs_ahead_is_bounded)
