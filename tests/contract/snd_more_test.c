/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/snd.h"

#include "vmm/core/le.h"

#include <errno.h>
#include <string.h>

/* Section 16, beyond the contract: events, jacks and formats by property, and the dialect that
 * Linux speaks. */

#define OK_1_2	   (VIRTIO_SND_S_BASE + VIRTIO_SND_S_OK)
#define BAD_1_2	   (VIRTIO_SND_S_BASE + VIRTIO_SND_S_BAD_MSG)
#define NOTSUP_1_2 (VIRTIO_SND_S_BASE + VIRTIO_SND_S_NOT_SUPP)
#define IO_1_2	   (VIRTIO_SND_S_BASE + VIRTIO_SND_S_IO_ERR)

/* Takes the next event; its type, 0 when there is none. */
static uint32_t next_event(struct gd_snd *s, uint32_t *data)
{
	gpa_t at = s->event_buffers + (gpa_t)s->event.used_seen * GD_SND_EVENT;
	struct gd_used used;

	if (!gd_take_used(&s->event, &used))
		return 0;
	ck_assert_uint_eq(used.len, 8);
	ck_assert(gd_all(s->m, at + 8, GD_SND_PRESET, GD_SND_EVENT - 8));
	*data = gd_ld32(s->m, at + 4);
	return gd_ld32(s->m, at);
}

START_TEST(periods_are_told_when_asked_for)
{
	struct gd_snd_config config = {.properties = VIRTIO_SND_PERIOD_EVENTS};
	struct gd_snd s;
	uint32_t data;

	CLAUSE("SND-43");
	start_snd_with(&s, &config);
	ck_assert(gd_snd_run(&s, OUT));
	ck_assert(gd_snd_run(&s, IN));
	/* A period is 1920 bytes: 10 ms out, 20 ms in. */
	for (unsigned int i = 0; i < 4; i++)
		submit(&s, OUT, 1920, 1);
	submit(&s, IN, 3840, 1);
	for (unsigned int ms = 5; ms <= 40; ms += 5) {
		gd_snd_advance(&s, 5);
		if (ms % 10 == 0) {
			ck_assert_uint_eq(next_event(&s, &data), VIRTIO_SND_EVT_PCM_PERIOD_ELAPSED);
			ck_assert_uint_eq(data, OUT);
		}
		if (ms % 20 == 0) {
			ck_assert_uint_eq(next_event(&s, &data), VIRTIO_SND_EVT_PCM_PERIOD_ELAPSED);
			ck_assert_uint_eq(data, IN);
		}
		ck_assert_uint_eq(next_event(&s, &data), 0);
	}
	/* Silence has no periods. */
	gd_snd_advance(&s, 100);
	ck_assert_uint_eq(next_event(&s, &data), 0);
	gd_snd_close(&s);
}
END_TEST

START_TEST(xruns_are_told_when_asked_for)
{
	struct gd_snd_config config = {.properties = VIRTIO_SND_XRUN_EVENTS};
	struct gd_snd s;
	uint32_t data;

	CLAUSE("SND-43");
	start_snd_with(&s, &config);
	ck_assert(gd_snd_run(&s, OUT));
	/* Nothing ran dry yet: a driver that is told so here stops and starts for ever. */
	gd_snd_advance(&s, 50);
	ck_assert_uint_eq(next_event(&s, &data), 0);
	submit(&s, OUT, 1920, 1);
	gd_snd_advance(&s, 10);
	ck_assert_uint_eq(next_event(&s, &data), 0);
	gd_snd_advance(&s, 10);
	ck_assert_uint_eq(next_event(&s, &data), VIRTIO_SND_EVT_PCM_XRUN);
	ck_assert_uint_eq(data, OUT);
	gd_snd_advance(&s, 50);
	ck_assert_uint_eq(next_event(&s, &data), 0);
	ck_assert(gd_snd_run(&s, IN));
	submit(&s, IN, 960, 1);
	gd_snd_advance(&s, 20);
	ck_assert_uint_eq(next_event(&s, &data), VIRTIO_SND_EVT_PCM_XRUN);
	ck_assert_uint_eq(data, IN);
	gd_snd_close(&s);
}
END_TEST

