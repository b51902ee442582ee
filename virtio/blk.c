/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/blk.h"

#include "virtio/blk_internal.h"
#include "vmm/core/le.h"
#include "vmm/core/log.h"
#include "vmm/core/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLK_QUEUE_SIZE 128U
#define BLK_IN_FLIGHT  (8U << 20) /* data in flight at which popping pauses */
#define BLK_KEEP_BUFFER                                                                            \
	(4U << 10) /* a slot keeps a buffer up to this size for its next request                   \
		    */
#define BLK_CONFIG_SIZE 0x18U

static const struct field blk_fields[] = {
	FIELD_COUNT(struct virtio_blk, read_requests),
	FIELD_COUNT(struct virtio_blk, read_now_requests),
	FIELD_COUNT(struct virtio_blk, write_requests),
	FIELD_COUNT(struct virtio_blk, flush_requests),
	FIELD_COUNT(struct virtio_blk, other_requests),
	FIELD_COUNT(struct virtio_blk, read_bytes),
	FIELD_COUNT(struct virtio_blk, write_bytes),
	FIELD_COUNT(struct virtio_blk, failed_requests),
	FIELD_COUNT(struct virtio_blk, retried_requests),
};

static const uint16_t blk_queue_sizes[] = {BLK_QUEUE_SIZE};

static struct virtio_blk *to_blk(struct virtio_device *vd)
{
	return (struct virtio_blk *)vd;
}

static uint64_t blk_features(const struct virtio_device *vd)
{
	const struct virtio_blk *blk = (const struct virtio_blk *)vd;
	uint64_t features = VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_FLUSH;

	return blk->backend->read_only ? features | VIRTIO_BLK_F_RO : features;
}

static void blk_config_read(const struct virtio_device *vd, uint32_t offset, void *buf,
			    uint32_t len)
{
	const struct virtio_blk *blk = (const struct virtio_blk *)vd;
	uint8_t config[BLK_CONFIG_SIZE] = {0};

	st_le64(config + 0x00, blk->size / BLOCK_SECTOR);
	st_le32(config + 0x0c, BLK_SEG_MAX);
	st_le32(config + 0x14, blk->block_size);
	virtio_config_copy(config, sizeof(config), offset, buf, len);
}

/* Writes the status byte and returns the chain. */
static void finish(struct virtio_blk *blk, uint16_t head, uint32_t generation, gpa_t status_addr,
		   uint8_t status)
{
	if (status != VIRTIO_BLK_S_OK)
		blk->failed_requests++;
	/* A status byte outside RAM was refused before the request was started. */
	if (guest_mem_write(blk->vd.mem, status_addr, &status, 1) == 0)
		virtq_complete(&blk->vd.queues[0], head, generation, 0);
}

static void slot_release(struct virtio_blk *blk, struct blk_request *r)
{
	blk->bytes_in_flight -= r->io.len;
	if (r->type == VIRTIO_BLK_T_OUT) {
		blk->writes_in_flight--;
		if (r->generation != blk->generation)
			blk->stale_writes--;
	}
	if (r->buffer_size > BLK_KEEP_BUFFER) {
		free(r->io.buf);
		r->io.buf = NULL;
		r->buffer_size = 0;
	}
	r->next = blk->free_slots;
	blk->free_slots = r;
	r->busy = false;
}

static void blk_publish(void *arg)
{
	struct virtio_blk *blk = arg;

	device_lock(&blk->vd.dev);
	virtio_queue_done(&blk->vd, 0);
	device_unlock(&blk->vd.dev);
}

