/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "virtio/blk.h"
#include "virtio/input/input.h"
#include "vmm/app/config/config_devices.h"
#include "vmm/app/qemu/line.h"
#include "vmm/core/log.h"
#include "vmm/host/block/block.h"
#include "vmm/host/net/net.h"

#include <check.h>
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

/* Command lines as programs that start QEMU write them, and what machine they describe. */

static struct qemu_line line;
static const struct machine_config *const config = &line.config;
static struct err err;
static char *printed;
static size_t printed_size;
static FILE *out;

static void setup(void)
{
	out = open_memstream(&printed, &printed_size);
	qemu_line_init(&line, out);
	memset(&err, 0, sizeof(err));
	log_set_level(LOG_LEVEL_ERROR);
}

static void teardown(void)
{
	qemu_line_fini(&line);
	fclose(out);
	free(printed);
}

#define MAX_WORDS 64

/* Reads the words up to NULL as a new command line. */
static int read_line(const char *const *words)
{
	char *argv[MAX_WORDS] = {(char *)"qemu-system-x86_64"};
	int argc = 1;

	teardown();
	setup();
	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)words[argc - 1];
	return qemu_line_parse(&line, argc, argv, &err);
}

/* What every front end does with a machine that is described. */
static int complete(void)
{
	int rc = machine_config_complete(&line.config, &err);

	return rc ? rc : machine_config_check(&line.config, &err);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define accepts(...)                                                                               \
	ck_assert_msg(read_line(WORDS(__VA_ARGS__)) == 0 && complete() == 0, "%s", err.text)
#define refuses(said, ...)                                                                         \
	do {                                                                                       \
		ck_assert_int_lt(read_line(WORDS(__VA_ARGS__)), 0);                                \
		ck_assert_str_eq(err.text, said);                                                  \
	} while (0)

/* Asks and keeps what is printed. */
static int ask(const char *option, const char *arg)
{
	int rc = read_line(WORDS(option, arg));

	fflush(out);
	return rc;
}

static bool matches(const char *pattern)
{
	regex_t regex;
	int rc;

	ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NEWLINE | REG_NOSUB), 0);
	rc = regexec(&regex, printed, 0, NULL, 0);
	regfree(&regex);
	return rc == 0;
}

/* What a harness of the contract sends, but for the kernel, which stands in for an installed guest.
 */
#define HARNESS_HEAD                                                                               \
	"-m", "2048", "-smp", "2", "-display", "none", "-no-reboot", "-qmp",                       \
		"unix:/tmp/q.sock,server,nowait", "-chardev",                                      \
		"file,id=charserial0,path=\"/tmp/a,b \\\"c\\\"/serial.log\"", "-serial",           \
		"chardev:charserial0", "-netdev", "user,id=net0"
#define KERNEL "--", "-kernel", "k", "-initrd", "i", "-append", "console=ttyS0"

/* The devices in their places; @vectors: of all but the console; UINT32_MAX: not looked at. */
static void check_contract_devices(unsigned int vectors)
{
	static const struct {
		const char *id, *backend;
		uint8_t slot, function;
	} want[] = {
		{"aero_virtio_net0", "net0", 3, 0},
		{"aero_virtio_blk0", "drive0", 4, 0},
		{"aero_virtio_kbd0", "", 5, 0},
		{"aero_virtio_mouse0", "", 5, 1},
		{"aero_virtio_tablet0", "", 5, 2},
		{"aero_virtio_snd0", "snd0", 6, 0},
		{"console0", "", 7, 0},
	};
	struct config_device list[CONFIG_MAX_DEVICES];
	size_t n;

	ck_assert_int_eq(config_devices(config, list, &n, &err), 0);
	ck_assert_uint_eq(n, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < n; i++) {
		ck_assert_str_eq(list[i].id, want[i].id);
		ck_assert_str_eq(list[i].backend_id, want[i].backend);
		ck_assert_uint_eq(list[i].devfn, want[i].slot << 3 | want[i].function);
		ck_assert_uint_eq(list[i].virtio->identity, IDENTITY_CONTRACT);
		/* The console is there unasked, and Vise's own. */
		ck_assert_uint_eq(list[i].virtio->event_idx,
				  list[i].kind == CONFIG_CONSOLE ? OFFER_AUTO : OFFER_OFF);
		ck_assert(!list[i].virtio->transitional);
		if (vectors != UINT32_MAX && list[i].kind != CONFIG_CONSOLE)
			ck_assert_uint_eq(list[i].virtio->vectors, vectors);
	}
}

