/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_TONE_H
#define VISE_GUEST_INIT_SELFTEST_TONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sine tones and silence in 16-bit samples, little-endian, channels interleaved. No side effects
 * and no C library mathematics: a second-order recurrence in integers. */

#define TONE_SHIFT 44

struct tone {
	int64_t previous; /* the last two values, scaled by 2^TONE_SHIFT */
	int64_t before;
	int64_t factor; /* 2 cos(2 pi f / rate), scaled likewise */
};

/* Begins a tone of @hertz at @rate frames a second (at most a quarter of it). */
void tone_init(struct tone *tone, unsigned hertz, unsigned rate);

/* Writes @frames frames of @channels equal samples at about a quarter of full scale. */
void tone_fill(struct tone *tone, int16_t *samples, size_t frames, unsigned channels);

/* Whether any of @count samples is louder than @level. */
bool tone_heard(const int16_t *samples, size_t count, int level);

#endif
