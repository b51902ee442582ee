/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_AUDIO_H
#define VISE_HOST_AUDIO_H

#include "vmm/core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Audio backends: a sink takes what the guest plays, a source gives what it records. Both are
 * passive: the device that uses them keeps time and calls at the pace of its clock. They know
 * nothing of virtio.
 *
 * Threads: the loop's. None of the functions waits for anything but the page cache.
 */

enum audio_sample { AUDIO_U8, AUDIO_S16, AUDIO_S24, AUDIO_S32, AUDIO_FLOAT, AUDIO_FLOAT64 };

/* Interleaved little-endian samples; S24 in the low three bytes of four. */
struct audio_format {
	enum audio_sample sample;
	uint32_t rate; /* frames a second */
	uint32_t channels;
};

/* Bytes of one frame. */
uint32_t audio_frame_bytes(const struct audio_format *format);

/* Fills @frames with @bytes of silence, which in U8 is not zero. */
void audio_silence(const struct audio_format *format, void *frames, size_t bytes);

struct audio_sink;
struct audio_source;

struct audio_sink_ops {
	const char *name; /* "none", "wav" */
	void (*write)(struct audio_sink *sink, const struct audio_format *format,
		      const void *frames, size_t bytes);
	/* What was written so far shall survive the end of the process. NULL: nothing to do. */
	void (*sync)(struct audio_sink *sink);
	void (*destroy)(struct audio_sink *sink);
};

struct audio_sink {
	const struct audio_sink_ops *ops;
};

struct audio_source_ops {
	const char *name; /* "silence", "tone", "wav" */
	void (*read)(struct audio_source *source, const struct audio_format *format, void *frames,
		     size_t bytes);
	void (*destroy)(struct audio_source *source);
};

struct audio_source {
	const struct audio_source_ops *ops;
};

/*
 * A sink by name: "none" takes and forgets; "wav" writes to the file @path, which is created or
 * truncated: a canonical 44-byte RIFF header and S16 samples, 48 kHz, two channels, converted where
 * the guest plays another format. The header is right after every write that returned, so that the
 * file of a killed run can be read. When no more can be written, because the disk is full or the
 * file has the 4 GiB that its format allows, there is one warning, and what follows is forgotten.
 * NULL and one line in @err on failure.
 */
struct audio_sink *audio_sink_open(const char *name, const char *path, struct err *err);

/* A source by name: "silence", "tone" (440 Hz sine, -12 dB, phase 0 at the first frame) or
 * "wav:FILE" (any PCM or float WAV file, converted; silence after its end). NULL and one line in
 * @err. */
struct audio_source *audio_source_open(const char *spec, struct err *err);

static inline void audio_sink_write(struct audio_sink *s, const struct audio_format *format,
				    const void *frames, size_t bytes)
{
	s->ops->write(s, format, frames, bytes);
}

static inline void audio_sink_sync(struct audio_sink *s)
{
	if (s->ops->sync)
		s->ops->sync(s);
}

/* Finalises and closes. NULL is allowed. */
static inline void audio_sink_destroy(struct audio_sink *s)
{
	if (s)
		s->ops->destroy(s);
}

/* Fills @frames with @bytes of whole frames. */
static inline void audio_source_read(struct audio_source *s, const struct audio_format *format,
				     void *frames, size_t bytes)
{
	s->ops->read(s, format, frames, bytes);
}

/* NULL is allowed. */
static inline void audio_source_destroy(struct audio_source *s)
{
	if (s)
		s->ops->destroy(s);
}

#endif
