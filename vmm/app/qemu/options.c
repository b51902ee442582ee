/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/qemu/line_internal.h"

#include "version.h"
#include "vmm/core/option/nearest.h"
#include "vmm/core/option/option.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The table of QEMU's options, and the walk over a command line. */

/* What becomes of an option. */
enum fate {
	FATE_READ,     /* .read gets its argument */
	FATE_FLAG,     /* sets the bool at .offset */
	FATE_TEXT,     /* fills the text at .offset */
	FATE_ONLY,     /* taken where the argument is one of .words, which is how it is anyway */
	FATE_HARMLESS, /* taken, without effect; help says why that is right */
	FATE_REFUSED,  /* help says why */
};

struct option_row {
	const char *name; /* without dashes; NULL ends the table */
	const char *arg;  /* what its argument is called; NULL: it has none */
	enum fate fate;
	size_t offset; /* in struct qemu_line */
	qemu_reader read;
	const char *const *words;
	const char *help;
};

static int print_version(struct qemu_line *line, const char *arg, struct err *err);
static int print_help(struct qemu_line *line, const char *arg, struct err *err);

static const char *const none_only[] = {"none", NULL};

/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): initializers have none. */
#define READ(n, a, r, h)   {.name = n, .arg = a, .fate = FATE_READ, .read = r, .help = h}
#define FLAG(n, m, h)      {.name = n, .fate = FATE_FLAG, .offset = offsetof(struct qemu_line, m), .help = h}
#define TEXT(n, a, m, h)   {.name = n, .arg = a, .fate = FATE_TEXT, .offset = offsetof(struct qemu_line, m), .help = h}
#define ONLY(n, a, w, h)   {.name = n, .arg = a, .fate = FATE_ONLY, .words = w, .help = h}
#define HARMLESS(n, a, h)  {.name = n, .arg = a, .fate = FATE_HARMLESS, .help = h}
#define REFUSED(n, a, h)   {.name = n, .arg = a, .fate = FATE_REFUSED, .help = h}
/* NOLINTEND(bugprone-macro-parentheses) */

