/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_QEMU_LINE_H
#define VISE_APP_QEMU_LINE_H

#include "vmm/app/config/machine_config.h"
#include "vmm/core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * QEMU's command line, read in two steps. First every option is read, from left to right: what
 * describes the machine goes straight into its configuration, devices and what stands behind them
 * become objects, because either may be named before the other. Then the objects are put together.
 * Everything is the main thread's; the struct owns all that its members point to.
 */

#define QEMU_MAX_OBJECTS 32U /* of each kind */

/* A struct of one of these kinds is filled by the key table that stands beside its reader. */

struct qemu_chardev {
	char *backend, *id, *path, *host, *port;
	uint32_t server, wait, append; /* enum tri */
	int64_t size;		       /* ringbuf */
};

struct qemu_netdev {
	char *type, *id;
	char **hostfwd;
	size_t n_hostfwd;
	uint32_t restricted;	/* enum tri */
	char *ifname, *fd;	/* tap */
	char *addr_type, *path; /* stream */
};

struct qemu_drive {
	char *id, *file, *interface, *format, *aio, *werror, *rerror;
	uint32_t snapshot, read_only, read_only_old; /* enum tri; both spellings of read-only */
};

/* A node of -blockdev: a file, or a format on one. */
struct qemu_blockdev {
	char *driver, *node_name, *filename, *file, *file_driver, *file_filename, *aio;
	uint32_t read_only; /* enum tri */
};

struct qemu_audiodev {
	char *driver, *id, *path;
};

struct qemu_device_type;

struct qemu_device {
	const struct qemu_device_type *type; /* a row of the table in devices.c */
	char *driver, *id, *addr, *dialect;
	char *netdev, *mac, *drive, *serial, *werror, *rerror, *audiodev, *chardev, *name;
	int64_t vectors, revision;
	/* enum tri */
	uint32_t disable_legacy, event_idx, csum, guest_csum, gso[5], mrg_rxbuf, ctrl_vq,
		emergency_write, jacks;
};

struct qemu_line {
	struct machine_config config;
	struct qemu_chardev chardevs[QEMU_MAX_OBJECTS];
	struct qemu_netdev netdevs[QEMU_MAX_OBJECTS];
	struct qemu_drive drives[QEMU_MAX_OBJECTS];
	struct qemu_blockdev blockdevs[QEMU_MAX_OBJECTS];
	struct qemu_audiodev audiodevs[QEMU_MAX_OBJECTS];
	struct qemu_device devices[QEMU_MAX_OBJECTS];
	size_t n_chardevs, n_netdevs, n_drives, n_blockdevs, n_audiodevs, n_devices;
	char *serials[2]; /* COM1 and COM2, as -serial has them */
	size_t n_serials;
	bool nographic, snapshot, daemonize;
	char *pidfile;
	FILE *out; /* where help goes; not owned */
};

/* An empty line with QEMU's standard values. @out: where help and version go. The struct is large:
 * not for the stack. */
void qemu_line_init(struct qemu_line *line, FILE *out);
void qemu_line_fini(struct qemu_line *line);

/*
 * Reads argv[1] and on and fills line->config. 0: the machine is to run; 1: what was asked for has
 * been printed and there is nothing to run. -EINVAL and one line that names the option otherwise.
 * Opens nothing; machine_config_complete() and machine_config_check() are the caller's.
 */
MUST_CHECK int qemu_line_parse(struct qemu_line *line, int argc, char **argv, struct err *err);

/* `-help`: the options, with what becomes of each. */
void qemu_print_help(FILE *out);

/* docs/qemu.md: options and devices as tables. */
void qemu_print_reference(FILE *out);

#endif
