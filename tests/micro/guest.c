/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/micro/guest.h"

#include "vmm/core/clock.h"
#include "vmm/kvm/cpus_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define TSS_SIZE      0x68U
#define IO_BITMAP     0x2000U
#define TSS_RSP0      4U
#define TSS_IO_OFFSET 0x66U
#define TSS_LIMIT     (TSS_SIZE + IO_BITMAP)
#define WAIT_NS	      (20 * NS_PER_SEC)

/* code.S: the linked guest code, which begins with its table of entries. */
extern const uint8_t micro_code[];
extern const uint8_t micro_code_end[];

uint64_t micro_now_ns(void)
{
	struct clock host = clock_host();

	return clock_monotonic_ns(&host);
}

const char *micro_unavailable(void)
{
	static char reason[sizeof(((struct err *)0)->text)];
	struct err err = ERR_INIT;
	struct kvm kvm;

	if (kvm_open(&kvm, NULL, &err) < 0) {
		memcpy(reason, err.text, sizeof(reason));
		return reason;
	}
	kvm_close(&kvm);
	return NULL;
}

enum kvm_verdict micro_verdict(void)
{
	struct err err = ERR_INIT;
	struct kvm_probe probe;

	CHECK_OK(kvm_probe(&probe, &err), err);
	return probe.verdict;
}

uint64_t micro_answer(uint64_t offset, unsigned int size)
{
	return 0xf1e2d3c4b5a69788ULL >> (8 * offset) ^ size;
}

static void note_access(struct micro *m, const struct micro_access *access)
{
	unsigned int i = atomic_fetch_add(&m->n_log, 1U);

	if (i < MICRO_LOG)
		m->log[i] = *access;
}

static uint64_t device_read(struct micro *m, uint64_t offset, unsigned int size, bool mmio)
{
	uint64_t n = atomic_fetch_add(mmio ? &m->memory_reads : &m->port_reads, 1U) + 1;

	note_access(m, &(struct micro_access){.offset = offset, .size = size, .mmio = mmio});
	return m->count_reads ? n : micro_answer(offset, size);
}

static void device_write(struct micro *m, uint64_t offset, unsigned int size, uint64_t value,
			 bool mmio)
{
	note_access(m, &(struct micro_access){offset, value, size, true, mmio});
}

static uint64_t port_read(void *owner, uint64_t offset, unsigned int size)
{
	return device_read(owner, offset, size, false);
}

static void port_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	device_write(owner, offset, size, value, false);
}

static uint64_t memory_read(void *owner, uint64_t offset, unsigned int size)
{
	return device_read(owner, offset, size, true);
}

static void memory_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	device_write(owner, offset, size, value, true);
}

static void nothing(void *arg)
{
	(void)arg;
}

static void mark_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct micro *m = owner;
	unsigned int i = atomic_load(&m->marks);

	(void)offset;
	(void)size;
	if (i < MICRO_LOG)
		m->mark[i] = value;
	atomic_store(&m->marks, i + 1); /* one vCPU marks in each test */
	CHECK_EQ(loop_post(m->loop, nothing, NULL), 0);
}

static void block_write(void *owner, uint64_t offset, unsigned int size, uint64_t value)
{
	struct micro *m = owner;

	(void)offset;
	(void)size;
	(void)value;
	atomic_fetch_add(&m->blocked, 1U);
	while (!atomic_load(&m->block_open) && sem_wait(&m->block) < 0)
		; /* interrupted by the kick, as a device that waits for a file would be */
	atomic_fetch_sub(&m->blocked, 1U);
}

static const struct region_ops port_ops = {"micro", BUS_SIZE_ANY, true, port_read, port_write};
static const struct region_ops memory_ops = {"micro", BUS_SIZE_ANY, true, memory_read,
					     memory_write};
static const struct region_ops mark_ops = {"mark", BUS_SIZE_ANY, true, NULL, mark_write};
static const struct region_ops block_ops = {"block", BUS_SIZE_ANY, true, NULL, block_write};

static void on_power(void *owner, enum power_event event, unsigned int value, const char *source)
{
	struct micro *m = owner;

	(void)value;
	atomic_store(&m->power_source, source);
	atomic_fetch_add(&m->power[event], 1U);
	CHECK_EQ(loop_post(m->loop, nothing, NULL), 0);
}

