/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_TEST_H
#define VISE_GUEST_INIT_SELFTEST_TEST_H

#include "guest-init/selftest/marker.h"
#include "guest-init/selftest/output.h"
#include "guest-init/selftest/plan.h"

/* What all tests are given. One process, one thread. */
struct selftest {
	struct plan plan;
	struct output out;
	bool failed;	 /* the verdict so far */
	struct marker m; /* the line being made; too large for the stack of every test */
};

/* Begins the marker of test @name and returns it; @status FAIL makes the verdict one. */
struct marker *test_begin(struct selftest *t, const char *name, const char *status);

/* Prints the marker begun last. */
void test_end(struct selftest *t);

/* A whole marker: status and plain reason token (NULL: none). */
void test_say(struct selftest *t, const char *name, const char *status, const char *reason);

/* NAME|SKIP|flag_not_set. */
void test_not_asked(struct selftest *t, const char *name);

/* The tests, in the order in which they run; each prints all of its markers. */
void test_blk(struct selftest *t);
void test_input(struct selftest *t);
void test_snd(struct selftest *t);
void test_net(struct selftest *t);

#endif
