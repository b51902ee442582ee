/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/stream/stream_internal.h"

#include "vmm/core/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/*
 * Output: stream_write() puts bytes into the ring, the loop's thread takes them out. The first byte
 * kicks the loop by an eventfd; after a flush the loop looks again by itself a millisecond later,
 * and writers need not kick until it has found nothing. So a burst of single bytes costs its writer
 * one system call, and the loop about one write a millisecond. The eventfd is the stream's own, not
 * a posted call: a stream can be destroyed with a kick on its way.
 *
 * Input: read into a small buffer and offered from there. Reading goes on while the user holds
 * input back, until that buffer is full: an escape typed at a guest that reads nothing is seen.
 */

#define PACE_NS	    1000000U /* unnoticed by a human, long for a guest */
#define PUMP_ROUNDS 16	     /* then other sources have their turn */

static const struct stream_ops null_ops = {.name = "null"};

static const struct stream_ops *const kinds[] = {
	[STREAM_NULL] = &null_ops,
	[STREAM_STDIO] = &stream_stdio_ops,
	[STREAM_FILE] = &stream_file_ops,
	[STREAM_UNIX] = &stream_unix_ops,
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

int stream_parse(const char *spec, struct stream_config *config, struct err *err)
{
	for (size_t i = 0; i < N_KINDS; i++) {
		const struct stream_ops *ops = kinds[i];
		size_t len = strlen(ops->name);
		const char *path;

		if (strncmp(spec, ops->name, len) != 0 || (spec[len] && spec[len] != ':'))
			continue;
		path = spec[len] ? spec + len + 1 : NULL;
		if (ops->takes_path && (!path || !*path))
			return err_set(err, -EINVAL, "stream \"%s\" lacks a path; use %s:PATH",
				       spec, ops->name);
		if (!ops->takes_path && path)
			return err_set(err, -EINVAL,
				       "stream \"%s\": nothing follows \"%s\"; use %s", spec,
				       ops->name, ops->name);
		*config = (struct stream_config){.kind = (enum stream_kind)i, .path = path};
		config->escape = config->kind == STREAM_STDIO;
		return 0;
	}
	return err_set(err, -EINVAL,
		       "unknown stream \"%s\"; use stdio, null, file:PATH or unix:PATH", spec);
}

static void kick(const struct stream *s)
{
	uint64_t one = 1;

	/* Fails only when the counter is full, and then the loop knows. */
	if (write(s->kick_fd, &one, sizeof(one)) < 0)
		return;
}

/* Output */

static void consume(struct stream *s, size_t n)
{
	pthread_mutex_lock(&s->lock);
	s->head = (s->head + n) % STREAM_RING;
	s->used -= n;
	pthread_mutex_unlock(&s->lock);
}

/* The first piece of the ring without a wrap. Only the loop's thread takes bytes out, so the piece
 * stays as it is without the lock. */
static const uint8_t *first_piece(struct stream *s, size_t *len)
{
	size_t to_end;

	pthread_mutex_lock(&s->lock);
	to_end = STREAM_RING - s->head;
	*len = s->used < to_end ? s->used : to_end;
	pthread_mutex_unlock(&s->lock);
	return s->ring + s->head;
}

static void fail_output(struct stream *s, int errnum)
{
	stream_end_close(&s->out);
	if (s->ops->output_end)
		s->ops->output_end(s, errnum);
}

/* Writes until the ring is empty, the descriptor takes no more, or one ring's worth is done.
 * Returns how many bytes left the ring; @blocked says why it stopped. */
static size_t write_out(struct stream *s, bool *blocked)
{
	size_t done = 0;

	*blocked = false;
	while (done < STREAM_RING) {
		size_t len;
		const uint8_t *data = first_piece(s, &len);
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
		consume(s, (size_t)n);
		done += (size_t)n;
	}
	return done;
}

static void flush(struct stream *s)
{
	struct clock host = clock_host();
	enum stream_flush next = STREAM_FLUSH_IDLE;
	bool blocked;
	bool tell;
	size_t done = write_out(s, &blocked);

	pthread_mutex_lock(&s->lock);
	if (blocked && s->out.watch)
		next = STREAM_FLUSH_BLOCKED;
	else if (s->used >= STREAM_RING / 2)
		next = STREAM_FLUSH_KICKED;
	else if (done || s->used)
		next = STREAM_FLUSH_PACED;
	s->flush = next;
	tell = s->want_writable && s->used <= STREAM_RING / 2;
	if (tell)
		s->want_writable = false;
	pthread_mutex_unlock(&s->lock);
	if (next == STREAM_FLUSH_KICKED)
		kick(s);
	if (next == STREAM_FLUSH_PACED)
		loop_set_timer(s->flush_timer, clock_monotonic_ns(&host) + PACE_NS);
	if (tell && s->user.writable)
		s->user.writable(s->user.arg);
}

static enum stream_flush flush_state(struct stream *s)
{
	enum stream_flush state;

	pthread_mutex_lock(&s->lock);
	state = s->flush;
	pthread_mutex_unlock(&s->lock);
	return state;
}

static void on_flush_timer(void *arg)
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

size_t stream_write(struct stream *s, const void *data, size_t len)
{
	const uint8_t *from = data;
	bool must_kick;
	size_t room;
	size_t n;
	size_t tail;
	size_t first;

	if (s->ops == &null_ops)
		return len;
	pthread_mutex_lock(&s->lock);
	room = STREAM_RING - s->used;
	n = len < room ? len : room;
	tail = (s->head + s->used) % STREAM_RING;
	first = n < STREAM_RING - tail ? n : STREAM_RING - tail;
	memcpy(s->ring + tail, from, first);
	memcpy(s->ring, from + first, n - first);
	s->used += n;
	if (n < len)
		s->want_writable = true;
	must_kick = (s->flush == STREAM_FLUSH_IDLE && n) ||
		    (s->flush == STREAM_FLUSH_PACED && s->used >= STREAM_RING / 2);
	if (must_kick)
		s->flush = STREAM_FLUSH_KICKED;
	pthread_mutex_unlock(&s->lock);
	if (must_kick)
		kick(s);
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

	for (;;) {
		uint64_t now = clock_monotonic_ns(&host);
		size_t left;

		flush(s);
		first_piece(s, &left);
		if (!left || now >= end)
			return;
		if (s->out.fd >= 0)
			stream_end_wait(&s->out, now + NS_PER_SEC < end ? 1000 : to_ms(end - now));
	}
}

/* Input */

static bool fill(struct stream *s)
{
	uint8_t *to = s->input + s->input_len;
	ssize_t n;

	if (s->in.fd < 0 || s->input_len == STREAM_INPUT)
		return false;
	n = stream_end_read(&s->in, to, STREAM_INPUT - s->input_len);
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
	took = s->user.input(s->user.arg, s->input, s->input_len);
	if (took > s->input_len)
		took = s->input_len;
	memmove(s->input, s->input + took, s->input_len - took);
	s->input_len -= took;
	if (!s->input_len)
		return true;
	/* Room made by another thread since the offer has been asked for already. */
	pthread_mutex_lock(&s->lock);
	held = s->input_held = !s->want_input;
	pthread_mutex_unlock(&s->lock);
	return !held;
}

static void ask_pump(struct stream *s)
{
	pthread_mutex_lock(&s->lock);
	s->pump_due = true;
	pthread_mutex_unlock(&s->lock);
	kick(s);
}

static void tell_end(struct stream *s)
{
	if (!s->input_ended || s->input_len || s->end_told)
		return;
	s->end_told = true;
	if (s->user.input_end)
		s->user.input_end(s->user.arg);
}

/* Reads until there is no more or no room, as edge-triggered watching demands. */
static void pump(struct stream *s)
{
	if (!s->started || !s->user.input)
		return;
	for (int i = 0; i < PUMP_ROUNDS; i++) {
		bool filled = fill(s);
		bool offered = offer(s);

		if (!filled && !offered) {
			tell_end(s);
			return;
		}
	}
	ask_pump(s);
}

static void on_input(void *arg, unsigned int events)
{
	(void)events;
	pump(arg);
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
		kick(s);
}

/* Life */

static void on_kick(void *arg, unsigned int events)
{
	struct stream *s = arg;
	bool do_pump;

	(void)events;
	pthread_mutex_lock(&s->lock);
	do_pump = s->pump_due;
	s->pump_due = false;
	pthread_mutex_unlock(&s->lock);
	if (flush_state(s) == STREAM_FLUSH_KICKED)
		flush(s);
	if (do_pump)
		pump(s);
}

int stream_watch_input(struct stream *s, struct err *err)
{
	return stream_end_watch(&s->in, s->loop, LOOP_READ, on_input, s, err);
}

int stream_watch_output(struct stream *s, struct err *err)
{
	return stream_end_watch(&s->out, s->loop, LOOP_WRITE, on_output, s, err);
}

void stream_ignore_sigpipe(void)
{
	struct sigaction now;

	if (sigaction(SIGPIPE, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) &&
	    now.sa_handler == SIG_DFL)
		signal(SIGPIPE, SIG_IGN);
}

struct stream *stream_create(const struct stream_config *config, struct loop *loop, struct err *err)
{
	const struct stream_ops *ops = kinds[config->kind];
	struct stream *s = calloc(1, ops->size ? ops->size : sizeof(*s));

	if (!s) {
		err_set(err, -ENOMEM, "%s: out of memory", ops->name);
		return NULL;
	}
	s->ops = ops;
	s->loop = loop;
	stream_end_init(&s->in);
	stream_end_init(&s->out);
	pthread_mutex_init(&s->lock, NULL);
	s->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->kick_fd < 0) {
		err_set_errno(err, errno, "%s: eventfd", ops->name);
		goto fail;
	}
	s->flush_timer = loop_add_timer(loop, on_flush_timer, s);
	if (!s->flush_timer) {
		err_set(err, -ENOMEM, "%s: out of memory", ops->name);
		goto fail;
	}
	s->kick_watch = loop_add_fd(loop, s->kick_fd, LOOP_READ | LOOP_EDGE, on_kick, s, err);
	if (!s->kick_watch)
		goto fail;
	s->opened = true;
	if (ops->open && ops->open(s, config, err) < 0)
		goto fail;
	return s;
fail:
	stream_destroy(s);
	return NULL;
}

int stream_start(struct stream *s, const struct stream_user *user, struct err *err)
{
	int rc;

	s->user = *user;
	s->started = true;
	rc = s->ops->start ? s->ops->start(s, err) : 0;
	ask_pump(s);
	return rc;
}

void stream_destroy(struct stream *s)
{
	if (!s)
		return;
	if (s->opened && s->ops->close)
		s->ops->close(s);
	stream_end_close(&s->in);
	stream_end_close(&s->out);
	loop_del_fd(s->kick_watch);
	loop_del_timer(s->flush_timer);
	if (s->kick_fd >= 0)
		close(s->kick_fd);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
