/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/snd/snd_internal.h"
#include "vmm/core/le.h"

/* The event queue (virtio 1.2, section 5.14.6.2; contract section 18.5). Without a property there
 * is never an event, and buffers stay in the driver's ring. */

void snd_event_raise(struct virtio_snd *snd, uint32_t property, uint32_t type, uint32_t data)
{
	if (!(snd->properties & property))
		return;
	if (snd->n_events == SND_MAX_EVENTS) {
		snd->events_dropped++;
		return;
	}
	snd->events[(snd->first_event + snd->n_events++) % SND_MAX_EVENTS] =
		(struct snd_event){type, data};
}

/* Puts the first event into @chain; 0 when it is no buffer for one, and the event waits on. */
static uint32_t deliver(struct virtio_snd *snd, struct virtq_chain *chain)
{
	const struct snd_event *e = &snd->events[snd->first_event];
	uint8_t bytes[VIRTIO_SND_EVENT_SIZE];
	struct snd_parts parts;

	snd_chain_split(chain, &parts);
	if (parts.mixed || parts.n_readable || parts.writable < sizeof(bytes))
		return 0;
	st_le32(bytes, e->type);
	st_le32(bytes + 4, e->data);
	if (snd_segs_put(snd, chain->segs, chain->n, bytes, sizeof(bytes)) < sizeof(bytes))
		return 0;
	snd->first_event = (snd->first_event + 1) % SND_MAX_EVENTS;
	snd->n_events--;
	snd->events_sent++;
	return sizeof(bytes);
}

bool snd_event_serve(struct virtio_snd *snd)
{
	struct virtq *vq = &snd->vd.queues[VIRTIO_SND_VQ_EVENT];
	unsigned int budget = vq->size;

	while (snd_may_dma(snd) && snd->n_events > 0 && virtq_pop(vq, &snd->chain, &budget)) {
		uint32_t written = deliver(snd, &snd->chain);

		virtq_complete(vq, snd->chain.head, snd->chain.generation, written);
	}
	virtio_queue_done(&snd->vd, VIRTIO_SND_VQ_EVENT);
	return snd->n_events > 0 && virtq_has_more(vq);
}
