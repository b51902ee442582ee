/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/kvm/cpus_internal.h"

#include "vmm/core/le.h"
#include "vmm/core/trace.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

/*
 * The run loop of a vCPU: enter the guest, decode the exit, hand it to a bus, enter again. Two
 * calls deep before device code.
 */

static void fail(struct cpu *cpu, const char *text)
{
	cpu->failed = true;
	cpu->cpus->config.failed(cpu->cpus->config.arg, cpu->index, text);
}

static uint64_t load(const uint8_t *data, unsigned int size)
{
	uint8_t bytes[8] = {0};

	memcpy(bytes, data, size);
	return ld_le64(bytes);
}

static void store(uint8_t *data, unsigned int size, uint64_t value)
{
	uint8_t bytes[8];

	st_le64(bytes, value);
	memcpy(data, bytes, size);
}

static void handle_io(struct cpu *cpu)
{
	const struct kvm_run *run = cpu->run;
	uint8_t *data = (uint8_t *)cpu->run + run->io.data_offset;
	struct bus *pio = cpu->cpus->config.pio;
	unsigned int size = run->io.size;

	counter_add(&cpu->stats.exits_io, 1);
	TRACE3(exit_io, run->io.port, size, run->io.direction);
	for (uint32_t i = 0; i < run->io.count; i++, data += size) {
		if (run->io.direction == KVM_EXIT_IO_OUT)
			bus_write(pio, run->io.port, size, load(data, size));
		else
			store(data, size, bus_read(pio, run->io.port, size));
	}
	cpu->unfinished = true;
}

static void handle_mmio(struct cpu *cpu)
{
	struct kvm_run *run = cpu->run;
	struct bus *mmio = cpu->cpus->config.mmio;
	unsigned int size = run->mmio.len;

	counter_add(&cpu->stats.exits_mmio, 1);
	TRACE3(exit_mmio, run->mmio.phys_addr, size, run->mmio.is_write);
	if (size > sizeof(run->mmio.data))
		size = sizeof(run->mmio.data);
	if (run->mmio.is_write)
		bus_write(mmio, run->mmio.phys_addr, size, load(run->mmio.data, size));
	else
		store(run->mmio.data, size, bus_read(mmio, run->mmio.phys_addr, size));
	cpu->unfinished = true;
}

static void handle_shutdown(struct cpu *cpu)
{
	cpu->failed = true; /* until the reset that this asks for */
	power_request(&cpu->cpus->config.power, POWER_RESET, 0, "triple fault");
}

static void handle_system_event(struct cpu *cpu)
{
	const struct power_sink *power = &cpu->cpus->config.power;

	switch (cpu->run->system_event.type) {
	case KVM_SYSTEM_EVENT_SHUTDOWN:
		power_request(power, POWER_OFF, 0, "KVM system event");
		break;
	case KVM_SYSTEM_EVENT_CRASH:
		power_request(power, POWER_PANIC, 0, "KVM system event");
		break;
	default:
		power_request(power, POWER_RESET, 0, "KVM system event");
	}
	cpu->failed = true;
}

static void handle_internal_error(struct cpu *cpu)
{
	const struct kvm_run *run = cpu->run;
	struct kvm_regs regs = {0};
	char text[200];

	ioctl(cpu->fd, KVM_GET_REGS, &regs);
	snprintf(text, sizeof(text), "KVM internal error %u at rip 0x%llx%s",
		 run->internal.suberror, (unsigned long long)regs.rip,
		 run->internal.suberror == KVM_INTERNAL_ERROR_EMULATION
			 ? " (an instruction that this host must emulate and cannot; "
			   "see 'vise doctor')"
			 : "");
	fail(cpu, text);
}

static void handle_fail_entry(struct cpu *cpu)
{
	char text[100];

	snprintf(text, sizeof(text), "KVM refused to enter the guest, hardware reason 0x%llx",
		 (unsigned long long)cpu->run->fail_entry.hardware_entry_failure_reason);
	fail(cpu, text);
}

typedef void (*exit_fn)(struct cpu *cpu);

static const exit_fn exit_table[] = {
	[KVM_EXIT_IO] = handle_io,
	[KVM_EXIT_MMIO] = handle_mmio,
	[KVM_EXIT_SHUTDOWN] = handle_shutdown,
	[KVM_EXIT_SYSTEM_EVENT] = handle_system_event,
	[KVM_EXIT_INTERNAL_ERROR] = handle_internal_error,
	[KVM_EXIT_FAIL_ENTRY] = handle_fail_entry,
};

static void handle_exit(struct cpu *cpu)
{
	uint32_t reason = cpu->run->exit_reason;
	char text[64];

	if (reason < sizeof(exit_table) / sizeof(exit_table[0]) && exit_table[reason]) {
		if (reason != KVM_EXIT_IO && reason != KVM_EXIT_MMIO)
			counter_add(&cpu->stats.exits_other, 1);
		exit_table[reason](cpu);
		return;
	}
	counter_add(&cpu->stats.exits_other, 1);
	if (reason == KVM_EXIT_INTR || reason == KVM_EXIT_HLT)
		return;
	snprintf(text, sizeof(text), "unexpected KVM exit reason %u", reason);
	fail(cpu, text);
}

/* Enters the guest once and serves the exit. False when there was none: a signal or a request to
 * park came first, or KVM failed. */
static bool enter(struct cpu *cpu)
{
	int rc = ioctl(cpu->fd, KVM_RUN, 0UL);
	char text[100];

	cpu->unfinished = false;
	if (rc == 0) {
		handle_exit(cpu);
		return true;
	}
	if (errno == EINTR || errno == EAGAIN) {
		counter_add(&cpu->stats.exits_interrupted, 1);
		return false;
	}
	snprintf(text, sizeof(text), "KVM_RUN: %s", strerror(errno));
	fail(cpu, text);
	return false;
}

/*
 * Lets KVM finish an access whose result we have stored, without running the guest: the state is
 * whole only then. An instruction may hold more accesses (a string move, a 16-byte store): KVM
 * brings each as one more exit before it looks at immediate_exit. Their number is bounded, because
 * KVM leaves a repeated instruction after at most 1024 of them.
 */
static void complete_access(struct cpu *cpu)
{
	__atomic_store_n(&cpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	while (cpu->unfinished && enter(cpu))
		;
}

static void tell_first_run(struct cpu *cpu)
{
	struct cpus *cpus = cpu->cpus;

	if (cpu->index != 0 || cpus->first_run_told)
		return;
	cpus->first_run_told = true;
	if (cpus->config.first_run)
		cpus->config.first_run(cpus->config.arg);
}

void cpu_run(struct cpu *cpu)
{
	tell_first_run(cpu);
	while (!atomic_load(&cpu->cpus->park) && !cpu->failed && enter(cpu))
		;
	complete_access(cpu);
}
