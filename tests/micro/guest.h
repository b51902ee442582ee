/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TESTS_MICRO_GUEST_H
#define VISE_TESTS_MICRO_GUEST_H

#include "tests/micro/box.h"
#include "tests/micro/layout.h"
#include "tests/micro/tap.h"
#include "vmm/core/bus.h"
#include "vmm/core/guest_mem.h"
#include "vmm/core/loop.h"
#include "vmm/core/power.h"
#include "vmm/kvm/cpus.h"
#include "vmm/kvm/kvm.h"
#include "vmm/kvm/probe.h"
#include "vmm/kvm/vm.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A bare machine made of the product's parts (RAM, VM, vCPUs, buses, event loop) with one device of
 * the test's own, and code from tests/micro/code in its RAM. vCPU 0 enters through cpus_reset() as
 * a kernel would; further ones are put beside it unless the guest wakes them itself.
 *
 * A failed step ends the test (tap.h), so these functions return no errors.
 */

#define MICRO_LOG 64U

struct micro_access {
	uint64_t offset, value;
	unsigned int size;
	bool write, mmio;
};

struct micro {
	struct kvm kvm;
	struct guest_mem *mem;
	struct kvm_vm *vm;
	struct bus *pio, *mmio;
	struct loop *loop;
	struct cpus *cpus;
	/* The test's device: what it was asked, and what it answers. vCPU threads fill the log; the
	 * main thread reads it after a mark or a park. */
	struct micro_access log[MICRO_LOG];
	atomic_uint n_log;
	atomic_ullong port_reads, memory_reads;
	bool count_reads; /* a read answers how many of its kind there were, not micro_answer() */
	atomic_uint marks;
	uint64_t mark[MICRO_LOG]; /* their values */
	sem_t block;		  /* MICRO_PORT_BLOCK waits here */
	atomic_uint blocked;	  /* vCPUs that wait */
	atomic_bool block_open;	  /* nobody waits there any more */
	atomic_uint power[4];	  /* requests, by enum power_event */
	_Atomic(const char *) power_source;
	atomic_uint failures;
	char failure[200]; /* of the first */
};

/* Why micro tests cannot run here, or NULL. */
const char *micro_unavailable(void);

/* Which KVM the test runs on, by its probe. */
enum kvm_verdict micro_verdict(void);

/* Makes a machine with @n_cpus vCPUs whose threads are parked. */
void micro_init(struct micro *m, unsigned int n_cpus);
void micro_fini(struct micro *m);

/* Fills RAM with tables and code and puts vCPU 0 at @entry; parked. */
void micro_boot(struct micro *m, enum micro_entry entry);

/* Puts vCPU @index, which need not wait for INIT, at @entry; after micro_boot(). */
void micro_place(struct micro *m, unsigned int index, enum micro_entry entry);

void micro_go(struct micro *m);
void micro_park(struct micro *m);

/* Runs the event loop until the guest made @n marks in all. */
void micro_wait_marks(struct micro *m, unsigned int n);

/* Runs the event loop for @ms. */
void micro_loop_for(struct micro *m, unsigned int ms);

/* What the test's device answers to a read of @size bytes at @offset. */
uint64_t micro_answer(uint64_t offset, unsigned int size);

struct micro_box micro_box(const struct micro *m);
void micro_set_argument(const struct micro *m, uint64_t argument);

/* The sum of a vCPU's exits by port and memory accesses. */
uint64_t micro_exits(const struct micro *m, unsigned int index);

uint64_t micro_now_ns(void);

#endif
