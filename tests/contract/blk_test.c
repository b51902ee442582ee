/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/contract.h"

#include <errno.h>
#include <sched.h>

/* Section 13: virtio-blk. What a request does; its malformed relatives are in blk_bad_test.c. */

#define PATTERN 0x5c

START_TEST(one_queue_of_128)
{
	struct gd_blk b;

	CLAUSE("BLK-1");
	open_blk(&b);
	ck_assert_uint_eq(gd_rd(&b.dev, GD_NUM_QUEUES), 1);
	ck_assert_uint_eq(gd_queue_rd(&b.dev, 0, GD_QUEUE_SIZE), 128);
	ck_assert_uint_eq(gd_queue_rd(&b.dev, 1, GD_QUEUE_SIZE), 0);
	gd_blk_close(&b);
}
END_TEST

START_TEST(features_are_exactly_the_contracts)
{
	struct gd_blk b;

	CLAUSE("BLK-2");
	open_blk(&b);
	ck_assert_uint_eq(gd_offered(&b.dev),
			  1ULL << 2 | 1ULL << 6 | 1ULL << 9 | 1ULL << 28 | 1ULL << 32);
	gd_blk_close(&b);
}
END_TEST

START_TEST(config_reads_in_every_width_before_any_status_write)
{
	static const struct {
		uint32_t at;
		unsigned int size;
		uint64_t value;
	} fields[] = {{0x00, 4, GD_BLK_SECTORS},
		      {0x04, 4, 0},
		      {0x00, 8, GD_BLK_SECTORS},
		      {0x08, 4, 0},
		      {0x0c, 4, 126},
		      {0x0c, 2, 126},
		      {0x0c, 1, 126},
		      {0x10, 4, 0},
		      {0x14, 4, 512},
		      {0x15, 1, 2},
		      {0x16, 2, 0}};
	struct gd_blk b;

	CLAUSE("BLK-3");
	open_blk(&b);
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		ck_assert_uint_eq(
			gd_bar_rd(&b.dev, VIRTIO_PCI_DEVICE + fields[i].at, fields[i].size),
			fields[i].value);
	for (uint32_t at = 0x18; at < 0x100; at++)
		ck_assert_uint_eq(gd_bar_rd(&b.dev, VIRTIO_PCI_DEVICE + at, 1), 0);
	ck_assert_uint_eq(gd_rd(&b.dev, GD_STATUS), 0);
	gd_blk_close(&b);
}
END_TEST

START_TEST(config_ignores_writes)
{
	uint64_t before[32];
	struct gd_blk b;

	CLAUSE("BLK-4");
	start_blk(&b);
	for (uint32_t i = 0; i < 32; i++)
		before[i] = gd_bar_rd(&b.dev, VIRTIO_PCI_DEVICE + 8 * i, 8);
	for (unsigned int size = 1; size <= 8; size *= 2)
		for (uint32_t at = 0; at < 0x100; at += size)
			gd_bar_wr(&b.dev, VIRTIO_PCI_DEVICE + at, size, UINT64_MAX);
	for (uint32_t i = 0; i < 32; i++)
		ck_assert_uint_eq(gd_bar_rd(&b.dev, VIRTIO_PCI_DEVICE + 8 * i, 8), before[i]);
	ck_assert_uint_eq(gd_rd(&b.dev, GD_GENERATION), 0);
	gd_blk_close(&b);
}
END_TEST

static uint8_t pattern_at(uint64_t byte)
{
	return (uint8_t)(byte * 31 + (byte >> 9) * 7 + 1);
}

