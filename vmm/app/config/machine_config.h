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

#define MACHINE_MAX_DISKS 16
#define MACHINE_MAX_CPUS  64

struct disk_config {
	char *path;
	char *format; /* "raw" or "qcow2"; NULL means raw */
	bool snapshot;
	bool read_only;
	char *serial;	  /* answer to VIRTIO_BLK_T_GET_ID, at most 20 bytes; NULL: not offered */
	uint32_t vectors; /* MSI-X vectors: 2 unless set; 0 removes the capability */
	uint32_t aio;	  /* enum block_aio */
};

struct machine_config {
	char *kernel;
	char *initrd;
	char *append; /* added to the command line that the profile makes */
	struct disk_config disks[MACHINE_MAX_DISKS];
	size_t n_disks;
	uint64_t memory; /* bytes */
	bool hugepages;
	uint32_t cpus;
	char *serial; /* COM1, as stream_parse() reads it; NULL: stdio */
	char *com2;   /* COM2, likewise; NULL: null, or the guest init's report channel */

	/* Guest init; any of exec, shell and root makes an initramfs. */
	char *exec;
	bool shell;
	char *root;	/* device in the guest, e.g. /dev/vda */
	char **include; /* host files for the initramfs */
	size_t n_include;
	char *modules; /* directory of kernel modules; NULL: looked for next to the kernel */

	bool no_reboot;
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

/* Frees all strings. */
void machine_config_fini(struct machine_config *config);

/* Checks what no single option can: missing kernel, exec together with shell, and the like. One
 * line that names the option. */
MUST_CHECK int machine_config_check(const struct machine_config *config, struct err *err);

#endif
