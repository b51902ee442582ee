/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/commands/monitor.h"

#include "vmm/app/control/commands/handlers.h"

#include <string.h>

/* `info` of the human monitor: what the query commands say, as text. */

const char monitor_info_names[] = "block, mice, network, pci, status, version";

static long long integer(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

static const char *string(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static bool is_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static void print_status(const json_t *value, FILE *out)
{
	fprintf(out, "VM status: %s%s%s%s\r\n", is_true(value, "running") ? "running" : "paused",
		is_true(value, "running") ? "" : " (",
		is_true(value, "running") ? "" : string(value, "status"),
		is_true(value, "running") ? "" : ")");
}

static void print_version(const json_t *value, FILE *out)
{
	const json_t *qemu = json_object_get(value, "qemu");

	fprintf(out, "%lld.%lld.%lld (%s)\r\n", integer(qemu, "major"), integer(qemu, "minor"),
		integer(qemu, "micro"), string(value, "package"));
}

static void print_mice(const json_t *value, FILE *out)
{
	const json_t *mouse;
	size_t i;

	json_array_foreach(value, i, mouse)
		fprintf(out, "%c Mouse #%lld: %s%s\r\n", is_true(mouse, "current") ? '*' : ' ',
			integer(mouse, "index"), string(mouse, "name"),
			is_true(mouse, "absolute") ? " (absolute)" : "");
}

static void print_block(const json_t *value, FILE *out)
{
	const json_t *disk;
	size_t i;

	json_array_foreach(value, i, disk)
	{
		const json_t *inserted = json_object_get(disk, "inserted");

		fprintf(out, "%s (%s): %s (%s%s)\r\n    Attached to:      %s\r\n",
			string(disk, "device"), string(inserted, "node-name"),
			string(inserted, "file"), string(inserted, "drv"),
			is_true(inserted, "ro") ? ", read-only" : "", string(disk, "qdev"));
	}
}

static void print_region(const json_t *r, FILE *out)
{
	long long at = integer(r, "address"), size = integer(r, "size");
	bool io = strcmp(string(r, "type"), "io") == 0;
	const char *kind = io			       ? "I/O"
			   : is_true(r, "mem_type_64") ? "64 bit memory"
						       : "32 bit memory";

	if (at < 0)
		fprintf(out, "      BAR%lld: %s of %lld bytes, not mapped.\r\n", integer(r, "bar"),
			kind, size);
	else
		fprintf(out, "      BAR%lld: %s at 0x%0*llx [0x%0*llx].\r\n", integer(r, "bar"),
			kind, io ? 4 : 8, at, io ? 4 : 8, at + size - 1);
}

static void print_function(const json_t *f, FILE *out)
{
	const json_t *class = json_object_get(f, "class_info");
	const json_t *id = json_object_get(f, "id");
	const json_t *entry;
	size_t i;

	/* In column 0, and the ids with it on a line: there are programs that look for them there.
	 */
	fprintf(out, "Bus  %lld, device %3lld, function %lld:\r\n", integer(f, "bus"),
		integer(f, "slot"), integer(f, "function"));
	if (json_object_get(class, "desc"))
		fprintf(out, "    %s", string(class, "desc"));
	else
		fprintf(out, "    Class %04llx", integer(class, "class"));
	fprintf(out, ": PCI device %04llx:%04llx\r\n", integer(id, "vendor"),
		integer(id, "device"));
	if (json_object_get(id, "subsystem"))
		fprintf(out, "      PCI subsystem %04llx:%04llx\r\n",
			integer(id, "subsystem-vendor"), integer(id, "subsystem"));
	fprintf(out, "      revision 0x%02llx\r\n", integer(f, "revision"));
	if (json_object_get(f, "irq"))
		fprintf(out, "      IRQ %lld, pin %c\r\n", integer(f, "irq"),
			(char)('A' + integer(f, "irq_pin") - 1));
	json_array_foreach(json_object_get(f, "regions"), i, entry) print_region(entry, out);
	json_array_foreach(json_object_get(f, "capabilities"), i,
			   entry) if (strcmp(string(entry, "id"), "msix") == 0)
		fprintf(out, "      MSI-X: %s\r\n",
			is_true(entry, "enabled") ? "enabled" : "disabled");
	fprintf(out, "      id \"%s\"\r\n", string(f, "qdev_id"));
}

static void print_pci(const json_t *value, FILE *out)
{
	const json_t *bus, *function;
	size_t i, j;

	json_array_foreach(value, i, bus)
		json_array_foreach(json_object_get(bus, "devices"), j, function)
			print_function(function, out);
}

static void print_network(const json_t *value, FILE *out)
{
	const json_t *device;
	size_t i, index = 0;

	json_array_foreach(value, i, device) if (strcmp(string(device, "type"), "virtio-net") == 0)
		fprintf(out,
			"%s: index=%zu,type=nic,model=virtio-net-pci,macaddr=%s,link=%s\r\n"
			" \\ %s\r\n",
			string(device, "id"), index++, string(device, "mac"),
			is_true(device, "link") ? "up" : "down", string(device, "backend"));
}

static const struct {
	const char *subject;
	control_run_fn *ask;
	void (*print)(const json_t *value, FILE *out);
} subjects[] = {
	{"block", control_query_block, print_block},
	{"mice", control_query_mice, print_mice},
	{"network", control_x_device_show, print_network},
	{"pci", control_query_pci, print_pci},
	{"status", control_query_status, print_status},
	{"version", control_query_version, print_version},
};

bool monitor_info(struct machine *m, const char *subject, FILE *out)
{
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		struct control_error error = {0};
		json_t *value;

		if (strcmp(subjects[i].subject, subject) != 0)
			continue;
		value = subjects[i].ask(m, NULL, &error);
		subjects[i].print(value, out);
		json_decref(value);
		return true;
	}
	return false;
}
