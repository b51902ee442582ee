/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/qemu/line_internal.h"

/*
 * The properties of devices, under QEMU's names. A feature that a device may offer and that Vise
 * does not have is accepted and never offered, as in QEMU with a backend that lacks it.
 */

static const char *const on_only[] = {"on", NULL};
static const char *const off_only[] = {"off", NULL};
static const char *const either[] = {"on", "off", NULL};
static const char *const buses[] = {"pci.0", "pcie.0", NULL};
static const char *const dialects[] = {"v1", "virtio", NULL};
static const char *const size_256[] = {"256", NULL};
static const char *const size_128[] = {"128", NULL};
static const char *const size_512[] = {"0", "512", NULL};
static const char *const one_queue[] = {"1", NULL};
static const char *const two_streams[] = {"2", NULL};
static const char *const zero[] = {"0", NULL};

#define MAX_VECTORS 128

/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): initializers have none. */
#define FIXED_BOOL(n, w, d, h) \
	{.name = n, .kind = QEMU_KEY_FIXED, .words = w, .type = "bool", .standard = d, .help = h}
#define DEVICE_TRI(n, m, h) \
	{.name = n, QEMU_TRI(struct qemu_device, m), .help = h}
/* A feature that is never offered, whatever is said. */
#define NOT_OFFERED(n) FIXED_BOOL(n, either, "false", "never offered")
/* NOLINTEND(bugprone-macro-parentheses) */

static const struct qemu_key pci_keys[] = {
	{.name = "driver", QEMU_TEXT(struct qemu_device, driver), .help = "the name of the device"},
	{.name = "id", QEMU_ID(struct qemu_device, id), .help = "what control commands call it"},
	{.name = "addr", QEMU_TEXT(struct qemu_device, addr), .help = "slot and optional function, in hex: 06.0 or 06"},
	{.name = "bus", .kind = QEMU_KEY_FIXED, .words = buses, .type = "str", .standard = "pci.0", .help = "there is one bus"},
	FIXED_BOOL("multifunction", either, "false", "no effect: a slot with several functions says so"),
	{.name = "vectors", QEMU_NUMBER(struct qemu_device, vectors), .max = MAX_VECTORS, .type = "uint32",
	 .help = "MSI-X vectors; 0 leaves the capability out; unless given, one a queue and one more"},
	DEVICE_TRI("event_idx", event_idx, "event index; on, but off in contract form"),
	{.name = "x-pci-revision", QEMU_NUMBER(struct qemu_device, revision), .max = 255, .type = "uint8",
	 .help = "0x01 makes a modern device the one of the Windows 7 contract, IDs and names included"},
	FIXED_BOOL("indirect_desc", on_only, "true", "always offered"),
	FIXED_BOOL("ioeventfd", on_only, "true", "always"),
	FIXED_BOOL("any_layout", either, "true", "no effect"),
	FIXED_BOOL("notify_on_empty", either, "true", "no effect"),
	FIXED_BOOL("iommu_platform", off_only, "false", "not supported"),
	FIXED_BOOL("packed", off_only, "false", "not supported"),
	FIXED_BOOL("ats", off_only, "false", "not supported"),
	FIXED_BOOL("aer", off_only, "false", "not supported"),
	FIXED_BOOL("page-per-vq", off_only, "false", "not supported"),
	FIXED_BOOL("modern-pio-notify", off_only, "false", "not supported"),
	NOT_OFFERED("queue_reset"),
	{.name = "romfile", .kind = QEMU_KEY_ANY, .type = "str", .help = "no effect: there are no option ROMs"},
	{.name = "rombar", .kind = QEMU_KEY_ANY, .type = "uint32", .help = "likewise"},
	{.name = "bootindex", .kind = QEMU_KEY_ANY, .type = "int32", .help = "no effect: a kernel is booted directly"},
	{0},
};

