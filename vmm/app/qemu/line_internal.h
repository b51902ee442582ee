/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_QEMU_LINE_INTERNAL_H
#define VISE_APP_QEMU_LINE_INTERNAL_H

#include "vmm/app/qemu/keys.h"
#include "vmm/app/qemu/line.h"

/*
 * Shared by the files of this folder. A reader takes the argument of one option; it returns 0, 1
 * when it has printed what was asked for, or -EINVAL with a line that begins with the option.
 */

typedef int (*qemu_reader)(struct qemu_line *line, const char *arg, struct err *err);

/* machine.c */
int qemu_read_machine(struct qemu_line *line, const char *arg, struct err *err);
int qemu_read_memory(struct qemu_line *line, const char *arg, struct err *err);
int qemu_read_smp(struct qemu_line *line, const char *arg, struct err *err);
int qemu_read_cpu(struct qemu_line *line, const char *arg, struct err *err);
int qemu_read_accel(struct qemu_line *line, const char *arg, struct err *err);
int qemu_read_rtc(struct qemu_line *line, const char *arg, struct err *err);
int qemu_read_boot(struct qemu_line *line, const char *arg, struct err *err);
int qemu_read_name(struct qemu_line *line, const char *arg, struct err *err);

/* Sets the machine's dialect; -EINVAL when another one is set already. @what begins the message. */
MUST_CHECK int qemu_set_dialect(struct qemu_line *line, const char *dialect, const char *what,
				struct err *err);

/* chardev.c */
extern const struct qemu_key *const qemu_chardev_tables[];
int qemu_read_chardev(struct qemu_line *line, const char *arg, struct err *err);
int qemu_read_serial(struct qemu_line *line, const char *arg, struct err *err);

/* Where -chardev @id goes, as stream_parse() reads it; the caller frees. NULL and @err: there is
 * none. @what begins the message. */
char *qemu_chardev_where(const struct qemu_line *line, const char *id, const char *what,
			 struct err *err);

/* Where COM1 (@port 0) or COM2 goes, likewise. */
char *qemu_serial_where(const struct qemu_line *line, size_t port, struct err *err);

/* control.c */
int qemu_read_qmp(struct qemu_line *line, const char *arg, struct err *err);
int qemu_read_monitor(struct qemu_line *line, const char *arg, struct err *err);

/* backends.c */
extern const struct qemu_key *const qemu_netdev_tables[];
extern const struct qemu_key *const qemu_audiodev_tables[];
int qemu_read_netdev(struct qemu_line *line, const char *arg, struct err *err);
int qemu_read_audiodev(struct qemu_line *line, const char *arg, struct err *err);

/* drive.c */
extern const struct qemu_key *const qemu_drive_tables[];
extern const struct qemu_key *const qemu_blockdev_tables[];
int qemu_read_drive(struct qemu_line *line, const char *arg, struct err *err);
int qemu_read_blockdev(struct qemu_line *line, const char *arg, struct err *err);

/* The words of werror and rerror, and what @word (or NULL, or "auto": @otherwise) stands for: enum
 * virtio_blk_on_error. */
extern const char *const qemu_error_actions[];
uint32_t qemu_error_action(const char *word, uint32_t otherwise);

/* Fills @disk from the -drive or -blockdev called @id. -EINVAL when there is none. */
MUST_CHECK int qemu_drive_config(const struct qemu_line *line, const char *id,
				 struct disk_config *disk, const char *what, struct err *err);

/* devices.c */
enum qemu_role { QEMU_NET, QEMU_BLK, QEMU_INPUT, QEMU_SND, QEMU_SERIAL, QEMU_PORT };

enum qemu_form {
	QEMU_FORM_OPEN,		/* as disable-legacy says */
	QEMU_FORM_TRANSITIONAL, /* always */
	QEMU_FORM_MODERN,	/* always */
	QEMU_FORM_NONE,		/* no PCI function */
};

struct qemu_device_type {
	const char *name; /* NULL ends the table */
	const char *alias;
	enum qemu_role role;
	enum qemu_form form;
	uint32_t kind; /* input: enum virtio_input_kind; ports: see qemu_device_types */
	const char *category, *bus, *help;
	const struct qemu_key *const *tables; /* ends with NULL */
};

extern const struct qemu_device_type qemu_device_types[];
int qemu_read_device(struct qemu_line *line, const char *arg, struct err *err);

/* `-device help` and `-device NAME,help`. */
void qemu_print_devices(FILE *out);
void qemu_print_device(FILE *out, const struct qemu_device_type *type);

/* device_keys.c */
extern const struct qemu_key *const qemu_net_tables[];
extern const struct qemu_key *const qemu_net_fixed_tables[]; /* names that say the form */
extern const struct qemu_key *const qemu_blk_tables[];
extern const struct qemu_key *const qemu_blk_fixed_tables[];
extern const struct qemu_key *const qemu_input_tables[];
extern const struct qemu_key *const qemu_snd_tables[];
extern const struct qemu_key *const qemu_serial_tables[];
extern const struct qemu_key *const qemu_serial_fixed_tables[];
extern const struct qemu_key *const qemu_port_tables[];

/* Every member of struct qemu_device that a key fills, for freeing. */
extern const struct qemu_key *const qemu_all_device_tables[];

/* assemble.c: puts the objects together, as the last step. */
MUST_CHECK int qemu_assemble(struct qemu_line *line, struct err *err);

/* Replaces *@member by a copy of @value. */
MUST_CHECK int qemu_set(char **member, const char *value, struct err *err);

/* Whether the last of @n objects of @size bytes has an id, at @offset, that an earlier one has:
 * -EINVAL then. All have one. */
MUST_CHECK int qemu_check_id(const void *objects, size_t n, size_t size, size_t offset,
			     const char *option, struct err *err);
#define QEMU_CHECK_ID(line, member, option, err)                                                   \
	qemu_check_id((line)->member, (line)->n_##member, sizeof((line)->member[0]),               \
		      (size_t)((char *)&(line)->member[0].id - (char *)&(line)->member[0]),        \
		      option, err)

/* "KIND:REST"; the caller frees. NULL and @err when out of memory. */
char *qemu_join(const char *kind, const char *rest, struct err *err);

/* The last @n in an array of at most QEMU_MAX_OBJECTS became one more; -EINVAL when it is full. */
MUST_CHECK int qemu_one_more(size_t *n, const char *option, struct err *err);

#endif