void blk_return_request(struct virtio_blk *blk, struct blk_request *r, int result)
{
	const struct virtq *vq = &blk->vd.queues[0];

	if (r->generation == vq->generation) {
		if (result == 0 && r->type == VIRTIO_BLK_T_IN && !r->no_data)
			result = virtq_segs_write(blk->vd.mem, r->data, r->n_data, 0, r->io.buf,
						  r->io.len);
		if (result < 0)
			log_debug("%s: request type %u failed: %s", blk->vd.dev.id, r->type,
				  strerror(-result));
		finish(blk, r->head, r->generation, r->status_addr,
		       (uint8_t)(result < 0 ? VIRTIO_BLK_S_IOERR : VIRTIO_BLK_S_OK));
	}
	slot_release(blk, r);
}

/* What is to become of a request that the backend failed with @result. */
static enum virtio_blk_on_error action_for(const struct virtio_blk *blk, bool write, int result)
{
	enum virtio_blk_on_error action = write ? blk->on_write_error : blk->on_read_error;

	if (action != VIRTIO_BLK_ENOSPC)
		return action;
	return result == -ENOSPC ? VIRTIO_BLK_STOP : VIRTIO_BLK_REPORT;
}

/* Requests come back in any order; they are kept in that of their start. */
static void hold_stopped(struct virtio_blk *blk, struct blk_request *r)
{
	struct blk_request **at = &blk->stopped;

	while (*at && (*at)->sequence < r->sequence)
		at = &(*at)->next;
	r->next = *at;
	*at = r;
}

/* Tells who wants to know, and says what is to be done. A request of before a reset concerns nobody
 * any more. The lock is left for the call, so the queue may be reset meanwhile. */
static enum virtio_blk_on_error judge_failure(struct virtio_blk *blk, const struct blk_request *r,
					      int result)
{
	bool write = r->type != VIRTIO_BLK_T_IN;
	enum virtio_blk_on_error action = action_for(blk, write, result);

	if (!blk->error || r->generation != blk->vd.queues[0].generation)
		return action;
	device_unlock(&blk->vd.dev);
	blk->error(blk->error_arg, &blk->vd, write, result, action, action == VIRTIO_BLK_STOP);
	device_lock(&blk->vd.dev);
	return action;
}

/* A backend request is done: on the loop's thread, with no lock held. */
static void blk_done(struct block_request *io, int result)
{
	struct blk_request *r = (struct blk_request *)io;
	struct virtio_blk *blk = r->blk;
	const struct virtio_transport_ops *transport = blk->vd.transport;
	enum virtio_blk_on_error action = VIRTIO_BLK_REPORT;
	bool current;

	device_lock(&blk->vd.dev);
	TRACE3(blk_done, blk->vd.dev.id, r->type, result);
	if (result < 0)
		action = judge_failure(blk, r, result);
	if (action == VIRTIO_BLK_IGNORE) {
		r->no_data = true;
		result = 0;
	}
	current = r->generation == blk->vd.queues[0].generation;
	if (current && action == VIRTIO_BLK_STOP) {
		hold_stopped(blk, r);
	} else if (current && !transport->may_dma(blk->vd.transport_owner)) {
		r->result = result;
		r->next = blk->held;
		blk->held = r;
		transport->rearm(blk->vd.transport_owner, 0);
	} else {
		blk_return_request(blk, r, result);
		loop_defer(blk->loop, &blk->publish);
	}
	if (blk->starved && !blk->stopped) {
		blk->starved = false;
		transport->rearm(blk->vd.transport_owner, 0);
	}
	device_unlock(&blk->vd.dev);
}

/* virtio reset: what waits for the machine to go on is not wanted any more. */
static void blk_reset(struct virtio_device *vd)
{
	struct virtio_blk *blk = to_blk(vd);

	while (blk->stopped) {
		struct blk_request *r = blk->stopped;

		blk->stopped = r->next;
		slot_release(blk, r);
	}
}

static void return_held(struct virtio_blk *blk)
{
	while (blk->held) {
		struct blk_request *r = blk->held;

		blk->held = r->next;
		blk_return_request(blk, r, r->result);
	}
}

