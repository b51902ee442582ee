/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_PCM_H
#define VISE_GUEST_INIT_SELFTEST_PCM_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A sound stream by the kernel's own interface (<sound/asound.h>): 16-bit samples, interleaved,
 * never blocking. Functions return 0 or a negative errno.
 */

struct pcm {
	int fd;
	bool capture;
	unsigned rate;
	unsigned channels;
	unsigned long period; /* frames */
	unsigned long buffer;
	unsigned xruns; /* how often the guest came too late */
};

/* Opens the node /dev/snd/@node and sets it up: 48000 Hz and two channels, or what the device has
 * that is nearest. */
int pcm_open(struct pcm *pcm, const char *node, bool capture);

/* Stops and closes; one that is not open (fd < 0) is fine. */
void pcm_close(struct pcm *pcm);

/* Starts a capture stream (playback starts by itself with the first period). */
int pcm_start(struct pcm *pcm);

/* Writes or reads up to @frames; a stream that ran dry or over is set going again and counted, for
 * that is the guest's slowness and not the device's. Waits no longer than until @deadline
 * (clock_ns()). The number of frames, which is less when time was up. */
long pcm_transfer(struct pcm *pcm, int16_t *samples, unsigned long frames, uint64_t deadline);

/* Waits until all that was written is played; -ETIMEDOUT at @deadline. */
int pcm_drain(struct pcm *pcm, uint64_t deadline);

/* Tries to set up @node with a buffer of at least @bytes; *@got is its size when that worked. */
int pcm_try_buffer(const char *node, bool capture, unsigned bytes, uint64_t *got);

#endif
