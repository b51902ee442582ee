/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_DEVICE_OPTIONS_H
#define VISE_APP_DEVICE_OPTIONS_H

#include "vmm/core/option/option.h"

/* The keys of --disk, --net, --input, --snd and --console, for their structs in machine_config.h.
 */
extern const struct option disk_options[];
extern const struct option net_options[];
extern const struct option input_options[];
extern const struct option sound_options[];
extern const struct option console_options[];

/* Where a stream goes, as stream_parse() reads it. */
extern const char *const stream_words[];

#endif
