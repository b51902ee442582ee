/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_BLK_H
#define VISE_GUEST_INIT_SELFTEST_BLK_H

#include "guest-init/selftest/blk/blk_disk.h"
#include "guest-init/selftest/test.h"

/* The parts of the disk test that stand in files of their own. */

/* virtio-blk-resize and virtio-blk-reset; @usable: @disk was found. */
void blk_resize_test(struct selftest *t, const struct blk_disk *disk, bool usable);
void blk_reset_test(struct selftest *t, struct blk_disk *disk, bool usable);

/* What the Windows miniport is asked for: queue size 128 and the contract's features. NULL when
 * they are as they should be, or what is not. Transitional devices are not judged. */
const char *blk_contract_reason(const struct blk_disk *disk);

#endif
