/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices/serial.h"
#include "devices/serial_regs.h"
#include "vmm/core/loop.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define COM1  0x3f8U
#define TOTAL (256U * 1024U)

struct wire {
	bool level;
	unsigned int rises;
	unsigned int calls;
};

static struct bus *pio;
static struct device *dev;
static struct wire wire;
static struct stream_user line; /* the far end's functions */
static uint8_t tapped[64];
static size_t n_tapped;
static struct err err;

static void on_irq(void *owner, unsigned int number, bool level)
{
	struct wire *w = owner;

	ck_assert_uint_eq(number, 4);
	w->calls++;
	w->rises += level && !w->level;
	w->level = level;
}

static void on_tap(void *arg, const uint8_t *data, size_t len)
{
	(void)arg;
	for (size_t i = 0; i < len; i++)
		tapped[n_tapped++ % sizeof(tapped)] = data[i];
}

static struct device *make(struct stream *stream)
{
	const struct serial_config config = {
		.id = "serial0",
		.pio = pio,
		.port = COM1,
		.irq = {on_irq, &wire, 4},
		.stream = stream,
		.tap = on_tap,
	};

	return serial_create(&config, &err);
}

static void setup(void)
{
	memset(&wire, 0, sizeof(wire));
	n_tapped = 0;
	pio = bus_create("pio");
	dev = make(NULL);
	ck_assert_ptr_nonnull(dev);
	line = serial_stream_user(dev);
}

static void teardown(void)
{
	device_destroy(dev);
	bus_destroy(pio);
}

static uint8_t in(unsigned int reg)
{
	return (uint8_t)bus_read(pio, COM1 + reg, 1);
}

static void out(unsigned int reg, uint8_t value)
{
	bus_write(pio, COM1 + reg, 1, value);
}

/* The same sequence in each run, everywhere. */
static unsigned int next_random(uint32_t *state)
{
	*state = *state * 1664525U + 1013904223U;
	return *state >> 16;
}

static size_t receive(const char *text)
{
	return line.input(line.arg, (const uint8_t *)text, strlen(text));
}

static uint64_t field(const char *name)
{
	for (size_t i = 0; i < dev->ops->n_fields; i++)
		if (strcmp(dev->ops->fields[i].name, name) == 0)
			return field_get(dev, &dev->ops->fields[i], 0);
	ck_abort_msg("no field %s", name);
	return 0;
}

/* The registers after reset, table 2 of the data sheet. */
START_TEST(registers_after_reset_are_those_of_the_data_sheet)
{
	ck_assert_uint_eq(in(UART_IER), 0);
	ck_assert_uint_eq(in(UART_IIR), IIR_NONE);
	ck_assert_uint_eq(in(UART_LCR), 0);
	ck_assert_uint_eq(in(UART_MCR), 0);
	ck_assert_uint_eq(in(UART_LSR), LSR_THRE | LSR_TEMT);
	ck_assert_uint_eq(in(UART_MSR), MSR_CTS | MSR_DSR | MSR_DCD);
	ck_assert_uint_eq(wire.calls, 0);
}
END_TEST

START_TEST(other_widths_read_ones_and_write_nothing)
{
	out(UART_SCR, 0x12);
	ck_assert_uint_eq(bus_read(pio, COM1 + 6, 2), 0xffff);
	bus_write(pio, COM1 + 6, 2, 0);
	ck_assert_uint_eq(in(UART_SCR), 0x12);
}
END_TEST

START_TEST(second_port_at_the_same_place_is_refused)
{
	ck_assert_ptr_null(make(NULL));
	ck_assert_ptr_nonnull(strstr(err.text, "serial0: "));
}
END_TEST

