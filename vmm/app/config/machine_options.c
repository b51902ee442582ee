/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/config/machine_options.h"
#include "vmm/app/config/config_json.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define TIB(n) ((uint64_t)(n) << 40)

#define SERIAL_BYTES 20	  /* virtio 1.2, 5.2.6: the id string of VIRTIO_BLK_T_GET_ID */
#define MSIX_VECTORS 2048 /* PCI 3.0, 6.8.2.3: the size of an MSI-X table */

static const char *const format_words[] = {"raw", "qcow2", NULL};
static const char *const aio_words[] = {"auto", "io_uring", "threads", NULL}; /* enum block_aio */
static const char *const stream_words[] = {"stdio", "null", "file:", "unix:", NULL};
static const char *const control_words[] = {"unix:", NULL};
static const char *const dialect_words[] = {"v1", "virtio", NULL};
/* enum log_level */
static const char *const log_words[] = {"error", "warn", "guest", "info", "debug", NULL};

/* clang-format off */
static const struct option disk_options[] = {
	{.name = "path", OPT_PATH(struct disk_config, path), .required = true,
	 .json = "path", .metavar = "FILE",
	 .help = "the image: a file or a block device"},
	{.name = "format", OPT_WORD(struct disk_config, format), .words = format_words,
	 .standard = "raw", .json = "format", .metavar = "FORMAT",
	 .help = "how the image is laid out"},
	{.name = "snapshot", OPT_BOOL(struct disk_config, snapshot), .standard = "off",
	 .json = "snapshot", .metavar = "on|off",
	 .help = "writes go to a temporary file and are gone after the run; the image is never written"},
	{.name = "readonly", OPT_BOOL(struct disk_config, read_only), .standard = "off",
	 .json = "readonly", .metavar = "on|off",
	 .help = "the guest sees a disk that it cannot write"},
	{.name = "serial", OPT_STRING(struct disk_config, serial), .max = SERIAL_BYTES,
	 .json = "serial", .metavar = "TEXT",
	 .help = "serial number that the guest can ask for, at most 20 bytes"},
	{.name = "vectors", OPT_U32(struct disk_config, vectors), .max = MSIX_VECTORS,
	 .standard = "2", .json = "vectors", .metavar = "N",
	 .help = "MSI-X vectors; 0 leaves the capability out"},
	{.name = "aio", OPT_CHOICE(struct disk_config, aio), .words = aio_words,
	 .standard = "auto", .json = "aio", .metavar = "WAY",
	 .help = "how the host does the work; auto is io_uring where the host allows it"},
	{0},
};

