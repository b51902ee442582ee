/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_USERNET_CHANNEL_H
#define VISE_HOST_USERNET_CHANNEL_H

#include "vmm/core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One end of the stream socket between the monitor and its network helper. It carries records: four
 * bytes of length in host byte order (both ends are one machine), then as many bytes. Records are
 * gathered, so that a system call moves many. Both ends are the same code, each distrusts the
 * other. No call blocks, no call allocates but the first. One thread at a time.
 */

#define CHANNEL_RECORD_MAX 65550U	  /* NET_FRAME_MAX */
#define CHANNEL_BUFFER	   (512U * 1024U) /* each way */
#define CHANNEL_BUSY	   (256U * 1024U) /* waits to be sent: time not to produce more */

struct channel {
	int fd; /* owned; non-blocking */
	uint8_t *in;
	size_t in_head, in_end; /* of what was received and not taken */
	uint8_t *out;
	size_t out_head, out_end; /* of what waits to be sent */
};

/* Takes ownership of @fd, also on failure, and makes it non-blocking. 0 or a negative errno. */
MUST_CHECK int channel_init(struct channel *ch, int fd);

/* Closes and frees; what waits is lost. Again is allowed. */
void channel_fini(struct channel *ch);

/* Gathers a record of 1 to CHANNEL_RECORD_MAX bytes. False: no room, nothing was taken. */
bool channel_put(struct channel *ch, const void *data, size_t len);

/* How much waits to be sent, in bytes. */
static inline size_t channel_waiting(const struct channel *ch)
{
	return ch->out_end - ch->out_head;
}

/* Sends what waits. 0: all; -EAGAIN: the socket takes no more now; else the socket is broken. */
MUST_CHECK int channel_flush(struct channel *ch);

/* Receives once, as much as there is room for. 0: something came, or there is a record to take;
 * -EAGAIN: nothing; -ENOTCONN: the peer has closed; else broken. Invalidates records that
 * channel_next() gave. */
MUST_CHECK int channel_fill(struct channel *ch);

/* The next whole record: its length, and *@data, good until channel_fill(). 0: none;
 * -EPROTO: what came cannot be a record. It stays the next one until channel_take(). */
MUST_CHECK int channel_next(const struct channel *ch, const uint8_t **data);

/* Takes the record that channel_next() gave. */
void channel_take(struct channel *ch);

#endif
