/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/block_fixture.h"

#include "vmm/host/block/driver.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <linux/magic.h>

/* What every driver has to do with requests. */

static const struct block_variant {
	const char *name;
	enum block_aio aio;
	bool snapshot;
	/* What makes the image of the raw file "image" into another one, "other", of the format. */
	const char *format;
	const char *make;
} variants[] = {
	{"raw/io_uring", BLOCK_AIO_URING, false, NULL, NULL},
	{"raw/threads", BLOCK_AIO_THREADS, false, NULL, NULL},
	{"overlay", BLOCK_AIO_URING, true, NULL, NULL},
	{"overlay", BLOCK_AIO_THREADS, true, NULL, NULL},
#define QCOW2(make) "qcow2", BLOCK_AIO_URING, false, "qcow2", make
	{QCOW2("qemu-img convert -O qcow2 image other")},
	{QCOW2("qemu-img convert -O qcow2 -o cluster_size=512 image other")},
	{QCOW2("qemu-img convert -O qcow2 -o cluster_size=4k,refcount_bits=1 image other")},
	{QCOW2("qemu-img convert -O qcow2 -o cluster_size=2M,refcount_bits=64 image other")},
	{QCOW2("qemu-img convert -O qcow2 -o compat=0.10,cluster_size=1k image other")},
	{QCOW2("qemu-img convert -c -O qcow2 -o cluster_size=8k image other")},
	{QCOW2("qemu-img convert -c -O qcow2 -o compression_type=zstd image other")},
	{QCOW2("cp image base && qemu-img create -q -f qcow2 -F raw -b base other")},
	{QCOW2("cp image base && qemu-img create -q -f qcow2 -F raw -b base "
	       "-o cluster_size=512,refcount_bits=2 other")},
	{QCOW2("qemu-img convert -c -O qcow2 image base && "
	       "qemu-img create -q -f qcow2 -F qcow2 -b base -o cluster_size=256k middle && "
	       "qemu-img create -q -f qcow2 -F qcow2 -b middle other")},
	{QCOW2("qemu-img convert -O qcow2 -o cluster_size=2k image other && "
	       "qemu-img snapshot -c one other")},
	{"qcow2", BLOCK_AIO_THREADS, false, "qcow2", "qemu-img convert -O qcow2 image other"},
	{"overlay", BLOCK_AIO_URING, true, "qcow2", "qemu-img convert -c -O qcow2 image other"},
};

#define VARIANTS     ((int)(sizeof(variants) / sizeof(variants[0])))
#define RAW_VARIANTS 4 /* the first of them: over a raw image */

static struct block *open_variant(int i)
{
	struct block_config config = {.path = image,
				      .format = variants[i].format,
				      .snapshot = variants[i].snapshot,
				      .aio = variants[i].aio};
	struct block *blk;

	if (variants[i].make)
		shell("%s && mv other image", variants[i].make);
	err = (struct err)ERR_INIT;
	blk = block_open(&config, loop, &err);
	ck_assert_msg(blk != NULL, "%s", err.text);
	ck_assert_str_eq(block_describe(blk), variants[i].name);
	return blk;
}

#define SIZE	(1024 * 1024)
#define SECTORS (SIZE / BLOCK_SECTOR)

/* ---- random sequences against a model in memory ---- */

#define SLOTS	  48
#define MAX_LEN	  (96 * BLOCK_SECTOR)
#define SEQUENCES 6000

struct slot {
	struct block_request req;
	struct model *model;
	bool busy;
	uint8_t buf[MAX_LEN];
};

struct model {
	struct block *blk;
	uint8_t bytes[SIZE];
	struct slot slots[SLOTS];
	unsigned int seed, started, busy;
};

/* Two requests may be under way on the same sectors only when both read. */
static bool collides(const struct model *m, uint64_t offset, size_t len, enum block_op op)
{
	for (int i = 0; i < SLOTS; i++) {
		const struct slot *s = &m->slots[i];

		if (s->busy && s->req.op != BLOCK_FLUSH &&
		    (op == BLOCK_WRITE || s->req.op == BLOCK_WRITE) &&
		    offset < s->req.offset + s->req.len && s->req.offset < offset + len)
			return true;
	}
	return false;
}

