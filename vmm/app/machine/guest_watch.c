/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/machine/machine_internal.h"

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
#define GRACE_NS      (2 * NS_PER_SEC)
#define GRACE_EXIT_NS (10 * NS_PER_SEC)
#define PORT_RETRY_NS (20 * NS_PER_MS)
#define END_OF_INPUT  "\004"

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

/* Offers what is left of a text until the port has taken it. */
static void port_text_push(void *arg)
{
	struct port_text *t = arg;
	struct stream_user port = serial_stream_user(*t->port);
	size_t taken = port.input(port.arg, (const uint8_t *)t->text, t->len);

	t->len -= taken;
	memmove(t->text, t->text + taken, t->len);
	if (t->len)
		loop_set_timer(t->retry, clock_monotonic_ns(&t->m->clock) + PORT_RETRY_NS);
}

/* Drops the text while an earlier one waits: a guest that does not read shall not make us collect.
 */
static void port_text_send(struct port_text *t, const char *text)
{
	if (t->len)
		return;
	t->len = (size_t)snprintf(t->text, sizeof(t->text), "%s", text);
	port_text_push(t);
}

static void port_text_init(struct port_text *t, struct machine *m, struct device *const *port)
{
	t->m = m;
	t->port = port;
	t->retry = loop_add_timer(m->loop, port_text_push, t);
}

static void com1_resize(void *arg, unsigned int rows, unsigned int cols)
{
	struct machine *m = arg;
	char line[64];

	if (!machine_has_init(m->config) || !m->init_ready_ns)
		return; /* the first size went with the job */
	snprintf(line, sizeof(line), "%s %u %u\n", VISE_INIT_HOST_WINSIZE, rows, cols);
	port_text_send(&m->to_init, line);
}

/* A command's terminal is ready only once the guest init says so: what came before would be lost
 * when the guest's driver clears the FIFO. */
static bool input_waits(const struct machine *m)
{
	return machine_has_init(m->config) && !m->init_ready_ns;
}

static size_t com1_input(void *arg, const uint8_t *data, size_t len)
{
	struct machine *m = arg;
	struct stream_user port = serial_stream_user(m->com1);
	size_t taken;

	if (input_waits(m))
		return 0;
	taken = port.input(port.arg, data, len);
	if (taken)
		m->last_input = (char)data[taken - 1];
	return taken;
}

/* Ctrl-D ends the input of what runs in the guest; after an unfinished line the first one only
 * hands that line over. A console of the guest's own making is not ours to close. */
static void com1_input_end(void *arg)
{
	struct machine *m = arg;

	m->input_ended = true;
	if (input_waits(m) || !(m->config->exec || m->config->shell))
		return;
	port_text_send(&m->to_console,
		       m->last_input == '\n' ? END_OF_INPUT : END_OF_INPUT END_OF_INPUT);
}

static void init_is_ready(struct machine *m)
{
	m->init_ready_ns = clock_monotonic_ns(&m->clock);
	if (m->input_ended)
		com1_input_end(m);
	else
		stream_want_input(m->com1_stream);
}

static void on_init_report(struct machine *m)
{
	struct init_report_state s = init_report_take(&m->init);

	if (s.warning[0] && m->init_warnings < MAX_INIT_WARNINGS) {
		m->init_warnings++;
		log_warn("guest init: %s", s.warning);
	}
	if (s.ready && !m->init_ready_ns)
		init_is_ready(m);
	if (s.exited && !m->command_ended) {
		m->command_ended = true;
		loop_set_timer(m->grace, clock_monotonic_ns(&m->clock) + GRACE_EXIT_NS);
	}
	if (s.died)
		loop_set_timer(m->grace, clock_monotonic_ns(&m->clock) + GRACE_NS);
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
		.input_end = com1_input_end,
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
	m->last_input = '\n';
	port_text_init(&m->to_console, m, &m->com1);
	port_text_init(&m->to_init, m, &m->com2);
}

void machine_watch_reset(struct machine *m)
{
	console_watch_reset(&m->panic);
	init_report_reset(&m->init);
	m->panic_heard = false;
	m->command_ended = false;
	m->init_ready_ns = 0;
	m->to_console.len = 0;
	m->to_init.len = 0;
	m->last_input = '\n';
	loop_set_timer(m->grace, 0);
	loop_set_timer(m->to_console.retry, 0);
	loop_set_timer(m->to_init.retry, 0);
}

void machine_watch_fini(struct machine *m)
{
	loop_del_timer(m->grace);
	loop_del_timer(m->to_console.retry);
	loop_del_timer(m->to_init.retry);
	console_watch_fini(&m->panic);
	init_report_fini(&m->init);
}
