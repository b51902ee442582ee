/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_FIRMWARE_PVH_H
#define VISE_FIRMWARE_PVH_H

#include "vmm/core/le.h"

/* x86/HVM direct boot ABI (Xen: docs/misc/pvh.pandoc, xen/include/public/arch-x86/hvm/start_info.h)
 */

#define XEN_NOTE_NAME		 "Xen" /* with its NUL */
#define XEN_ELFNOTE_PHYS32_ENTRY 18U
#define XEN_HVM_START_MAGIC	 0x336ec578U

struct hvm_start_info {
	le32_t magic;
	le32_t version;
	le32_t flags;
	le32_t nr_modules;
	le64_t modlist_paddr;
	le64_t cmdline_paddr;
	le64_t rsdp_paddr;
	le64_t memmap_paddr;
	le32_t memmap_entries;
	le32_t reserved;
};

struct hvm_modlist_entry {
	le64_t paddr;
	le64_t size;
	le64_t cmdline_paddr;
	le64_t reserved;
};

/* The types count as those of e820. */
struct hvm_memmap_table_entry {
	le64_t addr;
	le64_t size;
	le32_t type;
	le32_t reserved;
};

#endif
