/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/le.h"
#include "vmm/host/audio/audio_convert.h"
#include "vmm/host/audio/audio_internal.h"
#include "vmm/host/audio/riff_regs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The source "wav:FILE". The file is found out about when it is opened and then read as it plays;
 * a file that shrinks meanwhile ends early. Sizes that go beyond the file, as recorders leave them
 * when they are killed, mean "to its end".
 */

#define WAV_READ_BLOCK 16384U
#define WAV_MAX_CHUNKS 4096U /* that are looked at */

/* Where the samples are and what they look like. */
struct wav_layout {
	const struct audio_codec *codec; /* NULL until a "fmt " chunk was seen */
	uint32_t channels, rate;
	uint64_t data, bytes;
};

struct wav_source {
	struct audio_source source;
	int fd;
	struct wav_layout at;
	uint64_t done;	 /* bytes of samples taken out of buf, and read before */
	bool ended;	 /* no whole frame is left */
	uint32_t n, off; /* bytes in buf, and the first not taken */
	uint8_t buf[WAV_READ_BLOCK];
	uint32_t out_rate;
	struct audio_resampler resampler;
};

struct wav_kind {
	const struct audio_codec *(*codec)(enum audio_sample sample);
	enum audio_sample sample;
	uint16_t tag, bits;
};

static const struct audio_codec *packed(enum audio_sample sample)
{
	(void)sample;
	return audio_codec_s24_packed();
}

static const struct wav_kind wav_kinds[] = {
	{audio_codec, AUDIO_U8, WAVE_FORMAT_PCM, 8},
	{audio_codec, AUDIO_S16, WAVE_FORMAT_PCM, 16},
	{packed, AUDIO_S24, WAVE_FORMAT_PCM, 24},
	{audio_codec, AUDIO_S32, WAVE_FORMAT_PCM, 32},
	{audio_codec, AUDIO_FLOAT, WAVE_FORMAT_IEEE_FLOAT, 32},
	{audio_codec, AUDIO_FLOAT64, WAVE_FORMAT_IEEE_FLOAT, 64},
};

/* Reads @len bytes at @offset; less only at the end of the file. The number, or a negative errno.
 */