static const struct option_row rows[] = {
	READ("help", NULL, print_help, "prints this help"),
	READ("h", NULL, print_help, "the same"),
	READ("version", NULL, print_version, "prints the version"),

	READ("machine", "TYPE[,KEY=VALUE]...", qemu_read_machine, "pc, q35 and their versions all mean the one machine; accel=kvm, dialect=v1|virtio"),
	READ("M", "TYPE[,KEY=VALUE]...", qemu_read_machine, "the same"),
	READ("cpu", "MODEL", qemu_read_cpu, "every model means the host's processor, as KVM shows it"),
	READ("accel", "kvm", qemu_read_accel, "there is only kvm"),
	HARMLESS("enable-kvm", NULL, "KVM is always used"),
	READ("smp", "N[,sockets=N][,cores=N][,threads=N]...", qemu_read_smp, "number of processors; the guest sees no topology"),
	READ("m", "SIZE", qemu_read_memory, "guest memory, in MiB unless it has a suffix; 128M unless given"),
	READ("rtc", "base=utc|localtime", qemu_read_rtc, "what the clock begins with"),
	READ("boot", "c", qemu_read_boot, "order=c, menu=off and strict are taken; a kernel is booted directly"),
	READ("name", "NAME", qemu_read_name, "taken without effect: there is no window to show it"),

	TEXT("kernel", "FILE", config.kernel, "the kernel to boot: bzImage, or ELF with a PVH note"),
	TEXT("initrd", "FILE", config.initrd, "its initial RAM disk"),
	TEXT("append", "TEXT", config.append, "its command line"),

	READ("drive", "file=IMAGE,if=none|virtio[,KEY=VALUE]...", qemu_read_drive, "an image, for a -device or with a disk"),
	READ("blockdev", "DRIVER,node-name=NAME[,KEY=VALUE]...", qemu_read_blockdev, "an image, in parts; also as a JSON object"),
	FLAG("snapshot", snapshot, "no image is written, unless it says snapshot=off"),
	READ("device", "NAME[,KEY=VALUE]...", qemu_read_device, "adds a device, also as a JSON object; help lists them, NAME,help its properties"),
	READ("netdev", "user|tap|stream,id=ID[,KEY=VALUE]...", qemu_read_netdev, "a network for a -device"),
	ONLY("nic", "none", none_only, "there is none unasked; use -netdev and -device virtio-net-pci"),
	ONLY("net", "none", none_only, "likewise"),
	READ("audiodev", "none|wav,id=ID[,path=FILE]", qemu_read_audiodev, "where sound goes"),
	READ("chardev", "BACKEND,id=ID[,KEY=VALUE]...", qemu_read_chardev, "null, stdio, file, socket (unix, listening) or ringbuf"),
	READ("serial", "WHERE", qemu_read_serial, "COM1, then COM2: chardev:ID, file:PATH, unix:PATH,..., stdio, null, none"),
	READ("qmp", "WHERE", qemu_read_qmp, "listens for control connections: unix:PATH or tcp:HOST:PORT, with server=on,wait=off"),
	READ("monitor", "none", qemu_read_monitor, "there is no monitor but QMP's human-monitor-command"),

	FLAG("nographic", nographic, "COM1 goes to the terminal unless -serial says otherwise"),
	ONLY("display", "none", none_only, "there is no display"),
	ONLY("vga", "none", none_only, "there is no display"),
	ONLY("vnc", "none", none_only, "there is no display"),
	FLAG("no-reboot", config.no_reboot, "a reset of the guest ends the run"),
	FLAG("no-shutdown", config.no_shutdown, "the machine stays after the guest's end, stopped"),
	FLAG("S", config.paused, "begins stopped; the control command cont goes on"),
	TEXT("pidfile", "FILE", pidfile, "writes the process's number to FILE, which is removed at the end"),
	FLAG("daemonize", daemonize, "goes into the background once the machine runs"),
	HARMLESS("nodefaults", NULL, "nothing is there unasked but the console device and COM1"),
	HARMLESS("no-user-config", NULL, "no configuration is read"),
	HARMLESS("nodefconfig", NULL, "no configuration is read"),
	HARMLESS("no-hpet", NULL, "there is none"),
	HARMLESS("no-fd-bootchk", NULL, "there is no floppy"),
	HARMLESS("k", "LANGUAGE", "there is no display whose keyboard it would be"),

	REFUSED("hda", "FILE", "there is no IDE; use -drive file=FILE,if=virtio"),
	REFUSED("hdb", "FILE", "there is no IDE; use -drive file=FILE,if=virtio"),
	REFUSED("cdrom", "FILE", "there is no CD-ROM drive; -drive file=FILE,if=virtio,readonly=on is a disk of it"),
	REFUSED("fda", "FILE", "there is no floppy"),
	REFUSED("bios", "FILE", "a machine boots a kernel directly; use -kernel"),
	REFUSED("pflash", "FILE", "a machine boots a kernel directly; use -kernel"),
	REFUSED("dtb", "FILE", "this machine describes itself by ACPI"),
	REFUSED("object", "TYPE,id=ID,...", "there are no I/O threads and memory backends to name"),
	REFUSED("global", "DRIVER.KEY=VALUE", "give the property to each -device"),
	REFUSED("set", "GROUP.ID.KEY=VALUE", "give the property to the -device"),
	REFUSED("fw_cfg", "NAME,...", "there is no fw_cfg device"),
	REFUSED("smbios", "TYPE,...", "its tables are fixed"),
	REFUSED("acpitable", "KEY=VALUE", "its tables are fixed"),
	REFUSED("uuid", "UUID", "its tables are fixed"),
	REFUSED("no-acpi", NULL, "a machine has ACPI"),
	REFUSED("usb", NULL, "there is no USB"),
	REFUSED("usbdevice", "NAME", "there is no USB; use -device virtio-tablet-pci and its like"),
	REFUSED("parallel", "WHERE", "there is no parallel port"),
	REFUSED("mon", "chardev=ID,...", "use -qmp unix:PATH,server=on,wait=off"),
	REFUSED("qmp-pretty", "WHERE", "use -qmp; clients print it as they like"),
	REFUSED("spice", "KEY=VALUE", "there is no display"),
	REFUSED("gdb", "WHERE", "there is no debugger's stub"),
	REFUSED("s", NULL, "there is no debugger's stub"),
	REFUSED("icount", "KEY=VALUE", "KVM runs the guest's instructions, none are counted"),
	REFUSED("loadvm", "TAG", "states are not saved"),
	REFUSED("incoming", "URI", "machines do not migrate"),
	REFUSED("watchdog", "MODEL", "there is none"),
	REFUSED("action", "EVENT=ACTION", "use -no-reboot and -no-shutdown"),
	REFUSED("numa", "TYPE,...", "there is one node"),
	REFUSED("mem-path", "DIR", "guest memory is anonymous"),
	REFUSED("mem-prealloc", NULL, "guest memory is taken as the guest uses it"),
	REFUSED("overcommit", "KEY=VALUE", "guest memory is taken as the guest uses it"),
	REFUSED("sandbox", "on,...", "it is not of QEMU's kind"),
	REFUSED("runas", "USER", "start it as that user"),
	REFUSED("chroot", "DIR", "start it there"),
	REFUSED("d", "ITEM,...", "use perf and bpftrace on the trace points"),
	REFUSED("D", "FILE", "messages go to standard error"),
	REFUSED("trace", "NAME", "use perf and bpftrace on the trace points"),
	REFUSED("msg", "KEY=VALUE", "messages have their one form"),
	REFUSED("readconfig", "FILE", "vise run --config reads machine files"),
	REFUSED("virtfs", "TYPE,...", "there is no file sharing"),
	REFUSED("soundhw", "NAME", "use -device virtio-sound-pci"),
	REFUSED("audio", "DRIVER,...", "use -audiodev and -device virtio-sound-pci"),
	{0},
};
/* clang-format on */