static int slot_buffer(struct blk_request *r, size_t len)
{
	if (len <= r->buffer_size)
		return 0;
	free(r->io.buf);
	r->buffer_size = 0;
	r->io.buf = malloc(len < BLK_KEEP_BUFFER ? BLK_KEEP_BUFFER : len);
	if (!r->io.buf)
		return -ENOMEM;
	r->buffer_size = len < BLK_KEEP_BUFFER ? BLK_KEEP_BUFFER : len;
	return 0;
}

void blk_submit_request(struct virtio_blk *blk, struct blk_request *r)
{
	int rc = slot_buffer(r, r->io.len);

	if (rc == 0 && r->type == VIRTIO_BLK_T_OUT)
		rc = virtq_segs_read(blk->vd.mem, r->data, r->n_data, 0, r->io.buf, r->io.len);
	if (rc == 0)
		block_submit(blk->backend, &r->io);
	else
		blk_return_request(blk, r, rc);
}

/* Takes a slot for a checked request and starts it: one that reads at once, if it can. */
static void start(struct virtio_blk *blk, const struct virtq_chain *chain,
		  const struct blk_parsed *p)
{
	struct blk_request *r = blk->free_slots;
	size_t len = p->type == VIRTIO_BLK_T_FLUSH ? 0 : (size_t)p->bytes;

	blk->free_slots = r->next;
	r->busy = true;
	r->no_data = false;
	r->sequence = blk->sequence++;
	blk->bytes_in_flight += len;
	r->type = p->type;
	r->head = chain->head;
	r->generation = chain->generation;
	r->status_addr = p->status_addr;
	r->n_data = p->n_data;
	memcpy(r->data, p->data, p->n_data * sizeof(p->data[0]));
	r->io.op = p->type == VIRTIO_BLK_T_IN	 ? BLOCK_READ
		   : p->type == VIRTIO_BLK_T_OUT ? BLOCK_WRITE
						 : BLOCK_FLUSH;
	r->io.offset = len ? p->sector * BLOCK_SECTOR : 0;
	r->io.len = len;
	r->io.done = blk_done;
	blk->writes_in_flight += p->type == VIRTIO_BLK_T_OUT;
	if (p->type != VIRTIO_BLK_T_IN || !blk_now_add(blk, r))
		blk_submit_request(blk, r);
}

static uint8_t get_id(const struct virtio_blk *blk, const struct blk_parsed *p)
{
	size_t len = p->bytes < VIRTIO_BLK_ID_BYTES ? (size_t)p->bytes : VIRTIO_BLK_ID_BYTES;

	if (!blk->has_serial)
		return VIRTIO_BLK_S_UNSUPP;
	if (p->readable_data || p->too_many ||
	    virtq_segs_write(blk->vd.mem, p->data, p->n_data, 0, blk->serial, len) < 0)
		return VIRTIO_BLK_S_IOERR;
	return VIRTIO_BLK_S_OK;
}

static void count(struct virtio_blk *blk, const struct blk_parsed *p)
{
	switch (p->type) {
	case VIRTIO_BLK_T_IN:
		blk->read_requests++;
		blk->read_bytes += p->bytes;
		break;
	case VIRTIO_BLK_T_OUT:
		blk->write_requests++;
		blk->write_bytes += p->bytes;
		break;
	case VIRTIO_BLK_T_FLUSH:
		blk->flush_requests++;
		break;
	default:
		blk->other_requests++;
	}
}

