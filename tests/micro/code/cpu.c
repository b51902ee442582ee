/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/micro/code/cpu.h"

#define GATE_INTERRUPT 0x8e00UL
#define RFLAGS_USER    0x202UL /* interrupts on */

/* The host finds the entries here: this table begins the image. */
__attribute__((section(".entries"), used)) static void (*const entries[])(uint64_t, uint64_t) = {
	[MICRO_ENTRY_PIO] = entry_pio,
	[MICRO_ENTRY_MMIO] = entry_mmio,
	[MICRO_ENTRY_MSI] = entry_msi,
	[MICRO_ENTRY_BLK_POLL] = entry_blk_poll,
	[MICRO_ENTRY_BLK_MSIX] = entry_blk_msix,
	[MICRO_ENTRY_BLK_INTX] = entry_blk_intx,
	[MICRO_ENTRY_SPIN] = entry_spin,
	[MICRO_ENTRY_PIO_FLOOD] = entry_pio_flood,
	[MICRO_ENTRY_MMIO_FLOOD] = entry_mmio_flood,
	[MICRO_ENTRY_HALT] = entry_halt,
	[MICRO_ENTRY_BLOCK] = entry_block,
	[MICRO_ENTRY_WAKE_APS] = entry_wake_aps,
	[MICRO_ENTRY_STATE] = entry_state,
	[MICRO_ENTRY_TRIPLE_FAULT] = entry_triple_fault,
};

_Static_assert(sizeof(entries) / sizeof(entries[0]) == MICRO_N_ENTRIES, "a function each");

struct table_register {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

void set_up_cpu(uint64_t cpu)
{
	struct table_register idt = {0xfff, MICRO_IDT};

	__asm__ volatile("lidt %0" ::"m"(idt));
	__asm__ volatile("ltr %w0" ::"r"(MICRO_TR(cpu)));
}

void set_gate(unsigned int vector, void (*handler)(struct interrupt_frame *))
{
	uint64_t at = MICRO_IDT + 16UL * vector;
	uint64_t offset = (uint64_t)handler;

	WRITE(uint64_t, at,
	      (offset & 0xffff) | MICRO_CS << 16 | GATE_INTERRUPT << 32 |
		      (offset >> 16 & 0xffff) << 48);
	WRITE(uint64_t, at + 8, offset >> 32);
}

void enter_user(void (*fn)(uint64_t cpu), uint64_t cpu)
{
	uint64_t stack = MICRO_STACK + 0x1000 * cpu - 0xc00 - 8;

	__asm__ volatile(
		"pushq %[ss]\n\t"
		"pushq %[rsp]\n\t"
		"pushq %[flags]\n\t"
		"pushq %[cs]\n\t"
		"pushq %[rip]\n\t"
		"iretq" ::[ss] "i"(MICRO_UDS),
		[rsp] "r"(stack), [flags] "i"(RFLAGS_USER), [cs] "i"(MICRO_UCS), [rip] "r"(fn),
		"D"(cpu)
		: "memory");
	__builtin_unreachable();
}

void lapic_enable(void)
{
	WRITE(uint32_t, LAPIC + LAPIC_SVR, 0x1ff);
}
