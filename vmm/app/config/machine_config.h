/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_MACHINE_CONFIG_H
#define VISE_APP_MACHINE_CONFIG_H

#include "vmm/core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The one description of a machine. Every front end (options of `vise run`, a JSON machine file)
 * only fills it in; machine_create() reads nothing else. All strings are owned by the struct.
 */

#define MACHINE_MAX_DISKS  16
#define MACHINE_MAX_NICS   8
#define MACHINE_MAX_INPUTS 3
#define MACHINE_MAX_CPUS   64

/* Whether something beyond the contract is offered. */
enum offer {
	OFFER_AUTO, /* where a kernel is booted directly: machine_config_speaks_virtio() */
	OFFER_ON,
	OFFER_OFF,
};

/* Whose names and PCI subsystem IDs a device bears. */
enum virtio_identity {
	IDENTITY_CONTRACT,
	IDENTITY_QEMU, /* subsystem 1100h where it is modern, QEMU's names of input devices */
};

/* What every virtio function has. */
struct virtio_options {
	char *id;	   /* at most 31 bytes; NULL: by kind, aero_virtio_net0 and so on */
	char *backend_id;  /* of what stands behind it, at most 31 bytes; NULL: net0 and so on */
	char *addr;	   /* "SLOT" or "SLOT.FUNCTION", in hex; NULL: config_devices() finds one */
	uint32_t identity; /* enum virtio_identity */
	uint32_t vectors;  /* MSI-X vectors; 0 removes the capability */
	uint32_t event_idx; /* enum offer, of VIRTIO_F_EVENT_IDX */
	bool transitional;  /* IDs and registers of the legacy interface too; net, disk and console
			     */
};

struct disk_config {
	char *path;
	char *format; /* "raw", "qcow2" or "auto" (by its header); NULL means raw */
	bool snapshot;
	bool read_only;
	char *serial; /* answer to VIRTIO_BLK_T_GET_ID, at most 20 bytes; NULL: not offered */
	uint32_t aio; /* enum block_aio */
	uint32_t on_read_error; /* enum virtio_blk_on_error */
	uint32_t on_write_error;
	struct virtio_options virtio;
};

struct nic_config {
	uint32_t kind; /* enum net_kind */
	char *mac;     /* "52:54:00:12:34:56"; NULL: that one, counted up for each further NIC */
	bool link_down;
	char *pcap;
	/* Kind user. */
	char **hostfwd;
	size_t n_hostfwd;
	bool restricted;
	/* Kind tap: one of the two. */
	char *ifname;
	char *fd; /* number of an inherited descriptor */
	/* Kind passt. */
	char *path;
	/* Properties beyond the contract. */
	bool mrg_rxbuf, csum, tso, ctrl_vq;
	struct virtio_options virtio;
};

struct input_config {
	uint32_t kind; /* enum virtio_input_kind */
	struct virtio_options virtio;
};

struct sound_config {
	char *backend; /* "none" or "wav" */
	char *path;    /* of the WAV file */
	char *capture; /* "silence", "tone" or "wav:FILE"; NULL: silence */
	/* Properties beyond the contract. */
	bool period_events, xrun_events, jacks, formats;
	struct virtio_options virtio;
};

struct console_config {
	char *where; /* port 0, as stream_parse() reads it */
	bool emerg_write;
	struct virtio_options virtio;
};

/* Which devices are there unasked. */
enum machine_kind {
	MACHINE_BASIC,	  /* the console */
	MACHINE_CONTRACT, /* every device of the contract, but disks, which need an image */
};

struct machine_config {
	char *kernel;
	char *initrd;
	char *append;	  /* added to the command line that the profile makes */
	bool append_only; /* it is the command line */
	struct disk_config disks[MACHINE_MAX_DISKS];
	size_t n_disks;
	uint32_t kind; /* enum machine_kind */
	bool tablet;   /* MACHINE_CONTRACT: with a tablet */
	struct nic_config nics[MACHINE_MAX_NICS];
	size_t n_nics;
	struct input_config inputs[MACHINE_MAX_INPUTS];
	size_t n_inputs;
	struct sound_config sound[1];
	size_t n_sound;
	struct console_config console[1];
	size_t n_console;
	char *bulk;	 /* console port 1, as stream_parse() reads it; NULL: null */
	char *stats;	 /* console port 2, likewise */
	uint64_t memory; /* bytes */
	bool hugepages;
	uint32_t cpus;
	char *serial; /* COM1, as stream_parse() reads it; NULL: stdio */
	char *com2;   /* COM2, likewise; NULL: null, or the guest init's report channel */

	/* Guest init; any of exec, shell, selftest and root makes an initramfs. */
	char *exec;
	bool shell;
	char *selftest; /* runs the guest's self test with these options; NULL: not */
	char *root;	/* device in the guest, e.g. /dev/vda */
	char **include; /* host files for the initramfs */
	size_t n_include;
	char *modules; /* directory of kernel modules; NULL: looked for next to the kernel */

	bool no_reboot;
	bool no_shutdown;    /* after the guest's end the machine stays, stopped, until quit */
	bool paused;	     /* no vCPU runs before cont */
	bool rtc_local;	     /* the clock begins with the host's local time, not with UTC */
	uint64_t timeout_ns; /* 0: none */
	char *control;	     /* "unix:PATH" or NULL */
	char *status_file;
	bool print_timing;
	bool debug_exit;    /* isa-debug-exit at port 0x501 */
	bool debug_console; /* debug console at port 0x402, to stderr */
	char *dialect;	    /* "v1" or "virtio"; NULL: by the kind of boot */
};

/* Defaults: 512 MiB, one CPU. */
void machine_config_init(struct machine_config *config);

/* Adds what the kind of machine has and no option named: after all options are read, before
 * machine_config_check(). */
MUST_CHECK int machine_config_complete(struct machine_config *config, struct err *err);

/* Frees all strings. */
void machine_config_fini(struct machine_config *config);

/* True when net and sound speak virtio 1.2 as Linux does, not contract v1: as --dialect says, or
 * because a kernel is booted directly. */
bool machine_config_speaks_virtio(const struct machine_config *config);

/* Whether what @offer stands for is offered. */
bool machine_config_offers(const struct machine_config *config, uint32_t offer);

/* The hardware address of NIC number @i. -EINVAL when it is none: six pairs of hex digits, not
 * zero, not of a group. */
MUST_CHECK int machine_config_mac(const struct machine_config *config, size_t i, uint8_t mac[6]);

/* Checks what no single option can: missing kernel, exec together with shell, and the like. One
 * line that names the option. */
MUST_CHECK int machine_config_check(const struct machine_config *config, struct err *err);

#endif
