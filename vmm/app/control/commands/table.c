/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/command.h"

#include "vmm/app/control/commands/handlers.h"
#include "vmm/core/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct command_arg args_capabilities[] = {
	{"enable", ARG_LIST, false, "capabilities to enable; Vise offers none"},
	{0},
};

static const struct command_arg args_block_resize[] = {
	{"device", ARG_STRING, false, "id of the disk or of its backend"},
	{"node-name", ARG_STRING, false, "the same, under the name that newer clients use"},
	{"size", ARG_INT, true, "new size in bytes"},
	{0},
};

static const struct command_arg args_blockdev_resize[] = {
	{"node-name", ARG_STRING, true, "id of the disk's backend, or of the disk"},
	{"size", ARG_INT, true, "new size in bytes"},
	{0},
};

static const struct command_arg args_dump_guest_memory[] = {
	{"paging", ARG_BOOL, true, "false: physical addresses"},
	{"protocol", ARG_STRING, true, "file:PATH, a file that is made anew"},
	{"detach", ARG_BOOL, false, "false: the reply comes when the file is there"},
	{"format", ARG_STRING, false, "elf"},
	{0},
};

static const struct command_arg args_human_monitor_command[] = {
	{"command-line", ARG_STRING, true, "the line; help lists what there is"},
	{"cpu-index", ARG_INT, false, "taken without effect: no command is about one CPU"},
	{0},
};

static const struct command_arg args_input_send_event[] = {
	{"device", ARG_STRING, false,
	 "id of the input device; without it each event goes to its kind"},
	{"head", ARG_INT, false, "taken without effect: there is no display"},
	{"events", ARG_LIST, true,
	 "events {\"type\": \"key\", \"btn\", \"rel\" or \"abs\", \"data\": {...}} as QMP's "
	 "InputEvent has "
	 "them; further axes wheel, vscroll, hwheel and hscroll"},
	{0},
};

static const struct command_arg args_pmemsave[] = {
	{"val", ARG_INT, true, "guest-physical address of the first byte"},
	{"size", ARG_INT, true, "how many bytes"},
	{"filename", ARG_STRING, true, "the file, which is made anew"},
	{0},
};

static const struct command_arg args_ringbuf_read[] = {
	{"device", ARG_STRING, true, "the port: console, bulk or stats"},
	{"size", ARG_INT, true, "how many bytes at most; 65536 are the limit"},
	{"format", ARG_STRING, false, "utf8, which is standard, or base64"},
	{0},
};

static const struct command_arg args_ringbuf_write[] = {
	{"device", ARG_STRING, true, "the port: console, bulk or stats"},
	{"data", ARG_STRING, true, "what to write"},
	{"format", ARG_STRING, false, "of data: utf8, which is standard, or base64"},
	{0},
};

static const struct command_arg args_send_key[] = {
	{"keys", ARG_LIST, true,
	 "1 to 16 keys {\"type\": \"qcode\", \"data\": NAME}, pressed together"},
	{"hold-time", ARG_INT, false, "milliseconds until they are let go; 100 by default"},
	{0},
};

static const struct command_arg args_set_link[] = {
	{"name", ARG_STRING, true, "id of the network interface or of its backend"},
	{"up", ARG_BOOL, true, "whether the cable is in"},
	{0},
};

static const struct command_arg args_x_console_resize[] = {
	{"cols", ARG_INT, true, "columns"},
	{"rows", ARG_INT, true, "rows"},
	{0},
};

static const struct command_arg args_x_device_show[] = {
	{"device", ARG_STRING, false, "id of a device or of its backend; all devices without it"},
	{0},
};

static const struct command_arg args_x_guest_memory_read[] = {
	{"address", ARG_INT, true, "guest-physical address of the first byte"},
	{"size", ARG_INT, true, "how many bytes; 65536 are the limit"},
	{0},
};

static const struct command_arg args_x_guest_memory_write[] = {
	{"address", ARG_INT, true, "guest-physical address of the first byte"},
	{"data", ARG_STRING, true, "what to write, in base64"},
	{0},
};

static const struct command_arg args_x_input_inject[] = {
	{"device", ARG_STRING, true, "id of the input device"},
	{"events", ARG_LIST, true,
	 "1 to 63 events {\"type\": INT, \"code\": INT, \"value\": INT}, numbers as Linux's "
	 "input-event-codes.h has them"},
	{0},
};

