/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest-init/report.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <termios.h>
#include <unistd.h>

#include "docs/abi/vise-init.h"
#include "guest-init/power.h"

/* The one mutable global: a fault handler has nothing else to find the port by. */
static volatile sig_atomic_t port = -1;

int report_fd(void)
{
	return port;
}

/* A port that takes nothing for a second is given up: a report must not hold the guest. */
static void port_write(const char *text, size_t len)
{
	struct pollfd p = {.fd = port, .events = POLLOUT};

	while (len && port >= 0) {
		ssize_t n = write(port, text, len);

		if (n > 0) {
			text += n;
			len -= (size_t)n;
		} else if (n < 0 && errno == EINTR) {
			continue;
		} else if (n < 0 && (errno != EAGAIN || poll(&p, 1, 1000) <= 0)) {
			return;
		}
	}
}

/* Only async-signal-safe calls. In a child between fork and exec it must not power off. */
static void on_fault(int sig)
{
	char line[] = VISE_INIT_REPORT VISE_INIT_VERB_DIED " vise-init fault, signal 00\n";

	if (getpid() != 1)
		_exit(VISE_INIT_STATUS_SIGNAL + sig);
	line[sizeof(line) - 4] = (char)('0' + sig / 10 % 10);
	line[sizeof(line) - 3] = (char)('0' + sig % 10);
	port_write(line, sizeof(line) - 1);
	if (port >= 0)
		tcdrain(port);
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static void catch_faults(void)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS};
	struct sigaction sa = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};
	/* A stack of its own: an overflow of the usual one must be told as well. */
	stack_t stack = {.ss_size = 16384, .ss_sp = malloc(16384)};

	if (stack.ss_sp)
		sigaltstack(&stack, NULL);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigaction(faults[i], &sa, NULL);
}

void report_open(void)
{
	struct termios t;
	int fd = open(VISE_INIT_REPORT_DEV, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	catch_faults();
	if (fd < 0)
		return;
	/* The node exists without the hardware; then every operation fails. */
	if (tcgetattr(fd, &t)) {
		close(fd);
		return;
	}
	cfmakeraw(&t);
	t.c_cflag |= CLOCAL | CREAD;
	t.c_cflag &= ~(tcflag_t)HUPCL;
	cfsetspeed(&t, B115200);
	tcsetattr(fd, TCSANOW, &t);
	port = fd;
}

static __attribute__((format(printf, 2, 0))) void send_line(const char *verb, const char *fmt,
							    va_list ap)
{
	char line[VISE_INIT_LINE_MAX];
	int head = snprintf(line, sizeof(line), VISE_INIT_REPORT "%s%s", verb, fmt ? " " : "");
	size_t len = (size_t)head;

	if (fmt) {
		vsnprintf(line + len, sizeof(line) - len, fmt, ap);
		len = strlen(line);
		if (len > sizeof(line) - 2)
			len = sizeof(line) - 2;
	}
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)line[i] < ' ')
			line[i] = ' ';
	}
	line[len++] = '\n';
	port_write(line, len);
}

void report_send(const char *verb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	send_line(verb, fmt, ap);
	va_end(ap);
}

void report_warn(const char *fmt, ...)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	va_list ap;

	va_start(ap, fmt);
	send_line(VISE_INIT_VERB_WARN, fmt, ap);
	va_end(ap);
	if (fd < 0)
		return;
	va_start(ap, fmt);
	dprintf(fd, "<4>vise-init: ");
	vdprintf(fd, fmt, ap);
	va_end(ap);
	close(fd);
}

void report_died(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	send_line(VISE_INIT_VERB_DIED, fmt, ap);
	va_end(ap);
	dprintf(STDERR_FILENO, "vise-init: ");
	va_start(ap, fmt);
	vdprintf(STDERR_FILENO, fmt, ap);
	va_end(ap);
	dprintf(STDERR_FILENO, "\r\n");
	power_end(POWER_OFF);
}

void report_drain(void)
{
	if (port >= 0)
		tcdrain(port);
}
