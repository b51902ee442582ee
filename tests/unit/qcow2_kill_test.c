/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/block_fixture.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

/*
 * What becomes of a qcow2 image whose process is killed, or whose disk fails, at any moment:
 * nothing that qemu-img check would find, and what was flushed is there.
 *
 * Every sector that is written says which one it is and the how manieth write it was in. Memory
 * that the parent shares says what each sector must have at least, and can have at most.
 */

#define SIZE	 (3 * 1024 * 1024)
#define SECTORS	 (SIZE / BLOCK_SECTOR)
#define SLOTS	 12
#define MOST	 96U /* sectors in a write */
#define REQUESTS 500U
#define NEVER	 UINT32_MAX

struct ledger {
	uint32_t started[SECTORS]; /* the last write that was begun */
	uint32_t flushed[SECTORS]; /* the last one that a flush has confirmed */
	atomic_uint calls;	   /* of pwrite() and fdatasync() */
	unsigned int failures;	   /* requests that ended with an error */
};

static const char *const images[] = {
	"qemu-img create -q -f qcow2 image 3M",
	"qemu-img create -q -f qcow2 -o cluster_size=512 image 3M",
	"qemu-img create -q -f qcow2 -o cluster_size=4k,refcount_bits=1 image 3M",
	"qemu-img create -q -f raw base 2M && qemu-img create -q -f qcow2 -F raw -b base image 3M",
	"qemu-img create -q -f raw base 3M && qemu-img convert -c -O qcow2 -o cluster_size=2k "
	"base image",
	"qemu-img create -q -f raw base 3M && qemu-img convert -S 0 -O qcow2 -o "
	"cluster_size=1k,compat=0.10 base image && qemu-img snapshot -c one image",
	"qemu-img create -q -f qcow2 -o cluster_size=2M image 3M",
};

#define IMAGES ((int)(sizeof(images) / sizeof(images[0])))

/* ---- the system's calls, which count, fail and kill ---- */

static struct {
	struct ledger *ledger;
	pid_t pid; /* of the process that is to suffer; others, its keeper among them, do not */
	unsigned int kill_at, fail_at, fail_until;
	int error;
} fate;

/* Whether the call fails; when its time has come, the process is gone after half of the call. */
static bool suffer(void (*half)(int fd, const void *buf, size_t len, off_t at), int fd,
		   const void *buf, size_t len, off_t at)
{
	unsigned int call;

	if (!fate.ledger || getpid() != fate.pid)
		return false;
	call = atomic_fetch_add(&fate.ledger->calls, 1) + 1;
	if (call == fate.kill_at) {
		if (half)
			half(fd, buf, len / 2, at);
		kill(getpid(), SIGKILL);
		pause();
	}
	return call >= fate.fail_at && call < fate.fail_until;
}

static void write_half(int fd, const void *buf, size_t len, off_t at)
{
	if (syscall(SYS_pwrite64, fd, buf, len, at) < 0)
		return;
}

ssize_t pwrite(int fd, const void *buf, size_t len, off_t at)
{
	if (!suffer(write_half, fd, buf, len, at))
		return syscall(SYS_pwrite64, fd, buf, len, at);
	errno = fate.error;
	return -1;
}

int fdatasync(int fd)
{
	if (!suffer(NULL, fd, NULL, 0, 0))
		return (int)syscall(SYS_fdatasync, fd);
	errno = fate.error;
	return -1;
}

/* ---- the work ---- */

struct slot {
	struct block_request req;
	struct work *work;
	bool busy;
	uint32_t number; /* of the write */
	uint8_t buf[MOST * BLOCK_SECTOR];
};

struct work {
	struct ledger *ledger;
	struct block *blk;
	unsigned int seed, started, busy;
	uint32_t done[SECTORS], flushing[SECTORS];
	struct slot slots[SLOTS];
};

static void stamp(uint8_t *sector, uint32_t index, uint32_t number)
{
	for (size_t i = 0; i < BLOCK_SECTOR; i += 8) {
		memcpy(sector + i, &index, 4);
		memcpy(sector + i + 4, &number, 4);
	}
}

