/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_VIRTIO_CONSOLE_H
#define VISE_VIRTIO_CONSOLE_H

#include "virtio/virtio_device.h"
#include "vmm/core/loop.h"
#include "vmm/host/stream/stream.h"

/*
 * virtio-console (virtio 1.2, section 5.3; contract section 17; limits of the bulk channel's
 * section 1.6): three ports of a multiport device. Port 0 is a console (/dev/hvc0 in Linux), port 1
 * "ktstr-bulk", port 2 "ktstr-stats".
 *
 * Back-pressure is real both ways: what the host side does not take stays in the guest's buffers,
 * and the guest waits; what the guest has no buffers for stays with the host. Nothing is dropped
 * while a port's host side is open, and the device holds at most one chain a port.
 */

#define VIRTIO_CONSOLE_PORTS 3U

/* What is beyond the defaults; OR of these. */
#define VIRTIO_CONSOLE_EMERG_WRITE 0x1U

/* Where a port's bytes come from and go to. */
struct virtio_console_port_config {
	struct stream *stream; /* not owned; started by the device's creator through
				* virtio_console_user(). NULL: nothing there, like "null" */
};

struct virtio_console_config {
	const char *id;		     /* copied */
	const struct guest_mem *mem; /* guest RAM */
	struct virtio_console_port_config ports[VIRTIO_CONSOLE_PORTS];
	uint16_t cols, rows; /* of port 0's terminal; 0: not known */
	/* The escape to quit was typed at a port's terminal; as stream_user.quit. NULL: not wanted.
	 */
	void (*quit)(void *arg);
	void *quit_arg;
	uint32_t properties; /* OR of VIRTIO_CONSOLE_* */
};

/* Makes the device; a transport is attached by the caller. NULL and @err on failure. */
struct virtio_device *virtio_console_create(const struct virtio_console_config *config,
					    struct err *err);

/* What connects port @port with its stream: pass it to stream_start(). `resize` of port 0 goes to
 * virtio_console_resize(), `quit` to the device's config. */
struct stream_user virtio_console_user(struct virtio_device *vd, unsigned int port);

/* Port 0's terminal has @cols columns and @rows rows: a RESIZE message with MULTIPORT, else config,
 * generation and config interrupt (contract CON-15). Loop's thread; takes the device's lock. */
void virtio_console_resize(struct virtio_device *vd, uint16_t cols, uint16_t rows);

/* Port @port as the guest has it. */
struct virtio_console_port_state {
	const char *name;  /* "ktstr-console" and so on */
	bool ready;	   /* the guest driver has taken it */
	bool guest_open;   /* a guest process has it open */
	bool host_open;	   /* somebody is at the host's end */
	uint64_t to_guest; /* bytes */
	uint64_t to_host;
};
struct virtio_console_port_state virtio_console_port(struct virtio_device *vd, unsigned int port);

/* True while the guest has given bytes that their stream has not taken: the loop goes on with them
 * as the streams have room. Takes the device's lock. */
bool virtio_console_busy(struct virtio_device *vd);

/* True when @dev is a virtio-console device. */
bool virtio_console_is(const struct device *dev);

#endif
