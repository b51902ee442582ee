/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/audio/audio.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * A WAV file as a source. Nothing may crash or read on for ever; a refusal is one line; what is
 * accepted reads the same however the reads are cut, never as anything but numbers, and ends in
 * silence. What is read goes through the sink, too, whose file must be one that the source takes.
 */

#define FRAMES 3000U

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
	if (!held)
		abort();
}

/* A file without a place, and a path to it. */
static int make_file(const uint8_t *data, size_t size, char *path, size_t path_size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	require(fd >= 0);
	require(write(fd, data, size) == (ssize_t)size);
	snprintf(path, path_size, "/proc/self/fd/%d", fd);
	return fd;
}

static struct audio_source *source_of(const char *path, struct err *err)
{
	char spec[96];

	snprintf(spec, sizeof(spec), "wav:%s", path);
	return audio_source_open(spec, err);
}

/* @format through the sink to a file, which is read again. */
static void round_trip(const struct audio_format *format, const uint8_t *frames, size_t bytes)
{
	struct audio_format cd = {AUDIO_S16, 48000, 2};
	struct err err = ERR_INIT;
	struct audio_source *source;
	struct audio_sink *sink;
	uint8_t back[64];
	char path[64];
	int fd = make_file(NULL, 0, path, sizeof(path));

	sink = audio_sink_open("wav", path, &err);
	require(sink);
	audio_sink_write(sink, format, frames, bytes);
	source = source_of(path, &err);
	require(source);
	audio_source_read(source, &cd, back, sizeof(back));
	if (format->sample == AUDIO_S16 && format->rate == 48000 && format->channels == 2)
		require(memcmp(back, frames, sizeof(back)) == 0);
	audio_source_destroy(source);
	audio_sink_destroy(sink);
	close(fd);
}

static void check_source(const char *path, const struct audio_format *format, size_t cut)
{
	uint32_t frame = audio_frame_bytes(format);
	size_t bytes = (size_t)FRAMES * frame;
	uint8_t *once = malloc(bytes), *twice = malloc(bytes);
	struct err err = ERR_INIT;

	for (int i = 0; i < 2; i++) {
		struct audio_source *source = source_of(path, &err);
		size_t part = i ? (1 + cut % FRAMES) * frame : bytes;

		require(source && once && twice);
		for (size_t at = 0; at < bytes; at += part)
			audio_source_read(source, format, (i ? twice : once) + at,
					  part < bytes - at ? part : bytes - at);
		audio_source_destroy(source);
	}
	require(memcmp(once, twice, bytes) == 0);
	round_trip(format, once, bytes);
	free(once);
	free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t rates[] = {48000, 8000, 44100, 192000};
	struct audio_format format = {AUDIO_S16, 48000, 2};
	struct audio_source *source;
	struct err err = ERR_INIT;
	char path[64];
	int fd;

	if (size < 4)
		return 0;
	format.sample = data[0] % 6;
	format.rate = rates[data[1] % 4];
	format.channels = 1 + data[2] % 8;
	fd = make_file(data + 4, size - 4, path, sizeof(path));
	source = source_of(path, &err);
	if (source) {
		audio_source_destroy(source);
		check_source(path, &format, data[3]);
	} else {
		require(err.code < 0 && err.text[0] && !strchr(err.text, '\n'));
	}
	close(fd);
	return 0;
}
