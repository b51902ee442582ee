/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/commands/handlers.h"

#include "version.h"
#include "vmm/app/machine/device_fields.h"

/*
 * Clients read "qemu" to learn which release's commands to expect, so it names the release whose
 * behaviour ours follows; our own version is the package.
 */
#define FOLLOWS_MAJOR 7
#define FOLLOWS_MINOR 2
#define FOLLOWS_MICRO 0

json_t *control_version(void)
{
	return json_pack("{s:{s:i, s:i, s:i}, s:s}", "qemu", "micro", FOLLOWS_MICRO, "minor",
			 FOLLOWS_MINOR, "major", FOLLOWS_MAJOR, "package", "vise " VISE_VERSION);
}

json_t *control_query_version(struct machine *m, const json_t *args, struct control_error *error)
{
	(void)m;
	(void)args;
	(void)error;
	return control_version();
}

json_t *control_query_commands(struct machine *m, const json_t *args, struct control_error *error)
{
	json_t *list = json_array();
	const struct command *table;
	size_t n;

	(void)m;
	(void)args;
	(void)error;
	table = control_commands(&n);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:s}", "name", table[i].name));
	return list;
}

json_t *control_query_status(struct machine *m, const json_t *args, struct control_error *error)
{
	static const char *const names[] = {
		[MACHINE_PRELAUNCH] = "prelaunch", [MACHINE_RUNNING] = "running",
		[MACHINE_PAUSED] = "paused",	   [MACHINE_OFF] = "shutdown",
		[MACHINE_SHUTDOWN] = "shutdown",
	};
	enum machine_state state = machine_state(m);

	(void)args;
	(void)error;
	return json_pack("{s:b, s:b, s:s}", "running", state == MACHINE_RUNNING, "singlestep", 0,
			 "status", names[state]);
}

static json_t *device_stats(struct device *dev)
{
	json_t *stats;

	device_lock(dev);
	stats = device_fields_to_json(dev, FIELD_COUNTER);
	device_unlock(dev);
	return stats;
}

json_t *control_query_stats(struct machine *m, const json_t *args, struct control_error *error)
{
	json_t *devices = json_object();
	struct device *const *list;
	size_t n;

	(void)args;
	(void)error;
	list = machine_devices(m, &n);
	for (size_t i = 0; i < n; i++)
		json_object_set_new(devices, list[i]->id, device_stats(list[i]));
	return json_pack("{s:o, s:o}", "machine", machine_stats(m), "devices", devices);
}
