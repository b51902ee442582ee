/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_VIRTIO_SND_INTERNAL_H
#define VISE_VIRTIO_SND_INTERNAL_H

#include "virtio/snd/snd.h"
#include "virtio/snd/snd_regs.h"

/*
 * Shared by the files of virtio-snd. All under the device's lock and on the loop's thread; only the
 * virtio reset comes from a vCPU's thread.
 *
 * A stream takes one chain of its queue at a time and works on it until its last frame is played or
 * recorded; the others wait in the guest's ring. So what a guest submits costs no memory here,
 * and chains complete in their order.
 */

#define SND_STREAMS	2U
#define SND_JACKS	2U
#define SND_MAX_PAYLOAD 262144U /* bytes of a transfer (contract SND-18, -27) */
#define SND_MAX_EVENTS	256U
#define SND_CHUNK	16384U /* bytes that go to or come from a backend at once */

enum snd_state { SND_IDLE, SND_PARAMS_SET, SND_PREPARED, SND_RUNNING };

/* The chain at work. */
struct snd_xfer {
	bool busy;
	struct virtq_chain chain;     /* its segments in order, empty ones left out */
	const struct virtq_seg *data; /* with the header in front of playback's payload */
	uint32_t n_data;
	uint32_t data_at; /* where the payload begins */
	const struct virtq_seg *status;
	uint32_t n_status;
	uint64_t status_len; /* bytes, at most VIRTIO_SND_PCM_STATUS_SIZE count */
	uint64_t payload;    /* bytes */
	uint64_t done;	     /* of them played or recorded */
};

struct snd_stream {
	uint32_t id;
	uint16_t q;
	uint8_t state; /* enum snd_state */
	/* What SET_PARAMS said; the format is a legal one at any time. */
	uint32_t buffer_bytes, period_bytes;
	struct audio_format format;
	/* Time: @frames were played or recorded since @start_ns, always less than a second's. */
	uint64_t start_ns;
	uint64_t frames;
	bool flowing;	      /* data came since the last start or xrun */
	uint64_t period_done; /* bytes of data since the last period event */
	struct snd_xfer xfer;
	unsigned int answers; /* chains that this pass over the control queue may still answer */
};

struct snd_event {
	uint32_t type, data;
};

struct virtio_snd {
	struct virtio_device vd;
	struct loop *loop;
	struct loop_timer *timer; /* armed while a stream runs */
	struct clock clock;
	struct audio_sink *sink;
	struct audio_source *source;
	bool dialect_virtio;
	uint32_t properties;
	struct snd_stream streams[SND_STREAMS];
	struct virtq_chain chain; /* scratch of the control and event queues */
	bool jack_connected[SND_JACKS];
	/* Events that wait for buffers: a ring. */
	struct snd_event events[SND_MAX_EVENTS];
	uint32_t first_event, n_events;
	uint8_t chunk[SND_CHUNK];
	/* Counters. */
	uint64_t control_requests, control_errors;
	uint64_t tx_transfers, tx_errors, tx_bytes;
	uint64_t rx_transfers, rx_errors, rx_bytes;
	uint64_t underruns, overruns, stalls;
	uint64_t events_sent, events_dropped;
};

/* ---- snd.c ---- */

/* A status as the dialect has it on the wire. */
uint32_t snd_wire_status(const struct virtio_snd *snd, enum virtio_snd_status status);

/* True while guest memory may be touched. */
bool snd_may_dma(const struct virtio_snd *snd);

/* Has the timer fire soon: a stream runs. */
void snd_arm(struct virtio_snd *snd);

/* ---- snd_chain.c ---- */

struct snd_parts {
	uint32_t n_readable;	     /* segments; the others of the chain are writable */
	uint64_t readable, writable; /* bytes */
	bool mixed;		     /* readable ones came after writable ones, and are left out */
};

/* Leaves empty segments out of @chain and counts. */
void snd_chain_split(struct virtq_chain *chain, struct snd_parts *parts);

/* Writes @len bytes of @buf at the start of segments, or what of them fits; the number written. */
uint32_t snd_segs_put(const struct virtio_snd *snd, const struct virtq_seg *segs, uint32_t n,
		      const void *buf, uint32_t len);

/* ---- snd_control.c ---- */

bool snd_control_serve(struct virtio_snd *snd);

/* ---- snd_params.c ---- */

/* Fills @info (VIRTIO_SND_PCM_INFO_SIZE bytes) for stream @id. */
void snd_pcm_info(const struct virtio_snd *snd, uint32_t id, uint8_t *info);

/* Takes the parameters of a SET_PARAMS request (VIRTIO_SND_PCM_PARAMS_SIZE bytes) over, or says why
 * not and changes nothing. */
enum virtio_snd_status snd_pcm_params(const struct virtio_snd *snd, struct snd_stream *s,
				      const uint8_t *request);

/* The format of a stream that was not asked for another. */
struct audio_format snd_standard_format(uint32_t id);

/* ---- snd_stream.c ---- */

/* Commands of the state machine (contract section 16.4). */
enum snd_command { SND_SET_PARAMS, SND_PREPARE, SND_START, SND_STOP, SND_RELEASE, SND_N_COMMANDS };

/* True when @command is one for the state that @s is in. */
bool snd_stream_allows(const struct virtio_snd *snd, const struct snd_stream *s,
		       enum snd_command command);

/* Does what snd_stream_allows() allowed: the state, the time, and the buffers that it ends. */
void snd_stream_command(struct virtio_snd *snd, struct snd_stream *s, enum snd_command command);

/* Brings @s up to the clock's time, or returns its buffers when it takes none. Publishes. Leaves
 * the lock while it calls a backend. True when chains are left that it could take now. */
bool snd_stream_run(struct virtio_snd *snd, struct snd_stream *s);

/* Freshly created state; any thread. */
void snd_stream_reset(struct snd_stream *s);

/* True when chains of its queue are not answered at once with IO_ERR. */
bool snd_stream_takes(const struct virtio_snd *snd, const struct snd_stream *s);

/* ---- snd_xfer.c ---- */

/* Pops chains until one has frames to play or to record, and answers the others. True when there is
 * one at work. @budget as in virtq_pop(). */
bool snd_xfer_take(struct virtio_snd *snd, struct snd_stream *s, unsigned int *budget);

/* Right after snd_xfer_take() was true: moves @len bytes, at most what is left of the transfer at
 * work, between guest memory and @buf in the direction of the stream, and completes the transfer
 * with its last byte. False when memory refused: it is completed with IO_ERR then. */
bool snd_xfer_move(struct virtio_snd *snd, struct snd_stream *s, void *buf, uint32_t len);

/* Completes the transfer at work, if there is one, with IO_ERR. */
void snd_xfer_abort(struct virtio_snd *snd, struct snd_stream *s);

/* ---- snd_event.c ---- */

/* Queues an event if @property is on; dropped when SND_MAX_EVENTS wait. */
void snd_event_raise(struct virtio_snd *snd, uint32_t property, uint32_t type, uint32_t data);

/* Gives events to the driver's buffers and publishes. True when there is more to do. */
bool snd_event_serve(struct virtio_snd *snd);

#endif
