/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_MACHINE_OPTIONS_H
#define VISE_APP_MACHINE_OPTIONS_H

#include "vmm/app/config/machine_config.h"
#include "vmm/core/err.h"
#include "vmm/core/option/option.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The options of `vise run`. The first table describes a machine: its rows are the options and the
 * keys of a machine file alike. The second is about the run's command itself and stays out of
 * files.
 */

/* Fills struct machine_config. */
extern const struct option machine_options[];

struct run_options {
	struct machine_config config;
	char *config_file;  /* the last --config; it has been read already */
	bool print_config;  /* print the machine as JSON and do not run it */
	bool dry_run;	    /* check everything, run nothing */
	bool help;	    /* print the help and do nothing else */
	uint32_t log_level; /* enum log_level */
};

/* All options of `vise run`, for struct run_options. */
extern const struct option_part run_option_parts[];

/* Standard values. */
void run_options_init(struct run_options *options);

/* Frees all strings. */
void run_options_fini(struct run_options *options);

/*
 * Reads a command line, argv[1] and on, into @options, from left to right: --config reads its file
 * where it stands, so that what comes after it wins over the file. One line in @err that names the
 * option. Rules between options are machine_config_check()'s.
 */
MUST_CHECK int run_options_parse(struct run_options *options, int argc, char **argv,
				 struct err *err);

#endif
