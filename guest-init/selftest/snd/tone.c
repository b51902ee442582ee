/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/snd/tone.h"

#define SHIFT TONE_SHIFT
#define ONE   (1LL << SHIFT)
/* 2 pi, scaled. */
#define TWO_PI 110534964875444LL

#define AMPLITUDE 8192

static int64_t times(int64_t a, int64_t b)
{
	return (int64_t)(((__int128)a * b + ONE / 2) >> SHIFT);
}

/* Taylor series around 0; @x, scaled, is at most pi / 2: eight terms are exact to a sample. */
static void sine_and_cosine(int64_t x, int64_t *sine, int64_t *cosine)
{
	int64_t term = ONE;

	*sine = 0;
	*cosine = 0;
	for (int n = 0; n < 16; n++) {
		int64_t signed_term = n & 2 ? -term : term;

		if (n & 1)
			*sine += signed_term;
		else
			*cosine += signed_term;
		term = times(term, x) / (n + 1);
	}
}

void tone_init(struct tone *tone, unsigned hertz, unsigned rate)
{
	int64_t sine;
	int64_t cosine;

	sine_and_cosine(TWO_PI * hertz / rate, &sine, &cosine);
	/* sin(0) and sin(-w): the next value is sin(w). */
	tone->previous = 0;
	tone->before = -sine;
	tone->factor = 2 * cosine;
}

void tone_fill(struct tone *tone, int16_t *samples, size_t frames, unsigned channels)
{
	for (size_t i = 0; i < frames; i++) {
		int16_t value = (int16_t)((tone->previous * AMPLITUDE + ONE / 2) >> SHIFT);
		int64_t next = times(tone->factor, tone->previous) - tone->before;

		for (unsigned c = 0; c < channels; c++)
			*samples++ = value;
		tone->before = tone->previous;
		tone->previous = next;
	}
}

bool tone_heard(const int16_t *samples, size_t count, int level)
{
	for (size_t i = 0; i < count; i++) {
		if (samples[i] > level || samples[i] < -level)
			return true;
	}
	return false;
}
