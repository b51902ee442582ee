/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/audio/audio_convert.h"
#include "vmm/host/audio/audio_internal.h"

#include <errno.h>
#include <stdlib.h>

/* The source "tone". */

#define TONE_HZ	       440U
#define TONE_AMPLITUDE 0.25118864315095801 /* -12 dB of full scale */
#define PI	       3.14159265358979323846

struct tone {
	struct audio_source source;
	uint32_t rate;	/* of the last read */
	uint32_t phase; /* of the next frame, in parts of 1/rate turn */
};

/* The sine of @turn of a full turn, 0 to 1. A series over a quarter of a wave is exact to eleven
 * digits, and needs no mathematical library. */
static double sine(double turn)
{
	double x, x2, term, sum;

	if (turn >= 0.75)
		turn -= 1;
	else if (turn > 0.25)
		turn = 0.5 - turn;
	x = 2 * PI * turn;
	x2 = x * x;
	term = sum = x;
	for (int n = 2; n <= 16; n += 2) {
		term *= -x2 / (n * (n + 1));
		sum += term;
	}
	return sum;
}

static void tone_read(struct audio_source *source, const struct audio_format *format, void *frames,
		      size_t bytes)
{
	struct tone *tone = (struct tone *)source;
	const struct audio_codec *codec = audio_codec(format->sample);
	size_t n = bytes / audio_frame_bytes(format);
	uint8_t *out = frames;

	if (tone->rate != format->rate) {
		tone->rate = format->rate;
		tone->phase = 0;
	}
	for (size_t i = 0; i < n; i++) {
		double v = TONE_AMPLITUDE * sine((double)tone->phase / tone->rate);

		for (uint32_t c = 0; c < format->channels; c++) {
			codec->store(out, v);
			out += codec->bytes;
		}
		tone->phase = (tone->phase + TONE_HZ) % tone->rate;
	}
}

static void tone_destroy(struct audio_source *source)
{
	free(source);
}

struct audio_source *audio_tone_open(const char *path, struct err *err)
{
	static const struct audio_source_ops ops = {
		.name = "tone", .read = tone_read, .destroy = tone_destroy};
	struct tone *tone = calloc(1, sizeof(*tone));

	(void)path;
	if (!tone) {
		err_set(err, -ENOMEM, "audio source tone: out of memory");
		return NULL;
	}
	tone->source.ops = &ops;
	return &tone->source;
}
