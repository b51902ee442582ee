/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/boot/boot_internal.h"
#include "firmware/layout.h"
#include "vmm/core/le.h"

/*
 * The ground that the first vCPU stands on: a GDT with the selectors that the Linux boot protocol
 * fixes, and page tables that map the low 4 GiB one to one in 2 MiB pages.
 */

#define ENTRIES	  512U
#define TABLE	  4096U
#define DIRS	  4U /* a page directory maps 1 GiB */
#define PRESENT	  0x01U
#define WRITABLE  0x02U
#define LARGE	  0x80U
#define DIR_SHIFT 21U

/* Intel SDM volume 3, 3.4.5 and 7.2.3. Base 0 throughout; code and data have a limit of 4 GiB. */
static const uint64_t entry_gdt[] = {
	0,
	0,
	0x00af9b000000ffffULL, /* 0x10 code, 64-bit */
	0x00cf93000000ffffULL, /* 0x18 data */
	0x00cf9b000000ffffULL, /* 0x20 code, 32-bit */
	0x00008b0000000067ULL, /* 0x28 TSS, busy; 16 bytes in long mode */
	0,
};

#define GDT_ENTRIES (sizeof(entry_gdt) / sizeof(entry_gdt[0]))

static int entry_write_gdt(const struct guest_mem *mem, struct err *err)
{
	le64_t gdt[GDT_ENTRIES];

	for (size_t i = 0; i < GDT_ENTRIES; i++)
		gdt[i] = le64_make(entry_gdt[i]);
	return boot_write(mem, LAYOUT_GDT, gdt, sizeof(gdt), err);
}

static int entry_write_page_tables(const struct guest_mem *mem, struct err *err)
{
	/* PML4, PDPT, then the page directories. */
	le64_t tables[2 + DIRS][ENTRIES] = {0};
	gpa_t pdpt = LAYOUT_PAGE_TABLES + TABLE;

	tables[0][0] = le64_make(pdpt | PRESENT | WRITABLE);
	for (uint64_t i = 0; i < DIRS; i++)
		tables[1][i] = le64_make((pdpt + (i + 1) * TABLE) | PRESENT | WRITABLE);
	for (uint64_t i = 0; i < DIRS * ENTRIES; i++)
		tables[2 + i / ENTRIES][i % ENTRIES] =
			le64_make(i << DIR_SHIFT | PRESENT | WRITABLE | LARGE);
	return boot_write(mem, LAYOUT_PAGE_TABLES, tables, sizeof(tables), err);
}

int entry_build(const struct guest_mem *mem, struct boot_entry *entry, struct err *err)
{
	int r = entry_write_gdt(mem, err);

	if (r < 0)
		return r;
	entry->gdt_base = LAYOUT_GDT;
	entry->gdt_limit = sizeof(entry_gdt) - 1;
	entry->rsp = LAYOUT_BOOT_STACK;
	if (entry->mode != BOOT_LONG_MODE)
		return 0;
	entry->cr3 = LAYOUT_PAGE_TABLES;
	return entry_write_page_tables(mem, err);
}
