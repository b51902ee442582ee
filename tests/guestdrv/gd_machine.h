/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUESTDRV_MACHINE_H
#define VISE_GUESTDRV_MACHINE_H

#include "devices/pci/pci.h"
#include "tests/guestdrv/gd_record.h"
#include "virtio/virtio_pci.h"
#include "vmm/core/bus.h"
#include "vmm/core/guest_mem.h"
#include "vmm/core/loop.h"

/*
 * A machine without vCPUs: RAM, the two buses, the PCI bus with its configuration ports, and
 * recorders for interrupts. A test is the vCPU: its accesses take the way of a real exit, through
 * the same `struct bus`, and it runs the event loop itself while it waits.
 *
 * A host that has no memory or no descriptors ends the process with one line: no test can go on
 * then. Everything that a device does wrong is returned instead, for the test to judge.
 *
 * Threads: one thread runs the loop (the test's own); gd_mmio_*() and the accessors of RAM may be
 * called from any.
 */

enum gd_ram {
	GD_RAM_FLAT,   /* 16 MiB at 0 */
	GD_RAM_PC,     /* 16 MiB at 0, 16 MiB at 4 GiB */
	GD_RAM_HOLE,   /* 4 MiB at 0, 2 MiB at 6 MiB, 16 MiB at 4 GiB */
	GD_RAM_JOINED, /* two regions that touch at 1 MiB, 16 MiB together */
};

#define GD_HOLE_START 0x400000ULL /* GD_RAM_HOLE: the first byte that is not RAM */
#define GD_HOLE_END   0x600000ULL
#define GD_JOINT      0x100000ULL /* GD_RAM_JOINED: where the regions touch */
#define GD_HIGH	      0x100000000ULL

#define GD_BAR_WINDOW	  0xe0000000ULL /* where gd_assign() puts BARs */
#define GD_BAR_WINDOW_END 0xefffffffULL
#define GD_PORTS	  0xc000U /* likewise I/O BARs */
#define GD_PORTS_END	  0xcfffU

struct gd_machine_config {
	enum gd_ram ram;
	gpa_t alloc_from;      /* gd_alloc() starts here; 0: at 64 KiB */
	bool doorbells;	       /* offer ioeventfds; else every doorbell comes through the bus */
	bool refuse_doorbells; /* offer them, and refuse each one */
};

#define GD_DEVICES 16U

struct gd_machine {
	struct guest_mem *mem;
	struct loop *loop;
	struct bus *mmio;
	struct bus *pio;
	struct pci_bus *pci;
	struct device *host;
	struct gd_irq irq;
	struct gd_msi msi;
	struct gd_doorbells bells;
	bool with_bells;
	gpa_t next;
	struct virtio_device *devices[GD_DEVICES];
	unsigned int n_devices;
};

/* Ends the process with one line on stderr: the host cannot run this test. */
void gd_die(const char *what, const char *why) __attribute__((noreturn));

/* NULL @config: GD_RAM_FLAT, no doorbells. Never NULL. */
struct gd_machine *gd_machine_create(const struct gd_machine_config *config);

/* Destroys the devices plugged in, then the rest. */
void gd_machine_destroy(struct gd_machine *m);

/* Puts @vd at @devfn with @vectors MSI-X vectors (0: none); it belongs to @m from then on. */
void gd_plug(struct gd_machine *m, struct virtio_device *vd, uint8_t devfn, uint16_t vectors);

/* The same with devfn, mode, event_idx, subsystem and vectors of @wish; the rest is @m's. */
void gd_plug_with(struct gd_machine *m, struct virtio_device *vd,
		  const struct virtio_pci_config *wish);

/* A vCPU's port exit. */
uint32_t gd_port_read(struct gd_machine *m, uint16_t port, unsigned int size);
void gd_port_write(struct gd_machine *m, uint16_t port, unsigned int size, uint32_t value);

/* Plays the firmware: addresses for every BAR, interrupt lines. Decoding stays off. */
void gd_assign(struct gd_machine *m);

/* Platform reset of all devices, as at a warm reset. */
void gd_platform_reset(struct gd_machine *m);

/* Serves events until none is left (at most 10 s): afterwards, nothing that the devices would still
 * do without a new stimulus is outstanding. */
void gd_settle(struct gd_machine *m);

/* Serves events until @done(@arg), for at most 10 s; what it said last. */
bool gd_wait(struct gd_machine *m, bool (*done)(void *arg), void *arg);

/* RAM from a never-ending supply of fresh addresses, zeroed; @align is a power of two. */
gpa_t gd_alloc(struct gd_machine *m, uint64_t len, uint64_t align);

/* RAM as a driver sees it; an address outside RAM is the test's bug and ends the process. */
void gd_read(struct gd_machine *m, gpa_t at, void *buf, size_t len);
void gd_write(struct gd_machine *m, gpa_t at, const void *buf, size_t len);
void gd_fill(struct gd_machine *m, gpa_t at, uint8_t byte, size_t len);
uint8_t gd_ld8(struct gd_machine *m, gpa_t at);
uint16_t gd_ld16(struct gd_machine *m, gpa_t at);
uint32_t gd_ld32(struct gd_machine *m, gpa_t at);
void gd_st16(struct gd_machine *m, gpa_t at, uint16_t value);
void gd_st32(struct gd_machine *m, gpa_t at, uint32_t value);
void gd_st64(struct gd_machine *m, gpa_t at, uint64_t value);

/* True when all @len bytes at @at are @byte. */
bool gd_all(struct gd_machine *m, gpa_t at, uint8_t byte, size_t len);

/* A vCPU's MMIO exit; a write to an attached doorbell signals it instead, as KVM would. */
uint64_t gd_mmio_read(struct gd_machine *m, uint64_t at, unsigned int size);
void gd_mmio_write(struct gd_machine *m, uint64_t at, unsigned int size, uint64_t value);

/* Configuration space by ports CF8h and CFCh; 1, 2 or 4 bytes inside one dword. */
uint32_t gd_cfg_read(struct gd_machine *m, uint8_t devfn, unsigned int offset, unsigned int size);
void gd_cfg_write(struct gd_machine *m, uint8_t devfn, unsigned int offset, unsigned int size,
		  uint32_t value);

/* All 256 bytes of configuration space. */
void gd_cfg_dump(struct gd_machine *m, uint8_t devfn, uint8_t *out);

#endif
