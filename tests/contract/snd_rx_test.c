/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/snd.h"

/* Section 16: capture transfers. */

#define LIMIT 262144U

START_TEST(records_into_the_payload)
{
	struct gd_snd_xfer x;
	struct gd_snd s;

	CLAUSE("SND-26");
	CLAUSE("SND-28");
	CLAUSE("SND-30");
	run_snd(&s, IN);
	x = submit(&s, IN, 2 * 4 * GD_SND_MS, 0);
	gd_snd_advance(&s, 3);
	ck_assert_int_eq(gd_snd_completed(&s, true, NULL), -1);
	gd_snd_advance(&s, 1);
	ck_assert_int_eq(gd_snd_completed(&s, true, NULL), x.len + 8);
	ck_assert_uint_eq(gd_snd_status(&s, &x), VIRTIO_SND_S_OK);
	ck_assert_uint_eq(gd_ld32(s.m, x.status + 4), 0);
	for (uint32_t i = 0; i < 4 * GD_SND_MS; i++)
		ck_assert_uint_eq(gd_ld16(s.m, x.data + 2 * i), i + 1);
	ck_assert_uint_eq(s.source->format.rate, 48000);
	ck_assert_uint_eq(s.source->format.channels, 1);
	gd_snd_close(&s);
}
END_TEST

START_TEST(chains_are_filled_in_their_order)
{
	struct gd_snd_xfer x[40];
	int heads[40];
	uint16_t next = 1;
	struct gd_snd s;

	CLAUSE("SND-26");
	run_snd(&s, IN);
	for (unsigned int i = 0; i < 40; i++) {
		x[i] = gd_snd_xfer(&s, IN, 2 * (1 + i * 13));
		heads[i] = gd_snd_submit(&s, &x[i]);
	}
	for (unsigned int ms = 0; ms < 250; ms += 7)
		gd_snd_advance(&s, 7);
	for (unsigned int i = 0; i < 40; i++) {
		int head;

		ck_assert_int_eq(gd_snd_completed(&s, true, &head), x[i].len + 8);
		ck_assert_int_eq(head, heads[i]);
		for (uint32_t k = 0; k < x[i].len; k += 2)
			ck_assert_uint_eq(gd_ld16(s.m, x[i].data + k), next++);
	}
	gd_snd_close(&s);
}
END_TEST

START_TEST(what_the_source_lacks_is_zero)
{
	struct gd_snd_xfer x;
	struct gd_snd s;

	CLAUSE("SND-28");
	run_snd(&s, IN);
	s.source->left = 50;
	x = submit(&s, IN, 192, 0);
	gd_snd_advance(&s, 2);
	ck_assert_int_eq(gd_snd_completed(&s, true, NULL), 200);
	ck_assert_uint_eq(gd_snd_status(&s, &x), VIRTIO_SND_S_OK);
	for (uint32_t i = 0; i < 96; i++)
		ck_assert_uint_eq(gd_ld16(s.m, x.data + 2 * i), i < 50 ? i + 1 : 0);
	gd_snd_close(&s);
}
END_TEST

START_TEST(only_a_running_stream_records)
{
	static const uint32_t commands[] = {0, VIRTIO_SND_R_PCM_PREPARE, VIRTIO_SND_R_PCM_START,
					    VIRTIO_SND_R_PCM_STOP, VIRTIO_SND_R_PCM_RELEASE};
	struct gd_snd_params params = gd_snd_standard(IN);
	struct gd_snd s;

	CLAUSE("SND-29");
	CLAUSE("SND-30");
	start_snd(&s);
	for (size_t i = 0; i <= COUNT_OF(commands); i++) {
		struct gd_snd_xfer x = submit(&s, IN, 192, 0);

		if (i == 3) {
			ck_assert_int_eq(gd_snd_completed(&s, true, NULL), -1);
			gd_snd_advance(&s, 2);
		}
		ck_assert_int_eq(gd_snd_completed(&s, true, NULL), 200);
		ck_assert_uint_eq(gd_snd_status(&s, &x),
				  i == 3 ? VIRTIO_SND_S_OK : VIRTIO_SND_S_IO_ERR);
		ck_assert(i == 3 ? gd_ld16(s.m, x.data) == 1 : gd_all(s.m, x.data, 0, 192));
		if (i < COUNT_OF(commands))
			ck_assert_int_eq(i ? gd_snd_command(&s, commands[i], IN)
					   : gd_snd_set_params(&s, IN, &params),
					 VIRTIO_SND_S_OK);
	}
	gd_snd_close(&s);
}
END_TEST

