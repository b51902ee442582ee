/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/console.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "guest-init/file.h"
#include "guest-init/winsize.h"

/* The list is like "tty0 ttyS0"; the last one is /dev/console. */
static int open_active(void)
{
	char *list = file_read("/sys/class/tty/console/active", 256);
	char path[300];
	char *name;
	int fd = -1;

	if (list) {
		list[strcspn(list, "\n")] = '\0';
		name = strrchr(list, ' ');
		snprintf(path, sizeof(path), "/dev/%s", name ? name + 1 : list);
		fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	}
	free(list);
	if (fd < 0)
		fd = open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);
	return fd;
}

static void set_size(int tty, unsigned short rows, unsigned short cols)
{
	struct winsize size = {.ws_row = rows, .ws_col = cols};

	ioctl(tty, TIOCSWINSZ, &size);
}

static void set_modes(int tty, const struct job *job)
{
	bool typed = job->rows || job->shell;
	struct termios t;

	if (tcgetattr(tty, &t))
		return;
	cfsetspeed(&t, B115200);
	t.c_cflag |= CLOCAL | CREAD;
	t.c_cflag &= ~(tcflag_t)HUPCL;
	t.c_iflag = typed ? ICRNL : 0;
	t.c_lflag = ICANON | (typed ? ISIG | IEXTEN : 0);
	if (job->exec || job->selftest)
		t.c_oflag = 0; /* the program's bytes, unchanged */
	else
		t.c_lflag |= ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE;
	tcsetattr(tty, TCSANOW, &t);
	if (job->rows)
		set_size(tty, job->rows, job->cols);
}

int console_open(const struct job *job)
{
	int tty = open_active();

	if (tty < 0)
		return -1;
	/* Where the initramfs has no /dev/console the kernel left 0, 1 and 2 closed. */
	if (tty <= STDERR_FILENO)
		tty = fcntl(tty, F_DUPFD_CLOEXEC, 3);
	set_modes(tty, job);
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		dup2(tty, fd);
	return tty;
}

void console_own(int tty)
{
	setsid();
	ioctl(tty, TIOCSCTTY, 1);
	signal(SIGTTOU, SIG_IGN);
}

void console_foreground(int tty)
{
	setpgid(0, 0);
	tcsetpgrp(tty, getpid());
	signal(SIGTTOU, SIG_DFL);
}

bool console_command(int tty, const char *line)
{
	unsigned short rows;
	unsigned short cols;

	if (!winsize_parse(line, &rows, &cols))
		return false;
	set_size(tty, rows, cols);
	return true;
}
