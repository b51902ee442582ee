/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_VIRTIO_SND_H
#define VISE_VIRTIO_SND_H

#include "virtio/virtio_device.h"
#include "vmm/core/clock.h"
#include "vmm/core/loop.h"
#include "vmm/host/audio/audio.h"

/*
 * virtio-snd (virtio 1.2, section 5.14) as contract v1 has it (section 16): control, event,
 * transmit and receive queues of 64, 64, 256 and 64; stream 0 plays, stream 1 records, S16 at 48
 * kHz.
 *
 * Playback and capture are paced by the clock: a transfer completes when its frames have been
 * played or recorded, never sooner than real time allows, however fast the guest submits. A stream
 * that runs goes on without transfers: silence is played, what is recorded is lost.
 */

/* What is beyond the contract; OR of these. */
#define VIRTIO_SND_PERIOD_EVENTS 0x1U /* PCM_PERIOD_ELAPSED on the event queue */
#define VIRTIO_SND_XRUN_EVENTS	 0x2U /* PCM_XRUN */
#define VIRTIO_SND_JACKS	 0x4U /* two jacks, JACK_CONNECTED and JACK_DISCONNECTED */
#define VIRTIO_SND_FORMATS	 0x8U /* more formats, rates and channels in PCM_INFO */

struct virtio_snd_config {
	const char *id;		     /* copied */
	const struct guest_mem *mem; /* guest RAM */
	struct loop *loop;
	struct clock clock;
	struct audio_sink *sink;     /* owned from creation on, also when creation fails */
	struct audio_source *source; /* likewise */
	bool dialect_virtio;	     /* messages of virtio 1.2 (contract section 16.2) */
	uint32_t properties;	     /* OR of VIRTIO_SND_* */
};

/* Makes the device; a transport is attached by the caller. NULL and @err on failure. */
struct virtio_device *virtio_snd_create(const struct virtio_snd_config *config, struct err *err);

/* Plugs jack @jack (0 speaker, 1 microphone; both are plugged in at first) in or out, with an event
 * when that is a change. -ENOTSUP without VIRTIO_SND_JACKS, -EINVAL for another jack. Loop's
 * thread; takes the device's lock. */
MUST_CHECK int virtio_snd_set_jack(struct virtio_device *vd, uint32_t jack, bool connected,
				   struct err *err);

/* True when @dev is a virtio-snd device. */
bool virtio_snd_is(const struct device *dev);

#endif
