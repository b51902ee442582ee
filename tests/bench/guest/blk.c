/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that is nothing but a driver for virtio-blk with a ring of its own, by virtio-mmio or by
 * PCI, whichever it finds: random reads of 4 KiB, first one at a time, then 32. It polls for their
 * completion, so what is measured is the VMM. Marks on the serial port are for
 * tests/bench/stopwatch.c.
 */
#include <stdbool.h>
#include <stdint.h>

#define REQUESTS    20000U /* at depth 1, and twice as many at depth 32 */
#define BLOCK	    4096U
#define BLOCKS_MASK 0x3fffU /* of a disk of 64 MiB */
#define DEPTH_MAX   32U
#define QUEUE_SIZE  128U

#define COM1	 0x3f8
#define LSR	 (COM1 + 5)
#define LSR_THRE 0x20

#define F_EVENT_IDX	   (1U << 29)
#define NO_INTERRUPTS_SOON 0x4000U /* used_event so far ahead that nothing reaches it */

#define STATUS_RUNNING 15 /* ACKNOWLEDGE, DRIVER, FEATURES_OK, DRIVER_OK */
#define STATUS_CHOSEN  11

/* PCI: common configuration at 0 of BAR 0, as in contract v1; virtio 1.2, section 4.1.4.3 */
#define PCI_COMMON 0x0000
#define PCI_NOTIFY 0x1000
#define PCI_BLK	   0x10421af4U
#define PCI_BAR	   0xe0000000U /* where BAR 0 goes when it lies out of reach */

/* MMIO: where QEMU's microvm has it; virtio 1.2, section 4.2.2 */
#define MMIO_BASE  0xfeb00000U
#define MMIO_STEP  0x200U
#define MMIO_COUNT 32U
#define MMIO_MAGIC 0x74726976U

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

static struct desc desc[QUEUE_SIZE] __attribute__((aligned(4096)));
static struct {
	uint16_t flags, idx, ring[QUEUE_SIZE], used_event;
} avail __attribute__((aligned(4096)));
static struct {
	uint16_t flags, idx;
	struct {
		uint32_t id, len;
	} ring[QUEUE_SIZE];
	uint16_t avail_event;
} used __attribute__((aligned(4096)));

static struct {
	uint32_t type, reserved;
	uint64_t sector;
} header[DEPTH_MAX];
static uint8_t status[DEPTH_MAX];
static uint8_t data[DEPTH_MAX][BLOCK] __attribute__((aligned(4096)));
static uintptr_t doorbell;
static bool doorbell_is_wide;
static bool event_idx; /* negotiated */
static uint16_t avail_idx, used_idx;
static uint32_t random = 2463534242U;

/* NOLINTBEGIN(bugprone-macro-parentheses): a type has none */
#define RD(type, at)	    (*(volatile type *)(uintptr_t)(at))
#define WR(type, at, value) (*(volatile type *)(uintptr_t)(at) = (type)(value))
/* NOLINTEND(bugprone-macro-parentheses) */

static void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

static uint8_t in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static uint32_t pci(uint32_t slot, uint32_t reg)
{
	uint32_t value;

	__asm__ volatile("outl %0, %w1" ::"a"(0x80000000U | slot << 11 | reg), "d"(0xcf8));
	__asm__ volatile("inl %w1, %0" : "=a"(value) : "d"(0xcfc));
	return value;
}

static void pci_write(uint32_t slot, uint32_t reg, uint32_t value)
{
	(void)pci(slot, reg);
	__asm__ volatile("outl %0, %w1" ::"a"(value), "d"(0xcfc));
}

static void say(const char *text)
{
	for (; *text; text++) {
		while (!(in8(LSR) & LSR_THRE))
			continue;
		out8(COM1, (uint8_t)*text);
	}
}

static void say_number(uint32_t n)
{
	char digits[12];
	char *at = digits + sizeof(digits) - 1;

	*at = '\0';
	do
		*--at = (char)('0' + n % 10);
	while (n /= 10);
	say(at);
}

static void __attribute__((noreturn)) stop(const char *text)
{
	say(text);
	for (;;)
		__asm__ volatile("pause");
}

static bool set_up_pci(void)
{
	uint32_t slot = 0;
	uintptr_t common;

	while (slot < 32 && pci(slot, 0) != PCI_BLK)
		slot++;
	if (slot == 32)
		return false;
	if ((pci(slot, 0x10) & ~0xfU) == 0 || pci(slot, 0x14) != 0) {
		pci_write(slot, 0x10, PCI_BAR);
		pci_write(slot, 0x14, 0);
	}
	pci_write(slot, 0x04, 6); /* memory, bus master */
	common = (pci(slot, 0x10) & ~0xfU) + PCI_COMMON;
	WR(uint8_t, common + 0x14, 0);
	WR(uint8_t, common + 0x14, 3);
	WR(uint32_t, common + 0x00, 0);
	event_idx = RD(uint32_t, common + 0x04) & F_EVENT_IDX;
	WR(uint32_t, common + 0x08, 0);
	WR(uint32_t, common + 0x0c, event_idx ? F_EVENT_IDX : 0);
	WR(uint32_t, common + 0x08, 1);
	WR(uint32_t, common + 0x0c, 1); /* VERSION_1 */
	WR(uint8_t, common + 0x14, STATUS_CHOSEN);
	WR(uint16_t, common + 0x16, 0);
	WR(uint16_t, common + 0x18, QUEUE_SIZE);
	WR(uint64_t, common + 0x20, (uintptr_t)desc);
	WR(uint64_t, common + 0x28, (uintptr_t)&avail);
	WR(uint64_t, common + 0x30, (uintptr_t)&used);
	WR(uint16_t, common + 0x1c, 1);
	WR(uint8_t, common + 0x14, STATUS_RUNNING);
	doorbell = common + PCI_NOTIFY;
	return true;
}