static void on_failure(void *arg, unsigned int index, const char *text)
{
	struct micro *m = arg;

	if (atomic_fetch_add(&m->failures, 1U) == 0)
		snprintf(m->failure, sizeof(m->failure), "vCPU %u: %s", index, text);
}

static void add_device(struct micro *m)
{
	const struct region port[] = {
		{MICRO_PORT, 8, &port_ops, m},
		{MICRO_PORT_MARK, 4, &mark_ops, m},
		{MICRO_PORT_BLOCK, 1, &block_ops, m},
	};
	const struct region memory = {MICRO_MMIO, 0x1000, &memory_ops, m};
	struct err err = ERR_INIT;

	for (size_t i = 0; i < sizeof(port) / sizeof(port[0]); i++)
		CHECK_OK(bus_add(m->pio, &port[i], &err), err);
	CHECK_OK(bus_add(m->mmio, &memory, &err), err);
}

void micro_init(struct micro *m, unsigned int n_cpus)
{
	struct cpus_config config = {.n_cpus = n_cpus, .failed = on_failure, .arg = m};
	struct err err = ERR_INIT;

	memset(m, 0, sizeof(*m));
	CHECK_EQ(sem_init(&m->block, 0, 0), 0);
	CHECK_OK(kvm_open(&m->kvm, NULL, &err), err);
	m->mem = guest_mem_create(MICRO_RAM, false, &err);
	m->loop = loop_create(&err);
	m->vm = m->mem && m->loop ? kvm_vm_create(&m->kvm, m->mem, m->loop, &err) : NULL;
	m->pio = bus_create("port");
	m->mmio = bus_create("MMIO");
	if (!m->vm || !m->loop || !m->pio || !m->mmio)
		tap_fail(__FILE__, __LINE__, "%s", err.text);
	add_device(m);
	config.vm = m->vm;
	config.pio = m->pio;
	config.mmio = m->mmio;
	config.power = (struct power_sink){on_power, m};
	m->cpus = cpus_create(&config, &err);
	if (!m->cpus)
		tap_fail(__FILE__, __LINE__, "%s", err.text);
	CHECK_OK(cpus_start(m->cpus, &err), err);
}

void micro_fini(struct micro *m)
{
	cpus_destroy(m->cpus);
	bus_destroy(m->pio);
	bus_destroy(m->mmio);
	kvm_vm_destroy(m->vm);
	loop_destroy(m->loop);
	kvm_close(&m->kvm);
	guest_mem_destroy(m->mem);
	sem_destroy(&m->block);
}

static void put(const struct micro *m, uint64_t at, const void *data, size_t size)
{
	CHECK_EQ(guest_mem_write(m->mem, at, data, size), 0);
}

static void put64(const struct micro *m, uint64_t at, uint64_t value)
{
	put(m, at, &value, sizeof(value));
}

static void put_page_tables(const struct micro *m)
{
	put64(m, MICRO_PML4, MICRO_PDPT | 7);
	for (uint64_t i = 0; i < 4; i++)
		put64(m, MICRO_PDPT + 8 * i, (MICRO_DIRS + 0x1000 * i) | 7);
	for (uint64_t i = 0; i < 2048; i++)
		put64(m, MICRO_DIRS + 8 * i, i << 21 | 0x87);
}

static void put_segments(const struct micro *m)
{
	const uint16_t bitmap = TSS_SIZE;
	const uint8_t end = 0xff;

	put64(m, MICRO_GDT + MICRO_CS, 0x00af9b000000ffffULL);
	put64(m, MICRO_GDT + MICRO_DS, 0x00cf93000000ffffULL);
	put64(m, MICRO_GDT + (MICRO_UCS & ~3), 0x00affb000000ffffULL);
	put64(m, MICRO_GDT + (MICRO_UDS & ~3), 0x00cff3000000ffffULL);
	for (uint64_t i = 0; i < MICRO_MAX_CPUS; i++) {
		uint64_t tss = MICRO_TSS + MICRO_TSS_AT * i;

		put64(m, MICRO_GDT + MICRO_TR(i),
		      0x0000890000000000ULL | (tss & 0xffffff) << 16 | TSS_LIMIT);
		put64(m, MICRO_GDT + MICRO_TR(i) + 8, 0);
		put64(m, tss + TSS_RSP0, MICRO_STACK + 0x1000 * i - 0x800);
		put(m, tss + TSS_IO_OFFSET, &bitmap, sizeof(bitmap));
		put(m, tss + TSS_SIZE + IO_BITMAP, &end, sizeof(end));
	}
}

