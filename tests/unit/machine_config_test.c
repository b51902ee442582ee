/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/blk.h"
#include "virtio/input/input.h"
#include "vmm/app/config/config_json.h"
#include "vmm/app/config/machine_config.h"
#include "vmm/app/config/machine_options.h"
#include "vmm/core/log.h"
#include "vmm/host/block/block.h"
#include "vmm/host/net/net.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct run_options run;
static struct err err;

static void setup(void)
{
	run_options_init(&run);
	memset(&err, 0, sizeof(err));
}

static void teardown(void)
{
	run_options_fini(&run);
}

#define MAX_WORDS 64

static int parse_words(struct run_options *options, const char *first, va_list ap)
{
	char *argv[MAX_WORDS] = {(char *)"run"};
	int argc = 1;

	for (const char *w = first; w && argc < MAX_WORDS; w = va_arg(ap, const char *))
		argv[argc++] = (char *)w;
	return run_options_parse(options, argc, argv, &err);
}

/* Parses and checks the words up to NULL as a new command line. */
static int parse(const char *first, ...)
{
	va_list ap;
	int rc;

	run_options_fini(&run);
	run_options_init(&run);
	va_start(ap, first);
	rc = parse_words(&run, first, ap);
	va_end(ap);
	return rc ? rc : machine_config_check(&run.config, &err);
}

#define refuses(line, ...)                                                                         \
	do {                                                                                       \
		ck_assert_int_lt(parse(__VA_ARGS__, NULL), 0);                                     \
		ck_assert_str_eq(err.text, line);                                                  \
	} while (0)

#define accepts(...) ck_assert_msg(parse(__VA_ARGS__, NULL) == 0, "%s", err.text)

/* Prints @config; the caller frees. */
static char *print(const struct machine_config *config)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	ck_assert_msg(machine_config_print(config, out, &err) == 0, "%s", err.text);
	fclose(out);
	return text;
}

/* Reads JSON over a new config in run. */
static int read_json(const char *text)
{
	run_options_fini(&run);
	run_options_init(&run);
	return machine_config_parse(text, strlen(text), "m.json", &run.config, &err);
}

#define json_refuses(line, json)                                                                   \
	do {                                                                                       \
		ck_assert_int_lt(read_json(json), 0);                                              \
		ck_assert_str_eq(err.text, line);                                                  \
	} while (0)

START_TEST(standard_machine)
{
	struct machine_config config;

	memset(&config, 0xa5, sizeof(config));
	machine_config_init(&config);
	ck_assert_uint_eq(config.memory, 512ULL << 20);
	ck_assert_uint_eq(config.cpus, 1);
	ck_assert_ptr_null(config.kernel);
	ck_assert_ptr_null(config.serial);
	ck_assert_uint_eq(config.timeout_ns, 0);
	ck_assert_uint_eq(config.n_disks, 0);
	machine_config_fini(&config);
	ck_assert_uint_eq(run.log_level, LOG_LEVEL_WARN);
}
END_TEST

START_TEST(every_option_reaches_its_member)
{
	const struct machine_config *c = &run.config;

	accepts("--kernel", "k", "--initrd", "i", "--append", "a b=c", "--memory", "1G",
		"--hugepages", "--cpus", "4", "--dialect", "v1", "--serial", "file:s", "--com2",
		"unix:c", "--timeout", "90s", "--no-reboot", "--control", "unix:ctl",
		"--status-file", "st", "--print-timing", "--debug-exit", "--debug-console",
		"--disk", "d,,1,format=raw,snapshot=on,readonly=on,serial=S,vectors=0,aio=threads",
		"--disk", "e", "--print-config", "--dry-run", "--log", "debug", "--help");
	ck_assert_str_eq(c->kernel, "k");
	ck_assert_str_eq(c->initrd, "i");
	ck_assert_str_eq(c->append, "a b=c");
	ck_assert_uint_eq(c->memory, 1ULL << 30);
	ck_assert_uint_eq(c->cpus, 4);
	ck_assert_str_eq(c->dialect, "v1");
	ck_assert_str_eq(c->serial, "file:s");
	ck_assert_str_eq(c->com2, "unix:c");
	ck_assert_uint_eq(c->timeout_ns, 90000000000ULL);
	ck_assert_str_eq(c->control, "unix:ctl");
	ck_assert_str_eq(c->status_file, "st");
	ck_assert(c->hugepages && c->no_reboot && c->print_timing && c->debug_exit &&
		  c->debug_console);
	ck_assert_uint_eq(c->n_disks, 2);
	ck_assert_str_eq(c->disks[0].path, "d,1");
	ck_assert_str_eq(c->disks[0].format, "raw");
	ck_assert(c->disks[0].snapshot && c->disks[0].read_only);
	ck_assert_str_eq(c->disks[0].serial, "S");
	ck_assert_uint_eq(c->disks[0].virtio.vectors, 0);
	ck_assert_uint_eq(c->disks[0].aio, BLOCK_AIO_THREADS);
	ck_assert_uint_eq(c->disks[1].virtio.vectors, 2);
	ck_assert_uint_eq(c->disks[1].aio, BLOCK_AIO_AUTO);
	ck_assert(run.print_config && run.dry_run && run.help);
	ck_assert_uint_eq(run.log_level, LOG_LEVEL_DEBUG);
	accepts("--kernel", "k", "--exec", "uname -a; echo \"it's\"", "--root", "/dev/vda",
		"--include", "a", "--include", "b:/c", "--modules", "m");
	ck_assert_str_eq(c->exec, "uname -a; echo \"it's\"");
	ck_assert_str_eq(c->root, "/dev/vda");
	ck_assert_str_eq(c->modules, "m");
	ck_assert_uint_eq(c->n_include, 2);
	ck_assert_str_eq(c->include[1], "b:/c");
	accepts("--kernel", "k", "--shell");
	ck_assert(c->shell);
}
END_TEST

