/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "docs/abi/vise-init.h"
#include "guest-init/file.h"

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
	if (job->exec)
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

void console_control(int tty)
{
	setsid();
	ioctl(tty, TIOCSCTTY, 1);
	tcsetpgrp(tty, getpid());
}

bool console_parse_winsize(const char *line, unsigned short *rows, unsigned short *cols)
{
	size_t word = strlen(VISE_INIT_HOST_WINSIZE);
	unsigned long n[2];

	if (strncmp(line, VISE_INIT_HOST_WINSIZE, word) != 0)
		return false;
	line += word;
	for (size_t i = 0; i < 2; i++) {
		char *end;

		if (*line++ != ' ' || *line < '0' || *line > '9')
			return false;
		n[i] = strtoul(line, &end, 10);
		if (n[i] == 0 || n[i] > 65535)
			return false;
		line = end;
	}
	if (*line)
		return false;
	*rows = (unsigned short)n[0];
	*cols = (unsigned short)n[1];
	return true;
}

bool console_command(int tty, const char *line)
{
	unsigned short rows;
	unsigned short cols;

	if (!console_parse_winsize(line, &rows, &cols))
		return false;
	set_size(tty, rows, cols);
	return true;
}
