/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/block_fixture.h"

#include <errno.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

/* What block_open() refuses and how it says so; locks; hosts that refuse something. */

#define SIZE 65536

static void refused(const struct block_config *config, int code, const char *what)
{
	err = (struct err)ERR_INIT;
	ck_assert_ptr_null(block_open(config, loop, &err));
	ck_assert_int_eq(err.code, code);
	ck_assert_msg(strstr(err.text, what) && strstr(err.text, config->path), "%s", err.text);
	ck_assert_ptr_null(strchr(err.text, '\n'));
}

START_TEST(names_what_is_wrong_with_the_path)
{
	struct block_config config = {.path = image};

	refused(&config, -ENOENT, "no such file");
	config.path = dir;
	refused(&config, -EISDIR, "is a directory");
	config.path = "/dev/null";
	refused(&config, -EINVAL, "neither a regular file nor a block device");
	config.path = image;
	ck_assert_int_eq(mkfifo(image, 0600), 0);
	refused(&config, -EINVAL, "neither a regular file nor a block device");
	unlink(image);
	make_image(511);
	refused(&config, -EINVAL, "holds 511 bytes; a disk has at least 512");
	make_image(SIZE);
	config.format = "vmdk";
	refused(&config, -EINVAL, "unknown format \"vmdk\"; known are \"raw\"");
}
END_TEST

/* Permissions bind only those who are not root. */
static void become_nobody(void)
{
	if (!geteuid())
		ck_assert_int_eq(seteuid(65534), 0);
}

static void become_self(void)
{
	if (!getuid())
		ck_assert_int_eq(seteuid(0), 0);
}

START_TEST(names_the_missing_permission_and_a_way_out)
{
	struct block_config config = {.path = image};
	struct block *blk;

	make_image(SIZE);
	chmod(image, 0);
	become_nobody();
	refused(&config, -EACCES, "not readable");
	become_self();
	chmod(image, 0444);
	become_nobody();
	refused(&config, -EACCES, "not writable");
	refused(&config, -EACCES, "readonly=on or snapshot=on");
	blk = open_image(BLOCK_AIO_AUTO, true, false);
	ck_assert_ptr_nonnull(blk);
	ck_assert(blk->read_only);
	block_destroy(blk);
	blk = open_image(BLOCK_AIO_AUTO, false, true);
	ck_assert_ptr_nonnull(blk);
	ck_assert(!blk->read_only);
	block_destroy(blk);
	become_self();
}
END_TEST

START_TEST(writer_excludes_everyone_else)
{
	struct block_config writer = {.path = image};
	struct block_config reader = {.path = image, .read_only = true};
	struct block_config snapshot = {.path = image, .snapshot = true};
	struct block *blk, *other;

	make_image(SIZE);
	for (int i = 0; i < 2; i++) {
		blk = open_image(i % 2 ? BLOCK_AIO_AUTO : BLOCK_AIO_THREADS, false, false);
		ck_assert_msg(blk != NULL, "%s", err.text);
		refused(&writer, -EBUSY, "in use by another process");
		refused(&reader, -EBUSY, "in use by another process");
		refused(&snapshot, -EBUSY, "in use by another process");
		/* The lock goes with the block, not some time later. */
		block_destroy(blk);
	}
	blk = open_image(BLOCK_AIO_AUTO, true, false);
	other = open_image(BLOCK_AIO_AUTO, false, true);
	ck_assert(blk && other);
	refused(&writer, -EBUSY, "snapshot=on");
	block_destroy(blk);
	block_destroy(other);
}
END_TEST

START_TEST(read_only_image_keeps_its_size)
{
	struct block *blk;

	make_image(SIZE);
	blk = open_image(BLOCK_AIO_AUTO, true, true);
	ck_assert(blk && blk->read_only);
	ck_assert_int_eq(block_resize(blk, 2 * SIZE, &err), -EROFS);
	ck_assert_int_eq(block_resize(blk, SIZE, &err), 0);
	block_destroy(blk);
}
END_TEST

