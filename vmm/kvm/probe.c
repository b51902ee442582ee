/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/kvm/probe.h"

#include "vmm/core/clock.h"
#include "vmm/core/le.h"
#include "vmm/kvm/kvm.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/*
 * One VM of 64 KiB with one vCPU serves all guests: 64-bit code with the low 2 MiB mapped one to
 * one and open to ring 3. No IDT: a guest that faults shuts down. A timer signal gets the thread
 * out of a guest that never exits.
 */

#define RAM_SIZE      0x10000U
#define PML4	      0x1000U
#define PDPT	      0x2000U
#define PAGE_DIR      0x3000U
#define GDT	      0x4000U
#define TSS	      0x5000U
#define TSS_SIZE      0x68U
#define IO_BITMAP     0x2000U /* a bit a port */
#define STACK	      0x9ff0U
#define CODE	      0xa000U
#define PAGE_USER_RW  7U
#define PAGE_LARGE    0x80U
#define TSS_IO_OFFSET 0x66U

#define SELECTOR_CODE  0x10U
#define SELECTOR_DATA  0x18U
#define SELECTOR_UCODE 0x23U
#define SELECTOR_UDATA 0x2bU
#define SELECTOR_TSS   0x30U

#define CR0_LONG_MODE 0x80000031ULL /* PG, NE, ET, PE */
#define CR4_LONG_MODE 0x220ULL	    /* PAE, OSFXSR */
#define EFER_LONG     0x500ULL	    /* LME, LMA */
#define RFLAGS_FIXED  2ULL
#define RFLAGS_IOPL3  0x3000ULL

#define EXIT_BATCHES   10U
#define EXITS_IN_BATCH 100U
#define KICK_SIGNAL    (SIGRTMIN + 1)
#define KICK_NS	       (20 * NS_PER_MS)
#define GUEST_NS       (200 * NS_PER_MS)

struct probe_vm {
	const struct kvm *kvm;
	uint8_t *ram;
	int vm, cpu;
	struct kvm_run *run;
	uint64_t until_ns; /* when the guest at hand is given up */
};

/* How a guest starts. */
struct probe_guest {
	const uint8_t *code;
	size_t size;
	bool user;   /* in ring 3 */
	bool bitmap; /* the TSS has an I/O bitmap that allows all ports */
	uint64_t flags;
	uint64_t rcx;
};

/* xorps %xmm0, %xmm0; out %al, $0x80; hlt */
static const uint8_t sse_code[] = {0x0f, 0x57, 0xc0, 0xe6, 0x80, 0xf4};
/* 1: dec %rcx; jnz 1b; out %al, $0x80; hlt */
static const uint8_t loop_code[] = {0x48, 0xff, 0xc9, 0x75, 0xfb, 0xe6, 0x80, 0xf4};
/* 1: out %al, $0x80; jmp 1b */
static const uint8_t out_code[] = {0xe6, 0x80, 0xeb, 0xfc};

#define LOOP_INSNS 2U /* in a round of loop_code */

static uint64_t now_ns(void)
{
	struct clock host = clock_host();

	return clock_monotonic_ns(&host);
}

static void write_tables(uint8_t *ram)
{
	st_le64(ram + PML4, PDPT | PAGE_USER_RW);
	st_le64(ram + PDPT, PAGE_DIR | PAGE_USER_RW);
	st_le64(ram + PAGE_DIR, PAGE_LARGE | PAGE_USER_RW);
	st_le64(ram + GDT + SELECTOR_CODE, 0x00af9b000000ffffULL);
	st_le64(ram + GDT + SELECTOR_DATA, 0x00cf93000000ffffULL);
	st_le64(ram + GDT + (SELECTOR_UCODE & ~3U), 0x00affb000000ffffULL);
	st_le64(ram + GDT + (SELECTOR_UDATA & ~3U), 0x00cff3000000ffffULL);
	st_le64(ram + GDT + SELECTOR_TSS,
		0x00008b0000000000ULL | (uint64_t)TSS << 16 | (TSS_SIZE + IO_BITMAP));
	st_le16(ram + TSS + TSS_IO_OFFSET, TSS_SIZE);
	ram[TSS + TSS_SIZE + IO_BITMAP] = 0xff; /* the bitmap's end mark */
}

static int create_cpu(struct probe_vm *p, struct err *err)
{
	struct kvm_cpuid2 *cpuid = kvm_supported_cpuid(p->kvm, 0, err);
	void *run;
	int rc;

	if (!cpuid)
		return -ENOMEM;
	p->cpu = ioctl(p->vm, KVM_CREATE_VCPU, 0UL);
	rc = p->cpu < 0 ? -1 : ioctl(p->cpu, KVM_SET_CPUID2, cpuid);
	free(cpuid);
	if (rc < 0)
		return err_set_errno(err, errno, "KVM probe: cannot make a vCPU");
	run = mmap(NULL, (size_t)p->kvm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, p->cpu, 0);
	if (run == MAP_FAILED)
		return err_set_errno(err, errno, "KVM probe: kvm_run");
	p->run = run;
	return 0;
}

