/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/audio/audio_convert.h"

#include "vmm/core/le.h"

#include <string.h>

#define FULL_16 32768.0
#define FULL_24 8388608.0
#define FULL_32 2147483648.0

/* A guest's float may be anything: what is no number is silence, what is too loud is full scale. */
static double sane(double v)
{
	if (v != v)
		return 0;
	return v < -1 ? -1 : v > 1 ? 1 : v;
}

/* @v as an integer with @full steps a side, rounded to the nearest. */
static int64_t quantize(double v, double full)
{
	double scaled = v * full;

	if (scaled > full - 1)
		return (int64_t)full - 1;
	if (scaled < -full)
		return -(int64_t)full;
	return (int64_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

static double load_u8(const uint8_t *p)
{
	return (p[0] - 128) / 128.0;
}

static void store_u8(uint8_t *p, double v)
{
	p[0] = (uint8_t)(quantize(v, 128) + 128);
}

static double load_s16(const uint8_t *p)
{
	return (int16_t)ld_le16(p) / FULL_16;
}

static void store_s16(uint8_t *p, double v)
{
	st_le16(p, (uint16_t)quantize(v, FULL_16));
}

static double load_s24_packed(const uint8_t *p)
{
	uint32_t bits = (uint32_t)p[0] << 8 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 24;

	return (int32_t)bits / FULL_32;
}

static void store_s24_packed(uint8_t *p, double v)
{
	uint32_t bits = (uint32_t)quantize(v, FULL_24);

	p[0] = (uint8_t)bits;
	p[1] = (uint8_t)(bits >> 8);
	p[2] = (uint8_t)(bits >> 16);
}

static void store_s24(uint8_t *p, double v)
{
	st_le32(p, (uint32_t)quantize(v, FULL_24));
}

static double load_s32(const uint8_t *p)
{
	return (int32_t)ld_le32(p) / FULL_32;
}

static void store_s32(uint8_t *p, double v)
{
	st_le32(p, (uint32_t)quantize(v, FULL_32));
}

static double load_float(const uint8_t *p)
{
	uint32_t bits = ld_le32(p);
	float v;

	memcpy(&v, &bits, sizeof(v));
	return sane((double)v);
}

static void store_float(uint8_t *p, double v)
{
	float f = (float)v;
	uint32_t bits;

	memcpy(&bits, &f, sizeof(bits));
	st_le32(p, bits);
}

static double load_float64(const uint8_t *p)
{
	uint64_t bits = ld_le64(p);
	double v;

	memcpy(&v, &bits, sizeof(v));
	return sane(v);
}

static void store_float64(uint8_t *p, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	st_le64(p, bits);
}

static const struct audio_codec codecs[] = {
	[AUDIO_U8] = {1, load_u8, store_u8},
	[AUDIO_S16] = {2, load_s16, store_s16},
	[AUDIO_S24] = {4, load_s24_packed, store_s24},
	[AUDIO_S32] = {4, load_s32, store_s32},
	[AUDIO_FLOAT] = {4, load_float, store_float},
	[AUDIO_FLOAT64] = {8, load_float64, store_float64},
};

const struct audio_codec *audio_codec(enum audio_sample sample)
{
	return &codecs[sample];
}

const struct audio_codec *audio_codec_s24_packed(void)
{
	static const struct audio_codec packed = {3, load_s24_packed, store_s24_packed};

	return &packed;
}

void audio_remap(const double *in, uint32_t n_in, double *out, uint32_t n_out)
{
	for (uint32_t i = 0; i < n_out; i++)
		out[i] = i < n_in ? in[i] : 0;
	if (n_in == 1 && n_out > 1)
		out[1] = in[0];
	if (n_out == 1 && n_in > 1)
		out[0] = (in[0] + in[1]) / 2;
}

void audio_resampler_init(struct audio_resampler *r, uint32_t in_rate, uint32_t out_rate,
			  uint32_t channels)
{
	*r = (struct audio_resampler){
		.in_rate = in_rate, .out_rate = out_rate, .channels = channels};
}

bool audio_resampler_wants(const struct audio_resampler *r)
{
	return r->held < 2 || r->at >= r->out_rate;
}

void audio_resampler_put(struct audio_resampler *r, const double *frame)
{
	size_t bytes = r->channels * sizeof(*frame);

	if (r->held == 2) {
		memcpy(r->a, r->b, bytes);
		r->at -= r->out_rate;
	}
	memcpy(r->held == 0 ? r->a : r->b, frame, bytes);
	if (r->held < 2)
		r->held++;
}

void audio_resampler_get(struct audio_resampler *r, double *frame)
{
	double part = (double)r->at / r->out_rate;

	for (uint32_t i = 0; i < r->channels; i++)
		frame[i] = r->a[i] + (r->b[i] - r->a[i]) * part;
	r->at += r->in_rate;
}
