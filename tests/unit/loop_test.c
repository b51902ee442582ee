/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/syscall_filter.h"
#include "vmm/core/clock.h"
#include "vmm/core/loop.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop *loop;
static struct err err;
static char order[64];
static size_t n_order;

static void setup(void)
{
	loop = loop_create(&err);
	ck_assert_ptr_nonnull(loop);
	n_order = 0;
}

static void teardown(void)
{
	loop_destroy(loop);
}

static uint64_t now_ns(void)
{
	struct clock host = clock_host();

	return clock_monotonic_ns(&host);
}

/* Runs until @ms have passed. */
static void run_for(unsigned int ms)
{
	uint64_t until = now_ns() + ms * NS_PER_MS;

	do
		ck_assert_int_ge(loop_run_once(loop, 1, &err), 0);
	while (now_ns() < until);
}

static void note(void *arg)
{
	ck_assert_uint_lt(n_order, sizeof(order));
	order[n_order++] = *(const char *)arg;
}

static void ring(int fd)
{
	uint64_t one = 1;

	ck_assert_int_eq(write(fd, &one, sizeof(one)), sizeof(one));
}

struct source {
	int fd;
	struct loop_fd *watch;
	struct source *victim; /* whose watch its callback ends */
	unsigned int calls, events;
};

static void on_source(void *arg, unsigned int events)
{
	struct source *s = arg;

	s->calls++;
	s->events |= events;
	if (s->victim) {
		loop_del_fd(s->victim->watch);
		s->victim->watch = NULL;
		s->victim = NULL;
	}
}

static void watch(struct source *s, int fd, unsigned int events)
{
	*s = (struct source){.fd = fd};
	ck_assert_int_ge(fd, 0);
	s->watch = loop_add_fd(loop, fd, events, on_source, s, &err);
	ck_assert_ptr_nonnull(s->watch);
}

START_TEST(timers_fire_once_in_order_of_time_not_before)
{
	const unsigned int delay[] = {60, 20, 40};
	uint64_t begin = now_ns();

	for (size_t i = 0; i < 3; i++) {
		struct loop_timer *t = loop_add_timer(loop, note, &"abc"[i]);

		loop_set_timer(t, begin + delay[i] * NS_PER_MS);
	}
	while (n_order < 3) {
		size_t seen = n_order;

		ck_assert_int_ge(loop_run_once(loop, 1000, &err), 0);
		if (n_order > seen)
			ck_assert_uint_ge(now_ns() - begin, 20 * n_order * NS_PER_MS);
	}
	run_for(30);
	ck_assert_uint_eq(n_order, 3);
	ck_assert_mem_eq(order, "bca", 3);
}
END_TEST

START_TEST(timer_moves_disarms_and_takes_the_past)
{
	struct loop_timer *t = loop_add_timer(loop, note, "a");

	loop_set_timer(t, now_ns() + 10 * NS_PER_MS);
	loop_set_timer(t, now_ns() + 100000 * NS_PER_MS);
	run_for(30);
	ck_assert_uint_eq(n_order, 0);
	loop_set_timer(t, now_ns() + 5 * NS_PER_MS);
	loop_set_timer(t, 0);
	run_for(20);
	ck_assert_uint_eq(n_order, 0);
	loop_set_timer(t, 1);
	run_for(5);
	ck_assert_uint_eq(n_order, 1);
}
END_TEST

struct self_timer {
	struct loop_timer *t;
	struct loop_timer *other;
	unsigned int calls;
};

static void rearm(void *arg)
{
	struct self_timer *s = arg;

	if (++s->calls < 5)
		loop_set_timer(s->t, now_ns());
	else
		loop_del_timer(s->t);
	loop_del_timer(s->other);
	s->other = NULL;
}

START_TEST(timer_rearms_and_deletes_itself_and_others_in_its_callback)
{
	struct self_timer s = {0};

	/* Both are due: whichever runs first, the other's is deleted at most once. */
	s.other = loop_add_timer(loop, note, "x");
	s.t = loop_add_timer(loop, rearm, &s);
	loop_set_timer(s.t, 1);
	run_for(10);
	ck_assert_uint_eq(s.calls, 5);
	ck_assert_uint_eq(n_order, 0);
}
END_TEST

