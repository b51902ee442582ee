/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/micro/code/cpu.h"

/* Port and memory accesses of every width; what was read goes to the box in this order. */

void entry_pio(uint64_t unused, uint64_t cpu)
{
	static const uint8_t text[] = {'V', 'i', 's', 'e', '!'};
	const uint8_t *from = text;
	uint64_t count = sizeof(text);
	uint8_t got[4];
	uint8_t *to = got;
	uint64_t want = sizeof(got);

	(void)unused;
	(void)cpu;
	out8(MICRO_PORT, 0x12);
	out16(MICRO_PORT + 2, 0x3456);
	out32(MICRO_PORT + 4, 0x789abcde);
	out16(MICRO_PORT + 1, 0x55aa); /* not aligned */
	box()->value[0] = in8(MICRO_PORT + 1);
	box()->value[1] = in16(MICRO_PORT + 2);
	box()->value[2] = in32(MICRO_PORT + 4);
	/* The upper bits of the register stay on narrow reads. */
	__asm__ volatile("mov $-1, %%rax\n\tinb %%dx, %%al"
			 : "=a"(box()->value[3])
			 : "d"(MICRO_PORT));
	box()->value[4] = in8(MICRO_PORT_NONE);
	box()->value[5] = in16(MICRO_PORT_NONE);
	box()->value[6] = in32(MICRO_PORT_NONE);
	__asm__ volatile("rep outsb" : "+S"(from), "+c"(count) : "d"(MICRO_PORT) : "memory");
	__asm__ volatile("rep insb" : "+D"(to), "+c"(want) : "d"(MICRO_PORT + 3) : "memory");
	for (unsigned int i = 0; i < sizeof(got); i++)
		box()->value[7] |= (uint64_t)got[i] << 8 * i;
	mark(1);
	halt();
}

void entry_mmio(uint64_t unused, uint64_t cpu)
{
	(void)unused;
	(void)cpu;
	WRITE(uint8_t, MICRO_MMIO + 1, 0x12);
	WRITE(uint16_t, MICRO_MMIO + 2, 0x3456);
	WRITE(uint32_t, MICRO_MMIO + 4, 0x789abcde);
	WRITE(uint64_t, MICRO_MMIO + 8, 0x1122334455667788);
	box()->value[0] = READ(uint8_t, MICRO_MMIO + 3);
	box()->value[1] = READ(uint16_t, MICRO_MMIO + 2);
	box()->value[2] = READ(uint32_t, MICRO_MMIO + 4);
	box()->value[3] = READ(uint64_t, MICRO_MMIO);
	box()->value[4] = READ(uint8_t, MICRO_MMIO_NONE);
	box()->value[5] = READ(uint16_t, MICRO_MMIO_NONE);
	box()->value[6] = READ(uint32_t, MICRO_MMIO_NONE);
	box()->value[7] = READ(uint64_t, MICRO_MMIO_NONE);
	WRITE(uint32_t, MICRO_MMIO_NONE, 1);
	mark(1);
	halt();
}
