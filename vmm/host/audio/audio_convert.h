/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_AUDIO_CONVERT_H
#define VISE_HOST_AUDIO_CONVERT_H

#include "vmm/host/audio/audio.h"

/*
 * Between audio formats: samples, channels, rates. In the middle a sample is a double, full scale
 * -1 to 1, so that S16 to S16 gives the very same bits. Plain arithmetic; any thread.
 */

#define AUDIO_MAX_CHANNELS 32U
#define AUDIO_MAX_RATE	   768000U

/* How a sample lies in memory. load gives numbers only, never a NaN; store clips. */
struct audio_codec {
	uint32_t bytes;
	double (*load)(const uint8_t *p);
	void (*store)(uint8_t *p, double v);
};

/* The codec of @sample. */
const struct audio_codec *audio_codec(enum audio_sample sample);

/* S24 in three bytes, as WAV files have it. */
const struct audio_codec *audio_codec_s24_packed(void);

/*
 * One frame of @n_in channels as @n_out: one channel goes to the first two; to one goes the mean of
 * the first two; otherwise the first ones, and silence in those that are left. At most
 * AUDIO_MAX_CHANNELS each; @in and @out do not overlap.
 */
void audio_remap(const double *in, uint32_t n_in, double *out, uint32_t n_out);

/*
 * Another rate, by straight lines between the frames: good enough to hear or to measure a tone, and
 * without a filter. In use:
 *
 *   audio_resampler_wants(): put() the next input frame; else get() the next output frame
 *
 * The first output frame is the first input frame. Equal rates hand through.
 */
struct audio_resampler {
	uint32_t in_rate, out_rate, channels;
	uint32_t held; /* of a and b, which are filled: 0 to 2 */
	uint64_t at;   /* the next output frame, behind a, in parts of 1/out_rate input frame */
	double a[AUDIO_MAX_CHANNELS], b[AUDIO_MAX_CHANNELS];
};

/* Rates of 1 to AUDIO_MAX_RATE, 1 to AUDIO_MAX_CHANNELS channels. */
void audio_resampler_init(struct audio_resampler *r, uint32_t in_rate, uint32_t out_rate,
			  uint32_t channels);
bool audio_resampler_wants(const struct audio_resampler *r);
void audio_resampler_put(struct audio_resampler *r, const double *frame);
void audio_resampler_get(struct audio_resampler *r, double *frame);

#endif
