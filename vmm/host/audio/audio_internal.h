/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_AUDIO_INTERNAL_H
#define VISE_HOST_AUDIO_INTERNAL_H

#include "vmm/host/audio/audio.h"

/* The kinds of sink and source, for audio_sink_open() and audio_source_open(): NULL and one line in
 * @err on failure. */
struct audio_sink *audio_none_open(const char *path, struct err *err);
struct audio_sink *audio_wav_sink_open(const char *path, struct err *err);
struct audio_source *audio_silence_open(const char *path, struct err *err);
struct audio_source *audio_tone_open(const char *path, struct err *err);
struct audio_source *audio_wav_source_open(const char *path, struct err *err);

#endif
