/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/snd.h"

#include "vmm/core/le.h"

/* Section 16: virtio-snd. Registers, config, the control queue; transfers are in snd_tx_test.c and
 * snd_rx_test.c, time in snd_time_test.c. */

START_TEST(four_queues_and_no_feature)
{
	static const uint16_t sizes[] = {64, 64, 256, 64, 0};
	struct gd_snd s;

	CLAUSE("SND-1");
	gd_snd_open(&s, NULL);
	ck_assert_uint_eq(gd_rd(&s.dev, GD_NUM_QUEUES), 4);
	for (uint16_t q = 0; q < 5; q++)
		ck_assert_uint_eq(gd_queue_rd(&s.dev, q, GD_QUEUE_SIZE), sizes[q]);
	ck_assert_uint_eq(gd_offered(&s.dev), 1ULL << 28 | 1ULL << 32);
	gd_snd_close(&s);
}
END_TEST

START_TEST(identity_is_the_types)
{
	struct gd_snd s;

	CLAUSE("T-ID-5");
	CLAUSE("T-ID-7");
	gd_snd_open(&s, NULL);
	ck_assert_uint_eq(gd_cfg_read(s.m, GD_SND_DEVFN, PCI_VENDOR_ID, 4), 0x10591af4);
	ck_assert_uint_eq(gd_cfg_read(s.m, GD_SND_DEVFN, 0x2c, 4), 0x00191af4);
	ck_assert_uint_eq(gd_cfg_read(s.m, GD_SND_DEVFN, 0x08, 4), 0x04010001);
	gd_snd_close(&s);
}
END_TEST

START_TEST(config_is_two_streams_and_read_only)
{
	static const uint8_t config[12] = {0, 0, 0, 0, 2};
	struct gd_snd s;

	CLAUSE("SND-2");
	gd_snd_open(&s, NULL);
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 0x100; i++)
			ck_assert_uint_eq(gd_bar_rd(&s.dev, VIRTIO_PCI_DEVICE + i, 1),
					  i < 12 ? config[i] : 0);
		ck_assert_uint_eq(gd_bar_rd(&s.dev, VIRTIO_PCI_DEVICE + 4, 4), 2);
		ck_assert_uint_eq(gd_bar_rd(&s.dev, VIRTIO_PCI_DEVICE + 4, 2), 2);
		ck_assert_uint_eq(gd_bar_rd(&s.dev, VIRTIO_PCI_DEVICE, 8), 2ULL << 32);
		for (unsigned int size = 1; size <= 8; size *= 2)
			for (uint32_t at = 0; at < 0x100; at += size)
				gd_bar_wr(&s.dev, VIRTIO_PCI_DEVICE + at, size, UINT64_MAX);
	}
	ck_assert_uint_eq(gd_rd(&s.dev, GD_GENERATION), 0);
	gd_snd_close(&s);
}
END_TEST

START_TEST(windows_driver_starts_with_every_interrupt_mode)
{
	static const uint16_t vectors[] = {0, 5, 1};

	CLAUSE("SND-40");
	CLAUSE("SND-4");
	for (size_t i = 0; i < COUNT_OF(vectors); i++) {
		struct gd_snd_config config = {.vectors = vectors[i]};
		struct gd_snd s;
		const char *why;

		gd_snd_open(&s, &config);
		/* With one vector it would use that for all; here it stays with INTx. */
		if (vectors[i] == 5)
			gd_msix_enable(&s.dev, true);
		why = gd_snd_start(&s);
		ck_assert_msg(!why, "the driver refuses: %s", why);
		ck_assert(gd_snd_works(&s));
		gd_snd_close(&s);
	}
}
END_TEST

START_TEST(pcm_info_gives_both_streams)
{
	static const uint8_t want[2][32] = {
		{0, 0, 0,    0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0,
		 0, 0, 0x80, 0, 0, 0, 0, 0, 0,	  0, 0, 2, 2},
		{1, 0, 0,    0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0,
		 0, 0, 0x80, 0, 0, 0, 0, 0, 0,	  0, 1, 1, 1},
	};
	uint8_t r[80];
	struct gd_snd s;

	CLAUSE("SND-4");
	CLAUSE("SND-6");
	CLAUSE("SND-14");
	start_snd(&s);
	ck_assert_int_eq(gd_snd_pcm_info(&s, 0, 2, r, 68), 68);
	ck_assert_uint_eq(ld_le32(r), 0);
	ck_assert_mem_eq(r + 4, want[0], 32);
	ck_assert_mem_eq(r + 36, want[1], 32);
	/* Room beyond is not touched. */
	ck_assert_int_eq(gd_snd_pcm_info(&s, 0, 2, r, 80), 68);
	for (size_t i = 68; i < 80; i++)
		ck_assert_uint_eq(r[i], GD_SND_PRESET);
	gd_snd_close(&s);
}
END_TEST

