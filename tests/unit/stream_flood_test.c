/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/stream_fixture.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

/* Two threads: a producer that writes when there is room, a reader that takes its time. */
struct flood {
	struct stream *stream;
	size_t total;
	atomic_bool done;
	pthread_mutex_t lock;
	pthread_cond_t room;
	unsigned int writable;
	int fd;
	bool exact;
};

static void flood_writable(void *arg)
{
	struct flood *f = arg;

	pthread_mutex_lock(&f->lock);
	f->writable++;
	pthread_cond_signal(&f->room);
	pthread_mutex_unlock(&f->lock);
}

static void *produce(void *arg)
{
	struct flood *f = arg;
	size_t sent = 0;

	while (sent < f->total) {
		uint8_t piece[100];
		size_t len = 1 + sent % sizeof(piece);
		unsigned int seen;
		size_t n;

		if (len > f->total - sent)
			len = f->total - sent;
		for (size_t i = 0; i < len; i++)
			piece[i] = pattern(sent + i);
		pthread_mutex_lock(&f->lock);
		seen = f->writable;
		pthread_mutex_unlock(&f->lock);
		n = stream_write(f->stream, piece, len);
		sent += n;
		if (n == len)
			continue;
		pthread_mutex_lock(&f->lock);
		while (f->writable == seen)
			pthread_cond_wait(&f->room, &f->lock);
		pthread_mutex_unlock(&f->lock);
	}
	return NULL;
}

static void *consume(void *arg)
{
	struct flood *f = arg;
	size_t got = 0;
	uint8_t buf[50000];
	ssize_t n;

	f->exact = true;
	while (got < f->total && (n = read(f->fd, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			f->exact &= buf[i] == pattern(got + (size_t)i);
		got += (size_t)n;
		if (got % 7 == 0)
			usleep(500);
	}
	f->exact &= got == f->total;
	atomic_store(&f->done, true);
	return NULL;
}

START_TEST(slow_reader_gets_ten_megabytes_exactly)
{
	struct flood f = {.total = 10 * MIB,
			  .lock = PTHREAD_MUTEX_INITIALIZER,
			  .room = PTHREAD_COND_INITIALIZER};
	const struct stream_user u = {.writable = flood_writable, .arg = &f};
	pthread_t producer;
	pthread_t consumer;
	int to;

	pipe_stdio(&to, &f.fd);
	user->stream = f.stream = open_spec("stdio");
	ck_assert_int_eq(stream_start(f.stream, &u, &err), 0);
	pthread_create(&producer, NULL, produce, &f);
	pthread_create(&consumer, NULL, consume, &f);
	while (!atomic_load(&f.done))
		loop_run_once(loop, 10, NULL);
	pthread_join(producer, NULL);
	pthread_join(consumer, NULL);
	ck_assert(f.exact);
	close(to);
	close(f.fd);
}
END_TEST

/* A device on another thread that takes a few bytes and asks for more. */
struct sipper {
	struct stream *stream;
	pthread_mutex_t lock;
	size_t room;
	size_t got;
	bool exact;
	bool held;
	atomic_bool done;
};

static size_t sip(void *arg, const uint8_t *data, size_t len)
{
	struct sipper *p = arg;
	size_t n;

	pthread_mutex_lock(&p->lock);
	n = len < p->room ? len : p->room;
	for (size_t i = 0; i < n; i++)
		p->exact &= data[i] == pattern(p->got + i);
	p->got += n;
	p->room -= n;
	p->held = n < len;
	pthread_mutex_unlock(&p->lock);
	return n;
}

static void *digest(void *arg)
{
	struct sipper *p = arg;
	bool done = false;

	while (!done) {
		pthread_mutex_lock(&p->lock);
		p->room = 1 + p->got % 16;
		if (p->held) {
			p->held = false;
			stream_want_input(p->stream);
		}
		done = p->got == MIB / 4;
		pthread_mutex_unlock(&p->lock);
		sched_yield();
	}
	atomic_store(&p->done, true);
	return NULL;
}

START_TEST(input_waits_for_a_device_on_another_thread)
{
	struct sipper p = {.lock = PTHREAD_MUTEX_INITIALIZER, .exact = true};
	const struct stream_user u = {.input = sip, .arg = &p};
	pthread_t thread;
	size_t sent = 0;
	int client;

	user->stream = p.stream = open_spec(file_spec("unix"));
	ck_assert_int_eq(stream_start(p.stream, &u, &err), 0);
	client = connect_client();
	pthread_create(&thread, NULL, digest, &p);
	while (!atomic_load(&p.done)) {
		uint8_t buf[3000];
		size_t len = MIB / 4 - sent < sizeof(buf) ? MIB / 4 - sent : sizeof(buf);
		ssize_t n;

		for (size_t i = 0; i < len; i++)
			buf[i] = pattern(sent + i);
		n = len ? write(client, buf, len) : 0;
		sent += n > 0 ? (size_t)n : 0;
		loop_run_once(loop, len ? 0 : 5, NULL);
	}
	pthread_join(thread, NULL);
	ck_assert_uint_eq(p.got, MIB / 4);
	ck_assert(p.exact);
	close(client);
}
END_TEST

int main(void)
{
	TCase *tc = stream_tcase();

	tcase_add_test(tc, slow_reader_gets_ten_megabytes_exactly);
	tcase_add_test(tc, input_waits_for_a_device_on_another_thread);
	return run_tcase("stream_flood", tc);
}
