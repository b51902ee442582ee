/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TESTS_MICRO_TAP_H
#define VISE_TESTS_MICRO_TAP_H

#include <stddef.h>

/*
 * TAP of its own: each test is a child process with a time limit, so that a guest that hangs or a
 * VMM that crashes fails one test; and a test can be skipped with its reason, which Check cannot.
 */

struct tap_test {
	const char *name; /* reads as a claim */
	void (*run)(void);
};

#define TAP_TEST(fn)                                                                               \
	{                                                                                          \
#fn, fn                                                                            \
	}

/* Runs all of @tests, each for at most @seconds. @skip: why none can run, or NULL. Returns the exit
 * status of the program. */
int tap_run(const struct tap_test *tests, size_t n, unsigned int seconds, const char *skip);

/* Ends the test as failed, saying what was expected. */
void tap_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), noreturn));

/* Ends the test as skipped. */
void tap_skip(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#define CHECK(cond)                                                                                \
	do                                                                                         \
		if (!(cond))                                                                       \
			tap_fail(__FILE__, __LINE__, "%s", #cond);                                 \
	while (0)

#define CHECK_EQ(a, b)                                                                             \
	do {                                                                                       \
		unsigned long long a_ = (unsigned long long)(a);                                   \
		unsigned long long b_ = (unsigned long long)(b);                                   \
		if (a_ != b_)                                                                      \
			tap_fail(__FILE__, __LINE__, "%s is 0x%llx, not 0x%llx", #a, a_, b_);      \
	} while (0)

/* For calls that fill a struct err. */
#define CHECK_OK(call, err)                                                                        \
	do                                                                                         \
		if ((call) < 0)                                                                    \
			tap_fail(__FILE__, __LINE__, "%s: %s", #call, (err).text);                 \
	while (0)

#endif
