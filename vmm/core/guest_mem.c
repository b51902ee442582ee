/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vmm/core/guest_mem.h"

#include "vmm/core/le.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <linux/prctl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define PAGE_4K 0x1000ULL
#define PAGE_2M 0x200000ULL

#define MAPPING_NAME "vise-guest-ram" /* in /proc/PID/maps */

/*
 * Where the pages come from. A guest touches memory through two page tables, so pages of 2 MiB
 * matter twice: a stock kernel boots with a thirtieth of the nested page faults. A memfd gets them
 * only where the host allows it for shared memory, which few do; the others get anonymous memory.
 */
enum backing {
	BACKING_HUGETLB,   /* memfd of the host's reserved 2 MiB pages */
	BACKING_MEMFD,	   /* memfd, transparent huge pages on advice */
	BACKING_ANONYMOUS, /* private memory, transparent huge pages on advice */
};

struct guest_mem {
	int fd; /* -1: anonymous */
	size_t n;
	uint64_t size;
	enum backing backing;
	struct guest_mem_region regions[GUEST_MEM_REGIONS];
};

/* The host's choice stands in brackets: "always within_size [advise] never deny force". */
static bool memfd_gets_huge_pages(void)
{
	char text[128] = "";
	int fd = open("/sys/kernel/mm/transparent_hugepage/shmem_enabled", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return strchr(text, '[') && !strstr(text, "[never]") && !strstr(text, "[deny]");
}

static int guest_mem_open(struct guest_mem *mem, struct err *err)
{
	unsigned int flags = MFD_CLOEXEC;

	if (mem->backing == BACKING_ANONYMOUS)
		return 0;
	if (mem->backing == BACKING_HUGETLB)
		flags |= MFD_HUGETLB | MFD_HUGE_2MB;
	mem->fd = memfd_create(MAPPING_NAME, flags);
	if (mem->fd < 0)
		return err_set_errno(err, errno, "guest RAM: memfd_create");
	if (ftruncate(mem->fd, (off_t)mem->size) < 0)
		return err_set_errno(err, errno, "guest RAM: cannot size %llu MiB",
				     (unsigned long long)(mem->size >> 20));
	return 0;
}

/* An unused range of @size bytes at a multiple of 2 MiB, so that huge pages fit both here and in
 * the guest; or MAP_FAILED. */
static uint8_t *reserve(uint64_t size)
{
	uint8_t *all = mmap(NULL, size + PAGE_2M, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint64_t skip;

	if (all == MAP_FAILED)
		return all;
	skip = -(uintptr_t)all % PAGE_2M;
	if (skip)
		munmap(all, skip);
	munmap(all + skip + size, PAGE_2M - skip);
	return all + skip;
}

static int map_region(const struct guest_mem *mem, struct guest_mem_region *r)
{
	/* Huge pages are reserved now: a host that runs short must say so here, not by SIGBUS. */
	static const int flags[] = {
		[BACKING_HUGETLB] = MAP_SHARED | MAP_POPULATE,
		[BACKING_MEMFD] = MAP_SHARED | MAP_NORESERVE,
		[BACKING_ANONYMOUS] = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
	};
	uint8_t *at = reserve(r->size);
	void *p;

	if (at == MAP_FAILED)
		return -errno;
	p = mmap(at, r->size, PROT_READ | PROT_WRITE, flags[mem->backing] | MAP_FIXED, mem->fd,
		 mem->fd < 0 ? 0 : (off_t)r->fd_offset);
	if (p == MAP_FAILED) {
		int rc = -errno;

		munmap(at, r->size);
		return rc;
	}
	r->host = p;
	madvise(p, r->size, MADV_DONTFORK);
	madvise(p, r->size, MADV_DONTDUMP);
	if (mem->backing != BACKING_HUGETLB)
		madvise(p, r->size, MADV_HUGEPAGE);
	if (mem->backing == BACKING_ANONYMOUS)
		prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p, r->size, MAPPING_NAME);
	return 0;
}

static int guest_mem_map(struct guest_mem *mem, struct err *err)
{
	for (size_t i = 0; i < mem->n; i++) {
		int rc = map_region(mem, &mem->regions[i]);

		if (rc < 0)
			return err_set_errno(err, -rc, "guest RAM: cannot map %llu MiB%s",
					     (unsigned long long)(mem->regions[i].size >> 20),
					     mem->backing == BACKING_HUGETLB
						     ? " of 2 MiB pages (see "
						       "/proc/sys/vm/nr_hugepages)"
						     : "");
	}
	return 0;
}

static struct guest_mem *guest_mem_create_layout(const struct guest_mem_range *ranges, size_t n,
						 bool hugepages, struct err *err)
{
	struct guest_mem *mem = calloc(1, sizeof(*mem));

	if (!mem) {
		err_set(err, -ENOMEM, "guest RAM: out of memory");
		return NULL;
	}
	mem->fd = -1;
	mem->n = n;
	mem->backing = hugepages		 ? BACKING_HUGETLB
		       : memfd_gets_huge_pages() ? BACKING_MEMFD
						 : BACKING_ANONYMOUS;
	for (size_t i = 0; i < n; i++) {
		mem->regions[i].base = ranges[i].base;
		mem->regions[i].size = ranges[i].size;
		mem->regions[i].fd_offset = mem->size;
		mem->size += ranges[i].size;
	}
	if (guest_mem_open(mem, err) < 0 || guest_mem_map(mem, err) < 0) {
		guest_mem_destroy(mem);
		return NULL;
	}
	return mem;
}

struct guest_mem *guest_mem_create(uint64_t size, bool hugepages, struct err *err)
{
	uint64_t low = size < GUEST_MEM_LOW_END ? size : GUEST_MEM_LOW_END;
	struct guest_mem_range ranges[] = {{0, low}, {GUEST_MEM_HIGH_BASE, size - low}};
	uint64_t page = hugepages ? PAGE_2M : PAGE_4K;

	if (size == 0 || size % page != 0) {
		err_set(err, -EINVAL, "guest RAM: %llu bytes is not a positive multiple of %llu",
			(unsigned long long)size, (unsigned long long)page);
		return NULL;
	}
	return guest_mem_create_layout(ranges, size > low ? 2 : 1, hugepages, err);
}

struct guest_mem *guest_mem_create_ranges(const struct guest_mem_range *ranges, size_t n,
					  struct err *err)
{
	uint64_t end = 0;

	if (n == 0 || n > GUEST_MEM_REGIONS) {
		err_set(err, -EINVAL, "guest RAM: %zu ranges, 1 to %d possible", n,
			GUEST_MEM_REGIONS);
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		const struct guest_mem_range *r = &ranges[i];

		if (r->base < end || r->size == 0 || (r->base | r->size) % PAGE_4K != 0 ||
		    r->size > UINT64_MAX - r->base) {
			err_set(err, -EINVAL, "guest RAM: range %zu overlaps, wraps or is uneven",
				i);
			return NULL;
		}
		end = r->base + r->size;
	}
	return guest_mem_create_layout(ranges, n, false, err);
}

void guest_mem_destroy(struct guest_mem *mem)
{
	if (!mem)
		return;
	for (size_t i = 0; i < mem->n; i++)
		if (mem->regions[i].host)
			munmap(mem->regions[i].host, mem->regions[i].size);
	if (mem->fd >= 0)
		close(mem->fd);
	free(mem);
}

const struct guest_mem_region *guest_mem_regions(const struct guest_mem *mem, size_t *n)
{
	*n = mem->n;
	return mem->regions;
}

uint64_t guest_mem_size(const struct guest_mem *mem)
{
	return mem->size;
}

/* The one translator: the host address of @gpa, and in @len at most the bytes left in its region.
 */
static uint8_t *guest_mem_span(const struct guest_mem *mem, gpa_t gpa, uint64_t *len)
{
	for (size_t i = 0; i < mem->n; i++) {
		const struct guest_mem_region *r = &mem->regions[i];
		uint64_t off = gpa - r->base;

		if (gpa < r->base || off >= r->size)
			continue;
		if (*len > r->size - off)
			*len = r->size - off;
		return r->host + off;
	}
	return NULL;
}

bool guest_mem_contains(const struct guest_mem *mem, gpa_t gpa, uint64_t len)
{
	while (len > 0) {
		uint64_t part = len;

		if (!guest_mem_span(mem, gpa, &part))
			return false;
		gpa += part;
		len -= part;
	}
	return true;
}

/* Copies between RAM and @buf, which is only read when @to_guest. Most copies lie in one region:
 * they are checked and made in one step. */
static inline int guest_mem_copy(const struct guest_mem *mem, gpa_t gpa, uint8_t *buf, size_t len,
				 bool to_guest)
{
	uint64_t part = len;
	uint8_t *host = guest_mem_span(mem, gpa, &part);

	if (!host)
		return len > 0 ? -EFAULT : 0;
	if (part != len && !guest_mem_contains(mem, gpa, len))
		return -EFAULT;
	while (len > 0) {
		if (to_guest)
			memcpy(host, buf, part);
		else
			memcpy(buf, host, part);
		buf += part;
		gpa += part;
		len -= part;
		part = len;
		if (len > 0)
			host = guest_mem_span(mem, gpa, &part);
	}
	return 0;
}

int guest_mem_read(const struct guest_mem *mem, gpa_t gpa, void *buf, size_t len)
{
	return guest_mem_copy(mem, gpa, buf, len, false);
}

int guest_mem_write(const struct guest_mem *mem, gpa_t gpa, const void *buf, size_t len)
{
	return guest_mem_copy(mem, gpa, (uint8_t *)(uintptr_t)buf, len, true);
}

int guest_mem_zero(const struct guest_mem *mem, gpa_t gpa, size_t len)
{
	if (!guest_mem_contains(mem, gpa, len))
		return -EFAULT;
	while (len > 0) {
		uint64_t part = len;
		uint8_t *host = guest_mem_span(mem, gpa, &part);

		memset(host, 0, part);
		gpa += part;
		len -= part;
	}
	return 0;
}

int guest_mem_pieces(const struct guest_mem *mem, gpa_t gpa, size_t len, struct iovec *iov,
		     unsigned int max)
{
	unsigned int n = 0;

	while (len > 0) {
		uint64_t part = len;
		uint8_t *host = guest_mem_span(mem, gpa, &part);

		if (!host)
			return -EFAULT;
		if (n == max)
			return -ENOSPC;
		iov[n++] = (struct iovec){.iov_base = host, .iov_len = part};
		gpa += part;
		len -= part;
	}
	return (int)n;
}

/* Gives the pages of [@host, @host + @len) to the process in one call, where one fault a page would
 * cost more than the copy that follows. A host kernel before 5.14 takes the faults. */
static void populate(uint8_t *host, uint64_t len)
{
	uint64_t before = (uintptr_t)host % PAGE_4K;

	if (len >= PAGE_2M)
		madvise(host - before, len + before, MADV_POPULATE_WRITE);
}

int guest_mem_read_file(const struct guest_mem *mem, gpa_t gpa, int fd, uint64_t offset, size_t len)
{
	if (!guest_mem_contains(mem, gpa, len))
		return -EFAULT;
	while (len > 0) {
		uint64_t part = len;
		uint8_t *host = guest_mem_span(mem, gpa, &part);
		ssize_t got;

		populate(host, part);
		got = pread(fd, host, part, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -ENODATA;
		gpa += (uint64_t)got;
		offset += (uint64_t)got;
		len -= (size_t)got;
	}
	return 0;
}

/* Host address of an aligned 16-bit word; an aligned word never straddles two regions. */
static uint16_t *guest_mem_word(const struct guest_mem *mem, gpa_t gpa)
{
	uint64_t len = sizeof(uint16_t);

	if (gpa % sizeof(uint16_t) != 0)
		return NULL;
	return (uint16_t *)(void *)guest_mem_span(mem, gpa, &len);
}

int guest_mem_load_le16(const struct guest_mem *mem, gpa_t gpa, uint16_t *value)
{
	const uint16_t *word = guest_mem_word(mem, gpa);
	uint16_t raw;

	if (!word)
		return -EFAULT;
	raw = __atomic_load_n(word, __ATOMIC_ACQUIRE);
	*value = ld_le16(&raw);
	return 0;
}

int guest_mem_store_le16(const struct guest_mem *mem, gpa_t gpa, uint16_t value)
{
	uint16_t *word = guest_mem_word(mem, gpa);
	uint16_t raw;

	if (!word)
		return -EFAULT;
	st_le16(&raw, value);
	__atomic_store_n(word, raw, __ATOMIC_RELEASE);
	return 0;
}

void guest_mem_discard(const struct guest_mem *mem)
{
	static const int advice[] = {
		[BACKING_MEMFD] = MADV_REMOVE, /* out of the file as well */
		[BACKING_ANONYMOUS] = MADV_DONTNEED,
	};

	for (size_t i = 0; i < mem->n; i++) {
		const struct guest_mem_region *r = &mem->regions[i];

		/* Reserved pages once given back may not be there again: the next touch would be
		 * SIGBUS. */
		if (mem->backing == BACKING_HUGETLB ||
		    madvise(r->host, r->size, advice[mem->backing]) < 0)
			memset(r->host, 0, r->size);
	}
}
