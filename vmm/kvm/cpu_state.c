/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/kvm/cpus_internal.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

/*
 * Register state: what KVM created, read once and written back at each reset, and the state in
 * which a boot protocol wants the first vCPU.
 */

#define CR0_PE (1ULL << 0)
#define CR0_ET (1ULL << 4)
#define CR0_NE (1ULL << 5)
#define CR0_PG (1ULL << 31)

#define CR4_PAE	 (1ULL << 5)
#define EFER_LME (1ULL << 8)
#define EFER_LMA (1ULL << 10)

#define SELECTOR_CODE64 0x10U
#define SELECTOR_DATA	0x18U
#define SELECTOR_CODE32 0x20U
#define SELECTOR_TSS	0x28U

#define RFLAGS_FIXED 2U

/* MSRs at their reset values. KVM skips none: those that a host lacks are left out one by one. */
static const struct kvm_msr_entry reset_msrs[] = {
	{.index = 0x010, .data = 0},			 /* IA32_TSC */
	{.index = 0x03b, .data = 0},			 /* IA32_TSC_ADJUST */
	{.index = 0x048, .data = 0},			 /* IA32_SPEC_CTRL */
	{.index = 0x174, .data = 0},			 /* IA32_SYSENTER_CS */
	{.index = 0x175, .data = 0},			 /* IA32_SYSENTER_ESP */
	{.index = 0x176, .data = 0},			 /* IA32_SYSENTER_EIP */
	{.index = 0x1a0, .data = 1},			 /* IA32_MISC_ENABLE: fast strings */
	{.index = 0x1d9, .data = 0},			 /* IA32_DEBUGCTL */
	{.index = 0x277, .data = 0x0007040600070406ULL}, /* IA32_PAT */
	{.index = 0x2ff, .data = 0x806},		 /* IA32_MTRR_DEF_TYPE: on, write-back */
	{.index = 0x38f, .data = 0},			 /* IA32_PERF_GLOBAL_CTRL */
	{.index = 0x6e0, .data = 0},			 /* IA32_TSC_DEADLINE */
	{.index = 0xda0, .data = 0},			 /* IA32_XSS */
	{.index = 0xc0000081, .data = 0},		 /* STAR */
	{.index = 0xc0000082, .data = 0},		 /* LSTAR */
	{.index = 0xc0000083, .data = 0},		 /* CSTAR */
	{.index = 0xc0000084, .data = 0},		 /* SYSCALL_MASK */
	{.index = 0xc0000102, .data = 0},		 /* KERNEL_GS_BASE */
	{.index = 0xc0000103, .data = 0},		 /* TSC_AUX */
	{.index = 0x4b564d00, .data = 0},		 /* KVM wall clock, ... */
	{.index = 0x4b564d01, .data = 0},		 /* system time */
	{.index = 0x4b564d02, .data = 0},		 /* asynchronous page faults */
	{.index = 0x4b564d03, .data = 0},		 /* steal time */
	{.index = 0x4b564d04, .data = 0},		 /* paravirtual EOI */
	{.index = 0x4b564d05, .data = 1},		 /* host-side halt polling: allowed */
	{.index = 0x4b564d06, .data = 0},		 /* vector of asynchronous page faults */
};

#define N_RESET_MSRS (sizeof(reset_msrs) / sizeof(reset_msrs[0]))

/* Parts of the saved state: which call moves which member. */
struct state_part {
	unsigned long get, set;
	const char *name;
	size_t offset;
};

#define PART(get, set, member)                                                                     \
	{                                                                                          \
		get, set, #set, offsetof(struct cpu_power_on, member)                              \
	}

/* In the order of writing: special registers before the LAPIC, whose base they hold. */
static const struct state_part state_parts[] = {
	PART(KVM_GET_SREGS, KVM_SET_SREGS, sregs),
	PART(KVM_GET_REGS, KVM_SET_REGS, regs),
	PART(KVM_GET_FPU, KVM_SET_FPU, fpu),
	PART(KVM_GET_LAPIC, KVM_SET_LAPIC, lapic),
	PART(KVM_GET_DEBUGREGS, KVM_SET_DEBUGREGS, debugregs),
	PART(KVM_GET_VCPU_EVENTS, KVM_SET_VCPU_EVENTS, events),
	PART(KVM_GET_MP_STATE, KVM_SET_MP_STATE, mp),
};

#define N_STATE_PARTS (sizeof(state_parts) / sizeof(state_parts[0]))