START_TEST(level_source_reports_until_it_is_drained)
{
	struct source s;
	uint64_t value;

	watch(&s, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), LOOP_READ);
	ring(s.fd);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(loop_run_once(loop, 1000, &err), 1);
	ck_assert_uint_eq(s.calls, 3);
	ck_assert_int_eq(read(s.fd, &value, sizeof(value)), sizeof(value));
	ck_assert_int_eq(loop_run_once(loop, 0, &err), 0);
	close(s.fd);
}
END_TEST

START_TEST(edge_source_reports_each_event_once_unread)
{
	struct source s;

	watch(&s, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), LOOP_READ | LOOP_EDGE);
	for (unsigned int i = 1; i <= 5; i++) {
		ring(s.fd);
		ck_assert_int_eq(loop_run_once(loop, 1000, &err), 1);
		ck_assert_int_eq(loop_run_once(loop, 0, &err), 0);
		ck_assert_uint_eq(s.calls, i);
	}
	ring(s.fd);
	ring(s.fd);
	ck_assert_int_eq(loop_run_once(loop, 1000, &err), 1);
	ck_assert_int_eq(loop_run_once(loop, 0, &err), 0);
	close(s.fd);
}
END_TEST

START_TEST(watch_changes_and_a_gone_peer_is_told)
{
	struct source s;
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	watch(&s, pair[0], LOOP_READ);
	ck_assert_int_eq(loop_run_once(loop, 0, &err), 0);
	loop_set_fd(s.watch, LOOP_READ | LOOP_WRITE);
	ck_assert_int_eq(loop_run_once(loop, 1000, &err), 1);
	ck_assert_uint_eq(s.events, LOOP_WRITE);
	loop_set_fd(s.watch, 0);
	ck_assert_int_eq(loop_run_once(loop, 0, &err), 0);
	close(pair[1]);
	s.events = 0;
	ck_assert_int_eq(loop_run_once(loop, 1000, &err), 1);
	ck_assert_uint_eq(s.events, LOOP_HUP);
	loop_del_fd(s.watch);
	close(pair[0]);
}
END_TEST

START_TEST(a_bad_descriptor_is_an_error)
{
	ck_assert_ptr_null(loop_add_fd(loop, -1, LOOP_READ, on_source, NULL, &err));
	ck_assert_int_eq(err.code, -EBADF);
}
END_TEST

/* Both are ready in one batch; the first that runs ends the other, which must not run. */
START_TEST(source_deleted_in_the_same_batch_does_not_run)
{
	struct source a, b;

	watch(&a, eventfd(1, EFD_CLOEXEC), LOOP_READ);
	watch(&b, eventfd(1, EFD_CLOEXEC), LOOP_READ);
	a.victim = &b;
	b.victim = &a;
	ck_assert_int_eq(loop_run_once(loop, 1000, &err), 2);
	ck_assert_uint_eq(a.calls + b.calls, 1);
	close(a.fd);
	close(b.fd);
}
END_TEST

START_TEST(source_deletes_itself)
{
	struct source s;

	watch(&s, eventfd(1, EFD_CLOEXEC), LOOP_READ);
	s.victim = &s;
	run_for(5);
	ck_assert_uint_eq(s.calls, 1);
	close(s.fd);
}
END_TEST

START_TEST(deferred_runs_once_after_the_callback)
{
	struct loop_deferred d = {.fn = note, .arg = "d"};
	struct loop_deferred gone = {.fn = note, .arg = "g"};

	loop_defer(loop, &d);
	loop_defer(loop, &d);
	loop_defer(loop, &gone);
	loop_undefer(loop, &gone);
	loop_undefer(loop, &gone);
	ck_assert_uint_eq(n_order, 0);
	ck_assert_int_eq(loop_post(loop, note, "p"), 0);
	run_for(5);
	ck_assert_uint_eq(n_order, 2);
	ck_assert_mem_eq(order, "pd", 2);
	ck_assert(!d.queued);
	loop_defer(loop, &d);
	ck_assert_int_eq(loop_post(loop, note, "p"), 0);
	run_for(5);
	ck_assert_uint_eq(n_order, 4);
}
END_TEST

START_TEST(calls_not_made_are_dropped_at_the_end)
{
	ck_assert_int_eq(loop_post(loop, note, "x"), 0);
	loop_add_timer(loop, note, "x");
	loop_destroy(loop);
	ck_assert_uint_eq(n_order, 0);
	loop = NULL; /* and NULL is allowed */
}
END_TEST

/* Posts from threads: all arrive, each thread's in its own order, on the loop's thread. */
#define POSTERS 3U
#define POSTS	4000U

