/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_DEVICE_CHECK_H
#define VISE_APP_DEVICE_CHECK_H

#include "vmm/app/config/machine_config.h"
#include "vmm/core/err.h"

/* Checks what no single key of a device's option can: keys that belong to another kind, a kind that
 * lacks its key, devices that are there twice. -EINVAL and one line. */
MUST_CHECK int device_config_check(const struct machine_config *config, struct err *err);

#endif
