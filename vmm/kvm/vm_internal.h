/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_KVM_VM_INTERNAL_H
#define VISE_KVM_VM_INTERNAL_H

#include "vmm/kvm/vm.h"

#include <pthread.h>

/* Shared by vm.c and routes.c. */

#define KVM_VM_MAX_ROUTES 512U

struct kvm_route {
	bool used;
	bool committed; /* the kernel's table has this message, and the irqfd is bound */
	int eventfd;	/* -1 without irqfd */
	uint64_t address;
	uint32_t data;
};

struct kvm_vm {
	const struct kvm *kvm;
	int fd;
	struct loop *loop; /* interrupts that its callbacks raise leave with its next wait */
	struct {
		struct kvm_irqchip chip[3];
		struct kvm_pit_state2 pit;
	} power_on;
	pthread_mutex_t routes_lock; /* guards all below; taken inside a device's lock */
	struct kvm_route *routes;
	unsigned int n_routes;
	bool routes_refused; /* the kernel would not take the table: messages go one by one */
};

/* Writes the whole routing table: PIC and IOAPIC pins, then the message routes. */
MUST_CHECK int kvm_vm_commit_routes(struct kvm_vm *vm, struct err *err);
void kvm_vm_close_routes(struct kvm_vm *vm);

#endif