START_TEST(in_reads_sectors_into_the_descriptors_in_order)
{
	struct gd_blk_req r;
	struct gd_blk b;

	CLAUSE("BLK-5");
	start_blk(&b);
	for (uint64_t i = 0; i < 20 * 512; i++)
		b.disk->bytes[i] = pattern_at(i);
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 5, 4 * 512);
	/* The last quarter of RAM first. */
	struct gd_seg segs[] = {{r.header, 16, false},
				{r.data + 1024, 1024, true},
				{r.data, 700, true},
				{r.data + 700, 324, true},
				{r.status, 1, true}};

	ck_assert_int_eq(gd_blk_do_segs(&b, segs, COUNT_OF(segs), r.status, NULL), VIRTIO_BLK_S_OK);
	for (uint64_t i = 0; i < 1024; i++) {
		ck_assert_uint_eq(gd_ld8(b.m, r.data + 1024 + i), pattern_at(5 * 512 + i));
		ck_assert_uint_eq(gd_ld8(b.m, r.data + i), pattern_at(5 * 512 + 1024 + i));
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(out_writes_sectors_from_the_descriptors_in_order)
{
	struct gd_blk_req w, r;
	struct gd_blk b;

	CLAUSE("BLK-6");
	start_blk(&b);
	w = gd_blk_req(&b, VIRTIO_BLK_T_OUT, 5, 2048);
	for (uint32_t i = 0; i < 2048; i++)
		gd_fill(b.m, w.data + i, pattern_at(i), 1);
	struct gd_seg segs[] = {{w.header, 16, false},
				{w.data, 1, false},
				{w.data + 1, 1500, false},
				{w.data + 1501, 547, false},
				{w.status, 1, true}};

	ck_assert_int_eq(gd_blk_do_segs(&b, segs, COUNT_OF(segs), w.status, NULL), VIRTIO_BLK_S_OK);
	for (uint32_t i = 0; i < 2048; i++)
		ck_assert_uint_eq(b.disk->bytes[5 * 512 + i], pattern_at(i));
	ck_assert_uint_eq(b.disk->bytes[5 * 512 - 1], 0);
	ck_assert_uint_eq(b.disk->bytes[9 * 512], 0);
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 5, 2048);
	ck_assert_int_eq(gd_blk_do(&b, &r, NULL), VIRTIO_BLK_S_OK);
	for (uint32_t i = 0; i < 2048; i++)
		ck_assert_uint_eq(gd_ld8(b.m, r.data + i), pattern_at(i));
	gd_blk_close(&b);
}
END_TEST

START_TEST(sector_counts_512_bytes_whatever_the_block_size)
{
	struct gd_blk_config config = {.block_size = 4096};
	struct gd_blk_req r;
	struct gd_blk b;

	CLAUSE("BLK-7");
	start_blk_with(&b, &config);
	ck_assert_uint_eq(gd_bar_rd(&b.dev, VIRTIO_PCI_DEVICE + 0x14, 4), 4096);
	ck_assert_uint_eq(gd_bar_rd(&b.dev, VIRTIO_PCI_DEVICE, 4), GD_BLK_SECTORS);
	b.disk->bytes[4096] = 0x99;
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 8, 4096);
	ck_assert_int_eq(gd_blk_do(&b, &r, NULL), VIRTIO_BLK_S_OK);
	ck_assert_uint_eq(gd_ld8(b.m, r.data), 0x99);
	gd_blk_close(&b);
}
END_TEST

START_TEST(ioprio_is_ignored)
{
	struct gd_blk_req r;
	struct gd_blk b;

	CLAUSE("BLK-8");
	start_blk(&b);
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, 0, 512);
	gd_st32(b.m, r.header + 4, UINT32_MAX);
	ck_assert_int_eq(gd_blk_do(&b, &r, NULL), VIRTIO_BLK_S_OK);
	gd_blk_close(&b);
}
END_TEST

START_TEST(flush_takes_header_and_status)
{
	struct gd_blk_req r;
	struct gd_blk b;

	CLAUSE("BLK-14");
	start_blk(&b);
	r = gd_blk_req(&b, VIRTIO_BLK_T_FLUSH, 0, 0);
	ck_assert_int_eq(gd_blk_do(&b, &r, NULL), VIRTIO_BLK_S_OK);
	ck_assert_uint_eq(b.disk->flushes, 1);
	/* A sector beyond the disk does not matter. */
	gd_st64(b.m, r.header + 8, UINT64_MAX);
	ck_assert_int_eq(gd_blk_do(&b, &r, NULL), VIRTIO_BLK_S_OK);
	ck_assert_uint_eq(b.disk->flushes, 2);
	gd_blk_close(&b);
}
END_TEST

