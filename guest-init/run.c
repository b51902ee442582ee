/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "docs/abi/vise-init.h"
#include "guest-init/console.h"
#include "guest-init/launch.h"
#include "guest-init/power.h"
#include "guest-init/report.h"
#include "guest-init/selftest/selftest.h"

static void watched_signals(sigset_t *set)
{
	/* SIGUSR1 and SIGUSR2 are how `halt` and `poweroff` of BusyBox ask the first process,
	 * SIGTERM how `reboot` does, SIGINT is Ctrl-Alt-Del, SIGPWR a power failure. */
	static const int signals[] = {SIGCHLD, SIGUSR1, SIGUSR2, SIGTERM, SIGINT, SIGPWR};

	sigemptyset(set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(set, signals[i]);
}

void run_block_signals(void)
{
	sigset_t set;

	watched_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* What execve() does not undo: the mask. Handlers it resets itself. */
static void unblock_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Reaps all that ended; true once @job did, with its status. */
static bool reap(pid_t job, int *status)
{
	bool done = false;
	int raw;
	pid_t pid;

	while ((pid = waitpid(-1, &raw, WNOHANG)) > 0) {
		if (pid != job)
			continue;
		done = true;
		*status = WIFSIGNALED(raw) ? VISE_INIT_STATUS_SIGNAL + WTERMSIG(raw)
					   : WEXITSTATUS(raw);
	}
	return done;
}

/* Lines from the host, put together from pieces; a line that is too long is dropped. */
struct lines {
	char text[VISE_INIT_LINE_MAX];
	size_t used;
	bool skip;
};

/* False when the port is gone. */
static bool take_lines(struct lines *l, int tty)
{
	char piece[VISE_INIT_LINE_MAX];
	ssize_t n = read(report_fd(), piece, sizeof(piece));

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	for (ssize_t i = 0; i < n; i++) {
		if (piece[i] == '\n') {
			l->text[l->used] = '\0';
			if (!l->skip && l->used)
				console_command(tty, l->text);
			l->used = 0;
			l->skip = false;
		} else if (l->used < sizeof(l->text) - 1) {
			l->text[l->used++] = piece[i];
		} else {
			l->skip = true;
		}
	}
	return true;
}

static void obey_signal(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGTERM:
	case SIGINT:
		power_end(POWER_REBOOT);
	case SIGUSR1:
	case SIGUSR2:
	case SIGPWR:
		report_send(VISE_INIT_VERB_EXIT, "0");
		power_end(POWER_OFF);
	default:
		break;
	}
}

static int tend(pid_t job, int tty)
{
	struct lines lines = {.used = 0};
	struct pollfd p[2] = {{.events = POLLIN}, {.events = POLLIN}};
	sigset_t set;
	int status = 0;

	watched_signals(&set);
	p[0].fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (p[0].fd < 0)
		report_died("signalfd: %s", strerror(errno));
	p[1].fd = report_fd();
	while (!reap(job, &status)) {
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[0].revents)
			obey_signal(p[0].fd);
		if (p[1].revents && !take_lines(&lines, tty))
			p[1].fd = -1;
	}
	close(p[0].fd);
	return status;
}

int run_job(const struct job *job, int tty)
{
	pid_t pid;

	console_own(tty);
	report_send(VISE_INIT_VERB_READY, NULL);
	pid = fork();
	if (pid < 0)
		report_died("cannot start a process: %s", strerror(errno));
	if (pid == 0) {
		console_foreground(tty);
		unblock_signals();
		launch_environment(job->term);
		_exit(job->selftest ? selftest_run(job->selftest)
		      : job->exec   ? launch_command(job->exec)
				    : launch_shell());
	}
	return tend(pid, tty);
}

void run_handover(const struct job *job)
{
	static const char *const inits[] = {"/sbin/init", "/etc/init", "/bin/init"};

	launch_environment(job->term);
	for (size_t i = 0; i < sizeof(inits) / sizeof(inits[0]); i++) {
		char *argv[] = {(char *)(uintptr_t)inits[i], NULL};

		if (access(inits[i], X_OK))
			continue;
		report_send(VISE_INIT_VERB_READY, NULL);
		report_send(VISE_INIT_VERB_HANDOVER, "%s", inits[i]);
		unblock_signals();
		execv(inits[i], argv);
		run_block_signals();
		report_died("%s of the disk: %s", inits[i], strerror(errno));
	}
}