START_TEST(jacks_are_told_and_asked_for)
{
	struct gd_snd_config config = {.properties = VIRTIO_SND_JACKS};
	uint8_t request[12] = {1, 0, 0, 0, 0, 0, 0, 0, 2}, r[52];
	struct err err = ERR_INIT;
	struct gd_snd s;
	uint32_t data;

	CLAUSE("SND-44");
	start_snd_with(&s, &config);
	ck_assert_uint_eq(gd_bar_rd(&s.dev, VIRTIO_PCI_DEVICE, 4), 2);
	ck_assert_int_eq(gd_snd_control(&s, request, 12, r, sizeof(r)), 52);
	ck_assert_uint_eq(ld_le32(r), VIRTIO_SND_S_OK);
	ck_assert_uint_eq(ld_le32(r + 4 + 8) >> 20 & 15, 1);   /* speaker */
	ck_assert_uint_eq(ld_le32(r + 28 + 8) >> 20 & 15, 10); /* microphone */
	ck_assert_uint_eq(r[4 + 16], 1);
	ck_assert_uint_eq(r[28 + 16], 1);
	ck_assert_int_eq(virtio_snd_set_jack(s.vd, 1, false, &err), 0);
	ck_assert_uint_eq(next_event(&s, &data), VIRTIO_SND_EVT_JACK_DISCONNECTED);
	ck_assert_uint_eq(data, 1);
	ck_assert_int_eq(virtio_snd_set_jack(s.vd, 1, false, &err), 0);
	ck_assert_uint_eq(next_event(&s, &data), 0);
	ck_assert_int_eq(gd_snd_control(&s, request, 12, r, sizeof(r)), 52);
	ck_assert_uint_eq(r[4 + 16], 1);
	ck_assert_uint_eq(r[28 + 16], 0);
	ck_assert_int_eq(virtio_snd_set_jack(s.vd, 1, true, &err), 0);
	ck_assert_uint_eq(next_event(&s, &data), VIRTIO_SND_EVT_JACK_CONNECTED);
	ck_assert_uint_eq(data, 1);
	ck_assert_int_eq(virtio_snd_set_jack(s.vd, 2, true, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "snd0"));
	gd_snd_close(&s);
}
END_TEST

START_TEST(events_wait_for_buffers_that_fit)
{
	struct gd_snd_config config = {.properties = VIRTIO_SND_JACKS};
	struct gd_used used;
	struct gd_snd s;
	gpa_t at;

	CLAUSE("SND-43");
	start_snd_with(&s, &config);
	/* Far more than are kept, with eight buffers there. */
	for (unsigned int i = 0; i < 300; i++)
		ck_assert_int_eq(virtio_snd_set_jack(s.vd, 0, i % 2, NULL), 0);
	for (unsigned int i = 0; i < GD_SND_EVENTS; i++)
		ck_assert(gd_take_used(&s.event, &used));
	ck_assert(!gd_take_used(&s.event, &used));
	at = gd_alloc(s.m, 64, 8);
	/* Too small, and one with something to read: given back, and the event is not lost. */
	struct gd_seg small = {at, 7, true};
	struct gd_seg odd_one[] = {{at, 8, false}, {at + 8, 8, true}};
	struct gd_seg outside = {1ULL << 40, 8, true};
	struct gd_seg good = {at + 16, 8, true};

	gd_add_indirect(&s.event, 0, &small, 1);
	gd_add_indirect(&s.event, 0, odd_one, 2);
	gd_add_indirect(&s.event, 0, &outside, 1);
	gd_add_indirect(&s.event, 0, &good, 1);
	gd_kick(&s.event);
	for (unsigned int i = 0; i < 4; i++) {
		ck_assert(gd_wait_used(&s.event, &used));
		ck_assert_uint_eq(used.len, i == 3 ? 8 : 0);
	}
	/* The ninth event: unplugging comes first and every other time. */
	ck_assert_uint_eq(gd_ld32(s.m, at + 16), VIRTIO_SND_EVT_JACK_DISCONNECTED);
	/* Of the others, 255 wait. */
	for (unsigned int i = 1; i < 256; i++) {
		gd_add_indirect(&s.event, 0, &good, 1);
		gd_kick(&s.event);
		ck_assert(gd_wait_used(&s.event, &used));
		ck_assert_uint_eq(gd_ld32(s.m, at + 16), i % 2 ? VIRTIO_SND_EVT_JACK_CONNECTED
							       : VIRTIO_SND_EVT_JACK_DISCONNECTED);
	}
	gd_add_indirect(&s.event, 0, &good, 1);
	gd_kick(&s.event);
	gd_settle(s.m);
	ck_assert(!gd_take_used(&s.event, &used));
	gd_snd_close(&s);
}
END_TEST