static bool collides(const struct work *w, uint64_t offset, size_t len)
{
	for (int i = 0; i < SLOTS; i++) {
		const struct slot *s = &w->slots[i];

		if (s->busy && s->req.op == BLOCK_WRITE && offset < s->req.offset + s->req.len &&
		    s->req.offset < offset + len)
			return true;
	}
	return false;
}

static bool flushing(const struct work *w)
{
	for (int i = 0; i < SLOTS; i++)
		if (w->slots[i].busy && w->slots[i].req.op == BLOCK_FLUSH)
			return true;
	return false;
}

static void slot_done(struct block_request *req, int result)
{
	struct slot *s = (struct slot *)req;
	struct work *w = s->work;
	uint32_t first = (uint32_t)(req->offset / BLOCK_SECTOR);

	s->busy = false;
	w->busy--;
	if (result) {
		w->ledger->failures++;
		return;
	}
	if (req->op == BLOCK_FLUSH)
		memcpy(w->ledger->flushed, w->flushing, sizeof(w->flushing));
	else
		for (uint32_t i = 0; i < req->len / BLOCK_SECTOR; i++)
			w->done[first + i] = s->number;
}

static void start(struct work *w, struct slot *s)
{
	uint32_t n = (uint32_t)rand_r(&w->seed) % (rand_r(&w->seed) % 4 ? 12 : MOST) + 1;
	uint32_t first = (uint32_t)rand_r(&w->seed) % SECTORS;

	if (n > SECTORS - first)
		n = SECTORS - first;
	s->req = (struct block_request){.op = BLOCK_FLUSH, .buf = s->buf, .done = slot_done};
	if (rand_r(&w->seed) % 12 == 0) {
		if (flushing(w))
			return;
		memcpy(w->flushing, w->done, sizeof(w->done));
	} else {
		if (collides(w, (uint64_t)first * BLOCK_SECTOR, (size_t)n * BLOCK_SECTOR))
			return;
		s->req.op = BLOCK_WRITE;
		s->req.offset = (uint64_t)first * BLOCK_SECTOR;
		s->req.len = (size_t)n * BLOCK_SECTOR;
		s->number = w->started + 1;
		for (uint32_t i = 0; i < n; i++) {
			stamp(s->buf + (size_t)i * BLOCK_SECTOR, first + i, s->number);
			w->ledger->started[first + i] = s->number;
		}
	}
	w->started++;
	w->busy++;
	s->work = w;
	s->busy = true;
	block_submit(w->blk, &s->req);
}

static struct block *open_qcow2(enum block_aio aio, bool read_only)
{
	struct block_config config = {
		.path = image, .format = "qcow2", .read_only = read_only, .aio = aio};

	err = (struct err)ERR_INIT;
	return block_open(&config, loop, &err);
}

/* Writes and flushes at random until all requests are done. */
static void work(struct ledger *ledger, unsigned int seed, enum block_aio aio)
{
	struct work *w = calloc(1, sizeof(*w));

	w->ledger = ledger;
	w->seed = seed;
	w->blk = open_qcow2(aio, false);
	ck_assert_msg(w->blk != NULL, "%s", err.text);
	fate.ledger = ledger;
	fate.pid = getpid();
	while (w->started < REQUESTS) {
		for (int i = 0; i < SLOTS; i++)
			if (!w->slots[i].busy)
				start(w, &w->slots[i]);
		block_kick(w->blk);
		if (w->busy > SLOTS / 2)
			ck_assert_int_ge(loop_run_once(loop, 10000, &err), 0);
	}
	block_drain(w->blk);
	block_destroy(w->blk);
	fate.ledger = NULL;
	free(w);
}

/* ---- what is left ---- */

/* The keeper holds the image's lock until it is done. */
static void wait_for_keeper(void)
{
	static const struct timespec pause = {.tv_nsec = 1000000};
	int fd = open(image, O_RDWR | O_CLOEXEC);

	for (int i = 0; i < 5000; i++) {
		struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

		ck_assert_int_eq(fcntl(fd, F_OFD_GETLK, &lock), 0);
		if (lock.l_type == F_UNLCK)
			break;
		nanosleep(&pause, NULL);
	}
	close(fd);
}

