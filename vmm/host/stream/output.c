/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/clock.h"
#include "vmm/host/stream/stream_internal.h"

#include <errno.h>
#include <string.h>

/*
 * Output: stream_write() puts bytes into a buffer, the loop's thread takes them out. The first byte
 * kicks the loop by an eventfd; after a flush the loop looks again by itself a millisecond later,
 * and writers need not kick until it has found nothing. So a burst of single bytes costs its writer
 * one system call, and the loop about one write a millisecond. The eventfd is the stream's own, not
 * a posted call: a stream can be destroyed with a kick on its way.
 */

#define PACE_NS 1000000U /* unnoticed by a human, long for a guest */

void stream_output_consume(struct stream *s, size_t n)
{
	pthread_mutex_lock(&s->lock);
	s->used -= n;
	/* An empty buffer starts anew: light traffic stays in the same few pages. */
	s->head = s->used ? (s->head + n) % s->output_size : 0;
	pthread_mutex_unlock(&s->lock);
}

const uint8_t *stream_output_piece(struct stream *s, size_t *len)
{
	size_t to_end;

	pthread_mutex_lock(&s->lock);
	to_end = s->output_size - s->head;
	*len = s->used < to_end ? s->used : to_end;
	pthread_mutex_unlock(&s->lock);
	return s->output + s->head;
}

static void fail_output(struct stream *s, int errnum)
{
	stream_end_close(&s->out);
	if (s->ops->output_end)
		s->ops->output_end(s, errnum);
}

/* Writes until the buffer is empty, the descriptor takes no more, or one buffer's worth is done.
 * Returns how many bytes left the buffer; @blocked says why it stopped. */
static size_t write_out(struct stream *s, bool *blocked)
{
	size_t done = 0;

	*blocked = false;
	while (done < s->output_size) {
		size_t len;
		const uint8_t *data = stream_output_piece(s, &len);
		ssize_t n = (ssize_t)len;

		if (!len)
			break;
		if (s->out.fd >= 0)
			n = stream_end_write(&s->out, data, len);
		if (n == -EAGAIN) {
			*blocked = true;
			break;
		}
		if (n < 0) {
			fail_output(s, (int)-n);
			continue;
		}
		stream_output_consume(s, (size_t)n);
		done += (size_t)n;
	}
	return done;
}

void stream_tell_writable(struct stream *s)
{
	bool tell;

	pthread_mutex_lock(&s->lock);
	tell = s->want_writable && s->used <= s->output_size / 2;
	if (tell)
		s->want_writable = false;
	pthread_mutex_unlock(&s->lock);
	if (tell && s->user.writable)
		s->user.writable(s->user.arg);
}

static void flush(struct stream *s)
{
	struct clock host = clock_host();
	enum stream_flush next = STREAM_FLUSH_IDLE;
	bool blocked;
	size_t done = write_out(s, &blocked);

	pthread_mutex_lock(&s->lock);
	if (blocked && s->out.watch)
		next = STREAM_FLUSH_BLOCKED;
	else if (s->used >= s->output_size / 2)
		next = STREAM_FLUSH_KICKED;
	else if (done || s->used)
		next = STREAM_FLUSH_PACED;
	s->flush = next;
	pthread_mutex_unlock(&s->lock);
	if (next == STREAM_FLUSH_KICKED)
		stream_kick(s);
	if (next == STREAM_FLUSH_PACED)
		loop_set_timer(s->flush_timer, clock_monotonic_ns(&host) + PACE_NS);
	stream_tell_writable(s);
}

static enum stream_flush flush_state(struct stream *s)
{
	enum stream_flush state;

	pthread_mutex_lock(&s->lock);
	state = s->flush;
	pthread_mutex_unlock(&s->lock);
	return state;
}

void stream_output_kicked(struct stream *s)
{
	if (flush_state(s) == STREAM_FLUSH_KICKED)
		flush(s);
}

void stream_output_timer(void *arg)
{
	struct stream *s = arg;

	if (flush_state(s) == STREAM_FLUSH_PACED)
		flush(s);
}

static void on_output(void *arg, unsigned int events)
{
	struct stream *s = arg;

	if (events & LOOP_HUP)
		fail_output(s, EPIPE);
	if (flush_state(s) == STREAM_FLUSH_BLOCKED)
		flush(s);
}

int stream_watch_output(struct stream *s, struct err *err)
{
	return stream_end_watch(&s->out, s->loop, LOOP_WRITE, on_output, s, err);
}

size_t stream_write(struct stream *s, const void *data, size_t len)
{
	const uint8_t *from = data;
	bool must_kick;
	size_t room;
	size_t n;
	size_t tail;
	size_t first;

	if (!s->output_size)
		return len;
	pthread_mutex_lock(&s->lock);
	room = s->output_size - s->used;
	n = len < room ? len : room;
	tail = (s->head + s->used) % s->output_size;
	first = n < s->output_size - tail ? n : s->output_size - tail;
	memcpy(s->output + tail, from, first);
	memcpy(s->output, from + first, n - first);
	s->used += n;
	if (n < len)
		s->want_writable = true;
	must_kick = (s->flush == STREAM_FLUSH_IDLE && n) ||
		    (s->flush == STREAM_FLUSH_PACED && s->used >= s->output_size / 2);
	if (must_kick)
		s->flush = STREAM_FLUSH_KICKED;
	pthread_mutex_unlock(&s->lock);
	if (must_kick)
		stream_kick(s);
	return n;
}

static int to_ms(uint64_t ns)
{
	return (int)(ns / 1000000U) + 1;
}

void stream_drain(struct stream *s, unsigned int timeout_ms)
{
	struct clock host = clock_host();
	uint64_t end = clock_monotonic_ns(&host) + timeout_ms * (uint64_t)1000000U;

	if (flush_state(s) == STREAM_FLUSH_NEVER)
		return;
	for (;;) {
		uint64_t now = clock_monotonic_ns(&host);
		size_t left;

		flush(s);
		stream_output_piece(s, &left);
		if (!left || now >= end)
			return;
		if (s->out.fd >= 0)
			stream_end_wait(&s->out, now + NS_PER_SEC < end ? 1000 : to_ms(end - now));
	}
}