START_TEST(reset_drops_events)
{
	struct gd_snd_config config = {.properties = VIRTIO_SND_JACKS};
	struct gd_snd s;
	uint32_t data;

	CLAUSE("SND-39");
	CLAUSE("T-RST-9");
	start_snd_with(&s, &config);
	for (unsigned int i = 0; i < 20; i++)
		ck_assert_int_eq(virtio_snd_set_jack(s.vd, 0, i % 2, NULL), 0);
	gd_reset(&s.dev);
	ck_assert_ptr_null(gd_snd_start(&s));
	gd_settle(s.m);
	ck_assert_uint_eq(next_event(&s, &data), 0);
	gd_snd_close(&s);
}
END_TEST

START_TEST(more_formats_when_asked_for)
{
	static const struct {
		uint8_t format, rate, channels;
		uint32_t bytes, hz; /* of a frame; a second */
	} good[] = {{4, 1, 1, 1, 8000},	    {5, 6, 2, 4, 44100},    {15, 7, 6, 24, 48000},
		    {17, 10, 8, 32, 96000}, {19, 12, 2, 8, 192000}, {20, 2, 1, 8, 11025}};
	static const struct gd_snd_params bad[] = {
		{.channels = 0, .format = 5, .rate = 7},  {.channels = 9, .format = 5, .rate = 7},
		{.channels = 2, .format = 6, .rate = 7},  {.channels = 2, .format = 3, .rate = 7},
		{.channels = 2, .format = 5, .rate = 13}, {.channels = 2, .format = 5, .rate = 0},
		{.channels = 2, .format = 64, .rate = 7}, {.channels = 2, .format = 5, .rate = 64}};
	struct gd_snd_config config = {.properties = VIRTIO_SND_FORMATS};
	uint8_t r[68];
	struct gd_snd s;

	CLAUSE("SND-45");
	start_snd_with(&s, &config);
	ck_assert_int_eq(gd_snd_pcm_info(&s, 0, 2, r, 68), 68);
	for (uint32_t id = 0; id < 2; id++) {
		const uint8_t *info = r + 4 + 32 * (size_t)id;

		ck_assert_uint_eq(ld_le64(info + 8),
				  1U << 4 | 1U << 5 | 1U << 15 | 1U << 17 | 1U << 19 | 1U << 20);
		ck_assert_uint_eq(ld_le64(info + 16), 0x1ffe);
		ck_assert_uint_eq(info[25], 1);
		ck_assert_uint_eq(info[26], 8);
		for (size_t i = 0; i < COUNT_OF(bad); i++)
			ck_assert_int_eq(gd_snd_set_params(&s, id, &bad[i]), VIRTIO_SND_S_NOT_SUPP);
		for (size_t i = 0; i < COUNT_OF(good); i++) {
			struct gd_snd_params p = {.channels = good[i].channels,
						  .format = good[i].format,
						  .rate = good[i].rate};
			uint32_t len = good[i].bytes * good[i].hz / 10;
			struct gd_snd_xfer x;

			ck_assert_int_eq(gd_snd_set_params(&s, id, &p), VIRTIO_SND_S_OK);
			gd_snd_command(&s, VIRTIO_SND_R_PCM_PREPARE, id);
			gd_snd_command(&s, VIRTIO_SND_R_PCM_START, id);
			len -= len % good[i].bytes;
			if (len > 262144)
				len = 192000;
			/* A payload of whole frames lasts as long as its format says. */
			x = submit(&s, id, len, 1);
			gd_snd_advance(&s, (uint64_t)len * 1000 / good[i].bytes / good[i].hz - 1);
			ck_assert_int_eq(gd_snd_completed(&s, id == IN, NULL), -1);
			gd_snd_advance(&s, 2);
			ck_assert_int_eq(gd_snd_completed(&s, id == IN, NULL),
					 id == IN ? len + 8 : 8);
			ck_assert_uint_eq(gd_snd_status(&s, &x), VIRTIO_SND_S_OK);
			gd_snd_command(&s, VIRTIO_SND_R_PCM_RELEASE, id);
		}
	}
	gd_snd_close(&s);
}
END_TEST