START_TEST(every_key_of_a_device_reaches_its_member)
{
	const struct machine_config *c = &run.config;

	accepts("--kernel", "k", "--net",
		"user,mac=52:54:00:aa:bb:CC,link-down=on,hostfwd=tcp::1-:2,hostfwd=udp::3-:4,"
		"restrict=on,pcap=p,vectors=0,event-idx=on,transitional=on,mrg-rxbuf=on,csum=on,"
		"ctrl-vq=on",
		"--net", "tap,ifname=tap9,csum=on,tso=on", "--net", "tap,fd=7", "--net",
		"passt,path=s", "--net", "none", "--input", "keyboard,vectors=1", "--input",
		"tablet,event-idx=on", "--snd",
		"wav,path=w,capture=tone,vectors=1,period-events=on,xrun-events=on,jacks=on,"
		"formats=on",
		"--console", "unix:c,emerg-write=on,transitional=on,vectors=4", "--bulk", "file:b",
		"--stats", "null", "--disk",
		"d,rerror=stop,werror=enospc,event-idx=on,transitional=on");
	ck_assert_uint_eq(c->n_nics, 5);
	ck_assert_uint_eq(c->nics[0].kind, NET_USER);
	ck_assert_str_eq(c->nics[0].mac, "52:54:00:aa:bb:CC");
	ck_assert_uint_eq(c->nics[0].n_hostfwd, 2);
	ck_assert_str_eq(c->nics[0].hostfwd[1], "udp::3-:4");
	ck_assert(c->nics[0].link_down && c->nics[0].restricted && c->nics[0].mrg_rxbuf &&
		  c->nics[0].csum && c->nics[0].ctrl_vq && !c->nics[0].tso);
	ck_assert_str_eq(c->nics[0].pcap, "p");
	ck_assert(c->nics[0].virtio.event_idx == OFFER_ON && c->nics[0].virtio.transitional);
	ck_assert_uint_eq(c->nics[0].virtio.vectors, 0);
	ck_assert_uint_eq(c->nics[1].kind, NET_TAP);
	ck_assert_str_eq(c->nics[1].ifname, "tap9");
	ck_assert(c->nics[1].tso);
	ck_assert_uint_eq(c->nics[1].virtio.vectors, 3);
	ck_assert_str_eq(c->nics[2].fd, "7");
	ck_assert_uint_eq(c->nics[3].kind, NET_PASST);
	ck_assert_str_eq(c->nics[3].path, "s");
	ck_assert_uint_eq(c->nics[4].kind, NET_NONE);
	ck_assert_uint_eq(c->n_inputs, 2);
	ck_assert_uint_eq(c->inputs[0].kind, VIRTIO_INPUT_KEYBOARD);
	ck_assert_uint_eq(c->inputs[0].virtio.vectors, 1);
	ck_assert_uint_eq(c->inputs[1].kind, VIRTIO_INPUT_TABLET);
	ck_assert(c->inputs[1].virtio.event_idx == OFFER_ON);
	ck_assert_str_eq(c->sound[0].backend, "wav");
	ck_assert_str_eq(c->sound[0].capture, "tone");
	ck_assert(c->sound[0].period_events && c->sound[0].xrun_events && c->sound[0].jacks &&
		  c->sound[0].formats);
	ck_assert_str_eq(c->console[0].where, "unix:c");
	ck_assert(c->console[0].emerg_write && c->console[0].virtio.transitional);
	ck_assert_uint_eq(c->console[0].virtio.vectors, 4);
	ck_assert_str_eq(c->bulk, "file:b");
	ck_assert_str_eq(c->stats, "null");
	ck_assert_uint_eq(c->disks[0].on_read_error, VIRTIO_BLK_STOP);
	ck_assert_uint_eq(c->disks[0].on_write_error, VIRTIO_BLK_ENOSPC);
	ck_assert(c->disks[0].virtio.event_idx == OFFER_ON && c->disks[0].virtio.transitional);
}
END_TEST

