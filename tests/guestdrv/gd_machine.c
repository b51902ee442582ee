/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/guestdrv/gd_machine.h"

#include "devices/pci/pci_host.h"
#include "vmm/core/clock.h"
#include "vmm/core/le.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB	       0x100000ULL
#define ALLOC_FROM     0x10000ULL
#define PATIENCE_NS    (10 * NS_PER_SEC)
#define CONFIG_ADDRESS 0xcf8U
#define CONFIG_DATA    0xcfcU
#define CONFIG_ENABLE  0x80000000U

struct ram_layout {
	size_t n;
	struct guest_mem_range ranges[GUEST_MEM_REGIONS];
};

/* clang-format off */
static const struct ram_layout layouts[] = {
	[GD_RAM_FLAT]   = {1, {{0, 16 * MIB}}},
	[GD_RAM_PC]     = {2, {{0, 16 * MIB}, {GD_HIGH, 16 * MIB}}},
	[GD_RAM_HOLE]   = {3, {{0, GD_HOLE_START}, {GD_HOLE_END, 2 * MIB}, {GD_HIGH, 16 * MIB}}},
	[GD_RAM_JOINED] = {2, {{0, GD_JOINT}, {GD_JOINT, 16 * MIB - GD_JOINT}}},
};
/* clang-format on */

void gd_die(const char *what, const char *why)
{
	fprintf(stderr, "guestdrv: %s: %s\n", what, why);
	abort();
}

struct gd_machine *gd_machine_create(const struct gd_machine_config *config)
{
	static const struct gd_machine_config plain;
	struct gd_machine *m = calloc(1, sizeof(*m));
	struct irq_line lines[GD_GSIS];
	const struct ram_layout *layout;
	struct err err = ERR_INIT;

	if (!m)
		gd_die("machine", "out of memory");
	if (!config)
		config = &plain;
	layout = &layouts[config->ram];
	gd_msi_init(&m->msi);
	gd_doorbells_init(&m->bells);
	m->with_bells = config->doorbells || config->refuse_doorbells;
	m->bells.refuse = config->refuse_doorbells;
	m->next = config->alloc_from ? config->alloc_from : ALLOC_FROM;
	for (unsigned int i = 0; i < GD_GSIS; i++)
		lines[i] = gd_irq_line(&m->irq, i);
	m->mem = guest_mem_create_ranges(layout->ranges, layout->n, &err);
	m->loop = m->mem ? loop_create(&err) : NULL;
	m->mmio = bus_create("mmio");
	m->pio = bus_create("pio");
	if (m->loop && m->mmio && m->pio)
		m->pci = pci_bus_create(m->mmio, m->pio, lines, GD_GSIS);
	m->host = m->pci ? pci_host_create("pci-host", m->pio, m->pci, &err) : NULL;
	if (!m->host)
		gd_die("machine", err.text);
	return m;
}

void gd_machine_destroy(struct gd_machine *m)
{
	while (m->n_devices > 0)
		device_destroy(&m->devices[--m->n_devices]->dev);
	device_destroy(m->host);
	pci_bus_destroy(m->pci);
	bus_destroy(m->pio);
	bus_destroy(m->mmio);
	loop_destroy(m->loop);
	guest_mem_destroy(m->mem);
	gd_doorbells_fini(&m->bells);
	gd_msi_fini(&m->msi);
	free(m);
}

void gd_plug_with(struct gd_machine *m, struct virtio_device *vd,
		  const struct virtio_pci_config *wish)
{
	struct virtio_pci_config config = *wish;
	struct err err = ERR_INIT;

	config.bus = m->pci;
	config.msi = gd_msi_sink(&m->msi);
	config.loop = m->loop;
	if (m->with_bells)
		config.doorbell = gd_doorbell(&m->bells);
	if (m->n_devices == GD_DEVICES)
		gd_die("plug", "too many devices");
	if (virtio_pci_attach(vd, &config, &err) < 0)
		gd_die("plug", err.text);
	m->devices[m->n_devices++] = vd;
}

void gd_plug(struct gd_machine *m, struct virtio_device *vd, uint8_t devfn, uint16_t vectors)
{
	struct virtio_pci_config wish = {.devfn = devfn, .vectors = vectors};

	gd_plug_with(m, vd, &wish);
}

void gd_assign(struct gd_machine *m)
{
	struct err err = ERR_INIT;

	if (pci_bus_assign(m->pci, GD_BAR_WINDOW, GD_BAR_WINDOW_END, &err) < 0)
		gd_die("assign", err.text);
	if (pci_bus_assign_ports(m->pci, GD_PORTS, GD_PORTS_END, &err) < 0)
		gd_die("assign", err.text);
}

void gd_platform_reset(struct gd_machine *m)
{
	for (unsigned int i = 0; i < m->n_devices; i++)
		device_reset(&m->devices[i]->dev);
	device_reset(m->host);
}

static uint64_t now_ns(void)
{
	struct clock clock = clock_host();

	return clock_monotonic_ns(&clock);
}

static int pump(struct gd_machine *m, int timeout_ms)
{
	struct err err = ERR_INIT;
	int n = loop_run_once(m->loop, timeout_ms, &err);

	if (n < 0)
		gd_die("loop", err.text);
	return n;
}

void gd_settle(struct gd_machine *m)
{
	uint64_t end = now_ns() + PATIENCE_NS;

	while (pump(m, 0) > 0 && now_ns() < end)
		;
}