START_TEST(payload_has_a_limit)
{
	static const struct {
		uint32_t len, status;
	} cases[] = {{LIMIT, VIRTIO_SND_S_OK},
		     {LIMIT + 2, VIRTIO_SND_S_BAD_MSG},
		     {LIMIT + 4096, VIRTIO_SND_S_BAD_MSG}};
	struct gd_snd s;

	CLAUSE("SND-27");
	CLAUSE("SND-30");
	CLAUSE("SND-35");
	run_snd(&s, IN);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct gd_snd_xfer x = submit(&s, IN, cases[i].len, 0);

		for (unsigned int ms = 0; ms < 2800 && i == 0; ms += 200)
			gd_snd_advance(&s, 200);
		ck_assert_int_eq(gd_snd_completed(&s, true, NULL), LIMIT + 8);
		ck_assert_uint_eq(gd_snd_status(&s, &x), cases[i].status);
		if (i == 0)
			continue;
		ck_assert(gd_all(s.m, x.data, 0, LIMIT));
		ck_assert(gd_all(s.m, x.data + LIMIT, GD_SND_PRESET, cases[i].len - LIMIT));
	}
	gd_snd_close(&s);
}
END_TEST

START_TEST(bad_requests_get_silence)
{
	struct gd_snd s;

	CLAUSE("SND-31");
	CLAUSE("SND-30");
	run_snd(&s, IN);
	ck_assert(gd_snd_run(&s, OUT));
	for (unsigned int fault = 0; fault < 6; fault++) {
		uint32_t len = fault == 3 ? 191 : 192;
		struct gd_snd_xfer x = gd_snd_xfer(&s, IN, len);
		struct gd_seg segs[4] = {
			{x.header, 8, false}, {x.data, len, true}, {x.status, 8, true}};
		uint32_t n = 3;
		int64_t used;

		if (fault < 2)
			gd_st32(s.m, x.header, fault ? 2 : OUT);
		if (fault == 2)
			segs[0].len = 7;
		if (fault == 4)
			segs[0] = (struct gd_seg){gd_alloc(s.m, 9, 8), 9, false};
		if (fault == 4)
			gd_st32(s.m, segs[0].addr, IN);
		if (fault == 5)
			segs[n++] = (struct gd_seg){x.header, 8, false};
		ck_assert_uint_eq(odd(&s, true, segs, n, x.status, &used), VIRTIO_SND_S_BAD_MSG);
		ck_assert_int_eq(used, len + 8);
		ck_assert(gd_all(s.m, x.data, 0, len));
	}
	gd_snd_close(&s);
}
END_TEST

START_TEST(without_writable_bytes_there_is_nothing_to_say)
{
	struct gd_snd_xfer x;
	struct gd_snd s;

	CLAUSE("SND-32");
	run_snd(&s, IN);
	x = gd_snd_xfer(&s, IN, 0);
	struct gd_seg segs[] = {{x.header, 8, false}, {x.status, 0, true}};

	ck_assert_int_ge(gd_snd_submit_segs(&s, true, segs, 1), 0);
	ck_assert_int_eq(gd_snd_completed(&s, true, NULL), 0);
	ck_assert_int_ge(gd_snd_submit_segs(&s, true, segs, 2), 0);
	ck_assert_int_eq(gd_snd_completed(&s, true, NULL), 0);
	ck_assert(gd_all(s.m, x.status, GD_SND_PRESET, 8));
	gd_snd_close(&s);
}
END_TEST

