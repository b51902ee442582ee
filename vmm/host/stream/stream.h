/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_STREAM_H
#define VISE_HOST_STREAM_H

#include "vmm/core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A character backend: bytes both ways between a device and the host (the terminal, a file, a unix
 * socket, memory, nothing). Output goes through a bounded buffer that the loop empties, so that a
 * burst of single bytes costs few system calls; a full buffer is told to the caller, nothing is
 * dropped.
 *
 * Threads: stream_write() and stream_want_input() from any thread; the rest, and all callbacks, on
 * the loop's thread. Callbacks are made with no lock of the stream held.
 */

struct loop;
struct stream;

enum stream_kind {
	STREAM_NULL,
	STREAM_STDIO,
	STREAM_FILE,
	STREAM_APPEND,
	STREAM_UNIX,
	STREAM_RING
};

struct stream_config {
	enum stream_kind kind;
	const char *path; /* STREAM_FILE: created or truncated; STREAM_APPEND: created or gone on
			   * with; STREAM_UNIX: listened on, mode 0600 */
	size_t size; /* STREAM_RING: bytes of output that it keeps, a power of two; 0: 64 KiB */
	bool escape; /* STREAM_STDIO on a terminal: Ctrl-A x asks to quit, Ctrl-A a sends Ctrl-A */
};

struct stream_user {
	/* @len bytes came in; returns how many were taken. The rest is offered again after
	 * stream_want_input(). NULL: nothing is read. */
	size_t (*input)(void *arg, const uint8_t *data, size_t len);
	/* There is room again after a short stream_write(). */
	void (*writable)(void *arg);
	/* All input has been taken and no more will ever come: stdin has ended. NULL: not wanted.
	 */
	void (*input_end)(void *arg);
	/* The user typed the escape to quit. NULL: not wanted. */
	void (*quit)(void *arg);
	/* The terminal's size is, or became, @rows by @cols. NULL: not wanted. */
	void (*resize)(void *arg, unsigned int rows, unsigned int cols);
	/* A unix socket's client came, before any of its input, or went, after all of its input was
	 * taken; when the next one comes before that, it is told that one went and one came. Other
	 * kinds say once, soon after stream_start(), that they are open. NULL: not wanted. */
	void (*opened)(void *arg, bool open);
	void *arg;
};

/* Parses "stdio", "null", "file:PATH", "append:PATH", "unix:PATH", "ring" or "ring:SIZE" (bytes, or
 * with K or M) into @config, whose path then points into @spec; escape is set for stdio. -EINVAL
 * with a line that says what would be right. */
MUST_CHECK int stream_parse(const char *spec, struct stream_config *config, struct err *err);

/* Opens a backend. A terminal is put into raw mode only by stream_start(). NULL and @err on
 * failure; @config is read during the call only. STREAM_STDIO on a terminal blocks SIGWINCH in the
 * calling thread, so create it before other threads start; SIGPIPE is ignored from then on unless
 * it is handled. Of stdin and stdout, what is closed is taken as absent. */
struct stream *stream_create(const struct stream_config *config, struct loop *loop,
			     struct err *err);

/* Connects the device (copied) and begins to read. `resize` is called for the first time before
 * this returns; no other callback is. */
MUST_CHECK int stream_start(struct stream *stream, const struct stream_user *user, struct err *err);

/* Takes up to @len bytes for output; returns how many. Fewer than @len: `writable` is called once
 * when there is room. While a unix socket has no client, output is discarded and counted taken, as
 * it is for good when a file or stdout fails (one warning). A client that has gone makes way for
 * the next when all it sent is taken. */
size_t stream_write(struct stream *stream, const void *data, size_t len);

/* Asks that input, held back since `input` took less than offered, be offered again. */
void stream_want_input(struct stream *stream);

/* True for a stream in memory, which these two are for; with others they do nothing and return 0.
 * Both are for the loop's thread and outside callbacks of the stream. */
bool stream_is_ring(const struct stream *stream);

/* Takes up to @len of the bytes that the device wrote, the oldest first; returns how many. A device
 * that waits for room then gets its `writable`: nothing is overwritten. */
size_t stream_ring_read(struct stream *stream, void *buf, size_t len);

/* Gives the device up to @len bytes of input; returns how many it took or may still take: what it
 * holds back waits in a buffer of 64 KiB. */
size_t stream_ring_write(struct stream *stream, const void *data, size_t len);

/* Writes out what is buffered, blocking for at most @timeout_ms; may call `writable`. For the end
 * of a run. */
void stream_drain(struct stream *stream, unsigned int timeout_ms);

/* Restores the terminal, removes the socket, closes; what is still buffered is lost. Not from a
 * callback of the stream, and before the loop's end. NULL is allowed. */
void stream_destroy(struct stream *stream);

#endif