bool gd_wait(struct gd_machine *m, bool (*done)(void *arg), void *arg)
{
	uint64_t end = now_ns() + PATIENCE_NS;

	while (!done(arg)) {
		if (now_ns() >= end)
			return false;
		pump(m, 10);
	}
	return true;
}

gpa_t gd_alloc(struct gd_machine *m, uint64_t len, uint64_t align)
{
	gpa_t at = (m->next + align - 1) & ~(align - 1);

	if (guest_mem_zero(m->mem, at, len) < 0)
		gd_die("alloc", "no RAM left at this address");
	m->next = at + len;
	return at;
}

void gd_read(struct gd_machine *m, gpa_t at, void *buf, size_t len)
{
	if (guest_mem_read(m->mem, at, buf, len) < 0)
		gd_die("read", "not RAM");
}

void gd_write(struct gd_machine *m, gpa_t at, const void *buf, size_t len)
{
	if (guest_mem_write(m->mem, at, buf, len) < 0)
		gd_die("write", "not RAM");
}

void gd_fill(struct gd_machine *m, gpa_t at, uint8_t byte, size_t len)
{
	uint8_t block[512];

	memset(block, byte, sizeof(block));
	while (len > 0) {
		size_t part = len < sizeof(block) ? len : sizeof(block);

		gd_write(m, at, block, part);
		at += part;
		len -= part;
	}
}

uint8_t gd_ld8(struct gd_machine *m, gpa_t at)
{
	uint8_t v;

	gd_read(m, at, &v, sizeof(v));
	return v;
}

uint16_t gd_ld16(struct gd_machine *m, gpa_t at)
{
	uint8_t v[2];

	/* A driver reads ring words with one load; odd places are only for tests. */
	if (at % 2 == 0) {
		uint16_t word;

		if (guest_mem_load_le16(m->mem, at, &word) < 0)
			gd_die("ld16", "not RAM");
		return word;
	}
	gd_read(m, at, v, sizeof(v));
	return ld_le16(v);
}

uint32_t gd_ld32(struct gd_machine *m, gpa_t at)
{
	uint8_t v[4];

	gd_read(m, at, v, sizeof(v));
	return ld_le32(v);
}

void gd_st16(struct gd_machine *m, gpa_t at, uint16_t value)
{
	uint8_t v[2];

	if (at % 2 == 0) {
		if (guest_mem_store_le16(m->mem, at, value) < 0)
			gd_die("st16", "not RAM");
		return;
	}
	st_le16(v, value);
	gd_write(m, at, v, sizeof(v));
}

void gd_st32(struct gd_machine *m, gpa_t at, uint32_t value)
{
	uint8_t v[4];

	st_le32(v, value);
	gd_write(m, at, v, sizeof(v));
}

void gd_st64(struct gd_machine *m, gpa_t at, uint64_t value)
{
	uint8_t v[8];

	st_le64(v, value);
	gd_write(m, at, v, sizeof(v));
}

bool gd_all(struct gd_machine *m, gpa_t at, uint8_t byte, size_t len)
{
	uint8_t block[512];

	while (len > 0) {
		size_t part = len < sizeof(block) ? len : sizeof(block);

		gd_read(m, at, block, part);
		/* All are as the one before, and the first is as wanted. */
		if (block[0] != byte || memcmp(block, block + 1, part - 1) != 0)
			return false;
		at += part;
		len -= part;
	}
	return true;
}

uint64_t gd_mmio_read(struct gd_machine *m, uint64_t at, unsigned int size)
{
	return bus_read(m->mmio, at, size);
}

void gd_mmio_write(struct gd_machine *m, uint64_t at, unsigned int size, uint64_t value)
{
	if (!gd_doorbell_ring(&m->bells, at))
		bus_write(m->mmio, at, size, value);
}

uint32_t gd_port_read(struct gd_machine *m, uint16_t port, unsigned int size)
{
	return (uint32_t)bus_read(m->pio, port, size);
}

void gd_port_write(struct gd_machine *m, uint16_t port, unsigned int size, uint32_t value)
{
	bus_write(m->pio, port, size, value);
}

static void config_select(struct gd_machine *m, uint8_t devfn, unsigned int offset)
{
	bus_write(m->pio, CONFIG_ADDRESS, 4,
		  CONFIG_ENABLE | (uint32_t)devfn << 8 | (offset & 0xfcU));
}

uint32_t gd_cfg_read(struct gd_machine *m, uint8_t devfn, unsigned int offset, unsigned int size)
{
	config_select(m, devfn, offset);
	return (uint32_t)bus_read(m->pio, CONFIG_DATA + offset % 4, size);
}

void gd_cfg_write(struct gd_machine *m, uint8_t devfn, unsigned int offset, unsigned int size,
		  uint32_t value)
{
	config_select(m, devfn, offset);
	bus_write(m->pio, CONFIG_DATA + offset % 4, size, value);
}

void gd_cfg_dump(struct gd_machine *m, uint8_t devfn, uint8_t *out)
{
	for (unsigned int i = 0; i < PCI_CONFIG_SIZE; i += 4)
		st_le32(out + i, gd_cfg_read(m, devfn, i, 4));
}

/*
 * Guest RAM is raced over by design: a guest may change a buffer while a device copies it, and the
 * devices judge only their copy. The thread sanitizer is told about these copies alone; all that is
 * the VMM's own stays checked.
 */

const char *__tsan_default_suppressions(void);

const char *__tsan_default_suppressions(void)
{
	return "race:^guest_mem_read$\n"
	       "race:^guest_mem_write$\n"
	       "race:^guest_mem_zero$\n";
}
