/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_IRQ_H
#define VISE_GUEST_INIT_SELFTEST_IRQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest-init/selftest/device.h"
#include "guest-init/selftest/marker.h"

/* How a device interrupts, as Linux sees it: the directory msi_irqs of its PCI function, and
 * /proc/interrupts. */

#define IRQ_MAX 64 /* a queue for each of many CPUs */

struct irq_vector {
	unsigned number; /* Linux's */
	uint64_t count;	 /* of all CPUs */
	char action[96]; /* "virtio1-config", "virtio1-req.0"; several for a shared line */
};

struct irq_info {
	enum irq_mode { IRQ_NONE, IRQ_INTX, IRQ_MSI, IRQ_MSIX } mode;
	size_t messages; /* vectors that were handed out; 0 with INTx */
	/* In the order of the device's table; with INTx the one line. Free ones have no action. */
	struct irq_vector vectors[IRQ_MAX];
	size_t n;
};

/* Reads it for the function of @d. */
void irq_read(const struct device *d, struct irq_info *info);

/* "intx", "msi", "msix" or "none". */
const char *irq_mode_name(enum irq_mode mode);

/* The place in the device's table of the vector whose action is "VIRTIO-SUFFIX" (@suffix such as
 * "config"), or that all queues share ("VIRTIO-virtqueues") when there is no such one and @queue is
 * true; -1 when there is none, and with INTx. */
int irq_vector_of(const struct irq_info *info, const struct device *d, const char *suffix,
		  bool queue);

/* How often the vector of irq_vector_of() has fired; with INTx the line. */
uint64_t irq_count_of(const struct irq_info *info, const struct device *d, const char *suffix,
		      bool queue);

/* How often any vector of the device has fired. */
uint64_t irq_total(const struct irq_info *info);

/* irq_mode, irq_message_count and, when there is none, irq_reason. With @exact "msix" is told from
 * "msi"; the markers of most devices do not. */
void irq_fields(const struct irq_info *info, struct marker *m, bool exact);

/* The line virtio-D-irq|... */
void irq_line(const struct device_kind *kind, const struct irq_info *info, struct marker *m);

/* Finds the row of interrupt @number in a text like /proc/interrupts and adds up its counts. Pure;
 * false when it is not there. */
bool irq_parse_row(const char *text, unsigned number, struct irq_vector *v);

#endif