START_TEST(flush_with_data_leaves_the_data_alone)
{
	static const uint32_t counts[] = {1, 126, 127, 200};
	struct gd_blk b;

	CLAUSE("BLK-15");
	start_blk(&b);
	for (size_t k = 0; k < COUNT_OF(counts); k++) {
		for (unsigned int writable = 0; writable < 2; writable++) {
			struct gd_blk_req r = gd_blk_req(&b, VIRTIO_BLK_T_FLUSH, 0, 200 * 512);
			uint32_t n = counts[k];
			struct gd_seg segs[202];
			uint32_t used_len;

			gd_fill(b.m, r.data, PATTERN, r.len);
			segs[0] = (struct gd_seg){r.header, 16, false};
			for (uint32_t i = 0; i < n; i++)
				segs[1 + i] = (struct gd_seg){r.data + 512 * i, 512, writable};
			segs[n + 1] = (struct gd_seg){r.status, 1, true};
			ck_assert_int_eq(gd_blk_do_segs(&b, segs, n + 2, r.status, &used_len),
					 VIRTIO_BLK_S_OK);
			ck_assert_uint_eq(used_len, 0);
			ck_assert(gd_all(b.m, r.data, PATTERN, r.len));
		}
	}
	ck_assert_uint_eq(b.disk->flushes, 2 * COUNT_OF(counts));
	ck_assert_uint_eq(b.disk->reads + b.disk->writes, 0);
	gd_blk_close(&b);
}
END_TEST

START_TEST(flush_completes_when_the_backend_has_flushed)
{
	struct gd_blk_config config = {.mode = GD_BLOCK_HELD};
	struct gd_blk_req w, f;
	struct gd_used used;
	struct gd_blk b;

	CLAUSE("BLK-16");
	start_blk_with(&b, &config);
	w = gd_blk_req(&b, VIRTIO_BLK_T_OUT, 0, 512);
	f = gd_blk_req(&b, VIRTIO_BLK_T_FLUSH, 0, 0);
	ck_assert_int_ge(gd_blk_add(&b, &w), 0);
	gd_kick(&b.q);
	gd_settle(b.m);
	gd_block_release(b.disk, 0);
	ck_assert(gd_wait_used(&b.q, &used));
	ck_assert_int_ge(gd_blk_add(&b, &f), 0);
	gd_kick(&b.q);
	gd_settle(b.m);
	/* It was asked for after the write was done, and is not answered before it is done. */
	ck_assert_uint_eq(b.disk->flushes, 1);
	ck_assert_uint_eq(b.disk->writes_done_before_flush, 1);
	ck_assert_uint_eq(gd_used_ready(&b.q), 0);
	ck_assert_uint_eq(gd_ld8(b.m, f.status), GD_BLK_PRESET);
	gd_block_release(b.disk, 0);
	ck_assert(gd_wait_used(&b.q, &used));
	ck_assert_uint_eq(gd_ld8(b.m, f.status), VIRTIO_BLK_S_OK);
	gd_blk_close(&b);
}
END_TEST

START_TEST(backend_error_is_ioerr)
{
	static const uint32_t types[] = {VIRTIO_BLK_T_IN, VIRTIO_BLK_T_OUT, VIRTIO_BLK_T_FLUSH};
	struct gd_blk b;

	CLAUSE("BLK-17");
	start_blk(&b);
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		struct gd_blk_req r =
			gd_blk_req(&b, types[i], 0, types[i] == VIRTIO_BLK_T_FLUSH ? 0 : 512);
		uint32_t used_len;

		if (r.len)
			gd_fill(b.m, r.data, PATTERN, r.len);
		b.disk->fail = -5;
		ck_assert_int_eq(gd_blk_do(&b, &r, &used_len), VIRTIO_BLK_S_IOERR);
		ck_assert_uint_eq(used_len, 0);
		if (r.len)
			ck_assert(gd_all(b.m, r.data, PATTERN, r.len));
		b.disk->fail = 0;
		ck_assert_uint_eq(gd_rd(&b.dev, GD_STATUS), GD_RUNNING);
		ck_assert_int_eq(gd_blk_do(&b, &r, &used_len), VIRTIO_BLK_S_OK);
	}
	gd_blk_close(&b);
}
END_TEST

static void count_stops(void *arg, struct virtio_device *vd, bool write, int result,
			enum virtio_blk_on_error action, bool stopped)
{
	unsigned int *stops = arg;

	(void)vd;
	(void)write;
	(void)result;
	ck_assert_int_eq(action, stopped ? VIRTIO_BLK_STOP : VIRTIO_BLK_REPORT);
	*stops += stopped;
}

/* The machine's owner may have asked for patience: then an error is no answer yet, and the request
 * is answered once, by what came of its second try. */
