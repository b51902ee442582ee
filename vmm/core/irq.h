/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_CORE_IRQ_H
#define VISE_CORE_IRQ_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How devices interrupt. Three small interfaces, given to a device at creation; KVM implements them
 * in a running machine, a recorder implements them in tests. All may be called from any thread and
 * none calls back into a device.
 */

/* One wire. Level-triggered users keep it set until served; edge users call irq_line_pulse(). */
struct irq_line {
	void (*set)(void *owner, unsigned int number, bool level); /* NULL: not connected */
	void *owner;
	unsigned int number; /* GSI, or whatever the owner counts by */
};

static inline void irq_line_set(const struct irq_line *line, bool level)
{
	if (line->set)
		line->set(line->owner, line->number, level);
}

static inline void irq_line_pulse(const struct irq_line *line)
{
	irq_line_set(line, true);
	irq_line_set(line, false);
}

/* Message-signalled interrupts. A route is one (address, data) pair that can be signalled cheaply.
 */
struct msi_ops {
	/* Makes a route; its handle (>= 0) or a negative errno. */
	int (*open)(void *owner);
	/* Gives the route its message. Cheap: the cost is paid by the next signal if it changed. */
	void (*set)(void *owner, int route, uint64_t address, uint32_t data);
	/* Sends the message. */
	void (*signal)(void *owner, int route);
	void (*close)(void *owner, int route);
};

struct msi_sink {
	const struct msi_ops *ops;
	void *owner;
};

/* Doorbells that signal an eventfd without an exit to user space (ioeventfd). */
struct doorbell_ops {
	/* From now on a write of any width to @gpa signals @eventfd. 0 or a negative errno; the
	 * caller then serves the write through the bus. */
	int (*attach)(void *owner, uint64_t gpa, int eventfd);
	void (*detach)(void *owner, uint64_t gpa, int eventfd);
};

struct doorbell {
	const struct doorbell_ops *ops; /* NULL: all writes come through the bus */
	void *owner;
};

#endif
