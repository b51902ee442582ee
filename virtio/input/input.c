/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/input/input.h"

#include "virtio/input/input_internal.h"
#include "vmm/core/le.h"
#include "vmm/core/trace.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdlib.h>

/*
 * The device: its two queues, and injection.
 *
 *   any thread   virtio_input_inject() -> input_queue -> rearm
 *   the loop     serve(eventq): one event a chain, while both are there
 *                serve(statusq): LEDs, each chain at once
 *
 * A chain is popped from the event queue only when an event is there for it, so buffers that were
 * posted before DRIVER_OK stay with the driver's ring until they are needed (INP-30).
 */

#define INPUT_QUEUE_SIZE 64U

/* Events looked at in a chain of the status queue; a driver sends at most six (INP-27). What comes
 * after them is ignored, so that no chain costs more than this. */
#define INPUT_STATUS_EVENTS 64U

struct virtio_input {
	struct virtio_device vd; /* first */
	struct input_config config;
	struct input_queue queue;
	struct virtq_chain chain; /* scratch for pop */
	uint32_t leds;
	/* Counters. */
	uint64_t sent_events, dropped_events, status_events, refused_buffers;
};

static const struct field input_fields[] = {
	FIELD(struct virtio_input, config.select),
	FIELD(struct virtio_input, config.subsel),
	FIELD(struct virtio_input, queue.n),
	FIELD(struct virtio_input, queue.keys_down),
	FIELD_ARRAY(struct virtio_input, queue.down),
	FIELD(struct virtio_input, leds),
	FIELD_COUNT(struct virtio_input, sent_events),
	FIELD_COUNT(struct virtio_input, dropped_events),
	FIELD_COUNT(struct virtio_input, status_events),
	FIELD_COUNT(struct virtio_input, refused_buffers),
};

static const uint16_t input_queue_sizes[] = {INPUT_QUEUE_SIZE, INPUT_QUEUE_SIZE};

static struct virtio_input *to_input(struct virtio_device *vd)
{
	return (struct virtio_input *)vd;
}

static uint64_t input_features(const struct virtio_device *vd)
{
	(void)vd;
	return 0;
}

static void input_config_read(const struct virtio_device *vd, uint32_t offset, void *buf,
			      uint32_t len)
{
	input_config_get(&((const struct virtio_input *)vd)->config, offset, buf, len);
}

static void input_config_write(struct virtio_device *vd, uint32_t offset, const void *buf,
			       uint32_t len)
{
	input_config_set(&to_input(vd)->config, offset, buf, len);
}

/* Keeps the segments of @chain of one direction that hold something, at most @max bytes of them;
 * how many bytes. */
static uint32_t keep_direction(struct virtq_chain *chain, bool writable, uint32_t max)
{
	uint32_t bytes = 0;
	uint32_t n = 0;

	for (uint32_t i = 0; i < chain->n && bytes < max; i++) {
		struct virtq_seg seg = chain->segs[i];

		if (seg.writable != writable || seg.len == 0)
			continue;
		if (seg.len > max - bytes)
			seg.len = max - bytes;
		bytes += seg.len;
		chain->segs[n++] = seg;
	}
	chain->n = n;
	return bytes;
}

/* Writes @event into @chain: whole, or not at all. False when there is no room for it in RAM. */
static bool fill_buffer(const struct virtio_input *in, struct virtq_chain *chain,
			const struct virtio_input_event *event)
{
	uint8_t bytes[VIRTIO_INPUT_EVENT_BYTES];

	if (keep_direction(chain, true, sizeof(bytes)) < sizeof(bytes))
		return false;
	for (uint32_t i = 0; i < chain->n; i++)
		if (!guest_mem_contains(in->vd.mem, chain->segs[i].addr, chain->segs[i].len))
			return false;
	st_le16(bytes, event->type);
	st_le16(bytes + 2, event->code);
	st_le32(bytes + 4, (uint32_t)event->value);
	return virtq_segs_write(in->vd.mem, chain->segs, chain->n, 0, bytes, sizeof(bytes)) == 0;
}

/* Gives events to buffers. A buffer too small comes back empty, and the event waits for the next
 * (INP-23). True when there is more to do. */
