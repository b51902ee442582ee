/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/serial.h"

#include "devices/serial_regs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * All that the guest can see or cause is in struct uart; what it is after a reset is one constant.
 * The interrupt line is computed from it after each access and driven only when it changes.
 *
 * The transmit FIFO is empty as a rule, for the stream takes each byte at once. It fills only while
 * the stream is full, and then holds what a driver may send between two looks at LSR.
 */

struct uart {
	uint8_t ier;
	uint8_t fcr; /* enable and trigger bits */
	uint8_t lcr;
	uint8_t mcr;
	uint8_t msr;
	uint8_t scr;
	uint8_t dll;
	uint8_t dlm;
	bool overrun;	  /* LSR.OE: in loopback only */
	bool thr_pending; /* THR became empty and nobody has looked */
	bool irq_level;
	uint8_t rx[UART_FIFO];
	uint8_t rx_head;
	uint8_t rx_len;
	uint8_t tx[UART_FIFO];
	uint8_t tx_len;
};

struct serial {
	struct device dev;
	struct serial_config config;
	struct uart u;
	bool input_held; /* the stream waits until the receive FIFO has room */
	uint64_t rx_bytes;
	uint64_t tx_bytes;
	uint64_t tx_lost; /* written by the guest while LSR.THRE was 0 and the FIFO full */
};

static const struct uart after_reset = {
	.msr = MSR_CTS | MSR_DSR | MSR_DCD, .dll = 12, /* 9600 baud */
};

