/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_KVM_CPUS_INTERNAL_H
#define VISE_KVM_CPUS_INTERNAL_H

#include "vmm/kvm/cpus.h"

#include <pthread.h>
#include <stdatomic.h>

/* Shared by cpus.c (threads, rendezvous), cpu_run.c (exits) and cpu_state.c (registers). */

/* The architectural state of a vCPU as KVM creates it. */
struct cpu_power_on {
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct kvm_lapic_state lapic;
	struct kvm_vcpu_events events;
	struct kvm_debugregs debugregs;
	struct kvm_mp_state mp;
	struct kvm_fpu fpu;
	uint32_t xsave[1024]; /* region of struct kvm_xsave: the FPU and all that came after it */
	struct kvm_xcrs xcrs;
	struct kvm_nested_state nested; /* of a vCPU that runs no guest: the header says all */
	bool has_xcrs;
	bool has_xsave;
	bool has_nested;
};

struct cpu {
	struct cpus *cpus;
	unsigned int index;
	int fd;
	struct kvm_run *run;
	pthread_t thread;
	bool has_thread;
	bool failed;	 /* can never run again; its thread only parks */
	bool unfinished; /* the last exit was an access that KVM completes on entry */
	uint64_t acked;	 /* epoch of the last park that it acknowledged; under cpus->lock */
	struct cpu_stats stats;
	struct cpu_power_on power_on;
};

struct cpus {
	struct cpus_config config;
	struct cpu *cpu;
	pthread_mutex_t lock;
	pthread_cond_t acked;	 /* a vCPU acknowledged */
	pthread_cond_t released; /* parked vCPUs may go on, or end */
	uint64_t epoch;		 /* counts parks; under the lock */
	atomic_bool park;	 /* set: come to cpu_park() */
	bool quit;		 /* under the lock */
	bool first_run_told;
};

/* Runs @cpu until it is interrupted, a park is asked for or it fails; on its thread. The caller
 * goes through cpu_park() next, which clears immediate_exit. */
void cpu_run(struct cpu *cpu);

/* Reads the created state; writes it back, with vCPU 0 at @start. */
MUST_CHECK int cpu_state_save(struct cpu *cpu, struct err *err);
MUST_CHECK int cpu_state_reset(struct cpu *cpu, const struct cpu_start *start, struct err *err);

#endif