START_TEST(u8_underruns_in_its_own_silence)
{
	struct gd_snd_config config = {.properties = VIRTIO_SND_FORMATS};
	struct gd_snd_params p = {.channels = 1, .format = 4, .rate = 7};
	struct gd_snd s;

	CLAUSE("SND-25");
	CLAUSE("SND-45");
	start_snd_with(&s, &config);
	ck_assert_int_eq(gd_snd_set_params(&s, OUT, &p), VIRTIO_SND_S_OK);
	gd_snd_command(&s, VIRTIO_SND_R_PCM_PREPARE, OUT);
	gd_snd_command(&s, VIRTIO_SND_R_PCM_START, OUT);
	gd_snd_advance(&s, 2);
	ck_assert_uint_eq(s.sink->n, 96);
	for (size_t i = 0; i < 96; i++)
		ck_assert_uint_eq(s.sink->heard[i], 0x80);
	gd_snd_close(&s);
}
END_TEST

static void start_linux(struct gd_snd *s, uint32_t properties)
{
	struct gd_snd_config config = {.dialect_virtio = true, .properties = properties};
	const char *why;

	gd_snd_open(s, &config);
	why = gd_snd_start_linux(s);
	ck_assert_msg(!why, "the driver refuses: %s", why);
}

START_TEST(linux_speaks_virtio_1_2)
{
	uint8_t request[16] = {0}, r[68];
	struct gd_snd_params p;
	struct gd_snd s;

	CLAUSE("SND-42");
	start_linux(&s, 0);
	ck_assert_int_eq(gd_snd_pcm_info(&s, 0, 2, r, 68), 68);
	ck_assert_uint_eq(ld_le32(r), OK_1_2);
	/* One function group: two directions of one card. */
	ck_assert_uint_eq(ld_le32(r + 4), 0);
	ck_assert_uint_eq(ld_le32(r + 36), 0);
	ck_assert_uint_eq(r[4 + 24], 0);
	ck_assert_uint_eq(r[36 + 24], 1);
	/* The short request of v1, and entries of another size. */
	st_le32(request, VIRTIO_SND_R_PCM_INFO);
	st_le32(request + 8, 2);
	ck_assert_int_eq(gd_snd_control(&s, request, 12, r, 68), 4);
	ck_assert_uint_eq(ld_le32(r), BAD_1_2);
	for (uint32_t size = 0; size < 40; size += 4) {
		st_le32(request + 12, size);
		ck_assert_int_eq(gd_snd_control(&s, request, 16, r, 68), size == 32 ? 68 : 4);
		ck_assert_uint_eq(ld_le32(r), size == 32 ? OK_1_2 : BAD_1_2);
	}
	st_le32(request, VIRTIO_SND_R_JACK_INFO);
	ck_assert_int_eq(gd_snd_control(&s, request, 16, r, 68), 4);
	ck_assert_uint_eq(ld_le32(r), NOTSUP_1_2);
	p = gd_snd_standard(OUT);
	p.rate--;
	ck_assert_int_eq(gd_snd_set_params(&s, OUT, &p), NOTSUP_1_2);
	/* Linux would send transfers of that many bytes. */
	p = gd_snd_standard(OUT);
	p.period_bytes = 262148;
	ck_assert_int_eq(gd_snd_set_params(&s, OUT, &p), NOTSUP_1_2);
	p.period_bytes = 262144;
	ck_assert_int_eq(gd_snd_set_params(&s, OUT, &p), OK_1_2);
	ck_assert_int_eq(gd_snd_command(&s, VIRTIO_SND_R_PCM_START, OUT), IO_1_2);
	ck_assert_int_eq(gd_snd_command(&s, VIRTIO_SND_R_PCM_START, 2), BAD_1_2);
	gd_snd_close(&s);
}
END_TEST

