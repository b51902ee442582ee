/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/host/stream/stream_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The kinds of streams, and the life of one. What goes out is in output.c, what comes in in
 * input.c. */

#define RING_SIZE     (64U << 10)
#define RING_MAX_SIZE (64U << 20)

static const struct stream_ops null_ops = {.name = "null"};

static const struct stream_ops *const kinds[] = {
	[STREAM_NULL] = &null_ops,	  [STREAM_STDIO] = &stream_stdio_ops,
	[STREAM_FILE] = &stream_file_ops, [STREAM_APPEND] = &stream_append_ops,
	[STREAM_UNIX] = &stream_unix_ops, [STREAM_RING] = &stream_ring_ops,
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* A power of two from 1 to RING_MAX_SIZE, with K or M for powers of 1024; 0 when it is none. */
static size_t ring_size(const char *text)
{
	size_t size = 0;

	for (; *text >= '0' && *text <= '9' && size <= RING_MAX_SIZE; text++)
		size = 10 * size + (size_t)(*text - '0');
	if (size > RING_MAX_SIZE)
		return 0;
	if (*text == 'K' || *text == 'M')
		size <<= *text++ == 'K' ? 10 : 20;
	return *text || size > RING_MAX_SIZE || (size & (size - 1)) ? 0 : size;
}

/* What follows the word, and its colon; NULL when there is no colon. */
static int parse_rest(const char *spec, const char *rest, struct stream_config *config,
		      struct err *err)
{
	const struct stream_ops *ops = kinds[config->kind];

	if (config->kind == STREAM_RING) {
		config->size = rest ? ring_size(rest) : RING_SIZE;
		return config->size ? 0
				    : err_set(err, -EINVAL,
					      "stream \"%s\": expected a power of two of bytes, at "
					      "most 64M; use ring or ring:64K",
					      spec);
	}
	if (ops->takes_path && (!rest || !*rest))
		return err_set(err, -EINVAL, "stream \"%s\" lacks a path; use %s:PATH", spec,
			       ops->name);
	if (!ops->takes_path && rest)
		return err_set(err, -EINVAL, "stream \"%s\": nothing follows \"%s\"; use %s", spec,
			       ops->name, ops->name);
	config->path = rest;
	config->escape = config->kind == STREAM_STDIO;
	return 0;
}

int stream_parse(const char *spec, struct stream_config *config, struct err *err)
{
	for (size_t i = 0; i < N_KINDS; i++) {
		size_t len = strlen(kinds[i]->name);

		if (strncmp(spec, kinds[i]->name, len) != 0 || (spec[len] && spec[len] != ':'))
			continue;
		*config = (struct stream_config){.kind = (enum stream_kind)i};
		return parse_rest(spec, spec[len] ? spec + len + 1 : NULL, config, err);
	}
	return err_set(
		err, -EINVAL,
		"unknown stream \"%s\"; use stdio, null, ring, file:PATH, append:PATH or unix:PATH",
		spec);
}

void stream_kick(const struct stream *s)
{
	uint64_t one = 1;

	/* Fails only when the counter is full, and then the loop knows. */
	if (write(s->kick_fd, &one, sizeof(one)) < 0)
		return;
}

static void say_open(struct stream *s, bool open)
{
	s->told_open = open;
	if (s->user.opened)
		s->user.opened(s->user.arg, open);
}

void stream_tell_open(struct stream *s)
{
	bool open = !s->ops->has_peer || s->in.fd >= 0 || s->out.fd >= 0 || s->input_len;

	if (s->started && open != s->told_open)
		say_open(s, open);
}

void stream_peer_came(struct stream *s)
{
	/* The guest may still be taking what the last one sent: it shall see that this is another.
	 */
	if (s->told_open)
		say_open(s, false);
	stream_tell_open(s);
}

/* Life */

static void on_kick(void *arg, unsigned int events)
{
	(void)events;
	stream_output_kicked(arg);
	stream_input_kicked(arg);
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
	s->kick_fd = -1;
	s->flush = ops->open ? STREAM_FLUSH_IDLE : STREAM_FLUSH_NEVER;
	if (ops->open)
		s->output_size = config->size ? config->size : STREAM_OUTPUT;
	stream_end_init(&s->in);
	stream_end_init(&s->out);
	pthread_mutex_init(&s->lock, NULL);
	/* Not zeroed, so that pages which no traffic ever needs are never there. */
	s->output = s->output_size ? malloc(s->output_size) : NULL;
	s->input = s->output_size ? malloc(STREAM_INPUT) : NULL;
	if (s->output_size && (!s->output || !s->input)) {
		err_set(err, -ENOMEM, "%s: out of memory", ops->name);
		goto fail;
	}
	s->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->kick_fd < 0) {
		err_set_errno(err, errno, "%s: eventfd", ops->name);
		goto fail;
	}
	s->flush_timer = loop_add_timer(loop, stream_output_timer, s);
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
	stream_ask_pump(s);
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
	free(s->output);
	free(s->input);
	free(s);
}
