/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_MACHINE_INTERNAL_H
#define VISE_APP_MACHINE_INTERNAL_H

#include "devices/pci/pci.h"
#include "firmware/boot/boot.h"
#include "virtio/console/console.h"
#include "virtio/virtio_device.h"
#include "vmm/app/config/config_devices.h"
#include "vmm/app/machine/console_watch.h"
#include "vmm/app/machine/init_report.h"
#include "vmm/app/machine/machine.h"
#include "vmm/core/bus.h"
#include "vmm/core/clock.h"
#include "vmm/core/loop.h"
#include "vmm/host/stream/stream.h"
#include "vmm/kvm/cpus.h"
#include "vmm/kvm/vm.h"

#include <stdatomic.h>

/*
 * Shared by machine.c (life cycle), assemble.c (what it is made of), guest_boot.c (what it boots)
 * and guest_watch.c (what the guest tells). Main loop's thread unless a member says otherwise.
 */

#define MACHINE_MAX_DEVICES (16 + CONFIG_MAX_DEVICES)

/* Word from a vCPU thread to the main loop: raised any number of times, heard at least once after
 * the last one, and never more than one call in the loop's queue. */
struct note {
	struct machine *m;
	void (*heard)(struct machine *m);
	atomic_bool raised;
};

void note_init(struct note *note, struct machine *m, void (*heard)(struct machine *m));
void note_raise(struct note *note); /* any thread */

/* Text of our own on its way into a serial port, whose FIFO takes 16 bytes at a time. */
struct port_text {
	struct machine *m;
	struct device *const *port;
	struct loop_timer *retry;
	char text[64];
	size_t len;
};

/* A virtio device and what stands behind it. */
struct machine_virtio {
	char backend_id[32]; /* "drive0"; empty: the device has no backend of its own */
	struct virtio_device *vd;
};

struct machine {
	const struct machine_config *config; /* the caller's, for the machine's life */
	struct loop *loop;
	enum machine_state state;
	struct machine_result result;
	machine_event_fn on_event;
	void *event_arg;

	struct kvm kvm;
	struct guest_mem *mem;
	struct kvm_vm *vm;
	struct cpus *cpus;
	struct bus *pio;
	struct bus *mmio;
	struct pci_bus *pci;
	struct clock clock;

	struct device *devices[MACHINE_MAX_DEVICES];
	size_t n_devices;
	struct machine_virtio virtio[CONFIG_MAX_DEVICES];
	size_t n_virtio;
	struct held_keys *held;
	unsigned int n_held;
	struct virtio_device *console;
	struct stream *port_streams[VIRTIO_CONSOLE_PORTS]; /* NULL: nothing there */
	struct device *acpi_pm;
	struct device *com1;
	struct device *com2;
	struct stream *com1_stream;
	struct stream *com2_stream;

	struct boot_image *boot;
	int initrd_fd;

	/* What vCPU threads leave for the loop. */
	atomic_uint power_events; /* bits 1 << enum power_event */
	atomic_uint debug_exit_value;
	_Atomic(const char *) power_source;
	struct note power_note;
	pthread_mutex_t failure_lock;
	char failure[200];
	struct note failure_note;

	struct console_watch panic; /* COM1 */
	struct init_report init;    /* COM2 */
	struct note panic_note;
	struct note init_note;
	bool panic_heard;
	bool command_ended;	     /* the guest init reported the command's status */
	bool input_ended;	     /* stdin has ended */
	unsigned int init_warnings;  /* shown so far */
	struct loop_timer *grace;    /* ends a run whose guest said its last word and goes on */
	struct port_text to_console; /* COM1: the end of input */
	struct port_text to_init;    /* COM2: lines for the guest init */
	char last_input;	     /* newest byte that COM1 took */

	/* Monotonic times, 0 until reached; see machine_print_timing(). */
	uint64_t created_ns, started_ns;
	_Atomic uint64_t first_run_ns, first_console_ns;
	uint64_t init_ready_ns;
};

/* assemble.c */
MUST_CHECK int machine_assemble(struct machine *m, struct err *err);
void machine_disassemble(struct machine *m);
/* Takes @dev over; -EINVAL when it is NULL. */
MUST_CHECK int machine_add_device(struct machine *m, struct device *dev);
/* Opens a stream; a message begins with @option. */
struct stream *machine_open_stream(struct machine *m, const char *option, const char *spec,
				   struct err *err);

/* assemble_virtio.c: makes the virtio devices, and starts the console's streams. */
MUST_CHECK int machine_build_virtio(struct machine *m, struct err *err);
MUST_CHECK int machine_start_console(struct machine *m, struct err *err);
/* Opens what the devices of @config stand on, and closes it again. */
MUST_CHECK int machine_try_backends(const struct machine_config *config, struct loop *loop,
				    struct err *err);

/* device_control.c: has disks try again what they hold because the host failed. */
void machine_retry_disks(struct machine *m);

/* keys.c: what is held down stays so: the machine goes. */
void machine_forget_keys(struct machine *m);

/* guest_boot.c: opens what is booted; loads it and sets the vCPUs. */
MUST_CHECK int machine_boot_open(struct machine *m, struct err *err);
MUST_CHECK int machine_boot_load(struct machine *m, struct err *err);

/* True when the machine boots a guest init of its own making. */
static inline bool machine_has_init(const struct machine_config *c)
{
	return c->exec || c->shell || c->selftest || c->root;
}

/* guest_watch.c: taps of the serial ports and what follows from them. */
void machine_watch_init(struct machine *m);
void machine_watch_fini(struct machine *m);
/* Forgets what the guest said before a reset. vCPUs parked. */
void machine_watch_reset(struct machine *m);
void machine_com1_tap(void *arg, const uint8_t *data, size_t len);
void machine_com2_tap(void *arg, const uint8_t *data, size_t len);
/* What connects COM1 with its stream: the port's own functions, the escape key, the window's size.
 */
struct stream_user machine_com1_user(struct machine *m);
/* The guest is about to reset or go: what it said before decides how the run ends. True when that
 * ended the run. */
bool machine_last_word(struct machine *m);

void machine_emit(struct machine *m, const char *event, json_t *data);
void machine_power_request(void *owner, enum power_event event, unsigned int value,
			   const char *source);
void machine_cpu_failed(void *arg, unsigned int index, const char *text);
void machine_first_run(void *arg);

#endif
