/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#define GUEST_LINES_PER_SECOND 20U

static struct {
	enum log_level level;
	const char *program;
	atomic_long guest_second;
	atomic_uint guest_lines;
} sink = {.level = LOG_LEVEL_WARN, .program = "vise"};

void log_set_level(enum log_level level)
{
	sink.level = level;
}

void log_set_program(const char *name)
{
	sink.program = name;
}

/* One fprintf() a line: stderr's own lock keeps lines of several threads apart. */
static void __attribute__((format(printf, 1, 0))) log_line(const char *fmt, va_list ap)
{
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, ap);
	fprintf(stderr, "%s: %s\n", sink.program, text);
}

void log_msg(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	if (level > sink.level)
		return;
	va_start(ap, fmt);
	log_line(fmt, ap);
	va_end(ap);
}

void log_guest(const char *fmt, ...)
{
	struct timespec now;
	va_list ap;

	if (LOG_LEVEL_GUEST > sink.level)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (atomic_exchange(&sink.guest_second, now.tv_sec) != now.tv_sec)
		atomic_store(&sink.guest_lines, 0U);
	if (atomic_fetch_add(&sink.guest_lines, 1U) >= GUEST_LINES_PER_SECOND)
		return;
	va_start(ap, fmt);
	log_line(fmt, ap);
	va_end(ap);
}
