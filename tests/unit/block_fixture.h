/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TESTS_UNIT_BLOCK_FIXTURE_H
#define VISE_TESTS_UNIT_BLOCK_FIXTURE_H

#include "vmm/core/log.h"
#include "vmm/core/loop.h"
#include "vmm/host/block/block.h"

#include <check.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A folder with one image, an event loop, and the ways to open the image. */

static char dir[128];
static char image[160];
static struct loop *loop;
static struct err err;

static void set_up(void)
{
	const char *tmp = getenv("TMPDIR");

	log_set_level(LOG_LEVEL_ERROR);
	snprintf(dir, sizeof(dir), "%.100s/vise-block-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chmod(dir, 0755), 0);
	snprintf(image, sizeof(image), "%s/image", dir);
	loop = loop_create(&err);
	ck_assert_ptr_nonnull(loop);
}

/* Runs the shell command, with the image's folder as its own. */
static inline void shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static inline void shell(const char *fmt, ...)
{
	char command[1024];
	va_list args;
	int status;
	pid_t pid;
	int n = snprintf(command, sizeof(command), "cd %s && ", dir);

	va_start(args, fmt);
	vsnprintf(command + n, sizeof(command) - (size_t)n, fmt, args);
	va_end(args);
	pid = fork();
	if (!pid) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "%s", command);
}

static void tear_down(void)
{
	loop_destroy(loop);
	shell("rm -f *");
	rmdir(dir);
}

static inline uint8_t pattern_at(size_t offset)
{
	return (uint8_t)(offset * 7 + offset / 512 * 13 + 1);
}

static inline void make_image(size_t size)
{
	uint8_t *bytes = malloc(size + 1);
	int fd = open(image, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	for (size_t i = 0; i < size; i++)
		bytes[i] = pattern_at(i);
	ck_assert_int_eq(write(fd, bytes, size), size);
	close(fd);
	free(bytes);
}

static inline struct block *open_image(enum block_aio aio, bool read_only, bool snapshot)
{
	struct block_config config = {
		.path = image, .read_only = read_only, .snapshot = snapshot, .aio = aio};

	err = (struct err)ERR_INIT;
	return block_open(&config, loop, &err);
}

/* One request and what became of it. */
struct job {
	struct block_request req;
	int done; /* how often */
	int result;
};

static void job_done(struct block_request *req, int result)
{
	struct job *job = (struct job *)req;

	job->done++;
	job->result = result;
}

static void job_submit(struct block *blk, struct job *job, enum block_op op, uint64_t offset,
		       uint8_t *buf, size_t len)
{
	*job = (struct job){
		.req = {.op = op, .offset = offset, .buf = buf, .len = len, .done = job_done}};
	block_submit(blk, &job->req);
	ck_assert_int_eq(job->done, 0);
}

static void wait_for(const struct job *job)
{
	while (!job->done)
		ck_assert_int_ge(loop_run_once(loop, 10000, &err), 0);
	ck_assert_int_eq(job->done, 1);
}

/* One request from start to end. */
static int run_job(struct block *blk, enum block_op op, uint64_t offset, uint8_t *buf, size_t len)
{
	struct job job;

	job_submit(blk, &job, op, offset, buf, len);
	block_kick(blk);
	wait_for(&job);
	return job.result;
}

#endif