static ssize_t read_at(int fd, void *buf, size_t len, uint64_t offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n =
			pread(fd, (uint8_t *)buf + done, len - done, (off_t)offset + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/* Judges a "fmt " chunk of @len bytes, at most WAVE_FMT_EXT_SIZE of which are in @fmt. */
static int parse_fmt(struct wav_layout *at, const uint8_t *fmt, uint64_t len, struct err *err)
{
	uint16_t tag, bits, block;

	if (len < WAVE_FMT_SIZE)
		return err_set(err, -EINVAL, "its format chunk has %u bytes; it needs %u",
			       (unsigned int)len, WAVE_FMT_SIZE);
	tag = ld_le16(fmt + WAVE_FMT_TAG);
	bits = ld_le16(fmt + WAVE_FMT_BITS);
	block = ld_le16(fmt + WAVE_FMT_BLOCK_ALIGN);
	at->channels = ld_le16(fmt + WAVE_FMT_CHANNELS);
	at->rate = ld_le32(fmt + WAVE_FMT_RATE);
	if (tag == WAVE_FORMAT_EXTENSIBLE && len >= WAVE_FMT_EXT_SIZE &&
	    memcmp(fmt + WAVE_FMT_SUBFORMAT + 2, WAVE_SUBFORMAT_TAIL,
		   sizeof(WAVE_SUBFORMAT_TAIL) - 1) == 0)
		tag = ld_le16(fmt + WAVE_FMT_SUBFORMAT);
	for (size_t i = 0; i < sizeof(wav_kinds) / sizeof(wav_kinds[0]); i++)
		if (wav_kinds[i].tag == tag && wav_kinds[i].bits == bits)
			at->codec = wav_kinds[i].codec(wav_kinds[i].sample);
	if (!at->codec)
		return err_set(err, -EINVAL,
			       "format %u with %u bits; it takes PCM of 8, 16, 24 or 32 bits and "
			       "float of 32 or 64",
			       tag, bits);
	if (at->channels < 1 || at->channels > AUDIO_MAX_CHANNELS)
		return err_set(err, -EINVAL, "%u channels; it takes 1 to %u", at->channels,
			       AUDIO_MAX_CHANNELS);
	if (at->rate < 1 || at->rate > AUDIO_MAX_RATE)
		return err_set(err, -EINVAL, "%u frames a second; it takes 1 to %u", at->rate,
			       AUDIO_MAX_RATE);
	if (block != at->codec->bytes * at->channels)
		return err_set(err, -EINVAL, "frames of %u bytes; %u channels of %u bits make %u",
			       block, at->channels, bits, at->codec->bytes * at->channels);
	return 0;
}

/*
 * Bytes of a data chunk whose size reads 0, with @left bytes behind its header: none when another
 * chunk seems to follow, else all of them, from a recorder that never came to write the size.
 */
static uint64_t unsized_data(int fd, uint64_t offset, uint64_t left)
{
	uint8_t next[RIFF_CHUNK_SIZE];

	if (left < sizeof(next) ||
	    read_at(fd, next, sizeof(next), offset) != (ssize_t)sizeof(next) ||
	    ld_le32(next + 4) > left - sizeof(next))
		return left;
	for (size_t i = 0; i < 4; i++)
		if (next[i] < 0x20 || next[i] > 0x7e)
			return left;
	return 0;
}

/* Walks the chunks of a file of @size bytes until format and samples are found. */
static int parse_chunks(int fd, uint64_t size, struct wav_layout *at, struct err *err)
{
	uint64_t offset = RIFF_HEADER_SIZE;
	unsigned int n = 0;

	while (size >= RIFF_CHUNK_SIZE && offset <= size - RIFF_CHUNK_SIZE &&
	       n++ < WAV_MAX_CHUNKS) {
		uint8_t chunk[RIFF_CHUNK_SIZE], fmt[WAVE_FMT_EXT_SIZE] = {0};
		uint64_t len, left;

		if (read_at(fd, chunk, sizeof(chunk), offset) != (ssize_t)sizeof(chunk))
			break;
		offset += sizeof(chunk);
		left = size - offset;
		len = ld_le32(chunk + 4);
		if (len > left)
			len = left;
		if (memcmp(chunk, "fmt ", 4) == 0) {
			int rc;

			if (read_at(fd, fmt, len < sizeof(fmt) ? len : sizeof(fmt), offset) < 0)
				break;
			at->codec = NULL;
			rc = parse_fmt(at, fmt, len, err);
			if (rc < 0)
				return rc;
		} else if (memcmp(chunk, "data", 4) == 0) {
			if (len == 0)
				len = unsized_data(fd, offset, left);
			at->data = offset;
			at->bytes = len;
		}
		if (at->codec && at->bytes)
			return 0;
		offset += len + len % 2;
	}
	if (!at->codec)
		return err_set(err, -EINVAL, "it has no format chunk; is it a WAV file?");
	/* A recording of nothing is silence. */
	return at->data ? 0 : err_set(err, -EINVAL, "it has no data chunk");
}

static int parse(int fd, struct wav_layout *at, struct err *err)
{
	uint8_t head[RIFF_HEADER_SIZE];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return err_set_errno(err, errno, "cannot look at it");
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EINVAL, "it is no regular file");
	n = read_at(fd, head, sizeof(head), 0);
	if (n < 0)
		return err_set_errno(err, (int)-n, "cannot read it");
	if (n < (ssize_t)sizeof(head) || memcmp(head, "RIFF", 4) != 0 ||
	    memcmp(head + 8, "WAVE", 4) != 0)
		return err_set(err, -EINVAL, "it is no WAV file");
	return parse_chunks(fd, (uint64_t)st.st_size, at, err);
}

/* Takes the next @len bytes of samples; false at the end. */
static bool take(struct wav_source *wav, uint8_t *to, uint32_t len)
{
	if (wav->ended)
		return false;
	if (wav->n - wav->off < len) {
		uint64_t left;
		ssize_t n;

		/* What is left of the block is read again, with what follows it. */
		wav->done -= wav->n - wav->off;
		left = wav->at.bytes - wav->done;
		n = read_at(wav->fd, wav->buf, left < WAV_READ_BLOCK ? left : WAV_READ_BLOCK,
			    wav->at.data + wav->done);
		wav->off = 0;
		wav->n = n > 0 ? (uint32_t)n : 0;
		wav->done += wav->n;
		wav->ended = wav->n < len;
		if (wav->ended)
			return false;
	}
	memcpy(to, wav->buf + wav->off, len);
	wav->off += len;
	return true;
}

/* The next frame of the file; silence after its end. */
static void next_frame(struct wav_source *wav, double *frame)
{
	const struct audio_codec *codec = wav->at.codec;
	uint8_t bytes[AUDIO_MAX_CHANNELS * 8];
	bool there = take(wav, bytes, codec->bytes * wav->at.channels);

	for (uint32_t c = 0; c < wav->at.channels; c++)
		frame[c] = there ? codec->load(bytes + (size_t)c * codec->bytes) : 0;
}

static void wav_read(struct audio_source *source, const struct audio_format *format, void *frames,
		     size_t bytes)
{
	struct wav_source *wav = (struct wav_source *)source;
	const struct audio_codec *codec = audio_codec(format->sample);
	size_t n = bytes / audio_frame_bytes(format);
	uint8_t *out = frames;

	if (wav->out_rate != format->rate) {
		wav->out_rate = format->rate;
		audio_resampler_init(&wav->resampler, wav->at.rate, format->rate, wav->at.channels);
	}
	for (size_t i = 0; i < n; i++) {
		double from[AUDIO_MAX_CHANNELS], to[AUDIO_MAX_CHANNELS];

		while (audio_resampler_wants(&wav->resampler)) {
			next_frame(wav, from);
			audio_resampler_put(&wav->resampler, from);
		}
		audio_resampler_get(&wav->resampler, from);
		audio_remap(from, wav->at.channels, to, format->channels);
		for (uint32_t c = 0; c < format->channels; c++) {
			codec->store(out, to[c]);
			out += codec->bytes;
		}
	}
}

static void wav_destroy(struct audio_source *source)
{
	struct wav_source *wav = (struct wav_source *)source;

	if (wav->fd >= 0)
		close(wav->fd);
	free(wav);
}

struct audio_source *audio_wav_source_open(const char *path, struct err *err)
{
	static const struct audio_source_ops ops = {
		.name = "wav", .read = wav_read, .destroy = wav_destroy};
	struct wav_source *wav = calloc(1, sizeof(*wav));

	if (!wav) {
		err_set(err, -ENOMEM, "audio file %s: out of memory", path);
		return NULL;
	}
	wav->source.ops = &ops;
	wav->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (wav->fd < 0) {
		err_set_errno(err, errno, "audio file %s: cannot open it", path);
	} else if (parse(wav->fd, &wav->at, err) < 0) {
		err_prefix(err, "audio file %s", path);
	} else {
		return &wav->source;
	}
	wav_destroy(&wav->source);
	return NULL;
}
