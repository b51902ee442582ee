/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/micro/code/cpu.h"

/*
 * A driver for virtio-blk by PCI (virtio 1.2, sections 4.1 and 5.2) that has one request in flight:
 * reads the disk's sectors one after the other, `argument` times, and compares each word with the
 * pattern. Completions are seen by polling, by MSI-X or by INTx. Marks: 1 ready, 2 done.
 */

#define DEV (0x80000000U | MICRO_BLK_SLOT << 11)

#define QUEUE_SIZE 128U
#define DESC	   MICRO_RING
#define AVAIL	   (MICRO_RING + 0x1000)
#define USED	   (MICRO_RING + 0x2000)
#define HEADER	   (MICRO_RING + 0x3000)
#define STATUS	   (MICRO_RING + 0x3100)
#define DATA	   (MICRO_RING + 0x4000)

#define COMMON	     0x0000
#define NOTIFY	     0x1000
#define ISR	     0x2000
#define MSIX_TABLE   0x3100
#define MSIX_CONTROL 0x84
#define NO_VECTOR    0xffffU

#define IOAPIC	     0xfec00000UL
#define IOAPIC_LEVEL (1U << 15)

enum how { BY_POLLING, BY_MSIX, BY_INTX };

static uint32_t config_read(uint32_t reg)
{
	out32(0xcf8, DEV | reg);
	return in32(0xcfc);
}

static void config_write(uint32_t reg, uint32_t value)
{
	out32(0xcf8, DEV | reg);
	out32(0xcfc, value);
}

static uint64_t bar(void)
{
	return config_read(0x10) & ~0xfU;
}

__attribute__((interrupt)) static void on_message(struct interrupt_frame *frame)
{
	(void)frame;
	box()->interrupts++;
	lapic_eoi();
}

/* value[1]: completions seen; value[2]: those that interrupted again because nobody read ISR. */
__attribute__((interrupt)) static void on_line(struct interrupt_frame *frame)
{
	volatile struct micro_box *b = box();
	uint16_t used = READ(uint16_t, USED + 2);

	(void)frame;
	b->interrupts++;
	if (b->value[1] != used)
		b->value[1] = used; /* look away: a level that is held interrupts again */
	else if (READ(uint8_t, b->value[0] + ISR) != 0)
		b->value[2]++;
	else
		b->not_mine++;
	lapic_eoi();
}

static void set_up_interrupt(enum how how, uint64_t base)
{
	uint32_t gsi = config_read(0x3c) & 0xff;

	box()->value[0] = base;
	lapic_enable();
	if (how == BY_MSIX) {
		set_gate(MICRO_VECTOR, on_message);
		config_write(MSIX_CONTROL, config_read(MSIX_CONTROL) | 0x80000000U);
		WRITE(uint32_t, base + MSIX_TABLE + 16, 0xfee00000U);
		WRITE(uint32_t, base + MSIX_TABLE + 20, 0);
		WRITE(uint32_t, base + MSIX_TABLE + 24, MICRO_VECTOR);
		WRITE(uint32_t, base + MSIX_TABLE + 28, 0);
	} else {
		set_gate(MICRO_VECTOR, on_line);
		out8(0x21, 0xff); /* the PICs hang on the same wires */
		out8(0xa1, 0xff);
		WRITE(uint32_t, IOAPIC, 0x11 + 2 * gsi);
		WRITE(uint32_t, IOAPIC + 0x10, 0);
		WRITE(uint32_t, IOAPIC, 0x10 + 2 * gsi);
		WRITE(uint32_t, IOAPIC + 0x10, MICRO_VECTOR | IOAPIC_LEVEL);
	}
}