START_TEST(pcm_info_gives_any_part)
{
	static const struct {
		uint32_t start, count;
		int64_t len;
		uint32_t first;
	} cases[] = {{1, 1, 36, 1},	     {0, 1, 36, 0},
		     {0, 0, 4, 0},	     {2, 1, 4, 0},
		     {1, 2, 36, 1},	     {0, 9, 68, 0},
		     {0xffffffff, 2, 4, 0},  {0, 0xffffffff, 68, 0},
		     {1, 0xffffffff, 36, 1}, {0xffffffff, 0xffffffff, 4, 0}};
	uint8_t r[68];
	struct gd_snd s;

	CLAUSE("SND-5");
	start_snd(&s);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		ck_assert_int_eq(gd_snd_pcm_info(&s, cases[i].start, cases[i].count, r, sizeof(r)),
				 cases[i].len);
		ck_assert_uint_eq(ld_le32(r), VIRTIO_SND_S_OK);
		if (cases[i].len > 4)
			ck_assert_uint_eq(ld_le32(r + 4), cases[i].first);
	}
	gd_snd_close(&s);
}
END_TEST

START_TEST(pcm_info_fits_whole_entries_into_the_room)
{
	static const struct {
		uint32_t room;
		int64_t len;
	} cases[] = {{4, 4}, {5, 4}, {35, 4}, {36, 36}, {67, 36}, {68, 68}};
	uint8_t r[68];
	struct gd_snd s;

	CLAUSE("SND-13");
	start_snd(&s);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		ck_assert_int_eq(gd_snd_pcm_info(&s, 0, 2, r, cases[i].room), cases[i].len);
		ck_assert_uint_eq(ld_le32(r), VIRTIO_SND_S_OK);
		for (int64_t k = cases[i].len; k < cases[i].room; k++)
			ck_assert_uint_eq(r[k], GD_SND_PRESET);
	}
	gd_snd_close(&s);
}
END_TEST

START_TEST(no_room_for_a_status_means_no_answer_and_no_deed)
{
	struct gd_snd_params params = gd_snd_standard(OUT);
	uint8_t request[8], r[4];
	struct gd_snd s;

	CLAUSE("SND-13");
	start_snd(&s);
	ck_assert_int_eq(gd_snd_set_params(&s, OUT, &params), VIRTIO_SND_S_OK);
	st_le32(request, VIRTIO_SND_R_PCM_PREPARE);
	st_le32(request + 4, OUT);
	for (uint32_t room = 0; room < 4; room++) {
		ck_assert_int_eq(gd_snd_control(&s, request, 8, r, room), 0);
		for (uint32_t i = 0; i < room; i++)
			ck_assert_uint_eq(r[i], GD_SND_PRESET);
	}
	ck_assert_int_eq(gd_snd_command(&s, VIRTIO_SND_R_PCM_START, OUT), VIRTIO_SND_S_IO_ERR);
	gd_snd_close(&s);
}
END_TEST

START_TEST(what_is_not_there_is_not_supported)
{
	static const uint32_t codes[] = {0,	1,     2,     3,      0xff,	  0x106,
					 0x1ff, 0x200, 0x300, 0x1000, 0x80000100, 0xffffffff};
	uint8_t request[24] = {0}, r[8];
	struct gd_snd s;

	CLAUSE("SND-3");
	CLAUSE("SND-11");
	CLAUSE("SND-14");
	start_snd(&s);
	for (size_t i = 0; i < COUNT_OF(codes); i++) {
		for (uint32_t len = 4; len <= 24; len += 4) {
			st_le32(request, codes[i]);
			ck_assert_int_eq(gd_snd_control(&s, request, len, r, sizeof(r)), 4);
			ck_assert_uint_eq(ld_le32(r), 2);
			ck_assert_uint_eq(r[4], GD_SND_PRESET);
		}
	}
	gd_snd_close(&s);
}
END_TEST

