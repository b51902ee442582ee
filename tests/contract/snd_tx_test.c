/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/snd.h"

/* Section 16: playback transfers. */

#define LIMIT 262144U

START_TEST(plays_what_the_chain_holds)
{
	struct gd_snd_xfer x;
	struct gd_snd s;
	int64_t len;
	int head;

	CLAUSE("SND-17");
	CLAUSE("SND-21");
	CLAUSE("SND-34");
	run_snd(&s, OUT);
	x = gd_snd_xfer(&s, OUT, 4 * 4 * GD_SND_MS);
	for (uint32_t i = 0; i < 2 * 4 * GD_SND_MS; i++)
		gd_st16(s.m, x.data + 2 * i, (uint16_t)(i * 7 + 1));
	head = gd_snd_submit(&s, &x);
	ck_assert_int_eq(gd_snd_completed(&s, false, NULL), -1);
	gd_snd_advance(&s, 4);
	len = gd_snd_completed(&s, false, &head);
	ck_assert_int_eq(len, 8);
	ck_assert_uint_eq(gd_snd_status(&s, &x), VIRTIO_SND_S_OK);
	ck_assert_uint_eq(gd_ld32(s.m, x.status + 4), 0);
	ck_assert_uint_eq(s.sink->n, x.len);
	for (uint32_t i = 0; i < 2 * 4 * GD_SND_MS; i++)
		ck_assert_int_eq(gd_snd_heard(&s, i), (int16_t)(i * 7 + 1));
	ck_assert_uint_eq(s.sink->format.rate, 48000);
	ck_assert_uint_eq(s.sink->format.channels, 2);
	ck_assert_int_eq(s.sink->format.sample, AUDIO_S16);
	gd_snd_close(&s);
}
END_TEST

START_TEST(chains_play_in_their_order)
{
	struct gd_snd_xfer x[60];
	int heads[60];
	struct gd_snd s;

	CLAUSE("SND-20");
	run_snd(&s, OUT);
	/* Of uneven lengths, none of which is a tick's. */
	for (unsigned int i = 0; i < 60; i++) {
		x[i] = gd_snd_xfer(&s, OUT, 4 * (1 + i * 13));
		gd_fill(s.m, x[i].data, (uint8_t)(i + 1), x[i].len);
		heads[i] = gd_snd_submit(&s, &x[i]);
	}
	for (unsigned int ms = 0; ms < 500; ms += 7)
		gd_snd_advance(&s, 7);
	for (unsigned int i = 0; i < 60; i++) {
		int head;

		ck_assert_int_eq(gd_snd_completed(&s, false, &head), 8);
		ck_assert_int_eq(head, heads[i]);
		ck_assert_uint_eq(gd_snd_status(&s, &x[i]), VIRTIO_SND_S_OK);
	}
	for (unsigned int i = 0, at = 0; i < 60; i++)
		for (unsigned int k = 0; k < x[i].len; k++)
			ck_assert_uint_eq(s.sink->heard[at++], i + 1);
	gd_snd_close(&s);
}
END_TEST

START_TEST(short_chains_cost_the_backend_nothing)
{
	struct gd_snd s;
	uint64_t writes;

	CLAUSE("SND-20");
	run_snd(&s, OUT);
	for (unsigned int i = 0; i < 240; i++)
		submit(&s, OUT, 4, (uint8_t)(i + 1));
	writes = s.sink->writes;
	gd_snd_advance(&s, 5);
	ck_assert_uint_eq(gd_used_ready(&s.tx), 240);
	ck_assert_uint_eq(s.sink->writes - writes, 1);
	for (unsigned int i = 0; i < 240; i++)
		ck_assert_uint_eq(s.sink->heard[4 * i], i + 1);
	gd_snd_close(&s);
}
END_TEST

