/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_STREAM_INTERNAL_H
#define VISE_HOST_STREAM_INTERNAL_H

#include "vmm/core/loop.h"
#include "vmm/host/stream/end.h"
#include "vmm/host/stream/stream.h"

#include <pthread.h>

/* Between stream.c and the kinds of streams: stdio.c, file.c, unix.c. */

#define STREAM_RING  (64U * 1024U)
#define STREAM_INPUT 4096U

/* Who will look at the output ring next. */
enum stream_flush {
	STREAM_FLUSH_IDLE,    /* nobody: the ring is empty, the next byte kicks the loop */
	STREAM_FLUSH_KICKED,  /* the loop has been kicked */
	STREAM_FLUSH_PACED,   /* the flush timer; a ring half full kicks before it */
	STREAM_FLUSH_BLOCKED, /* the output descriptor, once it can be written */
};

/* A kind of stream. All functions run on the loop's thread. */
struct stream_ops {
	const char *name; /* the word before the colon */
	bool takes_path;
	size_t size; /* of the struct that begins with struct stream; 0: struct stream alone */
	/* Opens what the kind needs; on failure close() is called too. NULL: nothing to open. */
	int (*open)(struct stream *s, const struct stream_config *config, struct err *err);
	/* The user is connected. NULL: nothing to do. */
	int (*start)(struct stream *s, struct err *err);
	/* Edits @len bytes that came in; returns how many remain. NULL: all. */
	size_t (*filter)(struct stream *s, uint8_t *data, size_t len);
	/* Input has ended, or output has failed (@errnum, positive); the end is closed already. */
	void (*input_end)(struct stream *s);
	void (*output_end)(struct stream *s, int errnum);
	/* Lets go of all but the ends. NULL: nothing to do. */
	void (*close)(struct stream *s);
};

extern const struct stream_ops stream_stdio_ops;
extern const struct stream_ops stream_file_ops;
extern const struct stream_ops stream_unix_ops;

struct stream {
	const struct stream_ops *ops;

	/* The loop's thread. */
	struct loop *loop;
	struct stream_user user;
	bool opened; /* ops->open() was called, close() must be */
	bool started;
	struct stream_end in;
	struct stream_end out; /* empty: output is discarded */
	int kick_fd;
	struct loop_fd *kick_watch;
	struct loop_timer *flush_timer;
	uint8_t input[STREAM_INPUT]; /* read, not yet taken by the user */
	size_t input_len;
	bool input_ended; /* for good; the user is told once `input` is empty */
	bool end_told;

	/* Under the lock. No callback is made and no other lock is taken with it held. */
	pthread_mutex_t lock;
	enum stream_flush flush;
	size_t head; /* of what is buffered */
	size_t used;
	bool want_writable; /* a write was cut short */
	bool want_input;    /* asked for since `input` was last called */
	bool input_held;    /* `input` took less than offered */
	bool pump_due;	    /* the kick asks to go on with input */
	uint8_t ring[STREAM_RING];
};

/* Begins to read from and write to the ends that are open. */
MUST_CHECK int stream_watch_input(struct stream *s, struct err *err);
MUST_CHECK int stream_watch_output(struct stream *s, struct err *err);

/* A write to a closed pipe shall fail, not kill: ignores SIGPIPE unless it is handled already. */
void stream_ignore_sigpipe(void);

#endif
