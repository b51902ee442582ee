/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/boot/boot.h"

#include "firmware/boot/boot_internal.h"
#include "firmware/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Opening: one look at the file's first page tells the format, the format judges the rest. Loading:
 * command line, initrd and memory map first, then the kernel, which is told of them. All files are
 * read by position, straight from the page cache into RAM.
 */

#define MIB	      0x100000ULL
#define PAGE	      0x1000ULL
#define NAME_MAX_SHOW 160U /* so that a long path leaves room for the reason */

struct boot_image {
	const struct boot_format *format;
	struct boot_kernel kernel;
	struct boot_file initrd; /* fd -1: none; not owned */
	char *kernel_name;
	char *initrd_name;
	char *cmdline;
};

static const struct boot_format *const boot_formats[] = {&bzimage_format, &elf_format};

/* What people take for a kernel now and then: bytes at an offset, and the advice. */
static const struct {
	const char *magic;
	size_t offset, len;
	const char *advice;
} boot_strangers[] = {
	{"\x1f\x8b", 0, 2, "gzip data; unpack it first (gunzip)"},
	{"\xfd\x37zXZ", 0, 5, "xz data; unpack it first (unxz)"},
	{"\x28\xb5\x2f\xfd", 0, 4, "zstd data; unpack it first (unzstd)"},
	{"BZh", 0, 3, "bzip2 data; unpack it first (bunzip2)"},
	{"ARM\x64", 56, 4, "an arm64 kernel; a 64-bit x86 one is needed"},
	{"070701", 0, 6, "a cpio archive; it may serve as initrd"},
	{"MZ", 0, 2, "a PE program without a Linux setup header, or a bzImage cut short"},
};

int boot_file_read(const struct boot_file *file, uint64_t offset, void *buf, size_t len,
		   struct err *err)
{
	uint8_t *to = buf;

	while (len > 0) {
		ssize_t got = pread(file->fd, to, len, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_set_errno(err, errno, "cannot read");
		if (got == 0)
			return err_set(err, -ENODATA, "ends early; was it changed just now?");
		to += got;
		offset += (uint64_t)got;
		len -= (size_t)got;
	}
	return 0;
}

int boot_file_load(const struct boot_file *file, uint64_t offset, size_t len,
		   const struct guest_mem *mem, gpa_t gpa, struct err *err)
{
	int r = guest_mem_read_file(mem, gpa, file->fd, offset, len);

	if (r == -EFAULT)
		return err_set(err, r, "%zu bytes at %#llx are outside RAM", len,
			       (unsigned long long)gpa);
	if (r == -ENODATA)
		return err_set(err, r, "ends early; was it changed since it was opened?");
	return r < 0 ? err_set_errno(err, -r, "cannot read") : 0;
}

int boot_write(const struct guest_mem *mem, gpa_t gpa, const void *buf, size_t len, struct err *err)
{
	int r = guest_mem_write(mem, gpa, buf, len);

	return r < 0 ? err_set(err, r, "boot data at %#llx is outside RAM", (unsigned long long)gpa)
		     : 0;
}

/* The end of a path, which says most. */
static const char *boot_tail(const char *path)
{
	size_t len = strlen(path);

	return len > NAME_MAX_SHOW ? path + len - NAME_MAX_SHOW : path;
}

/* Size of a file that can be booted from. */
static int boot_file_check(struct boot_file *file, struct err *err)
{
	struct stat st;

	if (fstat(file->fd, &st) < 0)
		return err_set_errno(err, errno, "cannot stat");
	if (S_ISDIR(st.st_mode))
		return err_set(err, -EISDIR, "a directory; a file is needed");
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EINVAL, "not a regular file; copy it to one");
	if (st.st_size <= 0)
		return err_set(err, -ENODATA, "empty");
	file->size = (uint64_t)st.st_size;
	return 0;
}

