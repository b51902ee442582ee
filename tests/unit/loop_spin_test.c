/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/loop_internal.h"

#include <check.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* The loop that looks for a moment before it sleeps. */

#define ROUNDS 3000

static struct loop *loop;
static struct err err;
static int ball, back;
static unsigned int served, posted, due;

static void setup(void)
{
	loop = loop_create(&err);
	ck_assert_ptr_nonnull(loop);
	ball = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	back = eventfd(0, EFD_CLOEXEC);
	served = posted = due = 0;
}

static void teardown(void)
{
	loop_destroy(loop);
	close(ball);
	close(back);
}

/* Like a guest with one request in flight: the next comes when the last has been answered. */
static void *play(void *arg)
{
	uint64_t value = 1;

	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		ck_assert_int_eq(write(ball, &value, sizeof(value)), sizeof(value));
		ck_assert_int_eq(read(back, &value, sizeof(value)), sizeof(value));
		ck_assert_uint_eq(value, 1);
	}
	return NULL;
}

static void note_posted(void *arg)
{
	(void)arg;
	posted++;
}

static void on_due(void *arg)
{
	(void)arg;
	due++;
}

static void on_ball(void *arg, unsigned int events)
{
	(void)arg;
	(void)events;
	served++;
	if (served % 100 == 0)
		ck_assert_int_eq(loop_post(loop, note_posted, NULL), 0);
	loop_signal(loop, back);
}

static void play_all(void)
{
	struct loop_timer *timer = loop_add_timer(loop, on_due, NULL);
	pthread_t thread;

	ck_assert_ptr_nonnull(
		loop_add_fd(loop, ball, LOOP_READ | LOOP_EDGE | LOOP_BUSY, on_ball, NULL, &err));
	loop_set_timer(timer, 1);
	ck_assert_int_eq(pthread_create(&thread, NULL, play, NULL), 0);
	while (served < ROUNDS || posted < ROUNDS / 100)
		ck_assert_int_ge(loop_run_once(loop, 10000, &err), 0);
	loop_flush(loop);
	pthread_join(thread, NULL);
}

START_TEST(no_event_is_missed_and_others_have_their_turn)
{
	play_all();
	ck_assert_uint_eq(served, ROUNDS);
	ck_assert_uint_eq(posted, ROUNDS / 100);
	ck_assert_uint_eq(due, 1);
}
END_TEST

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

START_TEST(an_idle_loop_sleeps)
{
	double before;

	play_all();
	before = cpu_ms();
	ck_assert_int_eq(loop_run_once(loop, 300, &err), 0);
	ck_assert(cpu_ms() - before < 30);
	ck_assert_uint_eq(served, ROUNDS);
}
END_TEST

/* Short sleeps that end by something that never comes while one looks. */
START_TEST(looks_in_vain_become_rare)
{
	unsigned int looks = 0;

	loop->spin.allowed = true;
	for (int i = 0; loop_has_ring(loop) && i < 1000; i++) {
		unsigned int penalty = loop->spin.penalty;

		ck_assert(!loop_spin(loop));
		looks += loop->spin.penalty != penalty;
		loop->spin.short_sleeps++;
	}
	ck_assert_uint_le(looks, 10);
	if (loop_has_ring(loop))
		ck_assert_uint_ge(looks, 5);
}
END_TEST

START_TEST(alone_on_one_cpu_it_does_not_look)
{
	cpu_set_t all, one;
	struct loop *alone;
	int cpu = 0;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(all), &all), 0);
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	alone = loop_create(&err);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(all), &all), 0);
	ck_assert(!alone->spin.allowed);
	loop_destroy(alone);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("loop_spin");
	TCase *tc = tcase_create("spin");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, no_event_is_missed_and_others_have_their_turn);
	tcase_add_test(tc, an_idle_loop_sleeps);
	tcase_add_test(tc, looks_in_vain_become_rare);
	tcase_add_test(tc, alone_on_one_cpu_it_does_not_look);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
