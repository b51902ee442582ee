/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/snd/snd_internal.h"
#include "vmm/core/le.h"

/* Transfers: the chains of the transmit and receive queues (virtio 1.2, section 5.14.6.8; contract
 * SND-17 to -33). */

static uint32_t header_size(const struct virtio_snd *snd)
{
	return snd->dialect_virtio ? VIRTIO_SND_XFER_SIZE : VIRTIO_SND_XFER_SIZE_V1;
}

/* Zeroes what of the payload was not recorded; bytes of payload that the guest has then. */
static uint32_t zero_rest(const struct virtio_snd *snd, const struct snd_xfer *x)
{
	uint64_t end = x->payload < SND_MAX_PAYLOAD ? x->payload : SND_MAX_PAYLOAD;
	uint64_t done = x->done, at = 0;

	for (uint32_t i = 0; i < x->n_data && done < end; i++) {
		uint64_t off = done - at, len = x->data[i].len;

		if (off < len) {
			uint64_t part = len - off < end - done ? len - off : end - done;

			if (guest_mem_zero(snd->vd.mem, x->data[i].addr + off, part) < 0)
				break;
			done += part;
		}
		at += len;
	}
	return (uint32_t)done;
}

/* Completes the transfer: rest of the payload, status, used length. */
static void finish(struct virtio_snd *snd, struct snd_stream *s, enum virtio_snd_status status)
{
	bool input = s->id == VIRTIO_SND_D_INPUT;
	struct snd_xfer *x = &s->xfer;
	uint8_t bytes[VIRTIO_SND_PCM_STATUS_SIZE] = {0};
	uint32_t written = input ? zero_rest(snd, x) : 0;

	/* No latency: a frame that is taken from the guest is with the backend. */
	st_le32(bytes, snd_wire_status(snd, status));
	written += snd_segs_put(snd, x->status, x->n_status, bytes, sizeof(bytes));
	virtq_complete(&snd->vd.queues[s->q], x->chain.head, x->chain.generation, written);
	x->busy = false;
	if (status != VIRTIO_SND_S_OK)
		(*(input ? &snd->rx_errors : &snd->tx_errors))++;
	(*(input ? &snd->rx_transfers : &snd->tx_transfers))++;
}

/* The checks that both directions end with: stream, state, whole frames, RAM. */
static enum virtio_snd_status judge(const struct virtio_snd *snd, const struct snd_stream *s,
				    bool more_than_header)
{
	const struct snd_xfer *x = &s->xfer;
	uint32_t n = s->id == VIRTIO_SND_D_OUTPUT ? x->n_data : (uint32_t)(x->data - x->chain.segs);
	uint8_t header[VIRTIO_SND_XFER_SIZE];

	if (virtq_segs_read(snd->vd.mem, x->chain.segs, n, 0, header, sizeof(header)) < 0 ||
	    ld_le32(header) != s->id || more_than_header)
		return VIRTIO_SND_S_BAD_MSG;
	if (!snd_stream_takes(snd, s))
		return VIRTIO_SND_S_IO_ERR;
	if (x->payload % audio_frame_bytes(&s->format) != 0)
		return VIRTIO_SND_S_BAD_MSG;
	for (uint32_t i = 0; i < x->n_data; i++)
		if (!guest_mem_contains(snd->vd.mem, x->data[i].addr, x->data[i].len))
			return VIRTIO_SND_S_BAD_MSG;
	return VIRTIO_SND_S_OK;
}

static enum virtio_snd_status parse_output(const struct virtio_snd *snd, struct snd_stream *s)
{
	struct snd_xfer *x = &s->xfer;
	struct snd_parts parts;

	snd_chain_split(&x->chain, &parts);
	x->data = x->chain.segs;
	x->n_data = parts.n_readable;
	x->data_at = header_size(snd);
	x->payload = parts.readable > x->data_at ? parts.readable - x->data_at : 0;
	x->done = 0;
	x->status = x->chain.segs + parts.n_readable;
	x->n_status = x->chain.n - parts.n_readable;
	if (parts.mixed || x->payload > SND_MAX_PAYLOAD || parts.readable < x->data_at)
		return VIRTIO_SND_S_BAD_MSG;
	return judge(snd, s, false);
}

static enum virtio_snd_status parse_input(const struct virtio_snd *snd, struct snd_stream *s)
{
	struct snd_xfer *x = &s->xfer;
	struct snd_parts parts;
	uint32_t n_writable;

	snd_chain_split(&x->chain, &parts);
	n_writable = x->chain.n - parts.n_readable;
	x->data = x->chain.segs + parts.n_readable;
	x->n_data = n_writable ? n_writable - 1 : 0;
	x->data_at = 0;
	x->done = 0;
	x->status = x->data + x->n_data;
	x->n_status = n_writable ? 1 : 0;
	x->payload = n_writable ? parts.writable - x->status->len : 0;
	if (parts.mixed || n_writable < 2 || x->status->len < VIRTIO_SND_PCM_STATUS_SIZE ||
	    x->payload > SND_MAX_PAYLOAD || parts.readable < header_size(snd))
		return VIRTIO_SND_S_BAD_MSG;
	return judge(snd, s, parts.readable > header_size(snd));
}

bool snd_xfer_take(struct virtio_snd *snd, struct snd_stream *s, unsigned int *budget)
{
	struct virtq *vq = &snd->vd.queues[s->q];
	struct snd_xfer *x = &s->xfer;

	/* The queue was disabled meanwhile: the chain is the driver's again. */
	if (x->chain.generation != vq->generation)
		x->busy = false;
	if (!snd_may_dma(snd))
		return false;
	while (!x->busy && virtq_pop(vq, &x->chain, budget)) {
		enum virtio_snd_status status =
			s->id == VIRTIO_SND_D_OUTPUT ? parse_output(snd, s) : parse_input(snd, s);

		x->busy = status == VIRTIO_SND_S_OK && x->payload > 0;
		if (!x->busy)
			finish(snd, s, status);
	}
	return x->busy;
}

bool snd_xfer_move(struct virtio_snd *snd, struct snd_stream *s, void *buf, uint32_t len)
{
	bool input = s->id == VIRTIO_SND_D_INPUT;
	struct snd_xfer *x = &s->xfer;
	uint64_t at = x->data_at + x->done;
	int rc;

	rc = input ? virtq_segs_write(snd->vd.mem, x->data, x->n_data, at, buf, len)
		   : virtq_segs_read(snd->vd.mem, x->data, x->n_data, at, buf, len);
	if (rc < 0) {
		finish(snd, s, VIRTIO_SND_S_IO_ERR);
		return false;
	}
	x->done += len;
	counter_add(input ? &snd->rx_bytes : &snd->tx_bytes, len);
	if (x->done == x->payload)
		finish(snd, s, VIRTIO_SND_S_OK);
	return true;
}

void snd_xfer_abort(struct virtio_snd *snd, struct snd_stream *s)
{
	struct snd_xfer *x = &s->xfer;

	if (x->busy && x->chain.generation == snd->vd.queues[s->q].generation && snd_may_dma(snd))
		finish(snd, s, VIRTIO_SND_S_IO_ERR);
}
