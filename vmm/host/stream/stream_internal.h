/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_STREAM_INTERNAL_H
#define VISE_HOST_STREAM_INTERNAL_H

#include "vmm/core/loop.h"
#include "vmm/host/stream/end.h"
#include "vmm/host/stream/stream.h"

#include <pthread.h>

/* Between stream.c, its two directions (input.c, output.c) and the kinds of streams: stdio.c,
 * file.c, unix.c, ring.c. */

#define STREAM_OUTPUT (64U * 1024U)
#define STREAM_INPUT  (64U * 1024U)

/* Who will look at the output buffer next. */
enum stream_flush {
	STREAM_FLUSH_IDLE,    /* nobody: it is empty, the next byte kicks the loop */
	STREAM_FLUSH_KICKED,  /* the loop has been kicked */
	STREAM_FLUSH_PACED,   /* the flush timer; a buffer half full kicks before it */
	STREAM_FLUSH_BLOCKED, /* the output descriptor, once it can be written */
	STREAM_FLUSH_NEVER,   /* for good: output goes nowhere, or is fetched */
};

/* A kind of stream. All functions run on the loop's thread. */
struct stream_ops {
	const char *name; /* the word before the colon */
	bool takes_path;
	bool has_peer; /* open while there is one, or input of it; others are open always */
	size_t size;   /* of the struct that begins with struct stream; 0: struct stream alone */
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
extern const struct stream_ops stream_append_ops;
extern const struct stream_ops stream_unix_ops;
extern const struct stream_ops stream_ring_ops;

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
	uint8_t *input;		    /* STREAM_INPUT bytes: read, not yet taken by the user: */
	size_t input_at, input_len; /* where that begins, and how much it is */
	bool told_open;		    /* what `opened` said last */
	bool input_ended;	    /* for good; the user is told once `input` is empty */
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
	uint8_t *output;    /* a ring */
	size_t output_size; /* 0: output is discarded at once. Never changes */
};

/* Makes the loop look at what is to be flushed and what input is due. Any thread. */
void stream_kick(const struct stream *s);

/* output.c: the loop was kicked; the flush timer has come; `writable` if it is due. */
void stream_output_kicked(struct stream *s);
void stream_output_timer(void *arg);
void stream_tell_writable(struct stream *s);

/* The first piece of what is buffered for output without a wrap; @len receives its length. Only the
 * loop's thread takes bytes out, so the piece stays as it is without the lock. */
const uint8_t *stream_output_piece(struct stream *s, size_t *len);
void stream_output_consume(struct stream *s, size_t n);

/* input.c: reads and offers until there is no more or no room; has that done by the loop; does what
 * the loop was kicked for. */
void stream_pump(struct stream *s);
void stream_ask_pump(struct stream *s);
void stream_input_kicked(struct stream *s);

/* Where the next input goes; @room receives how much has room there. */
uint8_t *stream_input_room(struct stream *s, size_t *room);

/* stream.c: calls `opened` if there is news; a new peer has taken the ends. */
void stream_tell_open(struct stream *s);
void stream_peer_came(struct stream *s);

/* Begins to read from and write to the ends that are open. */
MUST_CHECK int stream_watch_input(struct stream *s, struct err *err);
MUST_CHECK int stream_watch_output(struct stream *s, struct err *err);

/* A write to a closed pipe shall fail, not kill: ignores SIGPIPE unless it is handled already. */
void stream_ignore_sigpipe(void);

#endif