static void check_left(const struct ledger *ledger, const char *when)
{
	static uint8_t bytes[SIZE];
	struct block *blk;

	shell("qemu-img check -f qcow2 image >log 2>&1 || { cat log; echo '%s'; false; }", when);
	blk = open_qcow2(BLOCK_AIO_AUTO, true);
	ck_assert_msg(blk != NULL, "%s", err.text);
	ck_assert_int_eq(run_job(blk, BLOCK_READ, 0, bytes, SIZE), 0);
	block_destroy(blk);
	for (uint32_t i = 0; i < SECTORS; i++) {
		uint8_t wanted[BLOCK_SECTOR] = {0};
		uint32_t number;

		memcpy(&number, bytes + (size_t)i * BLOCK_SECTOR + 4, 4);
		if (number)
			stamp(wanted, i, number);
		/* A sector may be torn only while it is written. */
		if (ledger->flushed[i] == ledger->started[i])
			ck_assert_mem_eq(bytes + (size_t)i * BLOCK_SECTOR, wanted, BLOCK_SECTOR);
		ck_assert_msg(number >= ledger->flushed[i] && number <= ledger->started[i],
			      "%s: sector %u is of write %u; flushed %u, started %u", when, i,
			      number, ledger->flushed[i], ledger->started[i]);
	}
}

