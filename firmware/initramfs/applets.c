/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/initramfs/applets.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIST_MAX    32768
#define PATIENCE_MS 2000

/* Reads until the end, until @text is full or nothing came for too long. */
static size_t read_list(int fd, char *text, size_t size)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t used = 0;

	while (used < size && poll(&p, 1, PATIENCE_MS) > 0) {
		ssize_t n = read(fd, text + used, size - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	return used;
}

static size_t ask(const char *busybox, char *text, size_t size)
{
	char *argv[] = {"busybox", "--list", NULL};
	char *envp[] = {NULL};
	posix_spawn_file_actions_t actions;
	size_t used = 0;
	int pipe_fd[2];
	pid_t pid;

	if (pipe2(pipe_fd, O_CLOEXEC))
		return 0;
	if (!posix_spawn_file_actions_init(&actions)) {
		posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
		posix_spawn_file_actions_adddup2(&actions, pipe_fd[1], 1);
		posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
		if (!posix_spawn(&pid, busybox, &actions, NULL, argv, envp)) {
			close(pipe_fd[1]);
			pipe_fd[1] = -1;
			used = read_list(pipe_fd[0], text, size);
			kill(pid, SIGKILL);
			while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
				;
		}
		posix_spawn_file_actions_destroy(&actions);
	}
	close(pipe_fd[0]);
	if (pipe_fd[1] >= 0)
		close(pipe_fd[1]);
	return used;
}

int applets_add(struct cpio *cpio, const char *busybox, struct err *err)
{
	char text[LIST_MAX + 1];
	char *save = NULL;
	int ret = 0;

	text[ask(busybox, text, LIST_MAX)] = '\0';
	for (char *name = strtok_r(text, "\n", &save); name && !ret;
	     name = strtok_r(NULL, "\n", &save)) {
		char path[128];

		/* The first process is vise-init. */
		if (!strcmp(name, "init") || !strcmp(name, "linuxrc") || strchr(name, '/') ||
		    *name == '.' || strlen(name) > 64)
			continue;
		snprintf(path, sizeof(path), "/bin/%s", name);
		ret = cpio_add_link(cpio, path, "busybox", err);
	}
	return ret;
}
