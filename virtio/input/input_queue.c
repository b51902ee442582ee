/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/input/input_internal.h"

#include <linux/input-event-codes.h>
#include <string.h>

void input_queue_clear(struct input_queue *q)
{
	q->head = 0;
	q->n = 0;
	q->keys_down = 0;
	memset(q->down, 0, sizeof(q->down));
}

/* Applies the key events to @down; keys that are down afterwards, given that @count were before. */
static uint32_t keys_after(uint8_t *down, uint32_t count, const struct virtio_input_event *events,
			   size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t *byte = &down[events[i].code / 8];
		uint8_t bit = (uint8_t)(1U << events[i].code % 8);

		if (events[i].type != EV_KEY || !(*byte & bit) == !events[i].value)
			continue;
		*byte ^= bit;
		count = events[i].value ? count + 1 : count - 1;
	}
	return count;
}

bool input_queue_fits(const struct input_queue *q, const struct virtio_input_event *events,
		      size_t n)
{
	uint8_t down[INPUT_BITMAP_BYTES];
	size_t reserved;

	memcpy(down, q->down, sizeof(down));
	reserved = (size_t)INPUT_RELEASE_EVENTS * keys_after(down, q->keys_down, events, n);
	return n + 1 + reserved <= VIRTIO_INPUT_QUEUE_MAX - q->n;
}

static void put(struct input_queue *q, struct virtio_input_event event)
{
	q->events[(q->head + q->n) % VIRTIO_INPUT_QUEUE_MAX] = event;
	q->n++;
}

void input_queue_put(struct input_queue *q, const struct virtio_input_event *events, size_t n)
{
	static const struct virtio_input_event report = {EV_SYN, SYN_REPORT, 0};

	q->keys_down = keys_after(q->down, q->keys_down, events, n);
	for (size_t i = 0; i < n; i++)
		put(q, events[i]);
	put(q, report);
}

const struct virtio_input_event *input_queue_first(const struct input_queue *q)
{
	return q->n ? &q->events[q->head] : NULL;
}

void input_queue_pop(struct input_queue *q)
{
	q->head = (q->head + 1) % VIRTIO_INPUT_QUEUE_MAX;
	q->n--;
}
