/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_KVM_VM_H
#define VISE_KVM_VM_H

#include "vmm/core/guest_mem.h"
#include "vmm/core/irq.h"
#include "vmm/core/loop.h"
#include "vmm/kvm/kvm.h"

/*
 * One KVM virtual machine: its memory slots, interrupt controllers, message routes and doorbells.
 * The interfaces it hands out (lines, messages, doorbells) may be used from any thread.
 */

#define KVM_VM_LINES 24U /* pins of the IOAPIC */

struct kvm_vm;

/* Makes the VM with @mem as its RAM, PIC, IOAPIC and PIT in the kernel. GSI 0 is routed to IOAPIC
 * pin 2, as the MADT's override says. Messages that callbacks of @loop send leave with its next
 * wait. NULL and @err on failure. @kvm, @mem and @loop outlive the VM. */
struct kvm_vm *kvm_vm_create(const struct kvm *kvm, const struct guest_mem *mem, struct loop *loop,
			     struct err *err);
void kvm_vm_destroy(struct kvm_vm *vm);

/* The VM's descriptor, for the files of this folder. */
int kvm_vm_fd(const struct kvm_vm *vm);
const struct kvm *kvm_vm_kvm(const struct kvm_vm *vm);

/* The wire of @gsi (below KVM_VM_LINES), driven by KVM_IRQ_LINE. */
struct irq_line kvm_vm_irq_line(struct kvm_vm *vm, unsigned int gsi);

/* Message routes: an irqfd each where the host has them, KVM_SIGNAL_MSI otherwise. */
struct msi_sink kvm_vm_msi_sink(struct kvm_vm *vm);

/* Doorbells: ioeventfds of any width; attach fails where the host lacks them. */
struct doorbell kvm_vm_doorbell(struct kvm_vm *vm);

/* Puts PIC, IOAPIC and PIT into their power-on state. All vCPUs parked. */
MUST_CHECK int kvm_vm_reset(struct kvm_vm *vm, struct err *err);

#endif