static bool set_up_mmio(void)
{
	uintptr_t base = MMIO_BASE;
	uint32_t n = 0;

	while (n < MMIO_COUNT && !(RD(uint32_t, base) == MMIO_MAGIC &&
				   RD(uint32_t, base + 4) == 2 && RD(uint32_t, base + 8) == 2)) {
		base += MMIO_STEP;
		n++;
	}
	if (n == MMIO_COUNT)
		return false;
	WR(uint32_t, base + 0x70, 0);
	WR(uint32_t, base + 0x70, 3);
	WR(uint32_t, base + 0x14, 0);
	event_idx = RD(uint32_t, base + 0x10) & F_EVENT_IDX;
	WR(uint32_t, base + 0x24, 0);
	WR(uint32_t, base + 0x20, event_idx ? F_EVENT_IDX : 0);
	WR(uint32_t, base + 0x24, 1);
	WR(uint32_t, base + 0x20, 1); /* VERSION_1 */
	WR(uint32_t, base + 0x70, STATUS_CHOSEN);
	WR(uint32_t, base + 0x30, 0);
	WR(uint32_t, base + 0x38, QUEUE_SIZE);
	WR(uint32_t, base + 0x80, (uintptr_t)desc);
	WR(uint32_t, base + 0x84, 0);
	WR(uint32_t, base + 0x90, (uintptr_t)&avail);
	WR(uint32_t, base + 0x94, 0);
	WR(uint32_t, base + 0xa0, (uintptr_t)&used);
	WR(uint32_t, base + 0xa4, 0);
	WR(uint32_t, base + 0x44, 1);
	WR(uint32_t, base + 0x70, STATUS_RUNNING);
	doorbell = base + 0x50;
	doorbell_is_wide = true;
	return true;
}

/* Descriptors 3s, 3s+1 and 3s+2 are those of slot s, for ever. */
static void set_up_slots(void)
{
	for (uint32_t s = 0; s < DEPTH_MAX; s++) {
		struct desc *d = &desc[3 * s];

		d[0] = (struct desc){(uintptr_t)&header[s], 16, 1, (uint16_t)(3 * s + 1)};
		d[1] = (struct desc){(uintptr_t)data[s], BLOCK, 3, (uint16_t)(3 * s + 2)};
		d[2] = (struct desc){(uintptr_t)&status[s], 1, 2, 0};
	}
	avail.flags = 1; /* no interrupts */
}

static void submit(uint32_t slot)
{
	random ^= random << 13;
	random ^= random >> 17;
	random ^= random << 5;
	header[slot].sector = (uint64_t)(random & BLOCKS_MASK) * (BLOCK / 512);
	status[slot] = 0xff;
	avail.ring[avail_idx++ % QUEUE_SIZE] = (uint16_t)(3 * slot);
}

/* Whether the device wants to be notified, now that avail.idx went on from @old; virtio 1.2, 2.7.10
 */
static bool notification_wanted(uint16_t old)
{
	uint16_t event;

	if (!event_idx)
		return !(RD(uint16_t, &used.flags) & 1);
	event = RD(uint16_t, &used.avail_event);
	return (uint16_t)(avail_idx - event - 1) < (uint16_t)(avail_idx - old);
}

/* Publishes what was submitted. The device may have asked for no notifications for now. */
static void kick(void)
{
	uint16_t old = avail.idx;

	avail.used_event = (uint16_t)(used_idx + NO_INTERRUPTS_SOON);
	__asm__ volatile("" ::: "memory");
	WR(uint16_t, &avail.idx, avail_idx);
	__asm__ volatile("mfence" ::: "memory");
	if (!notification_wanted(old))
		return;
	if (doorbell_is_wide)
		WR(uint32_t, doorbell, 0);
	else
		WR(uint16_t, doorbell, 0);
}

static void load(uint32_t depth, uint32_t requests)
{
	uint32_t sent = 0, done = 0;

	say("BENCH begin qd");
	say_number(depth);
	say("\r\n");
	while (sent < depth)
		submit(sent++);
	kick();
	while (done < requests) {
		uint16_t idx = RD(uint16_t, &used.idx);
		uint16_t before = avail_idx;

		if (idx == used_idx)
			__asm__ volatile("pause");
		for (; used_idx != idx; used_idx++, done++) {
			uint32_t slot = used.ring[used_idx % QUEUE_SIZE].id / 3;

			if (slot >= DEPTH_MAX || status[slot] != 0)
				stop("BENCH failed\r\n");
			if (sent < requests) {
				submit(slot);
				sent++;
			}
		}
		if (avail_idx != before)
			kick();
	}
	say("BENCH end qd");
	say_number(depth);
	say(" ");
	say_number(requests);
	say("\r\n");
}

void run(void);
void run(void)
{
	/* The serial port comes up for whoever finds it so. */
	out8(COM1 + 1, 0);
	if (!set_up_pci() && !set_up_mmio())
		stop("BENCH failed: no disk\r\n");
	set_up_slots();
	load(1, REQUESTS);
	load(32, 2 * REQUESTS);
	stop("BENCH done\r\n");
}