static bool start_random(struct slot *s)
{
	struct model *m = s->model;
	int kind = rand_r(&m->seed) % 16;
	enum block_op op = kind == 0 ? BLOCK_FLUSH : kind < 8 ? BLOCK_WRITE : BLOCK_READ;
	size_t most = kind % 2 ? 8 : MAX_LEN / BLOCK_SECTOR;
	size_t len = (rand_r(&m->seed) % most + 1) * BLOCK_SECTOR;
	uint64_t offset = (uint64_t)(rand_r(&m->seed) % SECTORS) * BLOCK_SECTOR;

	if (len > SIZE - offset)
		len = SIZE - offset;
	if (op != BLOCK_FLUSH && collides(m, offset, len, op))
		return false;
	s->req.op = op;
	s->req.offset = op == BLOCK_FLUSH ? 0 : offset;
	s->req.len = op == BLOCK_FLUSH ? 0 : len;
	if (op == BLOCK_WRITE) {
		for (size_t i = 0; i < len; i++)
			s->buf[i] = (uint8_t)rand_r(&m->seed);
		memcpy(m->bytes + offset, s->buf, len);
	}
	s->busy = true;
	m->busy++;
	m->started++;
	block_submit(m->blk, &s->req);
	ck_assert(s->busy);
	return true;
}

static void random_done(struct block_request *req, int result)
{
	struct slot *s = (struct slot *)req;
	struct model *m = s->model;

	ck_assert(s->busy);
	ck_assert_int_eq(result, 0);
	if (req->op == BLOCK_READ)
		ck_assert_mem_eq(s->buf, m->bytes + req->offset, req->len);
	s->busy = false;
	m->busy--;
	if (m->started < SEQUENCES && start_random(s) && m->started % 3)
		block_kick(m->blk);
}