START_TEST(backend_error_may_wait_for_the_host)
{
	unsigned int stops = 0;
	struct gd_blk_config config = {
		.on_write_error = VIRTIO_BLK_ENOSPC, .error = count_stops, .error_arg = &stops};
	struct gd_blk_req w;
	struct gd_used used;
	struct gd_blk b;

	CLAUSE("BLK-17");
	start_blk_with(&b, &config);
	w = gd_blk_req(&b, VIRTIO_BLK_T_OUT, 7, 512);
	gd_fill(b.m, w.data, PATTERN, w.len);
	b.disk->fail = -EIO;
	ck_assert_int_eq(gd_blk_do(&b, &w, NULL), VIRTIO_BLK_S_IOERR);
	ck_assert_uint_eq(stops, 0);
	b.disk->fail = -ENOSPC;
	gd_fill(b.m, w.status, GD_BLK_PRESET, 1);
	ck_assert_int_ge(gd_blk_add(&b, &w), 0);
	gd_kick(&b.q);
	gd_settle(b.m);
	ck_assert_uint_eq(stops, 1);
	ck_assert_uint_eq(gd_used_ready(&b.q), 0);
	ck_assert_uint_eq(gd_ld8(b.m, w.status), GD_BLK_PRESET);
	/* The disk is still full, and then it is not. */
	virtio_blk_retry(b.vd);
	gd_settle(b.m);
	ck_assert_uint_eq(stops, 2);
	b.disk->fail = 0;
	virtio_blk_retry(b.vd);
	ck_assert(gd_wait_used(&b.q, &used));
	ck_assert_uint_eq(used.len, 0);
	ck_assert_uint_eq(gd_ld8(b.m, w.status), VIRTIO_BLK_S_OK);
	ck_assert_uint_eq(b.disk->bytes[7 * 512], PATTERN);
	ck_assert_uint_eq(gd_rd(&b.dev, GD_STATUS), GD_RUNNING);
	ck_assert(gd_blk_works(&b));
	gd_blk_close(&b);
}
END_TEST

START_TEST(reset_drops_requests_that_wait_for_the_host)
{
	struct gd_blk_config config = {.on_read_error = VIRTIO_BLK_STOP,
				       .on_write_error = VIRTIO_BLK_STOP};
	struct gd_blk_req w;
	struct gd_blk b;

	CLAUSE("BLK-17");
	start_blk_with(&b, &config);
	w = gd_blk_req(&b, VIRTIO_BLK_T_OUT, 7, 512);
	gd_fill(b.m, w.data, PATTERN, w.len);
	b.disk->fail = -EIO;
	ck_assert_int_ge(gd_blk_add(&b, &w), 0);
	gd_kick(&b.q);
	gd_settle(b.m);
	gd_wr(&b.dev, GD_STATUS, 0);
	b.disk->fail = 0;
	virtio_blk_retry(b.vd);
	gd_settle(b.m);
	ck_assert_uint_eq(gd_ld8(b.m, w.status), GD_BLK_PRESET);
	ck_assert_uint_eq(b.disk->bytes[7 * 512], 0);
	ck_assert_ptr_null(gd_blk_start(&b, &gd_win7_blk));
	ck_assert(gd_blk_works(&b));
	gd_blk_close(&b);
}
END_TEST

/* The status byte at the moment of the interrupt, when the used element is there. */
struct seen {
	struct gd_blk *b;
	gpa_t status;
	int value;
};

static void see_status(void *arg)
{
	struct seen *seen = arg;

	if (gd_used_ready(&seen->b->q))
		seen->value = gd_ld8(seen->b->m, seen->status);
}