static void count(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static unsigned int fifo_depth(const struct uart *u)
{
	return u->fcr & FCR_ENABLE ? UART_FIFO : 1;
}

static unsigned int rx_trigger(const struct uart *u)
{
	static const uint8_t levels[] = {1, 4, 8, 14};

	return u->fcr & FCR_ENABLE ? levels[u->fcr >> FCR_TRIGGER] : 1;
}

/* The cause of highest priority that is enabled and present. */
static uint8_t cause(const struct uart *u)
{
	if ((u->ier & IER_RLSI) && u->overrun)
		return IIR_RLSI;
	if ((u->ier & IER_RDI) && u->rx_len)
		return u->rx_len >= rx_trigger(u) ? IIR_RDI : IIR_TIME;
	if ((u->ier & IER_THRI) && u->thr_pending)
		return IIR_THRI;
	if ((u->ier & IER_MSI) && (u->msr & MSR_DELTA))
		return IIR_MSI;
	return IIR_NONE;
}

static void update_irq(struct serial *s)
{
	bool level = cause(&s->u) != IIR_NONE;

	if (level == s->u.irq_level)
		return;
	s->u.irq_level = level;
	irq_line_set(&s->config.irq, level);
}

/* Receive */

static void push_rx(struct uart *u, uint8_t byte)
{
	if (u->rx_len >= fifo_depth(u)) {
		u->overrun = true;
		return;
	}
	u->rx[(u->rx_head + u->rx_len) % UART_FIFO] = byte;
	u->rx_len++;
}

/* Lets the stream go on when there is room worth a wake-up. */
static void release_input(struct serial *s)
{
	if (!s->input_held || (s->u.mcr & MCR_LOOP) || s->u.rx_len > fifo_depth(&s->u) / 2)
		return;
	s->input_held = false;
	if (s->config.stream)
		stream_want_input(s->config.stream);
}

static void clear_rx(struct serial *s)
{
	s->u.rx_head = 0;
	s->u.rx_len = 0;
	release_input(s);
}

static uint8_t read_rbr(struct serial *s)
{
	struct uart *u = &s->u;
	uint8_t byte;

	if (!u->rx_len)
		return 0;
	byte = u->rx[u->rx_head];
	u->rx_head = (u->rx_head + 1) % UART_FIFO;
	u->rx_len--;
	release_input(s);
	return byte;
}

/* In loopback the receiver is cut off from the line (8.7): input waits. */
static size_t serial_input(void *arg, const uint8_t *data, size_t len)
{
	struct serial *s = arg;
	struct uart *u = &s->u;
	size_t n = 0;

	device_lock(&s->dev);
	while (n < len && !(u->mcr & MCR_LOOP) && u->rx_len < fifo_depth(u))
		push_rx(u, data[n++]);
	if (n < len)
		s->input_held = true;
	count(&s->rx_bytes, n);
	update_irq(s);
	device_unlock(&s->dev);
	return n;
}

/* Transmit */

/* Hands bytes to the line; returns how many it took. */
static size_t transmit(struct serial *s, const uint8_t *data, size_t len)
{
	size_t n = s->config.stream ? stream_write(s->config.stream, data, len) : len;

	count(&s->tx_bytes, n);
	return n;
}

static void push_tx(struct serial *s, uint8_t byte)
{
	struct uart *u = &s->u;

	if (u->tx_len >= fifo_depth(u)) {
		count(&s->tx_lost, 1);
		return;
	}
	if (u->tx_len || !transmit(s, &byte, 1))
		u->tx[u->tx_len++] = byte;
	if (s->config.tap)
		s->config.tap(s->config.tap_arg, &byte, 1);
}

static void write_thr(struct serial *s, uint8_t byte)
{
	struct uart *u = &s->u;

	u->thr_pending = false;
	/* A driver that knows no FIFO may write from its interrupt handler without reading IIR: the
	 * line must fall and rise again for the edge. With FIFOs on it would for each byte of a
	 * burst, and such drivers read IIR. */
	if (!(u->fcr & FCR_ENABLE))
		update_irq(s);
	if (u->mcr & MCR_LOOP)
		push_rx(u, byte);
	else
		push_tx(s, byte);
	u->thr_pending = !u->tx_len;
}

static void clear_tx(struct uart *u)
{
	u->thr_pending = u->thr_pending || u->tx_len;
	u->tx_len = 0;
}

static void serial_writable(void *arg)
{
	struct serial *s = arg;
	struct uart *u = &s->u;
	size_t n;

	device_lock(&s->dev);
	n = u->tx_len ? transmit(s, u->tx, u->tx_len) : 0;
	memmove(u->tx, u->tx + n, u->tx_len - n);
	u->tx_len = (uint8_t)(u->tx_len - n);
	if (n && !u->tx_len)
		u->thr_pending = true;
	update_irq(s);
	device_unlock(&s->dev);
}

/* Registers */

static void write_fcr(struct serial *s, uint8_t value)
{
	struct uart *u = &s->u;
	bool toggled = (value ^ u->fcr) & FCR_ENABLE;

	/* The other bits are programmed only together with the enable bit (8.4). */
	u->fcr = value & FCR_ENABLE ? value & (FCR_ENABLE | 3U << FCR_TRIGGER) : 0;
	if (toggled || (value & FCR_CLEAR_RX))
		clear_rx(s);
	if (toggled || (value & FCR_CLEAR_TX))
		clear_tx(u);
}

static void write_ier(struct uart *u, uint8_t value)
{
	/* Enabling the interrupt while THR is empty raises it: drivers probe for that. */
	if ((value & ~u->ier & IER_THRI) && !u->tx_len)
		u->thr_pending = true;
	u->ier = value & IER_MASK;
}

/* The modem lines as MCR makes them in loopback, as the far side holds them otherwise. */
static uint8_t modem_lines(uint8_t mcr)
{
	if (!(mcr & MCR_LOOP))
		return MSR_CTS | MSR_DSR | MSR_DCD;
	return (mcr & MCR_RTS ? MSR_CTS : 0U) | (mcr & MCR_DTR ? MSR_DSR : 0U) |
	       (mcr & MCR_OUT1 ? MSR_RI : 0U) | (mcr & MCR_OUT2 ? MSR_DCD : 0U);
}

static void write_mcr(struct serial *s, uint8_t value)
{
	struct uart *u = &s->u;
	uint8_t lines = modem_lines(value);
	uint8_t changed = lines ^ u->msr;
	uint8_t delta = u->msr & MSR_DELTA;

	delta |= (changed & MSR_CTS ? MSR_DCTS : 0U) | (changed & MSR_DSR ? MSR_DDSR : 0U) |
		 (changed & u->msr & MSR_RI ? MSR_TERI : 0U) | (changed & MSR_DCD ? MSR_DDCD : 0U);
	u->msr = lines | delta;
	u->mcr = value & MCR_MASK;
	release_input(s);
}

static uint8_t read_iir(struct uart *u)
{
	uint8_t iir = cause(u);

	if (iir == IIR_THRI)
		u->thr_pending = false;
	return iir | (u->fcr & FCR_ENABLE ? IIR_FIFOS : 0U);
}

static uint8_t read_lsr(struct uart *u)
{
	uint8_t lsr = (u->rx_len ? LSR_DR : 0U) | (u->overrun ? LSR_OE : 0U) |
		      (u->tx_len ? 0U : LSR_THRE | LSR_TEMT);

	u->overrun = false;
	return lsr;
}

static uint8_t read_msr(struct uart *u)
{
	uint8_t msr = u->msr;

	u->msr &= (uint8_t)~MSR_DELTA;
	return msr;
}

static uint8_t read_reg(struct serial *s, uint64_t reg)
{
	struct uart *u = &s->u;
	bool dlab = u->lcr & LCR_DLAB;

	switch (reg) {
	case UART_RBR:
		return dlab ? u->dll : read_rbr(s);
	case UART_IER:
		return dlab ? u->dlm : u->ier;
	case UART_IIR:
		return read_iir(u);
	case UART_LCR:
		return u->lcr;
	case UART_MCR:
		return u->mcr;
	case UART_LSR:
		return read_lsr(u);
	case UART_MSR:
		return read_msr(u);
	default:
		return u->scr;
	}
}

static void write_reg(struct serial *s, uint64_t reg, uint8_t value)
{
	struct uart *u = &s->u;
	bool dlab = u->lcr & LCR_DLAB;

	switch (reg) {
	case UART_THR:
		if (dlab)
			u->dll = value;
		else
			write_thr(s, value);
		break;
	case UART_IER:
		if (dlab)
			u->dlm = value;
		else
			write_ier(u, value);
		break;
	case UART_FCR:
		write_fcr(s, value);
		break;
	case UART_LCR:
		u->lcr = value;
		break;
	case UART_MCR:
		write_mcr(s, value);
		break;
	case UART_SCR:
		u->scr = value;
		break;
	default: /* LSR and MSR are read-only */
		break;
	}
}

static uint64_t serial_read(void *owner, uint64_t offset, unsigned int size)
{
	struct serial *s = owner;
	uint8_t value;

	(void)size;
	device_lock(&s->dev);
	value = read_reg(s, offset);
	update_irq(s);
	device_unlock(&s->dev);
	return value;
}

static void serial_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct serial *s = owner;

	(void)size;
	device_lock(&s->dev);
	write_reg(s, offset, (uint8_t)value);
	update_irq(s);
	device_unlock(&s->dev);
}