static void check_contract_machine(void)
{
	const struct nic_config *nic = &config->nics[0];

	ck_assert_uint_eq(config->memory, 2048ULL << 20);
	ck_assert_uint_eq(config->cpus, 2);
	ck_assert(config->no_reboot);
	ck_assert_str_eq(config->control, "unix:/tmp/q.sock");
	ck_assert_str_eq(config->com2, "null");
	ck_assert_str_eq(config->kernel, "k");
	ck_assert_str_eq(config->initrd, "i");
	ck_assert_str_eq(config->append, "console=ttyS0");
	ck_assert(config->append_only);
	ck_assert(machine_config_speaks_virtio(config));
	ck_assert_uint_eq(nic->kind, NET_USER);
	ck_assert(!nic->mrg_rxbuf && !nic->csum && !nic->tso && !nic->ctrl_vq);
	ck_assert_str_eq(config->disks[0].format, "auto");
	ck_assert_str_eq(config->sound[0].backend, "wav");
}

/* NOLINTBEGIN(bugprone-suspicious-missing-comma): one word may need two lines. */

START_TEST(reads_the_contract_harness)
{
	accepts(HARNESS_HEAD, "-device",
		"virtio-net-pci,id=aero_virtio_net0,netdev=net0,disable-legacy=on,x-pci-revision="
		"0x01",
		"-device",
		"virtio-keyboard-pci,id=aero_virtio_kbd0,disable-legacy=on,x-pci-revision=0x01",
		"-device",
		"virtio-mouse-pci,id=aero_virtio_mouse0,disable-legacy=on,x-pci-revision=0x01",
		"-device",
		"virtio-tablet-pci,id=aero_virtio_tablet0,disable-legacy=on,x-pci-revision=0x01",
		"-drive", "file=\"/d/win7.img\",if=none,id=drive0,cache=writeback,snapshot=on",
		"-device", "virtio-blk-pci,drive=drive0,disable-legacy=on,x-pci-revision=0x01",
		"-audiodev", "wav,id=snd0,path=\"/w/out.wav\"", "-device",
		"virtio-sound-pci,audiodev=snd0,disable-legacy=on,x-pci-revision=0x01", KERNEL);
	check_contract_machine();
	check_contract_devices(UINT32_MAX);
	ck_assert_str_eq(config->serial, "file:/tmp/a,b \"c\"/serial.log");
	ck_assert_str_eq(config->disks[0].path, "/d/win7.img");
	ck_assert(config->disks[0].snapshot);
	ck_assert_str_eq(config->sound[0].path, "/w/out.wav");
	ck_assert_uint_eq(config->nics[0].virtio.vectors, 3);
	ck_assert_uint_eq(config->disks[0].virtio.vectors, 2);
}
END_TEST

/* Ids last, the backend after the revision, the values bare, and what else may change places. */
START_TEST(property_order_does_not_matter)
{
	accepts("-m", "2048", "-smp", "2", "-display", "none", "-no-reboot", "-chardev",
		"file,id=charserial0,path=/s/serial.log", "-serial", "chardev:charserial0", "-qmp",
		"unix:/tmp/q.sock,server,nowait", "-device",
		"virtio-net-pci,x-pci-revision=0x01,disable-legacy=on,netdev=net0,vectors=0,id="
		"aero_virtio_net0",
		"-device",
		"virtio-mouse-pci,disable-legacy=on,x-pci-revision=0x01,vectors=0,id=aero_virtio_"
		"mouse0",
		"-device",
		"virtio-keyboard-pci,disable-legacy=on,x-pci-revision=0x01,vectors=0,id=aero_"
		"virtio_kbd0",
		"-device",
		"virtio-tablet-pci,disable-legacy=on,x-pci-revision=1,vectors=0,id=aero_virtio_"
		"tablet0",
		"-device",
		"virtio-snd-pci,disable-legacy=on,x-pci-revision=0x01,vectors=0,audiodev=snd0",
		"-audiodev", "path=/w/out.wav,driver=wav,id=snd0", "-device",
		"virtio-blk-pci,vectors=0,x-pci-revision=0x01,disable-legacy=on,drive=drive0",
		"-drive", "id=drive0,cache=writeback,if=none,file=/d/win7.img", "-netdev",
		"id=net0,type=user", KERNEL);
	check_contract_machine();
	check_contract_devices(0);
	ck_assert_str_eq(config->serial, "file:/s/serial.log");
	ck_assert_str_eq(config->disks[0].path, "/d/win7.img");
	ck_assert(!config->disks[0].snapshot);
	ck_assert_str_eq(config->sound[0].path, "/w/out.wav");
}
END_TEST

