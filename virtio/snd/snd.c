/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/snd/snd.h"

#include "virtio/snd/snd_internal.h"
#include "vmm/core/le.h"

#include <errno.h>
#include <stdlib.h>

/* The device: queues, config, the timer that keeps streams going, life and death. */

#define SND_PERIOD_NS	(5 * NS_PER_MS)
#define SND_CONFIG_SIZE 12U

static const uint16_t snd_queue_sizes[VIRTIO_SND_N_VQS] = {64, 64, 256, 64};

static const struct field snd_fields[] = {
	FIELD(struct virtio_snd, streams[0].state),
	FIELD(struct virtio_snd, streams[0].buffer_bytes),
	FIELD(struct virtio_snd, streams[0].period_bytes),
	FIELD(struct virtio_snd, streams[0].format.rate),
	FIELD(struct virtio_snd, streams[0].format.channels),
	FIELD(struct virtio_snd, streams[0].xfer.busy),
	FIELD(struct virtio_snd, streams[1].state),
	FIELD(struct virtio_snd, streams[1].buffer_bytes),
	FIELD(struct virtio_snd, streams[1].period_bytes),
	FIELD(struct virtio_snd, streams[1].format.rate),
	FIELD(struct virtio_snd, streams[1].format.channels),
	FIELD(struct virtio_snd, streams[1].xfer.busy),
	FIELD(struct virtio_snd, n_events),
	FIELD_COUNT(struct virtio_snd, control_requests),
	FIELD_COUNT(struct virtio_snd, control_errors),
	FIELD_COUNT(struct virtio_snd, tx_transfers),
	FIELD_COUNT(struct virtio_snd, tx_errors),
	FIELD_COUNT(struct virtio_snd, tx_bytes),
	FIELD_COUNT(struct virtio_snd, rx_transfers),
	FIELD_COUNT(struct virtio_snd, rx_errors),
	FIELD_COUNT(struct virtio_snd, rx_bytes),
	FIELD_COUNT(struct virtio_snd, underruns),
	FIELD_COUNT(struct virtio_snd, overruns),
	FIELD_COUNT(struct virtio_snd, stalls),
	FIELD_COUNT(struct virtio_snd, events_sent),
	FIELD_COUNT(struct virtio_snd, events_dropped),
};

uint32_t snd_wire_status(const struct virtio_snd *snd, enum virtio_snd_status status)
{
	return (uint32_t)status | (snd->dialect_virtio ? VIRTIO_SND_S_BASE : 0);
}

bool snd_may_dma(const struct virtio_snd *snd)
{
	return snd->vd.transport->may_dma(snd->vd.transport_owner);
}

static uint64_t snd_features(const struct virtio_device *vd)
{
	(void)vd;
	return 0;
}

static void snd_config_read(const struct virtio_device *vd, uint32_t offset, void *buf,
			    uint32_t len)
{
	const struct virtio_snd *snd = (const struct virtio_snd *)vd;
	uint8_t config[SND_CONFIG_SIZE] = {0};

	st_le32(config, snd->properties & VIRTIO_SND_JACKS ? SND_JACKS : 0);
	st_le32(config + 4, SND_STREAMS);
	/* chmaps: none */
	virtio_config_copy(config, sizeof(config), offset, buf, len);
}

static bool output_serve(struct virtio_snd *snd)
{
	return snd_stream_run(snd, &snd->streams[VIRTIO_SND_D_OUTPUT]);
}

static bool input_serve(struct virtio_snd *snd)
{
	return snd_stream_run(snd, &snd->streams[VIRTIO_SND_D_INPUT]);
}

static bool snd_serve(struct virtio_device *vd, uint16_t q)
{
	static bool (*const serve[])(struct virtio_snd * snd) = {
		[VIRTIO_SND_VQ_CONTROL] = snd_control_serve,
		[VIRTIO_SND_VQ_EVENT] = snd_event_serve,
		[VIRTIO_SND_VQ_TX] = output_serve,
		[VIRTIO_SND_VQ_RX] = input_serve,
	};
	struct virtio_snd *snd = (struct virtio_snd *)vd;
	uint32_t waiting = snd->n_events;
	bool more = serve[q](snd);

	if (snd->n_events > waiting && snd_event_serve(snd))
		vd->transport->rearm(vd->transport_owner, VIRTIO_SND_VQ_EVENT);
	return more;
}

void snd_arm(struct virtio_snd *snd)
{
	/* The loop counts the host's time, whatever clock the streams go by. */
	struct clock host = clock_host();

	loop_set_timer(snd->timer, clock_monotonic_ns(&host) + SND_PERIOD_NS);
}