static int probe_vm_create(struct probe_vm *p, struct err *err)
{
	struct kvm_userspace_memory_region slot = {.memory_size = RAM_SIZE};
	void *ram =
		mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (ram == MAP_FAILED)
		return err_set_errno(err, errno, "KVM probe: memory");
	p->ram = ram;
	write_tables(p->ram);
	do /* the kernel may be interrupted while it takes its locks */
		p->vm = ioctl(p->kvm->fd, KVM_CREATE_VM, 0UL);
	while (p->vm < 0 && errno == EINTR);
	slot.userspace_addr = (uint64_t)(uintptr_t)p->ram;
	if (p->vm < 0 || ioctl(p->vm, KVM_SET_USER_MEMORY_REGION, &slot) < 0)
		return err_set_errno(err, errno, "KVM probe: cannot make a virtual machine");
	return create_cpu(p, err);
}

static void probe_vm_destroy(struct probe_vm *p)
{
	if (p->run)
		munmap(p->run, (size_t)p->kvm->run_size);
	if (p->cpu >= 0)
		close(p->cpu);
	if (p->vm >= 0)
		close(p->vm);
	if (p->ram)
		munmap(p->ram, RAM_SIZE);
}

static struct kvm_segment segment(uint32_t selector, uint8_t type, bool code)
{
	return (struct kvm_segment){
		.limit = 0xffffffff,
		.selector = (uint16_t)selector,
		.type = type,
		.present = 1,
		.dpl = selector & 3U,
		.s = 1,
		.db = !code,
		.l = code,
		.g = 1,
	};
}

static int place_cpu(const struct probe_vm *p, const struct probe_guest *guest)
{
	struct kvm_regs regs = {.rip = CODE,
				.rsp = STACK,
				.rcx = guest->rcx,
				.rflags = RFLAGS_FIXED | guest->flags};
	struct kvm_sregs sregs;

	if (ioctl(p->cpu, KVM_GET_SREGS, &sregs) < 0)
		return -errno;
	sregs.cs = segment(guest->user ? SELECTOR_UCODE : SELECTOR_CODE, 11, true);
	sregs.ss = segment(guest->user ? SELECTOR_UDATA : SELECTOR_DATA, 3, false);
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss;
	sregs.tr = (struct kvm_segment){
		.base = TSS,
		.limit = guest->bitmap ? TSS_SIZE + IO_BITMAP : TSS_SIZE - 1,
		.selector = SELECTOR_TSS,
		.type = 11,
		.present = 1,
	};
	sregs.gdt.base = GDT;
	sregs.gdt.limit = SELECTOR_TSS + 15;
	sregs.idt.limit = 0;
	sregs.cr0 = CR0_LONG_MODE;
	sregs.cr3 = PML4;
	sregs.cr4 = CR4_LONG_MODE;
	sregs.efer = EFER_LONG;
	if (ioctl(p->cpu, KVM_SET_SREGS, &sregs) < 0 || ioctl(p->cpu, KVM_SET_REGS, &regs) < 0)
		return -errno;
	return 0;
}

/* Runs to the next exit. True when it is a port output. */
static bool run_to_output(struct probe_vm *p)
{
	while (now_ns() < p->until_ns) {
		if (ioctl(p->cpu, KVM_RUN, 0UL) == 0)
			return p->run->exit_reason == KVM_EXIT_IO;
		if (errno != EINTR && errno != EAGAIN)
			return false;
	}
	return false;
}

/* Lets KVM finish the output of the guest before: it would skip an instruction of the next one. */
static void finish_output(const struct probe_vm *p)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): mmap() never gives NULL. */
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): probe_vm_create() has set it. */
	p->run->immediate_exit = 1;
	ioctl(p->cpu, KVM_RUN, 0UL);
	p->run->immediate_exit = 0;
}

static bool start_guest(struct probe_vm *p, const struct probe_guest *guest)
{
	finish_output(p);
	memcpy(p->ram + CODE, guest->code, guest->size);
	p->until_ns = now_ns() + GUEST_NS;
	return place_cpu(p, guest) == 0;
}

static bool guest_outputs(struct probe_vm *p, const struct probe_guest *guest)
{
	return start_guest(p, guest) && run_to_output(p);
}