START_TEST(reads_the_transitional_harness)
{
	accepts(HARNESS_HEAD, "-device", "virtio-net-pci,id=aero_virtio_net0,netdev=net0",
		"-device", "virtio-keyboard-pci,id=aero_virtio_kbd0", "-device",
		"virtio-mouse-pci,id=aero_virtio_mouse0", "-drive",
		"file=\"/d/win7.img\",if=virtio,cache=writeback,snapshot=on", KERNEL);
	ck_assert(config->nics[0].virtio.transitional && config->disks[0].virtio.transitional);
	ck_assert(!config->inputs[0].virtio.transitional);
	ck_assert_uint_eq(config->inputs[0].virtio.identity, IDENTITY_QEMU);
	ck_assert(config->disks[0].snapshot);
	ck_assert_str_eq(config->disks[0].virtio.backend_id, "virtio0");
	ck_assert(config->nics[0].mrg_rxbuf && config->nics[0].csum && config->nics[0].ctrl_vq);
	ck_assert(!config->nics[0].tso); /* user networking does not segment */
	accepts(HARNESS_HEAD, "-device", "virtio-net-pci,id=aero_virtio_net0,netdev=net0,vectors=2",
		"-drive", "file=\"/d/win7.img\",if=none,id=drive0,cache=writeback", "-device",
		"virtio-blk-pci,drive=drive0,vectors=0", KERNEL);
	ck_assert_uint_eq(config->nics[0].virtio.vectors, 2);
	ck_assert_uint_eq(config->disks[0].virtio.vectors, 0);
}
END_TEST

/* A program that looks at PCI IDs and boots nothing. Its control connection is stdio. */
#define PROBE(rev)                                                                                 \
	"-netdev", "user,id=net0", "-device", "virtio-net-pci,netdev=net0,disable-legacy=on" rev,  \
		"-drive", "file=/tmp/x.raw,if=none,format=raw,id=drive0", "-device",               \
		"virtio-blk-pci,drive=drive0,disable-legacy=on" rev, "-device",                    \
		"virtio-keyboard-pci,disable-legacy=on" rev, "-device",                            \
		"virtio-mouse-pci,disable-legacy=on" rev, "-audiodev", "none,id=snd0", "-device",  \
		"virtio-sound-pci,audiodev=snd0,disable-legacy=on" rev
#define PROBE_HEAD "-nodefaults", "-machine", "q35", "-m", "128", "-display", "none", "-no-reboot"

START_TEST(reads_the_probe_of_pci_ids)
{
	accepts(PROBE_HEAD, PROBE(""), "-kernel", "k");
	ck_assert_uint_eq(config->nics[0].virtio.identity, IDENTITY_QEMU);
	ck_assert_uint_eq(config->sound[0].virtio.identity, IDENTITY_QEMU);
	ck_assert(!config->nics[0].virtio.transitional);
	ck_assert_str_eq(config->disks[0].format, "raw");
	ck_assert_uint_eq(config->memory, 128ULL << 20);
	accepts(PROBE_HEAD, PROBE(",x-pci-revision=0x01"), "-kernel", "k");
	ck_assert_uint_eq(config->nics[0].virtio.identity, IDENTITY_CONTRACT);
	ck_assert_uint_eq(config->inputs[1].virtio.identity, IDENTITY_CONTRACT);
}
END_TEST

