/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/audio/audio.h"

#include "vmm/host/audio/audio_convert.h"
#include "vmm/host/audio/audio_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Kinds of sinks and sources by name, and those that need no file. */

struct sink_kind {
	const char *name;
	struct audio_sink *(*open)(const char *path, struct err *err);
};

static const struct sink_kind sink_kinds[] = {
	{"none", audio_none_open},
	{"wav", audio_wav_sink_open},
};

struct source_kind {
	const char *name;
	bool takes_path; /* after a colon */
	struct audio_source *(*open)(const char *path, struct err *err);
};

static const struct source_kind source_kinds[] = {
	{"silence", false, audio_silence_open},
	{"tone", false, audio_tone_open},
	{"wav", true, audio_wav_source_open},
};

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

uint32_t audio_frame_bytes(const struct audio_format *format)
{
	return audio_codec(format->sample)->bytes * format->channels;
}

struct audio_sink *audio_sink_open(const char *name, const char *path, struct err *err)
{
	for (size_t i = 0; i < COUNT_OF(sink_kinds); i++)
		if (strcmp(name, sink_kinds[i].name) == 0)
			return sink_kinds[i].open(path, err);
	err_set(err, -EINVAL, "audio sink %s: unknown; use none or wav", name);
	return NULL;
}

struct audio_source *audio_source_open(const char *spec, struct err *err)
{
	for (size_t i = 0; i < COUNT_OF(source_kinds); i++) {
		const struct source_kind *kind = &source_kinds[i];
		size_t len = strlen(kind->name);

		if (strncmp(spec, kind->name, len) != 0)
			continue;
		if (kind->takes_path ? spec[len] == ':' && spec[len + 1] : !spec[len])
			return kind->open(spec + len + kind->takes_path, err);
	}
	err_set(err, -EINVAL, "audio source %s: unknown; use silence, tone or wav:FILE", spec);
	return NULL;
}

static void none_write(struct audio_sink *sink, const struct audio_format *format,
		       const void *frames, size_t bytes)
{
	(void)sink;
	(void)format;
	(void)frames;
	(void)bytes;
}

static void none_destroy(struct audio_sink *sink)
{
	free(sink);
}

struct audio_sink *audio_none_open(const char *path, struct err *err)
{
	static const struct audio_sink_ops ops = {
		.name = "none", .write = none_write, .destroy = none_destroy};
	struct audio_sink *sink = calloc(1, sizeof(*sink));

	(void)path;
	if (sink)
		sink->ops = &ops;
	else
		err_set(err, -ENOMEM, "audio sink none: out of memory");
	return sink;
}

static void silence_read(struct audio_source *source, const struct audio_format *format,
			 void *frames, size_t bytes)
{
	(void)source;
	audio_silence(format, frames, bytes);
}

static void silence_destroy(struct audio_source *source)
{
	free(source);
}

void audio_silence(const struct audio_format *format, void *frames, size_t bytes)
{
	memset(frames, format->sample == AUDIO_U8 ? 0x80 : 0, bytes);
}

struct audio_source *audio_silence_open(const char *path, struct err *err)
{
	static const struct audio_source_ops ops = {
		.name = "silence", .read = silence_read, .destroy = silence_destroy};
	struct audio_source *source = calloc(1, sizeof(*source));

	(void)path;
	if (source)
		source->ops = &ops;
	else
		err_set(err, -ENOMEM, "audio source silence: out of memory");
	return source;
}
