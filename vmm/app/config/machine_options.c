/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/config/machine_options.h"
#include "vmm/app/config/config_json.h"
#include "vmm/app/config/device_options.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define TIB(n) ((uint64_t)(n) << 40)

const char *const stream_words[] = {"stdio", "null",	"ring",	 "ring:SIZE",
				    "file:", "append:", "unix:", NULL};
static const char *const kind_words[] = {"basic", "contract", NULL}; /* enum machine_kind */
static const char *const control_words[] = {"unix:", "tcp:[HOST:]PORT", NULL};
static const char *const dialect_words[] = {"v1", "virtio", NULL};
/* enum log_level */
static const char *const log_words[] = {"error", "warn", "guest", "info", "debug", NULL};

/* clang-format off */
const struct option machine_options[] = {
	{.name = "kernel", OPT_PATH(struct machine_config, kernel),
	 .json = "kernel", .group = "Guest", .metavar = "FILE",
	 .help = "the kernel to boot",
	 .text = "The kernel to boot directly: a Linux bzImage, or an ELF image with a PVH note. Needed "
		 "for now: a boot from disk by firmware is not there yet."},
	{.name = "initrd", OPT_PATH(struct machine_config, initrd),
	 .json = "initrd", .group = "Guest", .metavar = "FILE",
	 .help = "initial RAM disk for the kernel",
	 .text = "The initial RAM disk that the kernel unpacks. Not together with --exec, --shell, "
		 "--selftest or --root, which make one of their own."},
	{.name = "append", OPT_STRING(struct machine_config, append),
	 .json = "append", .group = "Guest", .metavar = "TEXT",
	 .help = "text added to the kernel command line",
	 .text = "Added to the end of the kernel command line that Vise makes, so that it wins where the "
		 "kernel takes the last word."},
	{.name = "append-only", OPT_FLAG(struct machine_config, append_only),
	 .json = "append-only", .group = "Guest",
	 .help = "nothing but --append is on the kernel command line",
	 .text = "The kernel command line is the text of --append and nothing else. Not together with --exec, "
		 "--shell, --selftest or --root, whose init is named there."},
	{.name = "disk", OPT_SPECS(struct machine_config, disks, n_disks), .keys = disk_options,
	 .json = "disks", .group = "Machine", .metavar = "FILE[,KEY=VALUE]...",
	 .help = "adds a virtio disk; may be repeated",
	 .text = "Adds a virtio disk with the image FILE. The first is /dev/vda in a Linux guest, the "
		 "next /dev/vdb, and so on, up to 16. A comma in a value is written twice; a FILE with "
		 "'=' in its name is best written path=FILE. The keys:"},
	{.name = "machine", OPT_CHOICE(struct machine_config, kind), .words = kind_words,
	 .standard = "basic", .json = "machine", .group = "Machine", .metavar = "KIND",
	 .help = "which devices are there unasked",
	 .text = "Which devices are there unasked. A basic machine has the console; disks, networks, input "
		 "and sound come by their options. A contract machine has a network (--net user), a "
		 "keyboard and a mouse (--input), and sound (--snd none) as well, unless given otherwise."},
	{.name = "tablet", OPT_FLAG(struct machine_config, tablet),
	 .json = "tablet", .group = "Machine",
	 .help = "adds a tablet to a contract machine",
	 .text = "With --machine contract: adds a tablet to the keyboard and the mouse."},
	{.name = "net", OPT_SPECS(struct machine_config, nics, n_nics), .keys = net_options,
	 .json = "net", .group = "Machine", .metavar = "KIND[,KEY=VALUE]...",
	 .help = "adds a virtio network interface; may be repeated",
	 .text = "Adds a virtio network interface. user is a network of its own behind the host's "
		 "addresses, without any privilege: the guest is 10.0.2.15, the host's loopback 10.0.2.2, "
		 "the name server 10.0.2.3. tap is an interface of the host, passt the socket of a passt "
		 "process, none a cable to nowhere. The keys:"},
	{.name = "input", OPT_SPECS(struct machine_config, inputs, n_inputs), .keys = input_options,
	 .json = "input", .group = "Machine", .metavar = "KIND[,KEY=VALUE]...",
	 .help = "adds a virtio input device; may be repeated",
	 .text = "Adds a virtio keyboard, mouse or tablet, one of each at most. Together they are one PCI "
		 "device of several functions, in this order. The keys:"},
	{.name = "snd", OPT_SPECS(struct machine_config, sound, n_sound), .keys = sound_options,
	 .json = "snd", .group = "Machine", .metavar = "BACKEND[,KEY=VALUE]...",
	 .help = "adds a virtio sound device",
	 .text = "Adds a virtio sound device with one stream to play and one to record. What is played "
		 "goes nowhere at the pace of the clock (none) or into a WAV file (wav). The keys:"},
	{.name = "memory", OPT_SIZE(struct machine_config, memory),
	 .min = MIB(32), .max = TIB(1), .step = KIB(4), .standard = "512M",
	 .json = "memory", .group = "Machine", .metavar = "SIZE",
	 .help = "guest memory",
	 .text = "Guest memory, with suffix K, M, G or T (powers of 1024; bytes without one). At least "
		 "32M and a multiple of 4K, with --hugepages of 2M. What does not fit below 3 GiB stands "
		 "from 4 GiB on."},
	{.name = "hugepages", OPT_FLAG(struct machine_config, hugepages),
	 .json = "hugepages", .group = "Machine",
	 .help = "takes guest memory from the host's 2 MiB huge pages",
	 .text = "Takes guest memory from the host's reserved huge pages of 2 MiB, and fails when there "
		 "are not enough of them. See /proc/sys/vm/nr_hugepages."},
	{.name = "cpus", OPT_U32(struct machine_config, cpus),
	 .min = 1, .max = MACHINE_MAX_CPUS, .standard = "1",
	 .json = "cpus", .group = "Machine", .metavar = "N",
	 .help = "number of processors",
	 .text = "Number of processors, from 1 to 64."},
	{.name = "rtc-local", OPT_FLAG(struct machine_config, rtc_local),
	 .json = "rtc-local", .group = "Machine",
	 .help = "the clock begins with the host's local time",
	 .text = "The real-time clock begins with the host's local time, which Windows takes it for, instead "
		 "of UTC."},
	{.name = "dialect", OPT_WORD(struct machine_config, dialect), .words = dialect_words,
	 .json = "dialect", .group = "Machine", .metavar = "NAME",
	 .help = "wire formats of the net and sound devices",
	 .text = "Where the Windows 7 driver contract and virtio 1.2 as Linux speaks it disagree (the net "
		 "header and the sound messages), v1 follows the contract and virtio the standard. "
		 "event-idx=auto of the devices follows it, and nothing else changes. Unless given it is "
		 "virtio when a kernel is booted directly, and v1 otherwise."},
	{.name = "serial", OPT_WORD(struct machine_config, serial), .words = stream_words,
	 .standard = "stdio", .json = "serial", .group = "Consoles", .metavar = "WHERE",
	 .help = "where the first serial port (COM1) goes",
	 .text = "Where the first serial port goes: stdio is the terminal or standard input and output, "
		 "file:PATH a file that is created or truncated, append:PATH one that is gone on with, unix:PATH a socket that is listened on, "
		 "null nowhere; ring keeps output in memory, 64K or SIZE (a power of two) bytes of it, until "
		 "it is fetched. On a terminal, Ctrl-A x ends the run and Ctrl-A a sends a Ctrl-A."},
	{.name = "com2", OPT_WORD(struct machine_config, com2), .words = stream_words,
	 .standard = "null", .json = "com2", .group = "Consoles", .metavar = "WHERE",
	 .help = "where the second serial port (COM2) goes",
	 .text = "Where the second serial port goes, in the same words. Not together with --exec, "
		 "--shell, --selftest or --root, whose init reports to Vise over this port."},
	{.name = "console", OPT_SPECS(struct machine_config, console, n_console),
	 .keys = console_options, .json = "console", .group = "Consoles",
	 .metavar = "WHERE[,KEY=VALUE]...",
	 .help = "where the virtio console (hvc0) goes",
	 .text = "Where the first port of the virtio console goes, /dev/hvc0 in a Linux guest, in the same "
		 "words. The device is there in any case; unless given, its output goes nowhere. The keys:"},
	{.name = "bulk", OPT_WORD(struct machine_config, bulk), .words = stream_words,
	 .standard = "null", .json = "bulk", .group = "Consoles", .metavar = "WHERE",
	 .help = "where the console's port ktstr-bulk goes",
	 .text = "Where the second port of the virtio console goes; a Linux guest finds its node, /dev/vportNp1, by the "
		 "name ktstr-bulk in /sys/class/virtio-ports."},
	{.name = "stats", OPT_WORD(struct machine_config, stats), .words = stream_words,
	 .standard = "null", .json = "stats", .group = "Consoles", .metavar = "WHERE",
	 .help = "where the console's port ktstr-stats goes",
	 .text = "Where the third port of the virtio console goes; its name is ktstr-stats."},
	{.name = "exec", OPT_STRING(struct machine_config, exec), .min = 1,
	 .json = "exec", .group = "Guest init", .metavar = "COMMAND",
	 .help = "runs a command in the guest and ends with its status",
	 .text = "Boots the kernel with an init of Vise's own, runs COMMAND (by /bin/sh where it has shell "
		 "syntax and the guest has a shell), ends the run when the command ends, and exits with "
		 "the command's status."},
	{.name = "shell", OPT_FLAG(struct machine_config, shell),
	 .json = "shell", .group = "Guest init",
	 .help = "opens a shell in the guest",
	 .text = "Boots the kernel with an init of Vise's own and opens a shell on the first serial port. "
		 "The run ends when the shell does."},
	{.name = "selftest", OPT_STRING(struct machine_config, selftest),
	 .json = "selftest", .group = "Guest init", .metavar = "OPTIONS",
	 .help = "runs the self test of the devices in the guest",
	 .text = "Boots the kernel with an init of Vise's own, which tries every device of the machine and "
		 "prints one line a test on the first serial port. Ends with 0 when all pass, with 1 "
		 "otherwise. OPTIONS choose the tests that are not run unasked, as in \"--test-blk-reset "
		 "--test-input-events\"; an empty text is none of them."},
	{.name = "root", OPT_STRING(struct machine_config, root), .min = 1,
	 .json = "root", .group = "Guest init", .metavar = "DEVICE",
	 .help = "uses a disk of the guest as its root, e.g. /dev/vda",
	 .text = "The init mounts DEVICE, a name in the guest such as /dev/vda, and makes it the root file "
		 "system. With --exec or --shell the command or the shell runs there, otherwise the "
		 "init program that stands on it."},
	{.name = "include", OPT_LIST(struct machine_config, include, n_include), .min = 1,
	 .json = "include", .group = "Guest init", .metavar = "PATH[:GUEST]",
	 .help = "puts a file of the host into the guest; may be repeated",
	 .text = "Puts a file of the host into the initial RAM disk that --exec, --shell and --selftest "
		 "make, under the same path or under GUEST."},
	{.name = "modules", OPT_DIR(struct machine_config, modules),
	 .json = "modules", .group = "Guest init", .metavar = "DIR",
	 .help = "where the kernel's modules are",
	 .text = "The directory of the kernel's modules, as it is in /lib/modules, for --exec, --shell, "
		 "--selftest and --root. Unless given it is looked for next to the kernel."},
	{.name = "timeout", OPT_DURATION(struct machine_config, timeout_ns),
	 .json = "timeout", .group = "Run", .metavar = "TIME",
	 .help = "ends the run after this time, with status 124",
	 .text = "Ends the run after TIME, with status 124. Suffix ms, s or m; seconds without one. 0 is no "
		 "limit, which is also what holds unless given."},
	{.name = "no-reboot", OPT_FLAG(struct machine_config, no_reboot),
	 .json = "no-reboot", .group = "Run",
	 .help = "a reset of the guest ends the run, with status 127",
	 .text = "When the guest resets the machine, ends the run with status 127 instead of booting again."},
	{.name = "no-shutdown", OPT_FLAG(struct machine_config, no_shutdown),
	 .json = "no-shutdown", .group = "Run",
	 .help = "a guest that powers off leaves the machine there",
	 .text = "When the guest powers off, or resets under --no-reboot, the machine stops and stays to be "
		 "looked at until a control command resets it or quits."},
	{.name = "paused", OPT_FLAG(struct machine_config, paused),
	 .json = "paused", .group = "Run",
	 .help = "begins with the processors stopped",
	 .text = "Loads the guest and waits: its first instruction runs after the control command cont."},
	{.name = "control", OPT_WORD(struct machine_config, control), .words = control_words,
	 .json = "control", .group = "Run", .metavar = "WHERE",
	 .help = "listens for control connections on a socket",
	 .text = "Listens for control connections: the QMP protocol, as visectl and QMP clients speak it. "
		 "WHERE is unix:PATH, a socket for its owner only that is removed when the run ends, or "
		 "tcp:[HOST:]PORT, with HOST in digits and 127.0.0.1 without it: whoever reaches the port "
		 "controls the machine."},
	{.name = "status-file", OPT_PATH(struct machine_config, status_file),
	 .json = "status-file", .group = "Run", .metavar = "FILE",
	 .help = "writes how the run ended, for programs",
	 .text = "Writes how and why the run ended to FILE, for programs that need more than the exit "
		 "status."},
	{.name = "print-timing", OPT_FLAG(struct machine_config, print_timing),
	 .json = "print-timing", .group = "Run",
	 .help = "prints how long each step took",
	 .text = "Prints on standard error how long each step from start to the end of the run took."},
	{.name = "debug-exit", OPT_FLAG(struct machine_config, debug_exit),
	 .json = "debug-exit", .group = "Debugging",
	 .help = "a guest write to port 0x501 ends the run",
	 .text = "Adds the isa-debug-exit device at port 0x501: when the guest writes a value V to it, the "
		 "run ends with status 2V + 1 (its low 8 bits)."},
	{.name = "debug-console", OPT_FLAG(struct machine_config, debug_console),
	 .json = "debug-console", .group = "Debugging",
	 .help = "bytes the guest writes to port 0x402 go to stderr",
	 .text = "Adds the debug console at port 0x402: what the guest writes to it goes to standard error."},
	{0},
};

