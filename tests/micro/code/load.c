/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/micro/code/cpu.h"

/* Loads for the rendezvous. Each counts what it does in the box. */

static void spin(uint64_t cpu)
{
	volatile uint64_t *counter = &box()->counter[cpu][0];

	for (;;)
		*counter += 1;
}

/*
 * EAX holds what the last read gave, and nothing else changes it: once the device has answered n
 * times, a parked vCPU has n in EAX, or its access was not finished.
 */
static void pio_flood(uint64_t cpu)
{
	(void)cpu;
	__asm__ volatile("1: inl %%dx, %%eax\n\t"
			 "jmp 1b" ::"a"(0),
			 "d"(MICRO_PORT));
}

static void mmio_flood(uint64_t cpu)
{
	(void)cpu;
	__asm__ volatile("1: movl (%%rdx), %%eax\n\t"
			 "jmp 1b" ::"a"(0),
			 "d"((uint64_t)MICRO_MMIO)
			 : "memory");
}

void entry_spin(uint64_t unused, uint64_t cpu)
{
	(void)unused;
	set_up_cpu(cpu);
	enter_user(spin, cpu);
}

void entry_pio_flood(uint64_t unused, uint64_t cpu)
{
	(void)unused;
	set_up_cpu(cpu);
	enter_user(pio_flood, cpu);
}

void entry_mmio_flood(uint64_t unused, uint64_t cpu)
{
	(void)unused;
	set_up_cpu(cpu);
	enter_user(mmio_flood, cpu);
}

void entry_halt(uint64_t unused, uint64_t cpu)
{
	(void)unused;
	box()->counter[cpu][0] = 1;
	halt();
}

void entry_block(uint64_t unused, uint64_t cpu)
{
	(void)unused;
	for (;;) {
		out8(MICRO_PORT_BLOCK, 1);
		box()->counter[cpu][0]++;
	}
}
