/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/le.h"
#include "vmm/core/log.h"
#include "vmm/host/audio/audio_convert.h"
#include "vmm/host/audio/audio_internal.h"
#include "vmm/host/audio/riff_regs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The sink "wav". Each write puts the samples behind those that are there, then the sizes into the
 * header: whenever the process ends, the header speaks of samples that exist.
 */

#define WAV_HEADER 44U
#define WAV_RATE   48000U
#define WAV_CH	   2U
#define WAV_FRAME  4U
/* The RIFF size, 32 bits, counts what follows it. */
#define WAV_MAX_BYTES ((UINT32_MAX - (WAV_HEADER - RIFF_CHUNK_SIZE)) / WAV_FRAME * WAV_FRAME)
#define WAV_BLOCK     4096U

struct wav_sink {
	struct audio_sink sink;
	int fd;
	char *path;
	uint32_t bytes; /* of samples in the file */
	bool ended;	/* it takes no more: full, or the file's medium is */
	struct audio_format format;
	struct audio_resampler resampler;
	uint32_t n_out; /* bytes in out */
	uint8_t out[WAV_BLOCK];
};

static const struct audio_format wav_format = {AUDIO_S16, WAV_RATE, WAV_CH};

/* Says why once: what the guest plays from here on is lost, and the guest does not notice. */
static void end(struct wav_sink *wav, const char *why)
{
	wav->ended = true;
	log_warn("audio file %s: %s; what follows is not recorded", wav->path, why);
}

static int write_header(const struct wav_sink *wav)
{
	uint8_t h[WAV_HEADER] = "RIFF....WAVEfmt ....................data";
	uint8_t *fmt = h + RIFF_HEADER_SIZE + RIFF_CHUNK_SIZE;

	st_le32(h + 4, WAV_HEADER - RIFF_CHUNK_SIZE + wav->bytes);
	st_le32(h + RIFF_HEADER_SIZE + 4, WAVE_FMT_SIZE);
	st_le16(fmt + WAVE_FMT_TAG, WAVE_FORMAT_PCM);
	st_le16(fmt + WAVE_FMT_CHANNELS, WAV_CH);
	st_le32(fmt + WAVE_FMT_RATE, WAV_RATE);
	st_le32(fmt + WAVE_FMT_BYTE_RATE, WAV_RATE * WAV_FRAME);
	st_le16(fmt + WAVE_FMT_BLOCK_ALIGN, WAV_FRAME);
	st_le16(fmt + WAVE_FMT_BITS, 16);
	st_le32(h + WAV_HEADER - 4, wav->bytes);
	return pwrite(wav->fd, h, sizeof(h), 0) == (ssize_t)sizeof(h) ? 0 : -1;
}

/* Puts @len bytes behind the samples; what of them is there counts, in whole frames. */
static void append(struct wav_sink *wav, const uint8_t *data, size_t len)
{
	size_t room = WAV_MAX_BYTES - wav->bytes;
	size_t done = 0;
	int error = 0;

	if (wav->ended)
		return;
	while (done < len && done < room && !error) {
		size_t part = len < room ? len - done : room - done;
		ssize_t n = pwrite(wav->fd, data + done, part,
				   (off_t)WAV_HEADER + wav->bytes + (off_t)done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			error = n == 0 ? ENOSPC : errno;
	}
	wav->bytes += (uint32_t)(done - done % WAV_FRAME);
	if (write_header(wav) < 0 && !error)
		error = errno;
	if (error)
		end(wav, strerror(error));
	else if (len > room)
		end(wav, "4 GiB, the limit of WAV files, are reached");
}

static void flush(struct wav_sink *wav)
{
	if (wav->n_out)
		append(wav, wav->out, wav->n_out);
	wav->n_out = 0;
}

static void emit(struct wav_sink *wav, const double *frame)
{
	const struct audio_codec *codec = audio_codec(AUDIO_S16);

	for (uint32_t c = 0; c < WAV_CH; c++)
		codec->store(wav->out + wav->n_out + c * codec->bytes, frame[c]);
	wav->n_out += WAV_FRAME;
	if (wav->n_out == WAV_BLOCK)
		flush(wav);
}

static bool same_format(const struct audio_format *a, const struct audio_format *b)
{
	return a->sample == b->sample && a->rate == b->rate && a->channels == b->channels;
}

static void convert(struct wav_sink *wav, const struct audio_format *format, const uint8_t *in,
		    size_t n)
{
	const struct audio_codec *codec = audio_codec(format->sample);

	for (size_t i = 0; i < n; i++) {
		double from[AUDIO_MAX_CHANNELS], to[WAV_CH];

		for (uint32_t c = 0; c < format->channels; c++) {
			from[c] = codec->load(in);
			in += codec->bytes;
		}
		audio_remap(from, format->channels, to, WAV_CH);
		if (format->rate == WAV_RATE) {
			emit(wav, to);
			continue;
		}
		audio_resampler_put(&wav->resampler, to);
		while (!audio_resampler_wants(&wav->resampler)) {
			audio_resampler_get(&wav->resampler, to);
			emit(wav, to);
		}
	}
	flush(wav);
}

static void wav_write(struct audio_sink *sink, const struct audio_format *format,
		      const void *frames, size_t bytes)
{
	struct wav_sink *wav = (struct wav_sink *)sink;

	if (!same_format(format, &wav->format)) {
		wav->format = *format;
		audio_resampler_init(&wav->resampler, format->rate, WAV_RATE, WAV_CH);
	}
	if (same_format(format, &wav_format))
		append(wav, frames, bytes);
	else
		convert(wav, format, frames, bytes / audio_frame_bytes(format));
}

static void wav_destroy(struct audio_sink *sink)
{
	struct wav_sink *wav = (struct wav_sink *)sink;

	if (wav->fd >= 0)
		close(wav->fd);
	free(wav->path);
	free(wav);
}

struct audio_sink *audio_wav_sink_open(const char *path, struct err *err)
{
	static const struct audio_sink_ops ops = {
		.name = "wav", .write = wav_write, .destroy = wav_destroy};
	struct wav_sink *wav;

	if (!path || !*path) {
		err_set(err, -EINVAL, "audio sink wav: it needs the path of a file");
		return NULL;
	}
	wav = calloc(1, sizeof(*wav));
	if (!wav || !(wav->path = strdup(path))) {
		err_set(err, -ENOMEM, "audio file %s: out of memory", path);
		free(wav);
		return NULL;
	}
	wav->sink.ops = &ops;
	wav->format = wav_format;
	/* Not to wait for the reader of a named pipe: a pipe has no header to go back to. */
	wav->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0644);
	if (wav->fd < 0)
		err_set_errno(err, errno, "audio file %s: cannot create it", path);
	else if (write_header(wav) < 0)
		err_set_errno(err, errno, "audio file %s: cannot write a header", path);
	else
		return &wav->sink;
	wav_destroy(&wav->sink);
	return NULL;
}