/* What the Linux 8250 driver does to find a 16550A. */
START_TEST(linux_autoconfig_finds_a_16550a)
{
	uint8_t mcr;

	out(UART_IER, 0);
	ck_assert_uint_eq(in(UART_IER), 0);
	out(UART_IER, 0xff);
	ck_assert_uint_eq(in(UART_IER), 0x0f);
	out(UART_IER, 0);
	mcr = in(UART_MCR);
	out(UART_MCR, MCR_LOOP | MCR_OUT2 | MCR_RTS);
	ck_assert_uint_eq(in(UART_MSR)&0xf0, 0x90);
	out(UART_MCR, mcr);
	out(UART_LCR, 0xbf); /* an enhanced port would show its own registers */
	out(UART_FCR, 0);
	out(UART_LCR, 0);
	out(UART_FCR, FCR_ENABLE);
	ck_assert_uint_eq(in(UART_IIR) >> 6, 3);
	out(UART_FCR, FCR_ENABLE | 0x20); /* a 16750 would show bit 5 */
	ck_assert_uint_eq(in(UART_IIR)&0x20, 0);
	out(UART_LCR, LCR_DLAB);
	out(UART_FCR, FCR_ENABLE | 0x20);
	ck_assert_uint_eq(in(UART_IIR)&0x20, 0);
	out(UART_LCR, 0);
	out(UART_IER, 0x40); /* an XScale port would keep bit 6 */
	ck_assert_uint_eq(in(UART_IER), 0);
}
END_TEST

/* The driver's tests at open for ports whose THRE interrupt is broken. */
START_TEST(linux_startup_finds_no_transmitter_bugs)
{
	ck_assert_uint_ne(in(UART_LSR), 0xff);
	for (int i = 0; i < 2; i++) {
		out(UART_IER, IER_THRI);
		ck_assert(wire.level);
		ck_assert_uint_eq(in(UART_IIR), IIR_THRI);
		ck_assert(!wire.level);
		out(UART_IER, 0);
	}
	out(UART_IER, IER_THRI);
	ck_assert_uint_eq(in(UART_LSR)&LSR_TEMT, LSR_TEMT);
	ck_assert_uint_eq(in(UART_IIR), IIR_THRI);
	out(UART_IER, 0);
}
END_TEST

START_TEST(firmware_and_loader_probes_pass)
{
	out(UART_IER, 0x02); /* SeaBIOS */
	ck_assert_uint_eq(in(UART_IER), 0x02);
	ck_assert_uint_eq(in(UART_IIR)&0x3f, 0x02);
	out(UART_SCR, 0x5a); /* GRUB */
	ck_assert_uint_eq(in(UART_SCR), 0x5a);
	out(UART_SCR, 0xa5);
	ck_assert_uint_eq(in(UART_SCR), 0xa5);
}
END_TEST

START_TEST(divisor_hides_behind_dlab)
{
	out(UART_LCR, LCR_DLAB | 3);
	out(UART_DLL, 0x34);
	out(UART_DLM, 0x12);
	ck_assert_uint_eq(in(UART_DLL), 0x34);
	ck_assert_uint_eq(in(UART_DLM), 0x12);
	out(UART_LCR, 3);
	ck_assert_uint_eq(in(UART_IER), 0);
	ck_assert_uint_eq(in(UART_RBR), 0);
	ck_assert_uint_eq(n_tapped, 0);
}
END_TEST

/* Transmitter */

START_TEST(output_is_counted_and_tapped)
{
	out(UART_THR, 'o');
	out(UART_THR, 'k');
	ck_assert_uint_eq(n_tapped, 2);
	ck_assert_mem_eq(tapped, "ok", 2);
	ck_assert_uint_eq(field("tx_bytes"), 2);
}
END_TEST

START_TEST(polled_output_never_touches_the_interrupt)
{
	for (int i = 0; i < 1000; i++) {
		ck_assert_uint_eq(in(UART_LSR)&LSR_THRE, LSR_THRE);
		out(UART_THR, 'x');
	}
	ck_assert_uint_eq(wire.calls, 0);
}
END_TEST

