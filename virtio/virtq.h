/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_VIRTIO_VIRTQ_H
#define VISE_VIRTIO_VIRTQ_H

#include "vmm/core/guest_mem.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The device side of a split virtqueue (virtio 1.2, section 2.7; contract section 12), with event
 * indices (2.7.7, 2.7.10) where they were negotiated.
 *
 *   driver                              device
 *   avail.ring[i] = head, avail.idx++   virtq_pop():     reads idx (acquire), slot, descriptors
 *                                       ... the device works on the copied chain ...
 *                                       virtq_complete(): writes used.ring[j] = {head, len}
 *   reads used.idx, used.ring[j]        virtq_publish():  used.idx += n (release), fence, reads
 *                                                         avail.flags: interrupt wanted?
 *
 * With event indices used_event, behind the available ring, says instead at which index the driver
 * wants its next interrupt, and avail_event, behind the used ring, at which one the device wants to
 * be notified: where it stands when it finds the ring empty, and nowhere before.
 *
 * Rings are kept as guest addresses and every access is checked, so no guest write can make the
 * device leave RAM. A chain is copied out whole before it is judged: what the guest changes later
 * does not count. A malformed chain never reaches the device: virtq_pop() completes it with length
 * 0 and takes the next one.
 *
 * Lock: the device's.
 */

#define VIRTQ_MAX_SIZE	   1024U
#define VIRTQ_MAX_INDIRECT 4096U

struct virtq_seg {
	gpa_t addr;
	uint32_t len;
	bool writable; /* by the device */
};

/* One request: its segments in ring order, indirect tables expanded. Zero-length ones are kept. */
struct virtq_chain {
	uint16_t head;
	uint32_t generation; /* of the queue when it was popped: see virtq_complete() */
	uint32_t n;
	uint32_t cap;
	struct virtq_seg *segs;
};

struct virtq {
	const struct guest_mem *mem;
	uint16_t size; /* entries, power of two */
	bool enabled;
	bool usable;	  /* enabled, and all three parts lie in RAM, aligned */
	bool indirect;	  /* INDIRECT_DESC was negotiated */
	bool event_idx;	  /* EVENT_IDX was negotiated */
	bool held;	  /* RAM may not be written now: the transport's to set */
	bool armed;	  /* avail_event was written, and stands at armed_at */
	bool watched;	  /* who finds the ring empty need not arm: the transport's to set */
	bool found_empty; /* someone did, while it was watched */
	uint16_t armed_at;
	uint32_t generation; /* counts enables and disables */
	gpa_t desc, avail, used;
	uint16_t last_avail; /* next slot to pop, free running */
	uint16_t used_next;  /* next slot to complete, free running */
	uint16_t used_published;
	/* Counters. */
	uint64_t popped, completed, interrupts, malformed;
};

/* Takes the addresses and starts at index 0, without event indices. Unusable addresses make a queue
 * without progress. */
void virtq_enable(struct virtq *vq, gpa_t desc, gpa_t avail, gpa_t used, bool indirect);

/* Takes what the driver negotiated of a queue that is enabled already, of VIRTIO_F_* those that
 * concern rings: which parts a ring has may make it unusable, or usable. */
void virtq_negotiated(struct virtq *vq, uint64_t features);

/* Forgets all but size, `held` and counters; chains still out are ignored when they come back. */
void virtq_disable(struct virtq *vq);

/* Prepares @chain for chains of any legal length. 0 or -ENOMEM; virtq_chain_fini() frees. */
MUST_CHECK int virtq_chain_init(struct virtq_chain *chain, const struct virtq *vq);
void virtq_chain_fini(struct virtq_chain *chain);

/*
 * Takes the next chain into @chain. True when there is one. @budget bounds the slots looked at and
 * is counted down: at 0 the caller comes back later (virtq_has_more()).
 */
bool virtq_pop(struct virtq *vq, struct virtq_chain *chain, unsigned int *budget);

/* Puts @chain, the one popped last and not completed, back: the next pop finds it again. For a
 * device whose data does not fit into it, or that has nothing for it yet. */
void virtq_unpop(struct virtq *vq, const struct virtq_chain *chain);

/* True when the driver has made slots available that were not popped. When it has not, it notifies
 * from the next one on; of a queue that is watched, once virtq_arm() was called. */
bool virtq_has_more(struct virtq *vq);

/* True when slots wait, whatever the driver was asked for. */
bool virtq_slots_waiting(const struct virtq *vq);

/* Ends the watch: as virtq_has_more() of a queue that is not watched. */
bool virtq_arm(struct virtq *vq);

/* Returns the chain popped as (@head, @generation) with @len bytes written. Ignored when the queue
 * was disabled or reset since. Not visible before virtq_publish(). */
void virtq_complete(struct virtq *vq, uint16_t head, uint32_t generation, uint32_t len);

/* Makes completions visible; true when the driver wants an interrupt for them. */
bool virtq_publish(struct virtq *vq);

/* Copies between @buf and the bytes [@offset, @offset + @len) of @n segments taken together. 0, or
 * -EFAULT when a segment is outside RAM, -EMSGSIZE when they are too short; then any part may have
 * been copied. Directions are the caller's to check. */
MUST_CHECK int virtq_segs_read(const struct guest_mem *mem, const struct virtq_seg *segs,
			       uint32_t n, uint64_t offset, void *buf, size_t len);
MUST_CHECK int virtq_segs_write(const struct guest_mem *mem, const struct virtq_seg *segs,
				uint32_t n, uint64_t offset, const void *buf, size_t len);

#endif