struct post {
	struct poster *from;
	unsigned int number;
};

struct poster {
	pthread_t thread;
	struct post posts[POSTS];
	unsigned int arrived;
};

static pthread_t loop_thread;
static unsigned int total;

static void on_post(void *arg)
{
	const struct post *p = arg;

	ck_assert(pthread_equal(pthread_self(), loop_thread));
	ck_assert_uint_eq(p->number, p->from->arrived);
	p->from->arrived++;
	if (++total == POSTERS * POSTS)
		loop_stop(loop);
}

static void *post_all(void *arg)
{
	struct poster *me = arg;

	for (unsigned int i = 0; i < POSTS; i++) {
		me->posts[i] = (struct post){me, i};
		if (loop_post(loop, on_post, &me->posts[i]) < 0)
			abort();
	}
	return NULL;
}

START_TEST(posts_from_threads_arrive_in_order)
{
	static struct poster posters[POSTERS];

	total = 0;
	loop_thread = pthread_self();
	for (unsigned int i = 0; i < POSTERS; i++) {
		posters[i].arrived = 0;
		ck_assert_int_eq(pthread_create(&posters[i].thread, NULL, post_all, &posters[i]),
				 0);
	}
	ck_assert_int_eq(loop_run(loop, &err), 0);
	for (unsigned int i = 0; i < POSTERS; i++) {
		pthread_join(posters[i].thread, NULL);
		ck_assert_uint_eq(posters[i].arrived, POSTS);
	}
}
END_TEST

static void *stop_soon(void *arg)
{
	usleep(20000);
	loop_stop(arg);
	return NULL;
}

START_TEST(stop_works_from_a_thread_and_before_the_run)
{
	pthread_t thread;

	loop_stop(loop);
	ck_assert_int_eq(loop_run(loop, &err), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, stop_soon, loop), 0);
	ck_assert_int_eq(loop_run(loop, &err), 0);
	pthread_join(thread, NULL);
}
END_TEST

/* ---- what the ring does, and what does without it ---- */

static unsigned int kicks;

static void on_kick(void *arg, unsigned int events)
{
	(void)arg;
	ck_assert_uint_eq(events, LOOP_READ);
	kicks++;
}

START_TEST(busy_source_reports_each_signal_unread_until_it_is_deleted)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct loop_fd *source;

	source = loop_add_fd(loop, fd, LOOP_READ | LOOP_EDGE | LOOP_BUSY, on_kick, NULL, &err);
	ck_assert_ptr_nonnull(source);
	kicks = 0;
	run_for(5);
	ck_assert_uint_eq(kicks, 0);
	for (unsigned int i = 1; i <= 100; i++) {
		ring(fd);
		ck_assert_int_eq(loop_run_once(loop, 1000, &err), 1);
		ck_assert_uint_eq(kicks, i);
	}
	loop_signal(loop, fd);
	ck_assert_int_eq(loop_run_once(loop, 1000, &err), 1);
	ck_assert_uint_eq(kicks, 101);
	loop_set_fd(source, 0);
	ring(fd);
	run_for(5);
	ck_assert_uint_eq(kicks, 101);
	loop_set_fd(source, LOOP_READ | LOOP_EDGE | LOOP_BUSY);
	run_for(5);
	ck_assert_uint_eq(kicks, 102); /* what came meanwhile */
	loop_del_fd(source);
	ring(fd);
	run_for(5);
	ck_assert_uint_eq(kicks, 102);
	close(fd);
}
END_TEST

static int other_fd;

static void signal_other(void *arg)
{
	(void)arg;
	loop_signal(loop, other_fd);
	loop_signal(loop, other_fd);
}

START_TEST(signals_from_a_callback_leave_with_the_next_wait)
{
	uint64_t count;

	other_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ck_assert_int_eq(loop_post(loop, signal_other, NULL), 0);
	run_for(5);
	ck_assert_int_eq(read(other_fd, &count, sizeof(count)), sizeof(count));
	ck_assert_uint_eq(count, 2);
	/* From outside, at once. */
	loop_signal(loop, other_fd);
	ck_assert_int_eq(read(other_fd, &count, sizeof(count)), sizeof(count));
	close(other_fd);
}
END_TEST

struct one_io {
	struct loop_io io;
	unsigned int done;
	int result;
};

static void io_done(struct loop_io *io, int result)
{
	struct one_io *one = (struct one_io *)io;

	one->done++;
	one->result = result;
}