static uint64_t entry_address(enum micro_entry entry)
{
	uint64_t address;

	memcpy(&address, micro_code + sizeof(address) * entry, sizeof(address));
	return address;
}

static uint64_t stack_of(unsigned int index)
{
	return MICRO_STACK + 0x1000 * (uint64_t)index - 8;
}

void micro_boot(struct micro *m, enum micro_entry entry)
{
	struct cpu_start start = {
		.mode = CPU_START_LONG,
		.rip = entry_address(entry),
		.rsp = stack_of(0),
		.cr3 = MICRO_PML4,
		.gdt_base = MICRO_GDT,
		.gdt_limit = MICRO_TR(MICRO_MAX_CPUS) - 1,
	};
	struct err err = ERR_INIT;

	guest_mem_discard(m->mem);
	put_page_tables(m);
	put_segments(m);
	put(m, MICRO_CODE, micro_code, (size_t)(micro_code_end - micro_code));
	CHECK_OK(cpus_reset(m->cpus, &start, &err), err);
}

void micro_place(struct micro *m, unsigned int index, enum micro_entry entry)
{
	int first = m->cpus->cpu[0].fd;
	int fd = m->cpus->cpu[index].fd;
	struct kvm_mp_state mp = {.mp_state = KVM_MP_STATE_RUNNABLE};
	struct kvm_regs regs = {
		.rip = entry_address(entry), .rsp = stack_of(index), .rsi = index, .rflags = 2};
	struct kvm_sregs from, sregs;

	CHECK_EQ(ioctl(first, KVM_GET_SREGS, &from), 0);
	CHECK_EQ(ioctl(fd, KVM_GET_SREGS, &sregs), 0);
	from.apic_base = sregs.apic_base;
	CHECK_EQ(ioctl(fd, KVM_SET_SREGS, &from), 0);
	CHECK_EQ(ioctl(fd, KVM_SET_REGS, &regs), 0);
	CHECK_EQ(ioctl(fd, KVM_SET_MP_STATE, &mp), 0);
}

void micro_go(struct micro *m)
{
	cpus_unpark(m->cpus);
}

void micro_park(struct micro *m)
{
	struct err err = ERR_INIT;

	CHECK_OK(cpus_park(m->cpus, 10000, &err), err);
}

void micro_wait_marks(struct micro *m, unsigned int n)
{
	uint64_t until = micro_now_ns() + WAIT_NS;
	struct err err = ERR_INIT;

	while (atomic_load(&m->marks) < n && micro_now_ns() < until) {
		CHECK_OK(loop_run_once(m->loop, 100, &err), err);
		if (atomic_load(&m->failures))
			tap_fail(__FILE__, __LINE__, "%s", m->failure);
	}
	if (atomic_load(&m->marks) < n)
		tap_fail(__FILE__, __LINE__, "mark %u of %u did not come", atomic_load(&m->marks),
			 n);
}

void micro_loop_for(struct micro *m, unsigned int ms)
{
	uint64_t until = micro_now_ns() + ms * NS_PER_MS;
	struct err err = ERR_INIT;

	while (micro_now_ns() < until)
		CHECK_OK(loop_run_once(m->loop, 1, &err), err);
}

struct micro_box micro_box(const struct micro *m)
{
	struct micro_box box;

	CHECK_EQ(guest_mem_read(m->mem, MICRO_BOX, &box, sizeof(box)), 0);
	return box;
}

void micro_set_argument(const struct micro *m, uint64_t argument)
{
	put64(m, MICRO_BOX + offsetof(struct micro_box, argument), argument);
}

uint64_t micro_exits(const struct micro *m, unsigned int index)
{
	const struct cpu_stats *stats = cpus_stats(m->cpus, index);

	return field_get(stats, &cpu_stats_fields[0], 0) +
	       field_get(stats, &cpu_stats_fields[1], 0);
}
