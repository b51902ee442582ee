/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_KVM_CPUID_H
#define VISE_KVM_CPUID_H

#include "vmm/core/err.h"

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What CPUID tells the guest: what KVM supports, with the topology of this machine. All vCPUs are
 * cores of one package, one thread each; the APIC id of vCPU i is i.
 */

/* Entries that cpuid_set_topology() may add to a table. */
#define CPUID_SPARE 8U

struct cpuid_topology {
	unsigned int n_cpus; /* 1 to 64 */
	bool tsc_deadline;   /* the host's LAPIC has it, though KVM may not list it */
};

/*
 * Rewrites @cpuid (with room for CPUID_SPARE more entries) for vCPU @index: leaves 1, 4, 0Bh, 1Fh,
 * 80000008h, 8000001Dh and 8000001Eh. -ENOSPC when the table is full (@room entries).
 */
MUST_CHECK int cpuid_set_topology(struct kvm_cpuid2 *cpuid, unsigned int room,
				  const struct cpuid_topology *topology, unsigned int index);

/* The entry of @leaf (and @subleaf, where the leaf has any), or NULL. */
struct kvm_cpuid_entry2 *cpuid_find(struct kvm_cpuid2 *cpuid, uint32_t leaf, uint32_t subleaf);

#endif