/* Streams that run go on, also without a doorbell. Once none does, the timer stays off. */
static void on_timer(void *arg)
{
	struct virtio_snd *snd = arg;
	const struct virtio_transport_ops *transport = snd->vd.transport;

	device_lock(&snd->vd.dev);
	for (uint32_t i = 0; i < SND_STREAMS; i++) {
		struct snd_stream *s = &snd->streams[i];

		if (s->state != SND_RUNNING)
			continue;
		snd_arm(snd);
		if (snd_stream_run(snd, s))
			transport->rearm(snd->vd.transport_owner, s->q);
	}
	if (snd->n_events > 0 && snd_event_serve(snd))
		transport->rearm(snd->vd.transport_owner, VIRTIO_SND_VQ_EVENT);
	device_unlock(&snd->vd.dev);
}

/* On a vCPU's thread. The timer is left alone: it finds that nothing runs. */
static void snd_reset(struct virtio_device *vd)
{
	struct virtio_snd *snd = (struct virtio_snd *)vd;

	for (uint32_t i = 0; i < SND_STREAMS; i++)
		snd_stream_reset(&snd->streams[i]);
	snd->first_event = 0;
	snd->n_events = 0;
}

static void snd_destroy(struct device *dev)
{
	struct virtio_snd *snd = (struct virtio_snd *)dev;

	loop_del_timer(snd->timer);
	virtio_device_fini(&snd->vd);
	for (uint32_t i = 0; i < SND_STREAMS; i++)
		virtq_chain_fini(&snd->streams[i].xfer.chain);
	virtq_chain_fini(&snd->chain);
	audio_sink_destroy(snd->sink);
	audio_source_destroy(snd->source);
	free(snd);
}

static const struct virtio_device_ops snd_ops = {
	.device =
		{
			.name = "virtio-snd",
			.reset = virtio_device_reset,
			.destroy = snd_destroy,
			.fields = snd_fields,
			.n_fields = sizeof(snd_fields) / sizeof(snd_fields[0]),
		},
	.id = VIRTIO_ID_SOUND,
	.queue_sizes = snd_queue_sizes,
	.n_queues = VIRTIO_SND_N_VQS,
	.features = snd_features,
	.config_read = snd_config_read,
	.serve = snd_serve,
	.reset = snd_reset,
};

static int snd_init(struct virtio_snd *snd)
{
	for (uint32_t i = 0; i < SND_STREAMS; i++) {
		struct snd_stream *s = &snd->streams[i];

		s->id = i;
		s->q = (uint16_t)(VIRTIO_SND_VQ_TX + i);
		if (virtq_chain_init(&s->xfer.chain, &snd->vd.queues[s->q]) < 0)
			return -ENOMEM;
	}
	for (uint32_t i = 0; i < SND_JACKS; i++)
		snd->jack_connected[i] = true;
	snd_reset(&snd->vd);
	snd->timer = loop_add_timer(snd->loop, on_timer, snd);
	return snd->timer ? virtq_chain_init(&snd->chain, &snd->vd.queues[VIRTIO_SND_VQ_CONTROL])
			  : -ENOMEM;
}

struct virtio_device *virtio_snd_create(const struct virtio_snd_config *config, struct err *err)
{
	struct virtio_snd *snd = calloc(1, sizeof(*snd));

	if (!snd || virtio_device_init(&snd->vd, &snd_ops, config->id, config->mem) < 0) {
		err_set(err, -ENOMEM, "%s: out of memory", config->id);
		audio_sink_destroy(config->sink);
		audio_source_destroy(config->source);
		free(snd);
		return NULL;
	}
	snd->loop = config->loop;
	snd->clock = config->clock;
	snd->sink = config->sink;
	snd->source = config->source;
	snd->dialect_virtio = config->dialect_virtio;
	snd->properties = config->properties;
	if (snd_init(snd) < 0) {
		err_set(err, -ENOMEM, "%s: out of memory", config->id);
		snd_destroy(&snd->vd.dev);
		return NULL;
	}
	return &snd->vd;
}

int virtio_snd_set_jack(struct virtio_device *vd, uint32_t jack, bool connected, struct err *err)
{
	struct virtio_snd *snd = (struct virtio_snd *)vd;

	if (!(snd->properties & VIRTIO_SND_JACKS))
		return err_set(err, -ENOTSUP, "%s: it has no jacks; they are a property",
			       vd->dev.id);
	if (jack >= SND_JACKS)
		return err_set(err, -EINVAL, "%s: jack %u; it has 0 (speaker) and 1 (microphone)",
			       vd->dev.id, jack);
	device_lock(&vd->dev);
	if (snd->jack_connected[jack] != connected) {
		snd->jack_connected[jack] = connected;
		snd_event_raise(snd, VIRTIO_SND_JACKS,
				connected ? VIRTIO_SND_EVT_JACK_CONNECTED
					  : VIRTIO_SND_EVT_JACK_DISCONNECTED,
				jack);
		if (snd_event_serve(snd))
			vd->transport->rearm(vd->transport_owner, VIRTIO_SND_VQ_EVENT);
	}
	device_unlock(&vd->dev);
	return 0;
}

bool virtio_snd_is(const struct device *dev)
{
	return dev->ops == &snd_ops.device;
}
