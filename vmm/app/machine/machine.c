/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/machine/machine_internal.h"

#include "devices/acpi_pm.h"
#include "vmm/core/log.h"
#include "vmm/core/trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The life of a machine:
 *
 *   PRELAUNCH --start, cont--> RUNNING <--stop/cont--> PAUSED
 *                                 |  \______ end ______/ --> SHUTDOWN
 *                                 off under --no-shutdown --> OFF --reset--> PRELAUNCH
 *
 * vCPU threads never act on the machine: a device's power request or a vCPU's failure leaves a
 * note, and the main loop does the work with the vCPUs parked.
 */

#define PARK_TIMEOUT_MS 5000U

static void note_run(void *arg)
{
	struct note *note = arg;

	atomic_store(&note->raised, false);
	note->heard(note->m);
}

void note_init(struct note *note, struct machine *m, void (*heard)(struct machine *m))
{
	note->m = m;
	note->heard = heard;
	atomic_init(&note->raised, false);
}

void note_raise(struct note *note)
{
	if (atomic_exchange(&note->raised, true))
		return;
	if (loop_post(note->m->loop, note_run, note) < 0)
		atomic_store(&note->raised, false);
}

void machine_emit(struct machine *m, const char *event, json_t *data)
{
	TRACE1(machine_event, event);
	if (m->on_event)
		m->on_event(m->event_arg, event, data);
}

void machine_power_request(void *owner, enum power_event event, unsigned int value,
			   const char *source)
{
	struct machine *m = owner;

	if (event == POWER_DEBUG_EXIT)
		atomic_store(&m->debug_exit_value, value);
	atomic_store(&m->power_source, source);
	atomic_fetch_or(&m->power_events, 1U << event);
	note_raise(&m->power_note);
}

static const char *end_reason(enum machine_end end)
{
	switch (end) {
	case MACHINE_END_POWEROFF:
	case MACHINE_END_COMMAND:
		return "guest-shutdown";
	case MACHINE_END_RESET:
		return "guest-reset";
	case MACHINE_END_PANIC:
		return "guest-panic";
	case MACHINE_END_QUIT:
		return "host-qmp-quit";
	case MACHINE_END_SIGNAL:
		return "host-signal";
	default:
		return "host-error";
	}
}

static void emit_shutdown(struct machine *m, enum machine_end end)
{
	json_t *data = json_pack("{s:b, s:s}", "guest",
				 end == MACHINE_END_POWEROFF || end == MACHINE_END_COMMAND ||
					 end == MACHINE_END_RESET || end == MACHINE_END_PANIC,
				 "reason", end_reason(end));

	machine_emit(m, "SHUTDOWN", data);
	json_decref(data);
}

/* The guest is done: so is the run, or the machine stays to be looked at. */
static void guest_over(struct machine *m, enum machine_end end)
{
	struct err err = ERR_INIT;

	if (!m->config->no_shutdown) {
		machine_end(m, end, 0, "");
		return;
	}
	emit_shutdown(m, end);
	if (machine_stop(m, &err) < 0)
		machine_end(m, MACHINE_END_ERROR, 0, err.text);
	else
		m->state = MACHINE_OFF;
}

static int hard_reset(struct machine *m, bool guest, struct err *err);

static void guest_reset(struct machine *m)
{
	struct err err = ERR_INIT;

	if (machine_last_word(m))
		return;
	log_info("guest reset by %s", atomic_load(&m->power_source));
	if (hard_reset(m, true, &err) < 0)
		machine_end(m, MACHINE_END_ERROR, 0, err.text);
}

static void on_power(struct machine *m)
{
	unsigned int events = atomic_exchange(&m->power_events, 0U);

	if (m->state == MACHINE_SHUTDOWN)
		return;
	if (events & 1U << POWER_DEBUG_EXIT)
		machine_end(m, MACHINE_END_DEBUG_EXIT, atomic_load(&m->debug_exit_value), "");
	else if (events & 1U << POWER_PANIC)
		machine_end(m, MACHINE_END_PANIC, 0, "the guest reported a crash");
	else if (events & 1U << POWER_OFF) {
		if (!machine_last_word(m))
			guest_over(m, MACHINE_END_POWEROFF);
	} else if (events & 1U << POWER_RESET)
		guest_reset(m);
}

