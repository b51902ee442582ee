/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_DEVICE_FIELDS_H
#define VISE_APP_DEVICE_FIELDS_H

#include "vmm/core/device.h"

#include <jansson.h>

/* The fields of @dev that are of @kind, by name, as its table has them: a new reference. Under the
 * device's lock. */
json_t *device_fields_to_json(const struct device *dev, enum field_kind kind);

/* A count as a JSON integer, which has a sign: what is too large for it becomes the largest. */
json_t *device_count_to_json(uint64_t value);

#endif
