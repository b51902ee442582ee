/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/syscall_filter.h"
#include "vmm/core/loop.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reads that are over when the call returns: by a ring, and by plain calls. */

static struct loop *loop;
static struct err err;

static void setup(void)
{
	loop = loop_create(&err);
	ck_assert_ptr_nonnull(loop);
}

/* Each test runs in a child of its own, so the filter does not outlive it. */
static void setup_without_ring(void)
{
	ck_assert(forbid_syscall(__NR_io_uring_setup));
	setup();
}

static void teardown(void)
{
	loop_destroy(loop);
}

/* A file of @size bytes i * 7 in the page cache, unlinked. In the folder at hand: /tmp may be a
 * file system in memory, and such a one answers no read at once. */
static int cached_file(size_t size)
{
	char name[64];
	uint8_t byte;
	int fd;

	snprintf(name, sizeof(name), "loop_now_test.XXXXXX");
	fd = mkstemp(name);
	ck_assert_int_ge(fd, 0);
	unlink(name);
	for (size_t i = 0; i < size; i++) {
		byte = (uint8_t)(i * 7);
		ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)i), 1);
	}
	return fd;
}

START_TEST(cached_reads_are_over_when_the_call_returns)
{
	uint8_t back[LOOP_NOW_MAX][2];
	struct iovec iov[LOOP_NOW_MAX][2];
	struct loop_now reads[LOOP_NOW_MAX];
	int fd = cached_file(100);

	for (int round = 0; round < 3; round++) {
		unsigned int n = round == 0 ? 1 : LOOP_NOW_MAX;

		memset(back, 0, sizeof(back));
		for (unsigned int i = 0; i < n; i++) {
			iov[i][0] = (struct iovec){&back[i][1], 1};
			iov[i][1] = (struct iovec){&back[i][0], 1};
			reads[i] = (struct loop_now){.iov = iov[i], .n_iov = 2, .offset = i + 37};
		}
		loop_read_now(loop, fd, reads, n);
		for (unsigned int i = 0; i < n && reads[0].result != -EOPNOTSUPP; i++) {
			int left = 100 - 37 - (int)i;

			ck_assert_int_eq(reads[i].result, left > 1 ? 2 : left > 0 ? left : 0);
			ck_assert_uint_eq(back[i][1], left > 0 ? (uint8_t)((i + 37) * 7) : 0);
			ck_assert_uint_eq(back[i][0], left > 1 ? (uint8_t)((i + 38) * 7) : 0);
		}
	}
	close(fd);
}
END_TEST

START_TEST(reads_that_would_wait_or_fail_say_so)
{
	uint8_t byte;
	struct iovec iov = {&byte, 1};
	struct loop_now reads[2];
	int fd = cached_file(1);
	int rc;

	ck_assert_int_eq(fdatasync(fd), 0);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	for (unsigned int n = 1; n <= 2; n++) {
		reads[0] = reads[1] = (struct loop_now){.iov = &iov, .n_iov = 1};
		loop_read_now(loop, fd, reads, n);
		rc = reads[n - 1].result;
		/* 1: the file system keeps what it was told to let go of. */
		ck_assert(rc == 1 || rc == -EAGAIN || rc == -EOPNOTSUPP);
		loop_read_now(loop, -1, reads, n);
		ck_assert_int_eq(reads[n - 1].result, -EBADF);
	}
	close(fd);
}
END_TEST

START_TEST(cached_reads_go_on_when_the_ring_is_taken_away)
{
	uint8_t byte[2] = {0};
	struct iovec iov[2] = {{&byte[0], 1}, {&byte[1], 1}};
	struct loop_now reads[2] = {{&iov[0], 1, 1, 0}, {&iov[1], 2, 1, 0}};
	int fd = cached_file(3);

	loop_read_now(loop, fd, reads, 2);
	if (reads[0].result == -EOPNOTSUPP || !forbid_syscall(__NR_io_uring_enter))
		return;
	/* The first call finds out; what it could not do is to be made again. */
	loop_read_now(loop, fd, reads, 2);
	for (int i = 0; i < 2; i++)
		ck_assert(reads[i].result == 1 || reads[i].result == -EAGAIN);
	loop_read_now(loop, fd, reads, 2);
	ck_assert_int_eq(reads[0].result, 1);
	ck_assert_int_eq(reads[1].result, 1);
	ck_assert_uint_eq(byte[0], 7);
	ck_assert_uint_eq(byte[1], 14);
	close(fd);
}
END_TEST

static void add_case(Suite *s, const char *name, SFun set_up)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, set_up, teardown);
	tcase_add_test(tc, cached_reads_are_over_when_the_call_returns);
	tcase_add_test(tc, reads_that_would_wait_or_fail_say_so);
	tcase_add_test(tc, cached_reads_go_on_when_the_ring_is_taken_away);
	suite_add_tcase(s, tc);
}

int main(void)
{
	Suite *s = suite_create("loop_now");
	SRunner *sr = srunner_create(s);
	int failed;

	add_case(s, "ring", setup);
	add_case(s, "calls", setup_without_ring);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
