/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/virtq.h"

#include "virtio/virtio_regs.h"
#include "vmm/core/le.h"
#include "vmm/core/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define AVAIL_FLAGS 0U
#define AVAIL_IDX   2U
#define AVAIL_RING  4U
#define USED_IDX    2U
#define USED_RING   4U

struct virtq_desc {
	le64_t addr;
	le32_t len;
	le16_t flags;
	le16_t next;
};

/* The word behind the available ring, and the one behind the used ring. */
static gpa_t used_event(const struct virtq *vq)
{
	return vq->avail + VIRTQ_AVAIL_BYTES(vq->size);
}

static gpa_t avail_event(const struct virtq *vq)
{
	return vq->used + VIRTQ_USED_BYTES(vq->size);
}

static bool virtq_parts_usable(const struct virtq *vq)
{
	uint16_t n = vq->size;
	uint64_t event = vq->event_idx ? VIRTQ_EVENT_BYTES : 0;

	return vq->desc % 16 == 0 && vq->avail % 2 == 0 && vq->used % 4 == 0 &&
	       guest_mem_contains(vq->mem, vq->desc, (uint64_t)VIRTQ_DESC_SIZE * n) &&
	       guest_mem_contains(vq->mem, vq->avail, VIRTQ_AVAIL_BYTES(n) + event) &&
	       guest_mem_contains(vq->mem, vq->used, VIRTQ_USED_BYTES(n) + event);
}

static void check_parts(struct virtq *vq)
{
	vq->usable = virtq_parts_usable(vq);
	if (!vq->usable)
		log_guest("virtqueue enabled outside RAM or misaligned: no progress until reset");
}

void virtq_enable(struct virtq *vq, gpa_t desc, gpa_t avail, gpa_t used, bool indirect)
{
	virtq_disable(vq);
	vq->desc = desc;
	vq->avail = avail;
	vq->used = used;
	vq->indirect = indirect;
	vq->enabled = true;
	check_parts(vq);
}

void virtq_negotiated(struct virtq *vq, uint64_t features)
{
	bool event_idx = features & VIRTIO_F_EVENT_IDX;

	if (!vq->enabled)
		return;
	vq->indirect = features & VIRTIO_F_INDIRECT_DESC;
	if (vq->event_idx == event_idx)
		return;
	vq->event_idx = event_idx;
	vq->armed = false;
	check_parts(vq);
}

void virtq_disable(struct virtq *vq)
{
	vq->enabled = false;
	vq->usable = false;
	vq->generation++;
	vq->indirect = false;
	vq->event_idx = false;
	vq->armed = false;
	vq->watched = false;
	vq->found_empty = false;
	vq->desc = 0;
	vq->avail = 0;
	vq->used = 0;
	vq->last_avail = 0;
	vq->used_next = 0;
	vq->used_published = 0;
}

int virtq_chain_init(struct virtq_chain *chain, const struct virtq *vq)
{
	*chain = (struct virtq_chain){.cap = vq->size + VIRTQ_MAX_INDIRECT};
	chain->segs = malloc(chain->cap * sizeof(*chain->segs));
	return chain->segs ? 0 : -ENOMEM;
}

void virtq_chain_fini(struct virtq_chain *chain)
{
	free(chain->segs);
	*chain = (struct virtq_chain){0};
}

/* A table of descriptors being walked: the ring's own, or an indirect one. */
struct desc_table {
	gpa_t base;
	uint32_t entries;
	bool indirect;
};

/*
 * Reads one descriptor of @table, once, and adds it to @chain unless it points at an indirect
 * table. False when it cannot be read.
 */
static bool desc_take(const struct virtq *vq, const struct desc_table *table, uint32_t index,
		      struct virtq_chain *chain, struct virtq_desc *desc)
{
	gpa_t at = table->base + (uint64_t)index * VIRTQ_DESC_SIZE;
	uint16_t flags;