/* Starts the request in @chain, or finishes it at once. */
static void handle(struct virtio_blk *blk, const struct virtq_chain *chain)
{
	const struct virtq_seg *last = &chain->segs[chain->n - 1];
	struct blk_parsed p = {.status_addr = last->addr};
	uint8_t status = VIRTIO_BLK_S_IOERR;

	if (!last->writable || last->len == 0 || !guest_mem_contains(blk->vd.mem, last->addr, 1)) {
		virtq_complete(&blk->vd.queues[0], chain->head, chain->generation, 0);
		blk->failed_requests++;
		return;
	}
	if (blk_chain_parse(blk->vd.mem, chain, &p) == 0) {
		count(blk, &p);
		switch (p.type) {
		case VIRTIO_BLK_T_IN:
		case VIRTIO_BLK_T_OUT:
			if (!blk_chain_allowed(&p, blk->vd.mem, blk->size, blk->backend->read_only))
				break;
			start(blk, chain, &p);
			return;
		case VIRTIO_BLK_T_FLUSH:
			/* Data descriptors, if any, are left alone (BLK-15). */
			p.n_data = 0;
			start(blk, chain, &p);
			return;
		case VIRTIO_BLK_T_GET_ID:
			status = get_id(blk, &p);
			break;
		default:
			status = VIRTIO_BLK_S_UNSUPP;
		}
	}
	finish(blk, chain->head, chain->generation, p.status_addr, status);
}

/*
 * After a reset nothing is started before the writes of the time before it have landed: one that
 * came late would overwrite what the driver, or the next guest, wrote to the same place since.
 */
static void note_generation(struct virtio_blk *blk, uint32_t generation)
{
	if (blk->generation == generation)
		return;
	blk->generation = generation;
	blk->stale_writes = blk->writes_in_flight;
}

static bool blk_serve(struct virtio_device *vd, uint16_t q)
{
	struct virtio_blk *blk = to_blk(vd);
	struct virtq *vq = &vd->queues[q];
	unsigned int budget = vq->size;

	note_generation(blk, vq->generation);
	return_held(blk);
	blk->now.bytes = 0;
	while (blk->now.bytes < BLK_NOW_BYTES) {
		blk->starved = blk->stale_writes || blk->stopped || !blk->free_slots ||
			       blk->bytes_in_flight >= BLK_IN_FLIGHT;
		if (blk->starved || !virtq_pop(vq, &blk->chain, &budget))
			break;
		handle(blk, &blk->chain);
	}
	blk_now_run(blk);
	/* The backend may complete inside the kick, and a completion takes the lock itself. */
	device_unlock(&vd->dev);
	block_kick(blk->backend);
	device_lock(&vd->dev);
	virtio_queue_done(vd, q);
	return !blk->starved && virtq_has_more(vq);
}

static void blk_destroy(struct device *dev)
{
	struct virtio_blk *blk = (struct virtio_blk *)dev;

	/* Nobody is there to be told any more. What fails now is held in vain. */
	blk->error = NULL;
	/* Completes what is in flight, while transport and slots still stand. */
	block_destroy(blk->backend);
	loop_undefer(blk->loop, &blk->publish);
	virtio_device_fini(&blk->vd);
	for (uint32_t i = 0; blk->slots && i < BLK_QUEUE_SIZE; i++)
		free(blk->slots[i].io.buf);
	free(blk->slots);
	virtq_chain_fini(&blk->chain);
	free(blk);
}

static const struct virtio_device_ops blk_ops = {
	.device =
		{
			.name = "virtio-blk",
			.reset = virtio_device_reset,
			.destroy = blk_destroy,
			.fields = blk_fields,
			.n_fields = sizeof(blk_fields) / sizeof(blk_fields[0]),
		},
	.id = VIRTIO_ID_BLOCK,
	.queue_sizes = blk_queue_sizes,
	.n_queues = 1,
	.features = blk_features,
	.config_read = blk_config_read,
	.serve = blk_serve,
	.reset = blk_reset,
};