START_TEST(payload_has_a_limit)
{
	static const struct {
		uint32_t len, status;
	} cases[] = {{LIMIT, VIRTIO_SND_S_OK},
		     {LIMIT + 1, VIRTIO_SND_S_BAD_MSG},
		     {LIMIT + 4, VIRTIO_SND_S_BAD_MSG}};
	struct gd_snd s;

	CLAUSE("SND-18");
	CLAUSE("SND-35");
	run_snd(&s, OUT);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct gd_snd_xfer x = submit(&s, OUT, cases[i].len, 3);

		for (unsigned int ms = 0; ms < 1366 && cases[i].status == 0; ms += 100)
			gd_snd_advance(&s, 100);
		ck_assert_int_eq(gd_snd_completed(&s, false, NULL), 8);
		ck_assert_uint_eq(gd_snd_status(&s, &x), cases[i].status);
	}
	/* The same, from one page many times over; and what no 32-bit sum could hold. */
	{
		struct gd_snd_xfer x = gd_snd_xfer(&s, OUT, 4096);
		struct gd_seg segs[67];

		segs[0] = (struct gd_seg){x.header, 8, false};
		for (size_t i = 1; i < 66; i++)
			segs[i] = (struct gd_seg){x.data, 4096, false};
		segs[66] = (struct gd_seg){x.status, 8, true};
		ck_assert_uint_eq(odd(&s, false, segs, 67, x.status, NULL), VIRTIO_SND_S_BAD_MSG);
		segs[1].len = segs[2].len = 0x80000000;
		segs[3] = segs[66];
		ck_assert_uint_eq(odd(&s, false, segs, 4, x.status, NULL), VIRTIO_SND_S_BAD_MSG);
	}
	ck_assert(gd_snd_works(&s));
	gd_snd_close(&s);
}
END_TEST

START_TEST(only_a_running_stream_plays)
{
	static const uint32_t commands[] = {0, VIRTIO_SND_R_PCM_PREPARE, VIRTIO_SND_R_PCM_START,
					    VIRTIO_SND_R_PCM_STOP, VIRTIO_SND_R_PCM_RELEASE};
	struct gd_snd_params params = gd_snd_standard(OUT);
	struct gd_snd s;

	CLAUSE("SND-19");
	start_snd(&s);
	for (size_t i = 0; i <= COUNT_OF(commands); i++) {
		struct gd_snd_xfer x = submit(&s, OUT, 192, 1);

		if (i == 3) {
			ck_assert_int_eq(gd_snd_completed(&s, false, NULL), -1);
			gd_snd_advance(&s, 2);
		}
		ck_assert_int_eq(gd_snd_completed(&s, false, NULL), 8);
		ck_assert_uint_eq(gd_snd_status(&s, &x),
				  i == 3 ? VIRTIO_SND_S_OK : VIRTIO_SND_S_IO_ERR);
		if (i < COUNT_OF(commands))
			ck_assert_int_eq(i ? gd_snd_command(&s, commands[i], OUT)
					   : gd_snd_set_params(&s, OUT, &params),
					 VIRTIO_SND_S_OK);
	}
	gd_snd_close(&s);
}
END_TEST

/* What can be wrong with a transfer, in the order in which it is judged. */
enum fault { MIXED, OVERSIZE, SHORT, STRANGE, STOPPED, PARTIAL, N_FAULTS };

/* A transfer with each fault whose bit is set in @faults, on a queue with nothing at work. */
static uint32_t faulty(struct gd_snd *s, unsigned int faults)
{
	struct gd_snd_xfer x = gd_snd_xfer(s, OUT, 192);
	struct gd_seg segs[80];
	uint32_t n = 0, header = faults & 1U << SHORT ? 7 : 8;
	int64_t len;
	uint32_t status;

	if (faults & 1U << STRANGE)
		gd_st32(s->m, x.header, faults & 1U << PARTIAL ? 2 : 1);
	segs[n++] = (struct gd_seg){x.header, header, false};
	/* A short header has nothing behind it. */
	if (!(faults & 1U << SHORT))
		segs[n++] = (struct gd_seg){x.data, faults & 1U << PARTIAL ? 190 : 192, false};
	for (uint32_t i = 0; i < 64 && (faults & 1U << OVERSIZE); i++)
		segs[n++] = (struct gd_seg){0x10000, 4096, false};
	segs[n++] = (struct gd_seg){x.status, 8, true};
	if (faults & 1U << MIXED)
		segs[n++] = (struct gd_seg){x.data, 4, false};
	status = odd(s, false, segs, n, x.status, &len);
	ck_assert_int_eq(len, 8);
	return status;
}

START_TEST(faults_are_judged_in_their_order)
{
	struct gd_snd s;

	CLAUSE("SND-22");
	CLAUSE("SND-21");
	for (int running = 0; running < 2; running++) {
		start_snd(&s);
		if (running)
			ck_assert(gd_snd_run(&s, OUT));
		for (unsigned int faults = 1; faults < 1U << N_FAULTS; faults++) {
			unsigned int real = faults | (running ? 0 : 1U << STOPPED);
			/* All of it BAD_MSG, but where a stopped stream is the first fault. */
			bool io = (real & (1U << STOPPED)) && !(real & ((1U << STOPPED) - 1));

			if (!!(faults & 1U << STOPPED) == running)
				continue;
			/* Too long and too short at once there is not. */
			if ((faults & 1U << OVERSIZE) && (faults & 1U << SHORT))
				continue;
			ck_assert_uint_eq(faulty(&s, faults),
					  io ? VIRTIO_SND_S_IO_ERR : VIRTIO_SND_S_BAD_MSG);
		}
		ck_assert(gd_snd_works(&s));
		gd_snd_close(&s);
	}
}
END_TEST

