/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/usernet/helper.h"

#include "vmm/core/part.h"
#include "vmm/host/usernet/usernet.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int helper_find(char *path, size_t size, struct err *err)
{
	return part_find(
		"vise-net", "user networking needs",
		": a build with WITHOUT_SLIRP leaves it out; build with libslirp, or use a "
		"tap or passt",
		path, size, err);
}

/* The argument vector; its strings are borrowed. */
static const char **make_arguments(const char *program, const char *const *hostfwd,
				   size_t n_hostfwd, bool restricted)
{
	const char **argv = calloc(3 + 2 * n_hostfwd, sizeof(*argv));
	size_t n = 0;

	if (!argv)
		return NULL;
	argv[n++] = program;
	if (restricted)
		argv[n++] = USERNET_ARG_RESTRICTED;
	for (size_t i = 0; i < n_hostfwd; i++) {
		argv[n++] = USERNET_ARG_HOSTFWD;
		argv[n++] = hostfwd[i];
	}
	return argv;
}

/* A session of its own, so that Ctrl-C on the terminal is the monitor's alone; signals as a program
 * expects them. */
static int set_attributes(posix_spawnattr_t *attr)
{
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	rc = posix_spawnattr_setsigmask(attr, &none);
	if (!rc)
		rc = posix_spawnattr_setsigdefault(attr, &all);
	if (!rc)
		rc = posix_spawnattr_setflags(attr,
					      (short)(POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
						      POSIX_SPAWN_SETSIGDEF));
	return rc;
}

/* The channel first: it may have the number of what comes after. */
static int set_files(posix_spawn_file_actions_t *files, int channel)
{
	int rc = posix_spawn_file_actions_adddup2(files, channel, USERNET_CHANNEL_FD);

	if (!rc)
		rc = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY,
						      0);
	if (!rc)
		rc = posix_spawn_file_actions_addopen(files, STDOUT_FILENO, "/dev/null", O_WRONLY,
						      0);
	if (!rc)
		rc = posix_spawn_file_actions_addclosefrom_np(files, USERNET_CHANNEL_FD + 1);
	return rc;
}

/* 0 and *@pid, or an errno. */
static int spawn(const char *program, const char **argv, int channel, pid_t *pid)
{
	/* Nothing of the user's environment changes what it does; with a time zone that is
	 * given, none is read from a file. */
	char timezone[] = "TZ=UTC0";
	char *environment[] = {timezone, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int rc = posix_spawn_file_actions_init(&files);

	if (rc)
		return rc;
	rc = posix_spawnattr_init(&attr);
	if (!rc) {
		rc = set_files(&files, channel);
		if (!rc)
			rc = set_attributes(&attr);
		if (!rc)
			rc = posix_spawn(pid, program, &files, &attr, (char *const *)argv,
					 environment);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&files);
	return rc;
}

pid_t helper_start(const char *program, const char *const *hostfwd, size_t n_hostfwd,
		   bool restricted, int *fd, struct err *err)
{
	const char **argv;
	int ends[2];
	pid_t pid = -1;
	int rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return err_set_errno(err, errno, "user networking: socket");
	argv = make_arguments(program, hostfwd, n_hostfwd, restricted);
	rc = argv ? spawn(program, argv, ends[1], &pid) : ENOMEM;
	free(argv);
	close(ends[1]);
	if (rc) {
		close(ends[0]);
		return err_set_errno(err, rc, "user networking: %s cannot be started", program);
	}
	*fd = ends[0];
	return pid;
}

void helper_reap(pid_t pid, bool kill_it, char *how, size_t size)
{
	int status;
	pid_t rc;

	/* One that has ended keeps the status that it ended with. */
	if (kill_it)
		kill(pid, SIGKILL);
	do
		rc = waitpid(pid, &status, 0);
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		snprintf(how, size, "ended");
	else if (WIFSIGNALED(status))
		snprintf(how, size, "was killed by signal %d (%s)", WTERMSIG(status),
			 sigdescr_np(WTERMSIG(status)));
	else
		snprintf(how, size, "ended with status %d", WEXITSTATUS(status));
}
