/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/micro/code/cpu.h"

/* Power-on state: shows it, spoils it, shows it again and faults away; wakes further CPUs. */

#define MSR_APIC_BASE	   0x1b
#define MSR_SYSENTER_CS	   0x174
#define MSR_SYSENTER_EIP   0x176
#define MSR_PAT		   0x277
#define MSR_EFER	   0xc0000080
#define MSR_STAR	   0xc0000081
#define MSR_LSTAR	   0xc0000082
#define MSR_FS_BASE	   0xc0000100
#define MSR_GS_BASE	   0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102

#define LAPIC_TPR  0x80
#define LAPIC_LVT0 0x350
#define LAPIC_ICR  0x300
#define CR4_TSD	   4UL

#define GET(reg)                                                                                   \
	({                                                                                         \
		uint64_t v_;                                                                       \
		__asm__ volatile("mov %%" #reg ", %0" : "=r"(v_));                                 \
		v_;                                                                                \
	})
#define SET(reg, value) __asm__ volatile("mov %0, %%" #reg ::"r"((uint64_t)(value)))

static const uint32_t shown_msrs[] = {
	MSR_APIC_BASE, MSR_SYSENTER_CS, MSR_SYSENTER_EIP, MSR_PAT,     MSR_EFER,
	MSR_STAR,      MSR_LSTAR,	MSR_FS_BASE,	  MSR_GS_BASE, MSR_KERNEL_GS_BASE,
};

static void show(uint64_t value)
{
	WRITE(uint64_t, MICRO_MMIO, value);
}

static void show_all(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) idt;
	uint64_t flags;

	__asm__ volatile("pushfq\n\tpopq %0" : "=r"(flags));
	__asm__ volatile("sidt %0" : "=m"(idt));
	show(flags & ~0x8d5UL); /* less what arithmetic sets */
	show(idt.base << 16 | idt.limit);
	show(GET(cr0));
	show(GET(cr2));
	show(GET(cr3));
	show(GET(cr4));
	show(GET(cr8));
	show(GET(dr0));
	show(GET(dr7));
	for (unsigned int i = 0; i < sizeof(shown_msrs) / sizeof(shown_msrs[0]); i++)
		show(read_msr(shown_msrs[i]));
	show(READ(uint32_t, LAPIC + LAPIC_SVR));
	show(READ(uint32_t, LAPIC + LAPIC_TPR));
	show(READ(uint32_t, LAPIC + LAPIC_LVT0));
}

static void spoil_all(uint64_t cpu)
{
	set_up_cpu(cpu);
	SET(cr2, 0x1234);
	SET(cr4, GET(cr4) | CR4_TSD);
	SET(dr0, 0x5678);
	SET(dr7, 0x700);
	write_msr(MSR_SYSENTER_CS, 0x77);
	write_msr(MSR_SYSENTER_EIP, 0x1111);
	write_msr(MSR_PAT, 0x0606060606060606);
	write_msr(MSR_STAR, 0x2222);
	write_msr(MSR_LSTAR, 0x3333);
	write_msr(MSR_FS_BASE, 0x4444);
	write_msr(MSR_GS_BASE, 0x5555);
	write_msr(MSR_KERNEL_GS_BASE, 0x6666);
	lapic_enable();
	WRITE(uint32_t, LAPIC + LAPIC_TPR, 0x20);
	WRITE(uint32_t, LAPIC + LAPIC_LVT0, 0x10033);
	interrupts_on();
}

__attribute__((noreturn)) static void triple_fault(void)
{
	const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) none = {0, 0};

	__asm__ volatile("lidt %0\n\tud2" ::"m"(none));
	__builtin_unreachable();
}

void entry_state(uint64_t unused, uint64_t cpu)
{
	(void)unused;
	show_all();
	mark(1);
	spoil_all(cpu);
	show_all();
	triple_fault();
}

void entry_triple_fault(uint64_t unused, uint64_t cpu)
{
	(void)unused;
	(void)cpu;
	triple_fault();
}

/* Real mode, CS = MICRO_AP / 16: count and sleep. */
__asm__(".section .rodata\n"
	"ap_code:\n\t"
	".code16\n\t"
	"cli\n\t"
	"lock incw %cs:0xf00\n"
	"1:\thlt\n\t"
	"jmp 1b\n\t"
	".code64\n"
	"ap_code_end:\n\t"
	".text\n");
extern const uint8_t ap_code[], ap_code_end[];

void entry_wake_aps(uint64_t unused, uint64_t cpu)
{
	uint64_t others = box()->argument;
	uint64_t size = (uint64_t)(ap_code_end - ap_code);

	(void)unused;
	set_up_cpu(cpu);
	for (uint64_t i = 0; i < size; i++)
		WRITE(uint8_t, MICRO_AP + i, ap_code[i]);
	lapic_enable();
	WRITE(uint32_t, LAPIC + LAPIC_ICR, 0xc4500); /* INIT, to all but this one */
	WRITE(uint32_t, LAPIC + LAPIC_ICR, 0xc4600 | MICRO_AP >> 12);
	WRITE(uint32_t, LAPIC + LAPIC_ICR, 0xc4600 | MICRO_AP >> 12);
	while (READ(uint16_t, MICRO_AP_COUNT) < others)
		__asm__ volatile("pause");
	mark(1);
	halt();
}