int cpu_state_save(struct cpu *cpu, struct err *err)
{
	for (size_t i = 0; i < N_STATE_PARTS; i++)
		if (ioctl(cpu->fd, state_parts[i].get,
			  (char *)&cpu->power_on + state_parts[i].offset) < 0)
			return err_set_errno(err, errno, "vCPU %u: reading state for %s",
					     cpu->index, state_parts[i].name);
	cpu->power_on.has_xcrs = ioctl(cpu->fd, KVM_GET_XCRS, &cpu->power_on.xcrs) == 0;
	cpu->power_on.has_xsave = ioctl(cpu->fd, KVM_GET_XSAVE, cpu->power_on.xsave) == 0;
	cpu->power_on.nested.size = sizeof(cpu->power_on.nested);
	cpu->power_on.has_nested = ioctl(cpu->fd, KVM_GET_NESTED_STATE, &cpu->power_on.nested) == 0;
	return 0;
}

static void reset_model_registers(const struct cpu *cpu)
{
	/* The head ends in an array without a length; this makes the room behind it. */
	union {
		struct kvm_msrs msrs;
		uint8_t room[sizeof(struct kvm_msrs) + sizeof(reset_msrs)];
	} u = {0};
	size_t done = 0;

	/* KVM_SET_MSRS stops at the first one it does not know: go on behind it. */
	while (done < N_RESET_MSRS) {
		size_t n = N_RESET_MSRS - done;
		int set;

		memcpy(u.msrs.entries, &reset_msrs[done], n * sizeof(reset_msrs[0]));
		u.msrs.nmsrs = (uint32_t)n;
		set = ioctl(cpu->fd, KVM_SET_MSRS, &u.msrs);
		if (set < 0)
			break;
		done += (size_t)set + 1;
	}
}

static struct kvm_segment flat_segment(uint16_t selector, uint8_t type, bool code64)
{
	return (struct kvm_segment){
		.limit = 0xffffffff,
		.selector = selector,
		.type = type,
		.present = 1,
		.s = 1,
		.db = !code64,
		.l = code64,
		.g = 1,
	};
}

static void enter_at(struct kvm_sregs *sregs, struct kvm_regs *regs, const struct cpu_start *start)
{
	bool long_mode = start->mode == CPU_START_LONG;
	struct kvm_segment data = flat_segment(SELECTOR_DATA, 3, false);

	sregs->cs = flat_segment(long_mode ? SELECTOR_CODE64 : SELECTOR_CODE32, 11, long_mode);
	sregs->ds = sregs->es = sregs->fs = sregs->gs = sregs->ss = data;
	sregs->tr = (struct kvm_segment){
		.limit = 0x67, .selector = SELECTOR_TSS, .type = 11, .present = 1};
	sregs->gdt.base = start->gdt_base;
	sregs->gdt.limit = start->gdt_limit;
	sregs->idt.base = 0;
	sregs->idt.limit = 0;
	sregs->cr0 = CR0_PE | CR0_ET | CR0_NE;
	if (long_mode) {
		sregs->cr0 |= CR0_PG;
		sregs->cr3 = start->cr3;
		sregs->cr4 = CR4_PAE;
		sregs->efer = EFER_LME | EFER_LMA;
	}
	*regs = (struct kvm_regs){
		.rip = start->rip,
		.rsi = start->rsi,
		.rbx = start->rbx,
		.rsp = start->rsp,
		.rflags = RFLAGS_FIXED,
	};
}

int cpu_state_reset(struct cpu *cpu, const struct cpu_start *start, struct err *err)
{
	struct cpu_power_on state = cpu->power_on;

	if (start)
		enter_at(&state.sregs, &state.regs, start);
	/* First: a guest that is itself a hypervisor may have been stopped in its own guest, and in
	 * VMX operation KVM refuses special registers without CR4.VMXE. That refusal would tell of
	 * a failure here. */
	if (state.has_nested)
		ioctl(cpu->fd, KVM_SET_NESTED_STATE, &state.nested);
	if (state.has_xcrs && ioctl(cpu->fd, KVM_SET_XCRS, &state.xcrs) < 0)
		return err_set_errno(err, errno, "vCPU %u: KVM_SET_XCRS", cpu->index);
	for (size_t i = 0; i < N_STATE_PARTS; i++)
		if (ioctl(cpu->fd, state_parts[i].set, (char *)&state + state_parts[i].offset) < 0)
			return err_set_errno(err, errno, "vCPU %u: %s", cpu->index,
					     state_parts[i].name);
	/* What the image leaves out (vector registers, protection keys) gets its initial value. */
	if (state.has_xsave && ioctl(cpu->fd, KVM_SET_XSAVE, state.xsave) < 0)
		return err_set_errno(err, errno, "vCPU %u: KVM_SET_XSAVE", cpu->index);
	reset_model_registers(cpu);
	cpu->unfinished = false;
	return 0;
}