START_TEST(answers_the_probes_of_a_harness)
{
	static const char *const names[] = {
		"virtio-net-pci",    "virtio-blk-pci",	 "virtio-keyboard-pci", "virtio-mouse-pci",
		"virtio-tablet-pci", "virtio-sound-pci", "virtio-snd-pci"};
	char arg[80];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ck_assert_int_eq(ask("-device", "help"), 1);
		ck_assert_ptr_nonnull(strstr(printed, names[i]));
		snprintf(arg, sizeof(arg), "%s,help", names[i]);
		ck_assert_int_eq(ask("-device", arg), 1);
		ck_assert(matches("^[[:blank:]]*disable-legacy"));
		ck_assert(matches("^[[:blank:]]*x-pci-revision"));
		ck_assert(matches("^[[:blank:]]*vectors[^[:alnum:]_]"));
		ck_assert(matches("^[[:blank:]]+vectors[[:blank:]]*="));
		ck_assert(matches("^  vectors=<uint32>"));
		ck_assert(matches("^  x-pci-revision=<uint8>"));
		ck_assert(matches("^  disable-legacy=<OnOffAuto>"));
		snprintf(arg, sizeof(arg), "%s,vectors=0,help", names[i]);
		ck_assert_int_eq(ask("-device", arg), 1);
		snprintf(arg, sizeof(arg), "%s,vectors=x,help", names[i]);
		ck_assert_int_lt(ask("-device", arg), 0);
		ck_assert_uint_eq(printed_size, 0);
	}
	ck_assert_int_lt(ask("-device", "nope,help"), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "Device 'nope' not found"));
	ck_assert_int_lt(ask("-device", "virtio-gpu-pci"), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "Device 'virtio-gpu-pci' not found"));
}
END_TEST

START_TEST(answers_other_questions)
{
	ck_assert_int_eq(ask("-machine", "help"), 1);
	ck_assert(matches("^Supported machines are:") && matches("^pc ") && matches("^q35 "));
	ck_assert_int_eq(ask("-cpu", "help"), 1);
	ck_assert(matches("^x86 host$"));
	ck_assert_int_eq(ask("-accel", "help"), 1);
	ck_assert(matches("^kvm$"));
	ck_assert_int_eq(read_line(WORDS("--version")), 1);
	fflush(out);
	ck_assert(matches("^QEMU emulator version [0-9]+\\.[0-9]+\\.[0-9]+ "));
	ck_assert_int_eq(read_line(WORDS("-h")), 1);
	fflush(out);
	ck_assert(matches("^-device NAME"));
}
END_TEST

START_TEST(device_is_what_its_properties_make_it)
{
	accepts("-kernel", "k", "-netdev", "tap,id=t,ifname=tap0,script=no,downscript=no,vhost=off",
		"-device",
		"virtio-net-pci-non-transitional,netdev=t,mac=52:54:00:00:00:01,addr=0x9",
		"-device", "virtio-net,disable-legacy=off,csum=off", "-device",
		"virtio-net-pci,disable-legacy=on,x-pci-revision=0x01,mrg_rxbuf=on,event_idx=off",
		"-drive", "file=a,if=none,id=d,format=qcow2,read-only=on,aio=threads,rerror=stop",
		"-device", "virtio-blk-pci-transitional,drive=d,id=root,serial=S1,werror=ignore");
	ck_assert_uint_eq(config->nics[0].kind, NET_TAP);
	ck_assert(!config->nics[0].virtio.transitional && config->nics[0].tso);
	ck_assert_str_eq(config->nics[0].virtio.addr, "9");
	ck_assert_str_eq(config->nics[0].mac, "52:54:00:00:00:01");
	ck_assert_uint_eq(config->nics[1].kind, NET_NONE);
	ck_assert(config->nics[1].virtio.transitional && !config->nics[1].csum);
	ck_assert_uint_eq(config->nics[1].virtio.event_idx, OFFER_ON);
	ck_assert(config->nics[2].mrg_rxbuf && !config->nics[2].ctrl_vq);
	ck_assert_uint_eq(config->nics[2].virtio.event_idx, OFFER_OFF);
	ck_assert(config->disks[0].virtio.transitional && config->disks[0].read_only);
	ck_assert_str_eq(config->disks[0].virtio.id, "root");
	ck_assert_str_eq(config->disks[0].serial, "S1");
	ck_assert_uint_eq(config->disks[0].aio, BLOCK_AIO_THREADS);
	ck_assert_uint_eq(config->disks[0].on_read_error, VIRTIO_BLK_STOP);
	ck_assert_uint_eq(config->disks[0].on_write_error, VIRTIO_BLK_IGNORE);
}
END_TEST