static bool serve_events(struct virtio_input *in)
{
	struct virtq *vq = &in->vd.queues[VIRTIO_INPUT_EVENTQ];
	const struct virtio_input_event *event;
	unsigned int budget = vq->size;

	while (in->vd.driver_ok && (event = input_queue_first(&in->queue)) &&
	       virtq_pop(vq, &in->chain, &budget)) {
		bool given = fill_buffer(in, &in->chain, event);

		virtq_complete(vq, in->chain.head, in->chain.generation,
			       given ? VIRTIO_INPUT_EVENT_BYTES : 0);
		if (given) {
			input_queue_pop(&in->queue);
			counter_add(&in->sent_events, 1);
		} else {
			counter_add(&in->refused_buffers, 1);
		}
	}
	return in->vd.driver_ok && in->queue.n && virtq_has_more(vq);
}

/* One event from the guest: a lamp that the device has goes on or off, all else is ignored. */
static void take_status(struct virtio_input *in, const uint8_t *bytes)
{
	uint16_t code = ld_le16(bytes + 2);
	uint32_t value = ld_le32(bytes + 4);

	counter_add(&in->status_events, 1);
	if (ld_le16(bytes) != EV_LED || value > 1 ||
	    !input_bitmap_has(input_config_codes(&in->config, EV_LED), code))
		return;
	in->leds = (in->leds & ~(1U << code)) | value << code;
}

/* Every chain comes back at once, whatever it holds (INP-26); nothing is ever written (INP-29). */
static bool serve_status(struct virtio_input *in)
{
	uint8_t bytes[INPUT_STATUS_EVENTS * VIRTIO_INPUT_EVENT_BYTES];
	struct virtq *vq = &in->vd.queues[VIRTIO_INPUT_STATUSQ];
	unsigned int budget = vq->size;

	while (virtq_pop(vq, &in->chain, &budget)) {
		uint32_t n = keep_direction(&in->chain, false, sizeof(bytes));

		n -= n % VIRTIO_INPUT_EVENT_BYTES;
		if (virtq_segs_read(in->vd.mem, in->chain.segs, in->chain.n, 0, bytes, n) < 0)
			n = 0;
		for (uint32_t at = 0; at < n; at += VIRTIO_INPUT_EVENT_BYTES)
			take_status(in, bytes + at);
		virtq_complete(vq, in->chain.head, in->chain.generation, 0);
	}
	return virtq_has_more(vq);
}

static bool input_serve(struct virtio_device *vd, uint16_t q)
{
	struct virtio_input *in = to_input(vd);
	bool more = q == VIRTIO_INPUT_EVENTQ ? serve_events(in) : serve_status(in);

	virtio_queue_done(vd, q);
	return more;
}

static void input_reset(struct virtio_device *vd)
{
	struct virtio_input *in = to_input(vd);

	in->config.select = 0;
	in->config.subsel = 0;
	in->leds = 0;
	input_queue_clear(&in->queue);
}

static void input_destroy(struct device *dev)
{
	struct virtio_input *in = (struct virtio_input *)dev;

	virtio_device_fini(&in->vd);
	virtq_chain_fini(&in->chain);
	free(in);
}

static const struct virtio_device_ops input_ops = {
	.device =
		{
			.name = "virtio-input",
			.reset = virtio_device_reset,
			.destroy = input_destroy,
			.fields = input_fields,
			.n_fields = sizeof(input_fields) / sizeof(input_fields[0]),
		},
	.id = VIRTIO_ID_INPUT,
	.queue_sizes = input_queue_sizes,
	.n_queues = 2,
	.features = input_features,
	.config_read = input_config_read,
	.config_write = input_config_write,
	.serve = input_serve,
	.reset = input_reset,
};

struct virtio_device *virtio_input_create(const struct virtio_input_config *config, struct err *err)
{
	struct virtio_input *in = calloc(1, sizeof(*in));

	if (!in || virtio_device_init(&in->vd, &input_ops, config->id, config->mem) < 0) {
		err_set(err, -ENOMEM, "%s: out of memory", config->id);
		free(in);
		return NULL;
	}
	input_config_init(&in->config, config->kind, config->qemu_names);
	if (virtq_chain_init(&in->chain, &in->vd.queues[VIRTIO_INPUT_EVENTQ]) < 0) {
		err_set(err, -ENOMEM, "%s: out of memory", config->id);
		input_destroy(&in->vd.dev);
		return NULL;
	}
	return &in->vd;
}

