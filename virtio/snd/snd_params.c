/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/snd/snd_internal.h"
#include "vmm/core/le.h"

#include <string.h>

/* What streams can do, as PCM_INFO says it and SET_PARAMS takes it. */

#define MAX_CHANNELS 8U

struct snd_format {
	uint8_t code;
	enum audio_sample sample;
};

/* clang-format off */
static const struct snd_format formats[] = {
	{VIRTIO_SND_PCM_FMT_S16,     AUDIO_S16}, /* the contract's; the others are a property */
	{VIRTIO_SND_PCM_FMT_U8,      AUDIO_U8},
	{VIRTIO_SND_PCM_FMT_S24,     AUDIO_S24},
	{VIRTIO_SND_PCM_FMT_S32,     AUDIO_S32},
	{VIRTIO_SND_PCM_FMT_FLOAT,   AUDIO_FLOAT},
	{VIRTIO_SND_PCM_FMT_FLOAT64, AUDIO_FLOAT64},
};

struct snd_rate {
	uint8_t code;
	uint32_t rate;
};

static const struct snd_rate rates[] = {
	{VIRTIO_SND_PCM_RATE_48000, 48000}, /* likewise */
	{1, 8000}, {2, 11025}, {3, 16000}, {4, 22050}, {5, 32000}, {6, 44100},
	{8, 64000}, {9, 88200}, {10, 96000}, {11, 176400}, {12, 192000},
};
/* clang-format on */

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static size_t n_formats(const struct virtio_snd *snd)
{
	return snd->properties & VIRTIO_SND_FORMATS ? COUNT_OF(formats) : 1;
}

static size_t n_rates(const struct virtio_snd *snd)
{
	return snd->properties & VIRTIO_SND_FORMATS ? COUNT_OF(rates) : 1;
}

struct audio_format snd_standard_format(uint32_t id)
{
	return (struct audio_format){AUDIO_S16, 48000, id == VIRTIO_SND_D_OUTPUT ? 2 : 1};
}

static uint32_t channels_min(const struct virtio_snd *snd, uint32_t id)
{
	return snd->properties & VIRTIO_SND_FORMATS ? 1 : snd_standard_format(id).channels;
}

static uint32_t channels_max(const struct virtio_snd *snd, uint32_t id)
{
	return snd->properties & VIRTIO_SND_FORMATS ? MAX_CHANNELS
						    : snd_standard_format(id).channels;
}

void snd_pcm_info(const struct virtio_snd *snd, uint32_t id, uint8_t *info)
{
	uint64_t format_bits = 0, rate_bits = 0;

	for (size_t i = 0; i < n_formats(snd); i++)
		format_bits |= 1ULL << formats[i].code;
	for (size_t i = 0; i < n_rates(snd); i++)
		rate_bits |= 1ULL << rates[i].code;
	memset(info, 0, VIRTIO_SND_PCM_INFO_SIZE);
	/* In virtio 1.2 the first word is a function group, one for both streams: they are the two
	 * directions of one sound card. */
	st_le32(info, snd->dialect_virtio ? 0 : id);
	st_le64(info + 8, format_bits);
	st_le64(info + 16, rate_bits);
	info[24] = (uint8_t)id; /* stream 0 is the output, direction 0; stream 1 the input */
	info[25] = (uint8_t)channels_min(snd, id);
	info[26] = (uint8_t)channels_max(snd, id);
}

enum virtio_snd_status snd_pcm_params(const struct virtio_snd *snd, struct snd_stream *s,
				      const uint8_t *request)
{
	const struct snd_format *format = NULL;
	const struct snd_rate *rate = NULL;
	uint32_t period_bytes = ld_le32(request + 12);
	uint32_t features = ld_le32(request + 16);
	uint32_t channels = request[20];

	for (size_t i = 0; i < n_formats(snd); i++)
		if (formats[i].code == request[21])
			format = &formats[i];
	for (size_t i = 0; i < n_rates(snd); i++)
		if (rates[i].code == request[22])
			rate = &rates[i];
	if (!format || !rate || features != 0 || channels < channels_min(snd, s->id) ||
	    channels > channels_max(snd, s->id))
		return VIRTIO_SND_S_NOT_SUPP;
	/* Linux sends transfers of one period, and would find out only then. To v1 it is a hint. */
	if (snd->dialect_virtio && period_bytes > SND_MAX_PAYLOAD)
		return VIRTIO_SND_S_NOT_SUPP;
	s->buffer_bytes = ld_le32(request + 8);
	s->period_bytes = period_bytes;
	s->format = (struct audio_format){format->sample, rate->rate, channels};
	return VIRTIO_SND_S_OK;
}
