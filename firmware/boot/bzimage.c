/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/boot/boot_internal.h"
#include "firmware/layout.h"
#include "vmm/core/le.h"

#include <errno.h>
#include <string.h>

/*
 * Linux bzImage by the 64-bit boot protocol. The file is boot sector and real-mode setup
 * (setup_sects + 1 sectors, never run here), then the 64-bit kernel (syssize). That one is loaded
 * at pref_address, relocatable or not: lower is no gain, since a relocatable kernel unpacks itself
 * there or higher, and where pref_address has no RAM there is none above it either.
 */

#define MIB 0x100000ULL

static bool bzimage_probe(const uint8_t head[BOOT_HEAD_SIZE])
{
	return ld_le16(head + HDR_BOOT_FLAG) == BOOT_FLAG;
}

/* Is it a kernel of a kind that can be booted this way? */
static int bzimage_check_kind(const uint8_t *head, uint64_t file_size, struct err *err)
{
	unsigned int version = ld_le16(head + HDR_VERSION);

	if (ld_le32(head + HDR_MAGIC) != BOOT_MAGIC)
		return err_set(err, -ENOEXEC,
			       "a boot sector or disk image without a Linux setup header; a 64-bit "
			       "bzImage is needed");
	if (file_size < HDR_NEEDED_END)
		return err_set(err, -ENOEXEC,
			       "truncated: %llu bytes, the setup header alone has at least %u",
			       (unsigned long long)file_size, HDR_NEEDED_END);
	if (!(head[HDR_LOADFLAGS] & LOADED_HIGH))
		return err_set(err, -ENOEXEC,
			       "a zImage, loaded below 1 MiB; a 64-bit bzImage is needed");
	if (version < BOOT_VERSION_2_12)
		return err_set(err, -ENOEXEC,
			       "boot protocol %u.%02u is too old; 2.12 (Linux 3.8) or later is "
			       "needed",
			       version >> 8, version & 0xffU);
	if (HDR_MAGIC + head[HDR_JUMP_OFFSET] < HDR_NEEDED_END)
		return err_set(err, -ENOEXEC,
			       "setup header is damaged: it ends at byte %#x, a 2.12 header at %#x "
			       "or later",
			       HDR_MAGIC + head[HDR_JUMP_OFFSET], HDR_NEEDED_END);
	if (!(ld_le16(head + HDR_XLOADFLAGS) & XLF_KERNEL_64))
		return err_set(err, -ENOEXEC,
			       "a 32-bit kernel (no XLF_KERNEL_64); a 64-bit x86 one is needed");
	return 0;
}

/* Where the 64-bit kernel lies in the file. */
static int bzimage_locate(struct bzimage *bz, const uint8_t *head, uint64_t file_size,
			  struct err *err)
{
	unsigned int sects = head[HDR_SETUP_SECTS] ? head[HDR_SETUP_SECTS] : BOOT_DEFAULT_SECTS;
	uint64_t end;

	/* Nothing overflows: 8 bits times 512, 32 bits times 16. */
	bz->offset = (uint64_t)(sects + 1) * BOOT_SECTOR;
	bz->size = (uint64_t)ld_le32(head + HDR_SYSSIZE) * 16;
	end = bz->offset + bz->size;
	if (bz->size <= BOOT_ENTRY_64)
		return err_set(err, -ENOEXEC,
			       "setup header is damaged: a kernel of %llu bytes ends before its "
			       "64-bit entry",
			       (unsigned long long)bz->size);
	if (end > file_size)
		return err_set(err, -ENOEXEC,
			       "truncated: %llu bytes, its setup header says %llu (%llu of setup, "
			       "%llu of kernel)",
			       (unsigned long long)file_size, (unsigned long long)end,
			       (unsigned long long)bz->offset, (unsigned long long)bz->size);
	return 0;
}