static void check_file(int variant, const uint8_t *bytes, size_t size)
{
	uint8_t *file = malloc(size + 1);
	int fd;

	if (variants[variant].format)
		shell("qemu-img check -q -f qcow2 image && "
		      "qemu-img convert -f qcow2 -O raw image other && mv other image");
	fd = open(image, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(read(fd, file, size + 1), size);
	ck_assert_mem_eq(file, bytes, size);
	close(fd);
	free(file);
}

START_TEST(random_requests_match_a_model)
{
	struct model *m = calloc(1, sizeof(*m));
	uint8_t *view = malloc(SIZE);

	make_image(SIZE);
	for (size_t i = 0; i < SIZE; i++)
		m->bytes[i] = pattern_at(i);
	m->blk = open_variant(_i);
	m->seed = 20240 + (unsigned int)_i;
	ck_assert_uint_eq(m->blk->size, SIZE);
	for (int i = 0; i < SLOTS; i++) {
		m->slots[i].model = m;
		m->slots[i].req.buf = m->slots[i].buf;
		m->slots[i].req.done = random_done;
	}
	while (m->started < SEQUENCES) {
		for (int i = 0; i < SLOTS; i++)
			if (!m->slots[i].busy)
				start_random(&m->slots[i]);
		block_kick(m->blk);
		while (m->busy > SLOTS / 2) {
			ck_assert_int_ge(loop_run_once(loop, 10000, &err), 0);
			block_kick(m->blk);
		}
	}
	block_drain(m->blk);
	ck_assert_uint_eq(m->busy, 0);
	ck_assert_int_eq(run_job(m->blk, BLOCK_READ, 0, view, SIZE), 0);
	ck_assert_mem_eq(view, m->bytes, SIZE);
	block_destroy(m->blk);

	for (size_t i = 0; i < SIZE && variants[_i].snapshot; i++)
		m->bytes[i] = pattern_at(i);
	check_file(_i, m->bytes, SIZE);
	free(view);
	free(m);
}
END_TEST

/* ---- order and number of calls ---- */

#define CROWD 700

START_TEST(writes_side_by_side_in_flight_keep_their_bytes)
{
	static struct job jobs[CROWD];
	static uint8_t bytes[CROWD][BLOCK_SECTOR], view[CROWD][BLOCK_SECTOR];
	struct block *blk;

	make_image(SIZE);
	blk = open_variant(_i);
	for (int i = 0; i < CROWD; i++) {
		int at = (i * 11) % CROWD;

		memset(bytes[at], at + 3, BLOCK_SECTOR);
		job_submit(blk, &jobs[i], BLOCK_WRITE, (uint64_t)at * BLOCK_SECTOR, bytes[at],
			   BLOCK_SECTOR);
	}
	block_kick(blk);
	for (int i = 0; i < CROWD; i++) {
		wait_for(&jobs[i]);
		ck_assert_int_eq(jobs[i].result, 0);
	}
	ck_assert_int_eq(run_job(blk, BLOCK_READ, 0, view[0], sizeof(view)), 0);
	ck_assert_mem_eq(view, bytes, sizeof(view));
	block_destroy(blk);
}
END_TEST

struct chain {
	struct block_request req;
	struct block *blk;
	int left, depth, deepest;
	bool submitting;
};

static void chain_done(struct block_request *req, int result)
{
	struct chain *c = (struct chain *)req;

	ck_assert_int_eq(result, 0);
	ck_assert(!c->submitting);
	if (++c->depth > c->deepest)
		c->deepest = c->depth;
	if (c->left-- > 0) {
		c->submitting = true;
		req->op = c->left % 4 ? BLOCK_READ : BLOCK_FLUSH;
		block_submit(c->blk, req);
		c->submitting = false;
		block_kick(c->blk);
	}
	c->depth--;
}

START_TEST(done_may_submit_and_kick_without_recursion)
{
	uint8_t buf[4096];
	struct chain c = {
		.req = {.op = BLOCK_READ, .buf = buf, .len = sizeof(buf), .done = chain_done},
		.left = 500};

	make_image(SIZE);
	c.blk = open_variant(_i);
	block_submit(c.blk, &c.req);
	block_kick(c.blk);
	while (c.left >= 0)
		ck_assert_int_ge(loop_run_once(loop, 10000, &err), 0);
	ck_assert_int_le(c.deepest, 2);
	block_destroy(c.blk);
}
END_TEST

START_TEST(destroy_finishes_what_is_in_flight)
{
	static struct job jobs[300];
	static uint8_t bytes[300][4096];
	const int n = 300;
	struct block *blk;

	make_image((size_t)n * 4096);
	blk = open_variant(_i);
	for (int i = 0; i < n; i++) {
		memset(bytes[i], 200 - i, 4096);
		job_submit(blk, &jobs[i], i % 50 ? BLOCK_WRITE : BLOCK_FLUSH, (uint64_t)i * 4096,
			   bytes[i], 4096);
		if (i == 200)
			block_kick(blk);
	}
	block_destroy(blk);
	for (int i = 0; i < n; i++) {
		ck_assert_int_eq(jobs[i].done, 1);
		ck_assert_int_eq(jobs[i].result, 0);
		for (int k = 0; k < 4096 && (variants[_i].snapshot || i % 50 == 0); k++)
			bytes[i][k] = pattern_at((size_t)i * 4096 + (size_t)k);
	}
	check_file(_i, bytes[0], sizeof(bytes));
}
END_TEST

static void *kick_and_end(void *arg)
{
	block_kick(arg);
	return NULL;
}

START_TEST(another_thread_may_close_after_the_first_has_ended)
{
	static struct job jobs[64];
	static uint8_t bytes[64][4096];
	struct block *blk;
	pthread_t thread;

	make_image(sizeof(bytes));
	blk = open_variant(_i);
	for (int i = 0; i < 64; i++) {
		memset(bytes[i], i, 4096);
		job_submit(blk, &jobs[i], BLOCK_WRITE, (uint64_t)i * 4096, bytes[i], 4096);
	}
	ck_assert_int_eq(pthread_create(&thread, NULL, kick_and_end, blk), 0);
	pthread_join(thread, NULL);
	block_destroy(blk);
	for (int i = 0; i < 64; i++) {
		ck_assert_int_eq(jobs[i].done, 1);
		ck_assert_int_eq(jobs[i].result, 0);
	}
}
END_TEST

/* Pages of the image that wait to be written; -1 where the kernel does not tell (before 6.5) and on
 * a file system that lives in memory. */
static long dirty_pages(void)
{
#ifndef __NR_cachestat
#define __NR_cachestat 451
#endif
	struct {
		uint64_t cache, dirty, writeback, evicted, recently_evicted;
	} stat;
	struct {
		uint64_t offset, length;
	} range = {0, 0};
	int fd = open(image, O_RDONLY | O_CLOEXEC);
	long rc = syscall(__NR_cachestat, fd, &range, &stat, 0);
	struct statfs fs;

	if (fstatfs(fd, &fs) || fs.f_type == TMPFS_MAGIC)
		rc = -1;
	close(fd);
	return rc < 0 ? -1 : (long)(stat.dirty + stat.writeback);
}

START_TEST(flush_ends_after_the_data_has_left_the_cache)
{
	static uint8_t bytes[SIZE];
	struct block *blk;
	long before;

	make_image(SIZE);
	blk = open_variant(_i);
	ck_assert_int_eq(run_job(blk, BLOCK_FLUSH, 0, NULL, 0), 0);
	before = dirty_pages();
	ck_assert_int_eq(run_job(blk, BLOCK_WRITE, 0, bytes, sizeof(bytes)), 0);
	if (before == 0 && !variants[_i].snapshot)
		ck_assert_int_gt(dirty_pages(), 0);
	ck_assert_int_eq(run_job(blk, BLOCK_FLUSH, 0, NULL, 0), 0);
	if (before == 0)
		ck_assert_int_eq(dirty_pages(), 0);
	block_destroy(blk);
}
END_TEST

/* ---- size ---- */

START_TEST(resize_grows_with_zeros_and_shrinks)
{
	static uint8_t buf[8192], zeros[8192], mark[8192];
	bool snapshot = variants[_i].snapshot;
	struct block *blk;
	struct stat st;

	make_image(SIZE);
	blk = open_variant(_i);
	memset(mark, 0x5a, sizeof(mark));
	ck_assert_int_eq(block_resize(blk, SIZE + 1, &err), -EINVAL);
	ck_assert_int_eq(block_resize(blk, 0, &err), -EINVAL);
	ck_assert_int_eq(block_resize(blk, UINT64_MAX - 511, &err), -EINVAL);

	ck_assert_msg(!block_resize(blk, 3 * SIZE, &err), "%s", err.text);
	ck_assert_uint_eq(blk->size, 3 * SIZE);
	ck_assert_int_eq(run_job(blk, BLOCK_READ, SIZE - 4096, buf, 8192), 0);
	ck_assert_uint_eq(buf[4095], pattern_at(SIZE - 1));
	ck_assert_mem_eq(buf + 4096, zeros, 4096);
	ck_assert_int_eq(run_job(blk, BLOCK_WRITE, 3 * SIZE - 8192, mark, 8192), 0);
	ck_assert_int_eq(run_job(blk, BLOCK_WRITE, SIZE / 2 - 4096, mark, 8192), 0);

	/* The cut goes through written sectors, and through what was never written. */
	ck_assert_int_eq(block_resize(blk, SIZE / 2 + 512, &err), 0);
	ck_assert_int_eq(block_resize(blk, 3 * SIZE, &err), 0);
	ck_assert_int_eq(run_job(blk, BLOCK_READ, SIZE / 2 - 4096, buf, 8192), 0);
	ck_assert_mem_eq(buf, mark, 4096 + 512);
	ck_assert_mem_eq(buf + 4096 + 512, zeros, 4096 - 512);
	ck_assert_int_eq(run_job(blk, BLOCK_READ, SIZE - 8192, buf, 8192), 0);
	ck_assert_mem_eq(buf, zeros, 8192);
	ck_assert_int_eq(run_job(blk, BLOCK_READ, 3 * SIZE - 8192, buf, 8192), 0);
	ck_assert_mem_eq(buf, zeros, 8192);
	block_destroy(blk);
	ck_assert_int_eq(stat(image, &st), 0);
	ck_assert_int_eq(st.st_size, snapshot ? SIZE : 3 * SIZE);
}
END_TEST

START_TEST(bytes_after_the_last_whole_sector_are_not_shown)
{
	uint8_t buf[3 * 512], zeros[512] = {0};
	struct block *blk;

	make_image(3 * 512 + 100);
	blk = open_variant(_i);
	ck_assert_uint_eq(blk->size, 3 * 512);
	ck_assert_int_eq(run_job(blk, BLOCK_READ, 0, buf, 3 * 512), 0);
	ck_assert_uint_eq(buf[3 * 512 - 1], pattern_at(3 * 512 - 1));
	/* Someone cuts the file under us: the missing part of a sector is zeros, the rest is lost.
	 */
	ck_assert_int_eq(truncate(image, 512 + 100), 0);
	ck_assert_int_eq(run_job(blk, BLOCK_READ, 0, buf, 2 * 512), 0);
	ck_assert_uint_eq(buf[512 + 99], pattern_at(512 + 99));
	ck_assert_mem_eq(buf + 512 + 100, zeros, 412);
	ck_assert_int_eq(run_job(blk, BLOCK_READ, 512, buf, 2 * 512), -EIO);
	block_destroy(blk);
}
END_TEST

/* ---- errors ---- */

START_TEST(full_disk_is_enospc)
{
	struct raw_file file = {.fd = open("/dev/full", O_RDWR | O_CLOEXEC), .size = SIZE};
	uint8_t buf[4096] = {0};
	struct block *blk;

	file.path = strdup("/dev/full");
	blk = raw_create(&file, variants[_i].aio, loop, &err);
	ck_assert_msg(blk != NULL, "%s", err.text);
	ck_assert_int_eq(run_job(blk, BLOCK_WRITE, 4096, buf, sizeof(buf)), -ENOSPC);
	ck_assert_int_eq(run_job(blk, BLOCK_READ, 4096, buf, sizeof(buf)), 0);
	block_destroy(blk);
}
END_TEST

START_TEST(error_of_the_system_reaches_the_request)
{
	uint8_t buf[4096] = {0};
	struct block *blk;

	make_image(SIZE);
	blk = open_image(variants[_i].aio, true, false);
	ck_assert_int_eq(run_job(blk, BLOCK_WRITE, 0, buf, sizeof(buf)), -EBADF);
	ck_assert_int_eq(run_job(blk, BLOCK_READ, 0, buf, sizeof(buf)), 0);
	block_destroy(blk);
}
END_TEST

START_TEST(write_over_the_file_size_limit_is_efbig)
{
	static uint8_t buf[8192];
	struct rlimit before, limit;
	struct block *blk;
	int result;

	make_image(SIZE);
	blk = open_variant(_i);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	limit = before;
	limit.rlim_cur = SIZE - 4096;
	setrlimit(RLIMIT_FSIZE, &limit);
	/* The first half fits: the write goes on after a short result and then fails. */
	result = run_job(blk, BLOCK_WRITE, SIZE - 8192, buf, sizeof(buf));
	setrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_DFL);
	ck_assert_int_eq(result, -EFBIG);
	ck_assert_int_eq(run_job(blk, BLOCK_WRITE, SIZE - 8192, buf, sizeof(buf)), 0);
	block_destroy(blk);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("block");
	TCase *all = tcase_create("every driver");
	TCase *raw = tcase_create("raw drivers");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_checked_fixture(raw, set_up, tear_down);
	tcase_set_timeout(all, 60);
	tcase_add_loop_test(all, random_requests_match_a_model, 0, VARIANTS);
	tcase_add_loop_test(all, writes_side_by_side_in_flight_keep_their_bytes, 0, VARIANTS);
	tcase_add_loop_test(all, done_may_submit_and_kick_without_recursion, 0, VARIANTS);
	tcase_add_loop_test(all, destroy_finishes_what_is_in_flight, 0, VARIANTS);
	tcase_add_loop_test(all, another_thread_may_close_after_the_first_has_ended, 0, VARIANTS);
	tcase_add_loop_test(all, flush_ends_after_the_data_has_left_the_cache, 0, VARIANTS);
	tcase_add_loop_test(all, resize_grows_with_zeros_and_shrinks, 0, RAW_VARIANTS);
	tcase_add_loop_test(all, bytes_after_the_last_whole_sector_are_not_shown, 0, RAW_VARIANTS);
	tcase_add_loop_test(all, write_over_the_file_size_limit_is_efbig, 0, RAW_VARIANTS);
	tcase_add_loop_test(raw, full_disk_is_enospc, 0, 2);
	tcase_add_loop_test(raw, error_of_the_system_reaches_the_request, 0, 2);
	suite_add_tcase(suite, all);
	suite_add_tcase(suite, raw);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