START_TEST(files_are_read_and_written_through_the_ring)
{
	struct one_io io[300] = {0};
	char name[] = "/tmp/loop_test.XXXXXX";
	uint8_t byte[300], back[300] = {0};
	int fd = mkstemp(name);

	if (!loop_has_ring(loop)) {
		fprintf(stderr, "this host has no io_uring: nothing was tested\n");
		return;
	}
	unlink(name);
	/* More than the ring has places. */
	for (unsigned int i = 0; i < 300; i++) {
		byte[i] = (uint8_t)(i * 7);
		io[i].io.done = io_done;
		loop_write(loop, &io[i].io, fd, &byte[i], 1, i);
	}
	run_for(20);
	for (unsigned int i = 0; i < 300; i++) {
		ck_assert_uint_eq(io[i].done, 1);
		ck_assert_int_eq(io[i].result, 1);
	}
	loop_datasync(loop, &io[0].io, fd);
	loop_read(loop, &io[1].io, fd, back, sizeof(back), 0);
	while (io[0].done + io[1].done < 4)
		loop_wait_io(loop);
	ck_assert_int_eq(io[0].result, 0);
	ck_assert_int_eq(io[1].result, 300);
	ck_assert_mem_eq(back, byte, sizeof(back));
	loop_read(loop, &io[2].io, -1, back, 1, 0);
	run_for(5);
	ck_assert_int_eq(io[2].result, -EBADF);
	close(fd);
}
END_TEST

START_TEST(goes_on_with_epoll_when_the_ring_is_taken_away)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct one_io io = {.io.done = io_done};
	uint8_t byte;

	ck_assert_ptr_nonnull(
		loop_add_fd(loop, fd, LOOP_READ | LOOP_EDGE | LOOP_BUSY, on_kick, NULL, &err));
	run_for(2);
	if (!loop_has_ring(loop) || !forbid_syscall(__NR_io_uring_enter))
		return;
	loop_read(loop, &io.io, fd, &byte, 1, 0);
	kicks = 0;
	run_for(5);
	ck_assert_int_eq(io.result, -EPERM);
	ck_assert(!loop_has_ring(loop));
	ring(fd);
	run_for(5);
	ck_assert_uint_ge(kicks, 1);
	ck_assert_int_eq(loop_post(loop, note, "p"), 0);
	run_for(5);
	ck_assert_uint_eq(n_order, 1);
	close(fd);
}
END_TEST

/* Each test runs in a child of its own, so the filter does not outlive it. */
static void setup_without_ring(void)
{
	ck_assert(forbid_syscall(__NR_io_uring_setup));
	setup();
	ck_assert(!loop_has_ring(loop));
}

int main(void)
{
	const TTest *const everywhere[] = {
		timers_fire_once_in_order_of_time_not_before,
		timer_moves_disarms_and_takes_the_past,
		timer_rearms_and_deletes_itself_and_others_in_its_callback,
		level_source_reports_until_it_is_drained,
		edge_source_reports_each_event_once_unread,
		watch_changes_and_a_gone_peer_is_told,
		a_bad_descriptor_is_an_error,
		source_deleted_in_the_same_batch_does_not_run,
		source_deletes_itself,
		deferred_runs_once_after_the_callback,
		calls_not_made_are_dropped_at_the_end,
		posts_from_threads_arrive_in_order,
		stop_works_from_a_thread_and_before_the_run,
		busy_source_reports_each_signal_unread_until_it_is_deleted,
		signals_from_a_callback_leave_with_the_next_wait,
	};
	Suite *suite = suite_create("loop");
	TCase *ring_case = tcase_create("ring");
	TCase *epoll_case = tcase_create("epoll");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(ring_case, setup, teardown);
	tcase_add_checked_fixture(epoll_case, setup_without_ring, teardown);
	tcase_set_timeout(ring_case, 60);
	tcase_set_timeout(epoll_case, 60);
	for (size_t i = 0; i < sizeof(everywhere) / sizeof(everywhere[0]); i++) {
		tcase_add_test(ring_case, everywhere[i]);
		tcase_add_test(epoll_case, everywhere[i]);
	}
	tcase_add_test(ring_case, files_are_read_and_written_through_the_ring);
	tcase_add_test(ring_case, goes_on_with_epoll_when_the_ring_is_taken_away);
	suite_add_tcase(suite, ring_case);
	suite_add_tcase(suite, epoll_case);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
