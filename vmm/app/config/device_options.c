/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/app/config/device_options.h"

#include "vmm/app/config/machine_config.h"

/* The keys of devices: one table a device, the first row being the value that needs no key. */

#define ID_BYTES     31	 /* struct device has room for as many */
#define SERIAL_BYTES 20	 /* virtio 1.2, 5.2.6: the id string of VIRTIO_BLK_T_GET_ID */
#define MSIX_VECTORS 128 /* what the table's place in BAR 0 is meant for */

static const char *const format_words[] = {"raw", "qcow2", "auto", NULL};
static const char *const aio_words[] = {"auto", "io_uring", "threads", NULL}; /* enum block_aio */
/* enum virtio_blk_on_error */
static const char *const error_words[] = {"report", "ignore", "stop", "enospc", NULL};
static const char *const offer_words[] = {"auto", "on", "off", NULL};	/* enum offer */
static const char *const identity_words[] = {"contract", "qemu", NULL}; /* enum virtio_identity */
static const char *const net_words[] = {"none", "user", "tap", "passt", NULL}; /* enum net_kind */
/* enum virtio_input_kind */
static const char *const input_words[] = {"keyboard", "mouse", "tablet", NULL};
static const char *const sink_words[] = {"none", "wav", NULL};
static const char *const source_words[] = {"silence", "tone", "wav:", NULL};

/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): members and types have none. */
#define KEY_BOOL(s, m, key, text) \
	{.name = key, OPT_BOOL(s, m), .standard = "off", .json = key, .metavar = "on|off", .help = text}

/* The rows of struct virtio_options, with as many vectors as the device has queues, and one. */
#define KEYS_VIRTIO(s, n) \
	{.name = "vectors", OPT_U32(s, virtio.vectors), .max = MSIX_VECTORS, .standard = n, \
	 .json = "vectors", .metavar = "N", .help = "MSI-X vectors; 0 leaves the capability out"}, \
	{.name = "event-idx", OPT_CHOICE(s, virtio.event_idx), .words = offer_words, \
	 .standard = "auto", .json = "event-idx", .metavar = "auto|on|off", \
	 .help = "offers event index, which saves interrupts and doorbells; auto is on with virtio's " \
		 "dialect"}, \
	{.name = "id", OPT_STRING(s, virtio.id), .min = 1, .max = ID_BYTES, .json = "id", \
	 .metavar = "ID", .help = "what control commands call the device"}, \
	{.name = "backend-id", OPT_STRING(s, virtio.backend_id), .min = 1, .max = ID_BYTES, \
	 .json = "backend-id", .metavar = "ID", .help = "the same of what stands behind it"}, \
	{.name = "addr", OPT_STRING(s, virtio.addr), .min = 1, .json = "addr", \
	 .metavar = "SLOT[.FUNCTION]", .help = "place on the PCI bus, in hex"}, \
	{.name = "identity", OPT_CHOICE(s, virtio.identity), .words = identity_words, \
	 .standard = "contract", .json = "identity", .metavar = "contract|qemu", \
	 .help = "whose names and PCI subsystem IDs it bears"}

#define KEY_TRANSITIONAL(s) \
	KEY_BOOL(s, virtio.transitional, "transitional", \
		 "has the IDs and registers of virtio before 1.0 too, for old guests")

/* NOLINTEND(bugprone-macro-parentheses) */

const struct option disk_options[] = {
	{.name = "path", OPT_PATH(struct disk_config, path), .required = true,
	 .json = "path", .metavar = "FILE",
	 .help = "the image: a file or a block device"},
	{.name = "format", OPT_WORD(struct disk_config, format), .words = format_words,
	 .standard = "raw", .json = "format", .metavar = "FORMAT",
	 .help = "how the image is laid out; auto looks at its header, and a raw one may then not become "
		 "anything else"},
	{.name = "snapshot", OPT_BOOL(struct disk_config, snapshot), .standard = "off",
	 .json = "snapshot", .metavar = "on|off",
	 .help = "writes go to a temporary file and are gone after the run; the image is never written"},
	{.name = "readonly", OPT_BOOL(struct disk_config, read_only), .standard = "off",
	 .json = "readonly", .metavar = "on|off",
	 .help = "the guest sees a disk that it cannot write"},
	{.name = "serial", OPT_STRING(struct disk_config, serial), .max = SERIAL_BYTES,
	 .json = "serial", .metavar = "TEXT",
	 .help = "serial number that the guest can ask for, at most 20 bytes"},
	KEYS_VIRTIO(struct disk_config, "2"),
	KEY_TRANSITIONAL(struct disk_config),
	{.name = "aio", OPT_CHOICE(struct disk_config, aio), .words = aio_words,
	 .standard = "auto", .json = "aio", .metavar = "WAY",
	 .help = "how the host does the work; auto is io_uring where the host allows it"},
	{.name = "rerror", OPT_CHOICE(struct disk_config, on_read_error), .words = error_words,
	 .standard = "report", .json = "rerror", .metavar = "ACTION",
	 .help = "when reading the image fails: tell the guest, say it went well, or stop the machine"},
	{.name = "werror", OPT_CHOICE(struct disk_config, on_write_error), .words = error_words,
	 .standard = "report", .json = "werror", .metavar = "ACTION",
	 .help = "the same for writing; enospc stops the machine only when the host's disk is full"},
	{0},
};