/* clang-format off */
static const struct command table[] = {
	{.name = "block_resize", .run = control_block_resize, .args = args_block_resize,
	 .summary = "Resizes a disk and tells the guest. Give device or node-name, not both."},
	{.name = "blockdev-resize", .run = control_block_resize, .args = args_blockdev_resize,
	 .summary = "The same under another name, which some harnesses try first."},
	{.name = "cont", .run = control_cont,
	 .summary = "Lets a stopped machine run on."},
	{.name = "dump-guest-memory", .run = control_dump_guest_memory, .args = args_dump_guest_memory,
	 .summary = "Writes all guest memory to an ELF core, a segment for each range of RAM. All clients wait "
		    "meanwhile; a file that cannot be written whole is removed."},
	{.name = "human-monitor-command", .run = control_human_monitor_command,
	 .args = args_human_monitor_command,
	 .summary = "Carries out a line of the human monitor: help, info, sendkey, mouse_move, mouse_button, "
		    "mouse_set, quit.",
	 .returns = "STRING, what it printed, mistakes too"},
	{.name = "input-send-event", .run = control_input_send_event, .args = args_input_send_event,
	 .summary = "Gives input devices events by name, one batch a device: all of them or none."},
	{.name = "pmemsave", .run = control_pmemsave, .args = args_pmemsave,
	 .summary = "Writes guest-physical memory to a file. All clients wait meanwhile; a file that cannot be "
		    "written whole is removed."},
	{.name = CONTROL_NEGOTIATION, .run = control_qmp_capabilities, .args = args_capabilities,
	 .summary = "Ends the negotiation; must be the first command, and is refused later."},
	{.name = "query-block", .run = control_query_block,
	 .summary = "The disks and what stands behind them.",
	 .returns = "[{\"device\": BACKEND, \"qdev\": ID, \"inserted\": {\"file\": STRING, \"drv\": FORMAT, "
		    "\"ro\": BOOL, \"image\": {...}, ...}, ...}, ...]"},
	{.name = "query-blockstats", .run = control_query_blockstats,
	 .summary = "What the disks have read and written.",
	 .returns = "[{\"device\": BACKEND, \"qdev\": ID, \"stats\": {\"rd_bytes\": INT, ...}, ...}, ...]"},
	{.name = "query-commands", .run = control_query_commands,
	 .summary = "The names of all commands.",
	 .returns = "[{\"name\": STRING}, ...]"},
	{.name = "query-kvm", .run = control_query_kvm,
	 .summary = "Whether KVM runs the guest: always.",
	 .returns = "{\"enabled\": true, \"present\": true}"},
	{.name = "query-mice", .run = control_query_mice,
	 .summary = "The mouse and the tablet.",
	 .returns = "[{\"name\": ID, \"index\": INT, \"current\": BOOL, \"absolute\": BOOL}, ...]"},
	{.name = "query-name", .run = control_query_name,
	 .summary = "The machine's name, which it has not got.",
	 .returns = "{}"},
	{.name = "query-pci", .run = control_query_pci,
	 .summary = "The functions on the PCI bus as the guest has left them; with revision and capabilities, "
		    "which QEMU has not got.",
	 .returns = "[{\"bus\": 0, \"devices\": [{\"slot\": INT, \"function\": INT, \"id\": {...}, \"revision\": INT, "
		    "\"capabilities\": [{\"id\": \"msix\", \"enabled\": BOOL, ...}, ...], \"regions\": [...], "
		    "\"qdev_id\": ID, ...}, ...]}]"},
	{.name = "query-stats", .run = control_query_stats,
	 .summary = "The counters of the machine and of each device.",
	 .returns = "{\"machine\": {COUNTER: VALUE, ...}, "
		    "\"devices\": {ID: {COUNTER: VALUE, ...}, ...}}"},
	{.name = "query-status", .run = control_query_status,
	 .summary = "Whether the machine runs.",
	 .returns = "{\"running\": BOOL, \"singlestep\": false, "
		    "\"status\": \"prelaunch\" or \"running\" or \"paused\" or \"shutdown\"}"},
	{.name = "query-version", .run = control_query_version,
	 .summary = "The version, as in the greeting.",
	 .returns = "{\"qemu\": {\"micro\": INT, \"minor\": INT, \"major\": INT}, "
		    "\"package\": \"vise VERSION\"}"},
	{.name = "quit", .run = control_quit, .after = control_quit_after,
	 .summary = "Ends the run, after the reply."},
	{.name = "ringbuf-read", .run = control_ringbuf_read, .args = args_ringbuf_read,
	 .summary = "Takes what the guest wrote to a console port whose place is a ring.",
	 .returns = "STRING"},
	{.name = "ringbuf-write", .run = control_ringbuf_write, .args = args_ringbuf_write,
	 .summary = "Gives the guest input on a console port whose place is a ring; less than all of it "
		    "when the ring is full.",
	 .returns = "{\"written\": INT}"},
	{.name = "send-key", .run = control_send_key, .args = args_send_key,
	 .summary = "Presses keys together and lets them go after a while; the reply does not wait for that."},
	{.name = "set_link", .run = control_set_link, .args = args_set_link,
	 .summary = "Puts a network cable in or out."},
	{.name = "stop", .run = control_stop,
	 .summary = "Stops all CPUs; the reply comes when each stands still."},
	{.name = "system_powerdown", .run = control_system_powerdown,
	 .summary = "Presses the power button."},
	{.name = "system_reset", .run = control_system_reset,
	 .summary = "Presses the reset button."},
	{.name = "x-console-resize", .run = control_x_console_resize, .args = args_x_console_resize,
	 .summary = "Tells the guest the size of the virtio console's terminal."},
	{.name = "x-device-show", .run = control_x_device_show, .args = args_x_device_show,
	 .summary = "What devices look like now: their state, counters and queues.",
	 .returns = "{\"id\": STRING, \"type\": STRING, \"state\": {...}, \"counters\": {...}, "
		    "...}, or a list of them"},
	{.name = "x-guest-memory-read", .run = control_x_guest_memory_read, .args = args_x_guest_memory_read,
	 .summary = "Reads guest-physical memory.",
	 .returns = "{\"data\": BASE64}"},
	{.name = "x-guest-memory-write", .run = control_x_guest_memory_write,
	 .args = args_x_guest_memory_write,
	 .summary = "Writes guest-physical memory: all of it or none."},
	{.name = "x-input-inject", .run = control_x_input_inject, .args = args_x_input_inject,
	 .summary = "Gives an input device one batch of events, closed by a SYN_REPORT: all of them or "
		    "none."},
};
/* clang-format on */