/* Ever more rounds until they take long enough to be measured: an emulator is slow at few. */
static uint64_t ring0_speed(struct probe_vm *p)
{
	uint64_t took = 0;
	uint64_t rounds;

	for (rounds = 5000; rounds <= 5000000; rounds *= 10) {
		struct probe_guest guest = {
			.code = loop_code, .size = sizeof(loop_code), .rcx = rounds};
		uint64_t begin;

		if (!start_guest(p, &guest))
			return 0;
		begin = now_ns();
		if (!run_to_output(p))
			return 0;
		took = now_ns() - begin;
		if (took > 4 * NS_PER_MS || rounds == 5000000)
			break;
	}
	return took ? rounds * LOOP_INSNS * NS_PER_SEC / took : 0;
}

/* The mean of the best batch: others on the host must not make hardware look like an emulator. */
static uint64_t exit_cost(struct probe_vm *p)
{
	struct probe_guest guest = {.code = out_code, .size = sizeof(out_code)};
	uint64_t best = 0;

	if (!guest_outputs(p, &guest))
		return 0;
	for (unsigned int i = 0; i < EXIT_BATCHES; i++) {
		uint64_t begin = now_ns();
		uint64_t each;

		for (unsigned int n = 0; n < EXITS_IN_BATCH; n++)
			if (!run_to_output(p))
				return best;
		each = (now_ns() - begin) / EXITS_IN_BATCH;
		if (!best || each < best)
			best = each;
	}
	return best;
}

static void measure(struct probe_vm *p, struct kvm_probe *result)
{
	struct probe_guest sse = {.code = sse_code, .size = sizeof(sse_code)};
	struct probe_guest iopl = {
		.code = out_code, .size = sizeof(out_code), .user = true, .flags = RFLAGS_IOPL3};
	struct probe_guest bitmap = {
		.code = out_code, .size = sizeof(out_code), .user = true, .bitmap = true};

	result->sse_runs = guest_outputs(p, &sse);
	result->ring0_speed = ring0_speed(p);
	result->exit_ns = exit_cost(p);
	result->ring3_bitmap = guest_outputs(p, &bitmap);
	/* Last: where it is refused, the guest's fault ends in a shutdown. */
	result->ring3_iopl = guest_outputs(p, &iopl);
}

/* Empty: the signal's only work is to make KVM_RUN return. */
static void on_kick_signal(int sig)
{
	(void)sig;
}

static int start_kicks(timer_t *timer, struct sigaction *before, struct err *err)
{
	struct sigaction action = {.sa_handler = on_kick_signal};
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = KICK_SIGNAL};
	struct itimerspec every = {.it_interval.tv_nsec = KICK_NS, .it_value.tv_nsec = KICK_NS};

	event._sigev_un._tid = gettid();
	if (timer_create(CLOCK_MONOTONIC, &event, timer) < 0)
		return err_set_errno(err, errno, "KVM probe: timer");
	sigaction(KICK_SIGNAL, &action, before);
	timer_settime(*timer, 0, &every, NULL);
	return 0;
}

static void end_kicks(timer_t timer, const struct sigaction *before)
{
	timer_delete(timer);
	sigaction(KICK_SIGNAL, before, NULL);
}

int kvm_probe(struct kvm_probe *result, struct err *err)
{
	struct probe_vm p = {.vm = -1, .cpu = -1};
	struct sigaction before;
	struct kvm kvm;
	timer_t timer;
	int rc;

	*result = (struct kvm_probe){.verdict = KVM_VERDICT_NONE};
	rc = kvm_open(&kvm, NULL, err);
	if (rc < 0)
		return rc;
	p.kvm = &kvm;
	rc = probe_vm_create(&p, err);
	if (rc == 0)
		rc = start_kicks(&timer, &before, err);
	if (rc == 0) {
		measure(&p, result);
		end_kicks(timer, &before);
		result->verdict = kvm_probe_judge(result);
	}
	probe_vm_destroy(&p);
	kvm_close(&kvm);
	return rc;
}

enum kvm_verdict kvm_probe_judge(const struct kvm_probe *figures)
{
	if (!figures->sse_runs || figures->ring0_speed < KVM_PROBE_MIN_SPEED)
		return KVM_VERDICT_RING3;
	return figures->exit_ns > KVM_PROBE_MAX_EXIT_NS ? KVM_VERDICT_NESTED : KVM_VERDICT_HARDWARE;
}

const char *kvm_verdict_name(enum kvm_verdict verdict)
{
	static const char *const names[] = {
		[KVM_VERDICT_NONE] = "none",
		[KVM_VERDICT_RING3] = "ring3",
		[KVM_VERDICT_NESTED] = "nested",
		[KVM_VERDICT_HARDWARE] = "hardware",
	};

	return names[verdict];
}
