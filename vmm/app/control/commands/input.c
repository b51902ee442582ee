/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/commands/handlers.h"

#include "vmm/app/control/commands/input_names.h"
#include "vmm/core/clock.h"

#include <errno.h>

/* Input by the names that QMP's clients use; input_names.c has them. */

#define HOLD_MS	    100 /* as QEMU's send-key */
#define HOLD_MS_MAX 60000

/* The kinds that @device stands for: its own, or all there are without it. A negative errno. */
static int addressed(const struct machine *m, const char *device, struct control_error *error)
{
	int kind;

	if (!device)
		return (int)machine_input_kinds(m);
	kind = machine_input_kind(m, device, &error->err);
	if (kind >= 0)
		return 1 << kind;
	error->class = CONTROL_DEVICE_NOT_FOUND;
	return err_set(&error->err, -ENODEV, "Device '%s' not found", device);
}

json_t *control_input_send_event(struct machine *m, const json_t *args, struct control_error *error)
{
	const char *device = json_string_value(json_object_get(args, "device"));
	struct machine_batches batches;
	struct input_batches parsed;
	int kinds = addressed(m, device, error);

	if (kinds < 0 || input_events_parse(json_object_get(args, "events"), (unsigned int)kinds,
					    &parsed, &error->err) < 0)
		return NULL;
	for (unsigned int kind = 0; kind < INPUT_KINDS; kind++) {
		batches.of[kind].events = parsed.of[kind].events;
		batches.of[kind].n = parsed.of[kind].n;
	}
	return machine_inject_all(m, &batches, &error->err) < 0 ? NULL : json_object();
}

json_t *control_send_key(struct machine *m, const json_t *args, struct control_error *error)
{
	const json_t *hold = json_object_get(args, "hold-time");
	const json_t *keys = json_object_get(args, "keys");
	json_int_t ms = hold ? json_integer_value(hold) : HOLD_MS;
	size_t n = json_array_size(keys);
	uint16_t codes[MACHINE_MAX_KEYS];

	if (n < 1 || n > MACHINE_MAX_KEYS)
		err_set(&error->err, -EINVAL, "Parameter 'keys' expects 1 to %u keys",
			MACHINE_MAX_KEYS);
	else if (ms < 0 || ms > HOLD_MS_MAX)
		err_set(&error->err, -EINVAL, "Parameter 'hold-time' expects 0 to %d ms",
			HOLD_MS_MAX);
	for (size_t i = 0; i < n && !error->err.code; i++)
		if (input_key_parse(json_array_get(keys, i), &codes[i], &error->err) < 0)
			err_prefix(&error->err, "keys[%zu]", i);
	if (error->err.code ||
	    machine_press_keys(m, codes, n, (uint64_t)ms * NS_PER_MS, &error->err) < 0)
		return NULL;
	return json_object();
}
