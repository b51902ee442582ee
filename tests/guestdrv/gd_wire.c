/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/guestdrv/gd_wire.h"

#include "tests/guestdrv/gd_machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct gd_wire *to_wire(struct net *n)
{
	return (struct gd_wire *)n;
}

static struct gd_frame *frame_copy(const struct net_offload *offload, const void *bytes, size_t len)
{
	struct gd_frame *f = calloc(1, sizeof(*f) + len);

	if (!f)
		gd_die("wire", "out of memory");
	if (offload)
		f->offload = *offload;
	f->len = len;
	if (len)
		memcpy(f->bytes, bytes, len);
	return f;
}

/* Offers what waits, as one batch. */
static void pump(void *arg)
{
	struct gd_wire *w = arg;
	bool any = false;

	w->pumping = false;
	while (w->waiting && !w->refused) {
		struct gd_frame *f = w->waiting;

		any = true;
		if (!w->net.user.receive(w->net.user.arg, &f->offload, f->bytes, f->len)) {
			w->refused = true;
			w->refusals++;
			break;
		}
		w->taken++;
		w->waiting = f->next;
		free(f);
	}
	if (any) {
		w->batches++;
		w->net.user.received(w->net.user.arg);
	}
}

static void post(struct gd_wire *w, loop_fn fn)
{
	if (loop_post(w->loop, fn, w) < 0)
		gd_die("wire", "out of memory");
}

static void post_pump(struct gd_wire *w)
{
	if (w->pumping || w->refused || !w->started)
		return;
	w->pumping = true;
	post(w, pump);
}

static int wire_start(struct net *n, struct err *err)
{
	(void)err;
	to_wire(n)->started = true;
	return 0;
}

static int wire_send(struct net *n, const struct net_offload *offload, const void *bytes,
		     size_t len)
{
	struct gd_wire *w = to_wire(n);
	struct gd_frame **at = &w->sent[w->n_sent % GD_WIRE_SENT];

	if (!w->started || len < 14 || len > NET_FRAME_MAX ||
	    (offload && offload->flags && !(n->tx_offloads & NET_OFFLOAD_CSUM)) ||
	    (offload && offload->gso_type &&
	     !(n->tx_offloads & (NET_OFFLOAD_TSO4 | NET_OFFLOAD_TSO6))))
		w->bad++;
	if (w->full) {
		w->eagain++;
		return -EAGAIN;
	}
	free(*at);
	*at = frame_copy(offload, bytes, len);
	w->n_sent++;
	return 0;
}

static void wire_flush(struct net *n)
{
	to_wire(n)->flushes++;
}

static void wire_want_input(struct net *n)
{
	struct gd_wire *w = to_wire(n);

	w->refused = false;
	post_pump(w);
}

static void wire_set_offloads(struct net *n, unsigned int rx)
{
	if (rx & ~n->rx_offloads)
		to_wire(n)->bad++;
	to_wire(n)->rx_set = rx;
}

static void wire_destroy(struct net *n)
{
	struct gd_wire *w = to_wire(n);

	while (w->waiting) {
		struct gd_frame *f = w->waiting;

		w->waiting = f->next;
		free(f);
	}
	for (unsigned int i = 0; i < GD_WIRE_SENT; i++)
		free(w->sent[i]);
	if (w->destroyed)
		(*w->destroyed)++;
	free(w);
}

static const struct net_ops wire_ops = {
	.name = "memory",
	.start = wire_start,
	.send = wire_send,
	.flush = wire_flush,
	.want_input = wire_want_input,
	.set_offloads = wire_set_offloads,
	.destroy = wire_destroy,
};

struct gd_wire *gd_wire_create(struct loop *loop, unsigned int tx_offloads,
			       unsigned int rx_offloads)
{
	struct gd_wire *w = calloc(1, sizeof(*w));

	if (!w)
		gd_die("wire", "out of memory");
	w->net = (struct net){
		.ops = &wire_ops,
		.tx_offloads = tx_offloads,
		.rx_offloads = rx_offloads,
	};
	w->loop = loop;
	return w;
}

void gd_wire_put(struct gd_wire *w, const struct net_offload *offload, const void *frame,
		 size_t len)
{
	struct gd_frame **at = &w->waiting;

	while (*at)
		at = &(*at)->next;
	*at = frame_copy(offload, frame, len);
	post_pump(w);
}

unsigned int gd_wire_waiting(const struct gd_wire *w)
{
	unsigned int n = 0;

	for (const struct gd_frame *f = w->waiting; f; f = f->next)
		n++;
	return n;
}

static void say_writable(void *arg)
{
	struct gd_wire *w = arg;

	w->net.user.writable(w->net.user.arg);
}

void gd_wire_set_full(struct gd_wire *w, bool full)
{
	bool news = w->full && !full;

	w->full = full;
	if (news && w->started)
		post(w, say_writable);
}

const struct gd_frame *gd_wire_sent(const struct gd_wire *w, unsigned int i)
{
	if (i >= w->n_sent || w->n_sent - i > GD_WIRE_SENT)
		gd_die("wire", "no such frame was sent");
	return w->sent[i % GD_WIRE_SENT];
}