static int boot_refuse_stranger(const uint8_t head[BOOT_HEAD_SIZE], struct err *err)
{
	for (size_t i = 0; i < sizeof(boot_strangers) / sizeof(boot_strangers[0]); i++)
		if (memcmp(head + boot_strangers[i].offset, boot_strangers[i].magic,
			   boot_strangers[i].len) == 0)
			return err_set(err, -ENOEXEC, "not a kernel but %s",
				       boot_strangers[i].advice);
	return err_set(err, -ENOEXEC,
		       "not a kernel; a Linux bzImage (vmlinuz) or an ELF image (vmlinux) with a "
		       "PVH note is needed");
}

static int boot_open_kernel(struct boot_image *image, const char *path, struct err *err)
{
	struct boot_file *file = &image->kernel.file;
	uint8_t head[BOOT_HEAD_SIZE] = {0};
	int r;

	/* Not blocking: a FIFO without a writer is refused, not waited for. */
	file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (file->fd < 0)
		return err_set_errno(err, errno, "cannot open");
	if ((r = boot_file_check(file, err)) < 0 ||
	    (r = boot_file_read(file, 0, head,
				file->size < sizeof(head) ? file->size : sizeof(head), err)) < 0)
		return r;
	for (size_t i = 0; i < sizeof(boot_formats) / sizeof(boot_formats[0]); i++) {
		if (!boot_formats[i]->probe(head))
			continue;
		image->format = boot_formats[i];
		return image->format->open(&image->kernel, head, err);
	}
	return boot_refuse_stranger(head, err);
}

struct boot_image *boot_open(const struct boot_source *source, struct err *err)
{
	struct boot_image *image = calloc(1, sizeof(*image));

	if (!image) {
		err_set(err, -ENOMEM, "kernel: out of memory");
		return NULL;
	}
	image->kernel.file.fd = -1;
	image->initrd.fd = source->initrd_fd;
	image->kernel_name = strdup(boot_tail(source->kernel));
	image->initrd_name = strdup(source->initrd ? boot_tail(source->initrd) : "");
	image->cmdline = strdup(source->cmdline);
	if (!image->kernel_name || !image->initrd_name || !image->cmdline) {
		err_set(err, -ENOMEM, "kernel: out of memory");
		goto fail;
	}
	if (boot_open_kernel(image, source->kernel, err) < 0) {
		err_prefix(err, "kernel %s", image->kernel_name);
		goto fail;
	}
	if (image->initrd.fd >= 0 && boot_file_check(&image->initrd, err) < 0) {
		err_prefix(err, "initrd %s", image->initrd_name);
		goto fail;
	}
	return image;
fail:
	boot_close(image);
	return NULL;
}

void boot_close(struct boot_image *image)
{
	if (!image)
		return;
	if (image->kernel.file.fd >= 0)
		close(image->kernel.file.fd);
	free(image->kernel_name);
	free(image->initrd_name);
	free(image->cmdline);
	free(image);
}

static unsigned long long boot_mib(uint64_t bytes)
{
	return (bytes + MIB - 1) / MIB;
}

static uint64_t boot_pages(uint64_t bytes)
{
	return (bytes + PAGE - 1) / PAGE * PAGE;
}

static int boot_check_room(const struct boot_kernel *kernel, const struct guest_mem *mem,
			   struct err *err)
{
	if (!guest_mem_contains(mem, 0, LAYOUT_EBDA) ||
	    !guest_mem_contains(mem, kernel->start, kernel->end - kernel->start))
		return err_set(err, -ENOMEM,
			       "needs RAM up to %#llx, the guest has %llu MiB; give it at least "
			       "%llu MiB",
			       (unsigned long long)kernel->end, guest_mem_size(mem) / MIB,
			       boot_mib(kernel->end));
	return 0;
}

static int boot_load_cmdline(const struct boot_image *image, const struct guest_mem *mem,
			     struct boot_handover *handover, struct err *err)
{
	size_t len = strlen(image->cmdline);
	uint64_t max = image->kernel.cmdline_max;