static int blk_init(struct virtio_blk *blk, const struct virtio_blk_config *config)
{
	blk->block_size = config->block_size ? config->block_size : BLOCK_SECTOR;
	blk->has_serial = config->serial;
	blk->on_read_error = config->on_read_error;
	blk->on_write_error = config->on_write_error;
	blk->error = config->error;
	blk->error_arg = config->error_arg;
	if (config->serial) /* GET_ID pads with zeros and needs no terminator */
		memcpy(blk->serial, config->serial, strnlen(config->serial, sizeof(blk->serial)));
	blk->slots = calloc(BLK_QUEUE_SIZE, sizeof(*blk->slots));
	if (!blk->slots || virtq_chain_init(&blk->chain, &blk->vd.queues[0]) < 0)
		return -ENOMEM;
	for (uint32_t i = BLK_QUEUE_SIZE; i-- > 0;) {
		blk->slots[i].blk = blk;
		blk->slots[i].next = blk->free_slots;
		blk->free_slots = &blk->slots[i];
	}
	return 0;
}

struct virtio_device *virtio_blk_create(const struct virtio_blk_config *config, struct err *err)
{
	struct virtio_blk *blk = calloc(1, sizeof(*blk));

	if (!blk || virtio_device_init(&blk->vd, &blk_ops, config->id, config->mem) < 0) {
		err_set(err, -ENOMEM, "%s: out of memory", config->id);
		block_destroy(config->backend);
		free(blk);
		return NULL;
	}
	blk->backend = config->backend;
	blk->size = config->backend->size;
	blk->now.possible = block_has_read_now(config->backend);
	blk->loop = config->loop;
	blk->publish = (struct loop_deferred){.fn = blk_publish, .arg = blk};
	if (blk_init(blk, config) < 0) {
		err_set(err, -ENOMEM, "%s: out of memory", config->id);
		blk_destroy(&blk->vd.dev);
		return NULL;
	}
	return &blk->vd;
}

static bool in_flight_beyond(const struct virtio_blk *blk, uint64_t size)
{
	for (uint32_t i = 0; i < BLK_QUEUE_SIZE; i++) {
		const struct blk_request *r = &blk->slots[i];

		if (r->busy && r->io.offset + r->io.len > size)
			return true;
	}
	return false;
}

int virtio_blk_resize(struct virtio_device *vd, uint64_t size, struct err *err)
{
	struct virtio_blk *blk = to_blk(vd);
	bool busy;
	int rc;

	size -= size % BLOCK_SECTOR;
	if (size == 0)
		return err_set(err, -EINVAL, "%s: size must be at least %u bytes", vd->dev.id,
			       BLOCK_SECTOR);
	/* Requests start on this thread only, so none comes between the check and the new size; the
	 * backend may take its time without the lock. */
	device_lock(&vd->dev);
	busy = size < blk->size && in_flight_beyond(blk, size);
	device_unlock(&vd->dev);
	if (busy)
		return err_set(err, -EBUSY, "%s: requests beyond the new end are in flight",
			       vd->dev.id);
	rc = block_resize(blk->backend, size, err);
	if (rc < 0)
		return rc;
	device_lock(&vd->dev);
	blk->size = blk->backend->size;
	virtio_config_changed(vd);
	device_unlock(&vd->dev);
	return 0;
}

void virtio_blk_retry(struct virtio_device *vd)
{
	struct virtio_blk *blk = to_blk(vd);
	struct blk_request *r;

	device_lock(&vd->dev);
	r = blk->stopped;
	blk->stopped = NULL;
	blk->starved = false;
	while (r) {
		struct blk_request *next = r->next;

		blk->retried_requests++;
		block_submit(blk->backend, &r->io);
		r = next;
	}
	device_unlock(&vd->dev);
	block_kick(blk->backend);
	/* For what waits in the queue, and for the answers that came within the kick. */
	device_lock(&vd->dev);
	vd->transport->rearm(vd->transport_owner, 0);
	device_unlock(&vd->dev);
}

uint64_t virtio_blk_size(struct virtio_device *vd)
{
	uint64_t size;

	device_lock(&vd->dev);
	size = to_blk(vd)->size;
	device_unlock(&vd->dev);
	return size;
}

bool virtio_blk_is(const struct device *dev)
{
	return dev->ops == &blk_ops.device;
}
