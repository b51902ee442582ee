/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/boot/boot_internal.h"
#include "firmware/boot/pvh.h"
#include "firmware/layout.h"
#include "vmm/core/le.h"

#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

/*
 * ELF images by PVH (x86/HVM direct boot ABI): segments go where their physical addresses say, and
 * a note of Xen's names the 32-bit entry. Every number of the file is taken for hostile; segments
 * are held between 1 MiB and 3 GiB, which keeps them off all that layout.h places.
 */

#define MIB		0x100000ULL
#define ELF_MAX_HEADERS 64U
#define ELF_MAX_NOTES	16384U /* bytes of one note segment that are searched */
#define ELF_CMDLINE_MAX 2047U  /* Linux's COMMAND_LINE_SIZE on x86, less the NUL */

/* One page at LAYOUT_START_INFO. */
#define PVH_MODLIST (LAYOUT_START_INFO + 0x40U)
#define PVH_MEMMAP  (LAYOUT_START_INFO + 0x80U)

/* A member of an ELF structure at @p, whatever the host's byte order and the file's alignment. */
#define EHDR16(p, m) ld_le16((p) + offsetof(Elf64_Ehdr, m))
#define EHDR64(p, m) ld_le64((p) + offsetof(Elf64_Ehdr, m))
#define PHDR32(p, m) ld_le32((p) + offsetof(Elf64_Phdr, m))
#define PHDR64(p, m) ld_le64((p) + offsetof(Elf64_Phdr, m))

static bool elf_probe(const uint8_t head[BOOT_HEAD_SIZE])
{
	return memcmp(head, ELFMAG, SELFMAG) == 0;
}

static int elf_check_kind(const uint8_t *head, uint64_t file_size, struct err *err)
{
	unsigned int machine = EHDR16(head, e_machine);
	unsigned int type = EHDR16(head, e_type);

	if (file_size < sizeof(Elf64_Ehdr))
		return err_set(err, -ENOEXEC, "truncated: %llu bytes, an ELF header has %zu",
			       (unsigned long long)file_size, sizeof(Elf64_Ehdr));
	if (head[EI_CLASS] != ELFCLASS64)
		return err_set(err, -ENOEXEC,
			       "a 32-bit ELF image; a 64-bit x86 one with a PVH note is needed");
	if (head[EI_DATA] != ELFDATA2LSB || machine != EM_X86_64)
		return err_set(err, -ENOEXEC,
			       "an ELF image for another machine (e_machine %u); x86-64 (%u) is "
			       "needed",
			       machine, EM_X86_64);
	if (type != ET_EXEC && type != ET_DYN)
		return err_set(err, -ENOEXEC,
			       "an ELF object or core file (e_type %u); an executable (%u) is "
			       "needed",
			       type, ET_EXEC);
	return 0;
}

/* Reads the e_phnum program headers to @headers. */
static int elf_read_headers(const struct boot_file *file, const uint8_t *head,
			    uint8_t headers[ELF_MAX_HEADERS * sizeof(Elf64_Phdr)], struct err *err)
{
	uint64_t offset = EHDR64(head, e_phoff);
	unsigned int n = EHDR16(head, e_phnum);
	size_t size = n * sizeof(Elf64_Phdr);

	if (n == 0 || n > ELF_MAX_HEADERS)
		return err_set(err, -ENOEXEC, "ELF image with %u program headers; 1 to %u possible",
			       n, ELF_MAX_HEADERS);
	if (EHDR16(head, e_phentsize) != sizeof(Elf64_Phdr))
		return err_set(err, -ENOEXEC,
			       "ELF program headers of %u bytes each; %zu would be right",
			       EHDR16(head, e_phentsize), sizeof(Elf64_Phdr));
	if (offset > file->size || size > file->size - offset)
		return err_set(err, -ENOEXEC,
			       "truncated: %llu bytes, its ELF header says %zu bytes of program "
			       "headers at %llu",
			       (unsigned long long)file->size, size, (unsigned long long)offset);
	return boot_file_read(file, offset, headers, size, err);
}

static bool elf_overlaps(const struct elf_image *elf, const struct elf_segment *seg)
{
	for (size_t i = 0; i < elf->n; i++) {
		const struct elf_segment *other = &elf->segments[i];

		if (seg->start < other->start ? other->start - seg->start < seg->mem_size
					      : seg->start - other->start < other->mem_size)
			return true;
	}
	return false;
}

static int elf_add_segment(struct boot_kernel *kernel, const uint8_t *header, unsigned int index,
			   struct err *err)
{
	struct elf_image *elf = &kernel->u.elf;
	struct elf_segment seg = {
		.start = PHDR64(header, p_paddr),
		.offset = PHDR64(header, p_offset),
		.file_size = PHDR64(header, p_filesz),
		.mem_size = PHDR64(header, p_memsz),
	};