	if (max > BOOT_CMDLINE_ROOM - 1)
		max = BOOT_CMDLINE_ROOM - 1;
	if (len > max)
		return err_set(err, -E2BIG,
			       "command line has %zu bytes, this kernel takes at most %llu", len,
			       (unsigned long long)max);
	handover->cmdline = LAYOUT_CMDLINE;
	return boot_write(mem, LAYOUT_CMDLINE, image->cmdline, len + 1, err);
}

static uint64_t boot_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t boot_max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The highest place for @size bytes on a page boundary in [@start, @end). */
static bool boot_fit(gpa_t start, gpa_t end, uint64_t size, gpa_t *at)
{
	if (end < size)
		return false;
	*at = (end - size) / PAGE * PAGE;
	return *at >= start;
}

/* The same for an initrd: within its limit, above the kernel or else below it. */
static bool boot_fit_initrd(const struct boot_kernel *kernel, gpa_t start, gpa_t end, uint64_t size,
			    gpa_t *at)
{
	start = boot_max(start, LAYOUT_HIGH_MEMORY);
	end = boot_min(end, boot_min(kernel->initrd_end, BOOT_RAM_END));
	return boot_fit(boot_max(start, kernel->end), end, size, at) ||
	       boot_fit(start, boot_min(end, kernel->start), size, at);
}

static int boot_refuse_initrd(const struct boot_image *image, const struct guest_mem *mem,
			      struct err *err)
{
	const struct boot_kernel *kernel = &image->kernel;
	uint64_t size = image->initrd.size;
	gpa_t at;

	/* Would more RAM help? */
	if (!boot_fit_initrd(kernel, 0, UINT64_MAX, size, &at))
		return err_set(err, -EFBIG,
			       "%llu bytes do not fit between the kernel's end at %#llx and %#llx, "
			       "the highest place that an initrd may take",
			       (unsigned long long)size, (unsigned long long)kernel->end,
			       (unsigned long long)boot_min(kernel->initrd_end, BOOT_RAM_END));
	return err_set(err, -ENOMEM,
		       "%llu bytes do not fit beside the kernel in %llu MiB; give the guest at "
		       "least %llu MiB",
		       (unsigned long long)size, guest_mem_size(mem) / MIB,
		       boot_mib(boot_pages(kernel->end) + boot_pages(size)));
}

static int boot_load_initrd(const struct boot_image *image, const struct guest_mem *mem,
			    struct boot_handover *handover, struct err *err)
{
	uint64_t size = image->initrd.size;
	size_t n;
	const struct guest_mem_region *r = guest_mem_regions(mem, &n);

	if (image->initrd.fd < 0)
		return 0;
	while (n-- > 0) {
		if (!boot_fit_initrd(&image->kernel, r[n].base, r[n].base + r[n].size, size,
				     &handover->initrd))
			continue;
		handover->initrd_size = size;
		return boot_file_load(&image->initrd, 0, size, mem, handover->initrd, err);
	}
	return boot_refuse_initrd(image, mem, err);
}

int boot_load(const struct boot_image *image, const struct guest_mem *mem, gpa_t rsdp,
	      struct boot_entry *entry, struct err *err)
{
	struct boot_handover handover = {.rsdp = rsdp};
	int r;

	*entry = (struct boot_entry){0};
	e820_build(mem, &handover.map);
	if ((r = boot_check_room(&image->kernel, mem, err)) < 0 ||
	    (r = boot_load_cmdline(image, mem, &handover, err)) < 0)
		goto kernel_failed;
	r = boot_load_initrd(image, mem, &handover, err);
	if (r < 0) {
		err_prefix(err, "initrd %s", image->initrd_name);
		return r;
	}
	if ((r = image->format->load(&image->kernel, mem, &handover, entry, err)) < 0 ||
	    (r = entry_build(mem, entry, err)) < 0)
		goto kernel_failed;
	return 0;
kernel_failed:
	err_prefix(err, "kernel %s", image->kernel_name);
	return r;
}
