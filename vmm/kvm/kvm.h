/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_KVM_KVM_H
#define VISE_KVM_KVM_H

#include "vmm/core/err.h"

#include <linux/kvm.h>
#include <stdbool.h>

/*
 * The host's KVM: /dev/kvm and what it can do. This folder is the only place that makes KVM calls;
 * names are those of Documentation/virt/kvm/api.rst.
 */

struct kvm {
	int fd;
	int run_size; /* bytes of a vCPU's kvm_run mapping */
	bool has_irqfd;
	bool has_ioeventfd_any_length;
	bool has_tsc_deadline;
	unsigned int max_vcpus;
};

/* Opens @path (NULL: /dev/kvm) and checks that it has what a machine needs: API version 12, user
 * memory, in-kernel irqchip, PIT2, immediate_exit. A negative errno and one line with the remedy
 * otherwise. */
MUST_CHECK int kvm_open(struct kvm *kvm, const char *path, struct err *err);
void kvm_close(struct kvm *kvm);

/* KVM_CHECK_EXTENSION; 0 when it is missing. */
int kvm_check(const struct kvm *kvm, int extension);

/* A zeroed kvm_cpuid2 filled by KVM_GET_SUPPORTED_CPUID, with room for @spare further entries; the
 * caller frees. NULL and @err on failure. */
struct kvm_cpuid2 *kvm_supported_cpuid(const struct kvm *kvm, unsigned int spare, struct err *err);

#endif