#define N_COMMANDS (sizeof(table) / sizeof(table[0]))

const struct command *control_commands(size_t *n)
{
	*n = N_COMMANDS;
	return table;
}

static int compare_name(const void *name, const void *row)
{
	return strcmp(name, ((const struct command *)row)->name);
}

const struct command *control_find(const char *name)
{
	return bsearch(name, table, N_COMMANDS, sizeof(table[0]), compare_name);
}

const char *control_kind_name(enum arg_kind kind)
{
	static const char *const names[] = {
		[ARG_STRING] = "string",
		[ARG_INT] = "integer",
		[ARG_BOOL] = "boolean",
		[ARG_LIST] = "array",
	};

	return names[kind];
}

static bool is_kind(const json_t *value, enum arg_kind kind)
{
	switch (kind) {
	case ARG_STRING:
		return json_is_string(value);
	case ARG_INT:
		return json_is_integer(value);
	case ARG_BOOL:
		return json_is_boolean(value);
	case ARG_LIST:
		return json_is_array(value);
	}
	return false;
}

static const struct command_arg *find_arg(const struct command *cmd, const char *name)
{
	for (const struct command_arg *a = cmd->args; a && a->name; a++)
		if (strcmp(a->name, name) == 0)
			return a;
	return NULL;
}

static int check_args(const struct command *cmd, json_t *args, struct err *err)
{
	for (const struct command_arg *a = cmd->args; a && a->name; a++) {
		const json_t *value = json_object_get(args, a->name);

		if (!value && a->required)
			return err_set(err, -EINVAL, "Parameter '%s' is missing", a->name);
		if (value && !is_kind(value, a->kind))
			return err_set(err, -EINVAL,
				       "Invalid parameter type for '%s', expected: %s", a->name,
				       control_kind_name(a->kind));
	}
	for (void *at = json_object_iter(args); at; at = json_object_iter_next(args, at))
		if (!find_arg(cmd, json_object_iter_key(at)))
			return err_set(err, -EINVAL, "Parameter '%s' is unexpected",
				       json_object_iter_key(at));
	return 0;
}

json_t *control_execute(const struct command *cmd, struct machine *m, const json_t *args,
			struct control_error *error)
{
	json_t *value = NULL;

	*error = (struct control_error){.class = CONTROL_GENERIC_ERROR};
	TRACE1(control_command, cmd->name);
	/* Iteration wants a writable object; nothing is written. */
	if (check_args(cmd, (json_t *)args, &error->err) == 0) {
		value = cmd->run(m, args, error);
		if (!value && !error->err.text[0])
			err_set(&error->err, -ENOMEM, "%s: out of memory", cmd->name);
	}
	TRACE2(control_done, cmd->name, value != NULL);
	return value;
}
