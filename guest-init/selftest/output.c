/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/selftest/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define COM1	    "/dev/ttyS0"
#define PATIENCE_MS 1000 /* a port that takes nothing for so long loses the line */

/* The node exists without the hardware; then every operation fails. */
static int open_port(void)
{
	int fd = open(COM1, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct termios t;

	if (fd < 0 || tcgetattr(fd, &t)) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	/* Only the way out: what is typed at the console is not this program's. */
	t.c_oflag &= ~(tcflag_t)OPOST;
	t.c_cflag |= CLOCAL;
	cfsetspeed(&t, B115200);
	tcsetattr(fd, TCSANOW, &t);
	return fd;
}

static bool same_terminal(int a, int b)
{
	struct stat sa;
	struct stat sb;

	return !fstat(a, &sa) && !fstat(b, &sb) && S_ISCHR(sa.st_mode) && S_ISCHR(sb.st_mode) &&
	       sa.st_rdev == sb.st_rdev;
}

bool output_open(struct output *o, const char *log_file)
{
	*o = (struct output){.com1 = open_port(), .out = STDOUT_FILENO, .log = -1};
	if (o->com1 >= 0 && same_terminal(o->com1, STDOUT_FILENO))
		o->out = -1;
	if (!log_file)
		return true;
	o->log = open(log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	return o->log >= 0;
}

void output_close(struct output *o)
{
	if (o->com1 >= 0) {
		tcdrain(o->com1);
		close(o->com1);
	}
	if (o->log >= 0)
		close(o->log);
	*o = (struct output){.com1 = -1, .out = -1, .log = -1};
}

static void write_all(int fd, const char *text, size_t len)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	while (fd >= 0 && len) {
		ssize_t n = write(fd, text, len);

		if (n > 0) {
			text += n;
			len -= (size_t)n;
		} else if (n < 0 && errno == EINTR) {
			continue;
		} else if (n == 0 || errno != EAGAIN || poll(&p, 1, PATIENCE_MS) <= 0) {
			return;
		}
	}
}

void output_line(const struct output *o, const char *line)
{
	char text[MARKER_MAX + 3];
	size_t len = strnlen(line, MARKER_MAX);

	memcpy(text, line, len);
	memcpy(text + len, "\r\n", 3);
	write_all(o->com1, text, len + 2);
	write_all(o->out, text, len + 2);
	write_all(o->log, text, len + 2);
}

void output_marker(const struct output *o, const struct marker *m)
{
	output_line(o, m->text);
}

void output_say(const struct output *o, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	output_line(o, line);
}