static struct ledger *new_ledger(void)
{
	struct ledger *ledger = mmap(NULL, sizeof(*ledger), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert(ledger != MAP_FAILED);
	return ledger;
}

/* Works in a child that dies at call number @kill_at, or after @delay_us; how many calls it made.
 */
static unsigned int round_of(int kind, unsigned int seed, enum block_aio aio, unsigned int kill_at,
			     unsigned int delay_us)
{
	struct ledger *ledger = new_ledger();
	unsigned int calls;
	char when[128];
	int status;
	pid_t pid;

	snprintf(when, sizeof(when), "image %d, seed %u, killed at call %u or after %u us", kind,
		 seed, kill_at, delay_us);
	shell("rm -f * && %s", images[kind]);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		loop = loop_create(&err); /* the parent's is none for a child */
		ck_assert_ptr_nonnull(loop);
		fate.kill_at = kill_at;
		fate.fail_at = NEVER;
		work(ledger, seed, aio);
		_exit(0);
	}
	if (delay_us) {
		usleep(delay_us);
		kill(pid, SIGKILL);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg((WIFEXITED(status) && !WEXITSTATUS(status)) ||
			      (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL),
		      "%s: status %#x", when, status);
	wait_for_keeper();
	check_left(ledger, when);
	calls = atomic_load(&ledger->calls);
	munmap(ledger, sizeof(*ledger));
	return calls;
}

/* ---- tests ---- */

#define ROUNDS 16

/* Each image dies once in each part of its life, and at neighbouring calls, so that every kind of
 * call is met: data, refcounts, tables, flushes. */
START_TEST(image_is_clean_whenever_its_process_is_killed)
{
	unsigned int all = round_of(_i, 1, BLOCK_AIO_THREADS, NEVER, 0);

	ck_assert_uint_gt(all, ROUNDS);
	for (unsigned int n = 0; n < ROUNDS; n++)
		round_of(_i, 1, BLOCK_AIO_THREADS, 1 + n * (all - 1) / ROUNDS + n % 5, 0);
}
END_TEST

START_TEST(image_is_clean_when_killed_with_requests_in_a_ring)
{
	unsigned int seed = 7;

	for (unsigned int n = 0; n < 6; n++)
		round_of(_i, n, BLOCK_AIO_URING, NEVER, 1000 + (unsigned int)rand_r(&seed) % 30000);
}
END_TEST

/* One call, or some in a row, fail; what was answered well is true, and the next try works. */
START_TEST(image_is_clean_when_calls_fail)
{
	for (unsigned int n = 1; n < 260; n += 37) {
		struct ledger *ledger = new_ledger();
		char when[64];

		snprintf(when, sizeof(when), "image %d, calls from %u on failed", _i, n);
		shell("rm -f * && %s", images[_i]);
		log_set_level(LOG_LEVEL_ERROR);
		fate.kill_at = NEVER;
		fate.fail_at = n;
		fate.fail_until = n + n % 4 + 1;
		fate.error = n % 2 ? EIO : ENOSPC;
		work(ledger, n, BLOCK_AIO_THREADS);
		check_left(ledger, when);
		munmap(ledger, sizeof(*ledger));
	}
}
END_TEST

/* ---- a disk that is really full ---- */

/* Puts a file system of 1 MiB over the folder, for this process alone. False where the host does
 * not let us. */
static bool small_disk(void)
{
	if (unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return false;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tmpfs", dir, "tmpfs", 0, "size=1m") == 0;
}

/* Writes piece after piece until one fails; how many were written. */
static unsigned int fill_up(struct block *blk, int *result)
{
	static uint8_t bytes[40960];
	unsigned int n = 0;

	memset(bytes, 0x3c, sizeof(bytes));
	for (*result = 0; n < SIZE / sizeof(bytes); n++) {
		*result = run_job(blk, BLOCK_WRITE, (uint64_t)n * sizeof(bytes), bytes,
				  sizeof(bytes));
		if (*result)
			break;
	}
	return n;
}

START_TEST(full_disk_is_enospc_and_the_image_stays_clean)
{
	struct block *blk;
	uint8_t byte[512];
	unsigned int n;
	int result;

	if (!small_disk()) {
		fprintf(stderr, "this host lets us mount nothing: nothing was tested\n");
		return;
	}
	shell("%s && truncate -s 0 log && dd if=/dev/zero of=filler bs=1k count=300 status=none",
	      images[_i]);
	blk = open_qcow2(BLOCK_AIO_AUTO, false);
	ck_assert_msg(blk != NULL, "%s", err.text);
	n = fill_up(blk, &result);
	ck_assert_int_eq(result, -ENOSPC);
	ck_assert_int_eq(run_job(blk, BLOCK_FLUSH, 0, NULL, 0), 0);
	/* There is room again: the same write goes on. */
	shell("rm filler");
	ck_assert_uint_gt(fill_up(blk, &result), n);
	ck_assert_int_eq(result, -ENOSPC);
	ck_assert_int_eq(run_job(blk, BLOCK_READ, (uint64_t)n * 40960, byte, 512), 0);
	ck_assert_uint_eq(byte[0], 0x3c);
	block_destroy(blk);
	shell("qemu-img check -q -f qcow2 image");
}
END_TEST

START_TEST(file_size_limit_leaves_a_clean_image)
{
	struct rlimit before, limit;
	struct block *blk;
	int result;

	signal(SIGXFSZ, SIG_IGN);
	for (rlim_t size = 600 * 1024; size < 900 * 1024; size += 37 * 1024) {
		shell("rm -f * && %s", images[1]);
		blk = open_qcow2(BLOCK_AIO_AUTO, false);
		getrlimit(RLIMIT_FSIZE, &before);
		limit = before;
		limit.rlim_cur = size;
		setrlimit(RLIMIT_FSIZE, &limit);
		fill_up(blk, &result);
		setrlimit(RLIMIT_FSIZE, &before);
		ck_assert_int_eq(result, -EFBIG);
		block_destroy(blk);
		shell("qemu-img check -q -f qcow2 image");
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("qcow2_kill");
	TCase *killed = tcase_create("killed");
	TCase *full = tcase_create("full");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(killed, set_up, tear_down);
	tcase_add_checked_fixture(full, set_up, tear_down);
	tcase_set_timeout(killed, 120);
	tcase_set_timeout(full, 60);
	tcase_add_loop_test(killed, image_is_clean_whenever_its_process_is_killed, 0, IMAGES);
	tcase_add_loop_test(killed, image_is_clean_when_killed_with_requests_in_a_ring, 0, IMAGES);
	tcase_add_loop_test(killed, image_is_clean_when_calls_fail, 0, IMAGES);
	tcase_add_loop_test(full, full_disk_is_enospc_and_the_image_stays_clean, 0, 3);
	tcase_add_test(full, file_size_limit_leaves_a_clean_image);
	suite_add_tcase(suite, killed);
	suite_add_tcase(suite, full);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
