/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_GUEST_INIT_SELFTEST_OFFLOAD_H
#define VISE_GUEST_INIT_SELFTEST_OFFLOAD_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Linux's driver does not count whose checksums the device was left to make. What Linux tells is
 * how many segments and datagrams it has sent, and whether this interface makes their checksums.
 */
struct offload_counts {
	uint64_t tcp; /* segments sent */
	uint64_t udp; /* datagrams sent */
};

/* Reads the counters of the kernel; false when they are not there. */
bool offload_read(struct offload_counts *c);

/* Reads them from a text like /proc/net/snmp. Pure. */
bool offload_parse(const char *text, struct offload_counts *c);

#endif