static int print_version(struct qemu_line *line, const char *arg, struct err *err)
{
	(void)arg;
	(void)err;
	fprintf(line->out, "QEMU emulator version 7.2.0 (vise %s)\n", VISE_VERSION);
	fprintf(line->out, "This is Vise, which reads QEMU's command line.\n");
	return 1;
}

static int print_help(struct qemu_line *line, const char *arg, struct err *err)
{
	(void)arg;
	(void)err;
	qemu_print_help(line->out);
	return 1;
}

static const struct option_row *find_row(const char *name)
{
	for (const struct option_row *r = rows; r->name; r++)
		if (strcmp(r->name, name) == 0)
			return r;
	return NULL;
}

static int unknown_option(const char *arg, const char *name, struct err *err)
{
	struct nearest near = NEAREST_INIT(name);
	char quoted[OPTION_QUOTE_SIZE];

	if (*arg != '-')
		return err_set(err, -EINVAL,
			       "unexpected argument %s; an image is given by -drive "
			       "file=IMAGE,if=virtio",
			       option_quote(arg, quoted, sizeof(quoted)));
	for (const struct option_row *r = rows; r->name; r++)
		nearest_try(&near, r->name);
	option_quote(arg, quoted, sizeof(quoted));
	if (near.best)
		return err_set(err, -EINVAL, "%s: invalid option, did you mean -%s?", quoted,
			       near.best);
	return err_set(err, -EINVAL, "%s: invalid option; -help lists those there are", quoted);
}

static int check_words(const struct option_row *r, const char *arg, struct err *err)
{
	char quoted[OPTION_QUOTE_SIZE];

	for (size_t i = 0; r->words[i]; i++)
		if (strcmp(r->words[i], arg) == 0)
			return 0;
	return err_set(err, -EINVAL, "-%s: expected %s, not %s: %s", r->name, r->words[0],
		       option_quote(arg, quoted, sizeof(quoted)), r->help);
}

static int apply(const struct option_row *r, struct qemu_line *line, const char *arg,
		 struct err *err)
{
	void *member = (char *)line + r->offset;

	switch (r->fate) {
	case FATE_READ:
		return r->read(line, arg, err);
	case FATE_FLAG:
		*(bool *)member = true;
		return 0;
	case FATE_TEXT:
		return qemu_set(member, arg, err);
	case FATE_ONLY:
		return check_words(r, arg, err);
	case FATE_HARMLESS:
		return 0;
	default:
		return err_set(err, -EINVAL, "-%s: not supported: %s", r->name, r->help);
	}
}

