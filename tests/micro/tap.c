/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/micro/tap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS_FAILED  1
#define STATUS_SKIPPED 77

void tap_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("# %s:%d: ", file, line);
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
	fflush(stdout);
	_exit(STATUS_FAILED);
}

void tap_skip(const char *fmt, ...)
{
	va_list ap;

	/* The parent writes the line with number and name; the reason follows on it. */
	va_start(ap, fmt);
	printf("# skipped: ");
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
	fflush(stdout);
	_exit(STATUS_SKIPPED);
}

static int run_child(const struct tap_test *test, unsigned int seconds)
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child < 0)
		return -1;
	if (child == 0) {
		alarm(seconds); /* its default action ends the process, threads and all */
		test->run();
		fflush(stdout);
		/* exit(), not _exit(): the leak sanitizer looks then. */
		exit(0);
	}
	if (waitpid(child, &status, 0) < 0)
		return -1;
	if (WIFSIGNALED(status))
		printf("# ended by signal %d (%s)\n", WTERMSIG(status),
		       strsignal(WTERMSIG(status)));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int tap_run(const struct tap_test *tests, size_t n, unsigned int seconds, const char *skip)
{
	size_t failed = 0;

	printf("1..%zu\n", n);
	for (size_t i = 0; i < n; i++) {
		int status = skip ? STATUS_SKIPPED : run_child(&tests[i], seconds);
		int bad = status != 0 && status != STATUS_SKIPPED;

		printf("%s %zu - %s", bad ? "not ok" : "ok", i + 1, tests[i].name);
		if (status == STATUS_SKIPPED)
			printf(" # SKIP %s", skip ? skip : "see above");
		printf("\n");
		failed += bad ? 1 : 0;
	}
	fflush(stdout);
	return failed ? 1 : 0;
}
