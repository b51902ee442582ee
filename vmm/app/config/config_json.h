/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_CONFIG_JSON_H
#define VISE_APP_CONFIG_JSON_H

#include "vmm/app/config/machine_config.h"
#include "vmm/core/err.h"

#include <stddef.h>
#include <stdio.h>

/*
 * A machine as JSON, by the same table as the command line. The file is one object; its keys are
 * the `json` column of machine_options. Flags are true or false; sizes and durations are texts with
 * a suffix, or numbers (bytes, seconds); a text that is not set is null; disks are objects.
 * Relative paths are the current directory's, as on a command line.
 */

#define CONFIG_JSON_MAX (1U << 20) /* bytes of a machine file */

/* Prints every key, in the table's order, in a form that machine_config_read() turns into the same
 * config. -EILSEQ names the option whose text is not UTF-8, which JSON cannot hold; -EIO and the
 * like when writing fails. */
MUST_CHECK int machine_config_print(const struct machine_config *config, FILE *out,
				    struct err *err);

/*
 * Reads the file at @path over @config, which has been initialised: keys that are there replace
 * values (null: not set), elements of lists are appended, keys that are not there change nothing.
 * On failure one line with the file and the line number or the key ("disks[0].readonly"); what was
 * read until then stays, and is machine_config_fini()'s.
 */
MUST_CHECK int machine_config_read(const char *path, struct machine_config *config,
				   struct err *err);

/* The same from @len bytes at @text; @name is what messages call it. */
MUST_CHECK int machine_config_parse(const char *text, size_t len, const char *name,
				    struct machine_config *config, struct err *err);

#endif