START_TEST(status_is_written_before_the_used_element)
{
	static const uint32_t types[] = {VIRTIO_BLK_T_IN, VIRTIO_BLK_T_OUT, VIRTIO_BLK_T_FLUSH, 99};
	struct gd_blk b;

	CLAUSE("BLK-18");
	start_blk(&b);
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		struct gd_blk_req r =
			gd_blk_req(&b, types[i], 0, types[i] == VIRTIO_BLK_T_FLUSH ? 0 : 512);
		struct seen seen = {&b, r.status, -1};
		int status;

		b.m->irq.hook = see_status;
		b.m->irq.hook_arg = &seen;
		ck_assert_uint_eq(gd_ld8(b.m, r.status), GD_BLK_PRESET);
		status = gd_blk_do(&b, &r, NULL);
		ck_assert_int_ne(status, GD_BLK_PRESET);
		ck_assert_int_eq(seen.value, status);
		gd_isr(&b.dev);
		b.m->irq.hook = NULL;
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(used_len_is_0_for_every_type)
{
	static const uint32_t types[] = {0, 1, 4, 8, 11, 13, 0x80000000};
	struct gd_blk b;

	CLAUSE("BLK-19");
	start_blk(&b);
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		struct gd_blk_req r = gd_blk_req(&b, types[i], 0, 4096);
		uint32_t used_len = 1;

		ck_assert_int_ge(gd_blk_do(&b, &r, &used_len), 0);
		ck_assert_uint_eq(used_len, 0);
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(header_and_data_may_be_cut_anywhere)
{
	struct gd_blk_req w;
	struct gd_blk b;

	CLAUSE("BLK-22");
	start_blk(&b);
	/* Header, 512 bytes of data right behind it: cut at every place, direct and in a table. */
	w = gd_blk_req(&b, VIRTIO_BLK_T_OUT, 2, 512);
	for (unsigned int table = 0; table < 2; table++) {
		for (uint32_t cut = 1; cut < 528; cut += cut < 32 ? 1 : 61) {
			gpa_t msg = gd_alloc(b.m, 528, 16);
			struct gd_seg segs[] = {{msg, cut, false},
						{msg + cut, 528 - cut, false},
						{w.status, 1, true}};
			struct gd_used used;

			gd_st32(b.m, msg, VIRTIO_BLK_T_OUT);
			gd_st64(b.m, msg + 8, 2);
			gd_fill(b.m, msg + 16, (uint8_t)cut, 512);
			gd_fill(b.m, w.status, GD_BLK_PRESET, 1);
			ck_assert_int_ge(table ? gd_add_indirect(&b.q, 0, segs, 3)
					       : gd_add(&b.q, segs, 3),
					 0);
			gd_kick(&b.q);
			ck_assert(gd_wait_used(&b.q, &used));
			ck_assert_uint_eq(gd_ld8(b.m, w.status), VIRTIO_BLK_S_OK);
			ck_assert_uint_eq(b.disk->bytes[2 * 512], (uint8_t)cut);
			ck_assert_uint_eq(b.disk->bytes[3 * 512 - 1], (uint8_t)cut);
		}
	}
	gd_blk_close(&b);
}
END_TEST

START_TEST(seg_max_is_at_least_1)
{
	struct gd_blk b;

	CLAUSE("BLK-24");
	open_blk(&b);
	ck_assert_uint_eq(gd_bar_rd(&b.dev, VIRTIO_PCI_DEVICE + 0x0c, 4), 126);
	gd_blk_close(&b);
}
END_TEST

START_TEST(requests_in_flight_have_their_own_status)
{
	struct gd_blk_config config = {.mode = GD_BLOCK_HELD};
	struct gd_blk_req reqs[128];
	struct gd_seg segs[3];
	struct gd_used used;
	struct gd_blk b;

	CLAUSE("BLK-25");
	start_blk_with(&b, &config);
	for (unsigned int i = 0; i < 128; i++) {
		b.disk->bytes[i * 512] = (uint8_t)(i + 1);
		reqs[i] = gd_blk_req(&b, VIRTIO_BLK_T_IN, i, 512);
		ck_assert_int_ge(gd_add_indirect(&b.q, 0, segs, gd_blk_segs(&reqs[i], segs)), 0);
	}
	gd_kick(&b.q);
	gd_settle(b.m);
	ck_assert_uint_eq(gd_block_held(b.disk), 128);
	/* Newest first; every third one fails. */
	for (unsigned int i = 128; i-- > 0;) {
		b.disk->fail = i % 3 ? 0 : -5;
		gd_block_release(b.disk, i);
		ck_assert(gd_wait_used(&b.q, &used));
		ck_assert_uint_eq(used.id, i);
		ck_assert_uint_eq(gd_ld8(b.m, reqs[i].status),
				  i % 3 ? VIRTIO_BLK_S_OK : VIRTIO_BLK_S_IOERR);
		ck_assert_uint_eq(gd_ld8(b.m, reqs[i].data), i % 3 ? i + 1 : 0);
		if (i > 0)
			ck_assert_uint_eq(gd_ld8(b.m, reqs[i - 1].status), GD_BLK_PRESET);
	}
	gd_blk_close(&b);
}
END_TEST

/* A vCPU that looks at generation, then at capacity: never a new generation with an old capacity.
 */
struct watcher {
	const struct gd_dev *dev;
	atomic_bool stop;
	atomic_uint looks, wrong;
};

static void *watch_config(void *arg)
{
	struct watcher *w = arg;

	while (!atomic_load(&w->stop)) {
		uint64_t generation = gd_rd(w->dev, GD_GENERATION);
		uint64_t sectors = gd_bar_rd(w->dev, VIRTIO_PCI_DEVICE, 8);

		if (sectors < GD_BLK_SECTORS + generation)
			atomic_fetch_add(&w->wrong, 1);
		atomic_fetch_add(&w->looks, 1);
		sched_yield();
	}
	return NULL;
}

START_TEST(resize_changes_capacity_then_generation_then_interrupts)
{
	struct watcher w = {0};
	pthread_t vcpu;
	struct gd_blk b;

	CLAUSE("BLK-28");
	start_blk(&b);
	w.dev = &b.dev;
	ck_assert_int_eq(pthread_create(&vcpu, NULL, watch_config, &w), 0);
	for (uint64_t i = 1; i < 250; i++) {
		unsigned int looks = atomic_load(&w.looks);

		ck_assert_int_eq(virtio_blk_resize(b.vd, (GD_BLK_SECTORS + i) * 512, NULL), 0);
		ck_assert(gd_line(&b.dev));
		ck_assert_uint_eq(gd_rd(&b.dev, GD_GENERATION), i);
		ck_assert_uint_eq(gd_bar_rd(&b.dev, VIRTIO_PCI_DEVICE, 4), GD_BLK_SECTORS + i);
		ck_assert_uint_eq(gd_isr(&b.dev), VIRTIO_ISR_CONFIG);
		for (unsigned int n = 0; n < 1000 && atomic_load(&w.looks) == looks; n++)
			loop_run_once(b.m->loop, 0, NULL);
	}
	atomic_store(&w.stop, true);
	pthread_join(vcpu, NULL);
	ck_assert_uint_eq(w.wrong, 0);
	gd_blk_close(&b);
}
END_TEST

START_TEST(resize_is_felt_by_requests)
{
	struct gd_blk_req r;
	struct gd_blk b;

	CLAUSE("BLK-28");
	start_blk(&b);
	r = gd_blk_req(&b, VIRTIO_BLK_T_IN, GD_BLK_SECTORS, 512);
	ck_assert_int_eq(gd_blk_do(&b, &r, NULL), VIRTIO_BLK_S_IOERR);
	ck_assert_int_eq(virtio_blk_resize(b.vd, (GD_BLK_SECTORS + 1) * 512, NULL), 0);
	ck_assert_int_eq(gd_blk_do(&b, &r, NULL), VIRTIO_BLK_S_OK);
	ck_assert_int_eq(virtio_blk_resize(b.vd, GD_BLK_SECTORS * 512, NULL), 0);
	ck_assert_int_eq(gd_blk_do(&b, &r, NULL), VIRTIO_BLK_S_IOERR);
	gd_blk_close(&b);
}
END_TEST

CONTRACT_MAIN("blk", one_queue_of_128, features_are_exactly_the_contracts,
	      config_reads_in_every_width_before_any_status_write, config_ignores_writes,
	      in_reads_sectors_into_the_descriptors_in_order,
	      out_writes_sectors_from_the_descriptors_in_order,
	      sector_counts_512_bytes_whatever_the_block_size, ioprio_is_ignored,
	      flush_takes_header_and_status, flush_with_data_leaves_the_data_alone,
	      flush_completes_when_the_backend_has_flushed, backend_error_is_ioerr,
	      backend_error_may_wait_for_the_host, reset_drops_requests_that_wait_for_the_host,
	      status_is_written_before_the_used_element, used_len_is_0_for_every_type,
	      header_and_data_may_be_cut_anywhere, seg_max_is_at_least_1,
	      requests_in_flight_have_their_own_status,
	      resize_changes_capacity_then_generation_then_interrupts, resize_is_felt_by_requests)