/* What may be sent of a type, besides that its code is advertised. */
static const struct {
	uint16_t type;
	int32_t min, max;
} sendable[] = {
	{EV_KEY, 0, 1}, /* no auto-repeat (INP-18) */
	{EV_REL, INT32_MIN, INT32_MAX},
	{EV_ABS, INPUT_ABS_MIN, INPUT_ABS_MAX},
};

static int check_event(const struct virtio_input *in, const struct virtio_input_event *event,
		       struct err *err)
{
	const char *id = in->vd.dev.id;
	size_t i = 0;

	while (i < sizeof(sendable) / sizeof(sendable[0]) && sendable[i].type != event->type)
		i++;
	if (i == sizeof(sendable) / sizeof(sendable[0]))
		return err_set(err, -EINVAL,
			       "%s: event type %u cannot be injected; EV_KEY (1), EV_REL (2) and "
			       "EV_ABS (3) can",
			       id, event->type);
	if (!input_bitmap_has(input_config_codes(&in->config, event->type), event->code))
		return err_set(err, -EINVAL, "%s: a %s has no code %u of event type %u", id,
			       input_kind_name(in->config.kind), event->code, event->type);
	if (event->value < sendable[i].min || event->value > sendable[i].max)
		return err_set(err, -EINVAL, "%s: value %d of code %u, must be %d to %d", id,
			       event->value, event->code, sendable[i].min, sendable[i].max);
	return 0;
}

static int check_batch(const struct virtio_input *in, const struct virtio_input_event *events,
		       size_t n, struct err *err)
{
	const char *id = in->vd.dev.id;

	if (n < 1 || n > VIRTIO_INPUT_BATCH_MAX - 1)
		return err_set(err, -EINVAL, "%s: a batch of %zu events, must be 1 to %u", id, n,
			       VIRTIO_INPUT_BATCH_MAX - 1);
	for (size_t i = 0; i < n; i++) {
		int rc = check_event(in, &events[i], err);

		if (rc < 0)
			return rc;
	}
	if (!in->vd.driver_ok)
		return err_set(err, -EAGAIN, "%s: no driver of the guest listens yet", id);
	if (!input_queue_fits(&in->queue, events, n))
		return err_set(err, -ENOSPC,
			       "%s: %u events wait already, the guest does not take them", id,
			       in->queue.n);
	return 0;
}

int virtio_input_check(struct virtio_device *vd, const struct virtio_input_event *events, size_t n,
		       struct err *err)
{
	int rc;

	device_lock(&vd->dev);
	rc = check_batch(to_input(vd), events, n, err);
	device_unlock(&vd->dev);
	return rc;
}

int virtio_input_inject(struct virtio_device *vd, const struct virtio_input_event *events, size_t n,
			struct err *err)
{
	struct virtio_input *in = to_input(vd);
	int rc;

	device_lock(&vd->dev);
	rc = check_batch(in, events, n, err);
	TRACE3(input_inject, vd->dev.id, n, rc);
	if (rc == 0) {
		input_queue_put(&in->queue, events, n);
		vd->transport->rearm(vd->transport_owner, VIRTIO_INPUT_EVENTQ);
	} else if (rc == -ENOSPC) {
		counter_add(&in->dropped_events, n + 1);
	}
	device_unlock(&vd->dev);
	return rc;
}

const uint8_t *virtio_input_codes(const struct virtio_device *vd, uint16_t type, size_t *n)
{
	const struct input_bitmap *map =
		input_config_codes(&((const struct virtio_input *)vd)->config, type);

	*n = map->n;
	return map->bytes;
}

struct virtio_input_state virtio_input_state(struct virtio_device *vd)
{
	const struct virtio_input *in = to_input(vd);
	struct virtio_input_state state;

	device_lock(&vd->dev);
	state = (struct virtio_input_state){
		.leds = in->leds,
		.keys_down = in->queue.keys_down,
		.waiting = in->queue.n,
		.sent = in->sent_events,
		.dropped = in->dropped_events,
		.status_events = in->status_events,
	};
	device_unlock(&vd->dev);
	return state;
}

enum virtio_input_kind virtio_input_kind(const struct virtio_device *vd)
{
	return ((const struct virtio_input *)vd)->config.kind;
}

bool virtio_input_is(const struct device *dev)
{
	return dev->ops == &input_ops.device;
}