	if (seg.file_size > kernel->file.size || seg.offset > kernel->file.size - seg.file_size)
		return err_set(err, -ENOEXEC,
			       "truncated: %llu bytes, ELF segment %u says %llu bytes at %llu",
			       (unsigned long long)kernel->file.size, index,
			       (unsigned long long)seg.file_size, (unsigned long long)seg.offset);
	if (seg.file_size > seg.mem_size)
		return err_set(err, -ENOEXEC,
			       "ELF segment %u is damaged: %llu bytes in the file, %llu in memory",
			       index, (unsigned long long)seg.file_size,
			       (unsigned long long)seg.mem_size);
	if (seg.mem_size == 0)
		return 0;
	if (seg.start < LAYOUT_HIGH_MEMORY || seg.start > BOOT_RAM_END ||
	    seg.mem_size > BOOT_RAM_END - seg.start)
		return err_set(err, -ENOEXEC,
			       "ELF segment %u asks for %llu bytes at %#llx; they must lie between "
			       "%llu MiB and %llu MiB",
			       index, (unsigned long long)seg.mem_size,
			       (unsigned long long)seg.start, LAYOUT_HIGH_MEMORY / MIB,
			       BOOT_RAM_END / MIB);
	if (elf_overlaps(elf, &seg))
		return err_set(err, -ENOEXEC, "ELF segment %u overlaps another at %#llx", index,
			       (unsigned long long)seg.start);
	if (elf->n == ELF_MAX_SEGMENTS)
		return err_set(err, -ENOEXEC, "ELF image with more than %u segments to load",
			       ELF_MAX_SEGMENTS);
	if (elf->n == 0 || seg.start < kernel->start)
		kernel->start = seg.start;
	if (elf->n == 0 || seg.start + seg.mem_size > kernel->end)
		kernel->end = seg.start + seg.mem_size;
	elf->segments[elf->n++] = seg;
	return 0;
}

static size_t elf_padded(size_t size, size_t align)
{
	return (size + align - 1) / align * align;
}

/* Looks for the PVH entry among the @len bytes of notes; a broken note ends the search. */
static bool elf_find_entry(const uint8_t *notes, size_t len, size_t align, uint64_t *entry)
{
	while (len >= sizeof(Elf64_Nhdr)) {
		/* 32 bits each: sums of them cannot overflow size_t. */
		size_t name_size = ld_le32(notes + offsetof(Elf64_Nhdr, n_namesz));
		size_t desc_size = ld_le32(notes + offsetof(Elf64_Nhdr, n_descsz));
		uint32_t type = ld_le32(notes + offsetof(Elf64_Nhdr, n_type));
		const uint8_t *name = notes + sizeof(Elf64_Nhdr);
		size_t desc_at = elf_padded(sizeof(Elf64_Nhdr) + name_size, align);
		size_t next;

		if (desc_at > len || desc_size > len - desc_at)
			return false;
		if (type == XEN_ELFNOTE_PHYS32_ENTRY && name_size == sizeof(XEN_NOTE_NAME) &&
		    memcmp(name, XEN_NOTE_NAME, sizeof(XEN_NOTE_NAME)) == 0 &&
		    (desc_size == 4 || desc_size == 8)) {
			*entry = desc_size == 4 ? ld_le32(notes + desc_at)
						: ld_le64(notes + desc_at);
			return true;
		}
		next = elf_padded(desc_at + desc_size, align);
		if (next > len)
			return false;
		notes += next;
		len -= next;
	}
	return false;
}

/* Searches one note segment: 1 when it has the entry, 0 when not. */
static int elf_read_notes(const struct boot_file *file, const uint8_t *header, uint64_t *entry,
			  struct err *err)
{
	uint8_t notes[ELF_MAX_NOTES];
	uint64_t offset = PHDR64(header, p_offset);
	uint64_t size = PHDR64(header, p_filesz);
	int r;

	if (size > file->size || offset > file->size - size)
		return err_set(err, -ENOEXEC,
			       "truncated: %llu bytes, its ELF notes take %llu bytes at %llu",
			       (unsigned long long)file->size, (unsigned long long)size,
			       (unsigned long long)offset);
	if (size > sizeof(notes))
		size = sizeof(notes);
	r = boot_file_read(file, offset, notes, size, err);
	if (r < 0)
		return r;
	return elf_find_entry(notes, size, PHDR64(header, p_align) == 8 ? 8 : 4, entry);
}

static int elf_check_entry(const struct elf_image *elf, uint64_t entry, struct err *err)
{
	for (size_t i = 0; i < elf->n; i++)
		if (entry >= elf->segments[i].start &&
		    entry - elf->segments[i].start < elf->segments[i].file_size)
			return 0;
	return err_set(err, -ENOEXEC,
		       "PVH entry %#llx lies in no loaded segment; the image is damaged",
		       (unsigned long long)entry);
}

