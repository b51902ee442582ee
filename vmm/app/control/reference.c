/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/control/reference.h"

#include "vmm/app/control/command.h"
#include "vmm/app/control/commands/handlers.h"

static const char *const introduction[] = {
	"# The control socket",
	"",
	"This page is printed from the program's own tables; do not edit it by hand.",
	"",
	"`vise run --control unix:PATH` listens on a unix socket that only its owner may open, "
	"`--control tcp:[HOST:]PORT`",
	"at a port, of 127.0.0.1 unless HOST says otherwise, which has no such guard. The wire "
	"format is QMP, so that QMP",
	"clients work; `visectl` is the client that comes with Vise.",
	"",
	"## Protocol",
	"",
	"The server greets with one line, `{\"QMP\": {\"version\": ..., \"capabilities\": []}}`. "
	"In it,",
	"`version.qemu` names the QEMU release whose commands ours follow, `version.package` is "
	"Vise's own",
	"version. The client then sends `{\"execute\": \"qmp_capabilities\"}`; before that no "
	"other command",
	"is accepted and no event is sent.",
	"",
	"A request is a JSON object with the members",
	"",
	"- `execute`: the command's name,",
	"- `arguments`: an object; may be left out when the command requires none,",
	"- `id`: any JSON value, which the reply repeats; optional.",
	"",
	"Other members are refused. Every request has one reply, in order: `{\"return\": VALUE}` "
	"or",
	"`{\"error\": {\"class\": CLASS, \"desc\": TEXT}}`. CLASS is `GenericError`, "
	"`CommandNotFound` or",
	"`DeviceNotFound`. Replies and events are lines of ASCII, each ended by a newline.",
	"",
	"Requests need no newline after them and may share a line. A byte order mark before the "
	"first one",
	"is ignored. Strings stand in double quotes; QEMU's single-quoted strings are refused. A "
	"message",
	"has at most 1 MiB and 64 levels of nesting; one that breaks a limit is answered with an "
	"error",
	"and dropped up to its end or the next newline. A byte FF always drops an unfinished "
	"message, so",
	"that a client can begin afresh.",
	"",
	"At most 32 clients are served at once. A client that sends commands without reading the "
	"replies",
	"is not read from while more than 64 KiB wait for it; one that lets 1 MiB of events pile "
	"up is",
	"disconnected.",
	"",
};

struct event_row {
	const char *name;
	const char *when;
	const char *data;
};

static const struct event_row events[] = {
	{"BLOCK_IO_ERROR", "the host failed to read or write a disk's image",
	 "`device`; `operation`: read or write; `action`: report, ignore or stop; `nospace`: "
	 "whether "
	 "the host's disk is full; `reason`"},
	{"BLOCK_RESIZED", "a disk has a new size", "`device`, `size` in bytes"},
	{"GUEST_PANICKED", "the guest said that it panicked", "`action`"},
	{"POWERDOWN", "the power button was pressed", "none"},
	{"RESET", "the machine was reset", "`guest`: whether the guest asked for it; `reason`"},
	{"RESUME", "the CPUs run again", "none"},
	{"SHUTDOWN", "the run ends", "`guest`: whether the guest asked for it; `reason`"},
	{"STOP", "the CPUs stand still", "none"},
	{"X_NIC_LINK", "a network cable was put in or out", "`device`, `up`"},
};

static void print_arguments(FILE *to, const struct command *cmd)
{
	if (!cmd->args) {
		fputs("No arguments.\n\n", to);
		return;
	}
	fputs("| argument | type | required | meaning |\n| --- | --- | --- | --- |\n", to);
	for (const struct command_arg *a = cmd->args; a->name; a++)
		fprintf(to, "| `%s` | %s | %s | %s |\n", a->name, control_kind_name(a->kind),
			a->required ? "yes" : "no", a->help);
	fputc('\n', to);
}

static void print_command(FILE *to, const struct command *cmd)
{
	fprintf(to, "### %s\n\n%s\n\n", cmd->name, cmd->summary);
	print_arguments(to, cmd);
	fprintf(to, "Returns `%s`.\n\n", cmd->returns ? cmd->returns : "{}");
}

void control_print_reference(FILE *to)
{
	const struct command *table;
	size_t n;

	for (size_t i = 0; i < sizeof(introduction) / sizeof(introduction[0]); i++)
		fprintf(to, "%s\n", introduction[i]);
	fputs("## Commands\n\n", to);
	table = control_commands(&n);
	for (size_t i = 0; i < n; i++)
		print_command(to, &table[i]);
	fputs("## Events\n\n"
	      "`{\"event\": NAME, \"timestamp\": {\"seconds\": INT, \"microseconds\": INT}, "
	      "\"data\": OBJECT}`; without `data`\nwhen there is none. An event that a client's "
	      "own "
	      "command causes comes after the reply to it.\n\n"
	      "| event | when | data |\n| --- | --- | --- |\n",
	      to);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		fprintf(to, "| `%s` | %s | %s |\n", events[i].name, events[i].when, events[i].data);
}