START_TEST(linux_finds_its_jacks)
{
	struct gd_used used;
	struct gd_snd s;

	CLAUSE("SND-44");
	start_linux(&s, VIRTIO_SND_JACKS);
	ck_assert_int_eq(virtio_snd_set_jack(s.vd, 0, false, NULL), 0);
	ck_assert(gd_take_used(&s.event, &used));
	ck_assert_uint_eq(used.len, 8);
	ck_assert_uint_eq(gd_ld32(s.m, s.event_buffers), VIRTIO_SND_EVT_JACK_DISCONNECTED);
	gd_snd_close(&s);
}
END_TEST

START_TEST(linux_submits_before_it_starts)
{
	struct gd_snd_params p;
	struct gd_snd s;

	CLAUSE("SND-47");
	start_linux(&s, 0);
	for (uint32_t id = 0; id < 2; id++) {
		struct gd_snd_xfer x[4];

		p = gd_snd_standard(id);
		ck_assert_int_eq(gd_snd_set_params(&s, id, &p), OK_1_2);
		/* Too early. */
		x[0] = submit(&s, id, 1920, 9);
		ck_assert_int_ge(gd_snd_completed(&s, id == IN, NULL), 8);
		ck_assert_uint_eq(gd_snd_status(&s, &x[0]), IO_1_2);
		ck_assert_int_eq(gd_snd_command(&s, VIRTIO_SND_R_PCM_PREPARE, id), OK_1_2);
		for (unsigned int i = 0; i < 4; i++)
			x[i] = submit(&s, id, id == OUT ? 1920 : 960, (uint8_t)(i + 1));
		gd_snd_advance(&s, 100);
		ck_assert_int_eq(gd_snd_completed(&s, id == IN, NULL), -1);
		ck_assert_int_eq(gd_snd_command(&s, VIRTIO_SND_R_PCM_START, id), OK_1_2);
		for (unsigned int i = 0; i < 4; i++) {
			gd_snd_advance(&s, 9);
			ck_assert_int_eq(gd_snd_completed(&s, id == IN, NULL), -1);
			gd_snd_advance(&s, 1);
			ck_assert_int_eq(gd_snd_completed(&s, id == IN, NULL), id == OUT ? 8 : 968);
			ck_assert_uint_eq(gd_snd_status(&s, &x[i]), OK_1_2);
		}
	}
	/* Not a frame of silence was in front. */
	for (unsigned int i = 0; i < 4U * 1920; i++)
		ck_assert_uint_eq(s.sink->heard[i], i / 1920 + 1);
	gd_snd_close(&s);
}
END_TEST

START_TEST(linux_pauses_and_goes_on)
{
	struct gd_snd s;

	CLAUSE("SND-48");
	start_linux(&s, 0);
	ck_assert(gd_snd_run(&s, OUT));
	submit(&s, OUT, 1920, 1);
	submit(&s, OUT, 1920, 2);
	gd_snd_advance(&s, 5);
	ck_assert_int_eq(gd_snd_command(&s, VIRTIO_SND_R_PCM_STOP, OUT), OK_1_2);
	gd_snd_advance(&s, 1000);
	ck_assert_int_eq(gd_snd_completed(&s, false, NULL), -1);
	ck_assert_uint_eq(s.sink->n, 960);
	ck_assert_int_eq(gd_snd_command(&s, VIRTIO_SND_R_PCM_START, OUT), OK_1_2);
	gd_snd_advance(&s, 15);
	ck_assert_int_eq(gd_snd_completed(&s, false, NULL), 8);
	ck_assert_int_eq(gd_snd_completed(&s, false, NULL), 8);
	for (unsigned int i = 0; i < 2U * 1920; i++)
		ck_assert_uint_eq(s.sink->heard[i], i / 1920 + 1);
	gd_snd_close(&s);
}
END_TEST

