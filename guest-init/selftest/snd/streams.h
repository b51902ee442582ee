/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_STREAMS_H
#define VISE_GUEST_INIT_SELFTEST_STREAMS_H

#include <stdbool.h>
#include <stdint.h>

/* Playing and recording as a program does; what comes of it is judged and told elsewhere. Nodes are
 * names below /dev/snd. */

struct outcome {
	const char *reason; /* NULL: well */
	int error;	    /* errno */
	uint64_t frames;    /* played; with both directions, recorded */
	unsigned xruns;	    /* how often the guest came too late */
	bool heard;	    /* something louder than noise was recorded */
	char format[48];    /* as it was set up; empty: never */
};

/* Notes the first failure; @error is an errno of either sign. */
void outcome_fail(struct outcome *o, const char *reason, int error);

/* A quarter of a second of 440 Hz, two seconds for it, one and a half more until it has sounded. */
void streams_play(const char *node, struct outcome *o);

/* Half a second, within two and a half. */
void streams_capture(const char *node, struct outcome *o);

/* Both for three seconds. */
void streams_duplex(const char *playback, const char *capture, struct outcome *o);

#endif
