/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_MACHINE_H
#define VISE_APP_MACHINE_H

#include "vmm/app/config/machine_config.h"
#include "vmm/core/device.h"
#include "vmm/core/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A machine: RAM, vCPUs, the chipset, devices and their backends, assembled from a machine_config.
 * All functions are for the main loop's thread.
 */

struct loop;
struct machine;

enum machine_state {
	MACHINE_PRELAUNCH, /* created or reset, no vCPU has run since */
	MACHINE_RUNNING,
	MACHINE_PAUSED,	  /* vCPUs parked by stop */
	MACHINE_OFF,	  /* the guest has ended, and --no-shutdown keeps the machine */
	MACHINE_SHUTDOWN, /* the guest has powered off, or the run is over for another reason */
};

/* Why a run ended; the exit status of `vise run` follows from it. */
enum machine_end {
	MACHINE_END_NONE,
	MACHINE_END_POWEROFF,	/* ACPI S5 */
	MACHINE_END_RESET,	/* a reset under --no-reboot */
	MACHINE_END_QUIT,	/* quit command, escape key */
	MACHINE_END_SIGNAL,	/* SIGTERM and the like; value is the signal */
	MACHINE_END_TIMEOUT,	/* --timeout */
	MACHINE_END_PANIC,	/* guest panic */
	MACHINE_END_DEBUG_EXIT, /* isa-debug-exit; value as written */
	MACHINE_END_COMMAND,	/* the guest command ended; value is its status */
	MACHINE_END_ERROR,	/* KVM failed; text says how */
};

struct machine_result {
	enum machine_end end;
	unsigned int value;
	char text[512]; /* one line for the user, as in struct err; empty: nothing to add */
};

/* Builds the machine. NULL and one line in @err on failure; nothing is left behind then. */
struct machine *machine_create(const struct machine_config *config, struct loop *loop,
			       struct err *err);
void machine_destroy(struct machine *m);

/* Loads the guest and starts the vCPU threads, which wait for machine_cont() under --paused. */
MUST_CHECK int machine_start(struct machine *m, struct err *err);

enum machine_state machine_state(const struct machine *m);

/* Parks all vCPUs; returns when each has acknowledged. -ETIMEDOUT names the one that did not.
 * Stopping what is stopped succeeds. */
MUST_CHECK int machine_stop(struct machine *m, struct err *err);

/* Lets parked vCPUs run. -EINVAL when the guest has ended. */
MUST_CHECK int machine_cont(struct machine *m, struct err *err);

/* Hard reset, as by the reset button; ends the run instead under --no-reboot. */
MUST_CHECK int machine_reset(struct machine *m, struct err *err);

/* Presses the ACPI power button. */
void machine_powerdown(struct machine *m);

/* Ends the run: stops the vCPUs, notes the result and stops the main loop. The first call counts.
 */
void machine_end(struct machine *m, enum machine_end end, unsigned int value, const char *text);

/* The result, MACHINE_END_NONE while it runs. */
const struct machine_result *machine_result(const struct machine *m);

/* All devices, in order of creation: for iteration, counters and look-up. */
struct device *const *machine_devices(const struct machine *m, size_t *n);

/* The device with @id or whose backend has it ("aero_virtio_blk0" or "drive0"); NULL if none. */
struct device *machine_find_device(const struct machine *m, const char *id);

/* What follows works on device @id, or on the one whose backend has it; -ENODEV and a line when the
 * machine has no such device, or one of another type. */

/* Resizes a disk to @size bytes and tells the guest. */
MUST_CHECK int machine_block_resize(struct machine *m, const char *id, uint64_t size,
				    struct err *err);

/* Puts a network cable in or out. */
MUST_CHECK int machine_set_link(struct machine *m, const char *id, bool up, struct err *err);

/* Gives an input device one batch of events: all of them or none; see virtio_input_inject(). */
struct virtio_input_event;
MUST_CHECK int machine_inject(struct machine *m, const char *id,
			      const struct virtio_input_event *events, size_t n, struct err *err);

/* The kinds of input devices there are: a set of bits 1 << enum virtio_input_kind. */
unsigned int machine_input_kinds(const struct machine *m);

