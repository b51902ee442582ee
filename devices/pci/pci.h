/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_DEVICES_PCI_H
#define VISE_DEVICES_PCI_H

#include "devices/pci/pci_regs.h"
#include "vmm/core/bus.h"
#include "vmm/core/device.h"
#include "vmm/core/irq.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * PCI functions on bus 0. A function embeds struct pci_function; its configuration space is 256
 * bytes with a mask that says which bits the guest may write. BARs are mapped on the machine's
 * buses as COMMAND and the BAR registers say.
 *
 * Lock: all of a function is guarded by the lock of its device. The bus has a lock of its own for
 * the shared INTx wires, taken inside the device's.
 */

#define PCI_BARS	 6U
#define PCI_BAR_UNMAPPED UINT64_MAX
#define PCI_DEVFN(s, f)	 ((uint8_t)(((s) << 3) | (f)))
#define PCI_SLOT(devfn)	 ((unsigned int)(devfn) >> 3)
#define PCI_PINS	 4U

struct pci_function;
struct pci_bus;

struct pci_function_ops {
	/* The guest wrote @size bytes at @offset of config space; they are stored already. */
	void (*config_written)(struct pci_function *fn, unsigned int offset, unsigned int size);
	/* COMMAND or a BAR changed: mappings and bus mastering may have. */
	void (*mapping_changed)(struct pci_function *fn);
};

enum pci_bar_kind { PCI_BAR_NONE, PCI_BAR_MEM32, PCI_BAR_MEM64, PCI_BAR_IO };

struct pci_bar {
	enum pci_bar_kind kind;
	uint64_t size; /* power of two */
	const struct region_ops *ops;
	void *owner;
	uint64_t mapped; /* address on the bus, or PCI_BAR_UNMAPPED */
};

struct pci_function {
	const struct pci_function_ops *ops; /* NULL: plain registers */
	struct device *dev;		    /* whose lock guards this function */
	struct pci_bus *bus;
	uint8_t devfn;
	bool intx; /* the function's own cause, before COMMAND's interrupt disable */
	bool wire; /* what it drives */
	uint8_t config[PCI_CONFIG_SIZE];
	uint8_t writable[PCI_CONFIG_SIZE];
	struct pci_bar bars[PCI_BARS];
};

struct pci_identity {
	uint16_t vendor, device;
	uint8_t revision;
	uint8_t class_base, class_sub, class_prog;
	uint16_t subsystem_vendor, subsystem;
	uint8_t interrupt_pin; /* 0 none, 1 INTA# ... */
};

/* Makes a bus whose BARs are mapped on @mmio and @pio. @gsi_lines: one line a GSI number as
 * pci_gsi() gives them, @n_gsi of them, copied. NULL when out of memory. */
struct pci_bus *pci_bus_create(struct bus *mmio, struct bus *pio, const struct irq_line *gsi_lines,
			       unsigned int n_gsi);
void pci_bus_destroy(struct pci_bus *bus);

/* The chipset's fixed routing: GSI (also PIC IRQ) of pin @pin (0 = INTA#) of @slot. */
unsigned int pci_gsi(unsigned int slot, unsigned int pin);

/* Fills identity registers and the usual write masks (COMMAND, interrupt line). */
void pci_function_init(struct pci_function *fn, struct device *dev,
		       const struct pci_function_ops *ops, const struct pci_identity *id);

/* Declares BAR @index (a 64-bit one takes @index + 1 too). Accesses go to @ops with @owner. */
void pci_function_add_bar(struct pci_function *fn, unsigned int index, enum pci_bar_kind kind,
			  uint64_t size, const struct region_ops *ops, void *owner);

/* Appends a capability of @size bytes at @offset (multiple of 4) to the list; its body is the
 * caller's to fill from @offset + 2. */
void pci_function_add_cap(struct pci_function *fn, uint8_t id, unsigned int offset,
			  unsigned int size);

/* Puts the function at @devfn. -EEXIST when the place is taken. Functions 1 to 7 need function 0's
 * multi-function bit, which is set here. */
MUST_CHECK int pci_bus_add(struct pci_bus *bus, struct pci_function *fn, uint8_t devfn,
			   struct err *err);

/* Takes the function off the bus and unmaps it. */
void pci_bus_del(struct pci_function *fn);

/* Gives every memory BAR an address in [@base, @end] and every pin its interrupt line, as firmware
 * would. Decoding stays off. -ENOSPC when the window is too small. */
MUST_CHECK int pci_bus_assign(struct pci_bus *bus, uint64_t base, uint64_t end, struct err *err);

/* The same for the I/O BARs and the ports [@base, @end]; interrupt lines are left alone. */
MUST_CHECK int pci_bus_assign_ports(struct pci_bus *bus, uint16_t base, uint16_t end,
				    struct err *err);

/* Config accesses of 1, 2 or 4 bytes inside one aligned dword, under the function's lock; an empty
 * place reads all ones. */
uint32_t pci_bus_config_read(struct pci_bus *bus, uint8_t devfn, unsigned int offset,
			     unsigned int size);
void pci_bus_config_write(struct pci_bus *bus, uint8_t devfn, unsigned int offset,
			  unsigned int size, uint32_t value);

/* Platform reset: COMMAND cleared, BARs unmapped but kept. Under the device's lock. */
void pci_function_reset(struct pci_function *fn);

/* Sets or clears the function's INTx cause; Status bit 3 shows it and the wire follows unless
 * COMMAND disables it. Under the device's lock. */
void pci_function_set_intx(struct pci_function *fn, bool pending);

static inline bool pci_function_is_master(const struct pci_function *fn)
{
	return fn->config[PCI_COMMAND] & PCI_COMMAND_MASTER;
}

#endif
