/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/kvm/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CPUID_ENTRIES 256U

struct need {
	int extension;
	const char *name;
};

static const struct need needs[] = {
	{KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY"},
	{KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP"},
	{KVM_CAP_IRQ_ROUTING, "KVM_CAP_IRQ_ROUTING"},
	{KVM_CAP_PIT2, "KVM_CAP_PIT2"},
	{KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID"},
	{KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT"},
};

static int open_error(const char *path, int errnum, struct err *err)
{
	const char *remedy = "";

	if (errnum == ENOENT)
		remedy = " (load the module: modprobe kvm-intel or kvm-amd; in a virtual machine, "
			 "enable nested virtualization)";
	else if (errnum == EACCES)
		remedy = " (join the group that owns it, often kvm)";
	return err_set(err, -errnum, "cannot open %s: %s%s", path,
		       errnum == ENOENT	  ? "no such device"
		       : errnum == EACCES ? "permission denied"
					  : "not usable",
		       remedy);
}

int kvm_check(const struct kvm *kvm, int extension)
{
	int value = ioctl(kvm->fd, KVM_CHECK_EXTENSION, (unsigned long)extension);

	return value < 0 ? 0 : value;
}

int kvm_open(struct kvm *kvm, const char *path, struct err *err)
{
	*kvm = (struct kvm){.fd = -1};
	if (!path)
		path = "/dev/kvm";
	kvm->fd = open(path, O_RDWR | O_CLOEXEC);
	if (kvm->fd < 0)
		return open_error(path, errno, err);
	if (ioctl(kvm->fd, KVM_GET_API_VERSION, 0UL) != KVM_API_VERSION) {
		kvm_close(kvm);
		return err_set(err, -ENOTSUP, "%s does not speak KVM API version %d", path,
			       KVM_API_VERSION);
	}
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		if (kvm_check(kvm, needs[i].extension))
			continue;
		kvm_close(kvm);
		return err_set(err, -ENOTSUP, "%s lacks %s: a newer host kernel is needed", path,
			       needs[i].name);
	}
	kvm->run_size = ioctl(kvm->fd, KVM_GET_VCPU_MMAP_SIZE, 0UL);
	kvm->has_irqfd = kvm_check(kvm, KVM_CAP_IRQFD);
	kvm->has_ioeventfd_any_length = kvm_check(kvm, KVM_CAP_IOEVENTFD_ANY_LENGTH);
	kvm->has_tsc_deadline = kvm_check(kvm, KVM_CAP_TSC_DEADLINE_TIMER);
	kvm->max_vcpus = (unsigned int)kvm_check(kvm, KVM_CAP_MAX_VCPUS);
	return 0;
}

void kvm_close(struct kvm *kvm)
{
	if (kvm->fd >= 0)
		close(kvm->fd);
	kvm->fd = -1;
}

struct kvm_cpuid2 *kvm_supported_cpuid(const struct kvm *kvm, unsigned int spare, struct err *err)
{
	struct kvm_cpuid2 *cpuid =
		calloc(1, sizeof(*cpuid) + (CPUID_ENTRIES + spare) * sizeof(cpuid->entries[0]));

	if (!cpuid) {
		err_set(err, -ENOMEM, "CPUID: out of memory");
		return NULL;
	}
	cpuid->nent = CPUID_ENTRIES;
	if (ioctl(kvm->fd, KVM_GET_SUPPORTED_CPUID, cpuid) < 0) {
		err_set_errno(err, errno, "KVM_GET_SUPPORTED_CPUID");
		free(cpuid);
		return NULL;
	}
	return cpuid;
}