START_TEST(short_requests_and_strange_streams_are_bad)
{
	static const struct {
		uint32_t code, need;
	} requests[] = {{0x100, 12}, {0x101, 24}, {0x102, 8}, {0x103, 8}, {0x104, 8}, {0x105, 8}};
	static const uint32_t strangers[] = {2, 3, 0x100, 0xffffffff};
	struct gd_snd s;

	CLAUSE("SND-12");
	start_snd(&s);
	for (size_t i = 0; i < COUNT_OF(requests); i++) {
		uint8_t request[24] = {0}, r[68];

		st_le32(request, requests[i].code);
		for (uint32_t len = 1; len < requests[i].need; len++) {
			ck_assert_int_eq(gd_snd_control(&s, request, len, r, sizeof(r)), 4);
			ck_assert_uint_eq(ld_le32(r), VIRTIO_SND_S_BAD_MSG);
		}
		for (size_t k = 0; k < COUNT_OF(strangers) && i > 0; k++) {
			st_le32(request + 4, strangers[k]);
			request[20] = 2;
			request[21] = 5;
			request[22] = 7;
			ck_assert_int_eq(
				gd_snd_control(&s, request, requests[i].need, r, sizeof(r)), 4);
			ck_assert_uint_eq(ld_le32(r), VIRTIO_SND_S_BAD_MSG);
		}
	}
	/* A response only. */
	{
		gpa_t at = gd_alloc(s.m, 8, 8);
		struct gd_seg seg = {at, 8, true};
		struct gd_used used;

		ck_assert_int_ge(gd_add_indirect(&s.control, 0, &seg, 1), 0);
		gd_kick(&s.control);
		ck_assert(gd_wait_used(&s.control, &used));
		ck_assert_uint_eq(used.len, 4);
		ck_assert_uint_eq(gd_ld32(s.m, at), VIRTIO_SND_S_BAD_MSG);
	}
	gd_snd_close(&s);
}
END_TEST

START_TEST(a_request_behind_its_response_is_bad)
{
	struct gd_used used;
	struct gd_snd s;
	gpa_t at, answer;

	CLAUSE("SND-12");
	start_snd(&s);
	at = gd_alloc(s.m, 12, 8);
	answer = gd_alloc(s.m, 68, 8);
	gd_st32(s.m, at, VIRTIO_SND_R_PCM_INFO);
	gd_st32(s.m, at + 8, 2);
	struct gd_seg segs[] = {{answer, 68, true}, {at, 12, false}};

	ck_assert_int_ge(gd_add(&s.control, segs, 2), 0);
	gd_kick(&s.control);
	ck_assert(gd_wait_used(&s.control, &used));
	ck_assert_uint_eq(used.len, 4);
	ck_assert_uint_eq(gd_ld32(s.m, answer), VIRTIO_SND_S_BAD_MSG);
	gd_snd_close(&s);
}
END_TEST

START_TEST(parameters_are_the_streams_own)
{
	struct gd_snd s;

	CLAUSE("SND-7");
	start_snd(&s);
	for (uint32_t id = 0; id < 2; id++) {
		struct gd_snd_params good = gd_snd_standard(id), p;

		for (unsigned int field = 0; field < 4; field++) {
			for (int off = -1; off <= 1; off += 2) {
				p = good;
				p.channels = (uint8_t)(p.channels + (field == 0 ? off : 0));
				p.format = (uint8_t)(p.format + (field == 1 ? off : 0));
				p.rate = (uint8_t)(p.rate + (field == 2 ? off : 0));
				p.features = field == 3 ? 1U << (off + 1) : 0;
				ck_assert_int_eq(gd_snd_set_params(&s, id, &p),
						 VIRTIO_SND_S_NOT_SUPP);
				/* Nothing changed: the stream is idle still. */
				ck_assert_int_eq(gd_snd_command(&s, VIRTIO_SND_R_PCM_PREPARE, id),
						 VIRTIO_SND_S_IO_ERR);
			}
		}
		p = good;
		p.format = 255;
		ck_assert_int_eq(gd_snd_set_params(&s, id, &p), VIRTIO_SND_S_NOT_SUPP);
		ck_assert_int_eq(gd_snd_set_params(&s, id, &good), VIRTIO_SND_S_OK);
		ck_assert_int_eq(gd_snd_command(&s, VIRTIO_SND_R_PCM_PREPARE, id), VIRTIO_SND_S_OK);
		/* Nor does a refusal end what is prepared. */
		ck_assert_int_eq(gd_snd_set_params(&s, id, &p), VIRTIO_SND_S_NOT_SUPP);
		ck_assert_int_eq(gd_snd_command(&s, VIRTIO_SND_R_PCM_START, id), VIRTIO_SND_S_OK);
	}
	gd_snd_close(&s);
}
END_TEST