	if (chain->n == chain->cap || guest_mem_read(vq->mem, at, desc, sizeof(*desc)) < 0)
		return false;
	flags = le16_get(desc->flags);
	if (!(flags & VIRTQ_DESC_F_INDIRECT))
		chain->segs[chain->n++] = (struct virtq_seg){
			.addr = le64_get(desc->addr),
			.len = le32_get(desc->len),
			.writable = flags & VIRTQ_DESC_F_WRITE,
		};
	return true;
}

/* The table that @desc points at; false unless the driver may say so (contract Q-IND-1, -4, -5). */
static bool indirect_table(const struct virtq *vq, const struct virtq_desc *desc,
			   struct desc_table *table)
{
	uint32_t len = le32_get(desc->len);

	*table = (struct desc_table){
		.base = le64_get(desc->addr),
		.entries = len / VIRTQ_DESC_SIZE,
		.indirect = true,
	};
	return vq->indirect && !(le16_get(desc->flags) & VIRTQ_DESC_F_NEXT) && len != 0 &&
	       len % VIRTQ_DESC_SIZE == 0 && table->entries <= VIRTQ_MAX_INDIRECT &&
	       guest_mem_contains(vq->mem, table->base, len);
}

/*
 * Copies the chain that starts at @head. A table of n entries cannot hold a chain of more than n
 * descriptors without repeating one, so counting finds every loop. False when malformed.
 */
static bool chain_walk(const struct virtq *vq, uint16_t head, struct virtq_chain *chain)
{
	struct desc_table table = {vq->desc, vq->size, false};
	uint32_t index = head;
	uint32_t left = table.entries;

	chain->n = 0;
	for (;;) {
		struct virtq_desc desc;
		uint16_t flags;

		if (index >= table.entries || left-- == 0 ||
		    !desc_take(vq, &table, index, chain, &desc))
			return false;
		flags = le16_get(desc.flags);
		if (flags & VIRTQ_DESC_F_INDIRECT) {
			if (table.indirect || !indirect_table(vq, &desc, &table))
				return false;
			index = 0;
			left = table.entries;
			continue;
		}
		if (!(flags & VIRTQ_DESC_F_NEXT))
			return true;
		index = le16_get(desc.next);
	}
}

bool virtq_slots_waiting(const struct virtq *vq)
{
	uint16_t idx;

	return vq->usable && guest_mem_load_le16(vq->mem, vq->avail + AVAIL_IDX, &idx) == 0 &&
	       idx != vq->last_avail;
}

/*
 * Has the driver notify of slot last_avail, the first that is not there yet. It makes the slot
 * available, then looks at avail_event; we write avail_event, then look for the slot. The fence
 * keeps both from missing each other. True when the slot is there after all.
 */
static bool arm(const struct virtq *vq)
{
	if (guest_mem_store_le16(vq->mem, avail_event(vq), vq->last_avail) < 0)
		return false;
	atomic_thread_fence(memory_order_seq_cst);
	return virtq_slots_waiting(vq);
}

static bool must_arm(const struct virtq *vq)
{
	return vq->event_idx && vq->usable && !vq->held &&
	       !(vq->armed && vq->armed_at == vq->last_avail);
}

bool virtq_has_more(struct virtq *vq)
{
	if (virtq_slots_waiting(vq))
		return true;
	if (!must_arm(vq))
		return false;
	if (vq->watched) {
		vq->found_empty = true;
		return false;
	}
	/* Once for each time the ring runs empty. */
	vq->armed = true;
	vq->armed_at = vq->last_avail;
	return arm(vq);
}

bool virtq_arm(struct virtq *vq)
{
	vq->watched = false;
	vq->found_empty = false;
	return virtq_has_more(vq);
}

bool virtq_pop(struct virtq *vq, struct virtq_chain *chain, unsigned int *budget)
{
	while (*budget > 0 && virtq_has_more(vq)) {
		gpa_t slot = vq->avail + AVAIL_RING + 2ULL * (vq->last_avail % vq->size);
		uint16_t head;

		(*budget)--;
		if (guest_mem_load_le16(vq->mem, slot, &head) < 0)
			return false;
		vq->last_avail++;
		if (head < vq->size && chain_walk(vq, head, chain)) {
			chain->head = head;
			chain->generation = vq->generation;
			vq->popped++;
			return true;
		}
		vq->malformed++;
		log_guest("virtqueue: malformed chain at descriptor %u", head);
		/* A head outside the ring cannot be completed: no id of the used ring names it. */
		if (head < vq->size)
			virtq_complete(vq, head, vq->generation, 0);
	}
	return false;
}

