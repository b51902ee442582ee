/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_APP_FILE_CHECK_H
#define VISE_APP_FILE_CHECK_H

#include "vmm/app/config/machine_config.h"
#include "vmm/core/err.h"

/* Sees to it that no file which a run makes anew, such as a capture or a WAV file, is one that it
 * also uses otherwise, by whatever name: making it anew would empty it. The same of a file that a
 * run adds to. -EINVAL and one line. */
MUST_CHECK int file_config_check(const struct machine_config *config, struct err *err);

#endif
