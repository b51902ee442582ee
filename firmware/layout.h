/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VISE_FIRMWARE_LAYOUT_H
#define VISE_FIRMWARE_LAYOUT_H

/*
 * Guest-physical addresses that direct boot uses, and the fixed places of the chipset. RAM itself
 * is laid out by vmm/core/guest_mem.h.
 */

#define LAYOUT_GDT	   0x00000500ULL
#define LAYOUT_START_INFO  0x00006000ULL /* PVH hvm_start_info, module list, memory map */
#define LAYOUT_ZERO_PAGE   0x00007000ULL /* boot_params, one page */
#define LAYOUT_BOOT_STACK  0x00008ff0ULL
#define LAYOUT_PAGE_TABLES 0x00009000ULL /* PML4, PDPT, four page directories: 6 pages */
#define LAYOUT_CMDLINE	   0x00020000ULL /* up to 64 KiB */
#define LAYOUT_EBDA	   0x0009fc00ULL /* end of conventional memory */
#define LAYOUT_VGA	   0x000a0000ULL
#define LAYOUT_ACPI	   0x000e0000ULL /* RSDP first, then the tables */
#define LAYOUT_ACPI_SIZE   0x00020000ULL
#define LAYOUT_HIGH_MEMORY 0x00100000ULL

#define LAYOUT_PCI_WINDOW     0xc0000000ULL /* 32-bit BARs */
#define LAYOUT_PCI_WINDOW_END 0xfebfffffULL /* inclusive */
#define LAYOUT_PCI_PORTS      0xc000U	    /* I/O BARs: inside a window of the host bridge */
#define LAYOUT_PCI_PORTS_END  0xcfffU
#define LAYOUT_IOAPIC	      0xfec00000ULL
#define LAYOUT_LAPIC	      0xfee00000ULL
#define LAYOUT_KVM_PAGES      0xfeffc000ULL /* identity map page, then three TSS pages */

#define LAYOUT_SCI_IRQ 9U

#endif