void machine_cpu_failed(void *arg, unsigned int index, const char *text)
{
	struct machine *m = arg;

	pthread_mutex_lock(&m->failure_lock);
	if (!m->failure[0])
		snprintf(m->failure, sizeof(m->failure), "vCPU %u: %s", index, text);
	pthread_mutex_unlock(&m->failure_lock);
	note_raise(&m->failure_note);
}

static void on_failure(struct machine *m)
{
	char text[sizeof(m->failure)];

	pthread_mutex_lock(&m->failure_lock);
	memcpy(text, m->failure, sizeof(text));
	pthread_mutex_unlock(&m->failure_lock);
	if (text[0]) /* empty: a reset came in between and revived the vCPU */
		machine_end(m, MACHINE_END_ERROR, 0, text);
}

void machine_first_run(void *arg)
{
	struct machine *m = arg;

	atomic_store(&m->first_run_ns, clock_monotonic_ns(&m->clock));
}

struct machine *machine_create(const struct machine_config *config, struct loop *loop,
			       struct err *err)
{
	struct machine *m = calloc(1, sizeof(*m));

	if (!m) {
		err_set(err, -ENOMEM, "machine: out of memory");
		return NULL;
	}
	m->config = config;
	m->loop = loop;
	m->clock = clock_host();
	m->kvm.fd = -1;
	m->initrd_fd = -1;
	pthread_mutex_init(&m->failure_lock, NULL);
	note_init(&m->power_note, m, on_power);
	note_init(&m->failure_note, m, on_failure);
	machine_watch_init(m);
	if (machine_assemble(m, err) < 0) {
		machine_destroy(m);
		return NULL;
	}
	m->created_ns = clock_monotonic_ns(&m->clock);
	return m;
}

void machine_destroy(struct machine *m)
{
	if (!m)
		return;
	machine_forget_keys(m);
	machine_disassemble(m);
	machine_watch_fini(m);
	pthread_mutex_destroy(&m->failure_lock);
	free(m);
}

int machine_start(struct machine *m, struct err *err)
{
	int rc = machine_boot_load(m, err);

	if (rc == 0)
		rc = cpus_start(m->cpus, err);
	if (rc < 0)
		return rc;
	m->started_ns = clock_monotonic_ns(&m->clock);
	if (m->config->paused)
		return 0;
	m->state = MACHINE_RUNNING;
	cpus_unpark(m->cpus);
	return 0;
}

enum machine_state machine_state(const struct machine *m)
{
	return m->state;
}

int machine_stop(struct machine *m, struct err *err)
{
	int rc;

	if (m->state != MACHINE_RUNNING)
		return 0;
	rc = cpus_park(m->cpus, PARK_TIMEOUT_MS, err);
	if (rc < 0) {
		cpus_unpark(m->cpus);
		return rc;
	}
	m->state = MACHINE_PAUSED;
	machine_emit(m, "STOP", NULL);
	return 0;
}

int machine_cont(struct machine *m, struct err *err)
{
	if (m->state == MACHINE_RUNNING)
		return 0;
	if (m->state == MACHINE_OFF)
		return err_set(err, -EINVAL, "the guest has ended: system_reset begins it anew");
	if (m->state == MACHINE_SHUTDOWN || !m->started_ns)
		return err_set(err, -EINVAL, "the machine is not paused: it has %s",
			       m->state == MACHINE_SHUTDOWN ? "ended" : "not started");
	m->state = MACHINE_RUNNING;
	cpus_unpark(m->cpus);
	machine_emit(m, "RESUME", NULL);
	/* Last: a host that still fails stops the machine again. */
	machine_retry_disks(m);
	return 0;
}

/* What the guest asked for before the reset and nobody has heard yet is void: one that tries
 * several ways to reset in turn is reset once. */
static void forget_requests(struct machine *m)
{
	atomic_store(&m->power_events, 0U);
	pthread_mutex_lock(&m->failure_lock);
	m->failure[0] = '\0';
	pthread_mutex_unlock(&m->failure_lock);
	machine_watch_reset(m);
}

