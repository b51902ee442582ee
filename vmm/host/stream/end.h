/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_STREAM_END_H
#define VISE_HOST_STREAM_END_H

#include "vmm/core/err.h"
#include "vmm/core/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * One end of a byte stream: a descriptor that is read, or one that is written, without ever
 * blocking the loop. All functions are for the loop's thread.
 */

struct stream_end {
	int fd;		       /* -1: there is none */
	bool owned;	       /* closed with the end */
	bool socket;	       /* each call asks not to block */
	bool ask_first;	       /* the descriptor may block: poll() before each call */
	size_t piece;	       /* with ask_first: the longest write that poll() vouches for */
	struct loop_fd *watch; /* NULL: always ready, as a regular file is */
};

/* Makes @end empty. */
void stream_end_init(struct stream_end *end);

/* Takes ownership of @fd, which is non-blocking or never blocks for long. */
void stream_end_take(struct stream_end *end, int fd);

/*
 * Uses @fd, a descriptor inherited from the parent process, for @access (O_RDONLY or O_WRONLY). Its
 * flags are shared with the parent and stay as they are: a pipe or a terminal is opened once more,
 * or asked before each call where that is not permitted. Stays empty when @fd is not open.
 */
void stream_end_inherit(struct stream_end *end, int fd, int access);

/* Calls @fn on each new readiness for @event (LOOP_READ or LOOP_WRITE), edge-triggered. Succeeds
 * without a watch for files, which are always ready. */
MUST_CHECK int stream_end_watch(struct stream_end *end, struct loop *loop, unsigned int event,
				loop_fd_fn fn, void *arg, struct err *err);

/* Up to @len bytes. 0 at the end, -EAGAIN when there is nothing now, or a negative errno. */
ssize_t stream_end_read(const struct stream_end *end, void *buf, size_t len);

/* Writes up to @len bytes; returns how many, -EAGAIN, or another negative errno. */
ssize_t stream_end_write(const struct stream_end *end, const void *data, size_t len);

/* Waits at most @timeout_ms until a write may make progress. */
void stream_end_wait(const struct stream_end *end, int timeout_ms);

/* Ends the watch, closes what is owned; the end is empty then. */
void stream_end_close(struct stream_end *end);

#endif