static int read_config(void *base, struct err *err);

static const struct option run_options[] = {
	{.name = "config", OPT_PATH(struct run_options, config_file), .after = read_config,
	 .group = "Command", .metavar = "FILE",
	 .help = "reads a machine file, as --print-config prints it",
	 .text = "Reads the machine from FILE, a JSON object as --print-config prints it; keys may be left "
		 "out. Options are taken from left to right: what comes after --config wins over the file, "
		 "and what --disk, --net, --input and --include name is added to the file's."},
	{.name = "print-config", OPT_FLAG(struct run_options, print_config), .group = "Command",
	 .help = "prints the machine as JSON instead of running it",
	 .text = "Prints the machine that the other options describe as JSON, which --config reads back, "
		 "and runs nothing."},
	{.name = "dry-run", OPT_FLAG(struct run_options, dry_run), .group = "Command",
	 .help = "checks everything and runs nothing",
	 .text = "Checks the options and opens the files that the machine boots, its disks and the WAV "
		 "file that it records, and runs nothing. Networks and files that a run makes are not "
		 "tried."},
	{.name = "log", OPT_CHOICE(struct run_options, log_level), .words = log_words,
	 .standard = "warn", .group = "Command", .metavar = "LEVEL",
	 .help = "how much Vise says on stderr",
	 .text = "How much Vise says on standard error, from least to most: error, warn, guest (what the "
		 "guest does wrong, rate limited), info, debug."},
	{.name = "help", OPT_FLAG(struct run_options, help), .group = "Command",
	 .help = "prints this help",
	 .text = "Prints a summary of the options and does nothing else."},
	{0},
};

const struct option_part run_option_parts[] = {
	{machine_options, offsetof(struct run_options, config)},
	{run_options, 0},
	{NULL, 0},
};
/* clang-format on */

static int read_config(void *base, struct err *err)
{
	struct run_options *options = base;

	return machine_config_read(options->config_file, &options->config, err);
}

void run_options_init(struct run_options *options)
{
	memset(options, 0, sizeof(*options));
	machine_config_init(&options->config);
	options_init(run_options, options);
}

void run_options_fini(struct run_options *options)
{
	machine_config_fini(&options->config);
	options_fini(run_options, options);
}

int run_options_parse(struct run_options *options, int argc, char **argv, struct err *err)
{
	char quoted[OPTION_QUOTE_SIZE];
	int next;
	int rc;

	rc = options_parse(run_option_parts, options, argc, argv, &next, err);
	if (rc || next == argc)
		return rc;
	return err_set(err, -EINVAL, "unexpected argument %s; everything is given by options",
		       option_quote(argv[next], quoted, sizeof(quoted)));
}
