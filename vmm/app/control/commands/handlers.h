/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_CONTROL_HANDLERS_H
#define VISE_APP_CONTROL_HANDLERS_H

#include "vmm/app/control/command.h"

/*
 * The functions that the rows of the command table name, and what they share; for the files of
 * this folder only.
 */

/* The one command that is valid before negotiation, and only then. */
#define CONTROL_NEGOTIATION "qmp_capabilities"

typedef json_t *(control_run_fn)(struct machine *m, const json_t *args,
				 struct control_error *error);

/* negotiate.c */
control_run_fn control_qmp_capabilities;

/* query.c */
control_run_fn control_query_commands;
control_run_fn control_query_stats;
control_run_fn control_query_status;
control_run_fn control_query_version;

/* query_machine.c */
control_run_fn control_query_block;
control_run_fn control_query_blockstats;
control_run_fn control_query_kvm;
control_run_fn control_query_mice;
control_run_fn control_query_name;
control_run_fn control_query_pci;

/* lifecycle.c */
control_run_fn control_cont;
control_run_fn control_quit;
control_run_fn control_stop;
control_run_fn control_system_powerdown;
control_run_fn control_system_reset;
void control_quit_after(struct machine *m);

/* block.c */
control_run_fn control_block_resize;

/* device.c */
control_run_fn control_set_link;
control_run_fn control_x_console_resize;
control_run_fn control_x_device_show;
control_run_fn control_x_input_inject;

/* dump.c */
control_run_fn control_dump_guest_memory;

/* input.c */
control_run_fn control_input_send_event;
control_run_fn control_send_key;

/* memory.c */
control_run_fn control_pmemsave;
control_run_fn control_x_guest_memory_read;
control_run_fn control_x_guest_memory_write;

/* monitor.c */
control_run_fn control_human_monitor_command;

/* ring.c */
control_run_fn control_ringbuf_read;
control_run_fn control_ringbuf_write;

/* {"qemu": {...}, "package": ...}, as in the greeting and in query-version; a new reference. */
json_t *control_version(void);

/* "integer" and so on, as in QMP's messages and on the reference page. */
const char *control_kind_name(enum arg_kind kind);

#endif