START_TEST(nodes_of_images_are_put_together)
{
	accepts("-kernel", "k", "-blockdev", "driver=file,node-name=f,filename=a.img", "-blockdev",
		"qcow2,node-name=q,file=f,read-only=on", "-blockdev",
		"driver=raw,node-name=r,file.driver=file,file.filename=b.img", "-snapshot",
		"-device", "virtio-blk-pci,drive=q", "-device", "virtio-blk-pci,drive=r");
	ck_assert_str_eq(config->disks[0].path, "a.img");
	ck_assert_str_eq(config->disks[0].format, "qcow2");
	ck_assert(config->disks[0].read_only && config->disks[0].snapshot);
	ck_assert_str_eq(config->disks[1].path, "b.img");
	ck_assert_str_eq(config->disks[1].format, "raw");
	accepts("-kernel", "k", "-blockdev",
		"{\"driver\":\"qcow2\",\"node-name\":\"q\",\"read-only\":true,"
		"\"file\":{\"driver\":\"file\",\"filename\":\"a,b\"}}",
		"-device", "{\"driver\":\"virtio-blk-pci\",\"drive\":\"q\",\"vectors\":0}");
	ck_assert_str_eq(config->disks[0].path, "a,b");
	ck_assert(config->disks[0].read_only);
	ck_assert_uint_eq(config->disks[0].virtio.vectors, 0);
}
END_TEST

/* NOLINTEND(bugprone-suspicious-missing-comma) */

START_TEST(console_ports_have_names)
{
	accepts("-kernel", "k", "-chardev", "ringbuf,id=r,size=4096", "-chardev",
		"socket,id=s,path=/s,server=on,wait=off", "-chardev",
		"file,id=n,path=log,append=on", "-device", "virtio-serial-pci,disable-legacy=on",
		"-device", "virtconsole,chardev=s", "-device",
		"virtserialport,chardev=r,name=ktstr-bulk", "-device",
		"virtserialport,chardev=n,name=ktstr-stats");
	ck_assert_str_eq(config->console[0].where, "unix:/s");
	ck_assert(config->console[0].emerg_write && !config->console[0].virtio.transitional);
	ck_assert_str_eq(config->bulk, "ring:4096");
	ck_assert_str_eq(config->stats, "append:log");
}
END_TEST

START_TEST(options_of_the_machine)
{
	accepts("-kernel", "k");
	ck_assert_uint_eq(config->memory, 128ULL << 20);
	ck_assert_uint_eq(config->cpus, 1);
	ck_assert_str_eq(config->serial, "null");
	accepts("-M", "pc-i440fx-7.2,accel=kvm:tcg,usb=off,dialect=v1", "-cpu", "max",
		"-enable-kvm", "-accel", "kvm", "-m", "size=1G", "-smp",
		"4,sockets=1,cores=2,threads=2", "-rtc", "base=localtime,clock=host,driftfix=slew",
		"-boot", "order=c,menu=off", "-name", "guest=x,debug-threads=on", "-S",
		"-no-shutdown", "-nographic", "-no-user-config", "-monitor", "none", "-nic", "none",
		"-kernel", "k", "-vga", "none");
	ck_assert_uint_eq(config->memory, 1ULL << 30);
	ck_assert_uint_eq(config->cpus, 4);
	ck_assert_str_eq(config->serial, "stdio");
	ck_assert_str_eq(config->dialect, "v1");
	ck_assert(config->rtc_local && config->paused && config->no_shutdown);
	accepts("-kernel", "k", "-smp", "sockets=2,cores=3", "-serial", "file:a", "-serial",
		"unix:b,server=on,wait=off", "-pidfile", "p", "-daemonize");
	ck_assert_uint_eq(config->cpus, 6);
	ck_assert_str_eq(config->serial, "file:a");
	ck_assert_str_eq(config->com2, "unix:b");
	ck_assert_str_eq(line.pidfile, "p");
	ck_assert(line.daemonize);
}
END_TEST

START_TEST(user_networks_forward_ports)
{
	accepts("-kernel", "k", "-netdev",
		"user,id=n,hostfwd=tcp::8080-:80,hostfwd=udp::53-:53,restrict=y", "-device",
		"virtio-net-pci,netdev=n");
	ck_assert_uint_eq(config->nics[0].n_hostfwd, 2);
	ck_assert_str_eq(config->nics[0].hostfwd[1], "udp::53-:53");
	ck_assert(config->nics[0].restricted);
	accepts("-kernel", "k", "-netdev", "stream,id=n,addr.type=unix,addr.path=/p,server=off",
		"-device", "virtio-net-pci,netdev=n");
	ck_assert_uint_eq(config->nics[0].kind, NET_PASST);
	ck_assert_str_eq(config->nics[0].path, "/p");
}
END_TEST

