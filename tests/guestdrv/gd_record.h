/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUESTDRV_RECORD_H
#define VISE_GUESTDRV_RECORD_H

#include "vmm/core/irq.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What stands where KVM stands in a running machine: interrupt wires, message-signalled interrupts
 * and doorbells, each of which remembers what the devices did to it. All may be called from any
 * thread.
 */

#define GD_GSIS	     24U
#define GD_ROUTES    256
#define GD_MESSAGES  1024U
#define GD_DOORBELLS 64U

/* Called when a wire rises or a message is sent, from inside the device: it sees guest memory as a
 * guest's handler would at the earliest. It must not enter a device. */
typedef void (*gd_hook)(void *arg);

struct gd_irq {
	struct {
		atomic_bool level;
		atomic_uint rises, falls;
		atomic_uint
			repeats; /* set() to the level it had: harmless, but not a device's way */
	} gsi[GD_GSIS];
	gd_hook hook;
	void *hook_arg;
};

/* The wire of GSI @gsi, driven into @irq. */
struct irq_line gd_irq_line(struct gd_irq *irq, unsigned int gsi);

struct gd_message {
	uint64_t address;
	uint32_t data;
};

struct gd_msi {
	pthread_mutex_t lock;
	int opened, closed; /* routes, ever */
	struct gd_message routes[GD_ROUTES];
	unsigned int sent;		    /* messages, ever */
	struct gd_message log[GD_MESSAGES]; /* the last ones; slot is number modulo size */
	bool refuse;			    /* open() fails, as on a host without routes left */
	gd_hook hook;
	void *hook_arg;
};

void gd_msi_init(struct gd_msi *msi);
void gd_msi_fini(struct gd_msi *msi);
struct msi_sink gd_msi_sink(struct gd_msi *msi);

/* Messages sent since gd_msi_init(). */
unsigned int gd_msi_sent(struct gd_msi *msi);

/* Messages among the last GD_MESSAGES with this @data. */
unsigned int gd_msi_sent_with(struct gd_msi *msi, uint32_t data);

/* Message number @i (0 is the first ever), which must be among the last GD_MESSAGES. */
struct gd_message gd_msi_at(struct gd_msi *msi, unsigned int i);

struct gd_doorbells {
	pthread_mutex_t lock;
	struct {
		uint64_t gpa;
		int fd;
	} at[GD_DOORBELLS];
	unsigned int n;			 /* attached now */
	unsigned int attached, detached; /* ever */
	unsigned int bad_detach;	 /* detach of what was not attached: a device's bug */
	bool refuse;			 /* attach fails: the device must serve the bus write */
};

void gd_doorbells_init(struct gd_doorbells *bells);
void gd_doorbells_fini(struct gd_doorbells *bells);
struct doorbell gd_doorbell(struct gd_doorbells *bells);

/* A guest write at @gpa: signals the eventfd that is attached there, if any, and says so. */
bool gd_doorbell_ring(struct gd_doorbells *bells, uint64_t gpa);

#endif