START_TEST(buffer_and_period_may_be_any)
{
	static const uint32_t values[] = {0, 1, 3, 262144, 262145, 0x80000000, 0xffffffff};
	struct gd_snd s;

	CLAUSE("SND-8");
	CLAUSE("SND-35");
	start_snd(&s);
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		for (size_t k = 0; k < COUNT_OF(values); k++) {
			struct gd_snd_params p = gd_snd_standard(OUT);
			struct gd_snd_xfer x;

			p.buffer_bytes = values[i];
			p.period_bytes = values[k];
			ck_assert_int_eq(gd_snd_set_params(&s, OUT, &p), VIRTIO_SND_S_OK);
			gd_snd_command(&s, VIRTIO_SND_R_PCM_PREPARE, OUT);
			ck_assert_int_eq(gd_snd_command(&s, VIRTIO_SND_R_PCM_START, OUT),
					 VIRTIO_SND_S_OK);
			x = submit(&s, OUT, 192, 1);
			gd_snd_advance(&s, 2);
			ck_assert_int_eq(gd_snd_completed(&s, false, NULL), 8);
			ck_assert_uint_eq(gd_snd_status(&s, &x), VIRTIO_SND_S_OK);
		}
	}
	gd_snd_close(&s);
}
END_TEST

/* Brings stream @id into a state of the table, from wherever it is. */
static void go_to(struct gd_snd *s, uint32_t id, unsigned int state)
{
	static const uint32_t way[] = {0, VIRTIO_SND_R_PCM_PREPARE, VIRTIO_SND_R_PCM_START};
	struct gd_snd_params params = gd_snd_standard(id);

	ck_assert_int_eq(gd_snd_command(s, VIRTIO_SND_R_PCM_RELEASE, id), VIRTIO_SND_S_OK);
	for (unsigned int i = 0; i < state; i++)
		ck_assert_int_eq(i ? gd_snd_command(s, way[i], id)
				   : gd_snd_set_params(s, id, &params),
				 VIRTIO_SND_S_OK);
}

/* The state that stream @id shows: START and STOP tell, and are taken back by going there again. */
static unsigned int find_state(struct gd_snd *s, uint32_t id)
{
	if (gd_snd_command(s, VIRTIO_SND_R_PCM_STOP, id) == VIRTIO_SND_S_OK)
		return 3;
	if (gd_snd_command(s, VIRTIO_SND_R_PCM_START, id) == VIRTIO_SND_S_OK)
		return 2;
	return gd_snd_command(s, VIRTIO_SND_R_PCM_PREPARE, id) == VIRTIO_SND_S_OK ? 1 : 0;
}

START_TEST(every_cell_of_the_state_machine)
{
	/* Status, next state: for SET_PARAMS, PREPARE, RELEASE, START, STOP. */
	static const uint8_t cells[4][5][2] = {
		{{0, 1}, {3, 0}, {0, 0}, {3, 0}, {3, 0}},
		{{0, 1}, {0, 2}, {0, 0}, {3, 1}, {3, 1}},
		{{0, 1}, {0, 2}, {0, 0}, {0, 3}, {3, 2}},
		{{0, 1}, {3, 3}, {0, 0}, {0, 3}, {0, 2}},
	};
	struct gd_snd s;

	CLAUSE("SND-10");
	start_snd(&s);
	for (uint32_t id = 0; id < 2; id++) {
		for (unsigned int from = 0; from < 4; from++) {
			for (uint32_t c = 0; c < 5; c++) {
				struct gd_snd_params params = gd_snd_standard(id);

				go_to(&s, id, from);
				ck_assert_int_eq(
					c ? gd_snd_command(&s, VIRTIO_SND_R_PCM_SET_PARAMS + c, id)
					  : gd_snd_set_params(&s, id, &params),
					cells[from][c][0]);
				ck_assert_uint_eq(find_state(&s, id), cells[from][c][1]);
			}
		}
	}
	gd_snd_close(&s);
}
END_TEST

START_TEST(streams_go_through_their_flow_again_and_again)
{
	static const uint32_t back[] = {VIRTIO_SND_R_PCM_STOP, VIRTIO_SND_R_PCM_RELEASE};
	struct gd_snd s;

	CLAUSE("SND-9");
	start_snd(&s);
	for (unsigned int round = 0; round < 50; round++) {
		uint32_t first = round % 2;

		ck_assert(gd_snd_run(&s, first));
		ck_assert(gd_snd_run(&s, !first));
		for (size_t i = 0; i < COUNT_OF(back); i++) {
			ck_assert_int_eq(gd_snd_command(&s, back[i], first), VIRTIO_SND_S_OK);
			ck_assert_int_eq(gd_snd_command(&s, back[i], !first), VIRTIO_SND_S_OK);
		}
	}
	gd_snd_close(&s);
}
END_TEST

