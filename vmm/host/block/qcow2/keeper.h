/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_HOST_BLOCK_QCOW2_KEEPER_H
#define VISE_HOST_BLOCK_QCOW2_KEEPER_H

#include "vmm/core/err.h"

#include <stdatomic.h>
#include <stdint.h>

/*
 * A child process that finishes what this one had begun to write when it was killed.
 *
 * Both share a record: sectors and where in the file they belong, in order. It is filled before the
 * first of them is written and emptied after the last one. When the process dies, the keeper writes
 * what the record holds, and ends; writing it again does no harm. The keeper shares the image's
 * descriptor, and with it the lock: the next one to open the image waits until it is done.
 */

#define KEEPER_SECTORS 4096U
#define KEEPER_SECTOR  512U

struct qcow2_record_entry {
	uint64_t offset;  /* in the file */
	uint32_t sectors; /* how many of bytes[], which are in the entries' order */
	uint32_t stage;	  /* a flush goes between two stages */
};

struct qcow2_record {
	_Atomic uint32_t entries; /* 0: there is nothing to finish */
	struct qcow2_record_entry entry[KEEPER_SECTORS];
	uint8_t bytes[KEEPER_SECTORS][KEEPER_SECTOR];
};

/* An empty record in memory that children share; only what is written to takes memory. NULL when
 * there is none. */
struct qcow2_record *qcow2_record_create(void);
void qcow2_record_destroy(struct qcow2_record *record);

/* Writes what @record holds to @fd, with flushes between the stages: 0 or a negative errno. Calls
 * only what a child of a process with threads may call. */
int qcow2_record_replay(const struct qcow2_record *record, int fd);

struct keeper;

/* Starts the keeper of @fd, for as long as the calling process lives. NULL and @err on failure. Not
 * while other threads hold locks that the C library's fork() would wait for. */
struct keeper *keeper_start(int fd, const struct qcow2_record *record, struct err *err);

/* Ends it, whatever the record holds, and waits for that. NULL is allowed. */
void keeper_stop(struct keeper *keeper);

#endif