START_TEST(burst_into_the_fifo_is_one_edge)
{
	out(UART_FCR, FCR_ENABLE);
	out(UART_IER, IER_THRI);
	ck_assert_uint_eq(in(UART_IIR), IIR_THRI | IIR_FIFOS);
	wire.calls = wire.rises = 0;
	for (int i = 0; i < 16; i++)
		out(UART_THR, 'x');
	ck_assert(wire.level);
	ck_assert_uint_eq(wire.calls, 1);
	ck_assert_uint_eq(in(UART_IIR), IIR_THRI | IIR_FIFOS);
	ck_assert(!wire.level);
	ck_assert_uint_eq(in(UART_IIR), IIR_NONE | IIR_FIFOS);
}
END_TEST

START_TEST(each_byte_without_fifo_is_an_edge)
{
	out(UART_IER, IER_THRI);
	for (unsigned int i = 0; i < 5; i++) {
		ck_assert_uint_eq(wire.rises, i + 1);
		out(UART_THR, 'x');
	}
}
END_TEST

START_TEST(iir_shows_the_highest_cause_and_keeps_the_others)
{
	out(UART_IER, IER_RDI | IER_THRI | IER_MSI);
	out(UART_MCR, MCR_LOOP); /* all lines fall: delta bits */
	out(UART_THR, 'r');	 /* looped back */
	ck_assert_uint_eq(in(UART_IIR), IIR_RDI);
	ck_assert_uint_eq(in(UART_IIR), IIR_RDI);
	ck_assert_uint_eq(in(UART_RBR), 'r');
	ck_assert_uint_eq(in(UART_IIR), IIR_THRI);
	ck_assert_uint_eq(in(UART_IIR), IIR_MSI);
	ck_assert(wire.level);
	ck_assert_uint_eq(in(UART_MSR), MSR_DCTS | MSR_DDSR | MSR_DDCD);
	ck_assert(!wire.level);
	ck_assert_uint_eq(in(UART_IIR), IIR_NONE);
}
END_TEST

/* Receiver */

START_TEST(received_data_interrupts_until_read)
{
	out(UART_IER, IER_RDI);
	ck_assert_uint_eq(receive("a"), 1);
	ck_assert(wire.level);
	ck_assert_uint_eq(in(UART_LSR)&LSR_DR, LSR_DR);
	ck_assert_uint_eq(in(UART_IIR), IIR_RDI);
	ck_assert_uint_eq(in(UART_RBR), 'a');
	ck_assert(!wire.level);
	ck_assert_uint_eq(in(UART_LSR)&LSR_DR, 0);
	ck_assert_uint_eq(field("rx_bytes"), 1);
}
END_TEST

START_TEST(below_the_trigger_it_is_a_time_out)
{
	out(UART_FCR, FCR_ENABLE | 2U << FCR_TRIGGER); /* 8 bytes */
	out(UART_IER, IER_RDI);
	receive("1234567");
	ck_assert_uint_eq(in(UART_IIR), IIR_TIME | IIR_FIFOS);
	receive("8");
	ck_assert_uint_eq(in(UART_IIR), IIR_RDI | IIR_FIFOS);
	ck_assert_uint_eq(in(UART_RBR), '1');
	ck_assert_uint_eq(in(UART_IIR), IIR_TIME | IIR_FIFOS);
}
END_TEST

START_TEST(takes_only_what_fits_and_never_overruns)
{
	ck_assert_uint_eq(receive("ab"), 1); /* no FIFO */
	ck_assert_uint_eq(receive("b"), 0);
	ck_assert_uint_eq(in(UART_RBR), 'a');
	out(UART_FCR, FCR_ENABLE);
	ck_assert_uint_eq(receive("0123456789abcdefXYZ"), 16);
	ck_assert_uint_eq(in(UART_LSR)&LSR_OE, 0);
	for (int i = 0; i < 16; i++)
		ck_assert_uint_eq(in(UART_RBR), (uint8_t) "0123456789abcdef"[i]);
	ck_assert_uint_eq(in(UART_RBR), 0);
}
END_TEST

