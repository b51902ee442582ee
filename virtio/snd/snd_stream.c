/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/snd/snd_internal.h"

/*
 * Streams: their states, and their time.
 *
 * While a stream runs, frames fall due as the clock goes on: frame n at start_ns + n / rate. Each
 * run of snd_stream_run() moves the frames that are due by now, in chunks: from the transfer at
 * work to the sink, or from the source to it. Without a transfer silence is played and what is
 * recorded is lost; the time goes on all the same, so a guest cannot play faster than real time by
 * being late first.
 */

/* A process that was stopped, or a clock that jumped, is not made up for beyond this. */
#define CATCH_UP_NS NS_PER_SEC

#define REFUSED 0xffU

/* clang-format off */
/* The next state, in the order of enum snd_command: SET_PARAMS, PREPARE, START, STOP, RELEASE. */
static const uint8_t steps_v1[][SND_N_COMMANDS] = { /* contract section 16.4 */
	[SND_IDLE] =       {SND_PARAMS_SET, REFUSED,      REFUSED,     REFUSED,      SND_IDLE},
	[SND_PARAMS_SET] = {SND_PARAMS_SET, SND_PREPARED, REFUSED,     REFUSED,      SND_IDLE},
	[SND_PREPARED] =   {SND_PARAMS_SET, SND_PREPARED, SND_RUNNING, REFUSED,      SND_IDLE},
	[SND_RUNNING] =    {SND_PARAMS_SET, REFUSED,      SND_RUNNING, SND_PREPARED, SND_IDLE},
};

/* A released stream keeps its parameters: PREPARE may follow (virtio 1.2, section 5.14.6.6.1). */
static const uint8_t steps_virtio[][SND_N_COMMANDS] = {
	[SND_IDLE] =       {SND_PARAMS_SET, REFUSED,      REFUSED,     REFUSED,      SND_IDLE},
	[SND_PARAMS_SET] = {SND_PARAMS_SET, SND_PREPARED, REFUSED,     REFUSED,      SND_PARAMS_SET},
	[SND_PREPARED] =   {SND_PARAMS_SET, SND_PREPARED, SND_RUNNING, REFUSED,      SND_PARAMS_SET},
	[SND_RUNNING] =    {SND_PARAMS_SET, REFUSED,      SND_RUNNING, SND_PREPARED, SND_PARAMS_SET},
};
/* clang-format on */

static uint8_t next_state(const struct virtio_snd *snd, const struct snd_stream *s,
			  enum snd_command command)
{
	return (snd->dialect_virtio ? steps_virtio : steps_v1)[s->state][command];
}

bool snd_stream_allows(const struct virtio_snd *snd, const struct snd_stream *s,
		       enum snd_command command)
{
	return next_state(snd, s, command) != REFUSED;
}

bool snd_stream_takes(const struct virtio_snd *snd, const struct snd_stream *s)
{
	/* Linux submits before START, and what it submitted outlives STOP: that may be a pause. */
	return s->state == SND_RUNNING || (snd->dialect_virtio && s->state == SND_PREPARED);
}

/* Answers all that the driver has submitted; the stream does not take it. */
static void flush(struct virtio_snd *snd, struct snd_stream *s, unsigned int *budget)
{
	snd_xfer_abort(snd, s);
	snd_xfer_take(snd, s, budget);
}

void snd_stream_command(struct virtio_snd *snd, struct snd_stream *s, enum snd_command command)
{
	bool ran = s->state == SND_RUNNING;

	s->state = next_state(snd, s, command);
	if ((s->state == SND_RUNNING) != ran) {
		s->start_ns = clock_monotonic_ns(&snd->clock);
		s->frames = 0;
		s->flowing = false;
		s->period_done = 0;
	}
	if (s->state == SND_RUNNING)
		snd_arm(snd);
	if (!snd_stream_takes(snd, s)) {
		flush(snd, s, &s->answers);
		virtio_queue_done(&snd->vd, s->q);
		/* However many commands a pass has, it answers one queue's worth of transfers: the
		 * rest have a turn of their own. */
		if (s->answers == 0)
			snd->vd.transport->rearm(snd->vd.transport_owner, s->q);
	}
}

/* Frames that should have been played or recorded by @now and were not. */
static uint64_t frames_due(struct virtio_snd *snd, struct snd_stream *s, uint64_t now)
{
	uint64_t elapsed = now > s->start_ns ? now - s->start_ns : 0;
	uint64_t done_ns = s->frames * NS_PER_SEC / s->format.rate;
	uint64_t due;

	if (elapsed > done_ns && elapsed - done_ns > CATCH_UP_NS) {
		uint64_t lost = elapsed - done_ns - CATCH_UP_NS;

		s->start_ns += lost;
		elapsed -= lost;
		snd->stalls++;
	}
	due = elapsed * s->format.rate / NS_PER_SEC;
	return due > s->frames ? due - s->frames : 0;
}

