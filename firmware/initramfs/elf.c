/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/initramfs/elf.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* The bytes, and a piece of them. Hosts and guests are both x86-64, so the structs of <elf.h> are
 * read by memcpy as they stand. */
struct bytes {
	const uint8_t *data;
	size_t len;
};

static bool within(const struct bytes *b, uint64_t offset, uint64_t len)
{
	return offset <= b->len && len <= b->len - offset;
}

/* Element @i of a table of @size-byte elements at @offset, copied; false beyond the end. */
static bool element(const struct bytes *b, uint64_t offset, uint64_t i, void *out, size_t size)
{
	uint64_t at;

	if (__builtin_mul_overflow(i, (uint64_t)size, &at) ||
	    __builtin_add_overflow(at, offset, &at) || !within(b, at, size))
		return false;
	memcpy(out, b->data + at, size);
	return true;
}

/* The string at @offset, when it ends within the bytes. */
static const char *string_at(const struct bytes *b, uint64_t offset)
{
	if (offset >= b->len || !memchr(b->data + offset, 0, b->len - offset))
		return NULL;
	return (const char *)b->data + offset;
}

static int read_header(const struct bytes *b, Elf64_Ehdr *h)
{
	if (b->len < SELFMAG || memcmp(b->data, ELFMAG, SELFMAG) != 0)
		return -ENOEXEC;
	if (b->len < sizeof(*h))
		return -EBADMSG;
	if (b->data[EI_CLASS] != ELFCLASS64 || b->data[EI_DATA] != ELFDATA2LSB)
		return -ENOTSUP;
	return element(b, 0, 0, h, sizeof(*h)) ? 0 : -EBADMSG;
}

/* Where in the file the loaded address @addr lies. */
static bool file_offset(const struct bytes *b, const Elf64_Ehdr *h, uint64_t addr, uint64_t *offset)
{
	Elf64_Phdr p;

	for (unsigned i = 0; i < h->e_phnum; i++) {
		if (!element(b, h->e_phoff, i, &p, sizeof(p)))
			return false;
		if (p.p_type != PT_LOAD || addr < p.p_vaddr || addr - p.p_vaddr >= p.p_filesz)
			continue;
		return !__builtin_add_overflow(p.p_offset, addr - p.p_vaddr, offset);
	}
	return false;
}

/* Two passes over the dynamic section: first the string table, then what points into it. */
static int read_dynamic(const struct bytes *b, const Elf64_Ehdr *h, const Elf64_Phdr *dyn,
			struct elf_info *info)
{
	uint64_t n = dyn->p_filesz / sizeof(Elf64_Dyn);
	uint64_t table = 0;
	uint64_t strings = 0;
	Elf64_Dyn d;

	for (uint64_t i = 0; i < n; i++) {
		if (!element(b, dyn->p_offset, i, &d, sizeof(d)))
			return -EBADMSG;
		if (d.d_tag == DT_NULL)
			break;
		if (d.d_tag == DT_STRTAB)
			table = d.d_un.d_ptr;
	}
	if (!file_offset(b, h, table, &strings) || !within(b, strings, 0))
		return -EBADMSG;
	for (uint64_t i = 0; i < n; i++) {
		const char *s;
		uint64_t at;

		if (!element(b, dyn->p_offset, i, &d, sizeof(d)) || d.d_tag == DT_NULL)
			break;
		if (d.d_tag != DT_NEEDED && d.d_tag != DT_RPATH && d.d_tag != DT_RUNPATH)
			continue;
		if (__builtin_add_overflow(strings, d.d_un.d_val, &at) || !(s = string_at(b, at)))
			return -EBADMSG;
		if (d.d_tag == DT_RPATH)
			info->rpath = s;
		else if (d.d_tag == DT_RUNPATH)
			info->runpath = s;
		else if (info->n_needed == ELF_MAX_NEEDED)
			return -EBADMSG;
		else
			info->needed[info->n_needed++] = s;
	}
	return 0;
}

int elf_info_parse(const uint8_t *data, size_t len, struct elf_info *info)
{
	struct bytes b = {data, len};
	Elf64_Ehdr h;
	Elf64_Phdr p;
	int ret = read_header(&b, &h);

	memset(info, 0, sizeof(*info));
	if (ret)
		return ret;
	if (h.e_machine != EM_X86_64)
		return -ENOTSUP;
	if (h.e_phnum && h.e_phentsize != sizeof(p))
		return -EBADMSG;
	for (unsigned i = 0; i < h.e_phnum; i++) {
		if (!element(&b, h.e_phoff, i, &p, sizeof(p)))
			return -EBADMSG;
		if (p.p_type == PT_INTERP && !(info->interp = string_at(&b, p.p_offset)))
			return -EBADMSG;
		/* One dynamic section is all that a loader reads. */
		if (p.p_type == PT_DYNAMIC)
			return read_dynamic(&b, &h, &p, info) ? -EBADMSG : 0;
	}
	return 0;
}

/* Looks for "KEY=" in a section of NUL-separated strings. */
static const char *find_key(const struct bytes *b, const Elf64_Shdr *s, const char *key)
{
	size_t key_len = strlen(key);
	const char *at;
	const char *end;

	if (!within(b, s->sh_offset, s->sh_size))
		return NULL;
	at = (const char *)b->data + s->sh_offset;
	for (end = at + s->sh_size; at < end;) {
		size_t left = (size_t)(end - at);
		size_t len = strnlen(at, left);

		if (len < left && len > key_len && at[key_len] == '=' && !memcmp(at, key, key_len))
			return at + key_len + 1;
		at += len + 1;
	}
	return NULL;
}

const char *elf_modinfo(const uint8_t *data, size_t len, const char *key)
{
	struct bytes b = {data, len};
	Elf64_Ehdr h;
	Elf64_Shdr names;
	Elf64_Shdr s;

	if (read_header(&b, &h) || h.e_shentsize != sizeof(s) ||
	    !element(&b, h.e_shoff, h.e_shstrndx, &names, sizeof(names)))
		return NULL;
	for (unsigned i = 0; i < h.e_shnum; i++) {
		const char *name;
		uint64_t at;

		if (!element(&b, h.e_shoff, i, &s, sizeof(s)))
			return NULL;
		if (__builtin_add_overflow(names.sh_offset, s.sh_name, &at))
			continue;
		name = string_at(&b, at);
		if (name && !strcmp(name, ".modinfo"))
			return find_key(&b, &s, key);
	}
	return NULL;
}