START_TEST(linux_releases_and_prepares_again)
{
	struct gd_snd s;

	CLAUSE("SND-47");
	CLAUSE("SND-48");
	CLAUSE("SND-37");
	start_linux(&s, 0);
	for (uint32_t id = 0; id < 2; id++) {
		ck_assert(gd_snd_run(&s, id));
		for (unsigned int round = 0; round < 3; round++) {
			uint32_t len = id == OUT ? 1920 : 960;
			struct gd_snd_xfer x[3];

			for (unsigned int i = 0; i < 3; i++)
				x[i] = submit(&s, id, len, 1);
			gd_snd_advance(&s, 15);
			ck_assert_int_eq(gd_snd_command(&s, VIRTIO_SND_R_PCM_STOP, id), OK_1_2);
			/* All that is pending comes back before RELEASE is answered. */
			ck_assert_int_eq(gd_snd_command(&s, VIRTIO_SND_R_PCM_RELEASE, id), OK_1_2);
			ck_assert_uint_eq(gd_used_ready(id == OUT ? &s.tx : &s.rx), 3);
			for (unsigned int i = 0; i < 3; i++) {
				ck_assert_int_eq(gd_snd_completed(&s, id == IN, NULL),
						 id == OUT ? 8 : len + 8);
				ck_assert_uint_eq(gd_snd_status(&s, &x[i]), i ? IO_1_2 : OK_1_2);
			}
			/* As after an xrun: the parameters are still good. */
			ck_assert_int_eq(gd_snd_command(&s, VIRTIO_SND_R_PCM_PREPARE, id), OK_1_2);
			ck_assert_int_eq(gd_snd_command(&s, VIRTIO_SND_R_PCM_START, id), OK_1_2);
		}
		/* With nothing pending it does not release. */
		ck_assert_int_eq(gd_snd_command(&s, VIRTIO_SND_R_PCM_STOP, id), OK_1_2);
		ck_assert_int_eq(gd_snd_command(&s, VIRTIO_SND_R_PCM_PREPARE, id), OK_1_2);
		ck_assert_int_eq(gd_snd_command(&s, VIRTIO_SND_R_PCM_START, id), OK_1_2);
	}
	gd_snd_close(&s);
}
END_TEST

START_TEST(new_parameters_return_what_the_old_ones_were_for)
{
	struct gd_snd_params p = gd_snd_standard(OUT);
	struct gd_snd_xfer x;
	struct gd_snd s;

	CLAUSE("SND-48");
	start_linux(&s, 0);
	ck_assert(gd_snd_run(&s, OUT));
	x = submit(&s, OUT, 1920, 1);
	gd_snd_advance(&s, 5);
	ck_assert_int_eq(gd_snd_command(&s, VIRTIO_SND_R_PCM_STOP, OUT), OK_1_2);
	ck_assert_int_eq(gd_snd_completed(&s, false, NULL), -1);
	ck_assert_int_eq(gd_snd_set_params(&s, OUT, &p), OK_1_2);
	ck_assert_int_eq(gd_snd_completed(&s, false, NULL), 8);
	ck_assert_uint_eq(gd_snd_status(&s, &x), IO_1_2);
	gd_snd_close(&s);
}
END_TEST

CONTRACT_MAIN("snd_more", periods_are_told_when_asked_for, xruns_are_told_when_asked_for,
	      jacks_are_told_and_asked_for, events_wait_for_buffers_that_fit, reset_drops_events,
	      more_formats_when_asked_for, u8_underruns_in_its_own_silence, linux_speaks_virtio_1_2,
	      linux_finds_its_jacks, linux_submits_before_it_starts, linux_pauses_and_goes_on,
	      linux_releases_and_prepares_again, new_parameters_return_what_the_old_ones_were_for)
