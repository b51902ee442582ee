/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TESTS_CONTRACT_SND_H
#define VISE_TESTS_CONTRACT_SND_H

#include "tests/contract/contract.h"
#include "tests/guestdrv/gd_snd.h"

/* What the tests of section 16 share. */

#define OUT VIRTIO_SND_D_OUTPUT
#define IN  VIRTIO_SND_D_INPUT

/* The device under the start sequence of the Windows 7 driver. */
static inline void start_snd_with(struct gd_snd *s, const struct gd_snd_config *config)
{
	const char *why;

	gd_snd_open(s, config);
	why = gd_snd_start(s);
	ck_assert_msg(!why, "the driver refuses: %s", why);
}

static inline void start_snd(struct gd_snd *s)
{
	start_snd_with(s, NULL);
}

/* The same, and stream @id runs. */
static inline void run_snd(struct gd_snd *s, uint32_t id)
{
	start_snd(s);
	ck_assert(gd_snd_run(s, id));
}

/* A transfer in a table of its own, with @byte all over an output's payload; submitted. */
static inline struct gd_snd_xfer submit(struct gd_snd *s, uint32_t id, uint32_t len, uint8_t byte)
{
	struct gd_snd_xfer x = gd_snd_xfer(s, id, len);

	if (!x.input)
		gd_fill(s->m, x.data, byte, len);
	ck_assert_int_ge(gd_snd_submit(s, &x), 0);
	return x;
}

/* Submits odd segments on an idle queue; the used length of the answer, which must come at once,
 * and the status that lies at @status. */
static inline uint32_t odd(struct gd_snd *s, bool input, const struct gd_seg *segs, uint32_t n,
			   gpa_t status, int64_t *used_len)
{
	int head = gd_snd_submit_segs(s, input, segs, n), back = -1;
	int64_t len;

	ck_assert_int_ge(head, 0);
	len = gd_snd_completed(s, input, &back);
	ck_assert_int_eq(back, head);
	ck_assert_int_ge(len, 0);
	if (used_len)
		*used_len = len;
	return gd_ld32(s->m, status);
}

#endif