START_TEST(snapshot_is_kept_in_memory_where_no_file_can_be)
{
	const char *tmp = getenv("TMPDIR");
	char *before = tmp ? strdup(tmp) : NULL;
	uint8_t out[4096], in[4096];
	struct block *blk;

	make_image(SIZE);
	setenv("TMPDIR", "/nonexistent", 1);
	blk = open_image(BLOCK_AIO_AUTO, false, true);
	if (before)
		setenv("TMPDIR", before, 1);
	else
		unsetenv("TMPDIR");
	free(before);
	ck_assert_msg(blk != NULL, "%s", err.text);
	memset(out, 9, sizeof(out));
	ck_assert_int_eq(run_job(blk, BLOCK_WRITE, 512, out, sizeof(out)), 0);
	ck_assert_int_eq(run_job(blk, BLOCK_READ, 512, in, sizeof(in)), 0);
	ck_assert_mem_eq(in, out, sizeof(in));
	block_destroy(blk);
}
END_TEST

/* ---- hosts that refuse io_uring, as containers do: by a filter on system calls ---- */

static bool forbid(unsigned int nr)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {sizeof(code) / sizeof(code[0]), code};

	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}

/* A filter stays for life, so each of these runs in a child, which answers by its exit status. */
enum verdict { GOOD, NO_FILTER, WRONG };

static enum verdict open_without_uring(void)
{
	struct block_config config = {.path = image};
	uint8_t buf[512];
	struct block *blk;
	enum verdict verdict;

	if (!forbid(__NR_io_uring_setup))
		return NO_FILTER;
	config.aio = BLOCK_AIO_URING;
	if (block_open(&config, loop, &err) ||
	    !strstr(err.text, "io_uring is refused by this host"))
		return WRONG;
	config.aio = BLOCK_AIO_AUTO;
	blk = block_open(&config, loop, &err);
	if (!blk || strcmp(block_describe(blk), "raw/threads") != 0)
		return WRONG;
	verdict = run_job(blk, BLOCK_READ, 0, buf, 512) || buf[1] != pattern_at(1) ? WRONG : GOOD;
	block_destroy(blk);
	return verdict;
}

static enum verdict lose_uring_later(void)
{
	struct block *blk = open_image(BLOCK_AIO_URING, false, false);
	struct job jobs[200];
	uint8_t buf[512];

	if (!blk)
		return WRONG;
	if (!forbid(__NR_io_uring_enter))
		return NO_FILTER;
	for (int i = 0; i < 200; i++)
		job_submit(blk, &jobs[i], BLOCK_READ, 0, buf, 512);
	block_kick(blk);
	for (int i = 0; i < 200; i++)
		if (jobs[i].done != 1 || jobs[i].result != -EPERM)
			return WRONG;
	if (run_job(blk, BLOCK_READ, 0, buf, 512) != -EPERM)
		return WRONG;
	block_destroy(blk);
	return GOOD;
}

static void check_in_child(enum verdict (*test)(void))
{
	int status;
	pid_t pid;

	make_image(SIZE);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid)
		_exit(test());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_ne(WEXITSTATUS(status), WRONG);
	if (WEXITSTATUS(status) == NO_FILTER)
		fprintf(stderr, "this host takes no filter on system calls: nothing was tested\n");
}

START_TEST(threads_step_in_where_io_uring_is_refused)
{
	check_in_child(open_without_uring);
}
END_TEST

START_TEST(requests_fail_when_the_ring_stops_taking_them)
{
	check_in_child(lose_uring_later);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("block_open");
	TCase *open_case = tcase_create("open");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(open_case, set_up, tear_down);
	tcase_add_test(open_case, names_what_is_wrong_with_the_path);
	tcase_add_test(open_case, names_the_missing_permission_and_a_way_out);
	tcase_add_test(open_case, writer_excludes_everyone_else);
	tcase_add_test(open_case, read_only_image_keeps_its_size);
	tcase_add_test(open_case, snapshot_is_kept_in_memory_where_no_file_can_be);
	tcase_add_test(open_case, threads_step_in_where_io_uring_is_refused);
	tcase_add_test(open_case, requests_fail_when_the_ring_stops_taking_them);
	suite_add_tcase(suite, open_case);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