static const struct qemu_key form_keys[] = {
	{.name = "disable-legacy", .kind = QEMU_KEY_TRI, .offset = offsetof(struct qemu_device, disable_legacy),
	 .type = "OnOffAuto", .standard = "auto", .help = "on: the modern interface alone"},
	FIXED_BOOL("disable-modern", off_only, "false", "the modern interface is always there"),
	{0},
};

static const struct qemu_key dialect_keys[] = {
	{.name = "dialect", QEMU_WORD(struct qemu_device, dialect), .words = dialects, .type = "str",
	 .help = "v1 or virtio: the wire format, of all devices together"},
	{0},
};

static const struct qemu_key net_keys[] = {
	{.name = "netdev", QEMU_TEXT(struct qemu_device, netdev), .help = "what is at the other end; unless given, nothing"},
	{.name = "mac", QEMU_TEXT(struct qemu_device, mac), .help = "hardware address, such as 52:54:00:12:34:56"},
	DEVICE_TRI("csum", csum, "checksums left to the other side, with guest_csum; on, but off in contract form"),
	DEVICE_TRI("guest_csum", guest_csum, "see csum: both or none"),
	DEVICE_TRI("gso", gso[0], "segmentation on a tap, with the next four; on, but off in contract form"),
	DEVICE_TRI("host_tso4", gso[1], "see gso: all or none"),
	DEVICE_TRI("host_tso6", gso[2], "see gso"),
	DEVICE_TRI("guest_tso4", gso[3], "see gso"),
	DEVICE_TRI("guest_tso6", gso[4], "see gso"),
	DEVICE_TRI("mrg_rxbuf", mrg_rxbuf, "frames over several buffers; on, but off in contract form"),
	DEVICE_TRI("ctrl_vq", ctrl_vq, "control queue; on, but off in contract form"),
	FIXED_BOOL("ctrl_rx", either, "true", "comes with ctrl_vq"),
	FIXED_BOOL("ctrl_rx_extra", either, "true", "comes with ctrl_vq"),
	FIXED_BOOL("ctrl_vlan", either, "true", "comes with ctrl_vq"),
	FIXED_BOOL("ctrl_mac_addr", either, "true", "comes with ctrl_vq"),
	FIXED_BOOL("status", on_only, "true", "always offered"),
	NOT_OFFERED("ctrl_guest_offloads"), NOT_OFFERED("guest_announce"), NOT_OFFERED("guest_ecn"),
	NOT_OFFERED("guest_ufo"), NOT_OFFERED("host_ecn"), NOT_OFFERED("host_ufo"),
	FIXED_BOOL("mq", off_only, "false", "not supported"),
	FIXED_BOOL("rss", off_only, "false", "not supported"),
	FIXED_BOOL("hash", off_only, "false", "not supported"),
	FIXED_BOOL("failover", off_only, "false", "not supported"),
	{.name = "rx_queue_size", .kind = QEMU_KEY_FIXED, .words = size_256, .type = "uint16", .standard = "256", .help = "fixed"},
	{.name = "tx_queue_size", .kind = QEMU_KEY_FIXED, .words = size_256, .type = "uint16", .standard = "256", .help = "fixed"},
	{.name = "host_mtu", .kind = QEMU_KEY_FIXED, .words = zero, .type = "uint16", .standard = "0", .help = "not supported"},
	{0},
};

