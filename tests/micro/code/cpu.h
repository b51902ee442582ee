/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_TESTS_MICRO_CODE_CPU_H
#define VISE_TESTS_MICRO_CODE_CPU_H

#include "tests/micro/box.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Guest side: the few instructions that C does not have. Freestanding, general registers only, so
 * that a host which emulates ring 0 can run it.
 *
 * An entry is `void f(uint64_t unused, uint64_t cpu)`, in ring 0, interrupts off, no IDT.
 */

static inline struct micro_box *box(void)
{
	return (struct micro_box *)MICRO_BOX;
}

static inline void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port) : "memory");
}

static inline void out16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" ::"a"(value), "Nd"(port) : "memory");
}

static inline void out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port) : "memory");
}

static inline uint8_t in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline uint16_t in16(uint16_t port)
{
	uint16_t value;

	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline uint32_t in32(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

/* One access of the named width, by a plain mov. */
#define READ(type, address)	    (*(volatile type *)(uintptr_t)(address))
#define WRITE(type, address, value) (*(volatile type *)(uintptr_t)(address) = (type)(value))

static inline uint64_t read_msr(uint32_t index)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index));
	return (uint64_t)high << 32 | low;
}

static inline void write_msr(uint32_t index, uint64_t value)
{
	__asm__ volatile("wrmsr" ::"a"((uint32_t)value), "d"((uint32_t)(value >> 32)), "c"(index));
}

static inline void interrupts_on(void)
{
	__asm__ volatile("sti" ::: "memory");
}

/* Tells the test that this point is reached. */
static inline void mark(uint32_t value)
{
	out32(MICRO_PORT_MARK, value);
}

/* Sleeps for ever; interrupts stay as they are. */
__attribute__((noreturn)) static inline void halt(void)
{
	for (;;)
		__asm__ volatile("hlt" ::: "memory");
}

/* Loads task register and IDT (empty until set_gate()). */
void set_up_cpu(uint64_t cpu);

/* Ring 3 goes on in @fn(@cpu), with all ports allowed by the TSS. After set_up_cpu(). */
__attribute__((noreturn)) void enter_user(void (*fn)(uint64_t cpu), uint64_t cpu);

struct interrupt_frame;
void set_gate(unsigned int vector, void (*handler)(struct interrupt_frame *));

#define LAPIC	  0xfee00000UL
#define LAPIC_EOI 0xb0
#define LAPIC_SVR 0xf0

/* Switches the local APIC on. */
void lapic_enable(void);

static inline void lapic_eoi(void)
{
	WRITE(uint32_t, LAPIC + LAPIC_EOI, 0);
}

/* The entries, by file. */
void entry_pio(uint64_t unused, uint64_t cpu);
void entry_mmio(uint64_t unused, uint64_t cpu);
void entry_msi(uint64_t unused, uint64_t cpu);
void entry_blk_poll(uint64_t unused, uint64_t cpu);
void entry_blk_msix(uint64_t unused, uint64_t cpu);
void entry_blk_intx(uint64_t unused, uint64_t cpu);
void entry_spin(uint64_t unused, uint64_t cpu);
void entry_pio_flood(uint64_t unused, uint64_t cpu);
void entry_mmio_flood(uint64_t unused, uint64_t cpu);
void entry_halt(uint64_t unused, uint64_t cpu);
void entry_block(uint64_t unused, uint64_t cpu);
void entry_wake_aps(uint64_t unused, uint64_t cpu);
void entry_state(uint64_t unused, uint64_t cpu);
void entry_triple_fault(uint64_t unused, uint64_t cpu);

#endif
