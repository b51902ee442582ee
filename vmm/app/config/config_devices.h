/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_CONFIG_DEVICES_H
#define VISE_APP_CONFIG_DEVICES_H

#include "vmm/app/config/machine_config.h"
#include "vmm/core/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The virtio devices that a configuration names, as one list: what each is called and where on the
 * PCI bus it stands. The design fixes the slot of the first of each kind; more of a kind, and those
 * whose slot an `addr` has taken, go where there is room.
 */

#define CONFIG_MAX_DEVICES (MACHINE_MAX_DISKS + MACHINE_MAX_NICS + MACHINE_MAX_INPUTS + 2)

/* In the order in which a machine makes them. */
enum config_device_kind {
	CONFIG_NIC,
	CONFIG_DISK,
	CONFIG_INPUT, /* by enum virtio_input_kind, not as given: functions of a slot are in order
		       */
	CONFIG_SOUND,
	CONFIG_CONSOLE,
	CONFIG_N_KINDS,
};

struct config_device {
	const struct virtio_options *virtio; /* in the configuration */
	size_t index;	     /* in the member of its kind: nics, disks, inputs, ... */
	char id[32];	     /* of the device */
	char backend_id[32]; /* empty: nothing stands behind it */
	enum config_device_kind kind;
	uint8_t devfn;
};

/* Fills @list, of CONFIG_MAX_DEVICES, and *@n. -EINVAL and one line that names the option when an
 * address is none, or taken, or there is no room, or when two devices have one id. */
MUST_CHECK int config_devices(const struct machine_config *config, struct config_device *list,
			      size_t *n, struct err *err);

#endif
