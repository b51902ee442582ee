/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/stream/stream_internal.h"

#include <errno.h>
#include <string.h>

/*
 * Input: read into a buffer and offered from there. Reading goes on while the user holds input
 * back, until that buffer is full: an escape typed at a guest that reads nothing is seen.
 *
 * What is in the buffer is [input_at, input_at + input_len). It moves to the front only when at
 * least half of the buffer lies before it, so a user who takes a few bytes at a time does not make
 * each of them cost a copy of all the others.
 */

#define PUMP_ROUNDS 16 /* then other sources have their turn */

uint8_t *stream_input_room(struct stream *s, size_t *room)
{
	if (!s->input_len)
		s->input_at = 0;
	if (s->input_at >= STREAM_INPUT / 2) {
		memmove(s->input, s->input + s->input_at, s->input_len);
		s->input_at = 0;
	}
	*room = STREAM_INPUT - s->input_at - s->input_len;
	return s->input + s->input_at + s->input_len;
}

static bool fill(struct stream *s)
{
	uint8_t *to;
	size_t room;
	ssize_t n;

	if (s->in.fd < 0)
		return false;
	to = stream_input_room(s, &room);
	if (!room)
		return false;
	n = stream_end_read(&s->in, to, room);
	if (n == -EAGAIN)
		return false;
	if (n <= 0) {
		stream_end_close(&s->in);
		if (s->ops->input_end)
			s->ops->input_end(s);
		else
			s->input_ended = true;
		return false;
	}
	s->input_len += s->ops->filter ? s->ops->filter(s, to, (size_t)n) : (size_t)n;
	return true;
}

/* Returns whether the user may take more. */
static bool offer(struct stream *s)
{
	size_t took;
	bool held;

	pthread_mutex_lock(&s->lock);
	held = s->input_held;
	s->want_input = false;
	pthread_mutex_unlock(&s->lock);
	if (held || !s->input_len)
		return false;
	took = s->user.input(s->user.arg, s->input + s->input_at, s->input_len);
	if (took > s->input_len)
		took = s->input_len;
	s->input_at += took;
	s->input_len -= took;
	if (!s->input_len)
		return true;
	/* Room made by another thread since the offer has been asked for already. */
	pthread_mutex_lock(&s->lock);
	held = s->input_held = !s->want_input;
	pthread_mutex_unlock(&s->lock);
	return !held;
}

void stream_ask_pump(struct stream *s)
{
	pthread_mutex_lock(&s->lock);
	s->pump_due = true;
	pthread_mutex_unlock(&s->lock);
	stream_kick(s);
}

static void tell_end(struct stream *s)
{
	if (!s->input_ended || s->input_len || s->end_told)
		return;
	s->end_told = true;
	if (s->user.input_end)
		s->user.input_end(s->user.arg);
}

/* As edge-triggered watching demands: the last read of each round of events found nothing. */
void stream_pump(struct stream *s)
{
	if (!s->started)
		return;
	stream_tell_open(s);
	if (!s->user.input)
		return;
	for (int i = 0; i < PUMP_ROUNDS; i++) {
		bool filled = fill(s);
		bool offered = offer(s);

		if (!filled && !offered) {
			stream_tell_open(s);
			tell_end(s);
			return;
		}
	}
	stream_ask_pump(s);
}

void stream_input_kicked(struct stream *s)
{
	bool due;

	pthread_mutex_lock(&s->lock);
	due = s->pump_due;
	s->pump_due = false;
	pthread_mutex_unlock(&s->lock);
	if (due)
		stream_pump(s);
}

static void on_input(void *arg, unsigned int events)
{
	(void)events;
	stream_pump(arg);
}

int stream_watch_input(struct stream *s, struct err *err)
{
	return stream_end_watch(&s->in, s->loop, LOOP_READ, on_input, s, err);
}

void stream_want_input(struct stream *s)
{
	bool must_kick;

	pthread_mutex_lock(&s->lock);
	s->want_input = true;
	must_kick = s->input_held;
	if (must_kick) {
		s->input_held = false;
		s->pump_due = true;
	}
	pthread_mutex_unlock(&s->lock);
	if (must_kick)
		stream_kick(s);
}
