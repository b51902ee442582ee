/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUESTDRV_WIRE_H
#define VISE_GUESTDRV_WIRE_H

#include "vmm/core/loop.h"
#include "vmm/host/net/net.h"

/*
 * A network backend in memory: a test puts frames on it and looks at those that the device sent. It
 * can be full, and it keeps a frame that the device refused, as net.h wants. On the loop's thread.
 */

#define GD_WIRE_SENT 1024U

struct gd_frame {
	struct gd_frame *next;
	struct net_offload offload;
	size_t len;
	uint8_t bytes[];
};

struct gd_wire {
	struct net net; /* first */
	struct loop *loop;
	bool full; /* net_send() says -EAGAIN */
	bool started;
	bool refused;		  /* the oldest of `waiting` was, and it was not asked for again */
	bool pumping;		  /* a call is posted */
	struct gd_frame *waiting; /* put on the wire, not taken by the device; oldest first */
	struct gd_frame *sent[GD_WIRE_SENT]; /* what the device sent; slot is number modulo size */
	unsigned int n_sent;
	unsigned int taken;    /* frames that the device took, whatever it did with them */
	unsigned int refusals; /* receive() that said false */
	unsigned int batches;  /* received() */
	unsigned int flushes;
	unsigned int eagain;	 /* net_send() that was refused */
	unsigned int rx_set;	 /* what net_set_offloads() said last */
	unsigned int bad;	 /* calls that break the rules of net.h: a device's bug */
	unsigned int *destroyed; /* counted up at the end, or NULL */
};

/* Never NULL. */
struct gd_wire *gd_wire_create(struct loop *loop, unsigned int tx_offloads,
			       unsigned int rx_offloads);

/* Puts a frame on the wire; the loop offers it. NULL @offload: nothing is left to do. */
void gd_wire_put(struct gd_wire *w, const struct net_offload *offload, const void *frame,
		 size_t len);

/* Frames that wait for the device. */
unsigned int gd_wire_waiting(const struct gd_wire *w);

/* The wire is full from now on, or has room again and says so through the loop. */
void gd_wire_set_full(struct gd_wire *w, bool full);

/* Frame number @i that the device sent (0 is the first ever), one of the last GD_WIRE_SENT. */
const struct gd_frame *gd_wire_sent(const struct gd_wire *w, unsigned int i);

#endif
