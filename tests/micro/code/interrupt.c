/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/micro/code/cpu.h"

/* Waits in ring 3 for messages and counts them. */

__attribute__((interrupt)) static void on_message(struct interrupt_frame *frame)
{
	(void)frame;
	box()->interrupts++;
	lapic_eoi();
}

static void wait(uint64_t cpu)
{
	(void)cpu;
	mark(1);
	for (;;)
		__asm__ volatile("pause");
}

void entry_msi(uint64_t unused, uint64_t cpu)
{
	(void)unused;
	set_up_cpu(cpu);
	set_gate(MICRO_VECTOR, on_message);
	lapic_enable();
	enter_user(wait, cpu);
}
