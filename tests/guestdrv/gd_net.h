/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUESTDRV_NET_H
#define VISE_GUESTDRV_NET_H

#include "tests/guestdrv/gd_queue.h"
#include "tests/guestdrv/gd_wire.h"
#include "virtio/net/net.h"
#include "virtio/net/net_regs.h"

/*
 * A machine with one virtio-net function on a wire in memory, and what the Windows 7 driver does
 * with it (contract, section 19): 256 receive chains, each a table of header and 2048 bytes, posted
 * and kicked before DRIVER_OK; transmit chains through tables of up to 33 entries.
 */

#define GD_NET_DEVFN   PCI_DEVFN(3, 0)
#define GD_NET_RXQ     0U
#define GD_NET_TXQ     1U
#define GD_NET_CTRLQ   2U
#define GD_NET_SIZE    256U
#define GD_NET_PAYLOAD 2048U
#define GD_NET_PIECES  32U   /* of a frame that is sent; the header comes besides */
#define GD_NET_GUARD   0xa5U /* what receive buffers are filled with when posted */

extern const uint8_t gd_net_mac[6];

struct gd_net_config {
	struct gd_machine_config machine;
	uint16_t vectors;
	bool link_down, dialect_virtio;
	uint32_t properties;
	unsigned int tx_offloads, rx_offloads; /* of the wire */
};

/* A posted receive buffer. */
struct gd_net_buffer {
	gpa_t header, payload, table;
	uint32_t size; /* of the payload */
};

struct gd_net {
	struct gd_machine *m;
	struct gd_wire *wire;
	struct virtio_device *vd;
	struct gd_dev dev;
	struct gd_queue rx, tx, ctrl;
	uint32_t header;			  /* bytes in front of a frame, as negotiated */
	struct gd_net_buffer posted[GD_NET_SIZE]; /* by head */
};

/* Builds it, as gd_blk_open() does. NULL @config: defaults. */
void gd_net_open(struct gd_net *n, const struct gd_net_config *config);
void gd_net_close(struct gd_net *n);

/* The start sequence up to FEATURES_OK, config and queues checked as the driver does; queues
 * enabled, no buffers yet. NULL, or what the driver refuses. */
const char *gd_net_prepare(struct gd_net *n, const struct gd_persona *persona);

/* The whole start: prepare, 256 receive chains posted and kicked, DRIVER_OK. */
const char *gd_net_start(struct gd_net *n, const struct gd_persona *persona);

/* Posts one receive chain (header, @size bytes of payload) through a table; its head. Not kicked.
 */
int gd_net_post(struct gd_net *n, uint32_t size);

/* Posts @count chains of the usual size and kicks. */
void gd_net_post_many(struct gd_net *n, unsigned int count);

/* Waits for a received frame. False when none came within 10 s. @buffer: where it lies. */
bool gd_net_wait(struct gd_net *n, struct gd_used *used, struct gd_net_buffer *buffer);

/* A frame of @len bytes: to our MAC (or @to), from elsewhere, an unknown type, then a pattern that
 * depends on @seed. */
void gd_net_frame(uint8_t *frame, size_t len, const uint8_t *to, uint8_t seed);

/* Puts such a frame on the wire. */
void gd_net_put(struct gd_net *n, size_t len, uint8_t seed);

/* True when @used and @buffer hold the frame of gd_net_put(@len, @seed) under a header of zeros
 * (but for num_buffers, 1), and nothing behind it. */
bool gd_net_is(struct gd_net *n, const struct gd_used *used, const struct gd_net_buffer *buffer,
	       size_t len, uint8_t seed);

/* Sends @len bytes as header and @pieces descriptors through a table; kicked. Its head or -1. */
int gd_net_send(struct gd_net *n, const void *frame, size_t len, uint32_t pieces);

/* The same and waits for the used element: its length, or -1. */
int gd_net_sent(struct gd_net *n, const void *frame, size_t len, uint32_t pieces);

/* Makes a transmit chain of any segments available and kicks; used.len, or -1 after 10 s. */
int gd_net_do_segs(struct gd_net *n, const struct gd_seg *segs, uint32_t count);

/* One command on the control queue: the ack byte (preset 0xff), or -1 when none came. */
int gd_net_ctrl(struct gd_net *n, uint8_t class, uint8_t command, const void *data, size_t len);

/* A frame each way: true when both arrive and are right. */
bool gd_net_works(struct gd_net *n);

#endif