START_TEST(dialect_follows_form_and_word)
{
	/* Not the kernel's doing: without one it is the same. */
	ck_assert_int_eq(read_line(WORDS("-device", "virtio-net-pci")), 0);
	ck_assert_str_eq(config->dialect, "virtio");
	ck_assert_int_eq(
		read_line(WORDS("-device", "virtio-net-pci,disable-legacy=on,x-pci-revision=1")),
		0);
	ck_assert_ptr_null(config->dialect);
	accepts("-kernel", "k", "-device", "virtio-net-pci,dialect=v1");
	ck_assert_str_eq(config->dialect, "v1");
	refuses("-device virtio-net-pci: dialect: expected v1, which was given before: a machine "
		"has one dialect",
		"-machine", "dialect=v1", "-device", "virtio-net-pci,dialect=virtio");
}
END_TEST

START_TEST(refuses_by_name)
{
	refuses("'-frobnicate': invalid option; -help lists those there are", "-frobnicate");
	refuses("'-devcie': invalid option, did you mean -device?", "-devcie", "x");
	refuses("unexpected argument 'disk.img'; an image is given by -drive "
		"file=IMAGE,if=virtio",
		"disk.img");
	refuses("-m: requires an argument: SIZE", "-m");
	refuses("-m: expected a size such as 512M or 2G from 32M to 1T, a multiple of 4K, not '1M'",
		"-m", "1");
	refuses("-usb: not supported: there is no USB", "-usb");
	refuses("-display: expected none, not 'gtk': there is no display", "-display", "gtk");
	refuses("-accel: expected kvm, not 'tcg'", "-accel", "tcg");
	refuses("-cpu: features are not supported: expected a model alone, not 'host,+vmx'", "-cpu",
		"host,+vmx");
	refuses("-machine: unsupported machine type 'virt'; expected pc, q35 or a version of them "
		"(-machine help lists them)",
		"-machine", "virt");
	refuses("-smp: sockets, cores and threads make 4 processors, but cpus is 3", "-smp",
		"3,cores=4");
	refuses("-smp: sockets, cores and threads make 0 processors, but cpus is 2", "-smp",
		"2,cores=0");
	refuses("-smp: expected from 1 to 64 processors, not 4096", "-smp", "sockets=64,cores=64");
	refuses("-smp: maxcpus: expected 2, as many as there are: none can be plugged", "-smp",
		"2,maxcpus=4");
	refuses("-rtc: base: expected utc or localtime, not '2020-01-01'", "-rtc",
		"base=2020-01-01");
	refuses("-boot: order: 'd' is not supported; it is c here", "-boot", "d");
}
END_TEST

START_TEST(refuses_wrong_devices)
{
	refuses("-device virtio-net-pci: Property 'vektors' not found, did you mean 'vectors'?",
		"-device", "virtio-net-pci,vektors=1");
	refuses("-device virtio-net-pci: netdev: there is no -netdev with id 'n'", "-device",
		"virtio-net-pci,netdev=n");
	refuses("-device virtio-blk-pci: drive=ID is missing", "-device", "virtio-blk-pci");
	refuses("-device virtio-blk-pci: drive: there is no -drive or -blockdev called 'd'",
		"-device", "virtio-blk-pci,drive=d");
	refuses("-device virtio-net-pci: x-pci-revision=0x01 needs disable-legacy=on: the device "
		"of the contract is modern only",
		"-device", "virtio-net-pci,x-pci-revision=0x01");
	refuses("-device virtio-mouse-pci: x-pci-revision: expected 0x01, not 0x02", "-device",
		"virtio-mouse-pci,x-pci-revision=0x02");
	refuses("-device virtio-mouse-pci: disable-legacy=off: this device is modern only; "
		"expected on",
		"-device", "virtio-mouse-pci,disable-legacy=off");
	refuses("-device virtio-net-pci-transitional: Property 'disable-legacy' not found",
		"-device", "virtio-net-pci-transitional,disable-legacy=on");
	refuses("-device virtio-net-pci: disable-modern: 'on' is not supported; it is off here",
		"-device", "virtio-net-pci,disable-modern=on");
	refuses("-device virtio-blk-pci: iothread: not supported: disks are served by the main "
		"loop",
		"-device", "virtio-blk-pci,iothread=io0");
	refuses("-device virtserialport: name: expected ktstr-bulk or ktstr-stats, the ports that "
		"there are",
		"-chardev", "null,id=n", "-device", "virtserialport,chardev=n,name=x");
	refuses("-device: not JSON: 'string or \'}\' expected near end of file'", "-device", "{");
	refuses("-device: vectors: expected a text, an integer, true, false or an object",
		"-device", "{\"driver\":\"virtio-net-pci\",\"vectors\":[1]}");
	refuses("-device: expected a key, not 'a b'", "-device", "{\"a b\":1}");
}
END_TEST

