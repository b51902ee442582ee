/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/guestdrv/gd_queue.h"

#include "vmm/core/le.h"

#include <stdatomic.h>

#define AVAIL_IDX  2U
#define AVAIL_RING 4U
#define USED_IDX   2U
#define USED_RING  4U
#define NOT_OURS   0xffffU /* in next[]: a raw chain, of which no books are kept */

uint64_t gd_desc_bytes(uint16_t size)
{
	return 16ULL * size;
}

uint64_t gd_avail_bytes(uint16_t size)
{
	return AVAIL_RING + 2ULL * size;
}

uint64_t gd_used_bytes(uint16_t size)
{
	return USED_RING + 8ULL * size;
}

static void forget(struct gd_queue *q)
{
	q->avail_idx = 0;
	q->published = 0;
	q->used_seen = 0;
	q->n_free = q->size;
	for (uint16_t i = 0; i < q->size; i++)
		q->free[i] = (uint16_t)(q->size - 1 - i);
}

static bool enable(struct gd_queue *q)
{
	gd_queue_wr(q->dev, q->index, GD_QUEUE_DESC, q->desc);
	gd_wr(q->dev, GD_QUEUE_AVAIL, q->avail);
	gd_wr(q->dev, GD_QUEUE_USED, q->used);
	gd_wr(q->dev, GD_QUEUE_ENABLE, 1);
	return gd_rd(q->dev, GD_QUEUE_ENABLE) == 1;
}

/* A size that a driver would work with: a dead window reads as all ones. */
static bool size_sane(uint16_t size)
{
	return size > 0 && size <= GD_QUEUE_MAX && (size & (size - 1)) == 0;
}

void gd_queue_books(struct gd_queue *q, struct gd_dev *dev, uint16_t index, uint16_t size,
		    gpa_t desc, gpa_t avail, gpa_t used)
{
	q->dev = dev;
	q->index = index;
	q->size = size;
	q->desc = desc;
	q->avail = avail;
	q->used = used;
	forget(q);
}

bool gd_queue_setup_at(struct gd_queue *q, struct gd_dev *dev, uint16_t index, gpa_t desc,
		       gpa_t avail, gpa_t used)
{
	uint16_t size = (uint16_t)gd_queue_rd(dev, index, GD_QUEUE_SIZE);

	if (!size_sane(size))
		return false;
	gd_queue_books(q, dev, index, size, desc, avail, used);
	return enable(q);
}

bool gd_queue_setup(struct gd_queue *q, struct gd_dev *dev, uint16_t index, uint8_t used_align)
{
	uint16_t size = (uint16_t)gd_queue_rd(dev, index, GD_QUEUE_SIZE);
	uint64_t event = dev->features & VIRTIO_F_EVENT_IDX ? VIRTQ_EVENT_BYTES : 0;
	uint64_t head = gd_desc_bytes(size) + gd_avail_bytes(size) + event;
	gpa_t desc;

	if (!size_sane(size))
		return false;
	head = (head + used_align - 1) & ~(uint64_t)(used_align - 1);
	desc = gd_alloc(dev->m, head + gd_used_bytes(size) + event, 16);
	return gd_queue_setup_at(q, dev, index, desc, desc + gd_desc_bytes(size), desc + head);
}

bool gd_queue_again(struct gd_queue *q)
{
	gd_fill(q->dev->m, q->desc, 0, gd_desc_bytes(q->size));
	gd_fill(q->dev->m, q->avail, 0, gd_avail_bytes(q->size));
	gd_fill(q->dev->m, q->used, 0, gd_used_bytes(q->size));
	forget(q);
	return enable(q);
}

void gd_desc(struct gd_machine *m, gpa_t table, uint32_t i, uint64_t addr, uint32_t len,
	     uint16_t flags, uint16_t next)
{
	uint8_t d[16];

	st_le64(d, addr);
	st_le32(d + 8, len);
	st_le16(d + 12, flags);
	st_le16(d + 14, next);
	gd_write(m, table + 16ULL * i, d, sizeof(d));
}

static void offer(struct gd_queue *q, uint16_t head)
{
	gd_st16(q->dev->m, q->avail + AVAIL_RING + 2ULL * (q->avail_idx % q->size), head);
	q->avail_idx++;
}

void gd_offer(struct gd_queue *q, uint16_t head)
{
	if (head < q->size)
		q->next[head] = NOT_OURS;
	offer(q, head);
}