const struct option net_options[] = {
	{.name = "kind", OPT_CHOICE(struct nic_config, kind), .words = net_words,
	 .standard = "user", .json = "kind", .metavar = "KIND",
	 .help = "what is at the other end of the cable"},
	{.name = "mac", OPT_STRING(struct nic_config, mac), .min = 1, .json = "mac",
	 .metavar = "ADDRESS",
	 .help = "hardware address, by default 52:54:00:12:34:56 and on"},
	KEY_BOOL(struct nic_config, link_down, "link-down", "the cable is out at power-on"),
	{.name = "hostfwd", OPT_LIST(struct nic_config, hostfwd, n_hostfwd), .min = 1,
	 .json = "hostfwd", .metavar = "RULE",
	 .help = "user: a port of the host that leads to the guest, tcp:127.0.0.1:8080-:80; may be repeated"},
	KEY_BOOL(struct nic_config, restricted, "restrict",
		 "user: the guest reaches nothing of the outside"),
	{.name = "ifname", OPT_STRING(struct nic_config, ifname), .min = 1, .max = 15,
	 .json = "ifname", .metavar = "NAME",
	 .help = "tap: the interface, made when it is not there"},
	{.name = "fd", OPT_STRING(struct nic_config, fd), .min = 1, .json = "fd", .metavar = "N",
	 .help = "tap: an inherited descriptor of the interface"},
	{.name = "path", OPT_PATH(struct nic_config, path), .json = "path", .metavar = "SOCKET",
	 .help = "passt: the unix socket that it listens on"},
	{.name = "pcap", OPT_PATH(struct nic_config, pcap), .json = "pcap", .metavar = "FILE",
	 .help = "captures all frames to a file"},
	KEYS_VIRTIO(struct nic_config, "3"),
	KEY_TRANSITIONAL(struct nic_config),
	KEY_BOOL(struct nic_config, mrg_rxbuf, "mrg-rxbuf",
		 "offers frames that are spread over several receive buffers"),
	KEY_BOOL(struct nic_config, csum, "csum", "offers checksums left to the other side"),
	KEY_BOOL(struct nic_config, tso, "tso",
		 "tap: offers TCP segmentation left to the other side; needs csum"),
	KEY_BOOL(struct nic_config, ctrl_vq, "ctrl-vq",
		 "offers a control queue for filters and the address"),
	{0},
};

const struct option input_options[] = {
	{.name = "kind", OPT_CHOICE(struct input_config, kind), .words = input_words,
	 .standard = "keyboard", .json = "kind", .metavar = "KIND", .help = "what it is"},
	KEYS_VIRTIO(struct input_config, "3"),
	{0},
};

const struct option sound_options[] = {
	{.name = "backend", OPT_WORD(struct sound_config, backend), .words = sink_words,
	 .standard = "none", .json = "backend", .metavar = "BACKEND",
	 .help = "where it plays"},
	{.name = "path", OPT_PATH(struct sound_config, path), .json = "path", .metavar = "FILE",
	 .help = "the WAV file"},
	{.name = "capture", OPT_WORD(struct sound_config, capture), .words = source_words,
	 .standard = "silence", .json = "capture", .metavar = "SOURCE",
	 .help = "what it records"},
	KEYS_VIRTIO(struct sound_config, "5"),
	KEY_BOOL(struct sound_config, period_events, "period-events",
		 "tells the guest of each period"),
	KEY_BOOL(struct sound_config, xrun_events, "xrun-events",
		 "tells the guest when it was too slow"),
	KEY_BOOL(struct sound_config, jacks, "jacks", "has a speaker and a microphone jack"),
	KEY_BOOL(struct sound_config, formats, "formats",
		 "offers more than two channels out, one in, 16 bits and 48 kHz"),
	{0},
};

const struct option console_options[] = {
	{.name = "where", OPT_WORD(struct console_config, where), .words = stream_words,
	 .standard = "null", .json = "where", .metavar = "WHERE", .help = "where it goes"},
	KEYS_VIRTIO(struct console_config, "9"),
	KEY_TRANSITIONAL(struct console_config),
	KEY_BOOL(struct console_config, emerg_write, "emerg-write",
		 "offers output without a driver"),
	{0},
};
/* clang-format on */