START_TEST(a_basic_machine_has_a_console)
{
	accepts("--kernel", "k");
	ck_assert_int_eq(machine_config_complete(&run.config, &err), 0);
	ck_assert_uint_eq(run.config.n_console, 1);
	ck_assert_uint_eq(run.config.console[0].virtio.vectors, 9);
	ck_assert_uint_eq(run.config.n_nics, 0);
	ck_assert_uint_eq(run.config.n_inputs, 0);
	ck_assert_uint_eq(run.config.n_sound, 0);
}
END_TEST

START_TEST(a_contract_machine_has_the_devices_that_no_option_names)
{
	accepts("--kernel", "k", "--machine", "contract", "--tablet", "--input", "mouse,vectors=0",
		"--net", "none");
	ck_assert_int_eq(machine_config_complete(&run.config, &err), 0);
	ck_assert_uint_eq(run.config.n_nics, 1);
	ck_assert_uint_eq(run.config.nics[0].kind, NET_NONE);
	ck_assert_uint_eq(run.config.n_inputs, 3);
	ck_assert_uint_eq(run.config.inputs[0].virtio.vectors, 0);
	ck_assert_uint_eq(run.config.inputs[1].kind, VIRTIO_INPUT_KEYBOARD);
	ck_assert_uint_eq(run.config.inputs[2].kind, VIRTIO_INPUT_TABLET);
	ck_assert_uint_eq(run.config.n_sound, 1);
	/* Once is enough: a machine that was printed and read back is complete. */
	ck_assert_int_eq(machine_config_complete(&run.config, &err), 0);
	ck_assert_uint_eq(run.config.n_inputs, 3);
	accepts("--kernel", "k", "--machine", "contract");
	ck_assert_int_eq(machine_config_complete(&run.config, &err), 0);
	ck_assert_uint_eq(run.config.n_nics, 1);
	ck_assert_uint_eq(run.config.nics[0].kind, NET_USER);
	ck_assert_uint_eq(run.config.n_inputs, 2);
}
END_TEST

