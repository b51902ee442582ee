/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/snd/streams.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "guest-init/selftest/clock.h"
#include "guest-init/selftest/snd/pcm.h"
#include "guest-init/selftest/snd/tone.h"

#define HERTZ		 440
#define PLAY_MS		 250
#define PLAY_PATIENCE_MS 2000
#define DRAIN_MS	 1500
#define CAPTURE_MS	 2500
#define DUPLEX_MS	 3000
#define SILENCE		 64 /* noise of a converter is none */

void outcome_fail(struct outcome *o, const char *reason, int error)
{
	if (o->reason)
		return;
	o->reason = reason;
	o->error = error < 0 ? -error : error;
}

static void note_format(struct outcome *o, const struct pcm *pcm)
{
	snprintf(o->format, sizeof(o->format), "s16le/%uch/%uHz", pcm->channels, pcm->rate);
}

static int16_t *new_period(const struct pcm *pcm)
{
	return calloc(pcm->period, 2UL * pcm->channels);
}

void streams_play(const char *node, struct outcome *o)
{
	uint64_t deadline = clock_after_ms(PLAY_PATIENCE_MS);
	struct pcm pcm;
	struct tone tone;
	int16_t *period;
	int ret = pcm_open(&pcm, node, false);

	if (ret) {
		outcome_fail(o, "render_init_failed", ret);
		return;
	}
	note_format(o, &pcm);
	tone_init(&tone, HERTZ, pcm.rate);
	period = new_period(&pcm);
	while (period && !o->reason && o->frames < (uint64_t)pcm.rate * PLAY_MS / 1000) {
		long n;

		tone_fill(&tone, period, pcm.period, pcm.channels);
		n = pcm_transfer(&pcm, period, pcm.period, deadline);
		o->frames += n > 0 ? (uint64_t)n : 0;
		if (n < 0)
			outcome_fail(o, "render_failed", (int)n);
		else if ((unsigned long)n < pcm.period)
			outcome_fail(o, "render_timeout", ETIMEDOUT);
	}
	ret = o->reason ? 0 : pcm_drain(&pcm, clock_after_ms(DRAIN_MS));
	if (!period)
		outcome_fail(o, "no_memory", ENOMEM);
	else if (ret)
		outcome_fail(o, ret == -ETIMEDOUT ? "render_timeout" : "render_failed", ret);
	free(period);
	o->xruns += pcm.xruns;
	pcm_close(&pcm);
}

static void take_capture(struct pcm *pcm, int16_t *period, uint64_t deadline, struct outcome *o)
{
	long n = pcm_transfer(pcm, period, pcm->period, deadline);

	if (n < 0) {
		outcome_fail(o, "capture_failed", (int)n);
		return;
	}
	o->frames += (uint64_t)n;
	if (tone_heard(period, (size_t)n * pcm->channels, SILENCE))
		o->heard = true;
}

void streams_capture(const char *node, struct outcome *o)
{
	uint64_t deadline = clock_after_ms(CAPTURE_MS);
	struct pcm pcm;
	int16_t *period;
	int ret = pcm_open(&pcm, node, true);

	if (ret) {
		outcome_fail(o, "capture_init_failed", ret);
		return;
	}
	note_format(o, &pcm);
	period = new_period(&pcm);
	ret = period ? pcm_start(&pcm) : -ENOMEM;
	if (ret)
		outcome_fail(o, "capture_start_failed", ret);
	/* Half a second of sound is enough to know it. */
	while (!o->reason && o->frames < pcm.rate / 2 && clock_ns() < deadline)
		take_capture(&pcm, period, deadline, o);
	if (!o->frames)
		outcome_fail(o, "capture_timeout", ETIMEDOUT);
	free(period);
	o->xruns += pcm.xruns;
	pcm_close(&pcm);
}

/* One period out, what there is in, for three seconds. */
static void run_duplex(struct pcm *out, struct pcm *in, struct outcome *o)
{
	uint64_t deadline = clock_after_ms(DUPLEX_MS);
	int16_t *to = new_period(out);
	int16_t *from = new_period(in);
	struct tone tone;
	int ret = to && from ? pcm_start(in) : -ENOMEM;

	tone_init(&tone, HERTZ, out->rate);
	if (ret)
		outcome_fail(o, "capture_start_failed", ret);
	while (!o->reason && clock_ns() < deadline) {
		long n;

		tone_fill(&tone, to, out->period, out->channels);
		n = pcm_transfer(out, to, out->period, deadline);
		if (n < 0)
			outcome_fail(o, "render_failed", (int)n);
		else
			take_capture(in, from, clock_ns(), o);
	}
	if (!o->frames)
		outcome_fail(o, "capture_no_frames", 0);
	o->xruns += out->xruns + in->xruns;
	free(to);
	free(from);
}

void streams_duplex(const char *playback, const char *capture, struct outcome *o)
{
	struct pcm out;
	struct pcm in;
	int ret = pcm_open(&out, playback, false);

	if (ret) {
		outcome_fail(o, "render_init_failed", ret);
		return;
	}
	ret = pcm_open(&in, capture, true);
	if (ret)
		outcome_fail(o, "capture_init_failed", ret);
	else
		run_duplex(&out, &in, o);
	pcm_close(&in);
	pcm_close(&out);
}