START_TEST(fifo_control_clears_each_side)
{
	out(UART_FCR, FCR_ENABLE);
	receive("abc");
	out(UART_FCR, FCR_ENABLE | FCR_CLEAR_TX);
	ck_assert_uint_eq(in(UART_LSR)&LSR_DR, LSR_DR);
	out(UART_FCR, FCR_ENABLE | FCR_CLEAR_RX);
	ck_assert_uint_eq(in(UART_LSR)&LSR_DR, 0);
	receive("abc");
	out(UART_FCR, 0);
	ck_assert_uint_eq(in(UART_LSR)&LSR_DR, 0);
	ck_assert_uint_eq(in(UART_IIR)&IIR_FIFOS, 0);
}
END_TEST

/* Loopback */

START_TEST(loopback_returns_bytes_and_keeps_them_from_the_line)
{
	out(UART_FCR, FCR_ENABLE);
	out(UART_MCR, MCR_LOOP);
	ck_assert_uint_eq(receive("outside"), 0);
	out(UART_THR, 0xae);
	ck_assert_uint_eq(in(UART_RBR), 0xae);
	ck_assert_uint_eq(n_tapped, 0);
	for (int i = 0; i < 17; i++)
		out(UART_THR, (uint8_t)i);
	ck_assert_uint_eq(in(UART_LSR)&LSR_OE, LSR_OE);
	ck_assert_uint_eq(in(UART_LSR)&LSR_OE, 0);
	for (int i = 0; i < 16; i++)
		ck_assert_uint_eq(in(UART_RBR), i);
	out(UART_MCR, 0);
	ck_assert_uint_eq(receive("in"), 2);
}
END_TEST

START_TEST(loopback_wires_the_modem_lines)
{
	static const uint8_t pairs[][2] = {
		{MCR_DTR, MSR_DSR}, {MCR_RTS, MSR_CTS}, {MCR_OUT1, MSR_RI}, {MCR_OUT2, MSR_DCD}};

	for (size_t i = 0; i < 4; i++) {
		out(UART_MCR, MCR_LOOP | pairs[i][0]);
		ck_assert_uint_eq(in(UART_MSR)&0xf0, pairs[i][1]);
	}
	out(UART_MCR, MCR_LOOP | MCR_OUT1);
	in(UART_MSR);
	out(UART_MCR, MCR_LOOP);
	ck_assert_uint_eq(in(UART_MSR), MSR_TERI);
	out(UART_MCR, MCR_LOOP | MCR_OUT1); /* a rising RI is no event */
	ck_assert_uint_eq(in(UART_MSR), MSR_RI);
}
END_TEST

/* Reset */

START_TEST(reset_restores_the_fresh_state)
{
	uint32_t seed = 1;
	struct wire before = wire;
	struct bus *other_bus = bus_create("other");
	struct bus *bus = pio;
	struct device *fresh;
	const char *difference;

	for (int i = 0; i < 5000; i++)
		out(next_random(&seed) % 8, (uint8_t)next_random(&seed));
	out(UART_LCR, 0);
	out(UART_FCR, FCR_ENABLE);
	out(UART_MCR, 0);
	out(UART_IER, 0x0f);
	receive("abc");
	ck_assert(wire.level);
	pio = other_bus;
	fresh = make(NULL);
	pio = bus;
	ck_assert_ptr_nonnull(
		field_first_difference(dev, fresh, dev->ops->fields, dev->ops->n_fields));
	device_reset(dev);
	difference = field_first_difference(dev, fresh, dev->ops->fields, dev->ops->n_fields);
	ck_assert_msg(!difference, "%s", difference);
	ck_assert(wire.level == before.level);
	device_destroy(fresh);
	bus_destroy(other_bus);
}
END_TEST

START_TEST(random_accesses_keep_the_invariants)
{
	uint32_t seed = 2;

	for (int i = 0; i < 300000; i++) {
		unsigned int reg = next_random(&seed) % 8;
		char text[24] = "abcdefghijklmnopqrstuvw";

		text[next_random(&seed) % 23] = 0;
		switch (next_random(&seed) % 4) {
		case 0:
			receive(text);
			break;
		case 1:
			in(reg);
			break;
		case 2:
			line.writable(line.arg);
			break;
		default:
			out(reg, (uint8_t)next_random(&seed));
		}
		ck_assert_uint_le(field("rx_len"), UART_FIFO);
		ck_assert_uint_eq(field("tx_len"), 0);
		ck_assert_uint_eq(field("irq_level"), wire.level);
	}
}
END_TEST

