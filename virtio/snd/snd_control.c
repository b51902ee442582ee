/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/snd/snd_internal.h"
#include "vmm/core/le.h"

#include <string.h>

/* The control queue (virtio 1.2, sections 5.14.6.1 to 5.14.6.7; contract section 16.3). */

#define MAX_REQUEST VIRTIO_SND_PCM_PARAMS_SIZE
/* Both streams' entries, which are longer than as many jacks'. */
#define MAX_RESPONSE (VIRTIO_SND_HDR_SIZE + SND_STREAMS * VIRTIO_SND_PCM_INFO_SIZE)

struct snd_request {
	uint8_t bytes[MAX_REQUEST];
	uint32_t len;  /* of them there */
	uint64_t room; /* bytes of the response that the driver takes */
	uint8_t response[MAX_RESPONSE];
	uint32_t response_len;
};

typedef enum virtio_snd_status (*snd_handler)(struct virtio_snd *snd, struct snd_request *r);

/* Adds an entry to the response if the driver has room for the whole of it. */
static bool respond(struct snd_request *r, const uint8_t *entry, uint32_t len)
{
	if (len > r->room - r->response_len)
		return false;
	memcpy(r->response + r->response_len, entry, len);
	r->response_len += len;
	return true;
}

/* A request for entries @start to @start + @count - 1 of @n, each of @size bytes. */
static enum virtio_snd_status
query(const struct virtio_snd *snd, struct snd_request *r, uint32_t n, uint32_t size,
      void (*fill)(const struct virtio_snd *snd, uint32_t id, uint8_t *entry))
{
	uint32_t start, count;
	uint8_t entry[VIRTIO_SND_PCM_INFO_SIZE];

	if (r->len < (snd->dialect_virtio ? VIRTIO_SND_QUERY_SIZE : VIRTIO_SND_QUERY_SIZE_V1))
		return VIRTIO_SND_S_BAD_MSG;
	if (snd->dialect_virtio && ld_le32(r->bytes + 12) != size)
		return VIRTIO_SND_S_BAD_MSG;
	start = ld_le32(r->bytes + 4);
	count = ld_le32(r->bytes + 8);
	for (uint32_t id = start; id < n && id - start < count; id++) {
		fill(snd, id, entry);
		if (!respond(r, entry, size))
			break;
	}
	return VIRTIO_SND_S_OK;
}

static void fill_jack(const struct virtio_snd *snd, uint32_t id, uint8_t *entry)
{
	bool speaker = id == 0;

	memset(entry, 0, VIRTIO_SND_JACK_INFO_SIZE);
	st_le32(entry + 8, speaker ? HDA_DEFCONF_SPEAKER : HDA_DEFCONF_MICROPHONE);
	st_le32(entry + 12, HDA_PINCAP_PRESENCE | (speaker ? HDA_PINCAP_OUT : HDA_PINCAP_IN));
	entry[16] = snd->jack_connected[id];
}

static enum virtio_snd_status jack_info(struct virtio_snd *snd, struct snd_request *r)
{
	if (!(snd->properties & VIRTIO_SND_JACKS))
		return VIRTIO_SND_S_NOT_SUPP;
	return query(snd, r, SND_JACKS, VIRTIO_SND_JACK_INFO_SIZE, fill_jack);
}

static enum virtio_snd_status pcm_info(struct virtio_snd *snd, struct snd_request *r)
{
	return query(snd, r, SND_STREAMS, VIRTIO_SND_PCM_INFO_SIZE, snd_pcm_info);
}

/* The stream that a request of at least @len bytes is about, or NULL. */
static struct snd_stream *stream_of(struct virtio_snd *snd, const struct snd_request *r,
				    uint32_t len)
{
	uint32_t id = r->len < len ? SND_STREAMS : ld_le32(r->bytes + 4);

	return id < SND_STREAMS ? &snd->streams[id] : NULL;
}

static enum virtio_snd_status pcm_set_params(struct virtio_snd *snd, struct snd_request *r)
{
	struct snd_stream *s = stream_of(snd, r, VIRTIO_SND_PCM_PARAMS_SIZE);
	enum virtio_snd_status status;

	if (!s)
		return VIRTIO_SND_S_BAD_MSG;
	status = snd_pcm_params(snd, s, r->bytes);
	if (status == VIRTIO_SND_S_OK)
		snd_stream_command(snd, s, SND_SET_PARAMS);
	return status;
}

static enum virtio_snd_status command(struct virtio_snd *snd, const struct snd_request *r,
				      enum snd_command cmd)
{
	struct snd_stream *s = stream_of(snd, r, VIRTIO_SND_PCM_HDR_SIZE);

