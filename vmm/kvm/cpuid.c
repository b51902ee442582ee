/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/kvm/cpuid.h"

#include <errno.h>
#include <string.h>

#define LEAF1_ECX_TSC_DEADLINE (1U << 24)
#define LEAF1_ECX_HYPERVISOR   (1U << 31)
#define LEAF1_EDX_HTT	       (1U << 28)
#define AMD_ECX_CMP_LEGACY     (1U << 1)

#define TOPO_INVALID 0U
#define TOPO_SMT     1U
#define TOPO_CORE    2U

/* Bits that APIC ids 0 .. n - 1 take. */
static unsigned int id_bits(unsigned int n)
{
	unsigned int bits = 0;

	while ((1U << bits) < n)
		bits++;
	return bits;
}

struct kvm_cpuid_entry2 *cpuid_find(struct kvm_cpuid2 *cpuid, uint32_t leaf, uint32_t subleaf)
{
	for (uint32_t i = 0; i < cpuid->nent; i++) {
		struct kvm_cpuid_entry2 *e = &cpuid->entries[i];

		if (e->function == leaf &&
		    (e->index == subleaf || !(e->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX)))
			return e;
	}
	return NULL;
}

static void remove_leaf(struct kvm_cpuid2 *cpuid, uint32_t leaf)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function != leaf)
			cpuid->entries[kept++] = cpuid->entries[i];
	cpuid->nent = kept;
}

/* Leaves 0Bh and 1Fh: one thread a core, all cores one package. */
static int set_extended_topology(struct kvm_cpuid2 *cpuid, unsigned int room, uint32_t leaf,
				 unsigned int n_cpus, unsigned int index)
{
	const uint32_t level[] = {TOPO_SMT, TOPO_CORE, TOPO_INVALID};

	if (!cpuid_find(cpuid, leaf, 0))
		return 0;
	remove_leaf(cpuid, leaf);
	for (uint32_t sub = 0; sub < 3; sub++) {
		struct kvm_cpuid_entry2 *e = &cpuid->entries[cpuid->nent];

		if (cpuid->nent == room)
			return -ENOSPC;
		cpuid->nent++;
		memset(e, 0, sizeof(*e));
		e->function = leaf;
		e->index = sub;
		e->flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
		e->eax = level[sub] == TOPO_CORE ? id_bits(n_cpus) : 0;
		e->ebx = level[sub] == TOPO_CORE ? n_cpus : level[sub] == TOPO_SMT ? 1 : 0;
		e->ecx = level[sub] << 8 | sub;
		e->edx = index;
	}
	return 0;
}

/* Intel leaf 4 and AMD leaf 8000001Dh: who shares each cache. The first two levels are private, the
 * last is the package's. */
static void set_cache_sharing(struct kvm_cpuid2 *cpuid, uint32_t leaf, unsigned int n_cpus)
{
	for (uint32_t i = 0; i < cpuid->nent; i++) {
		struct kvm_cpuid_entry2 *e = &cpuid->entries[i];
		uint32_t cache_level = e->eax >> 5 & 7U;
		uint32_t sharing = cache_level >= 3 ? (1U << id_bits(n_cpus)) - 1 : 0;

		if (e->function != leaf || (e->eax & 0x1fU) == 0)
			continue;
		e->eax = (e->eax & 0x3fffU) | sharing << 14;
		if (leaf == 4) /* cores in the package; AMD has no such field */
			e->eax |= ((1U << id_bits(n_cpus)) - 1) << 26;
	}
}

static void set_leaf1(struct kvm_cpuid2 *cpuid, const struct cpuid_topology *t, unsigned int index)
{
	struct kvm_cpuid_entry2 *e = cpuid_find(cpuid, 1, 0);

	if (!e)
		return;
	e->ebx = (e->ebx & 0xffffU) | t->n_cpus << 16 | index << 24;
	e->ecx |= LEAF1_ECX_HYPERVISOR;
	if (t->tsc_deadline)
		e->ecx |= LEAF1_ECX_TSC_DEADLINE;
	if (t->n_cpus > 1)
		e->edx |= LEAF1_EDX_HTT;
	else
		e->edx &= ~LEAF1_EDX_HTT;
}

static void set_amd(struct kvm_cpuid2 *cpuid, unsigned int n_cpus, unsigned int index)
{
	struct kvm_cpuid_entry2 *e = cpuid_find(cpuid, 0x80000008, 0);

	if (e)
		e->ecx = id_bits(n_cpus) << 12 | (n_cpus - 1);
	e = cpuid_find(cpuid, 0x80000001, 0);
	if (e && (e->ecx & AMD_ECX_CMP_LEGACY) && n_cpus == 1)
		e->ecx &= ~AMD_ECX_CMP_LEGACY;
	e = cpuid_find(cpuid, 0x8000001e, 0);
	if (e) {
		e->eax = index;
		e->ebx = index; /* core id; one thread a core */
		e->ecx = 0;	/* one node */
	}
}

static bool vendor_is_intel(struct kvm_cpuid2 *cpuid)
{
	const struct kvm_cpuid_entry2 *e = cpuid_find(cpuid, 0, 0);

	return e && e->ebx == 0x756e6547; /* "Genu" */
}

int cpuid_set_topology(struct kvm_cpuid2 *cpuid, unsigned int room,
		       const struct cpuid_topology *topology, unsigned int index)
{
	unsigned int n = topology->n_cpus;
	int rc;

	set_leaf1(cpuid, topology, index);
	set_cache_sharing(cpuid, 4, n);
	set_cache_sharing(cpuid, 0x8000001d, n);
	if (!vendor_is_intel(cpuid))
		set_amd(cpuid, n, index);
	rc = set_extended_topology(cpuid, room, 0x0b, n, index);
	if (rc == 0)
		rc = set_extended_topology(cpuid, room, 0x1f, n, index);
	return rc;
}