static uint16_t seg_flags(const struct gd_seg *seg, bool more)
{
	return (uint16_t)((more ? VIRTQ_DESC_F_NEXT : 0) |
			  (seg->writable ? VIRTQ_DESC_F_WRITE : 0));
}

int gd_add(struct gd_queue *q, const struct gd_seg *segs, uint32_t n)
{
	uint16_t head;

	if (n == 0 || n > q->n_free)
		return -1;
	head = q->free[q->n_free - 1];
	for (uint32_t i = 0; i < n; i++) {
		uint16_t d = q->free[--q->n_free];
		bool more = i + 1 < n;

		q->next[d] = more ? q->free[q->n_free - 1] : q->size;
		gd_desc(q->dev->m, q->desc, d, segs[i].addr, segs[i].len, seg_flags(&segs[i], more),
			more ? q->next[d] : 0);
	}
	offer(q, head);
	return head;
}

int gd_add_indirect(struct gd_queue *q, gpa_t table, const struct gd_seg *segs, uint32_t n)
{
	struct gd_machine *m = q->dev->m;
	uint16_t head;

	if (q->n_free == 0)
		return -1;
	if (!table)
		table = gd_alloc(m, 16ULL * n, 16);
	for (uint32_t i = 0; i < n; i++)
		gd_desc(m, table, i, segs[i].addr, segs[i].len, seg_flags(&segs[i], i + 1 < n),
			i + 1 < n ? (uint16_t)(i + 1) : 0);
	head = q->free[--q->n_free];
	q->next[head] = q->size;
	gd_desc(m, q->desc, head, table, 16 * n, VIRTQ_DESC_F_INDIRECT, 0);
	offer(q, head);
	return head;
}

void gd_publish(struct gd_queue *q)
{
	gd_st16(q->dev->m, q->avail + AVAIL_IDX, q->avail_idx);
	q->published = q->avail_idx;
}

static void ring(const struct gd_queue *q)
{
	gd_bar_wr(q->dev, VIRTIO_PCI_NOTIFY + 4U * q->index, 2, q->index);
}

void gd_kick(struct gd_queue *q)
{
	gd_publish(q);
	ring(q);
}

void gd_set_used_event(const struct gd_queue *q, uint16_t index)
{
	gd_st16(q->dev->m, q->avail + gd_avail_bytes(q->size), index);
	/* As drivers do: the event is in place before used.idx is looked at. */
	atomic_thread_fence(memory_order_seq_cst);
}

uint16_t gd_avail_event(const struct gd_queue *q)
{
	return gd_ld16(q->dev->m, q->used + gd_used_bytes(q->size));
}

bool gd_kick_event(struct gd_queue *q)
{
	uint16_t old = q->published;
	uint16_t event;

	gd_publish(q);
	atomic_thread_fence(memory_order_seq_cst);
	event = gd_avail_event(q);
	if ((uint16_t)(q->published - event - 1) >= (uint16_t)(q->published - old))
		return false;
	ring(q);
	return true;
}

uint16_t gd_used_ready(const struct gd_queue *q)
{
	return (uint16_t)(gd_ld16(q->dev->m, q->used + USED_IDX) - q->used_seen);
}

bool gd_take_used(struct gd_queue *q, struct gd_used *used)
{
	gpa_t at = q->used + USED_RING + 8ULL * (q->used_seen % q->size);

	if (gd_used_ready(q) == 0)
		return false;
	used->id = gd_ld32(q->dev->m, at);
	used->len = gd_ld32(q->dev->m, at + 4);
	q->used_seen++;
	if (used->id < q->size && q->next[used->id] == NOT_OURS)
		return true;
	for (uint32_t d = used->id; d < q->size && q->n_free < q->size; d = q->next[d])
		q->free[q->n_free++] = (uint16_t)d;
	return true;
}

static bool used_is_ready(void *arg)
{
	return gd_used_ready(arg) > 0;
}

bool gd_wait_used(struct gd_queue *q, struct gd_used *used)
{
	return gd_wait(q->dev->m, used_is_ready, q) && gd_take_used(q, used);
}

void gd_no_interrupt(const struct gd_queue *q, bool on)
{
	gd_st16(q->dev->m, q->avail, on ? VIRTQ_AVAIL_F_NO_INTERRUPT : 0);
	/* As drivers do: the flag is in place before used.idx is looked at. */
	atomic_thread_fence(memory_order_seq_cst);
}
