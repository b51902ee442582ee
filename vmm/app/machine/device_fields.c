/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/machine/device_fields.h"

#include <stdint.h>

json_t *device_count_to_json(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *field_to_json(const void *base, const struct field *f)
{
	json_t *list;

	if (f->type == FIELD_BOOL && f->count == 1)
		return json_boolean(field_get(base, f, 0));
	if (f->count == 1)
		return device_count_to_json(field_get(base, f, 0));
	list = json_array();
	for (size_t i = 0; i < f->count; i++)
		json_array_append_new(list, device_count_to_json(field_get(base, f, i)));
	return list;
}

json_t *device_fields_to_json(const struct device *dev, enum field_kind kind)
{
	json_t *object = json_object();

	for (size_t i = 0; i < dev->ops->n_fields; i++) {
		const struct field *f = &dev->ops->fields[i];

		if (f->kind == kind)
			json_object_set_new(object, f->name, field_to_json(dev, f));
	}
	return object;
}