START_TEST(addresses_count_up_unless_given)
{
	static const uint8_t first[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
	static const uint8_t given[6] = {0x02, 0x00, 0x00, 0x00, 0x00, 0xff};
	uint8_t mac[6];

	accepts("--kernel", "k", "--net", "none", "--net", "none,mac=02:00:00:00:00:fF", "--net",
		"none");
	ck_assert_int_eq(machine_config_mac(&run.config, 0, mac), 0);
	ck_assert_mem_eq(mac, first, 6);
	ck_assert_int_eq(machine_config_mac(&run.config, 1, mac), 0);
	ck_assert_mem_eq(mac, given, 6);
	ck_assert_int_eq(machine_config_mac(&run.config, 2, mac), 0);
	ck_assert_uint_eq(mac[5], 0x58);
}
END_TEST

START_TEST(speaks_virtio_where_a_kernel_is_booted)
{
	accepts("--kernel", "k");
	ck_assert(machine_config_speaks_virtio(&run.config));
	ck_assert(machine_config_offers(&run.config, OFFER_AUTO));
	ck_assert(!machine_config_offers(&run.config, OFFER_OFF));
	accepts("--kernel", "k", "--dialect", "v1");
	ck_assert(!machine_config_speaks_virtio(&run.config));
	ck_assert(!machine_config_offers(&run.config, OFFER_AUTO));
	ck_assert(machine_config_offers(&run.config, OFFER_ON));
	run_options_fini(&run);
	run_options_init(&run);
	ck_assert(!machine_config_speaks_virtio(&run.config));
}
END_TEST

START_TEST(refuses_each_wrong_device)
{
	static const char *const macs[] = {"52:54:00:12:34",	   "52:54:00:12:34:5g",
					   "53:54:00:12:34:56",	   "00:00:00:00:00:00",
					   "52:54:00:12:34:56:78", "52 54 00 12 34 56"};
	char spec[100], line[200];

	for (size_t i = 0; i < sizeof(macs) / sizeof(macs[0]); i++) {
		snprintf(spec, sizeof(spec), "none,mac=%s", macs[i]);
		snprintf(line, sizeof(line),
			 "--net: mac: expected six pairs of hex digits, the first even, such as "
			 "52:54:00:12:34:56, not '%s'",
			 macs[i]);
		refuses(line, "--kernel", "k", "--net", spec);
	}
	refuses("--net: kind: expected none, user, tap or passt, not 'bridge'", "--net", "bridge");
	refuses("--net: hostfwd is for kind user, not for tap", "--kernel", "k", "--net",
		"tap,ifname=t,hostfwd=tcp::1-:2");
	refuses("--net: ifname is for kind tap, not for user", "--kernel", "k", "--net",
		"user,ifname=t");
	refuses("--net: path is for kind passt, not for none", "--kernel", "k", "--net",
		"none,path=s");
	refuses("--net: tso is for kind tap, not for user", "--kernel", "k", "--net",
		"user,csum=on,tso=on");
	refuses("--net: tso needs csum=on", "--kernel", "k", "--net", "tap,ifname=t,tso=on");
	refuses("--net: tap needs ifname=NAME or fd=N, one of the two", "--kernel", "k", "--net",
		"tap");
	refuses("--net: tap needs ifname=NAME or fd=N, one of the two", "--kernel", "k", "--net",
		"tap,ifname=t,fd=3");
	refuses("--net: fd: expected the number of an inherited descriptor, from 3 on, not '3x'",
		"--kernel", "k", "--net", "tap,fd=3x");
	refuses("--net: passt needs path=SOCKET", "--kernel", "k", "--net", "passt");
	refuses("--input: there can be one mouse, not two", "--kernel", "k", "--input", "mouse",
		"--input", "mouse");
	refuses("--tablet needs --machine contract; use --input tablet", "--kernel", "k",
		"--tablet");
	refuses("--snd: wav needs path=FILE", "--kernel", "k", "--snd", "wav");
	refuses("--snd: path is for backend wav, not for none", "--kernel", "k", "--snd",
		"none,path=w");
	refuses("--snd: given more than 1 times", "--kernel", "k", "--snd", "none", "--snd",
		"none");
	refuses("--bulk and --stats both use 'unix:s'; only one of them can", "--kernel", "k",
		"--bulk", "unix:s", "--stats", "unix:s");
	refuses("--serial and --console both use 'stdio' (standard for --serial); only one of them "
		"can",
		"--kernel", "k", "--console", "stdio");
	refuses("--selftest and --exec exclude each other: the run ends with the test", "--kernel",
		"k", "--selftest", "", "--exec", "true");
}
END_TEST

START_TEST(no_file_is_emptied_that_is_in_use)
{
	char dir[] = "/tmp/machine_config_test.XXXXXX";
	char image[64], other[64], spec[100], line[300];
	FILE *f;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(image, sizeof(image), "%s/image", dir);
	snprintf(other, sizeof(other), "%s/link", dir);
	f = fopen(image, "w");
	ck_assert_ptr_nonnull(f);
	fclose(f);
	ck_assert_int_eq(symlink("image", other), 0);
	snprintf(spec, sizeof(spec), "none,pcap=%s", other);
	snprintf(line, sizeof(line),
		 "--disk and --net: pcap both name the file '%s', which --net: pcap would empty",
		 image);
	refuses(line, "--kernel", "k", "--disk", image, "--net", spec);
	snprintf(spec, sizeof(spec), "wav,path=%s", image);
	snprintf(line, sizeof(line),
		 "--disk and --snd: path both name the file '%s', which --snd: path would empty",
		 other);
	refuses(line, "--kernel", "k", "--disk", other, "--snd", spec);
	refuses("--kernel and --stats both name the file 'k', which --stats would add to",
		"--kernel", "k", "--stats", "append:k");
	refuses("--kernel and --bulk both name the file 'k', which --bulk would empty", "--kernel",
		"k", "--bulk", "file:k");
	/* Two readers of one file, and two writers of none, do no harm. */
	accepts("--kernel", image, "--initrd", image, "--serial", "file:/dev/null", "--bulk",
		"file:/dev/zero");
	ck_assert_int_eq(unlink(other), 0);
	ck_assert_int_eq(unlink(image), 0);
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

START_TEST(words_stand_for_the_enums)
{
	static const char *const levels[] = {"error", "warn", "guest", "info", "debug"};

	for (uint32_t i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_DEBUG; i++) {
		accepts("--kernel", "k", "--log", levels[i]);
		ck_assert_uint_eq(run.log_level, i);
	}
	accepts("--kernel", "k", "--disk", "d,aio=io_uring");
	ck_assert_uint_eq(run.config.disks[0].aio, BLOCK_AIO_URING);
}
END_TEST

START_TEST(refuses_each_wrong_value)
{
	refuses("--kernel: expected the path of a file, not ''", "--kernel", "");
	refuses("--initrd: expected the path of a file, not ''", "--initrd=");
	refuses("--memory: expected a size such as 512M or 2G from 32M to 1T, a multiple of 4K, "
		"not "
		"'512'",
		"--memory", "512");
	refuses("--memory: expected a size such as 512M or 2G from 32M to 1T, a multiple of 4K, "
		"not "
		"'65537K'",
		"--memory", "65537K");
	refuses("--cpus: expected a number from 1 to 64, not '65'", "--cpus", "65");
	refuses("--cpus: expected a number from 1 to 64, not '0'", "--cpus=0");
	refuses("--dialect: expected v1 or virtio, not 'v2'", "--dialect", "v2");
	refuses("--serial: expected stdio, null, ring, ring:SIZE, file:PATH, append:PATH or "
		"unix:PATH, not "
		"'tty'",
		"--serial", "tty");
	refuses("--com2: expected stdio, null, ring, ring:SIZE, file:PATH, append:PATH or "
		"unix:PATH, not "
		"'unix:'",
		"--com2", "unix:");
	refuses("--control: expected unix:PATH or tcp:[HOST:]PORT, not 'udp:1'", "--control",
		"udp:1");
	refuses("--exec: expected a text that is not empty, not ''", "--exec", "");
	refuses("--root: expected a text that is not empty, not ''", "--root", "");
	refuses("--include: expected a text that is not empty, not ''", "--include", "");
	refuses("--modules: expected the path of a directory, not ''", "--modules", "");
	refuses("--timeout: expected a duration such as 500ms, 60s or 5m, not 'soon'", "--timeout",
		"soon");
	refuses("--status-file: expected the path of a file, not ''", "--status-file", "");
	refuses("--log: expected error, warn, guest, info or debug, not 'all'", "--log", "all");
	refuses("--config: expected the path of a file, not ''", "--config=");
	refuses("--shell: expected on or off, not '1'", "--shell=1");
	refuses("unexpected argument 'disk.img'; everything is given by options", "--cpus", "2",
		"disk.img");
}
END_TEST

START_TEST(refuses_each_wrong_disk)
{
	refuses("--disk: path: expected the path of a file, not ''", "--disk", ",readonly=on");
	refuses("--disk: no path given, expected FILE[,KEY=VALUE]...", "--disk", "readonly=on");
	refuses("--disk: format: expected raw, qcow2 or auto, not 'vmdk'", "--disk",
		"d,format=vmdk");
	refuses("--disk: snapshot: expected on or off, not 'yes'", "--disk", "d,snapshot=yes");
	refuses("--disk: unknown key 'readolny', did you mean 'readonly'?", "--disk",
		"d,readolny=on");
	refuses("--disk: expected key=value after the comma, not 'readonly'", "--disk",
		"d,readonly");
	refuses("--disk: serial: expected a text of at most 20 bytes, not '123456789012345678901'",
		"--disk", "d,serial=123456789012345678901");
	refuses("--disk: vectors: expected a number from 0 to 128, not '129'", "--disk",
		"d,vectors=129");
	refuses("--disk: aio: expected auto, io_uring or threads, not 'native'", "--disk",
		"d,aio=native");
	refuses("--disk: given more than 16 times", "--disk", "1", "--disk", "2", "--disk", "3",
		"--disk", "4", "--disk", "5", "--disk", "6", "--disk", "7", "--disk", "8", "--disk",
		"9", "--disk", "10", "--disk", "11", "--disk", "12", "--disk", "13", "--disk", "14",
		"--disk", "15", "--disk", "16", "--disk", "17");
	ck_assert_uint_eq(run.config.n_disks, MACHINE_MAX_DISKS);
}
END_TEST

START_TEST(suggests_the_nearest_name)
{
	refuses("unknown option '--memroy', did you mean --memory?", "--memroy", "1G");
	refuses("unknown option '--initrc=x', did you mean --initrd?", "--initrc=x");
	refuses("unknown option '-kernel', did you mean --kernel?", "-kernel", "k");
	refuses("unknown option '--print-confg', did you mean --print-config?", "--print-confg");
	refuses("unknown option '--frobnicate'", "--frobnicate");
}
END_TEST

START_TEST(refuses_what_does_not_go_together)
{
	refuses("--kernel is missing: a machine boots a kernel directly (a bzImage or a PVH ELF "
		"image); booting a disk by firmware is not there yet",
		"--disk", "d");
	refuses("--memory: expected a multiple of 2M with --hugepages, not '33M'", "--kernel", "k",
		"--memory", "33M", "--hugepages");
	accepts("--kernel", "k", "--memory", "34M", "--hugepages");
	refuses("--exec and --shell exclude each other: the run ends with the command or with the "
		"shell",
		"--kernel", "k", "--exec", "ls", "--shell");
	refuses("--initrd and --root exclude each other: --root makes an initial RAM disk of its "
		"own "
		"(--include adds files to it)",
		"--kernel", "k", "--root", "/dev/vda", "--initrd", "i");
	refuses("--append-only and --shell exclude each other: the command line names the init of "
		"--shell",
		"--kernel", "k", "--shell", "--append-only");
	refuses("--com2 and --shell exclude each other: the guest's init reports over the second "
		"serial port",
		"--kernel", "k", "--shell", "--com2", "null");
	refuses("--include needs --exec, --shell, --selftest or --root: without one of them no "
		"initial RAM "
		"disk "
		"is made",
		"--kernel", "k", "--include", "a");
	refuses("--modules needs --exec, --shell, --selftest or --root: without one of them no "
		"initial RAM "
		"disk "
		"is made",
		"--kernel", "k", "--modules", "m");
	refuses("--include: expected PATH or PATH:GUEST, not ':/x'", "--kernel", "k", "--shell",
		"--include", ":/x");
	refuses("--include: expected PATH or PATH:GUEST, not 'x:'", "--kernel", "k", "--shell",
		"--include", "x:");
	refuses("--serial and --com2 both use 'stdio' (standard for --serial); only one of them "
		"can",
		"--kernel", "k", "--com2", "stdio");
	refuses("--serial and --com2 both use 'stdio'; only one of them can", "--kernel", "k",
		"--com2", "stdio", "--serial", "stdio");
	refuses("--com2 and --control both use 'unix:s'; only one of them can", "--kernel", "k",
		"--com2", "unix:s", "--control", "unix:s");
	accepts("--kernel", "k", "--com2", "null", "--serial", "null");
	accepts("--kernel", "k", "--com2", "stdio", "--serial", "null");
}
END_TEST

START_TEST(check_judges_other_front_ends_too)
{
	accepts("--kernel", "k");
	run.config.cpus = 65;
	ck_assert_int_eq(machine_config_check(&run.config, &err), -EINVAL);
	ck_assert_str_eq(err.text, "--cpus: expected a number from 1 to 64, not '65'");
}
END_TEST

START_TEST(prints_complete_stable_json)
{
	char *text;

	accepts("--kernel", "k", "--timeout", "1500ms", "--disk", "d");
	text = print(&run.config);
	ck_assert_str_eq(text, "{\n"
			       "  \"kernel\": \"k\",\n"
			       "  \"initrd\": null,\n"
			       "  \"append\": null,\n"
			       "  \"append-only\": false,\n"
			       "  \"disks\": [\n"
			       "    {\n"
			       "      \"path\": \"d\",\n"
			       "      \"format\": null,\n"
			       "      \"snapshot\": false,\n"
			       "      \"readonly\": false,\n"
			       "      \"serial\": null,\n"
			       "      \"vectors\": 2,\n"
			       "      \"event-idx\": \"auto\",\n"
			       "      \"id\": null,\n"
			       "      \"backend-id\": null,\n"
			       "      \"addr\": null,\n"
			       "      \"identity\": \"contract\",\n"
			       "      \"transitional\": false,\n"
			       "      \"aio\": \"auto\",\n"
			       "      \"rerror\": \"report\",\n"
			       "      \"werror\": \"report\"\n"
			       "    }\n"
			       "  ],\n"
			       "  \"machine\": \"basic\",\n"
			       "  \"tablet\": false,\n"
			       "  \"net\": [],\n"
			       "  \"input\": [],\n"
			       "  \"snd\": [],\n"
			       "  \"memory\": \"512M\",\n"
			       "  \"hugepages\": false,\n"
			       "  \"cpus\": 1,\n"
			       "  \"rtc-local\": false,\n"
			       "  \"dialect\": null,\n"
			       "  \"serial\": null,\n"
			       "  \"com2\": null,\n"
			       "  \"console\": [],\n"
			       "  \"bulk\": null,\n"
			       "  \"stats\": null,\n"
			       "  \"exec\": null,\n"
			       "  \"shell\": false,\n"
			       "  \"selftest\": null,\n"
			       "  \"root\": null,\n"
			       "  \"include\": [],\n"
			       "  \"modules\": null,\n"
			       "  \"timeout\": \"1500ms\",\n"
			       "  \"no-reboot\": false,\n"
			       "  \"no-shutdown\": false,\n"
			       "  \"paused\": false,\n"
			       "  \"control\": null,\n"
			       "  \"status-file\": null,\n"
			       "  \"print-timing\": false,\n"
			       "  \"debug-exit\": false,\n"
			       "  \"debug-console\": false\n"
			       "}\n");
	free(text);
}
END_TEST

START_TEST(json_reads_back_identically)
{
	char *first, *second;

	accepts("--kernel", "k \"\\\xc3\xa4\n", "--append", "", "--memory", "65536K", "--memory",
		"33M", "--cpus", "64", "--dialect", "virtio", "--serial", "unix:a,b", "--exec",
		"echo 'x,y' \"z\"", "--root", "/dev/vdb", "--include", "a", "--include", "b:/b",
		"--modules", "m", "--timeout", "7m", "--no-reboot", "--control", "unix:q",
		"--status-file", "s", "--print-timing", "--debug-exit", "--debug-console", "--disk",
		"a,,b,snapshot=on,serial=x,,y,aio=io_uring,vectors=0,format=raw", "--disk",
		"path=x=y,readonly=on", "--machine", "contract", "--net",
		"user,hostfwd=tcp::1-:2,hostfwd=udp::3-:4", "--net", "tap,ifname=t", "--input",
		"tablet", "--snd", "wav,path=w", "--console", "null,emerg-write=on", "--bulk",
		"file:b");
	first = print(&run.config);
	ck_assert_msg(read_json(first) == 0, "%s", err.text);
	second = print(&run.config);
	ck_assert_str_eq(first, second);
	ck_assert_str_eq(run.config.append, "");
	ck_assert_str_eq(run.config.disks[0].path, "a,b");
	ck_assert_str_eq(run.config.disks[0].serial, "x,y");
	ck_assert_str_eq(run.config.disks[1].path, "x=y");
	ck_assert_uint_eq(run.config.timeout_ns, 420000000000ULL);
	free(first);
	free(second);
}
END_TEST

START_TEST(json_takes_numbers_for_sizes_and_times)
{
	ck_assert_int_eq(read_json("{\"memory\": 67108864, \"timeout\": 5, \"cpus\": 3}"), 0);
	ck_assert_uint_eq(run.config.memory, 64 << 20);
	ck_assert_uint_eq(run.config.timeout_ns, 5000000000ULL);
	ck_assert_uint_eq(run.config.cpus, 3);
}
END_TEST

START_TEST(json_names_file_and_line_of_bad_syntax)
{
	ck_assert_int_lt(read_json("{\n\"kernel\": \"k\",\n}"), 0);
	ck_assert_ptr_eq(strstr(err.text, "m.json:3: not JSON: "), err.text);
	ck_assert_int_lt(read_json(""), 0);
	ck_assert_ptr_eq(strstr(err.text, "m.json:1: not JSON: "), err.text);
	ck_assert_int_lt(read_json("{\"cpus\": 1,\n \"cpus\": 2}"), 0);
	ck_assert_ptr_eq(strstr(err.text, "m.json:2: not JSON: duplicate object key"), err.text);
	ck_assert_int_lt(read_json("{\"kernel\": \"a\nb\"}"), 0);
	ck_assert_ptr_null(strchr(err.text, '\n'));
}
END_TEST

START_TEST(json_names_the_key_of_a_wrong_value)
{
	json_refuses("m.json: expected an object, not an array", "[]");
	json_refuses("m.json: expected an object, not 7", "7");
	json_refuses("m.json: disks[0].readonly: expected true or false, not \"yes\"",
		     "{\"disks\": [{\"path\": \"d\", \"readonly\": \"yes\"}]}");
	json_refuses("m.json: disks[1].aio: expected auto, io_uring or threads, not 'x'",
		     "{\"disks\": [{\"path\": \"d\"}, {\"aio\": \"x\"}]}");
	json_refuses("m.json: disks[0].path: missing; it is needed", "{\"disks\": [{}]}");
	json_refuses("m.json: disks[0]: expected an object, not \"d\"", "{\"disks\": [\"d\"]}");
	json_refuses("m.json: disks: expected an array of objects, not \"d\"",
		     "{\"disks\": \"d\"}");
	json_refuses("m.json: include: expected an array of texts, not true",
		     "{\"include\": true}");
	json_refuses("m.json: include[1]: expected a text that is not empty, not 5",
		     "{\"include\": [\"a\", 5]}");
	json_refuses("m.json: cpus: expected a number from 1 to 64, not \"2\"",
		     "{\"cpus\": \"2\"}");
	json_refuses("m.json: cpus: expected a number from 1 to 64, not '-1'", "{\"cpus\": -1}");
	json_refuses("m.json: cpus: expected a number from 1 to 64, not 1.5", "{\"cpus\": 1.5}");
	json_refuses("m.json: kernel: expected the path of a file, not 1", "{\"kernel\": 1}");
}
END_TEST

START_TEST(json_refuses_unknown_keys)
{
	json_refuses("m.json: unknown key 'memry', did you mean 'memory'?", "{\"memry\": 1}");
	json_refuses("m.json: disks[0]: unknown key 'read-only', did you mean 'readonly'?",
		     "{\"disks\": [{\"path\": \"d\", \"read-only\": true}]}");
	json_refuses("m.json: unknown key 'config'", "{\"config\": \"x\"}");
	json_refuses("m.json: unknown key 'disk', did you mean 'disks'?", "{\"disk\": []}");
}
END_TEST

START_TEST(json_null_unsets_a_text_only)
{
	accepts("--kernel", "k", "--append", "x");
	ck_assert_int_eq(machine_config_parse("{\"append\": null}", 16, "m", &run.config, &err), 0);
	ck_assert_ptr_null(run.config.append);
	ck_assert_str_eq(run.config.kernel, "k");
	json_refuses("m.json: shell: expected true or false, not null", "{\"shell\": null}");
}
END_TEST

START_TEST(print_names_what_json_cannot_hold)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	accepts("--kernel", "k", "--disk", "\xff");
	ck_assert_int_eq(machine_config_print(&run.config, out, &err), -EILSEQ);
	ck_assert_str_eq(err.text, "cannot print the machine: disks: path: not UTF-8 text, which a "
				   "JSON file cannot hold");
	fclose(out);
	free(text);
}
END_TEST

START_TEST(print_says_when_writing_fails)
{
	FILE *full = fopen("/dev/full", "w");

	ck_assert_ptr_nonnull(full);
	ck_assert_int_eq(machine_config_print(&run.config, full, &err), -ENOSPC);
	fclose(full);
}
END_TEST

/* A file with @len bytes of @text in a new directory. */
struct file {
	char dir[200];
	char path[220];
};

static struct file file_create(const char *text, size_t len)
{
	const char *tmp = getenv("TMPDIR");
	struct file file;
	FILE *out;

	snprintf(file.dir, sizeof(file.dir), "%s/vise-config-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(file.dir));
	snprintf(file.path, sizeof(file.path), "%s/m.json", file.dir);
	out = fopen(file.path, "we");
	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(fwrite(text, 1, len, out), len);
	fclose(out);
	return file;
}

static void file_remove(const struct file *file)
{
	unlink(file->path);
	rmdir(file->dir);
}

START_TEST(options_after_a_file_win_over_it)
{
	static const char text[] = "{\"kernel\": \"k\", \"cpus\": 2, \"memory\": \"64M\", "
				   "\"disks\": [{\"path\": \"a\"}]}";
	struct file file = file_create(text, strlen(text));

	accepts("--cpus", "8", "--append", "kept", "--config", file.path, "--memory", "1G",
		"--disk", "b");
	ck_assert_uint_eq(run.config.cpus, 2);
	ck_assert_uint_eq(run.config.memory, 1ULL << 30);
	ck_assert_str_eq(run.config.append, "kept");
	ck_assert_uint_eq(run.config.n_disks, 2);
	ck_assert_str_eq(run.config.disks[1].path, "b");
	ck_assert_str_eq(run.config_file, file.path);
	file_remove(&file);
}
END_TEST

START_TEST(refuses_files_it_cannot_read)
{
	size_t len = CONFIG_JSON_MAX + 1;
	char *big = malloc(len);
	struct file file;
	char line[400];

	memset(big, ' ', len);
	big[0] = '{';
	big[1] = '}';
	file = file_create(big, len);
	snprintf(line, sizeof(line), "--config: %s: larger than 1 MiB, so this is no machine file",
		 file.path);
	refuses(line, "--config", file.path);
	ck_assert_int_eq(truncate(file.path, CONFIG_JSON_MAX), 0);
	accepts("--config", file.path, "--kernel", "k");
	snprintf(line, sizeof(line), "--config: %s: Is a directory", file.dir);
	refuses(line, "--config", file.dir);
	file_remove(&file);
	snprintf(line, sizeof(line), "--config: %s: No such file or directory", file.path);
	refuses(line, "--config", file.path);
	free(big);
}
END_TEST

/* What help, man page and JSON need of a row. */
static void check_rows(const struct option *table, bool top)
{
	const char *group = "";

	for (const struct option *o = table; o->name; o++) {
		ck_assert_msg(o->help && *o->help, "%s has no help", o->name);
		ck_assert_msg((o->kind == OPTION_FLAG) == !o->metavar, "metavar of %s", o->name);
		ck_assert_msg(o->help[strlen(o->help) - 1] != '.', "help of %s", o->name);
		if (top) {
			ck_assert_msg(o->text && o->text[strlen(o->text) - 1] != ' ', "%s",
				      o->name);
			ck_assert_ptr_nonnull(o->group);
			for (const struct option *p = table; p < o; p++)
				ck_assert_msg(strcmp(o->group, group) == 0 ||
						      strcmp(o->group, p->group) != 0,
					      "group of %s is in two places", o->name);
			group = o->group;
		}
		for (const struct option *p = table; p < o; p++) {
			ck_assert_str_ne(o->name, p->name);
			ck_assert(!o->json || !p->json || strcmp(o->json, p->json) != 0);
		}
		if (o->kind == OPTION_SPECS)
			check_rows(o->keys, false);
	}
}

START_TEST(rows_are_complete)
{
	for (const struct option_part *part = run_option_parts; part->table; part++)
		check_rows(part->table, true);
	for (const struct option *o = machine_options; o->name; o++)
		ck_assert_ptr_nonnull(o->json);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("machine_config");
	TCase *tc = tcase_create("machine_config");
	SRunner *sr;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, standard_machine);
	tcase_add_test(tc, every_option_reaches_its_member);
	tcase_add_test(tc, every_key_of_a_device_reaches_its_member);
	tcase_add_test(tc, a_basic_machine_has_a_console);
	tcase_add_test(tc, a_contract_machine_has_the_devices_that_no_option_names);
	tcase_add_test(tc, addresses_count_up_unless_given);
	tcase_add_test(tc, speaks_virtio_where_a_kernel_is_booted);
	tcase_add_test(tc, refuses_each_wrong_device);
	tcase_add_test(tc, no_file_is_emptied_that_is_in_use);
	tcase_add_test(tc, words_stand_for_the_enums);
	tcase_add_test(tc, refuses_each_wrong_value);
	tcase_add_test(tc, refuses_each_wrong_disk);
	tcase_add_test(tc, suggests_the_nearest_name);
	tcase_add_test(tc, refuses_what_does_not_go_together);
	tcase_add_test(tc, check_judges_other_front_ends_too);
	tcase_add_test(tc, prints_complete_stable_json);
	tcase_add_test(tc, json_reads_back_identically);
	tcase_add_test(tc, json_takes_numbers_for_sizes_and_times);
	tcase_add_test(tc, json_names_file_and_line_of_bad_syntax);
	tcase_add_test(tc, json_names_the_key_of_a_wrong_value);
	tcase_add_test(tc, json_refuses_unknown_keys);
	tcase_add_test(tc, json_null_unsets_a_text_only);
	tcase_add_test(tc, print_names_what_json_cannot_hold);
	tcase_add_test(tc, print_says_when_writing_fails);
	tcase_add_test(tc, options_after_a_file_win_over_it);
	tcase_add_test(tc, refuses_files_it_cannot_read);
	tcase_add_test(tc, rows_are_complete);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
