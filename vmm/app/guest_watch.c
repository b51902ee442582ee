/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/machine_internal.h"

#include "devices/serial.h"
#include "docs/abi/vise-init.h"
#include "vmm/core/log.h"

#include <stdio.h>
#include <string.h>

/*
 * What the guest says on its serial ports, and what the run makes of it: a panic on COM1 ends the
 * run, reports of vise-init on COM2 carry the command's status. The taps run on vCPU threads and
 * only leave a note.
 */

/* After its last word (panic, exit status) a guest has this long to reset or power off by itself.
 */
#define GRACE_NS	 (2 * NS_PER_SEC)
#define GRACE_EXIT	 (10 * NS_PER_SEC)
#define TO_INIT_RETRY_NS (20 * NS_PER_MS)

#define MAX_INIT_WARNINGS 64U /* anything in the guest can write them */

static void on_grace(void *arg)
{
	machine_last_word(arg);
}

static void on_panic(struct machine *m)
{
	char text[200];
	json_t *data;

	if (m->panic_heard || !console_watch_panic(&m->panic, text, sizeof(text)))
		return;
	m->panic_heard = true;
	data = json_pack("{s:s}", "action", "shutdown");
	machine_emit(m, "GUEST_PANICKED", data);
	json_decref(data);
	loop_set_timer(m->grace, clock_monotonic_ns(&m->clock) + GRACE_NS);
}

static void on_init_report(struct machine *m)
{
	struct init_report_state s = init_report_take(&m->init);

	if (s.warning[0] && m->init_warnings < MAX_INIT_WARNINGS) {
		m->init_warnings++;
		log_warn("guest init: %s", s.warning);
	}
	if (s.ready && !m->init_ready_ns)
		m->init_ready_ns = clock_monotonic_ns(&m->clock);
	if (s.exited && !m->command_ended) {
		m->command_ended = true;
		m->command_status = s.status;
		loop_set_timer(m->grace, clock_monotonic_ns(&m->clock) + GRACE_EXIT);
	}
	if (s.died)
		loop_set_timer(m->grace, clock_monotonic_ns(&m->clock) + GRACE_NS);
}

bool machine_last_word(struct machine *m)
{
	struct init_report_state s = init_report_take(&m->init);
	char text[256];

	if (s.exited)
		machine_end(m, MACHINE_END_COMMAND, s.status, "");
	else if (s.died)
		machine_end(m, MACHINE_END_ERROR, 0, s.text);
	else if (console_watch_panic(&m->panic, text, sizeof(text)))
		machine_end(m, MACHINE_END_PANIC, 0, text);
	else
		return false;
	return true;
}

void machine_com1_tap(void *arg, const uint8_t *data, size_t len)
{
	struct machine *m = arg;

	if (!m->first_console_ns)
		m->first_console_ns = clock_monotonic_ns(&m->clock);
	if (console_watch_feed(&m->panic, data, len))
		note_raise(&m->panic_note);
}

void machine_com2_tap(void *arg, const uint8_t *data, size_t len)
{
	struct machine *m = arg;

	if (init_report_feed(&m->init, data, len))
		note_raise(&m->init_note);
}

static void com1_quit(void *arg)
{
	machine_end(arg, MACHINE_END_QUIT, 0, "");
}

/* Offers the line for the guest init again until the port has taken it: its FIFO holds 16 bytes. */
static void send_to_init(void *arg)
{
	struct machine *m = arg;
	struct stream_user port = serial_stream_user(m->com2);
	size_t taken = port.input(port.arg, (const uint8_t *)m->to_init, m->to_init_len);

	m->to_init_len -= taken;
	memmove(m->to_init, m->to_init + taken, m->to_init_len);
	if (m->to_init_len)
		loop_set_timer(m->to_init_timer, clock_monotonic_ns(&m->clock) + TO_INIT_RETRY_NS);
}

static void com1_resize(void *arg, unsigned int rows, unsigned int cols)
{
	struct machine *m = arg;

	if (!machine_has_init(m->config) || !m->init_ready_ns)
		return; /* the first size went with the job */
	if (m->to_init_len)
		return; /* the guest does not read: it gets the next change */
	m->to_init_len = (size_t)snprintf(m->to_init, sizeof(m->to_init), "%s %u %u\n",
					  VISE_INIT_HOST_WINSIZE, rows, cols);
	send_to_init(m);
}

static size_t com1_input(void *arg, const uint8_t *data, size_t len)
{
	struct machine *m = arg;
	struct stream_user port = serial_stream_user(m->com1);

	return port.input(port.arg, data, len);
}

static void com1_writable(void *arg)
{
	struct machine *m = arg;
	struct stream_user port = serial_stream_user(m->com1);

	port.writable(port.arg);
}

struct stream_user machine_com1_user(struct machine *m)
{
	return (struct stream_user){
		.input = com1_input,
		.writable = com1_writable,
		.quit = com1_quit,
		.resize = com1_resize,
		.arg = m,
	};
}

void machine_watch_init(struct machine *m)
{
	console_watch_init(&m->panic);
	init_report_init(&m->init);
	note_init(&m->panic_note, m, on_panic);
	note_init(&m->init_note, m, on_init_report);
	m->grace = loop_add_timer(m->loop, on_grace, m);
	m->to_init_timer = loop_add_timer(m->loop, send_to_init, m);
}

void machine_watch_reset(struct machine *m)
{
	console_watch_reset(&m->panic);
	init_report_reset(&m->init);
	m->panic_heard = false;
	m->command_ended = false;
	m->init_ready_ns = 0;
	m->to_init_len = 0;
	loop_set_timer(m->grace, 0);
	loop_set_timer(m->to_init_timer, 0);
}

void machine_watch_fini(struct machine *m)
{
	loop_del_timer(m->grace);
	loop_del_timer(m->to_init_timer);
	console_watch_fini(&m->panic);
	init_report_fini(&m->init);
}
