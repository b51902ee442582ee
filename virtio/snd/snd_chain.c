/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/snd/snd_internal.h"

/* Chains taken apart, whatever queue they come from. */

static bool readable_after_writable(const struct virtq_chain *chain)
{
	bool writable = false;

	for (uint32_t i = 0; i < chain->n; i++) {
		if (chain->segs[i].len == 0)
			continue;
		if (!chain->segs[i].writable && writable)
			return true;
		writable = chain->segs[i].writable;
	}
	return false;
}

void snd_chain_split(struct virtq_chain *chain, struct snd_parts *parts)
{
	uint32_t n = 0;

	*parts = (struct snd_parts){.mixed = readable_after_writable(chain)};
	for (uint32_t i = 0; i < chain->n; i++) {
		struct virtq_seg seg = chain->segs[i];

		if (seg.len == 0 || (parts->mixed && !seg.writable))
			continue;
		if (seg.writable) {
			parts->writable += seg.len;
		} else {
			parts->readable += seg.len;
			parts->n_readable++;
		}
		chain->segs[n++] = seg;
	}
	chain->n = n;
}

uint32_t snd_segs_put(const struct virtio_snd *snd, const struct virtq_seg *segs, uint32_t n,
		      const void *buf, uint32_t len)
{
	const uint8_t *from = buf;
	uint32_t done = 0;

	for (uint32_t i = 0; i < n && done < len; i++) {
		uint32_t part = segs[i].len < len - done ? segs[i].len : len - done;

		if (guest_mem_write(snd->vd.mem, segs[i].addr, from + done, part) < 0)
			break;
		done += part;
	}
	return done;
}