const struct option machine_options[] = {
	{.name = "kernel", OPT_PATH(struct machine_config, kernel),
	 .json = "kernel", .group = "Guest", .metavar = "FILE",
	 .help = "the kernel to boot",
	 .text = "The kernel to boot directly: a Linux bzImage, or an ELF image with a PVH note. Needed "
		 "for now: a boot from disk by firmware is not there yet."},
	{.name = "initrd", OPT_PATH(struct machine_config, initrd),
	 .json = "initrd", .group = "Guest", .metavar = "FILE",
	 .help = "initial RAM disk for the kernel",
	 .text = "The initial RAM disk that the kernel unpacks. Not together with --exec, --shell or "
		 "--root, which make one of their own."},
	{.name = "append", OPT_STRING(struct machine_config, append),
	 .json = "append", .group = "Guest", .metavar = "TEXT",
	 .help = "text added to the kernel command line",
	 .text = "Added to the end of the kernel command line that Vise makes, so that it wins where the "
		 "kernel takes the last word."},
	{.name = "disk", OPT_SPECS(struct machine_config, disks, n_disks), .keys = disk_options,
	 .json = "disks", .group = "Machine", .metavar = "FILE[,KEY=VALUE]...",
	 .help = "adds a virtio disk; may be repeated",
	 .text = "Adds a virtio disk with the image FILE. The first is /dev/vda in a Linux guest, the "
		 "next /dev/vdb, and so on, up to 16. A comma in a value is written twice; a FILE with "
		 "'=' in its name is best written path=FILE. The keys:"},
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
	{.name = "dialect", OPT_WORD(struct machine_config, dialect), .words = dialect_words,
	 .json = "dialect", .group = "Machine", .metavar = "NAME",
	 .help = "wire formats of the net and sound devices",
	 .text = "Where the Windows 7 driver contract and virtio 1.2 as Linux speaks it disagree (the net "
		 "header and the sound messages), v1 follows the contract and virtio the standard. "
		 "Nothing else changes. Unless given it is virtio when a kernel is booted directly, and "
		 "v1 otherwise."},
	{.name = "serial", OPT_WORD(struct machine_config, serial), .words = stream_words,
	 .standard = "stdio", .json = "serial", .group = "Consoles", .metavar = "WHERE",
	 .help = "where the first serial port (COM1) goes",
	 .text = "Where the first serial port goes: stdio is the terminal or standard input and output, "
		 "file:PATH a file that is created or truncated, unix:PATH a socket that is listened on, "
		 "null nowhere. On a terminal, Ctrl-A x ends the run and Ctrl-A a sends a Ctrl-A."},
	{.name = "com2", OPT_WORD(struct machine_config, com2), .words = stream_words,
	 .standard = "null", .json = "com2", .group = "Consoles", .metavar = "WHERE",
	 .help = "where the second serial port (COM2) goes",
	 .text = "Where the second serial port goes, in the same words. Not together with --exec, "
		 "--shell or --root, whose init reports to Vise over this port."},
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
	{.name = "root", OPT_STRING(struct machine_config, root), .min = 1,
	 .json = "root", .group = "Guest init", .metavar = "DEVICE",
	 .help = "uses a disk of the guest as its root, e.g. /dev/vda",
	 .text = "The init mounts DEVICE, a name in the guest such as /dev/vda, and makes it the root file "
		 "system. With --exec or --shell the command or the shell runs there, otherwise the "
		 "init program that stands on it."},
	{.name = "include", OPT_LIST(struct machine_config, include, n_include), .min = 1,
	 .json = "include", .group = "Guest init", .metavar = "PATH[:GUEST]",
	 .help = "puts a file of the host into the guest; may be repeated",
	 .text = "Puts a file of the host into the initial RAM disk that --exec, --shell and --root make, "
		 "under the same path or under GUEST."},
	{.name = "modules", OPT_DIR(struct machine_config, modules),
	 .json = "modules", .group = "Guest init", .metavar = "DIR",
	 .help = "where the kernel's modules are",
	 .text = "The directory of the kernel's modules, as it is in /lib/modules, for --exec, --shell and "
		 "--root. Unless given it is looked for next to the kernel."},
	{.name = "timeout", OPT_DURATION(struct machine_config, timeout_ns),
	 .json = "timeout", .group = "Run", .metavar = "TIME",
	 .help = "ends the run after this time, with status 124",
	 .text = "Ends the run after TIME, with status 124. Suffix ms, s or m; seconds without one. 0 is no "
		 "limit, which is also what holds unless given."},
	{.name = "no-reboot", OPT_FLAG(struct machine_config, no_reboot),
	 .json = "no-reboot", .group = "Run",
	 .help = "a reset of the guest ends the run, with status 127",
	 .text = "When the guest resets the machine, ends the run with status 127 instead of booting again."},
	{.name = "control", OPT_WORD(struct machine_config, control), .words = control_words,
	 .json = "control", .group = "Run", .metavar = "unix:PATH",
	 .help = "listens for control connections on a socket",
	 .text = "Listens on the unix socket PATH for control connections: the QMP protocol, as visectl and "
		 "QMP clients speak it. The socket is removed when the run ends."},
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
		 "and what --disk and --include name is added to the file's."},
	{.name = "print-config", OPT_FLAG(struct run_options, print_config), .group = "Command",
	 .help = "prints the machine as JSON instead of running it",
	 .text = "Prints the machine that the other options describe as JSON, which --config reads back, "
		 "and runs nothing."},
	{.name = "dry-run", OPT_FLAG(struct run_options, dry_run), .group = "Command",
	 .help = "checks everything and runs nothing",
	 .text = "Checks the options and builds the machine, but does not run it."},
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