/* With a stream: a guest that polls, a client that floods, both ways at once. */

struct flood {
	struct loop *loop;
	struct stream *stream;
	char dir[90];
	char path[100];
	int client;
	size_t sent;	 /* by the client */
	size_t received; /* by the client */
	size_t guest_sent;
	size_t guest_received;
	bool exact;
};

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i ^ i >> 8 ^ i >> 16);
}

static void flood_open(struct flood *f)
{
	const char *tmp = getenv("TMPDIR");
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct stream_config config = {.kind = STREAM_UNIX, .path = f->path};

	*f = (struct flood){.exact = true};
	snprintf(f->dir, sizeof(f->dir), "%s/serial_test.XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/socket", f->dir);
	f->loop = loop_create(&err);
	f->stream = stream_create(&config, f->loop, &err);
	ck_assert_msg(f->stream != NULL, "%s", err.text);
	device_destroy(dev);
	dev = make(f->stream);
	line = serial_stream_user(dev);
	ck_assert_int_eq(stream_start(f->stream, &line, &err), 0);
	f->client = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", f->path);
	ck_assert_int_eq(connect(f->client, (struct sockaddr *)&addr, sizeof(addr)), 0);
	while (loop_run_once(f->loop, 10, NULL) > 0)
		;
}

static void flood_close(struct flood *f)
{
	stream_destroy(f->stream);
	loop_destroy(f->loop);
	close(f->client);
	rmdir(f->dir);
}

static void client_turn(struct flood *f)
{
	uint8_t buf[5000];
	ssize_t n = recv(f->client, buf, sizeof(buf), 0);
	size_t len = TOTAL - f->sent < 700 ? TOTAL - f->sent : 700;

	for (ssize_t i = 0; i < n; i++)
		f->exact &= buf[i] == pattern(f->received + (size_t)i);
	f->received += n > 0 ? (size_t)n : 0;
	for (size_t i = 0; i < len; i++)
		buf[i] = pattern(f->sent + i);
	n = send(f->client, buf, len, MSG_NOSIGNAL);
	f->sent += n > 0 ? (size_t)n : 0;
}

/* As a driver does it: a whole FIFO after each THRE, everything while DR. */
static void guest_turn(struct flood *f)
{
	uint8_t lsr = in(UART_LSR);

	for (int i = 0; (lsr & LSR_THRE) && i < 16 && f->guest_sent < TOTAL; i++)
		out(UART_THR, pattern(f->guest_sent++));
	while (in(UART_LSR)&LSR_DR)
		f->exact &= in(UART_RBR) == pattern(f->guest_received++);
}

START_TEST(flood_both_ways_is_exact)
{
	struct flood f;

	flood_open(&f);
	out(UART_FCR, FCR_ENABLE);
	for (unsigned int i = 0; f.received < TOTAL || f.guest_received < TOTAL; i++) {
		for (int k = 0; k < 100; k++)
			guest_turn(&f);
		if (i % 4 == 0)
			client_turn(&f);
		ck_assert_int_ge(loop_run_once(f.loop, 0, NULL), 0);
		ck_assert_uint_lt(i, 10000000);
	}
	ck_assert(f.exact);
	ck_assert_uint_eq(f.guest_received, TOTAL);
	ck_assert_uint_eq(f.received, TOTAL);
	ck_assert_uint_eq(field("tx_lost"), 0);
	ck_assert_uint_eq(field("tx_bytes"), TOTAL);
	ck_assert_uint_eq(field("rx_bytes"), TOTAL);
	flood_close(&f);
}
END_TEST