/* With the vCPUs parked: everything as at power-on, and the guest loaded again. */
static int reset_parked(struct machine *m, struct err *err)
{
	forget_requests(m);
	for (size_t i = 0; i < m->n_devices; i++)
		device_reset(m->devices[i]);
	guest_mem_discard(m->mem);
	if (kvm_vm_reset(m->vm, err) < 0)
		return -EIO;
	return machine_boot_load(m, err);
}

/* @guest: who asked for it. */
static int hard_reset(struct machine *m, bool guest, struct err *err)
{
	json_t *data;
	int rc;

	if (m->state == MACHINE_SHUTDOWN)
		return err_set(err, -EINVAL, "the machine has ended");
	if (m->config->no_reboot && m->state != MACHINE_OFF) {
		guest_over(m, MACHINE_END_RESET);
		return 0;
	}
	rc = cpus_park(m->cpus, PARK_TIMEOUT_MS, err);
	if (rc < 0) {
		if (m->state == MACHINE_RUNNING)
			cpus_unpark(m->cpus);
		return rc;
	}
	rc = reset_parked(m, err);
	if (rc < 0) {
		/* Half a machine cannot go on, whoever asked for the reset. */
		machine_end(m, MACHINE_END_ERROR, 0, err->text);
		return rc;
	}
	data = json_pack("{s:b, s:s}", "guest", guest, "reason",
			 guest ? "guest-reset" : "host-qmp-system-reset");
	machine_emit(m, "RESET", data);
	json_decref(data);
	if (m->state == MACHINE_OFF)
		m->state = MACHINE_PRELAUNCH;
	if (m->state == MACHINE_RUNNING)
		cpus_unpark(m->cpus);
	return 0;
}

int machine_reset(struct machine *m, struct err *err)
{
	return hard_reset(m, false, err);
}

void machine_powerdown(struct machine *m)
{
	acpi_pm_press_power_button(m->acpi_pm);
	machine_emit(m, "POWERDOWN", NULL);
}

void machine_end(struct machine *m, enum machine_end end, unsigned int value, const char *text)
{
	struct err err = ERR_INIT;

	if (m->state == MACHINE_SHUTDOWN)
		return;
	/* A vCPU that cannot be parked is reported, but the run ends all the same. */
	if (m->state == MACHINE_RUNNING && cpus_park(m->cpus, PARK_TIMEOUT_MS, &err) < 0)
		log_warn("%s", err.text);
	m->state = MACHINE_SHUTDOWN;
	m->result.end = end;
	m->result.value = value;
	snprintf(m->result.text, sizeof(m->result.text), "%s", text);
	emit_shutdown(m, end);
	loop_stop(m->loop);
}

const struct machine_result *machine_result(const struct machine *m)
{
	return &m->result;
}

struct device *const *machine_devices(const struct machine *m, size_t *n)
{
	*n = m->n_devices;
	return m->devices;
}

struct machine_timing machine_timing(const struct machine *m)
{
	return (struct machine_timing){
		.created = m->created_ns,
		.started = m->started_ns,
		.first_run = m->first_run_ns,
		.first_console = m->first_console_ns,
		.init_ready = m->init_ready_ns,
	};
}

json_t *machine_stats(const struct machine *m)
{
	json_t *stats = json_object();
	json_t *cpus = json_array();

	for (unsigned int i = 0; i < cpus_count(m->cpus); i++) {
		json_t *one = json_object();

		for (size_t f = 0; f < cpu_stats_n_fields; f++)
			json_object_set_new(
				one, cpu_stats_fields[f].name,
				json_integer((json_int_t)field_get(cpus_stats(m->cpus, i),
								   &cpu_stats_fields[f], 0)));
		json_array_append_new(cpus, one);
	}
	json_object_set_new(stats, "vcpus", cpus);
	json_object_set_new(stats, "unclaimed_port_accesses",
			    json_integer((json_int_t)bus_unclaimed(m->pio)));
	json_object_set_new(stats, "unclaimed_mmio_accesses",
			    json_integer((json_int_t)bus_unclaimed(m->mmio)));
	return stats;
}

void machine_on_event(struct machine *m, machine_event_fn fn, void *arg)
{
	m->on_event = fn;
	m->event_arg = arg;
}
