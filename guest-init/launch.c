/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/launch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "docs/abi/vise-init.h"
#include "guest-init/words.h"

#define SHELL	  "/bin/sh"
#define MAX_WORDS 1024

void launch_environment(const char *term)
{
	/* The kernel hands over HOME=/ and TERM=linux. */
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 0);
	setenv("HOME", "/root", 1);
	setenv("USER", "root", 0);
	setenv("TERM", term ? term : "linux", 1);
}

/* As a shell words it: what, why, and the status for it. */
static int failed(const char *program, int error)
{
	int status = error == ENOENT ? VISE_INIT_STATUS_NOT_FOUND : VISE_INIT_STATUS_NOT_EXECUTABLE;

	if (error == ENOENT && !access(program, F_OK))
		dprintf(STDERR_FILENO, "vise-init: %s: its interpreter or loader is not there\n",
			program);
	else if (error == ENOENT)
		dprintf(STDERR_FILENO, "vise-init: %s: not found\n", program);
	else
		dprintf(STDERR_FILENO, "vise-init: %s: %s\n", program, strerror(error));
	return status;
}

/* Finds @program as a shell does; false when there is none. */
static bool find_program(const char *program, char *path, size_t size)
{
	const char *dir = getenv("PATH");

	if (strchr(program, '/')) {
		snprintf(path, size, "%s", program);
		return !access(path, F_OK);
	}
	while (dir && *dir) {
		int len = (int)strcspn(dir, ":");
		struct stat st;

		snprintf(path, size, "%.*s/%s", len, dir, program);
		if (!access(path, X_OK) && !stat(path, &st) && S_ISREG(st.st_mode))
			return true;
		dir += len;
		dir += *dir == ':';
	}
	return false;
}

static void run_shell(const char *command)
{
	char *argv[] = {"sh", "-c", (char *)(uintptr_t)command, NULL};

	execv(SHELL, argv);
}

int launch_command(const char *command)
{
	char path[4096];
	char *words[MAX_WORDS];
	char *copy = strdup(command);
	bool shell = !access(SHELL, X_OK);
	int n;

	if (!copy)
		return failed(command, ENOMEM);
	n = words_split(copy, words, MAX_WORDS);
	/* The shell would come to the same program, only later. */
	if (n > 0 && words_plain(command) && find_program(words[0], path, sizeof(path))) {
		execv(path, words);
		if (errno != ENOEXEC || !shell)
			return failed(path, errno);
	}
	if (shell) {
		run_shell(command);
		return failed(SHELL, errno);
	}
	if (n <= 0) {
		dprintf(STDERR_FILENO, "vise-init: cannot split into words: %s\n", command);
		return VISE_INIT_STATUS_NOT_FOUND;
	}
	if (!find_program(words[0], path, sizeof(path)))
		return failed(words[0], ENOENT);
	execv(path, words);
	return failed(path, errno);
}

int launch_shell(void)
{
	static const struct {
		const char *path;
		const char *name; /* a leading '-' asks for a login shell */
	} shells[] = {{"/bin/bash", "-bash"}, {SHELL, "-sh"}};

	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		char *argv[] = {(char *)(uintptr_t)shells[i].name, NULL};

		if (access(shells[i].path, X_OK))
			continue;
		setenv("SHELL", shells[i].path, 1);
		execv(shells[i].path, argv);
	}
	return failed(SHELL, errno);
}