START_TEST(thre_stays_clear_while_the_stream_is_full)
{
	struct flood f;
	struct pollfd p;
	size_t taken = 0;

	flood_open(&f);
	out(UART_FCR, FCR_ENABLE);
	out(UART_IER, IER_THRI);
	while (in(UART_LSR)&LSR_THRE) {
		in(UART_IIR);
		for (int i = 0; i < 16; i++)
			out(UART_THR, pattern(f.guest_sent++));
		if (f.guest_sent % 4096 == 0)
			loop_run_once(f.loop, 2, NULL);
		ck_assert_uint_lt(f.guest_sent, 4096U * 1024U);
	}
	ck_assert_uint_eq(field("tx_lost"), 0);
	ck_assert(!wire.level);
	out(UART_FCR, FCR_ENABLE); /* the same again: clears nothing */
	for (int i = 0; i < 17; i++)
		out(UART_THR, 'x'); /* a guest that does not look loses its own bytes */
	ck_assert_uint_ge(field("tx_lost"), 1);
	taken = f.guest_sent + 17 - field("tx_lost");
	p = (struct pollfd){.fd = f.client, .events = POLLIN};
	while (f.received < taken && poll(&p, 1, 1000) > 0) {
		f.sent = TOTAL; /* reads only */
		client_turn(&f);
		for (int i = 0; i < 3; i++)
			loop_run_once(f.loop, 1, NULL);
	}
	ck_assert_uint_eq(f.received, taken);
	ck_assert_uint_eq(in(UART_LSR), LSR_THRE | LSR_TEMT);
	ck_assert(wire.level); /* and it interrupts */
	flood_close(&f);
}
END_TEST

START_TEST(input_held_in_loopback_and_by_reset_goes_on)
{
	struct flood f;

	flood_open(&f);
	out(UART_MCR, MCR_LOOP);
	ck_assert_int_eq(send(f.client, "abc", 3, MSG_NOSIGNAL), 3);
	while (loop_run_once(f.loop, 10, NULL) > 0)
		;
	ck_assert_uint_eq(in(UART_LSR)&LSR_DR, 0);
	out(UART_MCR, 0);
	while (loop_run_once(f.loop, 10, NULL) > 0)
		;
	ck_assert_uint_eq(in(UART_RBR), 'a');
	while (loop_run_once(f.loop, 10, NULL) > 0)
		;
	device_reset(dev); /* 'b' was in the receiver */
	while (loop_run_once(f.loop, 10, NULL) > 0)
		;
	ck_assert_uint_eq(in(UART_RBR), 'c');
	flood_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("serial");
	TCase *tc = tcase_create("all");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, registers_after_reset_are_those_of_the_data_sheet);
	tcase_add_test(tc, other_widths_read_ones_and_write_nothing);
	tcase_add_test(tc, second_port_at_the_same_place_is_refused);
	tcase_add_test(tc, linux_autoconfig_finds_a_16550a);
	tcase_add_test(tc, linux_startup_finds_no_transmitter_bugs);
	tcase_add_test(tc, firmware_and_loader_probes_pass);
	tcase_add_test(tc, divisor_hides_behind_dlab);
	tcase_add_test(tc, output_is_counted_and_tapped);
	tcase_add_test(tc, polled_output_never_touches_the_interrupt);
	tcase_add_test(tc, burst_into_the_fifo_is_one_edge);
	tcase_add_test(tc, each_byte_without_fifo_is_an_edge);
	tcase_add_test(tc, iir_shows_the_highest_cause_and_keeps_the_others);
	tcase_add_test(tc, received_data_interrupts_until_read);
	tcase_add_test(tc, below_the_trigger_it_is_a_time_out);
	tcase_add_test(tc, takes_only_what_fits_and_never_overruns);
	tcase_add_test(tc, fifo_control_clears_each_side);
	tcase_add_test(tc, loopback_returns_bytes_and_keeps_them_from_the_line);
	tcase_add_test(tc, loopback_wires_the_modem_lines);
	tcase_add_test(tc, reset_restores_the_fresh_state);
	tcase_add_test(tc, random_accesses_keep_the_invariants);
	tcase_add_test(tc, flood_both_ways_is_exact);
	tcase_add_test(tc, thre_stays_clear_while_the_stream_is_full);
	tcase_add_test(tc, input_held_in_loopback_and_by_reset_goes_on);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
