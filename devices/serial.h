/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_DEVICES_SERIAL_H
#define VISE_DEVICES_SERIAL_H

#include "vmm/core/bus.h"
#include "vmm/core/device.h"
#include "vmm/core/irq.h"
#include "vmm/host/stream/stream.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A 16550A serial port (PC16550D data sheet) between eight I/O ports and a stream. The line has no
 * speed: a byte is sent as soon as the stream takes it. Nothing is lost by the host: input waits in
 * the stream while the receive FIFO is full, and LSR.THRE stays 0 while the stream takes no output.
 *
 * Simplified against the data sheet: received data interrupts at once, as character time-out while
 * below the trigger level; there are no break, parity or framing errors; the modem lines of the far
 * side (CTS, DSR, DCD) are always up; the interrupt is not gated by OUT2.
 */

#define SERIAL_PORTS 8U

struct serial_config {
	const char *id;
	struct bus *pio;
	uint16_t port; /* first of SERIAL_PORTS: 0x3f8 for COM1 */
	struct irq_line irq;
	struct stream *stream; /* NULL: output goes nowhere. Outlives the device's last access. */
	/* Sees each byte when the guest writes it, though the stream may take it later. Called with
	 * the device's lock held, on a vCPU thread: must not call the device. NULL: not wanted. */
	void (*tap)(void *arg, const uint8_t *data, size_t len);
	void *tap_arg;
};

/* Makes the port and adds it to the bus, reset. @config is copied. NULL and @err on failure. */
struct device *serial_create(const struct serial_config *config, struct err *err);

/* What connects @dev, made by serial_create(), with its stream: for stream_start(). `quit` and
 * `resize` are NULL; a caller that wants them too starts the stream with functions of its own,
 * which pass `input` and `writable` on to these with the `arg` given here. */
struct stream_user serial_stream_user(struct device *dev);

#endif