/* The kind of input device @id, an enum virtio_input_kind, or -ENODEV. */
MUST_CHECK int machine_input_kind(const struct machine *m, const char *id, struct err *err);

/* A batch for each kind of input device, by enum virtio_input_kind; n is 0 where there is none. */
struct machine_batches {
	struct {
		const struct virtio_input_event *events;
		size_t n;
	} of[MACHINE_MAX_INPUTS];
};

/* Gives each kind its batch: all of them or none. -ENODEV for a kind that is not there. */
MUST_CHECK int machine_inject_all(struct machine *m, const struct machine_batches *batches,
				  struct err *err);

/* Presses @n keys of the keyboard (Linux's codes, at most MACHINE_MAX_KEYS) in one batch and lets
 * them go, the last one first, after @hold_ns. Returns at once. -EBUSY when too many are held. */
#define MACHINE_MAX_KEYS 16U
MUST_CHECK int machine_press_keys(struct machine *m, const uint16_t *codes, size_t n,
				  uint64_t hold_ns, struct err *err);

/* The console's terminal has @cols columns and @rows rows. */
MUST_CHECK int machine_console_resize(struct machine *m, uint16_t cols, uint16_t rows,
				      struct err *err);

/* Reads up to @len bytes that port @port of the console (0 to 2) left in its ring, or writes into
 * it: the number of bytes. -ENODEV when the port has no ring. */
MUST_CHECK ssize_t machine_ring_read(struct machine *m, unsigned int port, void *buf, size_t len,
				     struct err *err);
MUST_CHECK ssize_t machine_ring_write(struct machine *m, unsigned int port, const void *data,
				      size_t len, struct err *err);

/* What a device looks like now: {"id", "type", "backend", "state": {...}, "counters": {...}}, and
 * of a virtio device its queues and transport; a new reference, NULL when out of memory. Takes the
 * device's lock. */
json_t *machine_show_device(const struct machine *m, struct device *dev);

/* The functions on the PCI bus, as query-pci of QMP has them and with "revision" and "capabilities"
 * besides, as the guest has left them; a new reference. Takes each device's lock. */
json_t *machine_show_pci(const struct machine *m);

/* Copies @len bytes between @buf and guest-physical memory at @gpa, while the guest may run.
 * -EFAULT and a line when not all of it is RAM. */
MUST_CHECK int machine_memory_read(const struct machine *m, uint64_t gpa, void *buf, size_t len,
				   struct err *err);
MUST_CHECK int machine_memory_write(struct machine *m, uint64_t gpa, const void *buf, size_t len,
				    struct err *err);

/* A range of guest-physical addresses that is RAM. */
struct machine_range {
	uint64_t base, size; /* bytes */
};
#define MACHINE_MAX_RANGES 4

/* The ranges of RAM, ascending; how many. */
size_t machine_memory_ranges(const struct machine *m,
			     struct machine_range ranges[MACHINE_MAX_RANGES]);

/* What the machine was made of; valid as long as it. */
const struct machine_config *machine_config_of(const struct machine *m);

/* Counters of the machine itself: exits by kind and vCPU; a new reference. */
json_t *machine_stats(const struct machine *m);

/* When things happened: CLOCK_MONOTONIC nanoseconds, 0 for what has not. */
struct machine_timing {
	uint64_t created;	/* all parts stand */
	uint64_t started;	/* guest loaded, threads let go */
	uint64_t first_run;	/* vCPU 0 enters the guest */
	uint64_t first_console; /* first byte on COM1 */
	uint64_t init_ready;	/* the guest init is about to run its job */
};
struct machine_timing machine_timing(const struct machine *m);

/* Checks all files that @config names as machine_create() would, and lets them go again. KVM is not
 * touched. */
MUST_CHECK int machine_dry_run(const struct machine_config *config, struct loop *loop,
			       struct err *err);

/* Who hears events (STOP, RESUME, RESET, SHUTDOWN, POWERDOWN, BLOCK_RESIZED ...): @fn gets the name
 * and @data, a borrowed reference or NULL. */
typedef void (*machine_event_fn)(void *arg, const char *event, json_t *data);
/* @fn NULL: nobody. */
void machine_on_event(struct machine *m, machine_event_fn fn, void *arg);

#endif
