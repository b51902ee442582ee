/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * The split queue against a hostile driver. The input is what the guest has in memory: two bytes of
 * choices, the available ring, descriptors, and an indirect table; what is missing is zero.
 *
 * Invariants: chains are no longer than a chain can be and only hold what the descriptors say; each
 * slot is answered at most once; nothing outside the used ring is written, its event field only
 * when there is one; the work is bounded.
 */

#include "virtio/virtio_regs.h"
#include "virtio/virtq.h"
#include "vmm/core/le.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RAM    0x40000U
#define DESC   0x1000U
#define AVAIL  0x4000U
#define TABLE  0x8000U /* where descriptors like to point: an indirect table of input bytes */
#define USED   0x30000U
#define PASSES 4U

#define REQUIRE(what)                                                                              \
	do {                                                                                       \
		if (!(what))                                                                       \
			abort();                                                                   \
	} while (0)

struct input {
	const uint8_t *data;
	size_t left;
};

static void place(struct guest_mem *mem, gpa_t at, struct input *in, size_t want)
{
	size_t part = in->left < want ? in->left : want;

	REQUIRE(guest_mem_write(mem, at, in->data, part) == 0);
	in->data += part;
	in->left -= part;
}

static uint8_t *image(const struct guest_mem *mem)
{
	uint8_t *copy = malloc(RAM);

	REQUIRE(copy && guest_mem_read(mem, 0, copy, RAM) == 0);
	return copy;
}

static void check_chain(const struct virtq *vq, const struct virtq_chain *chain)
{
	REQUIRE(chain->head < vq->size);
	REQUIRE(chain->n >= 1 && chain->n <= chain->cap);
	REQUIRE(chain->n <= vq->size - 1U + VIRTQ_MAX_INDIRECT);
	REQUIRE(vq->indirect || chain->n <= vq->size);
	REQUIRE(chain->generation == vq->generation);
}

/* Serves like a device: reads what is readable, completes some chains late or under an old name. */
static void serve(struct virtq *vq, struct virtq_chain *chain, uint8_t how)
{
	uint64_t before = vq->popped + vq->malformed;
	unsigned int budget = vq->size;

	while (virtq_pop(vq, chain, &budget)) {
		uint8_t bytes[64];

		check_chain(vq, chain);
		/* Reading what cannot be read must fail, not fault. */
		if (virtq_segs_read(vq->mem, chain->segs, chain->n, how, bytes, sizeof(bytes)) < 0)
			bytes[0] = 0;
		if (how & 4)
			virtq_complete(vq, chain->head, chain->generation - 1, 0);
		virtq_complete(vq, chain->head, chain->generation, bytes[0]);
	}
	REQUIRE(vq->popped + vq->malformed - before <= vq->size);
	REQUIRE(vq->completed <= vq->popped + vq->malformed);
}

static void check_memory(struct virtq *vq, const uint8_t *before)
{
	uint64_t event = USED + VIRTQ_USED_BYTES(vq->size);
	uint64_t end = vq->event_idx ? event + VIRTQ_EVENT_BYTES : event;
	uint8_t *after = image(vq->mem);
	uint16_t idx = ld_le16(after + USED + 2);

	REQUIRE(memcmp(before, after, USED) == 0);
	REQUIRE(memcmp(before + end, after + end, RAM - end) == 0);
	REQUIRE(ld_le16(after + USED) == ld_le16(before + USED));
	REQUIRE(!vq->usable || idx == vq->used_published);
	REQUIRE(!vq->armed || (vq->event_idx && ld_le16(after + event) == vq->armed_at));
	/* The device comes to rest in an empty ring only, and says so. */
	REQUIRE(!vq->armed || vq->armed_at == vq->last_avail || virtq_has_more(vq));
	for (uint16_t i = 0; i < vq->size && i < vq->completed; i++)
		REQUIRE(ld_le32(after + USED + 4 + 8ULL * i) < vq->size);
	free(after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct guest_mem_range range = {0, RAM};
	struct virtq vq = {0};
	struct virtq_chain chain;
	struct guest_mem *mem;
	struct input in;
	uint8_t *before;
	uint8_t how;

	if (size < 2)
		return 0;
	how = data[1];
	in = (struct input){data + 2, size - 2};
	mem = guest_mem_create_ranges(&range, 1, NULL);
	vq.mem = mem;
	vq.size = (uint16_t)(1U << (data[0] % 9));
	REQUIRE(mem && virtq_chain_init(&chain, &vq) == 0);
	place(mem, AVAIL, &in, VIRTQ_AVAIL_BYTES(vq.size) + (how & 8 ? VIRTQ_EVENT_BYTES : 0));
	place(mem, DESC, &in, 16U * vq.size);
	place(mem, TABLE, &in, in.left);
	before = image(mem);
	virtq_enable(&vq, DESC, AVAIL, USED, how & 1);
	if (how & 8)
		virtq_negotiated(&vq, VIRTIO_F_EVENT_IDX | (how & 1 ? VIRTIO_F_INDIRECT_DESC : 0));
	/* Each pass is bounded by itself; a jump of avail.idx would only repeat it. */
	for (unsigned int pass = 0; pass < PASSES && virtq_has_more(&vq); pass++) {
		serve(&vq, &chain, how);
		virtq_publish(&vq);
	}
	check_memory(&vq, before);
	virtq_disable(&vq);
	virtq_complete(&vq, 0, vq.generation - 1, 0);
	REQUIRE(!virtq_publish(&vq));
	free(before);
	virtq_chain_fini(&chain);
	guest_mem_destroy(mem);
	return 0;
}
