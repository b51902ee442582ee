/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/commands/handlers.h"

#include <string.h>

/* What the machine is made of, in the shapes of QMP's query commands. */

json_t *control_query_kvm(struct machine *m, const json_t *args, struct control_error *error)
{
	(void)m;
	(void)args;
	(void)error;
	return json_pack("{s:b, s:b}", "enabled", 1, "present", 1);
}

json_t *control_query_name(struct machine *m, const json_t *args, struct control_error *error)
{
	(void)m;
	(void)args;
	(void)error;
	/* A machine has no name. QEMU, too, leaves the member out then. */
	return json_object();
}

json_t *control_query_pci(struct machine *m, const json_t *args, struct control_error *error)
{
	(void)args;
	(void)error;
	return machine_show_pci(m);
}

/* The devices of which machine_show_device() says @type, in order; a new list of new objects. */
static json_t *devices_of(const struct machine *m, const char *type)
{
	json_t *list = json_array();
	struct device *const *devices;
	size_t n;

	devices = machine_devices(m, &n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(devices[i]->ops->name, type) == 0)
			json_array_append_new(list, machine_show_device(m, devices[i]));
	return list;
}

json_t *control_query_mice(struct machine *m, const json_t *args, struct control_error *error)
{
	json_t *inputs = devices_of(m, "virtio-input");
	json_t *mice = json_array();
	size_t i;
	json_t *in;

	(void)args;
	(void)error;
	json_array_foreach(inputs, i, in)
	{
		const char *kind = json_string_value(json_object_get(in, "kind"));
		bool first = json_array_size(mice) == 0;

		if (!kind || strcmp(kind, "keyboard") == 0)
			continue;
		json_array_append_new(mice, json_pack("{s:O, s:i, s:b, s:b}", "name",
						      json_object_get(in, "id"), "index",
						      (int)json_array_size(mice), "current", first,
						      "absolute", strcmp(kind, "tablet") == 0));
	}
	json_decref(inputs);
	return mice;
}

static json_t *inserted(const struct disk_config *disk, const json_t *shown)
{
	const char *format = disk->format ? disk->format : "raw";

	return json_pack("{s:s, s:s, s:b, s:O, s:{s:s, s:s, s:O}}", "file", disk->path, "drv",
			 format, "ro", disk->read_only, "node-name",
			 json_object_get(shown, "backend"), "image", "filename", disk->path,
			 "format", format, "virtual-size", json_object_get(shown, "size"));
}

json_t *control_query_block(struct machine *m, const json_t *args, struct control_error *error)
{
	const struct machine_config *config = machine_config_of(m);
	json_t *shown = devices_of(m, "virtio-blk");
	json_t *blocks = json_array();
	size_t i;
	json_t *disk;

	(void)args;
	(void)error;
	/* Disks are made in the order of the configuration. */
	json_array_foreach(shown, i, disk) json_array_append_new(
		blocks, json_pack("{s:O, s:O, s:b, s:b, s:s, s:o}", "device",
				  json_object_get(disk, "backend"), "qdev",
				  json_object_get(disk, "id"), "locked", 0, "removable", 0, "type",
				  "unknown", "inserted", inserted(&config->disks[i], disk)));
	json_decref(shown);
	return blocks;
}

json_t *control_query_blockstats(struct machine *m, const json_t *args, struct control_error *error)
{
	static const struct {
		const char *name, *counter;
	} rows[] = {
		{"rd_bytes", "read_bytes"},
		{"wr_bytes", "write_bytes"},
		{"rd_operations", "read_requests"},
		{"wr_operations", "write_requests"},
		{"flush_operations", "flush_requests"},
	};
	json_t *shown = devices_of(m, "virtio-blk");
	json_t *list = json_array();
	size_t i;
	json_t *disk;

	(void)args;
	(void)error;
	json_array_foreach(shown, i, disk)
	{
		const json_t *counters = json_object_get(disk, "counters");
		json_t *stats = json_object();

		for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++)
			json_object_set(stats, rows[r].name,
					json_object_get(counters, rows[r].counter));
		json_array_append_new(list, json_pack("{s:O, s:O, s:O, s:o}", "device",
						      json_object_get(disk, "backend"), "node-name",
						      json_object_get(disk, "backend"), "qdev",
						      json_object_get(disk, "id"), "stats", stats));
	}
	json_decref(shown);
	return list;
}