	if (!s)
		return VIRTIO_SND_S_BAD_MSG;
	if (!snd_stream_allows(snd, s, cmd))
		return VIRTIO_SND_S_IO_ERR;
	snd_stream_command(snd, s, cmd);
	return VIRTIO_SND_S_OK;
}

static enum virtio_snd_status pcm_prepare(struct virtio_snd *snd, struct snd_request *r)
{
	return command(snd, r, SND_PREPARE);
}

static enum virtio_snd_status pcm_release(struct virtio_snd *snd, struct snd_request *r)
{
	return command(snd, r, SND_RELEASE);
}

static enum virtio_snd_status pcm_start(struct virtio_snd *snd, struct snd_request *r)
{
	return command(snd, r, SND_START);
}

static enum virtio_snd_status pcm_stop(struct virtio_snd *snd, struct snd_request *r)
{
	return command(snd, r, SND_STOP);
}

/* What is not here is NOT_SUPP: JACK_REMAP and CHMAP_INFO too, as no jack can be remapped and
 * config promises no channel maps. */
static const struct snd_code {
	uint32_t code;
	snd_handler handle;
} codes[] = {
	{VIRTIO_SND_R_JACK_INFO, jack_info},
	{VIRTIO_SND_R_PCM_INFO, pcm_info},
	{VIRTIO_SND_R_PCM_SET_PARAMS, pcm_set_params},
	{VIRTIO_SND_R_PCM_PREPARE, pcm_prepare},
	{VIRTIO_SND_R_PCM_RELEASE, pcm_release},
	{VIRTIO_SND_R_PCM_START, pcm_start},
	{VIRTIO_SND_R_PCM_STOP, pcm_stop},
};

static enum virtio_snd_status handle(struct virtio_snd *snd, struct snd_request *r)
{
	uint32_t code;

	if (r->len < VIRTIO_SND_HDR_SIZE)
		return VIRTIO_SND_S_BAD_MSG;
	code = ld_le32(r->bytes);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].code == code)
			return codes[i].handle(snd, r);
	return VIRTIO_SND_S_NOT_SUPP;
}

/* Copies the request out; what of it lies outside RAM makes it one that is too short. */
static void read_request(const struct virtio_snd *snd, const struct virtq_chain *chain,
			 const struct snd_parts *parts, struct snd_request *r)
{
	uint32_t len = parts->readable < MAX_REQUEST ? (uint32_t)parts->readable : MAX_REQUEST;

	r->room = parts->writable;
	r->response_len = VIRTIO_SND_HDR_SIZE;
	r->len = virtq_segs_read(snd->vd.mem, chain->segs, parts->n_readable, 0, r->bytes, len) < 0
			 ? 0
			 : len;
}

/* Answers the request in @chain; the number of bytes written. */
static uint32_t answer(struct virtio_snd *snd, struct virtq_chain *chain)
{
	struct snd_request r = {0};
	enum virtio_snd_status status = VIRTIO_SND_S_BAD_MSG;
	struct snd_parts parts;

	snd->control_requests++;
	snd_chain_split(chain, &parts);
	/* Nothing is done of which nothing could be said. */
	if (parts.writable < VIRTIO_SND_HDR_SIZE) {
		snd->control_errors++;
		return 0;
	}
	read_request(snd, chain, &parts, &r);
	if (!parts.mixed)
		status = handle(snd, &r);
	if (status != VIRTIO_SND_S_OK) {
		snd->control_errors++;
		r.response_len = VIRTIO_SND_HDR_SIZE;
	}
	st_le32(r.response, snd_wire_status(snd, status));
	return snd_segs_put(snd, chain->segs + parts.n_readable, chain->n - parts.n_readable,
			    r.response, r.response_len);
}

bool snd_control_serve(struct virtio_snd *snd)
{
	struct virtq *vq = &snd->vd.queues[VIRTIO_SND_VQ_CONTROL];
	unsigned int budget = vq->size;

	/* What was due before a command is played or recorded before it. This leaves the lock; the
	 * commands do not. */
	for (uint32_t i = 0; i < SND_STREAMS; i++) {
		struct snd_stream *s = &snd->streams[i];

		if (snd_stream_run(snd, s))
			snd->vd.transport->rearm(snd->vd.transport_owner, s->q);
		s->answers = snd->vd.queues[s->q].size;
	}
	while (snd_may_dma(snd) && virtq_pop(vq, &snd->chain, &budget)) {
		uint32_t written = answer(snd, &snd->chain);

		virtq_complete(vq, snd->chain.head, snd->chain.generation, written);
	}
	virtio_queue_done(&snd->vd, VIRTIO_SND_VQ_CONTROL);
	return virtq_has_more(vq);
}
