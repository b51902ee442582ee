/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_SCENARIO_TARGET_H
#define VISE_SCENARIO_TARGET_H

#include "tools/control/connection.h"
#include "tools/scenario/serial.h"
#include "vmm/core/err.h"

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * The machine under test: a child of ours, whose serial port is a pipe and whose control socket
 * lies in a private temporary directory, or a machine that runs already. Nothing here waits but
 * target_request(), for a reply that comes at once, and target_close().
 */

enum target_state { TARGET_NONE, TARGET_STARTING, TARGET_RUNNING, TARGET_ENDED };

#define TARGET_FDS 4

struct target {
	enum target_state state;
	bool attached;
	pid_t pid;
	int pidfd;
	int input_fd;	     /* the child's standard input; open, because its end would be Ctrl-D */
	int serial_fd;	     /* a pipe, a socket or a file */
	bool serial_is_file; /* which poll() cannot wait for */
	int stderr_fd;
	struct connection control; /* fd < 0: none */
	struct serial serial;
	struct serial said; /* on standard error */
	int status;   /* of the child that has ended, as a shell has it: 128 + N for signal N */
	char dir[64]; /* the temporary directory; "" while there is none */
	char *wav;    /* where the machine's sound goes; NULL: nowhere */
};

void target_init(struct target *t);

/* Makes the private directory, once; t->dir names it. 0 or a negative errno, and one line in @err.
 */
MUST_CHECK int target_make_dir(struct target *t, struct err *err);

/* Starts @vise, "vise run" with the @n arguments @argv, which dies with us. Connected it is only
 * after target_connect(). 0 or a negative errno, and one line in @err. */
MUST_CHECK int target_start(struct target *t, const char *vise, char *const *argv, size_t n,
			    struct err *err);

/* Tries to connect to the started machine. 0; -EAGAIN: not yet; or another negative errno, and one
 * line in @err. */
MUST_CHECK int target_connect(struct target *t, struct err *err);

/* Connects to the control socket @socket and, unless NULL, to @serial: "unix:PATH", or "file:PATH",
 * which is read from its beginning. 0 or a negative errno, and one line in @err. */
MUST_CHECK int target_attach(struct target *t, const char *socket, const char *serial,
			     struct err *err);

/* What to wait for; the number of descriptors put into @fds. */
size_t target_fds(const struct target *t, struct pollfd fds[TARGET_FDS]);

/* Takes in whatever has come, without waiting. True: something did. */
bool target_pump(struct target *t);

/* Runs a command as connection_run() does. A machine that is gone is an error. */
MUST_CHECK int target_request(struct target *t, const char *command, json_t *arguments,
			      json_t **reply, struct err *err);

/* How it ended, for people: "ended with status 125 (its last words)". Valid until the next call. */
void target_describe_end(const struct target *t, char *text, size_t size);

/* Ends the child, waits for it and removes the directory. An attached machine goes on. */
void target_close(struct target *t);

#endif
