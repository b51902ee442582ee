/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/loop_internal.h"

#include <check.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A loop that looks at something while it is awake, and asks for an event before it sleeps. */

#define ROUNDS 3000U

static struct loop *loop;
static struct err err;
static int doorbell;
static struct loop_look look;
static atomic_uint sent, answered;
static atomic_bool asked; /* the other side is to ring */
static unsigned int rung, looked, rests, posted;

static bool something(void *arg)
{
	(void)arg;
	looked++;
	return atomic_load(&sent) != atomic_load(&answered);
}

static bool rest(void *arg)
{
	(void)arg;
	rests++;
	atomic_store(&asked, true);
	return atomic_load(&sent) != atomic_load(&answered);
}

static void serve(void *arg)
{
	(void)arg;
	atomic_store(&answered, atomic_load(&sent));
	loop_look_for(loop, &look);
}

static void on_doorbell(void *arg, unsigned int events)
{
	(void)events;
	rung++;
	serve(arg);
}

static void setup(void)
{
	loop = loop_create(&err);
	ck_assert_ptr_nonnull(loop);
	doorbell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	look = (struct loop_look){.look = something, .rest = rest, .serve = serve};
	atomic_store(&sent, 0);
	atomic_store(&answered, 0);
	atomic_store(&asked, true);
	rung = looked = rests = posted = 0;
	ck_assert_ptr_nonnull(loop_add_fd(loop, doorbell, LOOP_READ | LOOP_EDGE | LOOP_BUSY,
					  on_doorbell, NULL, &err));
}

static void teardown(void)
{
	loop_destroy(loop);
	close(doorbell);
}

static void ring(void)
{
	uint64_t one = 1;

	ck_assert_int_eq(write(doorbell, &one, sizeof(one)), sizeof(one));
}

/* Like a driver with one request in flight, which rings only when it was asked to. */
static void *drive(void *arg)
{
	(void)arg;
	for (unsigned int i = 1; i <= ROUNDS; i++) {
		atomic_store(&sent, i);
		if (atomic_exchange(&asked, false))
			ring();
		while (atomic_load(&answered) != i)
			sched_yield();
	}
	return NULL;
}

static void drive_all(void)
{
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, drive, NULL), 0);
	while (atomic_load(&answered) < ROUNDS)
		ck_assert_int_ge(loop_run_once(loop, 10000, &err), 0);
	pthread_join(thread, NULL);
}

START_TEST(nothing_is_lost_between_look_and_sleep)
{
	/* On one CPU it rests each time; on more it looks as long as that is worth while. */
	loop->spin.allowed = _i;
	drive_all();
	ck_assert_uint_gt(rung, 0);
	ck_assert_uint_le(rung, rests + 1);
	if (!_i)
		ck_assert_uint_ge(rung + looked, ROUNDS);
}
END_TEST

START_TEST(nothing_is_lost_without_a_ring)
{
	struct loop_fd *again;

	loop_ring_fini(loop);
	loop->has_ring = false;
	again = loop_add_fd(loop, doorbell, LOOP_READ | LOOP_EDGE, on_doorbell, NULL, &err);
	ck_assert_ptr_nonnull(again);
	drive_all();
	ck_assert_uint_gt(rests, 0);
}
END_TEST

static void note_posted(void *arg)
{
	(void)arg;
	posted++;
}

/* The look always sees something: a guest that never pauses. */
static bool always(void *arg)
{
	(void)arg;
	return true;
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

START_TEST(others_have_their_turn)
{
	look.look = always;
	loop_look_for(loop, &look);
	for (unsigned int i = 0; i < 100; i++) {
		ck_assert_int_eq(loop_post(loop, note_posted, NULL), 0);
		for (unsigned int turn = 0; turn < 10 && posted <= i; turn++)
			ck_assert_int_ge(loop_run_once(loop, 10000, &err), 1);
		ck_assert_uint_eq(posted, i + 1);
	}
	ck_assert_uint_eq(rests, 0);
}
END_TEST

START_TEST(who_waits_for_nothing_ends_the_look)
{
	loop_look_for(loop, &look);
	ck_assert_int_eq(loop_run_once(loop, 0, &err), 0);
	ck_assert_uint_eq(rests, 1);
	ck_assert_int_eq(loop_run_once(loop, 0, &err), 0);
	ck_assert_uint_eq(rests, 1);
	/* What came between the last look and the rest is served. */
	loop_look_for(loop, &look);
	look.look = never;
	atomic_store(&sent, 1);
	ck_assert_int_eq(loop_run_once(loop, 0, &err), 1);
	ck_assert_uint_eq(atomic_load(&answered), 1);
}
END_TEST

START_TEST(what_is_looked_away_from_is_not_called)
{
	loop_look_for(loop, &look);
	loop_look_for(loop, &look); /* once is enough */
	loop_look_away(loop, &look);
	loop_look_away(loop, &look);
	ck_assert_int_eq(loop_run_once(loop, 0, &err), 0);
	ck_assert_uint_eq(looked + rests, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("loop_look");
	TCase *tc = tcase_create("loop_look");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, nothing_is_lost_between_look_and_sleep, 0, 2);
	tcase_add_test(tc, nothing_is_lost_without_a_ring);
	tcase_add_test(tc, others_have_their_turn);
	tcase_add_test(tc, who_waits_for_nothing_ends_the_look);
	tcase_add_test(tc, what_is_looked_away_from_is_not_called);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