/* Which RAM the kernel takes. */
static int bzimage_place(struct boot_kernel *kernel, const uint8_t *head, struct err *err)
{
	uint64_t pref = ld_le64(head + HDR_PREF_ADDRESS);
	uint64_t init_size = ld_le32(head + HDR_INIT_SIZE);
	uint64_t room = init_size > kernel->u.bzimage.size ? init_size : kernel->u.bzimage.size;

	if (pref < LAYOUT_HIGH_MEMORY || pref > BOOT_RAM_END || room > BOOT_RAM_END - pref)
		return err_set(err, -ENOEXEC,
			       "setup header asks for %llu bytes at %#llx; they must lie between "
			       "%llu MiB and %llu MiB",
			       (unsigned long long)room, (unsigned long long)pref,
			       LAYOUT_HIGH_MEMORY / MIB, BOOT_RAM_END / MIB);
	kernel->start = pref;
	kernel->end = pref + room;
	return 0;
}

static int bzimage_open(struct boot_kernel *kernel, const uint8_t head[BOOT_HEAD_SIZE],
			struct err *err)
{
	struct bzimage *bz = &kernel->u.bzimage;
	uint32_t header_end = HDR_MAGIC + head[HDR_JUMP_OFFSET];
	int r;

	if ((r = bzimage_check_kind(head, kernel->file.size, err)) < 0 ||
	    (r = bzimage_locate(bz, head, kernel->file.size, err)) < 0 ||
	    (r = bzimage_place(kernel, head, err)) < 0)
		return r;
	if (header_end > HDR_LIMIT)
		header_end = HDR_LIMIT;
	bz->header_size = header_end - HDR_START;
	memcpy(bz->header, head + HDR_START, bz->header_size);
	/* initrd_addr_max is the last byte; a kernel that works above 4 GiB has no such limit. */
	kernel->initrd_end = ld_le16(head + HDR_XLOADFLAGS) & XLF_ABOVE_4G
				     ? UINT64_MAX
				     : (uint64_t)ld_le32(head + HDR_INITRD_ADDR_MAX) + 1;
	kernel->cmdline_max = ld_le32(head + HDR_CMDLINE_SIZE);
	return 0;
}

static void bzimage_fill_e820(uint8_t *params, const struct e820_map *map)
{
	_Static_assert(E820_MAX <= 128, "boot_params has room for 128 entries");
	uint8_t *p = params + BP_E820_TABLE;

	for (size_t i = 0; i < map->n; i++, p += BP_E820_ENTRY_SIZE) {
		st_le64(p, map->entries[i].addr);
		st_le64(p + 8, map->entries[i].size);
		st_le32(p + 16, map->entries[i].type);
	}
	params[BP_E820_ENTRIES] = (uint8_t)map->n;
}

static int bzimage_load(const struct boot_kernel *kernel, const struct guest_mem *mem,
			const struct boot_handover *handover, struct boot_entry *entry,
			struct err *err)
{
	const struct bzimage *bz = &kernel->u.bzimage;
	uint8_t params[BOOT_PARAMS_SIZE] = {0};
	int r = boot_file_load(&kernel->file, bz->offset, bz->size, mem, kernel->start, err);

	if (r < 0)
		return r;
	memcpy(params + HDR_START, bz->header, bz->header_size);
	params[HDR_TYPE_OF_LOADER] = LOADER_UNDEFINED;
	st_le32(params + HDR_CODE32_START, (uint32_t)kernel->start);
	st_le32(params + HDR_CMD_LINE_PTR, (uint32_t)handover->cmdline);
	st_le32(params + HDR_RAMDISK_IMAGE, (uint32_t)handover->initrd);
	st_le32(params + BP_EXT_RAMDISK_IMAGE, (uint32_t)(handover->initrd >> 32));
	st_le32(params + HDR_RAMDISK_SIZE, (uint32_t)handover->initrd_size);
	st_le32(params + BP_EXT_RAMDISK_SIZE, (uint32_t)(handover->initrd_size >> 32));
	st_le64(params + HDR_SETUP_DATA, 0);
	st_le64(params + BP_ACPI_RSDP_ADDR, handover->rsdp);
	bzimage_fill_e820(params, &handover->map);

	entry->mode = BOOT_LONG_MODE;
	entry->rip = kernel->start + BOOT_ENTRY_64;
	entry->rsi = LAYOUT_ZERO_PAGE;
	return boot_write(mem, LAYOUT_ZERO_PAGE, params, sizeof(params), err);
}

const struct boot_format bzimage_format = {
	.probe = bzimage_probe,
	.open = bzimage_open,
	.load = bzimage_load,
};