START_TEST(control_answers_while_streams_are_busy)
{
	struct clock clock = clock_host();
	uint64_t begin;
	struct gd_snd s;

	CLAUSE("SND-15");
	start_snd(&s);
	ck_assert(gd_snd_run(&s, OUT));
	ck_assert(gd_snd_run(&s, IN));
	for (unsigned int i = 0; i < 20; i++) {
		submit(&s, OUT, 19200, 1);
		submit(&s, IN, 9600, 0);
	}
	begin = clock_monotonic_ns(&clock);
	for (unsigned int i = 0; i < 10; i++) {
		s.now_ns += 5 * NS_PER_MS;
		ck_assert(gd_snd_works(&s));
	}
	ck_assert_uint_lt(clock_monotonic_ns(&clock) - begin, NS_PER_SEC);
	gd_snd_close(&s);
}
END_TEST

START_TEST(messages_may_be_cut_anywhere)
{
	struct gd_seg segs[12 + 68];
	struct gd_used used;
	struct gd_snd s;
	gpa_t at, answer;

	CLAUSE("SND-41");
	start_snd(&s);
	at = gd_alloc(s.m, 12, 8);
	answer = gd_alloc(s.m, 68, 8);
	gd_st32(s.m, at, VIRTIO_SND_R_PCM_INFO);
	gd_st32(s.m, at + 8, 2);
	for (uint32_t i = 0; i < 12; i++)
		segs[i] = (struct gd_seg){at + i, 1, false};
	for (uint32_t i = 0; i < 68; i++)
		segs[12 + i] = (struct gd_seg){answer + i, 1, true};
	ck_assert_int_ge(gd_add_indirect(&s.control, 0, segs, COUNT_OF(segs)), 0);
	gd_kick(&s.control);
	ck_assert(gd_wait_used(&s.control, &used));
	ck_assert_uint_eq(used.len, 68);
	ck_assert_uint_eq(gd_ld32(s.m, answer), 0);
	ck_assert_uint_eq(gd_ld8(s.m, answer + 4 + 8), 0x20);
	ck_assert_uint_eq(gd_ld8(s.m, answer + 36 + 24), 1);
	gd_snd_close(&s);
}
END_TEST

START_TEST(messages_outside_ram_are_answered_as_far_as_possible)
{
	static const struct {
		gpa_t at;
		uint32_t len;
	} bad[] = {{0xffffffffffffff00ULL, 0x200}, {GD_BAR_WINDOW, 64}, {1ULL << 40, 0xffffffff}};
	struct gd_used used;
	struct gd_snd s;
	gpa_t at;

	CLAUSE("Q-DMA-2");
	CLAUSE("Q-DMA-7");
	start_snd(&s);
	at = gd_alloc(s.m, 68, 8);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct gd_seg request[] = {{bad[i].at, bad[i].len, false},
					   {bad[i].at, bad[i].len, false},
					   {at, 68, true}};
		struct gd_seg response[] = {{at, 12, false}, {bad[i].at, bad[i].len, true}};

		ck_assert_int_ge(gd_add_indirect(&s.control, 0, request, 3), 0);
		gd_kick(&s.control);
		ck_assert(gd_wait_used(&s.control, &used));
		ck_assert_uint_eq(used.len, 4);
		ck_assert_uint_eq(gd_ld32(s.m, at), VIRTIO_SND_S_BAD_MSG);
		gd_st32(s.m, at, VIRTIO_SND_R_PCM_INFO);
		ck_assert_int_ge(gd_add_indirect(&s.control, 0, response, 2), 0);
		gd_kick(&s.control);
		ck_assert(gd_wait_used(&s.control, &used));
		ck_assert_uint_eq(used.len, 0);
	}
	ck_assert(gd_snd_works(&s));
	gd_snd_close(&s);
}
END_TEST

CONTRACT_MAIN("snd", four_queues_and_no_feature, identity_is_the_types,
	      config_is_two_streams_and_read_only, windows_driver_starts_with_every_interrupt_mode,
	      pcm_info_gives_both_streams, pcm_info_gives_any_part,
	      pcm_info_fits_whole_entries_into_the_room,
	      no_room_for_a_status_means_no_answer_and_no_deed, what_is_not_there_is_not_supported,
	      short_requests_and_strange_streams_are_bad, a_request_behind_its_response_is_bad,
	      parameters_are_the_streams_own, buffer_and_period_may_be_any,
	      every_cell_of_the_state_machine, streams_go_through_their_flow_again_and_again,
	      control_answers_while_streams_are_busy, messages_may_be_cut_anywhere,
	      messages_outside_ram_are_answered_as_far_as_possible)