START_TEST(refuses_wrong_backends)
{
	refuses("-netdev: guestfwd: not supported: the guest reaches servers on the host's "
		"loopback at 10.0.2.2",
		"-netdev", "user,id=n,guestfwd=tcp:10.0.2.100:80-cmd:x");
	refuses("-netdev n: hostfwd: expected a text that is not empty, not ''", "-netdev",
		"user,id=n,hostfwd=", "-device", "virtio-net-pci,netdev=n");
	refuses("-netdev n: ifname is for type tap, not for user", "-netdev",
		"user,id=n,ifname=tap0");
	refuses("-netdev n: tap needs ifname=NAME or fd=N, one of the two", "-netdev", "tap,id=n");
	refuses("-netdev: script: '/x' is not supported; it is no here", "-netdev",
		"tap,id=n,ifname=t,script=/x");
	refuses("-netdev: the id 'n' is given twice", "-netdev", "user,id=n", "-netdev",
		"user,id=n");
	refuses("-drive: if= is missing, which stands for if=ide, and there is no IDE; expected "
		"if=virtio, or if=none and a -device",
		"-drive", "file=a");
	refuses("-drive: if: expected none or virtio, not 'ide'", "-drive", "file=a,if=ide");
	refuses("-drive: format: expected raw or qcow2, not 'vmdk'", "-drive",
		"file=a,if=virtio,format=vmdk");
	refuses("-drive: media: 'cdrom' is not supported; it is disk here", "-drive",
		"file=a,media=cdrom");
	refuses("-drive: cache: 'writethrough' is not supported; it is writeback, none or unsafe "
		"here",
		"-drive", "file=a,if=virtio,cache=writethrough");
	refuses("-drive: file=IMAGE is missing", "-drive", "if=virtio");
	refuses("-chardev c: expected path=, a unix socket; TCP is not supported here", "-chardev",
		"socket,id=c,host=localhost,port=1,server=on");
	refuses("-serial: there is no -chardev with id 'x'", "-serial", "chardev:x");
	refuses("-audiodev: the id 'a' is given twice", "-audiodev", "none,id=a", "-audiodev",
		"none,id=a");
	refuses("-chardev: the id 'a' is given twice", "-chardev", "null,id=a", "-chardev",
		"null,id=a");
	refuses("-audiodev: driver: expected none or wav, not 'pa'", "-audiodev", "pa,id=a");
	refuses("-qmp: 'stdio' is not supported; use unix:PATH,server=on,wait=off", "-qmp",
		"stdio");
	refuses("-qmp: 'stdio' is not supported; use unix:PATH,server=on,wait=off", "-qmp",
		"stdio");
	refuses("-qmp: expected unix:PATH,server=on,wait=off; connecting to a socket is not "
		"supported",
		"-qmp", "unix:/s");
	refuses("-monitor: a monitor on 'stdio' is not supported, only none; use -qmp", "-monitor",
		"stdio");
	refuses("-daemonize: the terminal is let go, but COM1 uses it; use -serial file:PATH",
		"-daemonize", "-nographic", "-kernel", "k");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("qemu_line");
	TCase *tc = tcase_create("all");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, reads_the_contract_harness);
	tcase_add_test(tc, property_order_does_not_matter);
	tcase_add_test(tc, reads_the_transitional_harness);
	tcase_add_test(tc, reads_the_probe_of_pci_ids);
	tcase_add_test(tc, answers_the_probes_of_a_harness);
	tcase_add_test(tc, answers_other_questions);
	tcase_add_test(tc, device_is_what_its_properties_make_it);
	tcase_add_test(tc, nodes_of_images_are_put_together);
	tcase_add_test(tc, console_ports_have_names);
	tcase_add_test(tc, options_of_the_machine);
	tcase_add_test(tc, user_networks_forward_ports);
	tcase_add_test(tc, dialect_follows_form_and_word);
	tcase_add_test(tc, refuses_by_name);
	tcase_add_test(tc, refuses_wrong_devices);
	tcase_add_test(tc, refuses_wrong_backends);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
