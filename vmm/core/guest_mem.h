/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_CORE_GUEST_MEM_H
#define VISE_CORE_GUEST_MEM_H

#include "vmm/core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/*
 * Guest RAM, reached by guest-physical address and length only. Every accessor proves that the
 * whole range lies in RAM before it touches a byte, and says so in its result: 0, or -EFAULT with
 * nothing touched. Ranges may cross from one region into an adjacent one.
 *
 * The layout is fixed at creation, so all functions may be called from any thread.
 */

typedef uint64_t gpa_t;

#define GUEST_MEM_LOW_END   0xC0000000ULL  /* RAM below this address: at most 3 GiB */
#define GUEST_MEM_HIGH_BASE 0x100000000ULL /* the rest starts at 4 GiB */
#define GUEST_MEM_REGIONS   4

struct guest_mem_region {
	gpa_t base;
	uint64_t size;	    /* bytes, multiple of 4096 */
	uint8_t *host;	    /* mapping in this process; for memslots, never for devices */
	uint64_t fd_offset; /* where the region starts among all regions */
};

struct guest_mem_range {
	gpa_t base;
	uint64_t size;
};

struct guest_mem;

/*
 * Creates RAM of @size bytes (multiple of 4096) laid out as a PC: up to 3 GiB at 0, the rest at 4
 * GiB. It is a memfd where the host gives those transparent huge pages, anonymous memory otherwise.
 * With
 * @hugepages it is a memfd of the host's reserved 2 MiB pages (then @size is a multiple of 2 MiB),
 * and creation fails when the host has too few. Returns NULL and fills @err on failure.
 */
struct guest_mem *guest_mem_create(uint64_t size, bool hugepages, struct err *err);

/* Creates RAM of @n (1 to GUEST_MEM_REGIONS) ascending, disjoint ranges: for tests of odd layouts.
 */
struct guest_mem *guest_mem_create_ranges(const struct guest_mem_range *ranges, size_t n,
					  struct err *err);

/* Unmaps and closes everything. NULL is allowed. */
void guest_mem_destroy(struct guest_mem *mem);

/* The regions, ascending; @n receives their number. Valid as long as @mem. */
const struct guest_mem_region *guest_mem_regions(const struct guest_mem *mem, size_t *n);

/* Total RAM in bytes. */
uint64_t guest_mem_size(const struct guest_mem *mem);

/* Copies @len bytes at @gpa to @buf. 0 or -EFAULT. @len 0 succeeds at any address. */
MUST_CHECK int guest_mem_read(const struct guest_mem *mem, gpa_t gpa, void *buf, size_t len);

/* Copies @len bytes from @buf to @gpa. 0 or -EFAULT. */
MUST_CHECK int guest_mem_write(const struct guest_mem *mem, gpa_t gpa, const void *buf, size_t len);

/* Fills @len bytes at @gpa with zero. 0 or -EFAULT. */
MUST_CHECK int guest_mem_zero(const struct guest_mem *mem, gpa_t gpa, size_t len);

/* Reads @len bytes of file @fd at @offset straight into RAM. 0, -EFAULT, or a read error
 * (-ENODATA when the file ends early). */
MUST_CHECK int guest_mem_read_file(const struct guest_mem *mem, gpa_t gpa, int fd, uint64_t offset,
				   size_t len);

/*
 * Where [@gpa, @gpa + @len) lies in this process, as at most @max pieces of @iov, for one system
 * call that is over when it returns: the pieces may not be kept, nor given to a call that goes on
 * by itself. How many there are, or -EFAULT, or -ENOSPC when @max is too few.
 */
MUST_CHECK int guest_mem_pieces(const struct guest_mem *mem, gpa_t gpa, size_t len,
				struct iovec *iov, unsigned int max);

/* True when [@gpa, @gpa + @len) lies in RAM as a whole. */
bool guest_mem_contains(const struct guest_mem *mem, gpa_t gpa, uint64_t len);

/* Ring words: naturally aligned little-endian loads (acquire) and stores (release) that the guest
 * may race with. 0, or -EFAULT when outside RAM or misaligned. */
MUST_CHECK int guest_mem_load_le16(const struct guest_mem *mem, gpa_t gpa, uint16_t *value);
MUST_CHECK int guest_mem_store_le16(const struct guest_mem *mem, gpa_t gpa, uint16_t value);

/* Makes all RAM read as zero, and gives its pages back to the host unless they are huge. For a
 * machine reset. */
void guest_mem_discard(const struct guest_mem *mem);

#endif