static const struct qemu_key blk_keys[] = {
	{.name = "drive", QEMU_TEXT(struct qemu_device, drive), .help = "the -drive or -blockdev that it has"},
	{.name = "serial", QEMU_TEXT(struct qemu_device, serial), .help = "serial number, at most 20 bytes"},
	{.name = "werror", QEMU_WORD(struct qemu_device, werror), .words = qemu_error_actions, .type = "BlockdevOnError",
	 .standard = "auto", .help = "when writing the image fails"},
	{.name = "rerror", QEMU_WORD(struct qemu_device, rerror), .words = qemu_error_actions, .type = "BlockdevOnError",
	 .standard = "auto", .help = "when reading it fails"},
	{.name = "logical_block_size", .kind = QEMU_KEY_FIXED, .words = size_512, .type = "size", .standard = "512", .help = "fixed"},
	{.name = "physical_block_size", .kind = QEMU_KEY_FIXED, .words = size_512, .type = "size", .standard = "512", .help = "fixed"},
	{.name = "num-queues", .kind = QEMU_KEY_FIXED, .words = one_queue, .type = "uint16", .standard = "1", .help = "fixed"},
	{.name = "queue-size", .kind = QEMU_KEY_FIXED, .words = size_128, .type = "uint16", .standard = "128", .help = "fixed"},
	{.name = "write-cache", .kind = QEMU_KEY_FIXED, .words = (const char *const[]){"on", "auto", NULL}, .type = "OnOffAuto",
	 .standard = "auto", .help = "always on: FLUSH is offered"},
	FIXED_BOOL("scsi", off_only, "false", "not supported"),
	FIXED_BOOL("share-rw", off_only, "false", "not supported"),
	NOT_OFFERED("config-wce"), NOT_OFFERED("discard"), NOT_OFFERED("write-zeroes"),
	{.name = "iothread", .kind = QEMU_KEY_REFUSED, .type = "str", .help = "disks are served by the main loop"},
	{0},
};

static const struct qemu_key snd_keys[] = {
	{.name = "audiodev", QEMU_TEXT(struct qemu_device, audiodev), .help = "where it plays; unless given, nowhere"},
	{.name = "streams", .kind = QEMU_KEY_FIXED, .words = two_streams, .type = "uint32", .standard = "2", .help = "fixed: one each way"},
	{.name = "jacks", .kind = QEMU_KEY_FIXED, .words = zero, .type = "uint32", .standard = "0", .help = "fixed"},
	{.name = "chmaps", .kind = QEMU_KEY_FIXED, .words = zero, .type = "uint32", .standard = "0", .help = "fixed"},
	{0},
};

static const struct qemu_key serial_keys[] = {
	DEVICE_TRI("emergency-write", emergency_write, "output without a driver; on, but off in contract form"),
	{.name = "max_ports", .kind = QEMU_KEY_ANY, .type = "uint32", .help = "no effect: there are three ports"},
	{0},
};

static const struct qemu_key port_keys[] = {
	{.name = "driver", QEMU_TEXT(struct qemu_device, driver), .help = "the name of the device"},
	{.name = "id", .kind = QEMU_KEY_ANY, .type = "str", .help = "no effect"},
	{.name = "chardev", QEMU_TEXT(struct qemu_device, chardev), .help = "where it goes"},
	{.name = "name", QEMU_TEXT(struct qemu_device, name), .help = "of a virtserialport: ktstr-bulk or ktstr-stats"},
	{.name = "bus", .kind = QEMU_KEY_ANY, .type = "str", .help = "no effect: there is one console"},
	{0},
};
/* clang-format on */

const struct qemu_key *const qemu_net_tables[] = {pci_keys, form_keys, dialect_keys, net_keys,
						  NULL};
const struct qemu_key *const qemu_net_fixed_tables[] = {pci_keys, dialect_keys, net_keys, NULL};
const struct qemu_key *const qemu_blk_tables[] = {pci_keys, form_keys, blk_keys, NULL};
const struct qemu_key *const qemu_blk_fixed_tables[] = {pci_keys, blk_keys, NULL};
const struct qemu_key *const qemu_input_tables[] = {pci_keys, form_keys, NULL};
const struct qemu_key *const qemu_snd_tables[] = {pci_keys, form_keys, dialect_keys, snd_keys,
						  NULL};
const struct qemu_key *const qemu_serial_tables[] = {pci_keys, form_keys, serial_keys, NULL};
const struct qemu_key *const qemu_serial_fixed_tables[] = {pci_keys, serial_keys, NULL};
const struct qemu_key *const qemu_port_tables[] = {port_keys, NULL};

const struct qemu_key *const qemu_all_device_tables[] = {pci_keys,    form_keys, dialect_keys,
							 net_keys,    blk_keys,	 snd_keys,
							 serial_keys, port_keys, NULL};
