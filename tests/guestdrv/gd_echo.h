/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUESTDRV_ECHO_H
#define VISE_GUESTDRV_ECHO_H

#include "tests/guestdrv/gd_queue.h"

/*
 * A virtio device made for tests, behind the real transport: any virtio id, any queues, a config
 * structure the guest may write. It copies what a chain has to read into what it has to write and
 * reports that length. What the contract says of every device can so be shown on several queues of
 * different sizes, and of identities whose devices do more than a transport test wants.
 */

#define GD_ECHO_QUEUES	    8U
#define GD_ECHO_CONFIG_SIZE 24U

struct gd_echo_config {
	const char *id;
	uint16_t virtio_id;
	uint16_t n_queues;
	uint16_t sizes[GD_ECHO_QUEUES];
	uint64_t features; /* besides VERSION_1 and INDIRECT_DESC */
};

/* Makes one on @m's RAM; gd_plug() it. Never NULL. */
struct virtio_device *gd_echo_create(struct gd_machine *m, const struct gd_echo_config *config);

/* Chains served by queue @q; how often serve() was called. */
unsigned int gd_echo_served(const struct virtio_device *vd, uint16_t q);
unsigned int gd_echo_passes(const struct virtio_device *vd);

/* While @idle it takes no chain, as a device whose other side is full; it is served again after. */
void gd_echo_idle(struct virtio_device *vd, bool idle);

/* Changes byte @i of the config structure as the device itself, and tells the guest. */
void gd_echo_config(struct virtio_device *vd, unsigned int i, uint8_t byte);

#endif
