/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_STREAM_TERMINAL_H
#define VISE_HOST_STREAM_TERMINAL_H

#include "vmm/core/err.h"
#include "vmm/core/loop.h"

#include <signal.h>
#include <stdbool.h>
#include <termios.h>

/* The terminal behind stdio: its modes and its size. For the loop's thread. */

typedef void (*terminal_resize_fn)(void *arg, unsigned int rows, unsigned int cols);

struct terminal {
	int raw_fd; /* put into raw mode; -1: not */
	struct termios saved;
	int size_fd; /* asked for its size; -1: not */
	int signal_fd;
	bool unblock; /* SIGWINCH was not blocked before */
	struct loop_fd *watch;
	terminal_resize_fn resize;
	void *arg;
};

void terminal_init(struct terminal *t);

/* Blocks SIGWINCH in this thread, for it to arrive by descriptor. All threads of the process must
 * block it: call before others start, which inherit the mask. */
void terminal_prepare_resize(struct terminal *t);

/* Puts the terminal @fd into raw mode; nothing is left of line editing, signals by keys, output
 * processing. False when it is no terminal or this process is in the background. */
bool terminal_make_raw(struct terminal *t, int fd);

/* Calls @fn with the size of terminal @fd now and whenever it changes; not with a size of zero. */
MUST_CHECK int terminal_watch_size(struct terminal *t, int fd, struct loop *loop,
				   terminal_resize_fn fn, void *arg, struct err *err);

/* Restores modes and signal mask. */
void terminal_fini(struct terminal *t);

#endif