START_TEST(a_header_alone_is_fine)
{
	struct gd_snd_xfer x;
	struct gd_snd s;

	CLAUSE("SND-23");
	run_snd(&s, OUT);
	x = submit(&s, OUT, 0, 0);
	ck_assert_int_eq(gd_snd_completed(&s, false, NULL), 8);
	ck_assert_uint_eq(gd_snd_status(&s, &x), VIRTIO_SND_S_OK);
	ck_assert_uint_eq(s.sink->n, 0);
	gd_snd_close(&s);
}
END_TEST

START_TEST(status_goes_where_it_fits)
{
	static const uint32_t rooms[] = {0, 1, 4, 7, 8, 100};
	struct gd_snd s;

	CLAUSE("SND-24");
	run_snd(&s, OUT);
	for (size_t i = 0; i < COUNT_OF(rooms); i++) {
		struct gd_snd_xfer x = gd_snd_xfer(&s, OUT, 192);
		gpa_t status = gd_alloc(s.m, 128, 16);
		struct gd_seg segs[] = {
			{x.header, 8, false}, {x.data, 192, false}, {status, rooms[i], true}};
		uint32_t fits = rooms[i] < 8 ? rooms[i] : 8;

		gd_fill(s.m, status, GD_SND_PRESET, 128);
		ck_assert_int_ge(gd_snd_submit_segs(&s, false, segs, 3), 0);
		gd_snd_advance(&s, 1);
		ck_assert_int_eq(gd_snd_completed(&s, false, NULL), fits);
		ck_assert(gd_all(s.m, status, 0, fits));
		ck_assert(gd_all(s.m, status + fits, GD_SND_PRESET, 128 - fits));
	}
	/* No writable descriptor at all. */
	{
		struct gd_snd_xfer x = gd_snd_xfer(&s, OUT, 192);
		struct gd_seg segs[] = {{x.header, 8, false}, {x.data, 192, false}};

		ck_assert_int_ge(gd_snd_submit_segs(&s, false, segs, 2), 0);
		gd_snd_advance(&s, 1);
		ck_assert_int_eq(gd_snd_completed(&s, false, NULL), 0);
	}
	gd_snd_close(&s);
}
END_TEST

START_TEST(windows_chains_have_up_to_16_entries)
{
	struct gd_seg segs[16];
	struct gd_snd_xfer x;
	struct gd_snd s;

	CLAUSE("SND-40");
	run_snd(&s, OUT);
	x = gd_snd_xfer(&s, OUT, 14 * 192);
	for (uint32_t i = 0; i < 14; i++)
		gd_fill(s.m, x.data + (gpa_t)i * 192, (uint8_t)(i + 1), 192);
	segs[0] = (struct gd_seg){x.header, 8, false};
	for (uint32_t i = 0; i < 14; i++)
		segs[1 + i] = (struct gd_seg){x.data + (gpa_t)i * 192, 192, false};
	segs[15] = (struct gd_seg){x.status, 8, true};
	ck_assert_int_ge(gd_snd_submit_segs(&s, false, segs, 16), 0);
	gd_snd_advance(&s, 14);
	ck_assert_int_eq(gd_snd_completed(&s, false, NULL), 8);
	ck_assert_uint_eq(gd_snd_status(&s, &x), VIRTIO_SND_S_OK);
	for (uint32_t i = 0; i < 14 * 192; i++)
		ck_assert_uint_eq(s.sink->heard[i], i / 192 + 1);
	gd_snd_close(&s);
}
END_TEST