int qemu_line_parse(struct qemu_line *line, int argc, char **argv, struct err *err)
{
	for (int i = 1; i < argc; i++) {
		/* Either number of dashes; a pair alone is what some programs put in between. */
		const char *name = argv[i] + (argv[i][0] == '-') + (strncmp(argv[i], "--", 2) == 0);
		const struct option_row *r = argv[i][0] == '-' ? find_row(name) : NULL;
		int rc;

		if (strcmp(argv[i], "--") == 0)
			continue;
		if (!r)
			return unknown_option(argv[i], name, err);
		if (r->arg && i + 1 == argc)
			return err_set(err, -EINVAL, "-%s: requires an argument: %s", r->name,
				       r->arg);
		rc = apply(r, line, r->arg ? argv[++i] : "", err);
		if (rc)
			return rc;
	}
	return qemu_assemble(line, err);
}

static const char *fate_word(const struct option_row *r)
{
	return r->fate == FATE_REFUSED	  ? "refused: "
	       : r->fate == FATE_HARMLESS ? "no effect: "
					  : "";
}

void qemu_print_help(FILE *out)
{
	char head[80];

	fprintf(out,
		"usage: qemu-system-x86_64 [OPTION]...\n\n"
		"Vise, with the command line of QEMU. An option may have one dash or two.\n\n");
	for (const struct option_row *r = rows; r->name; r++) {
		snprintf(head, sizeof(head), "-%s %s", r->name, r->arg ? r->arg : "");
		fprintf(out, "%-30s%s%s%s\n", head, strlen(head) < 30 ? "" : " ", fate_word(r),
			r->help);
	}
}

/* A cell of a table: a bar would end it. */
static void print_cell(FILE *out, const char *text)
{
	for (; *text; text++)
		fprintf(out, *text == '|' ? "\\%c" : "%c", *text);
}

static void print_keys(FILE *out, const char *title, const struct qemu_key *const *tables)
{
	fprintf(out, "\n### `%s`\n\n| key | type | what it does |\n| --- | --- | --- |\n", title);
	for (; *tables; tables++)
		for (const struct qemu_key *k = *tables; k->name; k++) {
			fprintf(out, "| `%s` | %s | %s", k->name, k->type ? k->type : "str",
				k->kind == QEMU_KEY_REFUSED ? "refused: " : "");
			print_cell(out, k->help);
			fprintf(out, " |\n");
		}
}

void qemu_print_reference(FILE *out)
{
	static const struct {
		const char *option;
		const struct qemu_key *const *tables;
	} keys[] = {
		{"-drive", qemu_drive_tables},	     {"-blockdev", qemu_blockdev_tables},
		{"-netdev", qemu_netdev_tables},     {"-chardev", qemu_chardev_tables},
		{"-audiodev", qemu_audiodev_tables},
	};

	fprintf(out,
		"# QEMU's command line\n\nPrinted from the program's tables: not edited by "
		"hand. [guide.md](guide.md) explains how a machine\nis described; here is what "
		"becomes of each option of QEMU's.\n\n## Options\n\n| option | what becomes of "
		"it |\n| --- | --- |\n");
	for (const struct option_row *r = rows; r->name; r++) {
		fprintf(out, "| `-%s%s", r->name, r->arg ? " " : "");
		print_cell(out, r->arg ? r->arg : "");
		fprintf(out, "` | %s", fate_word(r));
		print_cell(out, r->help);
		fprintf(out, " |\n");
	}
	fprintf(out, "\n## Keys of options\n");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		print_keys(out, keys[i].option, keys[i].tables);
	fprintf(out, "\n## Devices\n\n| name | alias | what it is |\n| --- | --- | --- |\n");
	for (const struct qemu_device_type *t = qemu_device_types; t->name; t++)
		fprintf(out, "| `%s` | %s | %s |\n", t->name, t->alias ? t->alias : "", t->help);
	for (const struct qemu_device_type *t = qemu_device_types; t->name; t++)
		if (t->form != QEMU_FORM_MODERN && t->form != QEMU_FORM_TRANSITIONAL)
			print_keys(out, t->name, t->tables);
}