static void set_up_device(enum how how, uint64_t base)
{
	WRITE(uint8_t, base + 0x14, 0); /* reset */
	WRITE(uint8_t, base + 0x14, 1);
	WRITE(uint8_t, base + 0x14, 3);
	WRITE(uint32_t, base + 0x08, 1);
	WRITE(uint32_t, base + 0x0c, 1); /* VERSION_1 */
	WRITE(uint8_t, base + 0x14, 11);
	if (!(READ(uint8_t, base + 0x14) & 8))
		box()->errors += 1000;
	WRITE(uint16_t, base + 0x16, 0);
	WRITE(uint16_t, base + 0x1a, how == BY_MSIX ? 1U : NO_VECTOR);
	WRITE(uint64_t, base + 0x20, DESC);
	WRITE(uint64_t, base + 0x28, AVAIL);
	WRITE(uint64_t, base + 0x30, USED);
	WRITE(uint16_t, base + 0x1c, 1);
	WRITE(uint8_t, base + 0x14, 15);
	if (how == BY_POLLING)
		WRITE(uint16_t, AVAIL, 1); /* no interrupts */
}

static void put_desc(uint64_t i, uint64_t address, uint32_t length, uint32_t flags_and_next)
{
	WRITE(uint64_t, DESC + 16 * i, address);
	WRITE(uint32_t, DESC + 16 * i + 8, length);
	WRITE(uint32_t, DESC + 16 * i + 12, flags_and_next);
}

static void submit_read(uint64_t base, uint16_t n, uint64_t sector)
{
	WRITE(uint32_t, HEADER, 0);
	WRITE(uint32_t, HEADER + 4, 0);
	WRITE(uint64_t, HEADER + 8, sector);
	WRITE(uint8_t, STATUS, 0xff);
	put_desc(0, HEADER, 16, 1 | 1U << 16); /* goes on in 1 */
	put_desc(1, DATA, 512, 3 | 2U << 16);  /* device writes, goes on in 2 */
	put_desc(2, STATUS, 1, 2);	       /* device writes */
	WRITE(uint16_t, AVAIL + 4 + 2 * (n % QUEUE_SIZE), 0);
	__asm__ volatile("" ::: "memory");
	WRITE(uint16_t, AVAIL + 2, n + 1U);
	__asm__ volatile("mfence" ::: "memory");
	WRITE(uint16_t, base + NOTIFY, 0);
}

static void wait_for(enum how how, uint16_t n)
{
	volatile struct micro_box *b = box();

	while (READ(uint16_t, USED + 2) != (uint16_t)(n + 1))
		__asm__ volatile("pause");
	while (how == BY_MSIX && b->interrupts <= n)
		__asm__ volatile("pause");
	while (how == BY_INTX && b->value[2] <= n)
		__asm__ volatile("pause");
}

static void compare(uint64_t sector)
{
	if (READ(uint8_t, STATUS) != 0)
		box()->errors++;
	for (uint64_t i = 0; i < 64; i++)
		if (READ(uint64_t, DATA + 8 * i) != micro_pattern(sector, i))
			box()->errors++;
}

__attribute__((noreturn)) static void run(enum how how, uint64_t cpu)
{
	uint64_t rounds = box()->argument;
	uint64_t base;

	set_up_cpu(cpu);
	config_write(4, 6); /* memory, bus master */
	base = bar();
	if (how != BY_POLLING)
		set_up_interrupt(how, base);
	set_up_device(how, base);
	mark(1);
	if (how != BY_POLLING)
		interrupts_on();
	for (uint16_t n = 0; n < rounds; n++) {
		submit_read(base, n, n % MICRO_SECTORS);
		wait_for(how, n);
		compare(n % MICRO_SECTORS);
	}
	mark(2);
	halt();
}

void entry_blk_poll(uint64_t unused, uint64_t cpu)
{
	(void)unused;
	run(BY_POLLING, cpu);
}

void entry_blk_msix(uint64_t unused, uint64_t cpu)
{
	(void)unused;
	run(BY_MSIX, cpu);
}

void entry_blk_intx(uint64_t unused, uint64_t cpu)
{
	(void)unused;
	run(BY_INTX, cpu);
}
