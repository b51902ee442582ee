/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_KVM_CPUS_H
#define VISE_KVM_CPUS_H

#include "vmm/core/bus.h"
#include "vmm/core/field.h"
#include "vmm/core/power.h"
#include "vmm/kvm/vm.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The vCPUs of a machine, a thread each, and the one way to stop them.
 *
 *   created -> started -> running <-> parked -> destroyed
 *
 * Rendezvous: cpus_park() sets `immediate_exit` in each vCPU's kvm_run, then sends its thread one
 * signal with an empty handler. A thread on its way into KVM_RUN finds the flag, one inside is
 * interrupted by the signal, one outside sees the request before it enters: no order of events
 * loses the request. Each thread finishes the access at hand, acknowledges the epoch and sleeps. A
 * time-out names the vCPU that did not come.
 */

struct cpus;

/* What runs before the first instruction: see firmware/boot/boot.h, whose terms these are. */
enum cpu_start_mode {
	CPU_START_LONG,	     /* 64-bit with paging */
	CPU_START_PROTECTED, /* flat 32-bit, no paging */
};

struct cpu_start {
	enum cpu_start_mode mode;
	uint64_t rip, rsi, rbx, rsp;
	uint64_t cr3;
	uint64_t gdt_base;
	uint16_t gdt_limit;
};

struct cpus_config {
	struct kvm_vm *vm;
	struct bus *pio;
	struct bus *mmio;
	unsigned int n_cpus;
	struct power_sink power; /* POWER_RESET on a triple fault, and system events */
	/* A vCPU cannot go on; @text says why. Called once a vCPU, on its thread, which then parks.
	 */
	void (*failed)(void *arg, unsigned int index, const char *text);
	void *arg;
	/* Called on vCPU 0's thread just before its first KVM_RUN. NULL: nobody measures. */
	void (*first_run)(void *arg);
};

/* Creates the vCPUs with their CPUID. NULL and @err on failure. */
struct cpus *cpus_create(const struct cpus_config *config, struct err *err);

/* Ends the threads and frees everything. NULL is allowed. */
void cpus_destroy(struct cpus *cpus);

/* Starts the threads, parked. */
MUST_CHECK int cpus_start(struct cpus *cpus, struct err *err);

/* Puts all vCPUs into their power-on state and vCPU 0 at @start; the others wait for INIT and SIPI.
 * Before the first run, or parked. */
MUST_CHECK int cpus_reset(struct cpus *cpus, const struct cpu_start *start, struct err *err);

/* Parks all vCPUs and waits for their acknowledgement, at most @timeout_ms. -ETIMEDOUT and the name
 * of the first that is missing; then none is parked for sure. Not on a vCPU's thread. */
MUST_CHECK int cpus_park(struct cpus *cpus, unsigned int timeout_ms, struct err *err);

/* Lets all vCPUs run. */
void cpus_unpark(struct cpus *cpus);

/* Counters of a vCPU: exits by kind. */
struct cpu_stats {
	uint64_t exits_io;
	uint64_t exits_mmio;
	uint64_t exits_interrupted; /* KVM_RUN returned EINTR */
	uint64_t exits_other;
};
extern const struct field cpu_stats_fields[];
extern const size_t cpu_stats_n_fields;

/* The counters of vCPU @index: read them through the fields. */
const struct cpu_stats *cpus_stats(const struct cpus *cpus, unsigned int index);
unsigned int cpus_count(const struct cpus *cpus);

#endif