/* Searches all note segments: 0 with the entry, or an error. */
static int elf_search_notes(const struct boot_file *file, const uint8_t *headers, unsigned int n,
			    uint64_t *entry, struct err *err)
{
	for (unsigned int i = 0; i < n; i++) {
		const uint8_t *header = headers + i * sizeof(Elf64_Phdr);
		int r;

		if (PHDR32(header, p_type) != PT_NOTE)
			continue;
		r = elf_read_notes(file, header, entry, err);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	return err_set(err, -ENOEXEC,
		       "an ELF image without a PVH entry note; a Linux with CONFIG_PVH or its "
		       "bzImage is needed");
}

static int elf_open(struct boot_kernel *kernel, const uint8_t head[BOOT_HEAD_SIZE], struct err *err)
{
	uint8_t headers[ELF_MAX_HEADERS * sizeof(Elf64_Phdr)];
	unsigned int n = EHDR16(head, e_phnum);
	uint64_t entry = 0;
	int r;

	/* The note first: programs that are no kernels at all are to hear of it, not of segments.
	 */
	if ((r = elf_check_kind(head, kernel->file.size, err)) < 0 ||
	    (r = elf_read_headers(&kernel->file, head, headers, err)) < 0 ||
	    (r = elf_search_notes(&kernel->file, headers, n, &entry, err)) < 0)
		return r;
	for (unsigned int i = 0; i < n; i++) {
		const uint8_t *header = headers + i * sizeof(Elf64_Phdr);

		if (PHDR32(header, p_type) == PT_LOAD &&
		    (r = elf_add_segment(kernel, header, i, err)) < 0)
			return r;
	}
	r = elf_check_entry(&kernel->u.elf, entry, err);
	if (r < 0)
		return r;
	kernel->u.elf.entry = (uint32_t)entry;
	kernel->initrd_end = UINT64_MAX;
	kernel->cmdline_max = ELF_CMDLINE_MAX;
	return 0;
}

static int elf_write_memmap(const struct e820_map *map, const struct guest_mem *mem,
			    struct err *err)
{
	struct hvm_memmap_table_entry table[E820_MAX] = {0};

	_Static_assert(sizeof(table) <= LAYOUT_ZERO_PAGE - PVH_MEMMAP, "fits its page");
	for (size_t i = 0; i < map->n; i++) {
		table[i].addr = le64_make(map->entries[i].addr);
		table[i].size = le64_make(map->entries[i].size);
		table[i].type = le32_make(map->entries[i].type);
	}
	return boot_write(mem, PVH_MEMMAP, table, map->n * sizeof(table[0]), err);
}

static int elf_write_start_info(const struct boot_handover *handover, const struct guest_mem *mem,
				struct err *err)
{
	struct hvm_start_info info = {
		.magic = le32_make(XEN_HVM_START_MAGIC),
		.version = le32_make(1),
		.cmdline_paddr = le64_make(handover->cmdline),
		.rsdp_paddr = le64_make(handover->rsdp),
		.memmap_paddr = le64_make(PVH_MEMMAP),
		.memmap_entries = le32_make((uint32_t)handover->map.n),
	};
	struct hvm_modlist_entry module = {
		.paddr = le64_make(handover->initrd),
		.size = le64_make(handover->initrd_size),
	};
	int r = elf_write_memmap(&handover->map, mem, err);

	if (r == 0 && handover->initrd_size > 0) {
		info.nr_modules = le32_make(1);
		info.modlist_paddr = le64_make(PVH_MODLIST);
		r = boot_write(mem, PVH_MODLIST, &module, sizeof(module), err);
	}
	return r < 0 ? r : boot_write(mem, LAYOUT_START_INFO, &info, sizeof(info), err);
}

static int elf_load(const struct boot_kernel *kernel, const struct guest_mem *mem,
		    const struct boot_handover *handover, struct boot_entry *entry, struct err *err)
{
	const struct elf_image *elf = &kernel->u.elf;

	for (size_t i = 0; i < elf->n; i++) {
		const struct elf_segment *seg = &elf->segments[i];
		int r = boot_file_load(&kernel->file, seg->offset, seg->file_size, mem, seg->start,
				       err);

		if (r < 0)
			return r;
		r = guest_mem_zero(mem, seg->start + seg->file_size,
				   seg->mem_size - seg->file_size);
		if (r < 0)
			return err_set(err, r, "ELF segment %zu is outside RAM", i);
	}
	entry->mode = BOOT_PROTECTED_MODE;
	entry->rip = elf->entry;
	entry->rbx = LAYOUT_START_INFO;
	return elf_write_start_info(handover, mem, err);
}

const struct boot_format elf_format = {
	.probe = elf_probe,
	.open = elf_open,
	.load = elf_load,
};
