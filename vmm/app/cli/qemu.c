/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/cli/commands.h"
#include "vmm/app/cli/run.h"
#include "vmm/app/cli/run_end.h"
#include "vmm/app/qemu/line.h"
#include "vmm/core/clock.h"
#include "vmm/core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * `vise qemu`: QEMU's command line in front of the same machine. Its own are the statuses, the
 * file with the process's number, and going into the background.
 */

#define QEMU_ERROR 1

struct background {
	int ready_fd; /* the parent waits at the other end; -1: it stays in the foreground */
	const char *pidfile;
	bool written; /* pidfile is ours to remove */
};

/* A file that holds anything but a number is one that was not meant. */
static bool may_be_pidfile(int fd)
{
	char text[32];
	ssize_t n = read(fd, text, sizeof(text));

	for (ssize_t i = 0; i < n; i++)
		if ((text[i] < '0' || text[i] > '9') && text[i] != '\n')
			return false;
	return n >= 0 && n < (ssize_t)sizeof(text);
}

static int fill_pidfile(int fd, const char *path, struct err *err)
{
	if (!may_be_pidfile(fd))
		return err_set(err, -EEXIST,
			       "-pidfile %s: holds something else than a number; name a new file",
			       path);
	if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
	    dprintf(fd, "%ld\n", (long)getpid()) < 0)
		return err_set_errno(err, errno, "-pidfile %s", path);
	return 0;
}

static int write_pidfile(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	int rc;

	if (fd < 0)
		return err_set_errno(err, errno, "-pidfile %s", path);
	rc = fill_pidfile(fd, path, err);
	close(fd);
	return rc;
}

/* The machine runs: the number is written, the terminal let go, the parent told. */
static int on_running(void *arg, struct err *err)
{
	struct background *b = arg;
	int null_fd;
	int rc = b->pidfile ? write_pidfile(b->pidfile, err) : 0;

	b->written = b->pidfile && !rc;
	if (rc || b->ready_fd < 0)
		return rc;
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0)
		return err_set_errno(err, errno, "/dev/null");
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (dup2(null_fd, fd) < 0)
			rc = err_set_errno(err, errno, "-daemonize");
	close(null_fd);
	if (write(b->ready_fd, "", 1) != 1)
		rc = err_set_errno(err, errno, "-daemonize");
	close(b->ready_fd);
	b->ready_fd = -1;
	return rc;
}

/* In the parent: waits for the word of the child, or its end. The exit status. */
static int await(int fd, pid_t child)
{
	char byte;
	ssize_t n;
	int status;

	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		return 0;
	/* It has said why itself. */
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return QEMU_ERROR;
}

/* Before anything is opened, for threads and rings do not survive a fork. 0 in the child; in the
 * parent, once the child runs or has failed, 1 and *@status. */
static int go_background(struct background *b, int *status, struct err *err)
{
	int fds[2];
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set_errno(err, errno, "-daemonize");
	child = fork();
	if (child < 0) {
		err_set_errno(err, errno, "-daemonize");
	} else if (child == 0) {
		close(fds[0]);
		setsid();
		b->ready_fd = fds[1];
		return 0;
	}
	close(fds[1]);
	if (child > 0)
		*status = await(fds[0], child);
	close(fds[0]);
	return child > 0 ? 1 : -EAGAIN;
}

/* QEMU's statuses: an end that somebody chose is none of its failures. */
static int exit_status(const struct machine_config *config, const struct machine_result *result)
{
	if (result->end == MACHINE_END_ERROR || result->end == MACHINE_END_NONE)
		return QEMU_ERROR;
	return result->end == MACHINE_END_DEBUG_EXIT ? run_end_status(config, result) : 0;
}

static int run_line(struct qemu_line *line, uint64_t begin_ns)
{
	struct background b = {.ready_fd = -1, .pidfile = line->pidfile};
	const struct run_hook running = {.call = on_running, .arg = &b};
	struct machine_result result;
	struct err err = ERR_INIT;
	int status = QEMU_ERROR;
	int rc = machine_config_complete(&line->config, &err);

	if (rc == 0)
		rc = machine_config_check(&line->config, &err);
	if (rc == 0 && line->daemonize)
		rc = go_background(&b, &status, &err);
	if (rc < 0)
		log_error("%s", err.text);
	if (rc != 0)
		return status;
	run_machine(&line->config, begin_ns, &running, &result);
	if (b.written)
		unlink(b.pidfile);
	/* It says how the run ended; the status is QEMU's. */
	run_end_report(&line->config, &result);
	return exit_status(&line->config, &result);
}

int cmd_qemu(int argc, char **argv)
{
	struct clock host = clock_host();
	uint64_t begin_ns = clock_monotonic_ns(&host);
	struct qemu_line *line = malloc(sizeof(*line));
	struct err err = ERR_INIT;
	int rc, status = 0;

	if (!line) {
		log_error("out of memory");
		return QEMU_ERROR;
	}
	qemu_line_init(line, stdout);
	rc = qemu_line_parse(line, argc, argv, &err);
	if (rc < 0)
		log_error("%s", err.text);
	if (rc == 0)
		status = run_line(line, begin_ns);
	else if (rc < 0 || fflush(stdout) != 0)
		status = QEMU_ERROR;
	qemu_line_fini(line);
	free(line);
	return status;
}