START_TEST(the_last_descriptor_is_the_status)
{
	static const uint8_t bad_msg[8] = {VIRTIO_SND_S_BAD_MSG};
	static const uint32_t lengths[] = {1, 4, 7};
	struct gd_snd_xfer x;
	struct gd_snd s;
	uint8_t got[8];
	int64_t used;

	CLAUSE("SND-33");
	run_snd(&s, IN);
	/* One writable descriptor is the status, however long. */
	for (size_t i = 0; i < 4; i++) {
		uint32_t len = i < 3 ? lengths[i] : 192;
		uint32_t fits = len < 8 ? len : 8;

		x = gd_snd_xfer(&s, IN, 192);
		struct gd_seg segs[] = {{x.header, 8, false}, {x.data, len, true}};

		odd(&s, true, segs, 2, x.data, &used);
		ck_assert_int_eq(used, fits);
		gd_read(s.m, x.data, got, sizeof(got));
		ck_assert_mem_eq(got, bad_msg, fits);
		ck_assert(gd_all(s.m, x.data + fits, GD_SND_PRESET, 192 - fits));
	}
	/* A last one that is too short gets what fits. */
	for (size_t i = 0; i < 3; i++) {
		x = gd_snd_xfer(&s, IN, 192);
		struct gd_seg segs[] = {
			{x.header, 8, false}, {x.data, 192, true}, {x.status, lengths[i], true}};

		odd(&s, true, segs, 3, x.status, &used);
		ck_assert_int_eq(used, 192 + lengths[i]);
		gd_read(s.m, x.status, got, sizeof(got));
		ck_assert_mem_eq(got, bad_msg, lengths[i]);
		ck_assert(gd_all(s.m, x.status + lengths[i], GD_SND_PRESET, 8 - lengths[i]));
	}
	/* An empty one does not count. */
	{
		x = gd_snd_xfer(&s, IN, 192);
		struct gd_seg segs[] = {{x.header, 8, false},
					{x.data, 192, true},
					{x.status, 8, true},
					{x.header, 0, true}};

		gd_snd_submit_segs(&s, true, segs, 4);
		gd_snd_advance(&s, 2);
		ck_assert_int_eq(gd_snd_completed(&s, true, NULL), 200);
		ck_assert_uint_eq(gd_snd_status(&s, &x), VIRTIO_SND_S_OK);
		ck_assert_uint_ne(gd_ld16(s.m, x.data), 0);
	}
	/* Of a longer one the first eight bytes are the status. */
	{
		gpa_t status = gd_alloc(s.m, 64, 16);

		x = gd_snd_xfer(&s, IN, 192);
		struct gd_seg segs[] = {
			{x.header, 8, false}, {x.data, 192, true}, {status, 64, true}};

		gd_fill(s.m, status, GD_SND_PRESET, 64);
		gd_snd_submit_segs(&s, true, segs, 3);
		gd_snd_advance(&s, 2);
		ck_assert_int_eq(gd_snd_completed(&s, true, NULL), 200);
		ck_assert(gd_all(s.m, status, 0, 8));
		ck_assert(gd_all(s.m, status + 8, GD_SND_PRESET, 56));
	}
	gd_snd_close(&s);
}
END_TEST

START_TEST(header_and_payload_may_be_cut_anywhere)
{
	struct gd_seg segs[8 + 192 + 1];
	struct gd_snd_xfer x;
	struct gd_snd s;
	uint32_t n = 0;

	CLAUSE("SND-41");
	run_snd(&s, IN);
	x = gd_snd_xfer(&s, IN, 192);
	for (uint32_t i = 0; i < 8; i++)
		segs[n++] = (struct gd_seg){x.header + i, 1, false};
	for (uint32_t i = 0; i < 192; i++)
		segs[n++] = (struct gd_seg){x.data + i, 1, true};
	segs[n++] = (struct gd_seg){x.status, 8, true};
	ck_assert_int_ge(gd_snd_submit_segs(&s, true, segs, n), 0);
	gd_snd_advance(&s, 2);
	ck_assert_int_eq(gd_snd_completed(&s, true, NULL), 200);
	ck_assert_uint_eq(gd_snd_status(&s, &x), VIRTIO_SND_S_OK);
	for (uint32_t i = 0; i < 96; i++)
		ck_assert_uint_eq(gd_ld16(s.m, x.data + 2 * i), i + 1);
	gd_snd_close(&s);
}
END_TEST

START_TEST(payload_outside_ram_is_bad)
{
	static const gpa_t bad[] = {0xfffffffffffffff0ULL, GD_BAR_WINDOW, 1ULL << 40,
				    (16U << 20) - 96};
	struct gd_snd s;

	CLAUSE("Q-DMA-2");
	run_snd(&s, IN);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct gd_snd_xfer x = gd_snd_xfer(&s, IN, 192);
		struct gd_seg segs[] = {{x.header, 8, false},
					{x.data, 192, true},
					{bad[i], 192, true},
					{x.status, 8, true}};
		int64_t used;

		ck_assert_uint_eq(odd(&s, true, segs, 4, x.status, &used), VIRTIO_SND_S_BAD_MSG);
		/* The length tells what was written, and not more. */
		ck_assert_int_eq(used, 192 + 8);
		ck_assert(gd_all(s.m, x.data, 0, 192));
		segs[2] = segs[3];
		segs[2].addr = bad[i];
		if (i < 3) {
			ck_assert_int_ge(gd_snd_submit_segs(&s, true, segs, 3), 0);
			gd_snd_advance(&s, 2);
			ck_assert_int_eq(gd_snd_completed(&s, true, NULL), 192);
		}
	}
	ck_assert(gd_snd_works(&s));
	gd_snd_close(&s);
}
END_TEST

CONTRACT_MAIN("snd_rx", records_into_the_payload, chains_are_filled_in_their_order,
	      what_the_source_lacks_is_zero, only_a_running_stream_records, payload_has_a_limit,
	      bad_requests_get_silence, without_writable_bytes_there_is_nothing_to_say,
	      the_last_descriptor_is_the_status, header_and_payload_may_be_cut_anywhere,
	      payload_outside_ram_is_bad)
