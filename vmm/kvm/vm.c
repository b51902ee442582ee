/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/kvm/vm.h"

#include "vmm/kvm/vm_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define IDENTITY_MAP_ADDR 0xfeffc000ULL
#define TSS_ADDR	  0xfeffd000ULL
#define N_CHIPS		  3U /* master PIC, slave PIC, IOAPIC */

static int add_memslots(const struct kvm_vm *vm, const struct guest_mem *mem, struct err *err)
{
	const struct guest_mem_region *regions;
	size_t n;

	regions = guest_mem_regions(mem, &n);
	for (size_t i = 0; i < n; i++) {
		struct kvm_userspace_memory_region slot = {
			.slot = (uint32_t)i,
			.guest_phys_addr = regions[i].base,
			.memory_size = regions[i].size,
			.userspace_addr = (uint64_t)(uintptr_t)regions[i].host,
		};

		if (ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &slot) < 0)
			return err_set_errno(err, errno,
					     "KVM does not take %llu MiB of guest memory at 0x%llx "
					     "(see --memory)",
					     (unsigned long long)(slot.memory_size >> 20),
					     (unsigned long long)slot.guest_phys_addr);
	}
	return 0;
}

static int create_irqchip(struct kvm_vm *vm, struct err *err)
{
	struct kvm_pit_config pit = {.flags = KVM_PIT_SPEAKER_DUMMY};
	uint64_t identity = IDENTITY_MAP_ADDR;

	/* Only Intel hosts use these pages, and only there the calls exist for sure. */
	ioctl(vm->fd, KVM_SET_IDENTITY_MAP_ADDR, &identity);
	ioctl(vm->fd, KVM_SET_TSS_ADDR, TSS_ADDR);
	if (ioctl(vm->fd, KVM_CREATE_IRQCHIP, 0UL) < 0)
		return err_set_errno(err, errno, "KVM_CREATE_IRQCHIP");
	if (ioctl(vm->fd, KVM_CREATE_PIT2, &pit) < 0)
		return err_set_errno(err, errno, "KVM_CREATE_PIT2");
	for (uint32_t i = 0; i < N_CHIPS; i++) {
		vm->power_on.chip[i].chip_id = i;
		if (ioctl(vm->fd, KVM_GET_IRQCHIP, &vm->power_on.chip[i]) < 0)
			return err_set_errno(err, errno, "KVM_GET_IRQCHIP");
	}
	if (ioctl(vm->fd, KVM_GET_PIT2, &vm->power_on.pit) < 0)
		return err_set_errno(err, errno, "KVM_GET_PIT2");
	return 0;
}

struct kvm_vm *kvm_vm_create(const struct kvm *kvm, const struct guest_mem *mem, struct loop *loop,
			     struct err *err)
{
	struct kvm_vm *vm = calloc(1, sizeof(*vm));

	if (!vm) {
		err_set(err, -ENOMEM, "VM: out of memory");
		return NULL;
	}
	vm->kvm = kvm;
	vm->loop = loop;
	pthread_mutex_init(&vm->routes_lock, NULL);
	do /* the kernel may be interrupted while it takes its locks */
		vm->fd = ioctl(kvm->fd, KVM_CREATE_VM, 0UL);
	while (vm->fd < 0 && errno == EINTR);
	if (vm->fd < 0) {
		err_set_errno(err, errno, "KVM_CREATE_VM");
		kvm_vm_destroy(vm);
		return NULL;
	}
	/* Memory first: a slot that is set once interrupt controllers exist waits for readers. */
	if (add_memslots(vm, mem, err) < 0 || create_irqchip(vm, err) < 0 ||
	    kvm_vm_commit_routes(vm, err) < 0) {
		kvm_vm_destroy(vm);
		return NULL;
	}
	return vm;
}

void kvm_vm_destroy(struct kvm_vm *vm)
{
	if (!vm)
		return;
	kvm_vm_close_routes(vm);
	if (vm->fd >= 0)
		close(vm->fd);
	pthread_mutex_destroy(&vm->routes_lock);
	free(vm);
}

int kvm_vm_fd(const struct kvm_vm *vm)
{
	return vm->fd;
}

const struct kvm *kvm_vm_kvm(const struct kvm_vm *vm)
{
	return vm->kvm;
}

int kvm_vm_reset(struct kvm_vm *vm, struct err *err)
{
	for (uint32_t i = 0; i < N_CHIPS; i++)
		if (ioctl(vm->fd, KVM_SET_IRQCHIP, &vm->power_on.chip[i]) < 0)
			return err_set_errno(err, errno, "KVM_SET_IRQCHIP");
	if (ioctl(vm->fd, KVM_SET_PIT2, &vm->power_on.pit) < 0)
		return err_set_errno(err, errno, "KVM_SET_PIT2");
	return 0;
}