START_TEST(header_and_payload_may_be_cut_anywhere)
{
	struct gd_seg segs[8 + 192 + 8 + 3];
	struct gd_snd_xfer x;
	struct gd_snd s;
	uint32_t n = 0;

	CLAUSE("SND-41");
	run_snd(&s, OUT);
	x = gd_snd_xfer(&s, OUT, 192);
	for (uint32_t i = 0; i < 192; i++)
		gd_fill(s.m, x.data + i, (uint8_t)(i + 1), 1);
	for (uint32_t i = 0; i < 8; i++)
		segs[n++] = (struct gd_seg){x.header + i, 1, false};
	segs[n++] = (struct gd_seg){1ULL << 50, 0, true}; /* empty ones count for nothing */
	for (uint32_t i = 0; i < 192; i++)
		segs[n++] = (struct gd_seg){x.data + i, 1, false};
	for (uint32_t i = 0; i < 8; i++)
		segs[n++] = (struct gd_seg){x.status + i, 1, true};
	segs[n++] = (struct gd_seg){1ULL << 50, 0, false};
	ck_assert_int_ge(gd_snd_submit_segs(&s, false, segs, n), 0);
	gd_snd_advance(&s, 1);
	ck_assert_int_eq(gd_snd_completed(&s, false, NULL), 8);
	ck_assert_uint_eq(gd_snd_status(&s, &x), VIRTIO_SND_S_OK);
	for (uint32_t i = 0; i < 192; i++)
		ck_assert_uint_eq(s.sink->heard[i], i + 1);
	/* In one descriptor, header and all. */
	{
		gpa_t joined = gd_alloc(s.m, 8 + 192, 16);
		struct gd_seg two[] = {{joined, 200, false}, {x.status, 8, true}};

		gd_fill(s.m, joined + 8, 0x77, 192);
		ck_assert_int_ge(gd_snd_submit_segs(&s, false, two, 2), 0);
		gd_snd_advance(&s, 1);
		ck_assert_int_eq(gd_snd_completed(&s, false, NULL), 8);
		ck_assert_uint_eq(s.sink->heard[192], 0x77);
		ck_assert_uint_eq(s.sink->heard[383], 0x77);
	}
	gd_snd_close(&s);
}
END_TEST

START_TEST(payload_outside_ram_is_bad)
{
	static const gpa_t bad[] = {0xfffffffffffffff0ULL, GD_BAR_WINDOW, 1ULL << 40,
				    (16U << 20) - 96};
	struct gd_snd s;

	CLAUSE("Q-DMA-2");
	run_snd(&s, OUT);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct gd_snd_xfer x = gd_snd_xfer(&s, OUT, 192);
		struct gd_seg segs[] = {{x.header, 8, false},
					{x.data, 192, false},
					{bad[i], 192, false},
					{x.status, 8, true}};
		struct gd_seg far[] = {{bad[i], 8, false}, {x.status, 8, true}};
		int64_t len;

		ck_assert_uint_eq(odd(&s, false, segs, 4, x.status, &len), VIRTIO_SND_S_BAD_MSG);
		ck_assert_int_eq(len, 8);
		if (i < 3)
			ck_assert_uint_eq(odd(&s, false, far, 2, x.status, &len),
					  VIRTIO_SND_S_BAD_MSG);
		far[0] = segs[0];
		far[1] = (struct gd_seg){bad[i], 192, true};
		if (i < 3) {
			ck_assert_int_ge(gd_snd_submit_segs(&s, false, far, 2), 0);
			ck_assert_int_eq(gd_snd_completed(&s, false, NULL), 0);
		}
	}
	ck_assert_uint_eq(s.sink->n, 0);
	ck_assert(gd_snd_works(&s));
	gd_snd_close(&s);
}
END_TEST

START_TEST(the_whole_queue_may_be_filled)
{
	struct gd_snd_xfer x[256];
	struct gd_snd s;

	CLAUSE("SND-20");
	CLAUSE("T-NTF-9");
	run_snd(&s, OUT);
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < 256; i++) {
			struct gd_seg segs[3];

			x[i] = gd_snd_xfer(&s, OUT, 192);
			ck_assert_int_ge(gd_add_indirect(&s.tx, 0, segs, gd_snd_segs(&x[i], segs)),
					 0);
		}
		gd_kick(&s.tx);
		for (unsigned int ms = 0; ms < 256; ms += 8)
			gd_snd_advance(&s, 8);
		for (unsigned int i = 0; i < 256; i++) {
			ck_assert_int_eq(gd_snd_completed(&s, false, NULL), 8);
			ck_assert_uint_eq(gd_snd_status(&s, &x[i]), VIRTIO_SND_S_OK);
		}
	}
	gd_snd_close(&s);
}
END_TEST

CONTRACT_MAIN("snd_tx", plays_what_the_chain_holds, chains_play_in_their_order,
	      short_chains_cost_the_backend_nothing, payload_has_a_limit,
	      only_a_running_stream_plays, faults_are_judged_in_their_order, a_header_alone_is_fine,
	      status_goes_where_it_fits, windows_chains_have_up_to_16_entries,
	      header_and_payload_may_be_cut_anywhere, payload_outside_ram_is_bad,
	      the_whole_queue_may_be_filled)
