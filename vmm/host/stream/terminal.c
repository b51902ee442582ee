/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/stream/terminal.h"

#include <errno.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

void terminal_init(struct terminal *t)
{
	*t = (struct terminal){.raw_fd = -1, .size_fd = -1, .signal_fd = -1};
}

static void one_signal(sigset_t *set, int number)
{
	sigemptyset(set);
	sigaddset(set, number);
}

void terminal_prepare_resize(struct terminal *t)
{
	sigset_t winch;
	sigset_t old;

	one_signal(&winch, SIGWINCH);
	pthread_sigmask(SIG_BLOCK, &winch, &old);
	t->unblock = !sigismember(&old, SIGWINCH);
}

/* Changing a terminal from the background stops the process, unless SIGTTOU is blocked. */
static int set_modes(int fd, const struct termios *modes)
{
	sigset_t ttou;
	sigset_t old;
	int rc;

	one_signal(&ttou, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &ttou, &old);
	do {
		rc = tcsetattr(fd, TCSANOW, modes);
	} while (rc < 0 && errno == EINTR);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

bool terminal_make_raw(struct terminal *t, int fd)
{
	pid_t foreground = tcgetpgrp(fd);
	struct termios raw;

	/* A terminal that does not control this process has no foreground for it: -1. */
	if ((foreground >= 0 && foreground != getpgrp()) || tcgetattr(fd, &t->saved) < 0)
		return false;
	raw = t->saved;
	cfmakeraw(&raw);
	if (set_modes(fd, &raw) < 0)
		return false;
	t->raw_fd = fd;
	return true;
}

static void report_size(const struct terminal *t)
{
	struct winsize size;

	if (ioctl(t->size_fd, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col)
		t->resize(t->arg, size.ws_row, size.ws_col);
}

static void on_signal(void *arg, unsigned int events)
{
	struct terminal *t = arg;
	struct signalfd_siginfo info;

	(void)events;
	if (read(t->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		report_size(t);
}

int terminal_watch_size(struct terminal *t, int fd, struct loop *loop, terminal_resize_fn fn,
			void *arg, struct err *err)
{
	sigset_t winch;

	one_signal(&winch, SIGWINCH);
	t->size_fd = fd;
	t->resize = fn;
	t->arg = arg;
	t->signal_fd = signalfd(-1, &winch, SFD_CLOEXEC | SFD_NONBLOCK);
	if (t->signal_fd < 0)
		return err_set_errno(err, errno, "stdio: signalfd");
	t->watch = loop_add_fd(loop, t->signal_fd, LOOP_READ, on_signal, t, err);
	if (!t->watch)
		return err ? err->code : -ENOMEM;
	report_size(t);
	return 0;
}

void terminal_fini(struct terminal *t)
{
	sigset_t winch;

	if (t->raw_fd >= 0)
		set_modes(t->raw_fd, &t->saved);
	loop_del_fd(t->watch);
	if (t->signal_fd >= 0)
		close(t->signal_fd);
	one_signal(&winch, SIGWINCH);
	if (t->unblock)
		pthread_sigmask(SIG_UNBLOCK, &winch, NULL);
	terminal_init(t);
}