static const struct region_ops serial_region = {
	.name = "serial",
	.sizes = BUS_SIZE_1,
	.read = serial_read,
	.write = serial_write,
};

/* Life */

static void serial_reset(struct device *dev)
{
	struct serial *s = (struct serial *)dev;
	bool was_high = s->u.irq_level;

	s->u = after_reset;
	if (was_high)
		irq_line_set(&s->config.irq, false);
	release_input(s);
}

static void serial_destroy(struct device *dev)
{
	struct serial *s = (struct serial *)dev;

	bus_del(s->config.pio, s->config.port, &serial_region, s);
	device_fini(dev);
	free(s);
}

/* clang-format off */
#define U(m)       {#m, FIELD_TYPE_OF(((struct uart *)0)->m), FIELD_STATE, \
		    offsetof(struct serial, u.m), 1}
#define U_ARRAY(m) {#m, FIELD_U8, FIELD_STATE, offsetof(struct serial, u.m), UART_FIFO}
static const struct field serial_fields[] = {
	U(ier), U(fcr), U(lcr), U(mcr), U(msr), U(scr), U(dll), U(dlm),
	U(overrun), U(thr_pending), U(irq_level),
	U_ARRAY(rx), U(rx_head), U(rx_len), U_ARRAY(tx), U(tx_len),
	FIELD_COUNT(struct serial, rx_bytes),
	FIELD_COUNT(struct serial, tx_bytes),
	FIELD_COUNT(struct serial, tx_lost),
};
/* clang-format on */

static const struct device_ops serial_ops = {
	.name = "serial",
	.reset = serial_reset,
	.destroy = serial_destroy,
	.fields = serial_fields,
	.n_fields = sizeof(serial_fields) / sizeof(serial_fields[0]),
};

struct device *serial_create(const struct serial_config *config, struct err *err)
{
	struct serial *s = calloc(1, sizeof(*s));
	struct region region = {
		.base = config->port, .len = SERIAL_PORTS, .ops = &serial_region, .owner = s};

	if (!s) {
		err_set(err, -ENOMEM, "%s: out of memory", config->id);
		return NULL;
	}
	device_init(&s->dev, &serial_ops, config->id);
	s->config = *config;
	s->config.id = s->dev.id;
	s->u = after_reset;
	if (bus_add(config->pio, &region, err) < 0) {
		err_prefix(err, "%s", config->id);
		device_fini(&s->dev);
		free(s);
		return NULL;
	}
	return &s->dev;
}

struct stream_user serial_stream_user(struct device *dev)
{
	return (struct stream_user){.input = serial_input, .writable = serial_writable, .arg = dev};
}