void virtq_unpop(struct virtq *vq, const struct virtq_chain *chain)
{
	if (!vq->usable || chain->generation != vq->generation)
		return;
	vq->last_avail--;
	vq->popped--;
}

void virtq_complete(struct virtq *vq, uint16_t head, uint32_t generation, uint32_t len)
{
	gpa_t slot =
		vq->used + USED_RING + (uint64_t)VIRTQ_USED_ELEM_SIZE * (vq->used_next % vq->size);
	uint8_t elem[VIRTQ_USED_ELEM_SIZE];

	if (!vq->usable || generation != vq->generation)
		return;
	st_le32(elem, head);
	st_le32(elem + 4, len);
	if (guest_mem_write(vq->mem, slot, elem, sizeof(elem)) < 0)
		return;
	vq->used_next++;
	vq->completed++;
}

/* The driver's wish for an interrupt, now that used.idx went from @old to @new (2.7.7.2). */
static bool interrupt_wanted(const struct virtq *vq, uint16_t old, uint16_t new)
{
	uint16_t word;

	if (guest_mem_load_le16(vq->mem, vq->event_idx ? used_event(vq) : vq->avail + AVAIL_FLAGS,
				&word) < 0)
		return false;
	if (vq->event_idx)
		return (uint16_t)(new - word - 1) < (uint16_t)(new - old);
	return !(word & VIRTQ_AVAIL_F_NO_INTERRUPT);
}

bool virtq_publish(struct virtq *vq)
{
	uint16_t old = vq->used_published;

	if (!vq->usable || vq->used_next == vq->used_published)
		return false;
	if (guest_mem_store_le16(vq->mem, vq->used + USED_IDX, vq->used_next) < 0)
		return false;
	vq->used_published = vq->used_next;
	/* The driver clears the flag, or moves used_event, then looks at used.idx; we write the
	 * index, then look there. The fence keeps both from missing each other. */
	atomic_thread_fence(memory_order_seq_cst);
	if (!interrupt_wanted(vq, old, vq->used_next))
		return false;
	vq->interrupts++;
	return true;
}

/* The part of segment @seg that covers stream position @offset; 0 when it lies behind it. */
static uint32_t seg_overlap(const struct virtq_seg *seg, uint64_t *offset, size_t len)
{
	uint32_t left;

	if (*offset >= seg->len) {
		*offset -= seg->len;
		return 0;
	}
	left = seg->len - (uint32_t)*offset;
	return len < left ? (uint32_t)len : left;
}

int virtq_segs_read(const struct guest_mem *mem, const struct virtq_seg *segs, uint32_t n,
		    uint64_t offset, void *buf, size_t len)
{
	uint8_t *to = buf;

	for (uint32_t i = 0; i < n && len > 0; i++) {
		uint32_t part = seg_overlap(&segs[i], &offset, len);

		if (part == 0)
			continue;
		if (guest_mem_read(mem, segs[i].addr + offset, to, part) < 0)
			return -EFAULT;
		to += part;
		len -= part;
		offset = 0;
	}
	return len ? -EMSGSIZE : 0;
}

int virtq_segs_write(const struct guest_mem *mem, const struct virtq_seg *segs, uint32_t n,
		     uint64_t offset, const void *buf, size_t len)
{
	const uint8_t *from = buf;

	for (uint32_t i = 0; i < n && len > 0; i++) {
		uint32_t part = seg_overlap(&segs[i], &offset, len);

		if (part == 0)
			continue;
		if (guest_mem_write(mem, segs[i].addr + offset, from, part) < 0)
			return -EFAULT;
		from += part;
		len -= part;
		offset = 0;
	}
	return len ? -EMSGSIZE : 0;
}
