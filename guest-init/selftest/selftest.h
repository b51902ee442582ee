/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_SELFTEST_H
#define VISE_GUEST_INIT_SELFTEST_SELFTEST_H

/*
 * The self test: tries every virtio device of the contract as a user of it would, and prints the
 * markers that the Windows 7 self test prints, in the same order, on the first serial port. @value
 * is what stands behind the job's key: "1" for no flags, or the flags. Runs in a process of its
 * own. Returns the exit status: 0 PASS, 1 FAIL, 2 for flags that are wrong (no markers then).
 */
int selftest_run(const char *value);

#endif