static void frames_done(struct snd_stream *s, uint64_t n)
{
	s->frames += n;
	while (s->frames >= s->format.rate) {
		s->frames -= s->format.rate;
		s->start_ns += NS_PER_SEC;
	}
}

/* Data moved: @len bytes of it. */
static void flowed(struct virtio_snd *snd, struct snd_stream *s, uint32_t len)
{
	s->flowing = true;
	s->period_done += len;
	if (s->period_bytes == 0 || s->period_done < s->period_bytes)
		return;
	s->period_done %= s->period_bytes;
	snd_event_raise(snd, VIRTIO_SND_PERIOD_EVENTS, VIRTIO_SND_EVT_PCM_PERIOD_ELAPSED, s->id);
}

/* There was no transfer when there should have been. Until data came there was none to run dry. */
static void ran_dry(struct virtio_snd *snd, struct snd_stream *s, uint64_t *counter)
{
	if (!s->flowing)
		return;
	s->flowing = false;
	(*counter)++;
	snd_event_raise(snd, VIRTIO_SND_XRUN_EVENTS, VIRTIO_SND_EVT_PCM_XRUN, s->id);
}

/* Moves @len bytes of the chunk between it and the transfers that there are, one after the other.
 */
static void spread(struct virtio_snd *snd, struct snd_stream *s, uint32_t len, unsigned int *budget)
{
	bool output = s->id == VIRTIO_SND_D_OUTPUT;
	uint32_t part;

	for (uint32_t at = 0; at < len; at += part) {
		bool at_work = snd_xfer_take(snd, s, budget);

		part = len - at;
		if (at_work && s->xfer.payload - s->xfer.done < part)
			part = (uint32_t)(s->xfer.payload - s->xfer.done);
		if (at_work && snd_xfer_move(snd, s, snd->chunk + at, part)) {
			flowed(snd, s, part);
			continue;
		}
		if (output)
			audio_silence(&s->format, snd->chunk + at, part);
		ran_dry(snd, s, output ? &snd->underruns : &snd->overruns);
	}
}

/* Backends may wait for the host: they are called without the lock. */
static void play(struct virtio_snd *snd, struct snd_stream *s, uint32_t len, unsigned int *budget)
{
	struct audio_format format = s->format;

	spread(snd, s, len, budget);
	device_unlock(&snd->vd.dev);
	audio_sink_write(snd->sink, &format, snd->chunk, len);
	device_lock(&snd->vd.dev);
}

static void record(struct virtio_snd *snd, struct snd_stream *s, uint32_t len, unsigned int *budget)
{
	struct audio_format format = s->format;

	device_unlock(&snd->vd.dev);
	audio_source_read(snd->source, &format, snd->chunk, len);
	device_lock(&snd->vd.dev);
	/* There may have been a reset meanwhile. */
	if (s->state == SND_RUNNING)
		spread(snd, s, len, budget);
}

/* Moves one chunk of what is due at @now. False when there is no more to do. */
static bool step(struct virtio_snd *snd, struct snd_stream *s, uint64_t now, unsigned int *budget)
{
	uint32_t frame = audio_frame_bytes(&s->format);
	uint32_t most = SND_CHUNK / frame;
	uint64_t due;

	if (s->state != SND_RUNNING)
		return false;
	due = frames_due(snd, s, now);
	if (due > most)
		due = most;
	frames_done(s, due);
	if (due)
		(s->id == VIRTIO_SND_D_OUTPUT ? play : record)(snd, s, (uint32_t)due * frame,
							       budget);
	else /* what is to be refused is refused at once */
		snd_xfer_take(snd, s, budget);
	return due;
}

bool snd_stream_run(struct virtio_snd *snd, struct snd_stream *s)
{
	struct virtq *vq = &snd->vd.queues[s->q];
	uint64_t now = clock_monotonic_ns(&snd->clock);
	unsigned int budget = vq->size;

	if (!snd_stream_takes(snd, s))
		flush(snd, s, &budget);
	while (step(snd, s, now, &budget))
		;
	virtio_queue_done(&snd->vd, s->q);
	return budget == 0 && virtq_has_more(vq);
}

void snd_stream_reset(struct snd_stream *s)
{
	s->state = SND_IDLE;
	s->buffer_bytes = 0;
	s->period_bytes = 0;
	s->format = snd_standard_format(s->id);
	s->start_ns = 0;
	s->frames = 0;
	s->flowing = false;
	s->period_done = 0;
	s->xfer.busy = false;
}
